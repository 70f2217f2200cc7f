//===- LowerMix.cpp - Products of activations and balancing to linalg -----===//
//
// Sums over a few terms are written out in the body of one elementwise op,
// which reads each term at a constant place: nothing is cleared first, nothing
// is read back, and what is done to the sum joins it. Hyper-connections mix
// four streams so, thousands of channels wide.
//
//===----------------------------------------------------------------------===//

#include "dialects/nn/IR/Contraction.h"
#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace tombolo;

/// The most terms that are written out; more are a loop.
static constexpr int64_t kFewTerms = 8;

namespace {

struct LowerEinsum : OpConversionPattern<nn::EinsumOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::EinsumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder builder(rewriter, op.getLoc());
    nn::Contraction loops = op.getContraction();
    unsigned rank = loops.resultRank, count = loops.sizes.size();
    Value a = adaptor.getA(), b = adaptor.getB();
    RowBuilder::Sizes sizes(rank);
    for (auto [value, axes] : {std::pair(a, ArrayRef(loops.aLoops)),
                               std::pair(b, ArrayRef(loops.bLoops))}) {
      RowBuilder::Sizes own = builder.sizesOf(value);
      for (auto [size, loop] : llvm::zip_equal(own, axes))
        if (loop < rank)
          sizes[loop] = size;
    }
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    ArrayRef<int64_t> summed = ArrayRef(loops.sizes).drop_front(rank);
    int64_t terms = 1;
    // An axis that is summed is static; one of size 0 has no terms.
    for (int64_t size : summed)
      terms = std::min(terms * std::min(size, kFewTerms + 1), kFewTerms + 1);
    if (terms >= 1 && terms <= kFewTerms) {
      rewriter.replaceOp(op, writtenOut(builder, loops, a, b, sizes, element));
      return mlir::success();
    }
    SmallVector<unsigned> ours;
    for (unsigned loop = 0; loop < rank; ++loop)
      ours.push_back(loop);
    Value sum = builder.reduce(sizes, builder.dims(count, ours), 0.0,
                               {{a, builder.dims(count, loops.aLoops)},
                                {b, builder.dims(count, loops.bLoops)}},
                               [](Formula &f, ArrayRef<Value> in) {
                                 return f.mulAdd(in[0], in[1], in[2]);
                               });
    if (!element.isF32())
      sum = builder.map(sizes, element, {{sum, builder.identity(rank)}},
                        [](Formula &, ArrayRef<Value> in) { return in[0]; });
    rewriter.replaceOp(op, sum);
    return mlir::success();
  }

  static Value writtenOut(RowBuilder &builder, const nn::Contraction &loops,
                          Value a, Value b, const RowBuilder::Sizes &sizes,
                          Type element) {
    unsigned rank = loops.resultRank;
    OpBuilder &b0 = builder.builder;
    SmallVector<Input> inputs;
    // The places of the summed axes; the last runs fastest.
    SmallVector<int64_t> at(loops.sizes.size() - rank);
    auto term = [&](Value value, ArrayRef<unsigned> axes) -> Input {
      SmallVector<AffineExpr> subscripts;
      for (unsigned loop : axes)
        subscripts.push_back(loop < rank
                                 ? b0.getAffineDimExpr(loop)
                                 : b0.getAffineConstantExpr(at[loop - rank]));
      return {value, AffineMap::get(rank, 0, subscripts, b0.getContext())};
    };
    for (bool more = true; more;) {
      inputs.push_back(term(a, loops.aLoops));
      inputs.push_back(term(b, loops.bLoops));
      more = false;
      for (size_t axis = at.size(); axis-- > 0 && !more;) {
        more = ++at[axis] < loops.sizes[rank + axis];
        if (!more)
          at[axis] = 0;
      }
    }
    return builder.map(sizes, element, inputs,
                       [](Formula &f, ArrayRef<Value> in) {
                         Value sum = f.mul(in[0], in[1]);
                         for (size_t i = 2; i < in.size(); i += 2)
                           sum = f.mulAdd(in[i], in[i + 1], sum);
                         return sum;
                       });
  }
};

/// `x` divided by its sums along `axis`, and eps, in f32; made in the f32
/// tensor `into` where there is one.
static Value divideBySums(RowBuilder &builder, Value x, unsigned axis,
                          double eps, Value into = {}) {
  auto type = cast<RankedTensorType>(x.getType());
  unsigned rank = type.getRank();
  int64_t terms = type.getDimSize(axis);
  SmallVector<Input> inputs = {{x, builder.identity(rank)}};
  if (terms > 1 && terms <= kFewTerms) {
    MLIRContext *context = builder.builder.getContext();
    for (int64_t i = 0; i < terms; ++i) {
      SmallVector<AffineExpr> at(builder.identity(rank).getResults());
      at[axis] = getAffineConstantExpr(i, context);
      inputs.push_back({x, AffineMap::get(rank, 0, at, context)});
    }
  } else if (terms > kFewTerms) {
    RowBuilder::Sizes outer = builder.sizesOf(x);
    outer.erase(outer.begin() + axis);
    AffineMap rest = builder.without(rank, axis);
    inputs.push_back({builder.reduce(outer, rest, 0.0, inputs,
                                     [](Formula &f, ArrayRef<Value> in) {
                                       return f.add(in[1], in[0]);
                                     }),
                      rest});
  }
  size_t count = inputs.size();
  auto body = [&](Formula &f, ArrayRef<Value> in) {
    Value sum = count > 1 ? in[1] : in[0];
    for (size_t i = 2; i < count; ++i)
      sum = f.add(sum, in[i]);
    return f.div(in[0], f.add(sum, f.constant(eps)));
  };
  return into ? builder.mapInto(into, inputs, body)
              : builder.map(builder.sizesOf(x), builder.builder.getF32Type(),
                            inputs, body);
}

struct LowerSinkhorn : OpConversionPattern<nn::SinkhornOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::SinkhornOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RowBuilder builder(rewriter, loc);
    auto type = cast<RankedTensorType>(adaptor.getX().getType());
    unsigned rank = type.getRank(), columns = rank - 2, rows = rank - 1;
    double eps = op.getEps().convertToDouble();
    Value matrix = divideBySums(builder, adaptor.getX(), columns, eps);
    if (op.getIterations() > 1) {
      auto index = [&](int64_t value) -> Value {
        return arith::ConstantIndexOp::create(rewriter, loc, value);
      };
      // Back and forth between two buffers.
      auto loop = scf::ForOp::create(
          rewriter, loc, index(1), index(op.getIterations()), index(1), matrix,
          [&](OpBuilder &inner, Location at, Value, ValueRange carried) {
            RowBuilder turn(inner, at);
            Value byRows = divideBySums(turn, carried.front(), rows, eps);
            scf::YieldOp::create(
                inner, at,
                divideBySums(turn, byRows, columns, eps, carried.front()));
          });
      matrix = loop.getResult(0);
    }
    if (!type.getElementType().isF32())
      matrix = builder.map(builder.sizesOf(matrix), type.getElementType(),
                           {{matrix, builder.identity(rank)}},
                           [](Formula &, ArrayRef<Value> in) { return in[0]; });
    rewriter.replaceOp(op, matrix);
    return mlir::success();
  }
};

} // namespace

void tombolo::populateMixPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerEinsum, LowerSinkhorn>(patterns.getContext());
}
