//===- NNFolders.cpp - Folds and canonicalizations of nn ops --------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

//===----------------------------------------------------------------------===//
// Elementwise ops
//===----------------------------------------------------------------------===//

/// Whether `value` is the constant `number`, as one f32 or a splat.
static bool isNumber(Attribute value, double number) {
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(value))
    value = splat.getSplatValue<Attribute>();
  auto constant = dyn_cast_or_null<FloatAttr>(value);
  return constant && constant.getValueAsDouble() == number;
}

/// `x` where `y` is the number that changes nothing, and only where the types
/// say that nothing is broadcast or widened.
template <typename Op, typename Adaptor>
static OpFoldResult foldNeutral(Op op, Adaptor adaptor, double neutral) {
  if (isNumber(adaptor.getY(), neutral) && op.getX().getType() == op.getType())
    return op.getX();
  return {};
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  return foldNeutral(*this, adaptor, 0.0);
}
OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  return foldNeutral(*this, adaptor, 0.0);
}
OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  return foldNeutral(*this, adaptor, 1.0);
}
OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  return foldNeutral(*this, adaptor, 1.0);
}

OpFoldResult MinOp::fold(FoldAdaptor) {
  return getX() == getY() ? OpFoldResult(getX()) : OpFoldResult();
}
OpFoldResult MaxOp::fold(FoldAdaptor) {
  return getX() == getY() ? OpFoldResult(getX()) : OpFoldResult();
}

OpFoldResult NegOp::fold(FoldAdaptor) {
  if (auto inner = getX().getDefiningOp<NegOp>())
    return inner.getX();
  return {};
}

OpFoldResult ReluOp::fold(FoldAdaptor) {
  return getX().getDefiningOp<ReluOp>() ? OpFoldResult(getX()) : OpFoldResult();
}

OpFoldResult ClampOp::fold(FoldAdaptor) {
  bool open = getLow().isInfinity() && getLow().isNegative() &&
              getHigh().isInfinity() && !getHigh().isNegative();
  return open ? OpFoldResult(getX()) : OpFoldResult();
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getX().getType() == getType() ? OpFoldResult(getX()) : OpFoldResult();
}

OpFoldResult DecodeOp::fold(FoldAdaptor) {
  return getX().getType() == getType() ? OpFoldResult(getX()) : OpFoldResult();
}

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

/// Counts `axis` from the front, so that equal ops look equal.
template <typename Op>
static LogicalResult countFromFront(Op op, int64_t rank,
                                    PatternRewriter &rewriter) {
  if (op.getAxis() >= 0)
    return rewriter.notifyMatchFailure(op, "its axis counts from the front");
  rewriter.modifyOpInPlace(op, [&] { op.setAxis(op.getAxis() + rank); });
  return mlir::success();
}

LogicalResult SoftmaxOp::canonicalize(SoftmaxOp op, PatternRewriter &rewriter) {
  return countFromFront(op, op.getType().getRank(), rewriter);
}
LogicalResult SumOp::canonicalize(SumOp op, PatternRewriter &rewriter) {
  return countFromFront(op, op.getType().getRank(), rewriter);
}
LogicalResult RepeatOp::canonicalize(RepeatOp op, PatternRewriter &rewriter) {
  return countFromFront(op, op.getType().getRank(), rewriter);
}
LogicalResult ConcatOp::canonicalize(ConcatOp op, PatternRewriter &rewriter) {
  return countFromFront(op, shapeOf(op.getType()).size(), rewriter);
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getParts().size() == 1 ? OpFoldResult(getParts().front())
                                : OpFoldResult();
}

//===----------------------------------------------------------------------===//
// nn.slice
//===----------------------------------------------------------------------===//

OpFoldResult SliceOp::fold(FoldAdaptor) {
  bool whole = getX().getType() == getType() &&
               llvm::all_of(getSteps(), [](int64_t step) { return step == 1; });
  return whole ? OpFoldResult(getX()) : OpFoldResult();
}

namespace {
/// A slice of a slice is a slice.
struct ComposeSlices : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const final {
    auto inner = op.getX().getDefiningOp<SliceOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "its operand is no slice");
    ArrayRef<int64_t> shape = shapeOf(op.getX().getType());
    SmallVector<int64_t> begins(inner.getBegins()), ends(inner.getEnds()),
        steps(inner.getSteps());
    size_t axis = 0; // of the outer slice
    for (size_t i = 0; i < begins.size(); ++i) {
      if (steps[i] == 0)
        continue;
      int64_t begin = op.getBegins()[axis], end = op.getEnds()[axis],
              step = op.getSteps()[axis], size = shape[axis];
      ++axis;
      if (ShapedType::isDynamic(size))
        continue;
      if (ShapedType::isDynamic(end))
        end = size;
      int64_t innerStep = steps[i];
      begins[i] += begin * innerStep;
      // One past the last place taken: within the inner range.
      ends[i] = step == 0 ? begins[i] + 1
                          : begins[i] + (end - begin - 1) * innerStep + 1;
      // A step may not pass the range by so much that it overflows.
      if (llvm::MulOverflow(innerStep, step, steps[i]))
        return rewriter.notifyMatchFailure(op, "the steps overflow");
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, inner.getX(), begins, ends, steps);
    return mlir::success();
  }
};
} // namespace

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<ComposeSlices>(context);
}

//===----------------------------------------------------------------------===//
// nn.rearrange
//===----------------------------------------------------------------------===//

OpFoldResult RearrangeOp::fold(FoldAdaptor) {
  if (getX().getType() != getType())
    return {};
  // Axes of size 1 may move: it changes nothing.
  Rearrangement movement = getRearrangement();
  SmallVector<unsigned> order = movement.permutation();
  llvm::erase_if(order,
                 [&](unsigned axis) { return movement.sizes[axis] == 1; });
  return llvm::is_sorted(order) ? OpFoldResult(getX()) : OpFoldResult();
}

namespace {
/// A movement of a movement is one movement, where it needs no third shape in
/// between.
struct ComposeRearrangements : OpRewritePattern<RearrangeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RearrangeOp op,
                                PatternRewriter &rewriter) const final {
    auto inner = op.getX().getDefiningOp<RearrangeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "its operand is no movement");
    std::optional<RearrangementText> both =
        compose(inner.getRearrangement(), op.getRearrangement());
    if (!both)
      return rewriter.notifyMatchFailure(op, "the two need a shape in between");
    SmallVector<NamedAttribute> sizes;
    for (const auto &[name, size] : both->sizes)
      sizes.push_back(
          rewriter.getNamedAttr(name, rewriter.getI64IntegerAttr(size)));
    rewriter.replaceOpWithNewOp<RearrangeOp>(
        op, op.getType(), inner.getX(), rewriter.getStringAttr(both->pattern),
        rewriter.getDictionaryAttr(sizes));
    return mlir::success();
  }
};
} // namespace

void RearrangeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<ComposeRearrangements>(context);
}
