//===- Coverage.h - What a target would do with each op ---------*- C++ -*-===//
//
// Asks what planning asks, op by op, so that it also answers where a module
// cannot be planned as a whole.
//
//===----------------------------------------------------------------------===//

#ifndef PASSES_PLAN_COVERAGE_H
#define PASSES_PLAN_COVERAGE_H

#include "mlir/IR/BuiltinOps.h"
#include "passes/plan/PlanTarget.h"
#include <string>
#include <vector>

namespace tombolo::plan {

/// How often a step of one token runs an operation, over all layers.
struct OpCoverage {
  /// "linear", without the dialect.
  std::string op;
  /// By a strategy; on the general path, or folded into another's kernel; not
  /// at all, in this version.
  int64_t tuned = 0, general = 0, none = 0;
  /// Of the first that is not compiled.
  std::string reason;
};

struct Coverage {
  std::vector<OpCoverage> ops;
  /// Bytes of all weights as the target keeps them. What is read by an op that
  /// is not compiled counts as it is stored.
  uint64_t weightBytes = 0;
};

/// Of a module as planning takes it: fused and quantized.
Coverage coverageOf(mlir::ModuleOp module, const PlanTarget &target);

} // namespace tombolo::plan

#endif // PASSES_PLAN_COVERAGE_H
