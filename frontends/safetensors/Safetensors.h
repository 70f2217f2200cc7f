//===- Safetensors.h - The safetensors container ----------------*- C++ -*-===//
//
// A length, a JSON header of names, types, shapes and offsets, then the data.
// The reader indexes tensors; it knows no models.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_SAFETENSORS_SAFETENSORS_H
#define FRONTENDS_SAFETENSORS_SAFETENSORS_H

#include "support/WeightSource.h"
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

/// Adds the tensors of this one file.
Status readSafetensorsFile(std::shared_ptr<MappedFile> file,
                           WeightSource &weights, bool headerOnlyOk = false);

} // namespace tombolo

#endif // FRONTENDS_SAFETENSORS_SAFETENSORS_H
