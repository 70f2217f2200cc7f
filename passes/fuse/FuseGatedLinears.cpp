//===- FuseGatedLinears.cpp - Gate and up as one product ------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/fuse/JoinWeights.h"
#include "passes/fuse/Passes.h"

namespace tombolo::nn {
#define GEN_PASS_DEF_FUSEGATEDLINEARSPASS
#include "passes/fuse/Passes.h.inc"
} // namespace tombolo::nn

using namespace mlir;
using namespace tombolo::nn;

namespace {

/// Rows of a group: what one vector of the widest registers holds in f32.
constexpr int64_t kGroup = 16;

/// The product that makes `value` for one user only, without a bias.
LinearOp plainLinear(Value value) {
  auto linear = value.getDefiningOp<LinearOp>();
  if (!linear || !value.hasOneUse() || linear.getBias() ||
      !linear.getW().getDefiningOp<GetWeightOp>())
    return {};
  return linear;
}

struct FuseGatedLinearsPass
    : tombolo::nn::impl::FuseGatedLinearsPassBase<FuseGatedLinearsPass> {
  void runOnOperation() override {
    WeightJoiner joiner(getOperation());
    SmallVector<MulOp> products;
    getOperation().walk([&](MulOp op) { products.push_back(op); });
    for (MulOp product : products)
      if (fuse(product, product.getX(), product.getY(), joiner) ||
          fuse(product, product.getY(), product.getX(), joiner))
        ++fused;
    joiner.eraseUnread();
  }

  static bool fuse(MulOp product, Value gated, Value up, WeightJoiner &joiner) {
    Operation *activation = gated.getDefiningOp();
    if (!activation || !isa<SiluOp, GeluOp, GeluTanhOp, ReluOp>(activation) ||
        !gated.hasOneUse())
      return false;
    LinearOp gateLinear = plainLinear(activation->getOperand(0));
    LinearOp upLinear = plainLinear(up);
    if (!gateLinear || !upLinear || gateLinear.getX() != upLinear.getX() ||
        gateLinear.getType() != upLinear.getType() ||
        cast<RankedTensorType>(up.getType()).getShape().back() % kGroup != 0)
      return false;
    GetWeightOp gets[] = {gateLinear.getW().getDefiningOp<GetWeightOp>(),
                          upLinear.getW().getDefiningOp<GetWeightOp>()};
    if (!joiner.canJoin(gets))
      return false;
    OpBuilder b(product);
    Location loc = FusedLoc::get(product.getContext(),
                                 {gateLinear.getLoc(), upLinear.getLoc(),
                                  activation->getLoc(), product.getLoc()});
    GetWeightOp weight = joiner.join(b, gets, kGroup);
    auto type = cast<RankedTensorType>(up.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.back() *= 2;
    auto both = RankedTensorType::get(shape, type.getElementType());
    Value y =
        LinearOp::create(b, loc, both, gateLinear.getX(), weight, Value());
    Value result = GluOp::create(
        b, loc, type, y, b.getStringAttr(activation->getName().stripDialect()),
        b.getI64IntegerAttr(kGroup));
    product.replaceAllUsesWith(result);
    product.erase();
    activation->erase();
    gateLinear.erase();
    upLinear.erase();
    gets[0].erase();
    gets[1].erase();
    return true;
  }
};

} // namespace
