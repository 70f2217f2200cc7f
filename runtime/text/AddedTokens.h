//===- AddedTokens.h - Tokens that are found before all else ----*- C++ -*-===//

#ifndef RUNTIME_TEXT_ADDEDTOKENS_H
#define RUNTIME_TEXT_ADDEDTOKENS_H

#include "runtime/text/PieceIndex.h"

namespace tombolo::text {

/// Finds added tokens in a text, the leftmost and of those the longest first.
class AddedTokens {
public:
  /// `tokens` and `texts` (what to look for, by index; may differ from the
  /// tokens' content) must outlive this.
  AddedTokens(const std::vector<AddedToken> &tokens,
              const std::vector<std::string_view> &texts);

  /// A part of the text: an added token, or what lies between (id -1).
  struct Part {
    size_t begin, end;
    int32_t id;
  };
  std::vector<Part> split(std::string_view text) const;

private:
  const std::vector<AddedToken> &tokens;
  SortedTexts texts;
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_ADDEDTOKENS_H
