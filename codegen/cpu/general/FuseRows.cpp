//===- FuseRows.cpp - Fuse elementwise ops into what reads them -----------===//

#include "codegen/cpu/general/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

namespace tombolo::cpu {
#define GEN_PASS_DEF_FUSEROWS
#include "codegen/cpu/general/Passes.h.inc"
} // namespace tombolo::cpu

using namespace mlir;
using namespace tombolo::cpu;

/// Whether running the body once more costs next to nothing.
static bool isCheap(linalg::GenericOp op) {
  unsigned work = 0;
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (isa<math::MathDialect>(inner.getDialect()) ||
        isa<arith::DivFOp>(inner) || inner.getNumRegions() != 0)
      return false;
    ++work;
  }
  return work <= 2;
}

/// Whether `consumer` reads `producer`'s result once per element: its map there
/// has each of the consumer's loops.
static bool readsOnce(linalg::GenericOp consumer, OpOperand &operand) {
  AffineMap map = consumer.getMatchingIndexingMap(&operand);
  if (!map.isProjectedPermutation())
    return false;
  for (auto [dim, extent] : llvm::enumerate(consumer.getStaticLoopRanges()))
    if (extent != 1 && !map.isFunctionOfDim(dim))
      return false;
  return true;
}

/// What depends only on loops outside of the vectors is hoisted out of them
/// again, so a broadcast over the innermost loop is no repetition: the scale of
/// a row, say, multiplied into its elements.
static bool isHoisted(linalg::GenericOp consumer, OpOperand &operand) {
  AffineMap map = consumer.getMatchingIndexingMap(&operand);
  unsigned last = consumer.getNumLoops() - 1;
  for (auto [dim, extent] : llvm::enumerate(consumer.getStaticLoopRanges()))
    if (dim != last && extent != 1 && !map.isFunctionOfDim(dim))
      return false;
  return true;
}

/// Whether every other reader of `producer` comes after `consumer` in its
/// block, or is inside an op that does.
static bool isFirstReader(linalg::GenericOp producer,
                          linalg::GenericOp consumer) {
  for (Operation *user : producer->getUsers()) {
    Operation *ancestor = consumer->getBlock()->findAncestorOpInBlock(*user);
    if (!ancestor || ancestor->isBeforeInBlock(consumer))
      return false;
  }
  return true;
}

/// Destinations of the producer move down to the consumer with it; they must
/// not be written by others on the way, which tensors never are.
static bool shouldFuse(OpOperand &operand, linalg::GenericOp producer,
                       linalg::GenericOp consumer) {
  if (!linalg::areElementwiseOpsFusable(&operand) ||
      producer->getBlock() != consumer->getBlock())
    return false;
  bool oneReader = llvm::all_of(
      producer->getUsers(), [&](Operation *user) { return user == consumer; });
  bool once = readsOnce(consumer, operand);
  if (oneReader)
    return once || isCheap(producer) || isHoisted(consumer, operand);
  return once && isFirstReader(producer, consumer);
}

namespace {

struct FuseRowsPass : tombolo::cpu::impl::FuseRowsBase<FuseRowsPass> {
  using FuseRowsBase::FuseRowsBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> consumers;
    getOperation().walk([&](linalg::GenericOp op) { consumers.push_back(op); });
    for (linalg::GenericOp consumer : consumers)
      while (fuseOne(rewriter, consumer))
        ++numFused;
  }

  /// Fuses one producer into `consumer`, which becomes the fused op.
  static bool fuseOne(IRRewriter &rewriter, linalg::GenericOp &consumer) {
    if (!consumer.hasPureTensorSemantics())
      return false;
    for (OpOperand *operand : consumer.getDpsInputOperands()) {
      auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
      if (!producer || !shouldFuse(*operand, producer, consumer))
        continue;
      rewriter.setInsertionPoint(consumer);
      FailureOr<linalg::ElementwiseOpFusionResult> fused =
          linalg::fuseElementwiseOps(rewriter, operand);
      if (failed(fused))
        continue;
      for (auto [from, to] : fused->replacements)
        rewriter.replaceUsesWithIf(from, to, [&](OpOperand &use) {
          return use.getOwner() != fused->fusedOp;
        });
      rewriter.eraseOp(consumer);
      if (producer->use_empty())
        rewriter.eraseOp(producer);
      consumer = cast<linalg::GenericOp>(fused->fusedOp);
      return true;
    }
    return false;
  }
};

} // namespace
