//===- Estimate.cpp - What a target will do with a model ------------------===//

#include "compiler/Estimate.h"
#include "compiler/Diagnostics.h"
#include "compiler/Pipelines.h"
#include "dialects/nn/IR/NNOps.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace tombolo;

/// What the kinds of ops of `program` are, each once.
static void addOps(ModuleOp module, TargetEstimate &estimate) {
  auto program = module.lookupSymbol<plan::ProgramOp>("decode");
  auto logits = module.lookupSymbol<plan::ProgramOp>("logits_one");
  llvm::MapVector<StringRef, std::pair<int, std::string>> kinds;
  for (plan::ProgramOp list : {program, logits})
    for (auto dispatch : list.getBody().getOps<plan::DispatchOp>()) {
      auto &[count, how] = kinds[dispatch.getLabel()];
      if (count++ > 0)
        continue;
      StringRef label = dispatch.getLabel();
      how = label.starts_with("linear") && !label.ends_with("general")
                ? "strategy r16"
            : label.starts_with("attention") ? "strategy paged"
            : label.starts_with("embedding") ? "strategy gather"
                                             : "general path";
      for (Value buffer : dispatch.getBuffers())
        if (auto weight = buffer.getDefiningOp<plan::WeightOp>()) {
          auto pack = module.lookupSymbol<plan::PackOp>(weight.getPack());
          auto source = module.lookupSymbol<nn::WeightOp>(pack.getSource());
          StringRef stored = infoOf(source.getType().getEncoding()).name;
          if (pack.getShape().size() == 2 && stored != pack.getEncoding())
            how +=
                ", " + stored.str() + " decoded to " + pack.getEncoding().str();
        }
    }
  for (auto &[label, kind] : kinds)
    estimate.ops.emplace_back(label.str(),
                              kind.second + ", " + std::to_string(kind.first) +
                                  (kind.first == 1 ? " time" : " times"));
}

Result<TargetEstimate> tombolo::estimateTarget(ModuleOp module,
                                               const CompileOptions &options,
                                               int64_t contextTokens) {
  MLIRContext *context = module.getContext();
  DialectRegistry registry;
  registerAllDialects(registry);
  context->appendDialectRegistry(registry);
  context->loadAllAvailableDialects();

  TargetOptions targetOptions;
  std::string kv = "f16";
  for (auto &[key, value] : options.resolved()) {
    if (key == "activations")
      targetOptions.activations = value;
    if (key == "kv")
      kv = value;
  }
  targetOptions.chunk = options.chunk;
  targetOptions.disabled = options.disabled;
  Result<std::unique_ptr<Target>> target =
      createTarget(options.target, targetOptions);
  if (!target)
    return target.takeErrors();

  OwningOpRef<ModuleOp> copy = module.clone();
  DiagnosticErrors diagnostics(context);
  PassManager pm(context);
  FusePipelineOptions fuse;
  fuse.disabled = options.disabled;
  buildFusePipeline(pm, fuse);
  buildQuantizePipeline(pm, kv);
  buildPlanPipeline(pm, **target, options.chunk);
  if (failed(pm.run(*copy)))
    return diagnostics.take("planning");

  TargetEstimate estimate;
  estimate.name = options.target;
  estimate.status = "ready";
  for (auto pack : copy->getOps<plan::PackOp>()) {
    int64_t elements = 1;
    for (int64_t size : pack.getShape())
      elements *= size;
    std::optional<Encoding> encoding = encodingNamed(pack.getEncoding());
    estimate.memoryBytes +=
        encodedBytes(*encoding, elements).value_or(0) * pack.getCount();
  }
  for (auto group : copy->getOps<plan::StateGroupOp>()) {
    int64_t rows = contextTokens;
    int64_t window = group.getWindow();
    // One page more than the window: rows leave a page at a time.
    if (window >= 0)
      rows = std::min(rows, window + nn::StateOp::kPageRows);
    int64_t pages =
        (rows + nn::StateOp::kPageRows - 1) / nn::StateOp::kPageRows;
    estimate.memoryBytes += pages * static_cast<int64_t>(group.getSlotBytes());
  }
  estimate.memoryBytes +=
      (*copy)->getAttrOfType<IntegerAttr>("plan.arena_bytes").getInt();
  addOps(*copy, estimate);
  return estimate;
}
