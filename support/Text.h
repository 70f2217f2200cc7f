//===- Text.h - Text from files: UTF-8, and quoting it in messages -*- C++ -*-//

#ifndef SUPPORT_TEXT_H
#define SUPPORT_TEXT_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tombolo {

/// Position of the first byte that is not part of well-formed UTF-8 (no
/// overlong forms, no surrogates, nothing above U+10FFFF); nothing if all is.
std::optional<size_t> findInvalidUtf8(std::string_view text);
inline bool isUtf8(std::string_view text) { return !findInvalidUtf8(text); }

/// `text` fit for a message: control characters and bytes that are not UTF-8
/// as `\xNN`, cut with `...` after `limit` bytes of input.
std::string printable(std::string_view text, size_t limit = 200);
/// `printable` in single quotes.
std::string quote(std::string_view text, size_t limit = 200);

/// `[4, 64]`
std::string shapeText(std::span<const int64_t> shape);

/// `LINE:COLUMN` of a byte, both from 1, columns in code points.
std::string lineColumn(std::string_view text, size_t offset);

} // namespace tombolo

#endif // SUPPORT_TEXT_H
