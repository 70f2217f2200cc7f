//===- LowerElementwise.cpp - Elementwise nn ops to linalg ----------------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

#include "llvm/ADT/StringSwitch.h"

#include <numbers>

using namespace mlir;
using namespace tombolo;

// --- Unary -------------------------------------------------------------------

static Value neg(Formula &f, Value x) {
  return arith::NegFOp::create(f.builder, f.loc, x);
}
static Value silu(Formula &f, Value x) {
  return f.div(x, f.add(f.constant(1), f.exp(neg(f, x))));
}
static Value gelu(Formula &f, Value x) {
  Value scaled = f.mul(x, f.constant(1 / std::numbers::sqrt2));
  Value erf = math::ErfOp::create(f.builder, f.loc, scaled);
  return f.mul(f.mul(x, f.constant(0.5)), f.add(f.constant(1), erf));
}
/// (1 + tanh(z)) / 2 is 1 / (1 + exp(-2z)), which keeps its digits where the
/// tangent is near -1.
static Value geluTanh(Formula &f, Value x) {
  Value cube = f.mul(f.mul(x, x), x);
  Value inner = f.add(x, f.mul(f.constant(0.044715), cube));
  double factor = -2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  return f.div(x,
               f.add(f.constant(1), f.exp(f.mul(f.constant(factor), inner))));
}
static Value sigmoid(Formula &f, Value x) { return f.sigmoid(x); }
static Value softplus(Formula &f, Value x) {
  Value size = math::AbsFOp::create(f.builder, f.loc, x);
  Value rest = math::Log1pOp::create(f.builder, f.loc, f.exp(neg(f, size)));
  return f.add(f.maximum(x, f.constant(0)), rest);
}
static Value relu(Formula &f, Value x) { return f.maximum(x, f.constant(0)); }
static Value tanhOf(Formula &f, Value x) {
  return math::TanhOp::create(f.builder, f.loc, x);
}
static Value expOf(Formula &f, Value x) { return f.exp(x); }
static Value sqrtOf(Formula &f, Value x) {
  return math::SqrtOp::create(f.builder, f.loc, x);
}

/// One linalg op over the elements of `x`, in its own element type.
static Value mapElements(OpBuilder &builder, Operation *op, Value x,
                         llvm::function_ref<Value(Formula &, Value)> formula) {
  RowBuilder rows(builder, op->getLoc());
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return rows.map(
      rows.sizesOf(x), type.getElementType(),
      {{x, rows.identity(type.getRank())}},
      [&](Formula &f, ArrayRef<Value> in) { return formula(f, in[0]); });
}

namespace {

template <typename OpTy, UnaryFormula formula>
struct LowerUnary : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;
  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, mapElements(rewriter, op, adaptor.getX(), formula));
    return mlir::success();
  }
};

struct LowerClamp : OpConversionPattern<nn::ClampOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::ClampOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    double low = op.getLow().convertToDouble();
    double high = op.getHigh().convertToDouble();
    rewriter.replaceOp(
        op, mapElements(rewriter, op, adaptor.getX(), [&](Formula &f, Value x) {
          return f.minimum(f.maximum(x, f.constant(low)), f.constant(high));
        }));
    return mlir::success();
  }
};

struct LowerCast : OpConversionPattern<nn::CastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::CastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value x = adaptor.getX();
    if (x.getType() == op.getType()) {
      rewriter.replaceOp(op, x);
      return mlir::success();
    }
    rewriter.replaceOp(
        op, mapElements(rewriter, op, x, [&](Formula &f, Value in) -> Value {
          if (isa<IntegerType>(in.getType()))
            return arith::SIToFPOp::create(f.builder, f.loc,
                                           f.builder.getF32Type(), in);
          return in;
        }));
    return mlir::success();
  }
};

/// Gate and up values are the two halves of each turn: an axis of size 2 in
/// between tells them apart.
struct LowerGlu : OpConversionPattern<nn::GluOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(nn::GluOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RowBuilder rows(rewriter, loc);
    UnaryFormula formula = unaryFormula(op.getActivation());
    if (!formula)
      return rewriter.notifyMatchFailure(op, "activation has no formula");
    auto type = cast<RankedTensorType>(adaptor.getX().getType());
    int64_t rank = type.getRank(), group = op.getGroup();
    SmallVector<int64_t> split(type.getShape());
    split.back() /= 2 * group;
    split.append({2, group});
    SmallVector<ReassociationIndices> axes;
    for (int64_t axis = 0; axis < rank - 1; ++axis)
      axes.push_back({axis});
    axes.push_back({rank - 1, rank, rank + 1});
    Value turns = tensor::ExpandShapeOp::create(
        rewriter, loc, type.clone(split), adaptor.getX(), axes);
    // Gate and up are read at 0 and 1 of that axis, which the result lacks.
    auto half = [&](int64_t which) -> Input {
      AffineMap map = rows.identity(rank + 1);
      SmallVector<AffineExpr> reads(map.getResults());
      reads.insert(reads.begin() + rank, rewriter.getAffineConstantExpr(which));
      return {turns, AffineMap::get(rank + 1, 0, reads, rewriter.getContext())};
    };
    RowBuilder::Sizes sizes = rows.sizesOf(turns);
    sizes.erase(sizes.begin() + rank);
    Value result = rows.map(sizes, type.getElementType(), {half(0), half(1)},
                            [&](Formula &f, ArrayRef<Value> in) {
                              return f.mul(formula(f, in[0]), in[1]);
                            });
    axes.back() = {rank - 1, rank};
    rewriter.replaceOp(
        op, tensor::CollapseShapeOp::create(rewriter, loc, result, axes));
    return mlir::success();
  }
};

// --- Binary ------------------------------------------------------------------

Value add(Formula &f, Value x, Value y) { return f.add(x, y); }
Value sub(Formula &f, Value x, Value y) { return f.sub(x, y); }
Value mul(Formula &f, Value x, Value y) { return f.mul(x, y); }
Value div(Formula &f, Value x, Value y) { return f.div(x, y); }
Value minOf(Formula &f, Value x, Value y) { return f.minimum(x, y); }
Value maxOf(Formula &f, Value x, Value y) { return f.maximum(x, y); }

/// Shapes are aligned at their last axes; an axis of size 1 is read at 0 where
/// the result's is larger.
template <typename OpTy, BinaryFormula formula>
struct LowerBinary : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;
  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    RowBuilder rows(rewriter, op.getLoc());
    auto type = cast<RankedTensorType>(op.getType());
    unsigned rank = type.getRank();
    RowBuilder::Sizes sizes(rank);
    for (unsigned axis = 0; axis < rank; ++axis)
      if (!type.isDynamicDim(axis))
        sizes[axis] = rewriter.getIndexAttr(type.getDimSize(axis));

    SmallVector<Input> inputs;
    for (Value operand : {adaptor.getX(), adaptor.getY()}) {
      auto shaped = dyn_cast<RankedTensorType>(operand.getType());
      if (!shaped) // one f32, used where it is
        continue;
      unsigned missing = rank - shaped.getRank();
      SmallVector<AffineExpr> reads;
      for (unsigned axis = 0; axis < shaped.getRank(); ++axis) {
        unsigned to = axis + missing;
        bool repeated =
            shaped.getDimSize(axis) == 1 && type.getDimSize(to) != 1;
        reads.push_back(repeated ? rewriter.getAffineConstantExpr(0)
                                 : rewriter.getAffineDimExpr(to));
        if (shaped.isDynamicDim(axis) && !sizes[to])
          sizes[to] = rows.sizesOf(operand)[axis];
      }
      inputs.push_back(
          {operand, AffineMap::get(rank, 0, reads, rewriter.getContext())});
    }
    Value scalarX =
        isa<FloatType>(adaptor.getX().getType()) ? adaptor.getX() : Value();
    Value scalarY =
        isa<FloatType>(adaptor.getY().getType()) ? adaptor.getY() : Value();
    rewriter.replaceOp(op, rows.map(sizes, type.getElementType(), inputs,
                                    [&](Formula &f, ArrayRef<Value> in) {
                                      return formula(
                                          f, scalarX ? scalarX : in.front(),
                                          scalarY ? scalarY : in.back());
                                    }));
    return mlir::success();
  }
};

} // namespace

UnaryFormula tombolo::unaryFormula(StringRef name) {
  return llvm::StringSwitch<UnaryFormula>(name)
      .Case("neg", neg)
      .Case("silu", silu)
      .Case("gelu", gelu)
      .Case("gelu_tanh", geluTanh)
      .Case("sigmoid", sigmoid)
      .Case("softplus", softplus)
      .Case("relu", relu)
      .Case("tanh", tanhOf)
      .Case("exp", expOf)
      .Case("sqrt", sqrtOf)
      .Default(nullptr);
}

BinaryFormula tombolo::binaryFormula(StringRef name) {
  return llvm::StringSwitch<BinaryFormula>(name)
      .Case("add", add)
      .Case("sub", sub)
      .Case("mul", mul)
      .Case("div", div)
      .Case("min", minOf)
      .Case("max", maxOf)
      .Default(nullptr);
}

void tombolo::populateElementwisePatterns(RewritePatternSet &patterns) {
  patterns
      .add<LowerUnary<nn::NegOp, neg>, LowerUnary<nn::SiluOp, silu>,
           LowerUnary<nn::GeluOp, gelu>, LowerUnary<nn::GeluTanhOp, geluTanh>,
           LowerUnary<nn::SigmoidOp, sigmoid>,
           LowerUnary<nn::SoftplusOp, softplus>, LowerUnary<nn::ReluOp, relu>,
           LowerUnary<nn::TanhOp, tanhOf>, LowerUnary<nn::ExpOp, expOf>,
           LowerUnary<nn::SqrtOp, sqrtOf>, LowerClamp, LowerCast, LowerGlu,
           LowerBinary<nn::AddOp, add>, LowerBinary<nn::SubOp, sub>,
           LowerBinary<nn::MulOp, mul>, LowerBinary<nn::DivOp, div>,
           LowerBinary<nn::MinOp, minOf>, LowerBinary<nn::MaxOp, maxOf>>(
          patterns.getContext());
}
