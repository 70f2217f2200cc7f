//===- LowerProducts.cpp - Products and gathers to linalg -----------------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace tombolo;

namespace {

/// Sums over the innermost axes of `x` and `w`, in f32: `shared` are the axes
/// of the result that `w` has too, the last of them its outputs.
static Value productOf(RowBuilder &builder, Value x, Value w, unsigned rank,
                       ArrayRef<unsigned> shared) {
  RowBuilder::Sizes sizes = builder.sizesOf(x);
  sizes.back() = builder.sizesOf(w)[shared.size() - 1];
  // Loops: the axes of the result, then those of the sums.
  SmallVector<unsigned> rowDims, resultDims, weightDims(shared);
  for (unsigned dim = 0; dim < rank; ++dim)
    resultDims.push_back(dim);
  rowDims = resultDims;
  rowDims.back() = rank;
  weightDims.push_back(rank);
  return builder.reduce(sizes, builder.dims(rank + 1, resultDims), 0.0,
                        {{x, builder.dims(rank + 1, rowDims)},
                         {w, builder.dims(rank + 1, weightDims)}},
                        [](Formula &f, ArrayRef<Value> in) {
                          return f.mulAdd(in[0], in[1], in[2]);
                        });
}

struct LowerLinear : OpConversionPattern<nn::LinearOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::LinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Value bias = adaptor.getBias();
    auto type = op.getType();
    unsigned rank = type.getRank();
    Value product =
        productOf(builder, adaptor.getX(), adaptor.getW(), rank, {rank - 1});
    if (!bias && type.getElementType().isF32()) {
      rewriter.replaceOp(op, product);
      return mlir::success();
    }
    if (type.getElementType().isF32()) {
      rewriter.replaceOp(
          op, builder.mapInto(product, {{bias, builder.last(rank, 1)}},
                              [](Formula &f, ArrayRef<Value> in) {
                                return f.add(in[1], in[0]);
                              }));
      return mlir::success();
    }
    SmallVector<Input> inputs = {{product, builder.identity(rank)}};
    if (bias)
      inputs.push_back({bias, builder.last(rank, 1)});
    rewriter.replaceOp(
        op, builder.map(builder.sizesOf(product), type.getElementType(), inputs,
                        [](Formula &f, ArrayRef<Value> in) {
                          return in.size() > 1 ? f.add(in[0], in[1]) : in[0];
                        }));
    return mlir::success();
  }
};

struct LowerGroupedLinear : OpConversionPattern<nn::GroupedLinearOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::GroupedLinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    auto type = cast<RankedTensorType>(op.getType());
    unsigned rank = type.getRank();
    Value product = productOf(builder, adaptor.getX(), adaptor.getW(), rank,
                              {rank - 2, rank - 1});
    if (!type.getElementType().isF32())
      product =
          builder.map(builder.sizesOf(product), type.getElementType(),
                      {{product, builder.identity(rank)}},
                      [](Formula &, ArrayRef<Value> in) { return in[0]; });
    rewriter.replaceOp(op, product);
    return mlir::success();
  }
};

struct LowerEmbedding : OpConversionPattern<nn::EmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::EmbeddingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Value ids = adaptor.getIds(), table = adaptor.getTable();
    auto tableType = cast<RankedTensorType>(table.getType());
    unsigned rank = op.getType().getRank();
    RowBuilder::Sizes sizes = builder.sizesOf(ids);
    sizes.push_back(rewriter.getIndexAttr(tableType.getDimSize(1)));
    rewriter.replaceOp(
        op,
        builder.map(sizes, op.getType().getElementType(),
                    {{ids, builder.without(rank, rank - 1)}},
                    [&](Formula &f, ArrayRef<Value> in) -> Value {
                      Value row =
                          clampedIndex(f, in[0], tableType.getDimSize(0));
                      Value column =
                          linalg::IndexOp::create(f.builder, f.loc, rank - 1);
                      return f.toF32(tensor::ExtractOp::create(
                          f.builder, f.loc, table, ValueRange{row, column}));
                    }));
    return mlir::success();
  }
};

struct LowerTake : OpConversionPattern<nn::TakeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::TakeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    Value x = adaptor.getX(), ids = adaptor.getIds();
    auto type = cast<RankedTensorType>(x.getType());
    rewriter.replaceOp(
        op, builder.map(
                builder.sizesOf(ids), op.getType().getElementType(),
                {{ids, builder.identity(2)}},
                [&](Formula &f, ArrayRef<Value> in) -> Value {
                  SmallVector<Value> at;
                  if (type.getRank() == 2)
                    at.push_back(linalg::IndexOp::create(f.builder, f.loc, 0));
                  at.push_back(clampedIndex(f, in[0], type.getShape().back()));
                  Value value = f.toF32(
                      tensor::ExtractOp::create(f.builder, f.loc, x, at));
                  Value zero = arith::ConstantOp::create(
                      f.builder, f.loc, f.builder.getI32IntegerAttr(0));
                  Value none = arith::CmpIOp::create(
                      f.builder, f.loc, arith::CmpIPredicate::slt, in[0], zero);
                  return arith::SelectOp::create(f.builder, f.loc, none,
                                                 f.constant(0), value);
                }));
    return mlir::success();
  }
};

} // namespace

void tombolo::populateProductPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerLinear, LowerGroupedLinear, LowerEmbedding, LowerTake>(
      patterns.getContext());
}
