//===- Gguf.h - The GGUF container ------------------------------*- C++ -*-===//
//
// Versions 2 and 3, little-endian: metadata, tensor descriptions, aligned data.
// The reader indexes tensors and hands out the metadata; it knows no models.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_GGUF_GGUF_H
#define FRONTENDS_GGUF_GGUF_H

#include "support/WeightSource.h"
#include <nlohmann/json.hpp>
#include <string>

namespace tombolo {

/// Adds the tensors of `path` to `weights`; any part of a split set brings the
/// whole set. `metadata` becomes the first part's, by full key: integers as
/// 64-bit JSON integers, arrays as JSON arrays. With `headerOnlyOk`, files may
/// end anywhere after their tensor descriptions.
Status readGguf(const std::string &path, WeightSource &weights,
                nlohmann::ordered_json &metadata, bool headerOnlyOk = false);

/// Adds the tensors of this one file, whatever its metadata says of a split.
Status readGgufFile(std::shared_ptr<MappedFile> file, WeightSource &weights,
                    nlohmann::ordered_json &metadata,
                    bool headerOnlyOk = false);

/// The encoding of a ggml type number: nothing where the format has none or
/// dropped it.
std::optional<Encoding> encodingOfGgmlType(uint32_t type);
/// The number ggml gives an encoding, where it has it.
std::optional<uint32_t> ggmlTypeOf(Encoding encoding);

} // namespace tombolo

#endif // FRONTENDS_GGUF_GGUF_H
