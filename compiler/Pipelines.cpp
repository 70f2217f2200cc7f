//===- Pipelines.cpp - The phases of the compiler -------------------------===//

#include "compiler/Pipelines.h"
#include "dialects/nn/IR/NNOps.h"
#include "dialects/plan/IR/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/lower/Passes.h"
#include "passes/plan/Passes.h"
#include "passes/quantize/Passes.h"

using namespace mlir;
using namespace tombolo;

/// The target that `options` name, of those that share its plan.
static Result<std::unique_ptr<Target>> levelOf(const CompileOptions &options,
                                               const std::string &levels) {
  TargetOptions made;
  made.activations = options.value("activations");
  made.chunk = options.chunk;
  made.disabled = options.disabled;
  llvm::SmallVector<StringRef> specs;
  StringRef(levels).split(specs, ',');
  for (StringRef spec : specs)
    made.levels.push_back(spec.str());
  return createTarget(options.target, made);
}

Result<std::unique_ptr<Target>>
tombolo::targetOf(const CompileOptions &options) {
  return levelOf(options, options.target);
}

Result<std::vector<std::unique_ptr<Target>>>
tombolo::levelsOf(const CompileOptions &options) {
  std::vector<std::unique_ptr<Target>> levels;
  llvm::SmallVector<StringRef> specs;
  StringRef(options.target).split(specs, ',');
  for (StringRef spec : specs) {
    CompileOptions one = options;
    one.target = spec.str();
    Result<std::unique_ptr<Target>> made = levelOf(one, options.target);
    if (!made)
      return made.takeErrors();
    if (!levels.empty() && levels.front()->name() != (*made)->name())
      return Error("", "targets '" + levels.front()->name() + "' and '" +
                           (*made)->name() +
                           "' in one artifact are not in this version");
    for (const std::unique_ptr<Target> &level : levels)
      if (level->level() == (*made)->level())
        return Error("", "'--target " + options.target + "': expects each " +
                             "level once, but got '" + level->level() +
                             "' twice");
    levels.push_back(std::move(*made));
  }
  return levels;
}

void tombolo::buildFusePipeline(OpPassManager &pm,
                                const FusePipelineOptions &options) {
  auto add = [&](std::unique_ptr<Pass> pass) {
    if (!llvm::is_contained(options.disabled, pass->getArgument()))
      pm.addPass(std::move(pass));
  };
  pm.addPass(nn::createExpandLayersPass());
  // Folds first: what a description writes in general form is simple by now.
  add(createCanonicalizerPass());
  add(createCSEPass());
  // Gate and up before the rest: merged with others their rows could no longer
  // alternate.
  add(nn::createFuseGatedLinearsPass());
  add(nn::createMergeLinearsPass());
  add(nn::createAbsorbLatentsPass());
  add(createCanonicalizerPass());
  add(createCSEPass());
  pm.addPass(nn::createCheckModelPass());
}

void tombolo::buildQuantizePipeline(OpPassManager &pm, const std::string &kv) {
  nn::SetKvStoragePassOptions storage;
  storage.storage = kv;
  pm.addPass(nn::createSetKvStoragePass(storage));
  pm.addPass(nn::createCheckModelPass());
}

void tombolo::buildPlanPipeline(OpPassManager &pm, const Target &target,
                                int64_t chunk) {
  plan::BuildPlanOptions options;
  options.chunk = chunk;
  pm.addPass(plan::createBuildPlanPass(target.planTarget(), options));
  // Constants of kernels are folded before kernels are compared.
  pm.addNestedPass<func::FuncOp>(createCSEPass());
  pm.addPass(plan::createMergeKernelsPass());
  pm.addPass(plan::createReplicateRowsPass());
  pm.addPass(plan::createAssignMemoryPass());
  pm.addPass(plan::createCheckPlanPass());
}

void tombolo::buildLowerPipeline(OpPassManager &pm, const Target &target) {
  target.buildLowerPipeline(pm);
}

std::vector<std::string> tombolo::passNames(const OpPassManager &pm) {
  // Nested managers show their passes only in the textual form:
  // `any(cse,func.func(a{x=1},b))`.
  std::string text;
  llvm::raw_string_ostream stream(text);
  pm.printAsTextualPipeline(stream);
  std::vector<std::string> names;
  unsigned braces = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    char c = i < text.size() ? text[i] : ',';
    if (llvm::isAlnum(c) || c == '-' || c == '_' || c == '.')
      continue;
    std::string word = text.substr(begin, i - begin);
    begin = i + 1;
    // In front of a parenthesis stands the op that a nested manager works on.
    if (!braces && !word.empty() && c != '(' &&
        !llvm::is_contained(names, word))
      names.push_back(word);
    if (c == '{')
      ++braces;
    else if (c == '}')
      --braces;
  }
  return names;
}

void tombolo::registerAllDialects(DialectRegistry &registry) {
  // The last ones are what kernels of a plan are made of.
  registry.insert<nn::NNDialect, plan::PlanDialect, arith::ArithDialect,
                  func::FuncDialect, bufferization::BufferizationDialect,
                  linalg::LinalgDialect, tensor::TensorDialect>();
  func::registerInlinerExtension(registry);
  for (const TargetEntry &entry : targetEntries())
    entry.registerDialects(registry);
}

namespace {

/// Options of the pipelines that depend on a target.
struct TargetPipelineOptions : PassPipelineOptions<TargetPipelineOptions> {
  Option<std::string> target{*this, "target",
                             llvm::cl::desc("target, cpu:x86-64-v3"),
                             llvm::cl::init("cpu")};
  Option<std::string> activations{
      *this, "activations",
      llvm::cl::desc("f32, i16 or i8; empty: the target's default"),
      llvm::cl::init("")};
  Option<int64_t> chunk{*this, "chunk",
                        llvm::cl::desc("tokens of a prefill step"),
                        llvm::cl::init(256)};
  ListOption<std::string> disabled{
      *this, "disable", llvm::cl::desc("strategies that are left out")};

  std::unique_ptr<Target> create() const {
    TargetOptions options;
    options.activations = activations;
    options.chunk = chunk;
    options.disabled.assign(disabled.begin(), disabled.end());
    Result<std::unique_ptr<Target>> found = createTarget(target, options);
    if (!found)
      llvm::report_fatal_error(llvm::StringRef(found.error().str()),
                               /*gen_crash_diag=*/false);
    return std::move(*found);
  }
};

struct KvPipelineOptions : PassPipelineOptions<KvPipelineOptions> {
  Option<std::string> kv{*this, "kv", llvm::cl::desc("f32, f16, bf16 or q8_0"),
                         llvm::cl::init("f16")};
};

} // namespace

void tombolo::registerAllPasses() {
  nn::registerTomboloFusePasses();
  nn::registerTomboloQuantizePasses();
  plan::registerTomboloPlanPasses();
  registerLowerPasses();
  for (const TargetEntry &entry : targetEntries())
    entry.registerPasses();
  PassPipelineRegistration<>("tombolo-fuse", "the fuse phase",
                             [](OpPassManager &pm) { buildFusePipeline(pm); });
  PassPipelineRegistration<KvPipelineOptions>(
      "tombolo-quantize", "the quantize phase",
      [](OpPassManager &pm, const KvPipelineOptions &options) {
        buildQuantizePipeline(pm, options.kv);
      });
  // A pass with a target comes by the target's name.
  PassPipelineRegistration<TargetPipelineOptions>(
      "plan-build", "replace the nn functions by programs and kernels",
      [](OpPassManager &pm, const TargetPipelineOptions &options) {
        plan::BuildPlanOptions build;
        build.chunk = options.chunk;
        pm.addPass(
            plan::createBuildPlanPass(options.create()->planTarget(), build));
      });
  PassPipelineRegistration<TargetPipelineOptions>(
      "tombolo-plan", "the plan phase",
      [](OpPassManager &pm, const TargetPipelineOptions &options) {
        buildPlanPipeline(pm, *options.create(), options.chunk);
      });
  PassPipelineRegistration<TargetPipelineOptions>(
      "tombolo-lower", "the lower phase",
      [](OpPassManager &pm, const TargetPipelineOptions &options) {
        buildLowerPipeline(pm, *options.create());
      });
}
