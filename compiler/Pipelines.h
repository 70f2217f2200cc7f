//===- Pipelines.h - The phases of the compiler -----------------*- C++ -*-===//
//
// Each phase is a pipeline that tombolo-opt runs as well: `tombolo-fuse`,
// `tombolo-quantize`, `tombolo-plan`, `tombolo-lower`.
//
//===----------------------------------------------------------------------===//

#ifndef COMPILER_PIPELINES_H
#define COMPILER_PIPELINES_H

#include "codegen/target/Target.h"
#include "compiler/Compiler.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace tombolo {

struct FusePipelineOptions {
  /// Passes left out, by their arguments (`nn-merge-linears`).
  std::vector<std::string> disabled;
};

/// The target that `options` name, made as they say.
Result<std::unique_ptr<Target>> targetOf(const CompileOptions &options);
/// The same for a list: levels of one target, each once.
Result<std::vector<std::unique_ptr<Target>>>
levelsOf(const CompileOptions &options);

/// On nn. Ends in `nn-check`.
void buildFusePipeline(mlir::OpPassManager &pm,
                       const FusePipelineOptions &options = {});
/// `kv`: what keys and values are kept in.
void buildQuantizePipeline(mlir::OpPassManager &pm, const std::string &kv);
/// nn to plan. Ends in `plan-check`.
void buildPlanPipeline(mlir::OpPassManager &pm, const Target &target,
                       int64_t chunk);
/// The kernels of a plan to what the target's code generator takes.
void buildLowerPipeline(mlir::OpPassManager &pm, const Target &target);

/// The arguments of all passes of a pipeline, nested ones too, each once.
std::vector<std::string> passNames(const mlir::OpPassManager &pm);

/// All dialects and interfaces that a module can meet on its way.
void registerAllDialects(mlir::DialectRegistry &registry);
/// All passes of this project, and its pipelines by name.
void registerAllPasses();

} // namespace tombolo

#endif // COMPILER_PIPELINES_H
