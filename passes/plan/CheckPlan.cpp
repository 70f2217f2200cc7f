//===- CheckPlan.cpp - The contract of the plan level ---------------------===//

#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/plan/Passes.h"

namespace tombolo::plan {
#define GEN_PASS_DEF_CHECKPLANPASS
#include "passes/plan/Passes.h.inc"
} // namespace tombolo::plan

using namespace mlir;
using namespace tombolo::plan;

namespace {

struct CheckPlanPass : tombolo::plan::impl::CheckPlanPassBase<CheckPlanPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto arena = module->getAttrOfType<IntegerAttr>("plan.arena_bytes");
    if (!arena) {
      module.emitError("expects 'plan.arena_bytes': memory is not planned");
      return signalPassFailure();
    }
    for (StringRef name : {"prefill", "decode", "logits", "logits_one"})
      if (!module.lookupSymbol<ProgramOp>(name)) {
        module.emitError("expects a program '") << name << "'";
        return signalPassFailure();
      }
    for (auto function : module.getOps<func::FuncOp>())
      if (!function->hasAttr(kKernelAttr)) {
        function.emitError("expects kernels only, but got function '")
            << function.getSymName() << "'";
        return signalPassFailure();
      }
    WalkResult result = module.walk([&](Operation *op) {
      if (auto buffer = dyn_cast<BufferOp>(op))
        return check(buffer, arena.getInt());
      if (auto dispatch = dyn_cast<DispatchOp>(op))
        return check(dispatch, module);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  static WalkResult check(BufferOp buffer, int64_t arena) {
    int64_t bytes = buffer.getRows() * buffer.getRowBytes();
    if (!buffer.getOffset() || int64_t(*buffer.getOffset()) + bytes > arena) {
      buffer.emitOpError("expects a place inside the arena of ")
          << arena << " bytes";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  }

  static WalkResult check(DispatchOp dispatch, ModuleOp module) {
    auto kernel = module.lookupSymbol<func::FuncOp>(dispatch.getKernel());
    if (!kernel) {
      dispatch.emitOpError("names no kernel: '") << dispatch.getKernel() << "'";
      return WalkResult::interrupt();
    }
    // begin, end, buffers, sizes
    ArrayRef<Type> inputs = kernel.getFunctionType().getInputs();
    size_t buffers = dispatch.getBuffers().size();
    size_t sizes = dispatch.getSizes().size();
    if (inputs.size() != 2 + buffers + sizes) {
      dispatch.emitOpError("expects as many arguments as kernel '")
          << dispatch.getKernel() << "' has (" << inputs.size() - 2
          << "), but got " << buffers + sizes;
      return WalkResult::interrupt();
    }
    for (size_t i = 0; i < buffers; ++i)
      if (inputs[2 + i] != dispatch.getBuffers()[i].getType()) {
        dispatch.emitOpError("expects buffer ")
            << i << " to be " << inputs[2 + i] << ", but got "
            << dispatch.getBuffers()[i].getType();
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  }
};

} // namespace
