//===- CheckModel.cpp - The contract of the model level -------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include "passes/fuse/Passes.h"
#include <map>

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

  static bool isIds(Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) &&
           tensor.getElementType().isInteger(32);
  }

  /// What names an instance: a constant, whichever op makes it, or a value.
  static std::pair<const void *, int64_t> instanceOf(Value index) {
    APInt constant;
    if (!index)
      return {nullptr, 0};
    if (matchPattern(index, m_ConstantInt(&constant)))
      return {nullptr, constant.getSExtValue()};
    return {index.getAsOpaquePointer(), 0};
  }

  /// A step takes its tokens into a state once.
  static LogicalResult checkStates(func::FuncOp function) {
    std::map<std::pair<StringRef, std::pair<const void *, int64_t>>,
             Operation *>
        seen;
    for (Operation &op : function.getBody().front()) {
      auto user = dyn_cast<StateUserOpInterface>(op);
      if (!user)
        continue;
      StringRef state = user.getStateAttr().getValue();
      auto [at, isNew] =
          seen.try_emplace({state, instanceOf(user.getIndex())}, &op);
      if (isNew)
        continue;
      InFlightDiagnostic error = op.emitError("expects one '")
                                 << op.getName()
                                 << "' of a state in a step, but '@" << state
                                 << "' has two";
      error.attachNote(at->second->getLoc()) << "the first is here";
      return error;
    }
    return mlir::success();
  }

  static LogicalResult check(ModuleOp module) {
    if (!module->hasAttr(NNDialect::kModelAttr))
      return module.emitError("expects the attribute 'nn.model'");
    auto hidden = module.lookupSymbol<func::FuncOp>("hidden");
    auto logits = module.lookupSymbol<func::FuncOp>("logits");
    if (!hidden || !logits)
      return module.emitError("expects functions '@hidden' and '@logits'");
    FunctionType type = hidden.getFunctionType();
    if (type.getNumInputs() != 2 || !llvm::all_of(type.getInputs(), isIds) ||
        type.getNumResults() != 1 || !isRows(type.getResult(0)))
      return hidden.emitError("expects (tokens, positions), each "
                              "tensor<?xi32>, -> f32 rows, "
                              "but got ")
             << type;
    FunctionType logitsType = logits.getFunctionType();
    if (logitsType.getNumInputs() != 1 || logitsType.getNumResults() != 1 ||
        logitsType.getInput(0) != type.getResult(0) ||
        !isRows(logitsType.getResult(0)))
      return logits.emitError("expects (")
             << type.getResult(0) << ") -> f32 rows, but got " << logitsType;
    for (auto function : module.getOps<func::FuncOp>()) {
      if (!function.getBody().hasOneBlock())
        return function.emitError("expects a body of one block, but '@")
               << function.getSymName() << "' has "
               << function.getBody().getBlocks().size();
      if (failed(checkStates(function)))
        return failure();
      WalkResult result = function.walk([&](Operation *op) {
        if (op == function || isa_and_nonnull<NNDialect>(op->getDialect()) ||
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
