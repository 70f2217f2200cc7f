//===- ContentKey.h - Names of what caches keep -----------------*- C++ -*-===//

#ifndef SUPPORT_CONTENTKEY_H
#define SUPPORT_CONTENTKEY_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tombolo {

/// 128 bits (XXH3) over strings and numbers, each string with its length.
class ContentKey {
public:
  ContentKey();
  ~ContentKey();
  ContentKey(ContentKey &&) noexcept;
  ContentKey &operator=(ContentKey &&) noexcept;

  ContentKey &add(std::string_view text);
  ContentKey &add(uint64_t number);
  /// Path, size, time of change and first MiB. A file that can't be read adds
  /// nothing.
  ContentKey &addFile(const std::string &path);
  /// The program that runs and the libraries it has loaded: path, size and time
  /// of change of each.
  ContentKey &addProgram();

  /// 16 or 32 hexadecimal digits.
  std::string shortText() const;
  std::string text() const;

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace tombolo

#endif // SUPPORT_CONTENTKEY_H
