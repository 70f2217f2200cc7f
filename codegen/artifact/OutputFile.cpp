#include "codegen/artifact/OutputFile.h"
#include <algorithm>
#include <cerrno>
#include <climits>
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

/// Where the chain of links at `path` ends, in a file or in nothing.
static Result<std::string> followLinks(const std::string &path) {
  std::string target = path;
  // As many as Linux follows.
  for (int links = 0; links != 40; ++links) {
    char buffer[PATH_MAX];
    ssize_t length = readlink(target.c_str(), buffer, sizeof(buffer));
    if (length < 0)
      return target;
    std::string next(buffer, length);
    target = next.starts_with('/') ? next : folderOf(target) + "/" + next;
  }
  return Error(path, "expects at most 40 links from one to the next");
}

/// A name by which linkat finds the open file.
static std::string nameOf(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

Result<std::unique_ptr<OutputFile>>
OutputFile::create(const std::string &path) {
  Result<std::string> target = followLinks(path);
  if (!target)
    return target.takeErrors();
  struct stat existing;
  if (stat(target->c_str(), &existing) == 0 && !S_ISREG(existing.st_mode))
    return Error(path, "expects a file to write or replace, but there is "
                       "something else at that path");
  if (target->empty() || target->ends_with('/'))
    return Error(path, "expects the name of a file");
  std::unique_ptr<OutputFile> file(new OutputFile(path, std::move(*target)));
  int &descriptor = file->descriptor;
  descriptor = open(folderOf(file->target).c_str(),
                    O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
  if (descriptor >= 0 && access(nameOf(descriptor).c_str(), F_OK) == 0)
    return file;
  if (descriptor >= 0)
    close(descriptor);
  descriptor = file->makeTemporary([](const char *name) {
    return open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  });
  if (descriptor < 0)
    return file->failure("could not create a file in its folder");
  return file;
}

template <typename Make> int OutputFile::makeTemporary(Make make) {
  size_t slash = target.rfind('/');
  std::string name = target.substr(slash + 1); // all of it without a slash
  for (int attempt = 0; attempt != 1000; ++attempt) {
    temporary = folderOf(target) + "/." + name + ".tmp-" +
                std::to_string(getpid()) + "-" + std::to_string(attempt);
    if (int result = make(temporary.c_str()); result >= 0)
      return result;
    if (errno != EEXIST)
      break;
  }
  temporary.clear();
  return -1;
}

bool OutputFile::nameFile() {
  std::string source = nameOf(descriptor);
  auto link = [&](const char *name) {
    return linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name, AT_SYMLINK_FOLLOW);
  };
  // A link never replaces a file; a rename does.
  return link(target.c_str()) == 0 ||
         (errno == EEXIST && makeTemporary(link) >= 0);
}

OutputFile::~OutputFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!temporary.empty())
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
  if (temporary.empty() && !nameFile())
    return failure("could not put the finished file in its place");
  // Nothing is left to be written, so nothing of it can fail.
  close(descriptor);
  descriptor = -1;
  if (!temporary.empty()) {
    if (rename(temporary.c_str(), target.c_str()) != 0)
      return failure("could not put the finished file in its place");
    temporary.clear();
  }
  int folder =
      open(folderOf(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // The file is in its place: that its name may not be on the disk yet, where
  // the folder can't be read or synced, is no failure.
  if (folder < 0)
    return success();
  bool synced = fsync(folder) == 0 || errno != EIO;
  Error error = failure("could not write its folder");
  close(folder);
  if (!synced)
    return error;
  return success();
}
