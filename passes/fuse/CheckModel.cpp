//===- CheckModel.cpp - The contract of the model level -------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/fuse/Passes.h"

namespace tombolo::nn {
#define GEN_PASS_DEF_CHECKMODELPASS
#include "passes/fuse/Passes.h.inc"
} // namespace tombolo::nn

using namespace mlir;
using namespace tombolo::nn;

namespace {

struct CheckModelPass : tombolo::nn::impl::CheckModelPassBase<CheckModelPass> {
  void runOnOperation() override {
    if (failed(check(getOperation())))
      signalPassFailure();
  }

  static bool isRows(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() >= 2 && tensor.isDynamicDim(0) &&
           tensor.getElementType().isF32();
  }

  static LogicalResult check(ModuleOp module) {
    if (!module->hasAttr(NNDialect::kModelAttr))
      return module.emitError("expects the attribute 'nn.model'");
    auto hidden = module.lookupSymbol<func::FuncOp>("hidden");
    auto logits = module.lookupSymbol<func::FuncOp>("logits");
    if (!hidden || !logits)
      return module.emitError("expects functions '@hidden' and '@logits'");
    FunctionType type = hidden.getFunctionType();
    if (type.getNumInputs() != 2 || type.getNumResults() != 1 ||
        !isRows(type.getResult(0)))
      return hidden.emitError(
                 "expects (tokens, positions) -> f32 rows, but got ")
             << type;
    FunctionType logitsType = logits.getFunctionType();
    if (logitsType.getNumInputs() != 1 || logitsType.getNumResults() != 1 ||
        logitsType.getInput(0) != type.getResult(0) ||
        !isRows(logitsType.getResult(0)))
      return logits.emitError("expects (")
             << type.getResult(0) << ") -> f32 rows, but got " << logitsType;
    for (auto function : module.getOps<func::FuncOp>()) {
      WalkResult result = function.walk([&](Operation *op) {
        if (op == function || isa<NNDialect>(op->getDialect()) ||
            isa<func::CallOp, func::ReturnOp>(op) ||
            op->hasTrait<OpTrait::ConstantLike>())
          return WalkResult::advance();
        op->emitError("is no op of the model level");
        return WalkResult::interrupt();
      });
      if (result.wasInterrupted())
        return failure();
    }
    return mlir::success();
  }
};

} // namespace
