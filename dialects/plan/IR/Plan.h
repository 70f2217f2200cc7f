//===- Plan.h - The plan dialect --------------------------------*- C++ -*-===//

#ifndef DIALECTS_PLAN_IR_PLAN_H
#define DIALECTS_PLAN_IR_PLAN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/plan/IR/PlanDialect.h.inc"
#include "dialects/plan/IR/PlanEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/IR/PlanAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialects/plan/IR/PlanOps.h.inc"

namespace tombolo::plan {

/// Unit attribute of the `func.func`s that are kernels.
inline constexpr llvm::StringLiteral kKernelAttr = "plan.kernel";
/// On a lowered kernel: the bytes of scratch that a thread needs for it; they
/// are its last argument.
inline constexpr llvm::StringLiteral kScratchAttr = "plan.scratch_bytes";

} // namespace tombolo::plan

#endif // DIALECTS_PLAN_IR_PLAN_H
