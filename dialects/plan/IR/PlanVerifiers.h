//===- PlanVerifiers.h - What verifiers of the dialect share ----*- C++ -*-===//

#ifndef DIALECTS_PLAN_IR_PLANVERIFIERS_H
#define DIALECTS_PLAN_IR_PLANVERIFIERS_H

#include "dialects/plan/IR/Plan.h"
#include "llvm/Support/MathExtras.h"

namespace tombolo::plan {

/// A buffer of rows, `[T, C]`, has rows of `count` times `columns` numbers.
mlir::LogicalResult verifyColumns(mlir::Operation *op, llvm::StringRef name,
                                  mlir::Value buffer, int64_t columns,
                                  int64_t count = 1);

/// `op` has `members` with their `counts` of instances, and an offset for each.
template <typename Op> mlir::LogicalResult verifyMembers(Op op) {
  if (op.getMembers().size() != op.getCounts().size()) // C1
    return op.emitOpError("expects one count per member, but got ")
           << op.getCounts().size() << " for " << op.getMembers().size();
  int64_t instances = 0;
  for (int64_t count : op.getCounts())
    if (count <= 0 || llvm::AddOverflow(instances, count, instances)) // C1
      return op.emitOpError("expects positive counts, but got [")
             << op.getCounts() << "]";
  if (instances != static_cast<int64_t>(op.getOffsets().size())) // C2
    return op.emitOpError("expects one offset per instance (")
           << instances << "), but got " << op.getOffsets().size();
  return mlir::success();
}

} // namespace tombolo::plan

#endif // DIALECTS_PLAN_IR_PLANVERIFIERS_H
