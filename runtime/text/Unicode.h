//===- Unicode.h - UTF-8, normal forms, character classes -------*- C++ -*-===//

#ifndef RUNTIME_TEXT_UNICODE_H
#define RUNTIME_TEXT_UNICODE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tombolo::text {

bool isValidUtf8(std::string_view text);

/// Appends `bytes`, each maximal ill-formed part as one U+FFFD (what Rust's
/// and Python's lossy decoders do). Unless `final`, stops before an incomplete
/// character at the end. Returns how many bytes it has taken.
size_t appendLossyUtf8(std::string &out, std::string_view bytes, bool final);

/// The code point at `position` of valid UTF-8, which moves past it.
char32_t nextCodePoint(std::string_view text, size_t &position);

/// Bytes of the character that begins with `first`.
inline unsigned utf8Length(char first) {
  auto byte = static_cast<uint8_t>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

void appendUtf8(std::string &out, char32_t codePoint);

enum class NormalForm { NFC, NFD, NFKC, NFKD };

/// In O(n log n), whatever the order of combining marks. `text` is valid.
std::string normalize(std::string_view text, NormalForm form);

/// Full lower case, without context (a final sigma is not special).
std::string toLower(std::string_view text);

/// White_Space.
bool isWhitespace(char32_t codePoint);
/// `\w`: Alphabetic, marks, decimal digits, connectors and joiners.
bool isWordCharacter(char32_t codePoint);

/// Where the extended grapheme cluster that begins at `position` ends.
size_t graphemeEnd(std::string_view text, size_t position);

/// The bytes of the text with the white space off its ends.
std::string_view stripWhitespace(std::string_view text, bool left, bool right);

/// The number of bytes of white space at the beginning and at the end.
size_t leadingWhitespace(std::string_view text);
size_t trailingWhitespace(std::string_view text);

/// The last code point of valid UTF-8 that is not empty.
char32_t lastCodePoint(std::string_view text);

} // namespace tombolo::text

#endif // RUNTIME_TEXT_UNICODE_H
