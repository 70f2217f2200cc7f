//===- OutputFile.h - A file that appears whole or not at all ---*- C++ -*-===//

#ifndef CODEGEN_ARTIFACT_OUTPUTFILE_H
#define CODEGEN_ARTIFACT_OUTPUTFILE_H

#include "support/Result.h"
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tombolo::artifact {

/// Writes a temporary file beside `path` and renames it there at the end, so
/// that `path` is at any moment the old file or the whole new one, also where
/// this process is killed or the machine stops. A killed writer leaves its
/// temporary file (`.NAME.tmp-PID-N`).
class OutputFile {
public:
  static Result<std::unique_ptr<OutputFile>> create(const std::string &path);
  /// Removes the temporary file unless `commit` succeeded.
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  /// Appends; buffered by nothing but the kernel.
  Status write(std::span<const std::byte> bytes);
  /// Appends zeros up to the next multiple of `alignment`.
  Status pad(uint64_t alignment);
  Status writeAt(uint64_t offset, std::span<const std::byte> bytes);
  uint64_t position() const { return end; }

  /// fsync, rename, fsync of the folder.
  Status commit();

private:
  OutputFile(std::string path, std::string temporary, int descriptor)
      : path(std::move(path)), temporary(std::move(temporary)),
        descriptor(descriptor) {}
  Error failure(const char *action) const;

  std::string path, temporary;
  int descriptor;
  uint64_t end = 0;
  bool committed = false;
};

} // namespace tombolo::artifact

#endif // CODEGEN_ARTIFACT_OUTPUTFILE_H
