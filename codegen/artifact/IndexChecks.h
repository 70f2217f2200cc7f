//===- IndexChecks.h - Checks shared by the index's parts -------*- C++ -*-===//

#ifndef CODEGEN_ARTIFACT_INDEXCHECKS_H
#define CODEGEN_ARTIFACT_INDEXCHECKS_H

#include "codegen/artifact/Artifact_generated.h"
#include "support/Result.h"
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace tombolo::artifact {

/// No byte count, offset or stride of an index goes beyond it, so sums of a few
/// of them don't overflow.
inline constexpr int64_t kMaxBytes = int64_t(1) << 48;

/// Where in the index a check stands: prefixed to its errors.
struct Place {
  std::string file;
  std::string path;

  Place in(std::string_view part) const {
    return {file, path + std::string(part) + ": "};
  }
  template <std::integral Number>
  Place in(std::string_view kind, Number number) const {
    return {file,
            path + std::string(kind) + " " + std::to_string(number) + ": "};
  }
  Error error(const std::string &message) const {
    return Error(file, path + message);
  }
  /// Fails where `value` is outside [least, most].
  Status inRange(std::string_view field, int64_t value, int64_t least,
                 int64_t most) const;
  /// Fails where the elements of `vector` (which may be null) can't be read in
  /// place: the FlatBuffers verifier checks where a vector's length lies, not
  /// whether elements of 8 bytes are aligned.
  template <typename Vector>
  Status aligned(std::string_view field, const Vector *vector) const {
    return alignedData(field,
                       vector && vector->size() ? vector->Data() : nullptr);
  }
  Status alignedData(std::string_view field, const void *data) const;
};

/// Programs, buffers and executables of one target.
Status checkTarget(const Index &index, const Target &target,
                   const Place &place);

} // namespace tombolo::artifact

/// Returns from the calling function with the errors of a failed Status.
#define TOMBOLO_CHECK(expression)                                              \
  if (auto status = (expression); !status)                                     \
  return status.takeErrors()

#endif // CODEGEN_ARTIFACT_INDEXCHECKS_H
