#include "codegen/cpu/object/Pipeline.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace {

/// `like` with its element type replaced.
Type withElement(Type like, Type element) {
  if (auto shaped = dyn_cast<ShapedType>(like))
    return shaped.clone(element);
  return element;
}

/// Short arithmetic on scalars or vectors of i32 and f32.
struct Bits {
  OpBuilder &b;
  Location loc;
  Type i32, f32, i16;
  Bits(OpBuilder &b, Location loc, Type like)
      : b(b), loc(loc), i32(withElement(like, b.getI32Type())),
        f32(withElement(like, b.getF32Type())),
        i16(withElement(like, b.getI16Type())) {}

  Value splat(uint32_t bits) {
    Attribute attr = b.getI32IntegerAttr(static_cast<int32_t>(bits));
    if (auto shaped = dyn_cast<ShapedType>(i32))
      attr = DenseElementsAttr::get(shaped, attr);
    return arith::ConstantOp::create(b, loc, cast<TypedAttr>(attr));
  }
  Value toFloat(Value v) { return arith::BitcastOp::create(b, loc, f32, v); }
  Value toBits(Value v) { return arith::BitcastOp::create(b, loc, i32, v); }
  template <typename Op> Value op(Value x, Value y) {
    return Op::create(b, loc, x, y);
  }
  Value compare(arith::CmpIPredicate p, Value x, Value y) {
    return arith::CmpIOp::create(b, loc, p, x, y);
  }
  Value select(Value c, Value x, Value y) {
    return arith::SelectOp::create(b, loc, c, x, y);
  }
};

struct ExtendHalf : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF16() ||
        !getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not f16 to f32");
    Bits e(rewriter, op.getLoc(), op.getType());
    Value half =
        arith::BitcastOp::create(rewriter, op.getLoc(), e.i16, op.getIn());
    Value wide = arith::ExtUIOp::create(rewriter, op.getLoc(), e.i32, half);
    Value sign = e.op<arith::ShLIOp>(e.op<arith::AndIOp>(wide, e.splat(0x8000)),
                                     e.splat(16));
    Value shifted = e.op<arith::ShLIOp>(
        e.op<arith::AndIOp>(wide, e.splat(0x7fff)), e.splat(13));
    // The exponents' biases differ by 112; the product also normalizes
    // subnormal halves.
    Value scaled = e.toBits(e.op<arith::MulFOp>(
        e.toFloat(shifted), e.toFloat(e.splat(0x77800000))));
    Value special =
        e.compare(arith::CmpIPredicate::uge, shifted, e.splat(0x7c00u << 13));
    Value bits = e.select(
        special, e.op<arith::OrIOp>(shifted, e.splat(0x7f800000)), scaled);
    rewriter.replaceOp(op, e.toFloat(e.op<arith::OrIOp>(bits, sign)));
    return success();
  }
};

struct TruncateHalf : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF32() ||
        !getElementTypeOrSelf(op.getType()).isF16())
      return rewriter.notifyMatchFailure(op, "not f32 to f16");
    using Pred = arith::CmpIPredicate;
    Bits e(rewriter, op.getLoc(), op.getIn().getType());
    Value bits = e.toBits(op.getIn());
    Value magnitude = e.op<arith::AndIOp>(bits, e.splat(0x7fffffff));
    Value sign = e.op<arith::ShRUIOp>(
        e.op<arith::AndIOp>(bits, e.splat(0x80000000)), e.splat(16));
    // Subnormal halves: adding 0.5 aligns the significand so that the adder
    // rounds it.
    Value small = e.op<arith::SubIOp>(
        e.toBits(e.op<arith::AddFOp>(e.toFloat(magnitude),
                                     e.toFloat(e.splat(0x3f000000)))),
        e.splat(0x3f000000));
    // Normal halves: rebias, round half to even, cut.
    Value odd = e.op<arith::AndIOp>(
        e.op<arith::ShRUIOp>(magnitude, e.splat(13)), e.splat(1));
    Value normal = e.op<arith::ShRUIOp>(
        e.op<arith::AddIOp>(e.op<arith::AddIOp>(magnitude, e.splat(0xc8000fff)),
                            odd),
        e.splat(13));
    Value result = e.select(
        e.compare(Pred::ult, magnitude, e.splat(0x38800000)), small, normal);
    // 65520 and above round to infinity; a NaN stays one and keeps the upper
    // bits of its payload, as the instruction does.
    result = e.select(e.compare(Pred::uge, magnitude, e.splat(0x477ff000)),
                      e.splat(0x7c00), result);
    Value nan = e.op<arith::OrIOp>(
        e.splat(0x7e00),
        e.op<arith::AndIOp>(e.op<arith::ShRUIOp>(magnitude, e.splat(13)),
                            e.splat(0x1ff)));
    result = e.select(e.compare(Pred::ugt, magnitude, e.splat(0x7f800000)), nan,
                      result);
    Value half = arith::TruncIOp::create(rewriter, op.getLoc(), e.i16,
                                         e.op<arith::OrIOp>(result, sign));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), half);
    return success();
  }
};

/// From integers to short floats by way of f32, for which there are
/// instructions. Canonicalization takes the f32 in between out.
struct ConvertThroughFloat : OpRewritePattern<arith::SIToFPOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SIToFPOp op,
                                PatternRewriter &rewriter) const override {
    Type element = getElementTypeOrSelf(op.getType());
    if (!element.isF16() && !element.isBF16())
      return rewriter.notifyMatchFailure(op, "not to f16 or bf16");
    Value wide = arith::SIToFPOp::create(
        rewriter, op.getLoc(), withElement(op.getType(), rewriter.getF32Type()),
        op.getIn());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), wide);
    return success();
  }
};

struct ExpandFloatsPass : PassWrapper<ExpandFloatsPass, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandFloatsPass)
  explicit ExpandFloatsPass(bool hasHalf) : hasHalf(hasHalf) {}
  StringRef getArgument() const override { return "cpu-expand-floats"; }
  StringRef getDescription() const override {
    return "casts of short floats as integer arithmetic";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<arith::ArithDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    patterns.add<ConvertThroughFloat>(&getContext());
    if (!hasHalf)
      patterns.add<ExtendHalf, TruncateHalf>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
  bool hasHalf;
};

} // namespace

namespace tombolo {
std::unique_ptr<Pass> createExpandFloatsPass(bool hasHalf) {
  return std::make_unique<ExpandFloatsPass>(hasHalf);
}
} // namespace tombolo
