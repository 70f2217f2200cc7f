//===- Precompiled.cpp ----------------------------------------------------===//

#include "runtime/text/Precompiled.h"
#include "runtime/text/Unicode.h"

namespace tombolo::text {

Result<Precompiled> Precompiled::create(std::string_view bytes) {
  auto word = [&](size_t at) {
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
      value |= uint32_t(uint8_t(bytes[at + i])) << (8 * i);
    return value;
  };
  if (bytes.size() < 4)
    return Error("", "'Precompiled': expects a size of four bytes, but got " +
                         std::to_string(bytes.size()) + " bytes");
  uint32_t size = word(0);
  if (size % 4 != 0 || size == 0 || size > bytes.size() - 4)
    return Error("", "'Precompiled': expects a trie of a multiple of 4 bytes "
                     "within " +
                         std::to_string(bytes.size() - 4) + ", but got " +
                         std::to_string(size));
  Precompiled map;
  for (size_t at = 4; at < 4 + size; at += 4)
    map.units.push_back(word(at));
  map.replacements = bytes.substr(4 + size);
  if (!map.replacements.empty() && map.replacements.back() != '\0')
    return Error("", "'Precompiled': expects replacements that end with NUL");
  if (!isValidUtf8(map.replacements))
    return Error("", "'Precompiled': expects replacements in UTF-8");
  return map;
}

static size_t offsetOf(uint32_t unit) {
  return static_cast<size_t>(unit >> 10) << ((unit & 1u << 9) >> 6);
}

std::optional<std::string_view>
Precompiled::lookUp(std::string_view text) const {
  size_t at = offsetOf(units[0]);
  for (char c : text) {
    auto byte = static_cast<uint8_t>(c);
    at ^= byte;
    if (byte == 0 || at >= units.size())
      return std::nullopt;
    uint32_t unit = units[at];
    if ((unit & (1u << 31 | 0xff)) != byte)
      return std::nullopt;
    at ^= offsetOf(unit);
    if (!(unit >> 8 & 1))
      continue;
    if (at >= units.size())
      return std::nullopt;
    size_t position = units[at] & ~(1u << 31);
    // A position inside a character would make the text ill-formed.
    if (position >= replacements.size() ||
        (static_cast<uint8_t>(replacements[position]) & 0xc0) == 0x80)
      return std::nullopt;
    return std::string_view(replacements.data() + position);
  }
  return std::nullopt;
}

std::string Precompiled::run(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  for (size_t begin = 0; begin < text.size();) {
    size_t end = graphemeEnd(text, begin);
    std::string_view grapheme = text.substr(begin, end - begin);
    begin = end;
    if (grapheme.size() < 6) {
      if (std::optional<std::string_view> found = lookUp(grapheme)) {
        out += *found;
        continue;
      }
    }
    for (size_t at = 0; at < grapheme.size();) {
      std::string_view part = grapheme.substr(at, utf8Length(grapheme[at]));
      at += part.size();
      out += lookUp(part).value_or(part);
    }
  }
  return out;
}

} // namespace tombolo::text
