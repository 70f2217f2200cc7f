//===- WeightSizes.h - What weights take and a token reads ------*- C++ -*-===//

#ifndef DIALECTS_NN_IR_WEIGHTSIZES_H
#define DIALECTS_NN_IR_WEIGHTSIZES_H

#include <cstdint>

namespace mlir {
class ModuleOp;
}

namespace tombolo::nn {

/// Of all weights of a module, in the storage that their types name.
/// Parameters are numbers of real encodings; tables of integers have bytes
/// only.
struct WeightSizes {
  int64_t parameters = 0, bytes = 0;
  /// Of those that one token reads: of a stack of matrices the `k` of `E` that
  /// its ids choose, of a table its rows, of all others everything.
  int64_t activeParameters = 0, activeBytes = 0;
};

WeightSizes weightSizesOf(mlir::ModuleOp module);

} // namespace tombolo::nn

#endif // DIALECTS_NN_IR_WEIGHTSIZES_H
