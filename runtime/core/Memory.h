//===- Memory.h - Anonymous memory, executable memory, limits ---*- C++ -*-===//

#ifndef RUNTIME_CORE_MEMORY_H
#define RUNTIME_CORE_MEMORY_H

#include "support/Result.h"
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace tombolo {

/// Zeroed pages of the process's own, given by the kernel when first touched.
class Pages {
public:
  Pages() = default;
  /// `purpose` names the memory in the error.
  static Result<Pages> allocate(uint64_t bytes, const std::string &purpose);
  ~Pages();
  Pages(Pages &&other) noexcept { *this = std::move(other); }
  Pages &operator=(Pages &&other) noexcept {
    std::swap(base, other.base);
    std::swap(length, other.length);
    return *this;
  }

  std::byte *data() const { return base; }
  uint64_t size() const { return length; }
  /// Forgets the contents: the pages read as zeros and take no memory again.
  void discard();

private:
  friend Result<Pages> mapCode(std::span<const std::byte>, const std::string &);
  std::byte *base = nullptr;
  uint64_t length = 0;
};

/// A copy of `code` that can be executed and not written: it is copied into
/// writable pages, which then lose that right before they gain the other.
Result<Pages> mapCode(std::span<const std::byte> code,
                      const std::string &where);

/// Bytes this process can still use: the machine's available memory or what
/// its control group leaves, the smaller. Page cache counts as available.
/// `root` stands for "/" in tests. Without any figure: UINT64_MAX.
uint64_t availableMemory(const std::string &root = "");

/// Writes numbers of ordinary size, of every type that states have, and goes on
/// from `random`, which it returns.
uint32_t fillOrdinary(std::span<std::byte> bytes, uint32_t random);

/// "1.5 GiB", "640 MiB", "12 KiB".
std::string binaryBytes(uint64_t bytes);

} // namespace tombolo

#endif // RUNTIME_CORE_MEMORY_H
