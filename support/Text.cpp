//===- Text.cpp - Text from files: UTF-8, and quoting it in messages ------===//

#include "support/Text.h"
#include <algorithm>
#include <cstring>

namespace tombolo {
namespace {

/// Bytes of the well-formed code point at the start of `text`, or 0.
size_t codePointBytes(std::string_view text) {
  auto byte = [&](size_t i) {
    return i < text.size() ? uint8_t(text[i]) : uint8_t(0);
  };
  auto continues = [&](size_t i) { return (byte(i) & 0xc0) == 0x80; };
  uint8_t lead = byte(0);
  if (lead < 0x80)
    return 1;
  if (lead >= 0xc2 && lead <= 0xdf)
    return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    bool overlong = lead == 0xe0 && byte(1) < 0xa0;
    bool surrogate = lead == 0xed && byte(1) > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    bool overlong = lead == 0xf0 && byte(1) < 0x90;
    bool beyond = lead == 0xf4 && byte(1) > 0x8f;
    bool whole = continues(1) && continues(2) && continues(3);
    return whole && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

} // namespace

std::optional<size_t> findInvalidUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8) { // eight ASCII characters at once
      uint64_t word;
      std::memcpy(&word, text.data() + at, 8);
      if (!(word & 0x8080808080808080u)) {
        at += 8;
        continue;
      }
    }
    size_t count = codePointBytes(text.substr(at));
    if (count == 0)
      return at;
    at += count;
  }
  return std::nullopt;
}

std::string printable(std::string_view text, size_t limit) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (size_t at = 0; at < text.size();) {
    if (at >= limit) {
      result += "...";
      break;
    }
    size_t count = codePointBytes(text.substr(at));
    uint8_t byte = uint8_t(text[at]);
    if (count == 0 || byte < 0x20 || byte == 0x7f) {
      result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
      ++at;
    } else {
      result += text.substr(at, count);
      at += count;
    }
  }
  return result;
}

std::string quote(std::string_view text, size_t limit) {
  return "'" + printable(text, limit) + "'";
}

std::string shapeText(std::span<const int64_t> shape) {
  std::string result = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    result += (i ? ", " : "") + std::to_string(shape[i]);
  return result + "]";
}

std::string lineColumn(std::string_view text, size_t offset) {
  std::string_view before = text.substr(0, offset);
  size_t line = 1 + std::count(before.begin(), before.end(), '\n');
  size_t start = before.rfind('\n');
  std::string_view last =
      start == std::string_view::npos ? before : before.substr(start + 1);
  size_t column = 1 + std::count_if(last.begin(), last.end(), [](char c) {
                    return (uint8_t(c) & 0xc0) != 0x80;
                  });
  return std::to_string(line) + ":" + std::to_string(column);
}

} // namespace tombolo
