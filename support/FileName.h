//===- FileName.h - Names of checkpoint files -------------------*- C++ -*-===//

#ifndef SUPPORT_FILENAME_H
#define SUPPORT_FILENAME_H

#include "support/Result.h"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo {

/// A file name of a set: `STEM-00002-of-00005.EXTENSION`.
struct NumberedName {
  std::string stem, extension;
  uint32_t number, count;
  /// Digits that the numbers are padded to.
  size_t width;

  /// Nothing where `name` has another form or a number beyond the count.
  static std::optional<NumberedName> parse(std::string_view name);
  /// The name of part `number` of the same set.
  std::string name(uint32_t number) const;
  /// Whether every one of `names` is a part of this set.
  bool ownsAll(const std::vector<std::string> &names) const;
};

/// Sorted names of the files of `folder` that end in `ending`.
Result<std::vector<std::string>> filesEndingIn(const std::string &folder,
                                               std::string_view ending);

} // namespace tombolo

#endif // SUPPORT_FILENAME_H
