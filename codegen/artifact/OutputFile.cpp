#include "codegen/artifact/OutputFile.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tombolo;
using namespace tombolo::artifact;

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

static std::string systemMessage() { return std::strerror(errno); }

Result<std::unique_ptr<OutputFile>>
OutputFile::create(const std::string &path) {
  struct stat existing;
  if (stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode))
    return Error(path, "expects a file to write or replace, but there is "
                       "something else at that path");
  size_t slash = path.rfind('/');
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty())
    return Error(path, "expects the name of a file");
  for (int attempt = 0; attempt != 1000; ++attempt) {
    std::string temporary = folderOf(path) + "/." + name + ".tmp-" +
                            std::to_string(getpid()) + "-" +
                            std::to_string(attempt);
    int descriptor =
        open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0)
      return std::unique_ptr<OutputFile>(
          new OutputFile(path, std::move(temporary), descriptor));
    if (errno != EEXIST)
      break;
  }
  return Error(path,
               "could not create a file in its folder: " + systemMessage());
}

OutputFile::~OutputFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!committed)
    unlink(temporary.c_str());
}

Error OutputFile::failure(const char *action) const {
  return Error(path, std::string(action) + ": " + systemMessage());
}

Status OutputFile::writeAt(uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    // Linux writes at most 2 GiB a call.
    ssize_t written =
        pwrite(descriptor, bytes.data(),
               std::min<size_t>(bytes.size(), size_t(1) << 30), offset);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) {
      if (written == 0)
        errno = ENOSPC;
      return failure("could not write");
    }
    bytes = bytes.subspan(written);
    offset += written;
  }
  return success();
}

Status OutputFile::write(std::span<const std::byte> bytes) {
  Status status = writeAt(end, bytes);
  if (status)
    end += bytes.size();
  return status;
}

Status OutputFile::pad(uint64_t alignment) {
  static constexpr std::byte zeros[4096] = {};
  uint64_t count = (alignment - end % alignment) % alignment;
  while (count != 0) {
    size_t piece = std::min<uint64_t>(count, sizeof(zeros));
    if (Status status = write({zeros, piece}); !status)
      return status;
    count -= piece;
  }
  return success();
}

Status OutputFile::commit() {
  if (fsync(descriptor) != 0)
    return failure("could not write");
  int closed = close(descriptor);
  descriptor = -1;
  if (closed != 0)
    return failure("could not write");
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return failure("could not put the finished file in its place");
  committed = true;
  int folder = open(folderOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return failure("could not open its folder");
  // Some filesystems can't sync a folder; the rename itself has happened.
  bool synced = fsync(folder) == 0 || errno == EINVAL;
  Error error = failure("could not write its folder");
  close(folder);
  if (!synced)
    return error;
  return success();
}
