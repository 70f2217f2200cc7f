//===- LowerShape.cpp - Ops that move numbers to tensor and linalg --------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace tombolo;

namespace {

struct LowerSlice : OpConversionPattern<nn::SliceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::SliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value x = adaptor.getX();
    auto type = cast<RankedTensorType>(x.getType());
    SmallVector<OpFoldResult> offsets, strides;
    RowBuilder::Sizes sizes = RowBuilder(rewriter, op.getLoc()).sizesOf(x);
    for (auto [axis, begin, end, step] :
         llvm::enumerate(op.getBegins(), op.getEnds(), op.getSteps())) {
      int64_t by = std::max<int64_t>(step, 1); // 0: one place
      offsets.push_back(rewriter.getIndexAttr(begin));
      strides.push_back(rewriter.getIndexAttr(by));
      if (type.isDynamicDim(axis)) // taken whole
        continue;
      int64_t last = step == 0                    ? begin + 1
                     : ShapedType::isDynamic(end) ? type.getDimSize(axis)
                                                  : end;
      sizes[axis] = rewriter.getIndexAttr(
          static_cast<int64_t>(llvm::divideCeil(last - begin, by)));
    }
    rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(
        op, cast<RankedTensorType>(op.getType()), x, offsets, sizes, strides);
    return mlir::success();
  }
};

struct LowerConcat : OpConversionPattern<nn::ConcatOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::ConcatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    auto type = cast<RankedTensorType>(op.getType());
    int64_t rank = type.getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    RowBuilder::Sizes sizes = builder.sizesOf(adaptor.getParts().front());
    sizes[axis] = rewriter.getIndexAttr(type.getDimSize(axis));
    Value result = builder.empty(sizes, type.getElementType());
    SmallVector<OpFoldResult> offsets(rank, rewriter.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(rank, rewriter.getIndexAttr(1));
    int64_t at = 0;
    for (Value part : adaptor.getParts()) {
      offsets[axis] = rewriter.getIndexAttr(at);
      result = tensor::InsertSliceOp::create(rewriter, op.getLoc(), part,
                                             result, offsets,
                                             builder.sizesOf(part), strides);
      at += cast<RankedTensorType>(part.getType()).getDimSize(axis);
    }
    rewriter.replaceOp(op, result);
    return mlir::success();
  }
};

struct LowerRepeat : OpConversionPattern<nn::RepeatOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::RepeatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Value x = adaptor.getX();
    unsigned rank = op.getType().getRank();
    unsigned axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    RowBuilder::Sizes sizes = builder.sizesOf(x);
    sizes.insert(sizes.begin() + axis, rewriter.getIndexAttr(op.getTimes()));
    rewriter.replaceOp(
        op, builder.map(sizes, op.getType().getElementType(),
                        {{x, builder.without(rank, axis)}},
                        [](Formula &, ArrayRef<Value> in) { return in[0]; }));
    return mlir::success();
  }
};

/// Splits axes (expand_shape), reorders (a linalg op, where the order changes)
/// and merges (collapse_shape).
struct LowerRearrange : OpConversionPattern<nn::RearrangeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::RearrangeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    nn::Rearrangement plan = op.getRearrangement();
    auto type = cast<RankedTensorType>(op.getType());
    Type element = type.getElementType();
    unsigned rank = plan.sizes.size();

    // Axes written as 1 are nobody's elementary axis: dropped first, added
    // last.
    Value value = reshape(rewriter, op.getLoc(), adaptor.getX(),
                          plan.operandAxes, plan.sizes, /*split=*/true);
    SmallVector<unsigned> order = plan.permutation();
    if (!plan.isPermutationIdentity()) {
      RowBuilder::Sizes from = builder.sizesOf(value), sizes;
      SmallVector<unsigned> place(rank); // of operand axis i in the result
      for (auto [to, axis] : llvm::enumerate(order)) {
        sizes.push_back(from[axis]);
        place[axis] = to;
      }
      value = builder.map(sizes, element, {{value, builder.dims(rank, place)}},
                          [](Formula &, ArrayRef<Value> in) { return in[0]; });
    }
    SmallVector<int64_t> sizes;
    for (unsigned axis : order)
      sizes.push_back(plan.sizes[axis]);
    // The elementary axes of the result, by their place in it.
    SmallVector<SmallVector<unsigned, 2>> groups;
    unsigned next = 0;
    for (const auto &axes : plan.resultAxes) {
      groups.emplace_back();
      for (size_t count = axes.size(); count > 0; --count)
        groups.back().push_back(next++);
    }
    rewriter.replaceOp(op, reshape(rewriter, op.getLoc(), value, groups, sizes,
                                   /*split=*/false));
    return mlir::success();
  }

  /// Between a shape with an axis per group and one with an axis per element
  /// of the groups, of `sizes`. An empty group is an axis of size 1.
  static Value reshape(OpBuilder &builder, Location loc, Value value,
                       ArrayRef<SmallVector<unsigned, 2>> groups,
                       ArrayRef<int64_t> sizes, bool split) {
    Type element = cast<RankedTensorType>(value.getType()).getElementType();
    auto sizeOf = [&](ArrayRef<unsigned> group) {
      int64_t size = 1;
      for (unsigned axis : group)
        size = ShapedType::isDynamic(sizes[axis]) ? sizes[axis]
                                                  : size * sizes[axis];
      return size;
    };
    // In between: one axis per group that is not empty.
    SmallVector<int64_t> whole, grouped;
    SmallVector<ReassociationIndices> parts, ones;
    for (const auto &group : groups) {
      int64_t at = whole.size();
      whole.push_back(sizeOf(group));
      if (group.empty()) {
        if (!ones.empty()) // joins its neighbour on the left
          ones.back().push_back(at);
        continue;
      }
      grouped.push_back(sizeOf(group));
      parts.emplace_back(group.begin(), group.end());
      ones.push_back({at});
    }
    // Leading axes of size 1 join the first group.
    if (!ones.empty())
      for (int64_t at = ones.front().front() - 1; at >= 0; --at)
        ones.front().insert(ones.front().begin(), at);
    auto typeOf = [&](ArrayRef<int64_t> shape) {
      return RankedTensorType::get(shape, element);
    };
    bool anySplit = sizes.size() != grouped.size();
    bool anyOne = grouped.size() != whole.size();
    if (split) {
      if (anyOne)
        value = tensor::CollapseShapeOp::create(builder, loc, typeOf(grouped),
                                                value, ones);
      if (anySplit)
        value = tensor::ExpandShapeOp::create(builder, loc, typeOf(sizes),
                                              value, parts);
      return value;
    }
    if (anySplit)
      value = tensor::CollapseShapeOp::create(builder, loc, typeOf(grouped),
                                              value, parts);
    if (anyOne)
      value = tensor::ExpandShapeOp::create(builder, loc, typeOf(whole), value,
                                            ones);
    return value;
  }
};

} // namespace

void tombolo::populateShapePatterns(RewritePatternSet &patterns) {
  patterns.add<LowerSlice, LowerConcat, LowerRepeat, LowerRearrange>(
      patterns.getContext());
}
