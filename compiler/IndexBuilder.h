//===- IndexBuilder.h - A plan as an artifact's index -----------*- C++ -*-===//

#ifndef COMPILER_INDEXBUILDER_H
#define COMPILER_INDEXBUILDER_H

#include "codegen/artifact/ArtifactWriter.h"
#include "codegen/target/Target.h"
#include "dialects/nn/weights/WeightEvaluator.h"
#include "mlir/IR/BuiltinOps.h"
#include "support/Result.h"
#include <vector>

namespace tombolo {

/// A tensor that the artifact stores.
struct PlannedTensor {
  std::string source; ///< the nn.weight family
  int64_t index;
  std::string layout;
  Encoding encoding;
  std::vector<int64_t> shape;
};

struct BuiltIndex {
  artifact::IndexT index;
  /// In the order of index.tensors.
  std::vector<PlannedTensor> tensors;
};

/// Model, plan, states, rope tables and tensors of a planned module, and one
/// executable for each level in `levels`, whose code is the segment of the same
/// number. All levels have the same kernels in the same order. Rope divisors
/// are read through `weights`.
Result<BuiltIndex> buildIndex(mlir::ModuleOp module,
                              const std::vector<TargetCode> &levels,
                              const nn::WeightEvaluator &weights);

/// Hands the bytes of `tensor`, as the artifact stores them, to `write`: a
/// stack of experts matrix after matrix, of which one is in memory.
Status packTensor(const PlannedTensor &tensor, const Target &target,
                  const nn::WeightEvaluator &weights,
                  const artifact::ByteSink &write);

} // namespace tombolo

#endif // COMPILER_INDEXBUILDER_H
