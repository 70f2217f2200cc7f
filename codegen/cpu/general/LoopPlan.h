//===- LoopPlan.h - How a linalg op becomes loops over vectors --*- C++ -*-===//

#ifndef CODEGEN_CPU_GENERAL_LOOPPLAN_H
#define CODEGEN_CPU_GENERAL_LOOPPLAN_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tombolo::cpu {

/// How one operand is reached along the vector dimension.
enum class Access {
  Value,      ///< not memory at all: a scalar operand
  Invariant,  ///< one element for all lanes
  Contiguous, ///< lanes are neighbours in memory
  Strided     ///< lane by lane
};

/// What becomes of one output.
struct OutputPlan {
  /// Kept in registers around the reduction loops: its map has no reduction
  /// dimension. Else it is written where the body runs.
  bool carried = false;
  /// How lanes combine, where the vector dimension is a reduction.
  std::optional<mlir::vector::CombiningKind> kind;
  /// The neutral element of `kind`, a scalar.
  mlir::TypedAttr neutral;
};

/// The nest for one op: `parallel` loops, then, where the vector dimension is
/// parallel, its loop, then `reductions`, then, where it is a reduction, its
/// loop. Without a vector dimension the body runs on single elements.
struct LoopPlan {
  mlir::linalg::LinalgOp op;
  llvm::SmallVector<int64_t> extents; ///< may be ShapedType::kDynamic
  llvm::SmallVector<unsigned> parallel, reductions; ///< without `vectorDim`
  std::optional<unsigned> vectorDim;
  bool vectorIsReduction = false;
  int64_t lanes = 1;
  /// Elements of a parallel dimension that one round of the loops does at once.
  llvm::SmallVector<int64_t> block;
  /// Vectors along a parallel vector dimension that one round does at once:
  /// sums that do not wait for each other.
  int64_t vectors = 1;
  /// Vectors of partial results per element, where the vector dimension is a
  /// reduction.
  int64_t partials = 1;
  llvm::SmallVector<Access> access;      ///< per operand
  llvm::SmallVector<OutputPlan> outputs; ///< per output

  bool isReduction(unsigned dim) const;
  bool operandUses(unsigned operand, unsigned dim) const;
  bool operandUsesAny(unsigned operand, llvm::ArrayRef<unsigned> dims) const;
};

/// Plans the loops of `op`, which works on buffers only. `vectorBytes` is a
/// power of two.
LoopPlan planLoops(mlir::linalg::LinalgOp op, int64_t vectorBytes);

/// Where `op` in a body is a load whose lanes are neighbours: it is indexed at
/// last by the very `linalg.index` of the vector dimension.
bool isContiguousLoad(mlir::Operation *op, unsigned vectorDim);

} // namespace tombolo::cpu

#endif // CODEGEN_CPU_GENERAL_LOOPPLAN_H
