//===- Spelling.cpp - The name that was probably meant --------------------===//

#include "support/Spelling.h"
#include <algorithm>
#include <vector>

namespace tombolo {
namespace {

template <typename Strings>
std::optional<std::string> nearestOf(std::string_view name,
                                     const Strings &candidates) {
  // A short name may differ in one letter, a long one in a third of them.
  size_t best = std::max<size_t>(1, name.size() / 3) + 1;
  std::optional<std::string> found;
  for (const auto &candidate : candidates) {
    size_t distance = editDistance(name, candidate, best - 1);
    if (distance < best) {
      best = distance;
      found = std::string(candidate);
      if (best == 0)
        break;
    }
  }
  return found;
}

} // namespace

size_t editDistance(std::string_view a, std::string_view b, size_t limit) {
  size_t difference =
      a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (difference > limit)
    return limit + 1;
  // Three rows of the usual table: a swap reaches back two.
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    size_t least = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1,
                         above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    // A swap can undo at most one edit of a row that is past the limit.
    if (least > limit + 1)
      return limit + 1;
    before.swap(above);
    above.swap(row);
  }
  return std::min(above[b.size()], limit + 1);
}

std::optional<std::string> nearest(std::string_view name,
                                   std::span<const std::string> candidates) {
  return nearestOf(name, candidates);
}

std::optional<std::string>
nearest(std::string_view name, std::span<const std::string_view> candidates) {
  return nearestOf(name, candidates);
}

} // namespace tombolo
