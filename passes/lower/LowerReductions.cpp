//===- LowerReductions.cpp - Norms, softmax, sums to linalg ---------------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/DialectConversion.h"

#include <limits>

using namespace mlir;
using namespace tombolo;

/// 1 / sqrt(sum / count + eps). It depends on the row alone, so a target takes
/// it out of the loop over the row.
static Value reciprocalRoot(Formula &f, Value sum, double count, double eps) {
  Value mean = count == 1 ? sum : f.div(sum, f.constant(count));
  Value root =
      math::SqrtOp::create(f.builder, f.loc, f.add(mean, f.constant(eps)));
  return f.div(f.constant(1), root);
}

namespace {

/// The rows of `x`, reduced along their innermost axis.
struct Rows {
  Rows(RowBuilder &builder, Value x)
      : builder(builder), x(x), type(cast<RankedTensorType>(x.getType())),
        rank(type.getRank()), sizes(builder.sizesOf(x)), outerSizes(sizes),
        columns(static_cast<double>(type.getShape().back())) {
    outerSizes.pop_back();
  }
  Input whole() { return {x, builder.identity(rank)}; }
  AffineMap outer() { return builder.without(rank, rank - 1); }
  Input vector(Value v) { return {v, builder.last(rank, 1)}; }
  Value sum(ArrayRef<Input> inputs, RowBuilder::Body body) {
    return builder.reduce(outerSizes, outer(), 0.0, inputs, body);
  }
  Value sumOfSquares() {
    return sum({whole()}, [](Formula &f, ArrayRef<Value> in) {
      return f.mulAdd(in[0], in[0], in[1]);
    });
  }

  RowBuilder &builder;
  Value x;
  RankedTensorType type;
  unsigned rank;
  RowBuilder::Sizes sizes, outerSizes;
  double columns;
};

struct LowerRmsNorm : OpConversionPattern<nn::RmsNormOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::RmsNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Rows rows(builder, adaptor.getX());
    double eps = op.getEps().convertToDouble();
    SmallVector<Input> inputs = {rows.whole(),
                                 {rows.sumOfSquares(), rows.outer()}};
    if (Value w = adaptor.getW())
      inputs.push_back(rows.vector(w));
    rewriter.replaceOp(
        op, builder.map(rows.sizes, rows.type.getElementType(), inputs,
                        [&](Formula &f, ArrayRef<Value> in) {
                          Value y =
                              f.mul(in[0], reciprocalRoot(f, in[1],
                                                          rows.columns, eps));
                          return in.size() > 2 ? f.mul(y, in[2]) : y;
                        }));
    return mlir::success();
  }
};

struct LowerL2Norm : OpConversionPattern<nn::L2NormOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::L2NormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Rows rows(builder, adaptor.getX());
    double eps = op.getEps().convertToDouble();
    rewriter.replaceOp(
        op, builder.map(rows.sizes, rows.type.getElementType(),
                        {rows.whole(), {rows.sumOfSquares(), rows.outer()}},
                        [&](Formula &f, ArrayRef<Value> in) {
                          return f.mul(in[0], reciprocalRoot(f, in[1], 1, eps));
                        }));
    return mlir::success();
  }
};

struct LowerLayerNorm : OpConversionPattern<nn::LayerNormOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::LayerNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Rows rows(builder, adaptor.getX());
    double eps = op.getEps().convertToDouble(), columns = rows.columns;
    Value sum = rows.sum({rows.whole()}, [](Formula &f, ArrayRef<Value> in) {
      return f.add(in[0], in[1]);
    });
    Value mean = builder.map(rows.outerSizes, rewriter.getF32Type(),
                             {{sum, builder.identity(rows.rank - 1)}},
                             [&](Formula &f, ArrayRef<Value> in) {
                               return f.div(in[0], f.constant(columns));
                             });
    // From the differences, as squares of large numbers would cancel.
    Value squares = rows.sum({rows.whole(), {mean, rows.outer()}},
                             [](Formula &f, ArrayRef<Value> in) {
                               Value difference = f.sub(in[0], in[1]);
                               return f.mulAdd(difference, difference, in[2]);
                             });
    SmallVector<Input> inputs = {
        rows.whole(), {mean, rows.outer()}, {squares, rows.outer()}};
    for (Value vector : {adaptor.getW(), adaptor.getBias()})
      if (vector)
        inputs.push_back(rows.vector(vector));
    bool scaled = adaptor.getW() != nullptr;
    bool shifted = adaptor.getBias() != nullptr;
    rewriter.replaceOp(
        op, builder.map(rows.sizes, rows.type.getElementType(), inputs,
                        [&](Formula &f, ArrayRef<Value> in) {
                          Value y =
                              f.mul(f.sub(in[0], in[1]),
                                    reciprocalRoot(f, in[2], columns, eps));
                          if (scaled)
                            y = f.mul(y, in[3]);
                          return shifted ? f.add(y, in.back()) : y;
                        }));
    return mlir::success();
  }
};

/// `axis` counted from the front.
unsigned axisOf(int64_t axis, unsigned rank) {
  return axis < 0 ? axis + rank : axis;
}

struct LowerSoftmax : OpConversionPattern<nn::SoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::SoftmaxOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Value x = adaptor.getX();
    unsigned rank = op.getX().getType().getRank();
    unsigned axis = axisOf(op.getAxis(), rank);
    RowBuilder::Sizes sizes = builder.sizesOf(x), outer = sizes;
    outer.erase(outer.begin() + axis);
    AffineMap whole = builder.identity(rank);
    AffineMap rest = builder.without(rank, axis);
    Type f32 = rewriter.getF32Type();

    Value largest = builder.reduce(
        outer, rest, -std::numeric_limits<double>::infinity(), {{x, whole}},
        [](Formula &f, ArrayRef<Value> in) { return f.maxnum(in[0], in[1]); });
    Value exps = builder.map(sizes, f32, {{x, whole}, {largest, rest}},
                             [](Formula &f, ArrayRef<Value> in) {
                               return f.exp(f.sub(in[0], in[1]));
                             });
    Value sum = builder.reduce(
        outer, rest, 0.0, {{exps, whole}},
        [](Formula &f, ArrayRef<Value> in) { return f.add(in[0], in[1]); });
    rewriter.replaceOp(
        op, builder.map(sizes, f32, {{exps, whole}, {sum, rest}},
                        [](Formula &f, ArrayRef<Value> in) {
                          return f.mul(in[0], f.div(f.constant(1), in[1]));
                        }));
    return mlir::success();
  }
};

struct LowerSum : OpConversionPattern<nn::SumOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::SumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Value x = adaptor.getX();
    unsigned rank = op.getType().getRank();
    unsigned axis = axisOf(op.getAxis(), rank);
    RowBuilder::Sizes sizes = builder.sizesOf(x), outer = sizes;
    outer.erase(outer.begin() + axis);
    sizes[axis] = rewriter.getIndexAttr(1);
    AffineMap rest = builder.without(rank, axis);
    Value sum = builder.reduce(
        outer, rest, 0.0, {{x, builder.identity(rank)}},
        [](Formula &f, ArrayRef<Value> in) { return f.add(in[0], in[1]); });
    // Rounds, and puts the axis of size 1 back.
    rewriter.replaceOp(
        op, builder.map(sizes, op.getType().getElementType(), {{sum, rest}},
                        [](Formula &, ArrayRef<Value> in) { return in[0]; }));
    return mlir::success();
  }
};

} // namespace

void tombolo::populateReductionPatterns(RewritePatternSet &patterns) {
  patterns
      .add<LowerRmsNorm, LowerL2Norm, LowerLayerNorm, LowerSoftmax, LowerSum>(
          patterns.getContext());
}
