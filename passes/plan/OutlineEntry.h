//===- OutlineEntry.h - An entry of calls only ------------------*- C++ -*-===//

#ifndef PASSES_PLAN_OUTLINEENTRY_H
#define PASSES_PLAN_OUTLINEENTRY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

namespace tombolo::plan {

/// Moves the runs of ops between the calls of `entry` into private functions
/// `<entry>.part<i>` and calls these, so that the entry has calls and index
/// constants only. Returns the new functions.
llvm::SmallVector<mlir::func::FuncOp> outlineEntry(mlir::func::FuncOp entry,
                                                   mlir::SymbolTable &symbols);

} // namespace tombolo::plan

#endif // PASSES_PLAN_OUTLINEENTRY_H
