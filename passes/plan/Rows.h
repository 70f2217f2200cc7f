//===- Rows.h - Rows that functions hand on ---------------------*- C++ -*-===//
//
// A function may return the rows of a history and another take them: layers
// that read the keys and values of an earlier one. What only one end knows (in
// which state they lie, what they are read for) is found through the calls.
//
//     %x, %k = call @layer0(..)      // returns what its nn.history made
//     %y = call @layer1(.., %k)      // its argument is read by nn.attention
//
//===----------------------------------------------------------------------===//

#ifndef PASSES_PLAN_ROWS_H
#define PASSES_PLAN_ROWS_H

#include "dialects/nn/IR/NNOps.h"
#include "llvm/ADT/SmallVector.h"

namespace tombolo::plan {

/// What an op reads: the rows, of a history or an argument, through picks, and
/// the ids of these; null where there are none.
struct SeenRows {
  mlir::Value rows;
  mlir::Value ids;
};
SeenRows seenRows(mlir::Value rows);

/// The histories whose rows these are: of an argument, one or more.
llvm::SmallVector<nn::HistoryOp> historiesOf(mlir::Value rows);

/// The storage of the states that they lie in; fails, at `op`, which reads
/// them, where storages differ.
mlir::FailureOr<Encoding> storageOf(mlir::Value rows, mlir::Operation *op);

/// What the ops that read a history take its rows for, each once.
enum class RowUse { Keys, Values, Shared };
llvm::SmallVector<RowUse> usesOf(mlir::Value rows);

} // namespace tombolo::plan

#endif // PASSES_PLAN_ROWS_H
