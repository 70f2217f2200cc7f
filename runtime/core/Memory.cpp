#include "runtime/core/Memory.h"
#include "runtime/core/ControlGroup.h"
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace tombolo;

Result<Pages> Pages::allocate(uint64_t bytes, const std::string &purpose) {
  Pages pages;
  if (bytes == 0)
    return pages;
  void *base = MAP_FAILED;
  // Beyond it no address space is left to a program.
  if (bytes < (uint64_t(1) << 47))
    base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return Error("", "could not get " + binaryBytes(bytes) + " of memory for " +
                         purpose);
  pages.base = static_cast<std::byte *>(base);
  pages.length = bytes;
  return pages;
}

Pages::~Pages() {
  if (base)
    munmap(base, length);
}

void Pages::discard() {
  if (base)
    madvise(base, length, MADV_DONTNEED);
}

uint32_t tombolo::fillOrdinary(std::span<std::byte> bytes, uint32_t random) {
  auto *words = reinterpret_cast<uint16_t *>(bytes.data());
  for (size_t i = 0; i != bytes.size() / 2; ++i) {
    random = random * 1664525 + 1013904223;
    // Sign and low bits are random, the exponent is that of 2^-6 in f16 and of
    // 2^-55 to 2^-48 in bf16 and f32: scores so small that no weight of a row
    // becomes a denormal number, which would take its own time.
    words[i] = ((random >> 16) & 0x83ff) | 0x2400;
  }
  return random;
}

Result<Pages> tombolo::mapCode(std::span<const std::byte> code,
                               const std::string &where) {
  Result<Pages> pages = Pages::allocate(code.size(), "code");
  if (!pages)
    return Error(where, pages.error().message);
  std::memcpy(pages->data(), code.data(), code.size());
  if (mprotect(pages->data(), code.size(), PROT_READ | PROT_EXEC) != 0)
    return Error(where, std::string("this system does not let a program make "
                                    "memory executable: ") +
                            std::strerror(errno));
  __builtin___clear_cache(reinterpret_cast<char *>(pages->data()),
                          reinterpret_cast<char *>(pages->data()) +
                              code.size());
  return pages;
}

uint64_t tombolo::availableMemory(const std::string &root) {
  uint64_t available = UINT64_MAX;
  if (auto text = readSmallFile(root + "/proc/meminfo"))
    if (auto kibibytes = valueInLines(*text, "MemAvailable:"))
      available = *kibibytes * 1024;
  forEachControlGroup(
      root, "memory", [&](const std::string &folder, bool isVersion1) {
        auto limitText = readSmallFile(
            folder + (isVersion1 ? "/memory.limit_in_bytes" : "/memory.max"));
        auto usedText =
            readSmallFile(folder + (isVersion1 ? "/memory.usage_in_bytes"
                                               : "/memory.current"));
        auto limit = limitText ? parseNumber(*limitText) : std::nullopt;
        auto used = usedText ? parseNumber(*usedText) : std::nullopt;
        if (!limit || !used)
          return;
        // Cached files are charged to the group and given back on demand.
        uint64_t cached = 0;
        if (auto stat = readSmallFile(folder + "/memory.stat"))
          for (const char *key : {"inactive_file", "active_file"})
            cached +=
                valueInLines(*stat, isVersion1 ? std::string("total_") + key
                                               : std::string(key))
                    .value_or(0);
        uint64_t needed = *used - std::min(*used, cached);
        available = std::min(available, *limit - std::min(*limit, needed));
      });
  return available;
}

std::string tombolo::binaryBytes(uint64_t bytes) {
  static constexpr const char *units[] = {"bytes", "KiB", "MiB", "GiB",
                                          "TiB",   "PiB", "EiB"};
  double value = bytes;
  int unit = 0;
  while (value >= 1024 && unit != 6) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", value,
                units[unit]);
  return text;
}
