//===- Estimate.cpp - What a target will do with a model ------------------===//

#include "compiler/Estimate.h"
#include "compiler/Diagnostics.h"
#include "compiler/Pipelines.h"
#include "dialects/nn/IR/NNOps.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "passes/plan/Coverage.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tombolo;

/// Ops of the plan dialect in a kernel are what targets have strategies for.
static std::string strategyOf(func::FuncOp kernel, StringRef layout) {
  std::string found;
  kernel.walk([&](Operation *op) {
    if (!isa<plan::PlanDialect>(op->getDialect()) || isa<plan::YieldOp>(op))
      return WalkResult::advance();
    found = "strategy ";
    // Rows are how a weight is stored, and no strategy.
    found += layout.empty() || layout == "rows" ? op->getName().stripDialect()
                                                : layout;
    return WalkResult::interrupt();
  });
  return found.empty() ? "general path" : found;
}

/// What the kinds of ops of a decode step are, each once.
static void addOps(ModuleOp module, TargetEstimate &estimate) {
  llvm::MapVector<StringRef, std::pair<int, std::string>> kinds;
  for (const char *name : {"decode", "logits_one"})
    for (auto dispatch : module.lookupSymbol<plan::ProgramOp>(name)
                             .getBody()
                             .getOps<plan::DispatchOp>()) {
      auto &[count, how] = kinds[dispatch.getLabel()];
      if (count++ > 0)
        continue;
      StringRef layout;
      std::string decoded;
      for (Value buffer : dispatch.getBuffers())
        if (auto weight = buffer.getDefiningOp<plan::WeightOp>()) {
          auto pack = module.lookupSymbol<plan::PackOp>(weight.getPack());
          auto source = module.lookupSymbol<nn::WeightOp>(pack.getSource());
          std::string stored = infoOf(source.getType().getEncoding()).name;
          if (pack.getShape().size() < 2)
            continue;
          layout = pack.getLayout();
          if (stored != pack.getEncoding())
            decoded = ", " + stored + " decoded to " + pack.getEncoding().str();
        }
      how = strategyOf(module.lookupSymbol<func::FuncOp>(dispatch.getKernel()),
                       layout) +
            decoded;
    }
  for (auto &[label, kind] : kinds)
    estimate.ops.emplace_back(label.str(),
                              kind.second + ", " + std::to_string(kind.first) +
                                  (kind.first == 1 ? " time" : " times"));
}

static void addCoverage(ModuleOp module, const PlanTarget &target,
                        TargetEstimate &estimate) {
  plan::Coverage coverage = plan::coverageOf(module, target);
  estimate.weightBytes = coverage.weightBytes;
  for (plan::OpCoverage &op : coverage.ops)
    estimate.coverage.push_back({std::move(op.op), op.tuned, op.general,
                                 op.none, std::move(op.reason)});
}

Result<TargetEstimate> tombolo::estimateTarget(ModuleOp module,
                                               const CompileOptions &options) {
  MLIRContext *context = module.getContext();
  DialectRegistry registry;
  registerAllDialects(registry);
  context->appendDialectRegistry(registry);
  context->loadAllAvailableDialects();

  Result<std::unique_ptr<Target>> target = targetOf(options);
  if (!target)
    return target.takeErrors();

  OwningOpRef<ModuleOp> copy = module.clone();
  DiagnosticErrors diagnostics(context);
  PassManager pm(context);
  FusePipelineOptions fuse;
  fuse.disabled = options.disabled;
  buildFusePipeline(pm, fuse);
  buildQuantizePipeline(pm, options.value("kv"));
  if (failed(pm.run(*copy)))
    return diagnostics.take("preparing");

  TargetEstimate estimate;
  estimate.name = options.target;
  addCoverage(*copy, *(*target)->planTarget(), estimate);
  PassManager planning(context);
  buildPlanPipeline(planning, **target, options.chunk);
  if (failed(planning.run(*copy))) {
    estimate.status = diagnostics.take("planning").front().message;
    return estimate;
  }
  estimate.status = "ready";
  estimate.weightBytes = 0;
  for (auto pack : copy->getOps<plan::PackOp>()) {
    int64_t elements = 1;
    for (int64_t size : pack.getShape())
      elements *= size;
    std::optional<Encoding> encoding = encodingNamed(pack.getEncoding());
    estimate.weightBytes +=
        encodedBytes(*encoding, elements).value_or(0) * pack.getCount();
  }
  for (auto group : copy->getOps<plan::StateGroupOp>())
    estimate.states.push_back({static_cast<int64_t>(group.getWindow()),
                               static_cast<int64_t>(group.getSlotBytes()),
                               static_cast<int64_t>(group.getClock())});
  for (auto fixed : copy->getOps<plan::FixedStateOp>())
    estimate.fixedStateBytes = fixed.getBytes();
  estimate.arenaBytes =
      (*copy)->getAttrOfType<IntegerAttr>("plan.arena_bytes").getInt();
  addOps(*copy, estimate);
  return estimate;
}

Result<std::vector<nn::StateSize>>
tombolo::estimateStates(ModuleOp module, const CompileOptions &options) {
  OwningOpRef<ModuleOp> copy = module.clone();
  DiagnosticErrors diagnostics(module.getContext());
  PassManager pm(module.getContext());
  buildQuantizePipeline(pm, options.value("kv"));
  if (failed(pm.run(*copy)))
    return diagnostics.take("sizing the states");
  return nn::stateSizesOf(*copy);
}
