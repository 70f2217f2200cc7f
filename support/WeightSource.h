//===- WeightSource.h - Named tensors in mapped files -----------*- C++ -*-===//
//
// The index that readers make of a checkpoint's tensors: name, encoding, shape
// and where the bytes lie. Nothing is read until `bytes` is called, and nothing
// is copied then: it is a view of the mapped file.
//
//===----------------------------------------------------------------------===//

#ifndef SUPPORT_WEIGHTSOURCE_H
#define SUPPORT_WEIGHTSOURCE_H

#include "support/Encoding.h"
#include "support/MappedFile.h"
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tombolo {

struct TensorInfo {
  std::string name;
  Encoding encoding;
  /// Outermost dimension first, as safetensors and transformers write it (GGUF
  /// dimensions are reversed by its reader). Scalars have no dimensions.
  std::vector<int64_t> shape;
  /// Index into WeightSource::files, byte offset in that file, byte count.
  uint32_t file;
  uint64_t offset, bytes;

  int64_t elements() const;
};

/// The tensors of a checkpoint, in the order of the files.
class WeightSource {
public:
  /// Returns the index of the file.
  uint32_t addFile(std::shared_ptr<MappedFile> file);
  /// Fails on a name that is already there.
  Status addTensor(TensorInfo tensor);

  const std::vector<TensorInfo> &tensors() const { return list; }
  const std::vector<std::shared_ptr<MappedFile>> &files() const { return maps; }
  const TensorInfo *find(std::string_view name) const;

  /// The stored bytes; fails where a header-only file ends before them.
  Result<std::span<const std::byte>> bytes(const TensorInfo &tensor) const;

private:
  std::vector<std::shared_ptr<MappedFile>> maps;
  std::vector<TensorInfo> list;
  std::unordered_map<std::string, size_t> byName;
};

} // namespace tombolo

#endif // SUPPORT_WEIGHTSOURCE_H
