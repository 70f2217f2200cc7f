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

/// Writes a file without a name in the folder of `path` and names it at the
/// end, so that `path` is at any moment the old file or the whole new one, also
/// where this process is killed or the machine stops. Where `path` is a link,
/// that holds for the file it leads to.
///
/// A killed writer leaves nothing. On a filesystem that has no files without
/// names (and in the moment in which one takes the place of an old file) it
/// leaves its temporary file, `.NAME.tmp-PID-N`.
class OutputFile {
public:
  static Result<std::unique_ptr<OutputFile>> create(const std::string &path);
  /// The new file is gone unless `commit` succeeded.
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  /// Appends; buffered by nothing but the kernel.
  Status write(std::span<const std::byte> bytes);
  /// Appends zeros up to the next multiple of `alignment`.
  Status pad(uint64_t alignment);
  Status writeAt(uint64_t offset, std::span<const std::byte> bytes);
  uint64_t position() const { return end; }

  /// Puts the file in its place. It is on the disk then, and so is its name
  /// where the filesystem and the folder's rights allow to wait for that.
  Status commit();

private:
  OutputFile(std::string path, std::string target)
      : path(std::move(path)), target(std::move(target)) {}
  Error failure(const char *action) const;
  /// Calls `make` with one temporary name after the other until it gives a
  /// result that is not -1 with EEXIST; keeps the name where it succeeds.
  template <typename Make> int makeTemporary(Make make);
  /// Gives the file without a name the one of `target`, or a temporary one.
  bool nameFile();

  /// As the user wrote it, and where the links that it is lead.
  std::string path, target;
  /// Empty: the file has no name, or the final one.
  std::string temporary;
  int descriptor = -1;
  uint64_t end = 0;
};

} // namespace tombolo::artifact

#endif // CODEGEN_ARTIFACT_OUTPUTFILE_H
