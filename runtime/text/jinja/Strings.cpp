//===- Strings.cpp --------------------------------------------------------===//

#include "runtime/text/jinja/Strings.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Lexer.h"
#include <algorithm>
#include <utf8proc.h>

namespace tombolo::text::jinja {

static void appendUpper(std::string &out, char32_t c) {
  // The one letter that templates' languages write whose upper case is two.
  if (c == 0xdf)
    out += "SS";
  else
    appendUtf8(out, static_cast<char32_t>(
                        utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
}

static void appendLower(std::string &out, char32_t c) {
  std::string one;
  appendUtf8(one, c);
  out += toLower(one);
}

static bool isUpper(char32_t c) {
  return utf8proc_tolower(static_cast<utf8proc_int32_t>(c)) !=
         static_cast<utf8proc_int32_t>(c);
}
static bool isLower(char32_t c) {
  return utf8proc_toupper(static_cast<utf8proc_int32_t>(c)) !=
         static_cast<utf8proc_int32_t>(c);
}

std::string upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();)
    appendUpper(out, nextCodePoint(text, at));
  return out;
}

std::string lower(std::string_view text) { return toLower(text); }

std::string capitalize(std::string_view text) {
  if (text.empty())
    return "";
  size_t at = 0;
  std::string out;
  appendUpper(out, nextCodePoint(text, at));
  return out + lower(text.substr(at));
}

std::string titleCase(std::string_view text) {
  std::string out;
  bool afterLetter = false;
  for (size_t at = 0; at < text.size();) {
    char32_t c = nextCodePoint(text, at);
    if (afterLetter)
      appendLower(out, c);
    else
      appendUpper(out, c);
    afterLetter = isUpper(c) || isLower(c);
  }
  return out;
}

std::string swapCase(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    char32_t c = nextCodePoint(text, at);
    if (isUpper(c))
      appendLower(out, c);
    else
      appendUpper(out, c);
  }
  return out;
}

size_t length(std::string_view text) {
  size_t count = 0;
  for (char c : text)
    count += (static_cast<uint8_t>(c) & 0xc0) != 0x80;
  return count;
}

std::string_view strip(std::string_view text, bool left, bool right,
                       const std::string *characters) {
  auto isStripped = [&](std::string_view one) {
    if (characters)
      return characters->find(one) != std::string::npos;
    size_t at = 0;
    return isSpace(nextCodePoint(one, at));
  };
  while (left && !text.empty()) {
    std::string_view one = text.substr(0, utf8Length(text[0]));
    if (!isStripped(one))
      break;
    text.remove_prefix(one.size());
  }
  while (right && !text.empty()) {
    size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<uint8_t>(text[begin]) & 0xc0) == 0x80)
      --begin;
    if (!isStripped(text.substr(begin)))
      break;
    text = text.substr(0, begin);
  }
  return text;
}

size_t maxBreaks(std::string_view text) {
  // Beyond ASCII white space begins with one of four bytes.
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) {
        auto byte = static_cast<uint8_t>(c);
        return byte <= ' ' || byte == 0xc2 || (byte >= 0xe1 && byte <= 0xe3);
      }));
}

std::vector<std::string_view> splitLines(std::string_view text) {
  std::vector<std::string_view> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    size_t here = at;
    char32_t c = nextCodePoint(text, at);
    bool ends = (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) ||
                c == 0x85 || c == 0x2028 || c == 0x2029;
    if (!ends)
      continue;
    lines.push_back(text.substr(begin, here - begin));
    if (c == '\r' && at < text.size() && text[at] == '\n')
      ++at;
    begin = at;
  }
  if (begin < text.size())
    lines.push_back(text.substr(begin));
  return lines;
}

std::string replaceText(std::string_view text, std::string_view from,
                        std::string_view to, int64_t limit) {
  std::string out;
  size_t copied = 0;
  int64_t count = 0;
  if (from.empty()) {
    // Python puts `to` before every character and at the end.
    while (limit < 0 || count < limit) {
      ++count;
      out += to;
      if (copied >= text.size())
        return out;
      size_t size = utf8Length(text[copied]);
      out += text.substr(copied, size);
      copied += size;
    }
    return out += text.substr(copied);
  }
  while (limit < 0 || count < limit) {
    size_t at = text.find(from, copied);
    if (at == std::string_view::npos)
      break;
    out += text.substr(copied, at - copied);
    out += to;
    copied = at + from.size();
    ++count;
  }
  return out += text.substr(copied);
}

} // namespace tombolo::text::jinja
