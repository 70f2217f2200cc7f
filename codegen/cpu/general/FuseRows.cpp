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

/// Results of more bytes are made again for each reader rather than kept: they
/// would be most of what a kernel may keep, and come from a farther cache.
static constexpr int64_t kKeptBytes = 64 << 10;

static int64_t bytesOf(linalg::GenericOp producer) {
  int64_t bytes = 0;
  for (Type type : producer->getResultTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    if (tensor.hasStaticShape())
      bytes +=
          tensor.getNumElements() *
          llvm::divideCeil(tensor.getElementType().getIntOrFloatBitWidth(), 8);
  }
  return bytes;
}

/// Whether a large value that several ops read is of use in no other place: it
/// need not be kept then, if each makes it for itself, once per element.
static bool isRemade(linalg::GenericOp producer) {
  return bytesOf(producer) > kKeptBytes &&
         llvm::all_of(producer->getUses(), [&](OpOperand &use) {
           auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
           return reader && reader->getBlock() == producer->getBlock() &&
                  reader.isDpsInput(&use) && readsOnce(reader, use) &&
                  linalg::areElementwiseOpsFusable(&use);
         });
}

enum class Fusion { None, Move, Copy };

/// Destinations of the producer move down to the consumer with it; they must
/// not be written by others on the way, which tensors never are. Of several
/// places that the consumer reads, all must allow it: else it is made there
/// and kept as well.
static Fusion fusionOf(linalg::GenericOp producer, linalg::GenericOp consumer) {
  bool oneReader = true, once = true, repeated = isCheap(producer);
  bool hoisted = true;
  if (producer->getBlock() != consumer->getBlock())
    return Fusion::None;
  for (OpOperand &use : producer->getUses()) {
    if (use.getOwner() != consumer) {
      oneReader = false;
      continue;
    }
    if (!linalg::areElementwiseOpsFusable(&use))
      return Fusion::None;
    once &= readsOnce(consumer, use);
    hoisted &= isHoisted(consumer, use);
  }
  if (oneReader)
    return once || repeated || hoisted ? Fusion::Move : Fusion::None;
  if (isRemade(producer))
    return Fusion::Copy;
  return once && isFirstReader(producer, consumer) ? Fusion::Move
                                                   : Fusion::None;
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
      Fusion fusion = producer ? fusionOf(producer, consumer) : Fusion::None;
      if (fusion == Fusion::None)
        continue;
      rewriter.setInsertionPoint(consumer);
      if (fusion == Fusion::Copy) {
        Value own = rewriter.clone(*producer)->getResult(
            cast<OpResult>(operand->get()).getResultNumber());
        rewriter.modifyOpInPlace(consumer, [&] { operand->set(own); });
        producer = own.getDefiningOp<linalg::GenericOp>();
      }
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
