//===- LowerSequence.cpp - Rotations and attention to linalg --------------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

#include <limits>

using namespace mlir;
using namespace tombolo;

namespace {

/// The channels that turn are two slices of each row, first and second of the
/// pairs; the result is put together from their two results and the rest.
struct LowerRotate : OpConversionPattern<nn::RotateOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::RotateOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RowBuilder builder(rewriter, loc);
    Value x = adaptor.getX(), angles = adaptor.getAngles();
    auto type = op.getX().getType();
    unsigned rank = type.getRank();
    int64_t pairs = op.getAngles().getType().getDimSize(2);
    int64_t at = op.getAt(), columns = type.getShape().back();
    bool half = op.getPairs() == nn::Pairs::Half;
    auto attr = [&](int64_t value) -> OpFoldResult {
      return rewriter.getIndexAttr(value);
    };

    RowBuilder::Sizes sizes = builder.sizesOf(x), turning = sizes;
    turning.back() = attr(pairs);
    SmallVector<OpFoldResult> offsets(rank, attr(0)), strides(rank, attr(1));
    int64_t begins[] = {at, half ? at + pairs : at + 1};
    int64_t stride = half ? 1 : 2;
    Value parts[2];
    for (unsigned part = 0; part < 2; ++part) {
      offsets.back() = attr(begins[part]);
      strides.back() = attr(stride);
      parts[part] = tensor::ExtractSliceOp::create(rewriter, loc, x, offsets,
                                                   turning, strides);
    }
    // Row 0 of a token's angles holds the cosines, row 1 the sines.
    auto angle = [&](int64_t row) -> Input {
      AffineExpr reads[] = {rewriter.getAffineDimExpr(0),
                            rewriter.getAffineConstantExpr(row),
                            rewriter.getAffineDimExpr(rank - 1)};
      return {angles, AffineMap::get(rank, 0, reads, rewriter.getContext())};
    };
    Value turned[2];
    AffineMap whole = builder.identity(rank);
    for (unsigned part = 0; part < 2; ++part) {
      // The sine is subtracted in the first of a pair, unless inverse.
      bool subtract = (part == 0) != op.getInverse();
      turned[part] = builder.map(
          turning, type.getElementType(),
          {{parts[part], whole}, {parts[1 - part], whole}, angle(0), angle(1)},
          [&](Formula &f, ArrayRef<Value> in) {
            Value straight = f.mul(in[0], in[2]), across = f.mul(in[1], in[3]);
            return subtract ? f.sub(straight, across) : f.add(straight, across);
          });
    }

    Value result = builder.empty(sizes, type.getElementType());
    auto insert = [&](Value part, ArrayRef<OpFoldResult> partSizes,
                      int64_t begin, int64_t by) {
      offsets.back() = attr(begin);
      strides.back() = attr(by);
      result = tensor::InsertSliceOp::create(rewriter, loc, part, result,
                                             offsets, partSizes, strides);
    };
    auto keep = [&](int64_t begin, int64_t end) {
      if (begin == end)
        return;
      RowBuilder::Sizes kept = sizes;
      kept.back() = attr(end - begin);
      offsets.back() = attr(begin);
      strides.back() = attr(1);
      Value slice = tensor::ExtractSliceOp::create(rewriter, loc, x, offsets,
                                                   kept, strides);
      insert(slice, kept, begin, 1);
    };
    keep(0, at);
    for (unsigned part = 0; part < 2; ++part)
      insert(turned[part], turning, begins[part], stride);
    keep(at + 2 * pairs, columns);
    rewriter.replaceOp(op, result);
    return mlir::success();
  }
};

// --- Attention ---------------------------------------------------------------

/// Writes attention step by step. Scores are `[T, H, N]` for each row set.
class AttentionBuilder {
public:
  AttentionBuilder(OpBuilder &b, nn::AttentionOp op,
                   nn::AttentionOp::Adaptor operands)
      : rewriter(b), builder(b, op.getLoc()), op(op), operands(operands),
        heads(op.getQ().getType().getDimSize(1)) {
    RowBuilder::Sizes sizes = builder.sizesOf(operands.getQ());
    tokens = sizes[0];
    perHead = {sizes[0], sizes[1]};
  }

  FailureOr<Value> build();

private:
  /// The tensor behind rows, as `[N, K, c]`.
  FailureOr<Value> tensorOf(Value rows);
  /// `[T, H, n]` as `[T, K, H / K, n]`, or back.
  Value splitHeads(Value value, int64_t groups);
  Value joinHeads(Value value);
  Value scores(Value keys);
  Value masked(Value raw, std::optional<int64_t> window);
  Value largest(ArrayRef<Value> scores);
  Value weights(Value scores, Value largest);

  OpBuilder &rewriter;
  RowBuilder builder;
  nn::AttentionOp op;
  nn::AttentionOp::Adaptor operands;
  int64_t heads;
  OpFoldResult tokens;
  RowBuilder::Sizes perHead;
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

} // namespace

FailureOr<Value> AttentionBuilder::tensorOf(Value rows) {
  auto source = rows.getDefiningOp<nn::RowsOp>();
  if (!source)
    return op.emitOpError("expects rows of tensors here (nn.rows)");
  Value value = source.getX();
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 3)
    return value;
  auto oneHead = RankedTensorType::get(
      {type.getDimSize(0), 1, type.getDimSize(1)}, type.getElementType());
  return tensor::ExpandShapeOp::create(
             rewriter, op.getLoc(), oneHead, value,
             ArrayRef<ReassociationIndices>{{0}, {1, 2}})
      .getResult();
}

Value AttentionBuilder::splitHeads(Value value, int64_t groups) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[1] = groups;
  shape.insert(shape.begin() + 2, heads / groups);
  RowBuilder::Sizes sizes = builder.sizesOf(value);
  sizes[1] = rewriter.getIndexAttr(groups);
  sizes.insert(sizes.begin() + 2, rewriter.getIndexAttr(heads / groups));
  return tensor::ExpandShapeOp::create(
      rewriter, op.getLoc(), type.clone(shape), value,
      ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3}}, sizes);
}

Value AttentionBuilder::joinHeads(Value value) {
  return tensor::CollapseShapeOp::create(
      rewriter, op.getLoc(), value,
      ArrayRef<ReassociationIndices>{{0}, {1, 2}, {3}});
}

/// sum_c(q[t, k, g, c] * keys[n, k, c])
Value AttentionBuilder::scores(Value keys) {
  int64_t groups = cast<RankedTensorType>(keys.getType()).getDimSize(1);
  Value q = splitHeads(operands.getQ(), groups);
  RowBuilder::Sizes sizes = {tokens, rewriter.getIndexAttr(groups),
                             rewriter.getIndexAttr(heads / groups),
                             builder.sizesOf(keys)[0]};
  // Loops: t, k, g, n, c.
  Value product = builder.reduce(
      sizes, builder.dims(5, {0, 1, 2, 3}), 0.0,
      {{q, builder.dims(5, {0, 1, 2, 4})}, {keys, builder.dims(5, {3, 1, 4})}},
      [](Formula &f, ArrayRef<Value> in) {
        return f.mulAdd(in[0], in[1], in[2]);
      });
  return joinHeads(product);
}

/// Scaled and capped; −inf where row n is not visible at the query's position.
Value AttentionBuilder::masked(Value raw, std::optional<int64_t> window) {
  double scale = op.getScale().convertToDouble();
  return builder.map(
      builder.sizesOf(raw), rewriter.getF32Type(),
      {{raw, builder.identity(3)},
       {operands.getPositions(), builder.dims(3, {0})}},
      [&](Formula &f, ArrayRef<Value> in) -> Value {
        Value score = f.mul(in[0], f.constant(scale));
        if (op.getSoftcap()) {
          Value cap = f.constant(op.getSoftcap()->convertToDouble());
          score = f.mul(
              cap, math::TanhOp::create(f.builder, f.loc, f.div(score, cap)));
        }
        auto compare = [&](arith::CmpIPredicate predicate, Value a, Value b) {
          return arith::CmpIOp::create(f.builder, f.loc, predicate, a, b);
        };
        Value row = arith::IndexCastOp::create(
            f.builder, f.loc, f.builder.getI32Type(),
            linalg::IndexOp::create(f.builder, f.loc, 2));
        Value seen = compare(arith::CmpIPredicate::sle, row, in[1]);
        // Rows are at positions from 0, so a larger window hides nothing.
        if (window && *window <= INT32_MAX) {
          Value from = arith::SubIOp::create(
              f.builder, f.loc, in[1],
              arith::ConstantOp::create(f.builder, f.loc,
                                        f.builder.getI32IntegerAttr(*window)));
          Value recent = compare(arith::CmpIPredicate::sgt, row, from);
          seen = arith::AndIOp::create(f.builder, f.loc, seen, recent);
        }
        return arith::SelectOp::create(f.builder, f.loc, seen, score,
                                       f.constant(-kInfinity));
      });
}

/// The largest score of each query and head, over all row sets and the sink.
Value AttentionBuilder::largest(ArrayRef<Value> scores) {
  Value soFar;
  if (Value sink = operands.getSink())
    soFar = builder.map(perHead, rewriter.getF32Type(),
                        {{sink, builder.dims(2, {1})}},
                        [](Formula &, ArrayRef<Value> in) { return in[0]; });
  auto larger = [](Formula &f, ArrayRef<Value> in) {
    return f.maxnum(in[0], in[1]);
  };
  for (Value score : scores) {
    Input input = {score, builder.identity(3)};
    AffineMap map = builder.dims(3, {0, 1});
    soFar = soFar ? builder.reduceInto(soFar, map, {input}, larger)
                  : builder.reduce(perHead, map, -kInfinity, {input}, larger);
  }
  return soFar;
}

/// exp(score − largest). A row that is not visible weighs 0, also where none is
/// and the largest is −inf.
Value AttentionBuilder::weights(Value scores, Value largest) {
  return builder.map(
      builder.sizesOf(scores), rewriter.getF32Type(),
      {{scores, builder.identity(3)}, {largest, builder.dims(3, {0, 1})}},
      [](Formula &f, ArrayRef<Value> in) -> Value {
        Value hidden =
            arith::CmpFOp::create(f.builder, f.loc, arith::CmpFPredicate::OEQ,
                                  in[0], f.constant(-kInfinity));
        return arith::SelectOp::create(f.builder, f.loc, hidden, f.constant(0),
                                       f.exp(f.sub(in[0], in[1])));
      });
}

FailureOr<Value> AttentionBuilder::build() {
  Type f32 = rewriter.getF32Type();
  SmallVector<Value> scoreSets;
  SmallVector<Value> valueSets;
  for (auto [k, v] : llvm::zip_equal(op.getK(), op.getV())) {
    FailureOr<Value> keys = tensorOf(k), values = tensorOf(v);
    if (failed(keys) || failed(values))
      return mlir::failure();
    scoreSets.push_back(
        masked(scores(*keys), cast<nn::RowsType>(k.getType()).getWindow()));
    valueSets.push_back(*values);
  }
  Value top = largest(scoreSets);

  Value total;
  if (Value sink = operands.getSink())
    total =
        builder.map(perHead, f32,
                    {{sink, builder.dims(2, {1})}, {top, builder.identity(2)}},
                    [](Formula &f, ArrayRef<Value> in) {
                      return f.exp(f.sub(in[0], in[1]));
                    });
  auto type = op.getType();
  Value sum; // [T, H, d]
  for (auto [scores, values] : llvm::zip_equal(scoreSets, valueSets)) {
    Value weight = weights(scores, top);
    auto addUp = [](Formula &f, ArrayRef<Value> in) {
      return f.add(in[0], in[1]);
    };
    Input whole = {weight, builder.identity(3)};
    AffineMap map = builder.dims(3, {0, 1});
    total = total ? builder.reduceInto(total, map, {whole}, addUp)
                  : builder.reduce(perHead, map, 0.0, {whole}, addUp);

    int64_t groups = cast<RankedTensorType>(values.getType()).getDimSize(1);
    Value grouped = splitHeads(weight, groups);
    // Loops: t, k, g, d, n.
    SmallVector<Input> inputs = {{grouped, builder.dims(5, {0, 1, 2, 4})},
                                 {values, builder.dims(5, {4, 1, 3})}};
    auto weighted = [](Formula &f, ArrayRef<Value> in) {
      return f.mulAdd(in[0], in[1], in[2]);
    };
    AffineMap result = builder.dims(5, {0, 1, 2, 3});
    if (sum) {
      sum =
          builder.reduceInto(splitHeads(sum, groups), result, inputs, weighted);
    } else {
      RowBuilder::Sizes sizes = {tokens, rewriter.getIndexAttr(groups),
                                 rewriter.getIndexAttr(heads / groups),
                                 rewriter.getIndexAttr(type.getShape().back())};
      sum = builder.reduce(sizes, result, 0.0, inputs, weighted);
    }
    sum = joinHeads(sum);
  }
  return builder.map(
      builder.sizesOf(sum), type.getElementType(),
      {{sum, builder.identity(3)}, {total, builder.dims(3, {0, 1})}},
      [](Formula &f, ArrayRef<Value> in) -> Value {
        // Where nothing is visible the sum is 0, and so is the result.
        Value none = arith::CmpFOp::create(
            f.builder, f.loc, arith::CmpFPredicate::OEQ, in[1], f.constant(0));
        Value divisor = arith::SelectOp::create(f.builder, f.loc, none,
                                                f.constant(1), in[1]);
        return f.mul(in[0], f.div(f.constant(1), divisor));
      });
}

namespace {

struct LowerAttention : OpConversionPattern<nn::AttentionOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::AttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    FailureOr<Value> result = AttentionBuilder(rewriter, op, adaptor).build();
    if (failed(result))
      return mlir::failure();
    rewriter.replaceOp(op, *result);
    return mlir::success();
  }
};

} // namespace

void tombolo::populateSequencePatterns(RewritePatternSet &patterns) {
  patterns.add<LowerRotate, LowerAttention>(patterns.getContext());
}
