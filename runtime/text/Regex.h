//===- Regex.h - PCRE2 with limits ------------------------------*- C++ -*-===//
//
// Patterns and texts come from files and users: compiling is bounded in size
// and nesting, each attempt to match in steps and memory, all matching
// of one text in processor time. What goes beyond is an error.
//
//===----------------------------------------------------------------------===//

#ifndef RUNTIME_TEXT_REGEX_H
#define RUNTIME_TEXT_REGEX_H

#include "support/Result.h"
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo::text {

struct Range {
  uint32_t begin, end;
  bool operator==(const Range &) const = default;
};

/// What matching needs besides a pattern: one for each text, never shared by
/// threads.
class RegexScratch {
public:
  /// Allows two seconds of this thread's processor time and ten microseconds
  /// for each of `bytes`, a hundred times what real tokenizers take.
  explicit RegexScratch(size_t bytes);
  ~RegexScratch();
  RegexScratch(const RegexScratch &) = delete;
  RegexScratch &operator=(const RegexScratch &) = delete;

private:
  friend class Regex;
  struct State;
  std::unique_ptr<State> state;
};

/// A compiled pattern; const use from several threads is safe.
class Regex {
public:
  /// UTF and UCP mode; compiled to machine code where PCRE2 can.
  static Result<Regex> compile(std::string_view pattern);

  Regex(Regex &&) noexcept;
  Regex &operator=(Regex &&) noexcept;
  ~Regex();

  /// Appends the matches in `text` (valid UTF-8, below 2 GiB) from left to
  /// right. They don't overlap; an empty one never stands at the end of the
  /// match before it.
  Status findAll(std::string_view text, RegexScratch &scratch,
                 std::vector<Range> &matches) const;

private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code;
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_REGEX_H
