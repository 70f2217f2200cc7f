//===- CheckRows.cpp - What may leave the general path --------------------===//

#include "codegen/cpu/general/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/StringSet.h"

namespace tombolo::cpu {
#define GEN_PASS_DEF_CHECKROWS
#include "codegen/cpu/general/Passes.h.inc"
} // namespace tombolo::cpu

using namespace mlir;

namespace {

struct CheckRowsPass : tombolo::cpu::impl::CheckRowsBase<CheckRowsPass> {
  using CheckRowsBase::CheckRowsBase;

  void runOnOperation() override {
    static const llvm::StringSet<> left = {"affine", "bufferization", "linalg",
                                           "nn", "tensor"};
    auto isTensor = [](Type type) { return isa<TensorType>(type); };
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (left.contains(op->getName().getDialectNamespace()) ||
          isa<memref::AllocOp, memref::DeallocOp, memref::CopyOp>(op) ||
          llvm::any_of(op->getOperandTypes(), isTensor) ||
          llvm::any_of(op->getResultTypes(), isTensor)) {
        op->emitOpError("expects to be lowered to loops over memory by now");
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
