//===- Unicode.cpp --------------------------------------------------------===//

#include "runtime/text/Unicode.h"
#include <algorithm>
#include <utf8proc.h>
#include <vector>

namespace tombolo::text {

namespace {
/// One step of a decoder: a character, an ill-formed part, or a part that
/// more bytes could complete.
struct Step {
  enum { Valid, Invalid, Incomplete } state;
  unsigned length;
};
} // namespace

static Step stepUtf8(std::string_view bytes, size_t position) {
  auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[position + i]); };
  uint8_t first = at(0);
  if (first < 0x80)
    return {Step::Valid, 1};
  if (first < 0xc2 || first > 0xf4)
    return {Step::Invalid, 1};
  unsigned length = utf8Length(bytes[position]);
  // The second byte's range excludes overlong forms, surrogates and what is
  // beyond U+10FFFF.
  uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  for (unsigned i = 1; i < length; ++i, low = 0x80, high = 0xbf) {
    if (position + i == bytes.size())
      return {Step::Incomplete, i};
    if (at(i) < low || at(i) > high)
      return {Step::Invalid, i};
  }
  return {Step::Valid, length};
}

bool isValidUtf8(std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    Step step = stepUtf8(text, position);
    if (step.state != Step::Valid)
      return false;
    position += step.length;
  }
  return true;
}

size_t appendLossyUtf8(std::string &out, std::string_view bytes, bool final) {
  size_t position = 0, copied = 0;
  while (position < bytes.size()) {
    Step step = stepUtf8(bytes, position);
    if (step.state == Step::Incomplete && !final)
      break;
    if (step.state != Step::Valid) {
      out.append(bytes, copied, position - copied);
      out += "\xEF\xBF\xBD";
      copied = position + step.length;
    }
    position += step.length;
  }
  out.append(bytes, copied, position - copied);
  return position;
}

char32_t nextCodePoint(std::string_view text, size_t &position) {
  auto at = [&](size_t i) -> char32_t {
    return static_cast<uint8_t>(text[position + i]);
  };
  char32_t first = at(0);
  unsigned length = utf8Length(text[position]);
  char32_t codePoint = first;
  if (length == 2)
    codePoint = (first & 31) << 6 | (at(1) & 63);
  else if (length == 3)
    codePoint = (first & 15) << 12 | (at(1) & 63) << 6 | (at(2) & 63);
  else if (length == 4)
    codePoint = (first & 7) << 18 | (at(1) & 63) << 12 | (at(2) & 63) << 6 |
                (at(3) & 63);
  position += length;
  return codePoint;
}

char32_t lastCodePoint(std::string_view text) {
  size_t position = text.size() - 1;
  while (position > 0 && (static_cast<uint8_t>(text[position]) & 0xc0) == 0x80)
    --position;
  return nextCodePoint(text, position);
}

void appendUtf8(std::string &out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 63));
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

//===----------------------------------------------------------------------===//
// Normal forms
//===----------------------------------------------------------------------===//

/// utf8proc's own decomposition orders marks by insertion, which takes
/// quadratic time for long runs of them.
static void orderMarks(std::vector<utf8proc_int32_t> &codePoints) {
  auto combining = [](utf8proc_int32_t c) {
    return utf8proc_get_property(c)->combining_class;
  };
  for (size_t begin = 0; begin < codePoints.size();) {
    if (combining(codePoints[begin]) == 0) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < codePoints.size() && combining(codePoints[end]) != 0)
      ++end;
    std::vector<std::pair<uint32_t, utf8proc_int32_t>> run;
    // The position keeps marks of one class in their order.
    for (size_t i = begin; i < end; ++i)
      run.emplace_back(static_cast<uint32_t>(i), codePoints[i]);
    std::sort(run.begin(), run.end(), [&](const auto &a, const auto &b) {
      auto left = combining(a.second), right = combining(b.second);
      return left != right ? left < right : a.first < b.first;
    });
    for (size_t i = begin; i < end; ++i)
      codePoints[i] = run[i - begin].second;
    begin = end;
  }
}

std::string normalize(std::string_view text, NormalForm form) {
  if (std::all_of(text.begin(), text.end(),
                  [](char c) { return static_cast<uint8_t>(c) < 0x80; }))
    return std::string(text);
  bool compatible = form == NormalForm::NFKC || form == NormalForm::NFKD;
  bool compose = form == NormalForm::NFC || form == NormalForm::NFKC;
  auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                     (compatible ? UTF8PROC_COMPAT : 0));
  std::vector<utf8proc_int32_t> codePoints;
  codePoints.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    auto c = static_cast<utf8proc_int32_t>(nextCodePoint(text, position));
    if (c < 0x80) {
      codePoints.push_back(c);
      continue;
    }
    // No decomposition is longer than 18 code points (U+FDFA).
    utf8proc_int32_t parts[32];
    utf8proc_ssize_t count =
        utf8proc_decompose_char(c, parts, 32, options, nullptr);
    if (count <= 0 || count > 32)
      codePoints.push_back(c);
    else
      codePoints.insert(codePoints.end(), parts, parts + count);
  }
  orderMarks(codePoints);
  if (compose) {
    utf8proc_ssize_t count = utf8proc_normalize_utf32(
        codePoints.data(), static_cast<utf8proc_ssize_t>(codePoints.size()),
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (count >= 0)
      codePoints.resize(static_cast<size_t>(count));
  }
  std::string out;
  out.reserve(text.size());
  for (utf8proc_int32_t c : codePoints)
    appendUtf8(out, static_cast<char32_t>(c));
  return out;
}

std::string toLower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    char32_t c = nextCodePoint(text, position);
    // The one character whose full lower case is two.
    if (c == 0x130)
      out += "i\xCC\x87";
    else
      appendUtf8(out, static_cast<char32_t>(
                          utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
  return out;
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

bool isWhitespace(char32_t c) {
  return (c >= 0x9 && c <= 0xd) || c == 0x20 || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool isWordCharacter(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_PC:
    return true;
  default:
    // Symbols that are Alphabetic (circled and squared letters), joiners.
    return (c >= 0x24b6 && c <= 0x24e9) || (c >= 0x1f130 && c <= 0x1f149) ||
           (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189) ||
           c == 0x200c || c == 0x200d;
  }
}

size_t graphemeEnd(std::string_view text, size_t position) {
  utf8proc_int32_t state = 0;
  auto previous = static_cast<utf8proc_int32_t>(nextCodePoint(text, position));
  while (position < text.size()) {
    size_t next = position;
    auto c = static_cast<utf8proc_int32_t>(nextCodePoint(text, next));
    if (utf8proc_grapheme_break_stateful(previous, c, &state))
      break;
    previous = c;
    position = next;
  }
  return position;
}

size_t leadingWhitespace(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    size_t next = position;
    if (!isWhitespace(nextCodePoint(text, next)))
      break;
    position = next;
  }
  return position;
}

size_t trailingWhitespace(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    std::string_view rest = text.substr(0, end);
    char32_t c = lastCodePoint(rest);
    if (!isWhitespace(c))
      break;
    end -= c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
  }
  return text.size() - end;
}

std::string_view stripWhitespace(std::string_view text, bool left, bool right) {
  if (left)
    text.remove_prefix(leadingWhitespace(text));
  if (right)
    text.remove_suffix(trailingWhitespace(text));
  return text;
}

} // namespace tombolo::text
