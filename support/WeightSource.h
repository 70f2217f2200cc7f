//===- WeightSource.h - Named tensors in mapped files -----------*- C++ -*-===//
//
// The index that readers make of a checkpoint's tensors: name, encoding, shape
// and where the bytes lie. Nothing is read until `read` is called, and nothing
// is copied then but what files keep in several tensors.
//
//===----------------------------------------------------------------------===//

#ifndef SUPPORT_WEIGHTSOURCE_H
#define SUPPORT_WEIGHTSOURCE_H

#include "support/Encoding.h"
#include "support/MappedFile.h"
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace tombolo {

/// The product of `shape`; nothing where a dimension is negative or the product
/// of the dimensions so far passes the range.
std::optional<int64_t> elementsOf(std::span<const int64_t> shape);

struct JoinedParts;

struct TensorInfo {
  std::string name;
  Encoding encoding;
  /// Outermost dimension first, as safetensors and transformers write it (GGUF
  /// dimensions are reversed by its reader). Scalars have no dimensions.
  std::vector<int64_t> shape;
  /// Index into WeightSource::files, byte offset in that file, byte count.
  uint32_t file;
  uint64_t offset, bytes;
  /// Where the blocks are put together from several stored tensors. `file` is
  /// that of the first then, and `offset` says nothing.
  std::shared_ptr<const JoinedParts> joined = nullptr;
  /// Why a model may leave it aside without saying so; empty: it may not.
  std::string idle = "";

  /// Meant for a tensor of a WeightSource, which has checked the shape.
  int64_t elements() const;
  /// Bytes in the files.
  uint64_t storedBytes() const;
};

/// A tensor whose numbers, scales and zeros are stored apart.
struct JoinedParts {
  using Bytes = std::span<const std::byte>;

  std::vector<TensorInfo> parts;
  /// Writes the whole blocks of the tensor from the bytes of the parts. What is
  /// wrong with a part's numbers is an error about `parts[i]`.
  std::function<Status(std::span<const Bytes> parts,
                       std::span<std::byte> blocks)>
      join;
};

/// Bytes of a mapped file, or bytes that `owner` holds.
struct TensorBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

/// The tensors of a checkpoint, in the order of the files.
class WeightSource {
public:
  /// Returns the index of the file.
  uint32_t addFile(std::shared_ptr<MappedFile> file);
  /// Fails on a name that is already there, on a shape whose elements cannot be
  /// counted, and on `bytes` that are not what shape and encoding take.
  Status addTensor(TensorInfo tensor);

  const std::vector<TensorInfo> &tensors() const { return list; }
  const std::vector<std::shared_ptr<MappedFile>> &files() const { return maps; }
  /// The pointer holds until the next addTensor.
  const TensorInfo *find(std::string_view name) const;

  /// The whole blocks; fails where a header-only file ends before them. Safe to
  /// call from several threads at once.
  Result<TensorBytes> read(const TensorInfo &tensor) const;

private:
  Result<std::span<const std::byte>> bytes(const TensorInfo &tensor) const;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  std::vector<std::shared_ptr<MappedFile>> maps;
  std::vector<TensorInfo> list;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> byName;
};

} // namespace tombolo

#endif // SUPPORT_WEIGHTSOURCE_H
