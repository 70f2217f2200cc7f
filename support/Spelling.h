//===- Spelling.h - The name that was probably meant ------------*- C++ -*-===//

#ifndef SUPPORT_SPELLING_H
#define SUPPORT_SPELLING_H

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tombolo {

/// Insertions, deletions, replacements and swaps of neighbours between `a` and
/// `b`, counted up to `limit`; `limit + 1` where there are more.
size_t editDistance(std::string_view a, std::string_view b, size_t limit);

/// The candidate closest to `name`, the first of equals; nothing where all of
/// them differ in more than a third of the letters.
std::optional<std::string> nearest(std::string_view name,
                                   std::span<const std::string> candidates);
std::optional<std::string>
nearest(std::string_view name, std::span<const std::string_view> candidates);

} // namespace tombolo

#endif // SUPPORT_SPELLING_H
