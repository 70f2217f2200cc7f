//===- MergeLinears.cpp - Products of one row as one ----------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/fuse/JoinWeights.h"
#include "passes/fuse/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace tombolo::nn {
#define GEN_PASS_DEF_MERGELINEARSPASS
#include "passes/fuse/Passes.h.inc"
} // namespace tombolo::nn

using namespace mlir;
using namespace tombolo::nn;

namespace {

struct MergeLinearsPass
    : tombolo::nn::impl::MergeLinearsPassBase<MergeLinearsPass> {
  void runOnOperation() override {
    WeightJoiner joiner(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      llvm::MapVector<Value, SmallVector<LinearOp>> byRow;
      function.walk([&](LinearOp linear) {
        if (!isGated(linear) && linear.getW().getDefiningOp<GetWeightOp>() &&
            (!linear.getBias() ||
             linear.getBias().getDefiningOp<GetWeightOp>()))
          byRow[linear.getX()].push_back(linear);
      });
      for (auto &[row, linears] : byRow)
        mergeAll(linears, joiner);
    }
    joiner.eraseUnread();
  }

  /// Rows of gate and up that alternate for a target's product to pair them:
  /// merged with others they could not be paired any more.
  static bool isGated(LinearOp linear) {
    return linear->hasOneUse() && isa<GluOp>(*linear->user_begin());
  }

  /// Merges what fits with the first of the list, then goes on with the rest.
  void mergeAll(SmallVector<LinearOp> linears, WeightJoiner &joiner) {
    while (linears.size() > 1) {
      SmallVector<LinearOp> group{linears[0]}, rest;
      for (LinearOp linear : ArrayRef(linears).drop_front()) {
        SmallVector<LinearOp> longer = group;
        longer.push_back(linear);
        if (canMerge(longer, joiner))
          group.push_back(linear);
        else
          rest.push_back(linear);
      }
      if (group.size() > 1)
        merge(group, joiner);
      linears = std::move(rest);
    }
  }

  static SmallVector<GetWeightOp> matrices(ArrayRef<LinearOp> linears) {
    SmallVector<GetWeightOp> gets;
    for (LinearOp linear : linears)
      gets.push_back(linear.getW().getDefiningOp<GetWeightOp>());
    return gets;
  }
  static SmallVector<GetWeightOp> biases(ArrayRef<LinearOp> linears) {
    SmallVector<GetWeightOp> gets;
    for (LinearOp linear : linears)
      if (linear.getBias())
        gets.push_back(linear.getBias().getDefiningOp<GetWeightOp>());
    return gets;
  }

  static bool canMerge(ArrayRef<LinearOp> linears, WeightJoiner &joiner) {
    LinearOp first = linears.front(), last = linears.back();
    if (first->getBlock() != last->getBlock())
      return false;
    SmallVector<GetWeightOp> bias = biases(linears);
    if (!bias.empty() &&
        (bias.size() != linears.size() || !joiner.canJoin(bias)))
      return false;
    return joiner.canJoin(matrices(linears));
  }

  void merge(ArrayRef<LinearOp> linears, WeightJoiner &joiner) {
    SmallVector<GetWeightOp> weightGets = matrices(linears),
                             biasGets = biases(linears);
    // They come in the order of their block: the row, and the index of the
    // layer, are there at the first of them.
    LinearOp first = linears.front();
    OpBuilder b(first);
    SmallVector<Location> locations;
    int64_t rows = 0;
    for (LinearOp linear : linears) {
      locations.push_back(linear.getLoc());
      rows += cast<RankedTensorType>(linear.getType()).getShape().back();
    }
    Location loc = FusedLoc::get(&getContext(), locations);
    Value weight = joiner.join(b, weightGets);
    Value bias =
        biasGets.empty() ? Value() : joiner.join(b, biasGets).getResult();
    auto type = cast<RankedTensorType>(first.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = rows;
    Value y = LinearOp::create(
        b, loc, RankedTensorType::get(shape, type.getElementType()),
        first.getX(), weight, bias);
    int64_t begin = 0;
    for (LinearOp linear : linears) {
      int64_t size = cast<RankedTensorType>(linear.getType()).getShape().back();
      SmallVector<SliceRange> ranges(shape.size());
      ranges.back() = {begin, begin + size};
      Value slice = SliceOp::create(b, linear.getLoc(), y, ranges);
      begin += size;
      linear.replaceAllUsesWith(slice);
    }
    for (LinearOp linear : linears)
      linear.erase();
    merged += linears.size() - 1;
    for (GetWeightOp get : weightGets)
      get.erase();
    for (GetWeightOp get : biasGets)
      get.erase();
  }
};

} // namespace
