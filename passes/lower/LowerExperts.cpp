//===- LowerExperts.cpp - Routing of tokens to experts to linalg ----------===//
//
// Selection is by rank: how many scores stand before one. A row of E scores
// costs E * E comparisons, which all run in vectors; nothing is sorted and
// nothing moves.
//
//===----------------------------------------------------------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

#include <limits>

using namespace mlir;
using namespace tombolo;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

static Value compare(Formula &f, arith::CmpFPredicate predicate, Value a,
                     Value b) {
  return arith::CmpFOp::create(f.builder, f.loc, predicate, a, b);
}

static Value select(Formula &f, Value condition, Value a, Value b) {
  return arith::SelectOp::create(f.builder, f.loc, condition, a, b);
}

/// The number of the iteration along `dim` as f32, exact below 2^24.
static Value place(Formula &f, unsigned dim) {
  Value index = linalg::IndexOp::create(f.builder, f.loc, dim);
  Value integer = arith::IndexCastOp::create(f.builder, f.loc,
                                             f.builder.getI32Type(), index);
  return arith::SIToFPOp::create(f.builder, f.loc, f.builder.getF32Type(),
                                 integer);
}

namespace {

/// Ranks along the innermost axis of f32 scores without NaN.
struct Ranking {
  Ranking(RowBuilder &builder, Value scores)
      : builder(builder), scores(scores),
        rank(cast<RankedTensorType>(scores.getType()).getRank()),
        sizes(builder.sizesOf(scores)) {
    // Loops: the axes of the scores, and the innermost again.
    SmallVector<unsigned> ours, others;
    for (unsigned dim = 0; dim < rank; ++dim)
      ours.push_back(dim);
    others = ours;
    others.back() = rank;
    ranks = builder.reduce(
        sizes, builder.dims(rank + 1, ours), 0.0,
        {{scores, builder.dims(rank + 1, ours)},
         {scores, builder.dims(rank + 1, others)}},
        [&](Formula &f, ArrayRef<Value> in) {
          Value larger = compare(f, arith::CmpFPredicate::OGT, in[1], in[0]);
          Value equal = compare(f, arith::CmpFPredicate::OEQ, in[1], in[0]);
          Value before = compare(f, arith::CmpFPredicate::OLT, place(f, rank),
                                 place(f, rank - 1));
          Value first = arith::OrIOp::create(
              f.builder, f.loc, larger,
              arith::AndIOp::create(f.builder, f.loc, equal, before));
          return f.add(select(f, first, f.constant(1), f.constant(0)), in[2]);
        });
  }

  /// For each of the `count` best places what `value` makes of its score: one
  /// of the scores' places, counted along dimension `rank` of the loops.
  Value best(int64_t count,
             llvm::function_ref<Value(Formula &, Value score)> value) {
    RowBuilder::Sizes result = sizes;
    result.back() = builder.builder.getIndexAttr(count);
    SmallVector<unsigned> ours, others;
    for (unsigned dim = 0; dim < rank; ++dim)
      ours.push_back(dim);
    others = ours;
    others.back() = rank;
    return builder.reduce(
        result, builder.dims(rank + 1, ours), 0.0,
        {{ranks, builder.dims(rank + 1, others)},
         {scores, builder.dims(rank + 1, others)}},
        [&](Formula &f, ArrayRef<Value> in) {
          Value isIt =
              compare(f, arith::CmpFPredicate::OEQ, in[0], place(f, rank - 1));
          return f.add(select(f, isIt, value(f, in[1]), f.constant(0)), in[2]);
        });
  }

  RowBuilder &builder;
  Value scores;
  unsigned rank;
  RowBuilder::Sizes sizes;
  Value ranks;
};

/// Scores as f32, NaN as -inf.
Value ordered(RowBuilder &builder, Value scores) {
  unsigned rank = cast<RankedTensorType>(scores.getType()).getRank();
  return builder.map(
      builder.sizesOf(scores), builder.builder.getF32Type(),
      {{scores, builder.identity(rank)}}, [](Formula &f, ArrayRef<Value> in) {
        Value isNaN = compare(f, arith::CmpFPredicate::UNO, in[0], in[0]);
        return select(f, isNaN, f.constant(-kInfinity), in[0]);
      });
}

struct LowerTopK : OpConversionPattern<nn::TopKOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::TopKOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Ranking ranking(builder, ordered(builder, adaptor.getScores()));
    unsigned rank = ranking.rank;
    // One more than the id, 0 for none.
    Value chosen = ranking.best(
        op.getType().getShape().back(), [&](Formula &f, Value score) {
          Value none = compare(f, arith::CmpFPredicate::OEQ, score,
                               f.constant(-kInfinity));
          return select(f, none, f.constant(0),
                        f.add(place(f, rank), f.constant(1)));
        });
    rewriter.replaceOp(
        op, builder.map(builder.sizesOf(chosen), rewriter.getI32Type(),
                        {{chosen, builder.identity(rank)}},
                        [](Formula &f, ArrayRef<Value> in) -> Value {
                          return arith::FPToSIOp::create(
                              f.builder, f.loc, f.builder.getI32Type(),
                              f.sub(in[0], f.constant(1)));
                        }));
    return mlir::success();
  }
};

struct LowerKeepGroups : OpConversionPattern<nn::KeepGroupsOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::KeepGroupsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RowBuilder builder(rewriter, loc);
    Value scores = adaptor.getScores();
    auto type = cast<RankedTensorType>(scores.getType());
    int64_t groups = op.getGroups(), each = type.getDimSize(1) / groups;
    SmallVector<ReassociationIndices> axes{{0}, {1, 2}};
    auto grouped = RankedTensorType::get({type.getDimSize(0), groups, each},
                                         type.getElementType());
    Value split =
        tensor::ExpandShapeOp::create(rewriter, loc, grouped, scores, axes);
    Ranking inGroup(builder, ordered(builder, split));
    // From the largest on: the order of the additions counts.
    Value best =
        inGroup.best(op.getBy(), [](Formula &, Value score) { return score; });
    RowBuilder::Sizes sizes = builder.sizesOf(best);
    sizes.pop_back();
    Value sums = builder.reduce(
        sizes, builder.without(3, 2), 0.0, {{best, builder.identity(3)}},
        [](Formula &f, ArrayRef<Value> in) { return f.add(in[0], in[1]); });
    Ranking ofGroups(builder, sums);
    double keep = op.getKeep();
    Value kept = builder.map(
        builder.sizesOf(split), type.getElementType(),
        {{split, builder.identity(3)}, {ofGroups.ranks, builder.without(3, 2)}},
        [&](Formula &f, ArrayRef<Value> in) {
          Value stays =
              compare(f, arith::CmpFPredicate::OLT, in[1], f.constant(keep));
          return select(f, stays, in[0], f.constant(-kInfinity));
        });
    rewriter.replaceOp(
        op, tensor::CollapseShapeOp::create(rewriter, loc, type, kept, axes));
    return mlir::success();
  }
};

struct LowerExpertLinear : OpConversionPattern<nn::ExpertLinearOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::ExpertLinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Value x = adaptor.getX(), w = adaptor.getW(), ids = adaptor.getIds(),
          bias = adaptor.getBias();
    auto type = op.getType();
    auto matrices = cast<RankedTensorType>(w.getType());
    int64_t experts = matrices.getDimSize(0);
    RowBuilder::Sizes sizes = builder.sizesOf(ids);
    sizes.push_back(rewriter.getIndexAttr(matrices.getDimSize(1)));
    // Loops: token, choice, output, input.
    bool perChoice = cast<RankedTensorType>(x.getType()).getRank() == 3;
    SmallVector<unsigned> row = {0, 3};
    if (perChoice)
      row = {0, 1, 3};
    auto index = [](Formula &f, unsigned dim) -> Value {
      return linalg::IndexOp::create(f.builder, f.loc, dim);
    };
    Value product = builder.reduce(
        sizes, builder.dims(4, {0, 1, 2}), 0.0,
        {{x, builder.dims(4, row)}, {ids, builder.dims(4, {0, 1})}},
        [&](Formula &f, ArrayRef<Value> in) {
          Value weight = f.toF32(tensor::ExtractOp::create(
              f.builder, f.loc, w,
              ValueRange{clampedIndex(f, in[1], experts), index(f, 2),
                         index(f, 3)}));
          return f.mulAdd(in[0], weight, in[2]);
        });
    rewriter.replaceOp(
        op,
        builder.map(
            sizes, type.getElementType(),
            {{product, builder.identity(3)}, {ids, builder.dims(3, {0, 1})}},
            [&](Formula &f, ArrayRef<Value> in) {
              Value value = in[0];
              if (bias)
                value =
                    f.add(value, f.toF32(tensor::ExtractOp::create(
                                     f.builder, f.loc, bias,
                                     ValueRange{clampedIndex(f, in[1], experts),
                                                index(f, 2)})));
              Value zero = arith::ConstantOp::create(
                  f.builder, f.loc, f.builder.getI32IntegerAttr(0));
              Value none = arith::CmpIOp::create(
                  f.builder, f.loc, arith::CmpIPredicate::slt, in[1], zero);
              return select(f, none, f.constant(0), value);
            }));
    return mlir::success();
  }
};

} // namespace

void tombolo::populateExpertPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerTopK, LowerKeepGroups, LowerExpertLinear>(
      patterns.getContext());
}
