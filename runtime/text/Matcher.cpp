//===- Matcher.cpp --------------------------------------------------------===//

#include "runtime/text/Matcher.h"

namespace tombolo::text {

Result<Matcher> Matcher::create(const Pattern &pattern) {
  Matcher matcher;
  if (!pattern.isRegex) {
    matcher.literal = pattern.text;
    return matcher;
  }
  Result<Regex> regex = Regex::compile(pattern.text);
  if (!regex)
    return regex.takeErrors();
  matcher.regex = std::move(*regex);
  return matcher;
}

Status Matcher::findAll(std::string_view text, RegexScratch &scratch,
                        std::vector<Range> &matches) const {
  if (regex)
    return regex->findAll(text, scratch, matches);
  if (literal.empty())
    return success();
  for (size_t at = text.find(literal); at != std::string_view::npos;
       at = text.find(literal, at + literal.size()))
    matches.push_back({static_cast<uint32_t>(at),
                       static_cast<uint32_t>(at + literal.size())});
  return success();
}

Result<std::string> Matcher::replaceAll(std::string_view text,
                                        std::string_view content, size_t limit,
                                        RegexScratch &scratch) const {
  std::vector<Range> matches;
  if (Status status = findAll(text, scratch, matches); !status)
    return status.takeErrors();
  if (text.size() > limit ||
      content.size() * static_cast<uint64_t>(matches.size()) >
          limit - text.size())
    return Error("", "the text gets too long by replacing parts of it");
  std::string out;
  out.reserve(text.size() + content.size() * matches.size());
  size_t copied = 0;
  for (Range match : matches) {
    out.append(text, copied, match.begin - copied);
    out += content;
    copied = match.end;
  }
  out.append(text, copied);
  return out;
}

} // namespace tombolo::text
