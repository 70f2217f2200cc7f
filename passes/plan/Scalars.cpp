//===- Scalars.cpp - Elementwise nn ops on scalars ------------------------===//

#include "passes/plan/Scalars.h"
#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tombolo;

namespace {

/// Formulas over f32 scalars.
struct Formulas {
  OpBuilder &b;
  Location loc;

  Value constant(float value) {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, x, y); }
  Value neg(Value x) { return arith::NegFOp::create(b, loc, x); }
  Value exp(Value x) { return math::ExpOp::create(b, loc, x); }
  Value tanh(Value x) { return math::TanhOp::create(b, loc, x); }
  Value max(Value x, Value y) {
    return arith::MaximumFOp::create(b, loc, x, y);
  }
  Value min(Value x, Value y) {
    return arith::MinimumFOp::create(b, loc, x, y);
  }

  Value sigmoid(Value x) {
    return div(constant(1), add(constant(1), exp(neg(x))));
  }
  Value silu(Value x) { return div(x, add(constant(1), exp(neg(x)))); }
  Value gelu(Value x) {
    Value erf =
        math::ErfOp::create(b, loc, mul(x, constant(0.70710678118654752f)));
    return mul(mul(x, constant(0.5f)), add(constant(1), erf));
  }
  Value geluTanh(Value x) {
    Value cube = mul(mul(x, x), x);
    Value inner = mul(constant(0.79788456080286536f),
                      add(x, mul(constant(0.044715f), cube)));
    return mul(mul(constant(0.5f), x), add(constant(1), tanh(inner)));
  }
  /// max(x, 0) + log1p(exp(-|x|)): no overflow on either side.
  Value softplus(Value x) {
    Value small = exp(neg(math::AbsFOp::create(b, loc, x)));
    return add(max(x, constant(0)), math::Log1pOp::create(b, loc, small));
  }
};

} // namespace

FailureOr<Value> plan::emitScalar(OpBuilder &builder, Operation *op,
                                  ValueRange v) {
  Formulas f{builder, op->getLoc()};
  Value result =
      llvm::TypeSwitch<Operation *, Value>(op)
          .Case([&](nn::AddOp) { return f.add(v[0], v[1]); })
          .Case([&](nn::SubOp) { return f.sub(v[0], v[1]); })
          .Case([&](nn::MulOp) { return f.mul(v[0], v[1]); })
          .Case([&](nn::DivOp) { return f.div(v[0], v[1]); })
          .Case([&](nn::MinOp) { return f.min(v[0], v[1]); })
          .Case([&](nn::MaxOp) { return f.max(v[0], v[1]); })
          .Case([&](nn::NegOp) { return f.neg(v[0]); })
          .Case([&](nn::SiluOp) { return f.silu(v[0]); })
          .Case([&](nn::GeluOp) { return f.gelu(v[0]); })
          .Case([&](nn::GeluTanhOp) { return f.geluTanh(v[0]); })
          .Case([&](nn::SigmoidOp) { return f.sigmoid(v[0]); })
          .Case([&](nn::SoftplusOp) { return f.softplus(v[0]); })
          .Case([&](nn::ReluOp) { return f.max(v[0], f.constant(0)); })
          .Case([&](nn::TanhOp) { return f.tanh(v[0]); })
          .Case([&](nn::ExpOp) { return f.exp(v[0]); })
          .Case([&](nn::SqrtOp) -> Value {
            return math::SqrtOp::create(builder, op->getLoc(), v[0]);
          })
          .Case([&](nn::ClampOp clamp) {
            return f.min(
                f.max(v[0], f.constant(clamp.getLow().convertToFloat())),
                f.constant(clamp.getHigh().convertToFloat()));
          })
          .Case([&](nn::GluOp glu) -> Value {
            StringRef activation = glu.getActivation();
            Value gate = activation == "silu"   ? f.silu(v[0])
                         : activation == "gelu" ? f.gelu(v[0])
                         : activation == "gelu_tanh"
                             ? f.geluTanh(v[0])
                             : f.max(v[0], f.constant(0));
            return f.mul(gate, v[1]);
          })
          .Default([](Operation *) { return Value(); });
  if (!result)
    return op->emitError("has no scalar form to fold into a product");
  return result;
}
