//===- PreTokenizer.h - Cutting a text into words ---------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_PRETOKENIZER_H
#define RUNTIME_TEXT_PRETOKENIZER_H

#include "runtime/text/Matcher.h"
#include <array>

namespace tombolo::text {

/// A text and the parts of it that are still in play, none of them empty.
struct Pieces {
  std::string text;
  std::vector<Range> ranges;
  /// Whether the first range is where the user's text begins.
  bool beginsInput = false;

  std::string_view operator[](size_t i) const {
    return std::string_view(text).substr(ranges[i].begin,
                                         ranges[i].end - ranges[i].begin);
  }
};

class PreTokenizer {
public:
  static Result<PreTokenizer>
  create(const std::vector<PreTokenizerStep> &steps);

  Status run(Pieces &pieces, RegexScratch &scratch) const;

private:
  struct Step {
    PreTokenizerStep step;
    Matcher matcher;
  };
  static Status split(const Step &step, Pieces &pieces, RegexScratch &scratch);

  std::vector<Step> steps;
};

/// GPT-2's printable code point for each byte.
const std::array<char16_t, 256> &byteLevelAlphabet();

/// The byte that a code point of that alphabet stands for, or -1.
int byteLevelByte(char32_t codePoint);

} // namespace tombolo::text

#endif // RUNTIME_TEXT_PRETOKENIZER_H
