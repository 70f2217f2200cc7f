//===- Strings.h - Python's operations on strings ---------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_JINJA_STRINGS_H
#define RUNTIME_TEXT_JINJA_STRINGS_H

#include <string>
#include <string_view>
#include <vector>

namespace tombolo::text::jinja {

std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// The first character in upper case, the others in lower case.
std::string capitalize(std::string_view text);
/// str.title: each letter behind something else in title case.
std::string titleCase(std::string_view text);
std::string swapCase(std::string_view text);
/// Characters, not bytes.
size_t length(std::string_view text);

/// Takes white space, or the characters of `characters`, off the ends.
std::string_view strip(std::string_view text, bool left, bool right,
                       const std::string *characters);

/// At least the number of white space characters and line ends in `text`, each
/// of which may end a part of it.
size_t maxBreaks(std::string_view text);

/// str.splitlines without the line ends.
std::vector<std::string_view> splitLines(std::string_view text);

/// Up to `limit` of `from` (all where it is negative) by `to`.
std::string replaceText(std::string_view text, std::string_view from,
                        std::string_view to, int64_t limit);

} // namespace tombolo::text::jinja

#endif // RUNTIME_TEXT_JINJA_STRINGS_H
