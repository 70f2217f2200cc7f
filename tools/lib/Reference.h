//===- Reference.h - Activations to compare with ----------------*- C++ -*-===//

#ifndef TOOLS_LIB_REFERENCE_H
#define TOOLS_LIB_REFERENCE_H

#include "support/Result.h"
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace tombolo {

struct Matrix {
  int64_t rows = 0, columns = 0;
  std::vector<float> values;

  std::span<const float> row(int64_t index) const {
    return {values.data() + index * columns, size_t(columns)};
  }
};

/// What another implementation computed for one sequence.
struct Reference {
  std::vector<int32_t> inputIds;
  /// [S, V], or [1, V]: the last position only.
  Matrix logits;
  /// `hidden.N` by N, [S, D]; more dimensions are one row's elements.
  std::map<int64_t, Matrix> hidden;
  /// Greedy continuation; may be empty, the logits too.
  std::vector<int32_t> generatedIds;
  Matrix generatedLogits;
};

/// Reads a safetensors file of the layout that docs/cli.md names; numbers of
/// any plain type.
Result<Reference> readReference(const std::string &path);

} // namespace tombolo

#endif // TOOLS_LIB_REFERENCE_H
