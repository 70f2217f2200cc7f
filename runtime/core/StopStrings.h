//===- StopStrings.h - Texts that end an answer -----------------*- C++ -*-===//

#ifndef RUNTIME_CORE_STOPSTRINGS_H
#define RUNTIME_CORE_STOPSTRINGS_H

#include <string>
#include <string_view>
#include <vector>

namespace tombolo {

/// Looks for texts in a text that comes in pieces, and holds back what may be
/// the beginning of one.
class StopStrings {
public:
  /// Empty texts are ignored.
  explicit StopStrings(std::vector<std::string> texts);

  /// What of the text so far is certain not to belong to a stop text and was
  /// not given before.
  std::string push(std::string_view piece);
  /// Whether one was found; nothing comes after it.
  bool found() const { return isFound; }
  /// What was held back, at the end of the text.
  std::string finish();

private:
  std::vector<std::string> texts;
  std::string held;
  bool isFound = false;
};

} // namespace tombolo

#endif // RUNTIME_CORE_STOPSTRINGS_H
