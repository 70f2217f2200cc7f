//===- Safetensors.h - The safetensors container ----------------*- C++ -*-===//
//
// A length, a JSON header of names, types, shapes and offsets, then the data.
// The reader indexes tensors; it knows no models.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_SAFETENSORS_SAFETENSORS_H
#define FRONTENDS_SAFETENSORS_SAFETENSORS_H

#include "support/WeightSource.h"
#include <optional>
#include <string>
#include <vector>

namespace tombolo {

/// The name of the file that says which shard holds which tensor.
inline constexpr const char *safetensorsIndexName =
    "model.safetensors.index.json";

/// Adds the tensors of `path` to `weights`: a `.safetensors` file, any shard of
/// a set (which brings the whole set), an index, or a folder that holds one of
/// these. With `headerOnlyOk`, files may end anywhere after their headers.
Status readSafetensors(const std::string &path, WeightSource &weights,
                       bool headerOnlyOk = false);

/// What an index says, for where none of its files is there yet.
struct SafetensorsNames {
  std::vector<std::string> tensors;
  /// `metadata.total_size`; 0 where the index does not have it.
  uint64_t totalBytes = 0;
};

/// Of the index in `folder`; nothing where there is none.
Result<std::optional<SafetensorsNames>>
readSafetensorsNames(const std::string &folder);

/// Adds the tensors of this one file.
Status readSafetensorsFile(std::shared_ptr<MappedFile> file,
                           WeightSource &weights, bool headerOnlyOk = false);

} // namespace tombolo

#endif // FRONTENDS_SAFETENSORS_SAFETENSORS_H
