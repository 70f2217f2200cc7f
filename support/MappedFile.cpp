//===- MappedFile.cpp - A file mapped for reading -------------------------===//

#include "support/MappedFile.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tombolo {
namespace {

Error systemError(const std::string &path, const char *what) {
  return Error(path, std::string(what) + ": " + std::strerror(errno));
}

/// Closes on every way out; a mapping outlives its descriptor.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0)
      ::close(number);
  }
};

} // namespace

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string &path) {
  // Without O_NONBLOCK a pipe would wait for its writer.
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0)
    return systemError(path, "the file cannot be opened");
  struct stat status;
  if (::fstat(file.number, &status) != 0)
    return systemError(path, "the file cannot be examined");
  if (!S_ISREG(status.st_mode))
    return Error(path,
                 S_ISDIR(status.st_mode)
                     ? "expects a file, but got a folder"
                     : "expects a regular file, but got a device or pipe");
  size_t size = size_t(status.st_size);
  void *data = nullptr;
  if (size) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
    if (data == MAP_FAILED)
      return systemError(path, "the file cannot be mapped");
  }
  return std::shared_ptr<MappedFile>(
      new MappedFile(path, static_cast<const std::byte *>(data), size));
}

std::shared_ptr<MappedFile>
MappedFile::fromBytes(std::string path, std::span<const std::byte> bytes) {
  auto copy = std::make_unique<std::byte[]>(bytes.size());
  if (!bytes.empty())
    std::memcpy(copy.get(), bytes.data(), bytes.size());
  std::shared_ptr<MappedFile> file(
      new MappedFile(std::move(path), copy.get(), bytes.size()));
  file->copy = std::move(copy);
  return file;
}

MappedFile::~MappedFile() {
  if (data && !copy)
    ::munmap(const_cast<std::byte *>(data), size);
}

} // namespace tombolo
