//===- Matcher.h - Patterns of a tokenizer, ready to run --------*- C++ -*-===//

#ifndef RUNTIME_TEXT_MATCHER_H
#define RUNTIME_TEXT_MATCHER_H

#include "runtime/text/Regex.h"
#include "runtime/text/TokenizerModel.h"
#include <optional>

namespace tombolo::text {

/// A Pattern: a compiled regular expression or a text to look for.
class Matcher {
public:
  static Result<Matcher> create(const Pattern &pattern);

  /// Appends the matches in `text` from left to right.
  Status findAll(std::string_view text, RegexScratch &scratch,
                 std::vector<Range> &matches) const;

  /// `text` with every match replaced by `content`; an error when the result
  /// gets longer than `limit`.
  Result<std::string> replaceAll(std::string_view text,
                                 std::string_view content, size_t limit,
                                 RegexScratch &scratch) const;

  bool isRegex() const { return regex.has_value(); }

private:
  std::optional<Regex> regex;
  std::string literal;
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_MATCHER_H
