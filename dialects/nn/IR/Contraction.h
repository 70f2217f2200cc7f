//===- Contraction.h - The loops of a sum of products -----------*- C++ -*-===//

#ifndef DIALECTS_NN_IR_CONTRACTION_H
#define DIALECTS_NN_IR_CONTRACTION_H

#include "support/Result.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace tombolo::nn {

/// Loops over the names of a pattern `a axes, b axes -> result axes`: first
/// those of the result, in its order, then those that are summed, in the order
/// in which `a` and then `b` have them.
struct Contraction {
  /// A size for each loop; a dynamic one is ShapedType::kDynamic.
  llvm::SmallVector<int64_t> sizes;
  /// The loop of each axis. The result's are 0, 1, ...
  llvm::SmallVector<unsigned> aLoops, bLoops;
  unsigned resultRank = 0;

  llvm::ArrayRef<int64_t> resultShape() const {
    return llvm::ArrayRef(sizes).take_front(resultRank);
  }
};

/// Works out `pattern` for values of these shapes.
Result<Contraction> parseContraction(llvm::StringRef pattern,
                                     llvm::ArrayRef<int64_t> aShape,
                                     llvm::ArrayRef<int64_t> bShape);

} // namespace tombolo::nn

#endif // DIALECTS_NN_IR_CONTRACTION_H
