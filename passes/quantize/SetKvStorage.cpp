//===- SetKvStorage.cpp - What keys and values are kept in ----------------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/quantize/Passes.h"

namespace tombolo::nn {
#define GEN_PASS_DEF_SETKVSTORAGEPASS
#include "passes/quantize/Passes.h.inc"
} // namespace tombolo::nn

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {

struct SetKvStoragePass
    : tombolo::nn::impl::SetKvStoragePassBase<SetKvStoragePass> {
  using Base::Base;

  void runOnOperation() override {
    std::optional<Encoding> encoding = encodingNamed(storage);
    if (!encoding ||
        (*encoding != Encoding::F32 && *encoding != Encoding::F16 &&
         *encoding != Encoding::BF16 && *encoding != Encoding::Q8_0)) {
      getOperation().emitError(
          "expects 'storage' to be f32, f16, bf16 or q8_0, but got '")
          << storage << "'";
      return signalPassFailure();
    }
    for (auto state : getOperation().getOps<StateOp>()) {
      int64_t columns = state.getType().getShape().back();
      int64_t block = infoOf(*encoding).blockElements;
      if (columns % block) {
        state.emitError("expects heads of a multiple of ")
            << block << " for keys and values in '" << storage << "', but got "
            << columns << "; use f16 ('--kv f16')";
        return signalPassFailure();
      }
      changed += state.getStorageEncoding() != *encoding;
      state.setStorageAttr(EncodingAttr::get(&getContext(), *encoding));
    }
  }
};

} // namespace
