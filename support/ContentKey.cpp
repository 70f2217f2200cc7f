#include "support/ContentKey.h"
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <xxhash.h>

namespace tombolo {

/// Bytes at a file's start that its key covers: every header is in there, or
/// the beginning of one whose tensors' offsets are.
static constexpr size_t kHashedBytes = size_t(1) << 20;

struct ContentKey::State {
  State() : hash(XXH3_createState()) { XXH3_128bits_reset(hash); }
  ~State() { XXH3_freeState(hash); }
  XXH3_state_t *hash;
};

ContentKey::ContentKey() : state(std::make_unique<State>()) {}
ContentKey::~ContentKey() = default;
ContentKey::ContentKey(ContentKey &&) noexcept = default;
ContentKey &ContentKey::operator=(ContentKey &&) noexcept = default;

ContentKey &ContentKey::add(std::string_view text) {
  add(uint64_t(text.size()));
  XXH3_128bits_update(state->hash, text.data(), text.size());
  return *this;
}

ContentKey &ContentKey::add(uint64_t number) {
  XXH3_128bits_update(state->hash, &number, sizeof number);
  return *this;
}

static bool addStatus(ContentKey &key, const std::string &path,
                      struct stat &info) {
  if (stat(path.c_str(), &info) != 0)
    return false;
  key.add(path)
      .add(uint64_t(info.st_size))
      .add(uint64_t(info.st_mtim.tv_sec))
      .add(uint64_t(info.st_mtim.tv_nsec));
  return true;
}

ContentKey &ContentKey::addFile(const std::string &path) {
  struct stat info = {};
  if (!addStatus(*this, path, info))
    return *this;
  std::string head(std::min(kHashedBytes, size_t(info.st_size)), '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), std::streamsize(head.size()));
  return add(std::string_view(head).substr(0, size_t(file.gcount())));
}

ContentKey &ContentKey::addProgram() {
  // Lines as "7f12-7f34 r-xp 00000000 fe:01 1234   /usr/lib/libLLVM.so".
  std::set<std::string> files;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    size_t path = line.find('/');
    if (path != std::string::npos && line.find(" r-xp ") != std::string::npos)
      files.insert(line.substr(path));
  }
  struct stat info = {};
  for (const std::string &file : files)
    addStatus(*this, file, info);
  return *this;
}

std::string ContentKey::text() const {
  XXH128_hash_t digest = XXH3_128bits_digest(state->hash);
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx",
                static_cast<unsigned long long>(digest.high64),
                static_cast<unsigned long long>(digest.low64));
  return text;
}

std::string ContentKey::shortText() const { return text().substr(16); }

} // namespace tombolo
