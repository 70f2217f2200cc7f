//===- Passes.h - From nn to plan -------------------------------*- C++ -*-===//

#ifndef PASSES_PLAN_PASSES_H
#define PASSES_PLAN_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "passes/plan/PlanTarget.h"
#include <memory>

namespace tombolo::plan {

#define GEN_PASS_DECL
#include "passes/plan/Passes.h.inc"

struct BuildPlanOptions {
  /// Tokens of a prefill step, and rows of a logits step, at most.
  int64_t chunk = 256;
  int64_t logitsRows = 32;
};

/// `plan-build`: replaces the `nn` functions @hidden and @logits by programs
/// and kernels for `target`. tombolo-opt makes the target of options:
/// `plan-build{target=cpu:x86-64-v3 activations=i16 chunk=256}`. See
/// docs/passes.md.
std::unique_ptr<mlir::Pass>
createBuildPlanPass(std::shared_ptr<const PlanTarget> target,
                    const BuildPlanOptions &options = {});

#define GEN_PASS_REGISTRATION
#include "passes/plan/Passes.h.inc"

} // namespace tombolo::plan

#endif // PASSES_PLAN_PASSES_H
