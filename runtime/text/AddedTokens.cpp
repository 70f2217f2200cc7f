//===- AddedTokens.cpp ----------------------------------------------------===//

#include "runtime/text/AddedTokens.h"
#include "runtime/text/Unicode.h"
#include <algorithm>

namespace tombolo::text {

AddedTokens::AddedTokens(const std::vector<AddedToken> &tokens,
                         const std::vector<std::string_view> &texts)
    : tokens(tokens), texts(texts) {}

static bool insideWord(std::string_view text, size_t begin, size_t end) {
  if (begin > 0 && isWordCharacter(lastCodePoint(text.substr(0, begin))))
    return true;
  return end < text.size() && isWordCharacter(nextCodePoint(text, end));
}

std::vector<AddedTokens::Part> AddedTokens::split(std::string_view text) const {
  std::vector<Part> parts;
  size_t taken = 0;
  for (size_t at = 0; !texts.empty() && at < text.size();) {
    size_t longest = 0;
    uint32_t found = 0;
    texts.forEachAt(text, at, [&](uint32_t index, size_t length) {
      found = index;
      longest = length;
    });
    if (longest == 0) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + longest;
    at = end;
    const AddedToken &token = tokens[found];
    if (token.singleWord && insideWord(text, begin, end))
      continue;
    if (token.lstrip)
      begin =
          std::max(begin - trailingWhitespace(text.substr(0, begin)), taken);
    if (token.rstrip)
      end += leadingWhitespace(text.substr(end));
    if (taken < begin)
      parts.push_back({taken, begin, -1});
    parts.push_back({begin, end, token.id});
    taken = end;
  }
  if (taken < text.size())
    parts.push_back({taken, text.size(), -1});
  return parts;
}

} // namespace tombolo::text
