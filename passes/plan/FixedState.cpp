//===- FixedState.cpp - States of one size --------------------------------===//

#include "passes/plan/FixedState.h"
#include "dialects/nn/IR/NNOps.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

/// What all of them may hold at most: sums of sizes must not overflow.
static constexpr int64_t kMaxFixedBytes = int64_t(1) << 40;
static constexpr int64_t kAlignment = 64;

FailureOr<FixedStateOp> plan::planFixedState(ModuleOp module,
                                             SymbolTable &symbols) {
  SmallVector<Attribute> names;
  SmallVector<int64_t> counts, offsets;
  int64_t bytes = 0;
  nn::StateOpInterface first;
  for (auto state : module.getOps<nn::StateOpInterface>()) {
    // Its type bounds it to 61 bits.
    int64_t each = state.getFixedBytes(), count = state.getStateCount();
    if (each == 0)
      continue;
    if (count > kMaxInstances)
      return state.emitError("expects a family of at most ")
             << kMaxInstances << " states, but got " << count;
    int64_t place = (each + kAlignment - 1) / kAlignment * kAlignment;
    if (place > (kMaxFixedBytes - bytes) / count)
      return state.emitError("expects states of one size that fit ")
             << kMaxFixedBytes << " bytes, but those of " << each
             << " bytes each do not";
    if (!first)
      first = state;
    names.push_back(FlatSymbolRefAttr::get(
        cast<SymbolOpInterface>(state.getOperation()).getNameAttr()));
    counts.push_back(count);
    for (int64_t i = 0; i < count; ++i, bytes += place)
      offsets.push_back(bytes);
  }
  if (!first)
    return FixedStateOp();
  OpBuilder b(first);
  auto fixed = FixedStateOp::create(b, first.getLoc(), "fixed", bytes,
                                    b.getArrayAttr(names), counts, offsets);
  symbols.insert(fixed);
  return fixed;
}
