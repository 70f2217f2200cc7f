//===- Values.h - Values of a twin's tensors --------------------*- C++ -*-===//

#ifndef FRONTENDS_TWIN_VALUES_H
#define FRONTENDS_TWIN_VALUES_H

#include "frontends/safetensors/Writer.h"
#include "frontends/twin/Cut.h"

namespace tombolo::twin {

/// A tensor of the twin's file: the source's, or one of those it is joined
/// from.
struct StoredPart {
  const CutTensor *tensor;
  /// What the source keeps of it.
  const TensorInfo *source;
  /// Of the joined ones, which.
  size_t part = 0;
  std::string name;
  std::vector<int64_t> shape;
};

/// What the file of a twin holds, in order.
Result<std::vector<StoredPart>> storedParts(const Cut &cut);

/// Whether the source has all values of a tensor.
bool hasValues(const WeightSource &weights, const CutTensor &tensor);

/// The values that the source has.
Status copyValues(const WeightSource &weights, const StoredPart &part,
                  const ByteSink &sink);

/// Values so that what is computed stays of the order of 1: numbers of a
/// normal distribution with the deviation 1/sqrt(columns), those of norms about
/// 1 (or 0, where the model adds 1); codes of all kinds, and scales that give
/// the numbers that deviation. The same for the same seed and name.
Status randomValues(const StoredPart &part, uint64_t seed,
                    const ByteSink &sink);

} // namespace tombolo::twin

#endif // FRONTENDS_TWIN_VALUES_H
