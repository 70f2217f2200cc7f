//===- JoinWeights.h - Several weights as one -------------------*- C++ -*-===//

#ifndef PASSES_FUSE_JOINWEIGHTS_H
#define PASSES_FUSE_JOINWEIGHTS_H

#include "dialects/nn/IR/NNOps.h"
#include "mlir/IR/SymbolTable.h"

namespace tombolo::nn {

/// Joins weights that one function reads with one index.
class WeightJoiner {
public:
  explicit WeightJoiner(mlir::ModuleOp module);

  /// Whether the weights read by `gets` can become one along their rows: same
  /// layers, encoding, columns and index, different symbols, and no other
  /// reader of any of them, nor a second user of a read.
  bool canJoin(llvm::ArrayRef<GetWeightOp> gets);

  /// Makes the joined weight: the rows of all on top of each other, or, with
  /// `interleave` > 0, alternating in groups of that many rows. Returns a read
  /// of it at `builder`'s place.
  GetWeightOp join(mlir::OpBuilder &builder, llvm::ArrayRef<GetWeightOp> gets,
                   int64_t interleave = 0);

  /// Erases the weights that nothing reads any more.
  void eraseUnread();

private:
  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  llvm::StringMap<int> readers;
  llvm::SmallVector<WeightOp> joined;
};

} // namespace tombolo::nn

#endif // PASSES_FUSE_JOINWEIGHTS_H
