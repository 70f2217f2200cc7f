//===- FixedState.h - States of one size ------------------------*- C++ -*-===//

#ifndef PASSES_PLAN_FIXEDSTATE_H
#define PASSES_PLAN_FIXEDSTATE_H

#include "dialects/plan/IR/Plan.h"
#include "mlir/IR/BuiltinOps.h"

namespace tombolo::plan {

/// Families of more states than these are a mistake.
inline constexpr int64_t kMaxInstances = 1 << 16;

/// Makes the `plan.fixed_state` of all states of `module` that are of one size
/// whatever the length of the sequence; null where there is none. Its offsets
/// follow each other from multiples of 64 on, in the order of the states.
mlir::FailureOr<FixedStateOp> planFixedState(mlir::ModuleOp module,
                                             mlir::SymbolTable &symbols);

} // namespace tombolo::plan

#endif // PASSES_PLAN_FIXEDSTATE_H
