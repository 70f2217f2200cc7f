//===- CheckInput.h - What the planner can hold -----------------*- C++ -*-===//

#ifndef PASSES_PLAN_CHECKINPUT_H
#define PASSES_PLAN_CHECKINPUT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace tombolo::plan {

/// Whether values of this type are rows of the step: f32, one row per token,
/// `[T, ..]` with a dynamic `T`.
bool isActivation(mlir::Type type);

/// Whether `op` takes a part of a stored weight (`nn.slice`, also of a part):
/// row kernels read it where it lies.
bool isWeightPart(mlir::Operation *op);

/// Why no target compiles `op` in this version; empty: one does.
std::string whyNotCompiled(mlir::Operation *op);

/// Fails with a diagnostic at the first op that a pass of an earlier phase has
/// to bring into another form.
mlir::LogicalResult checkCompiled(mlir::ModuleOp module);

/// Fails with a diagnostic where a function that is to become kernels has an op
/// that verifies but that no kernel can hold. What passes here is planned
/// without further questions.
mlir::LogicalResult checkInput(mlir::func::FuncOp function);

} // namespace tombolo::plan

#endif // PASSES_PLAN_CHECKINPUT_H
