//===- MappedFile.h - A file mapped for reading -----------------*- C++ -*-===//

#ifndef SUPPORT_MAPPEDFILE_H
#define SUPPORT_MAPPEDFILE_H

#include "support/Result.h"
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tombolo {

/// A regular file mapped read-only and private. A file that another process
/// truncates while it is mapped raises SIGBUS on access, as with every reader
/// that maps.
class MappedFile {
public:
  /// Opens and maps `path`; an empty file maps to an empty span. Refuses what
  /// is not a regular file.
  static Result<std::shared_ptr<MappedFile>> open(const std::string &path);
  /// A copy of `bytes` that passes for the file `path`.
  static std::shared_ptr<MappedFile>
  fromBytes(std::string path, std::span<const std::byte> bytes);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  const std::string &path() const { return name; }
  std::span<const std::byte> bytes() const { return {data, size}; }
  std::string_view text() const {
    return {reinterpret_cast<const char *>(data), size};
  }

private:
  MappedFile(std::string name, const std::byte *data, size_t size)
      : name(std::move(name)), data(data), size(size) {}
  std::string name;
  const std::byte *data;
  size_t size;
  /// Where the bytes are when no file is mapped.
  std::unique_ptr<std::byte[]> copy;
};

} // namespace tombolo

#endif // SUPPORT_MAPPEDFILE_H
