//===- Rearrangement.h - A rearrange pattern, worked out --------*- C++ -*-===//

#ifndef DIALECTS_NN_IR_REARRANGEMENT_H
#define DIALECTS_NN_IR_REARRANGEMENT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "support/Result.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace tombolo::nn {

/// Axes split, reordered and merged. Elementary axes are the names of the
/// pattern (`...` gives one each), numbered as they stand on the left; axes of
/// size 1 that the pattern writes as `1` have no number.
struct Rearrangement {
  /// Sizes of the elementary axes; a dynamic one is ShapedType::kDynamic.
  llvm::SmallVector<int64_t> sizes;
  /// For each axis of the operand and of the result, its elementary axes.
  llvm::SmallVector<llvm::SmallVector<unsigned, 2>> operandAxes, resultAxes;
  llvm::SmallVector<int64_t> resultShape;

  /// Result elementary axis j is operand elementary axis `permutation()[j]`.
  llvm::SmallVector<unsigned> permutation() const;
  bool isPermutationIdentity() const;
  /// Size of the run of last axes that stays innermost and in order; 1 where
  /// the innermost axis moves.
  int64_t innermostKept() const;
};

/// Works out `pattern` for a value of `shape`; `sizes` may be null.
Result<Rearrangement> parseRearrangement(llvm::StringRef pattern,
                                         mlir::DictionaryAttr sizes,
                                         llvm::ArrayRef<int64_t> shape);

/// The one movement that does `first`, then `second`, as a pattern over axes
/// a0, a1, ... with all sizes given; nothing where it takes more than one.
struct RearrangementText {
  std::string pattern;
  llvm::SmallVector<std::pair<std::string, int64_t>> sizes;
};
std::optional<RearrangementText> compose(const Rearrangement &first,
                                         const Rearrangement &second);

} // namespace tombolo::nn

#endif // DIALECTS_NN_IR_REARRANGEMENT_H
