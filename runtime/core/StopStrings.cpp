#include "runtime/core/StopStrings.h"
#include <algorithm>
#include <utility>

using namespace tombolo;

StopStrings::StopStrings(std::vector<std::string> list)
    : texts(std::move(list)) {
  std::erase_if(texts, [](const std::string &text) { return text.empty(); });
}

std::string StopStrings::push(std::string_view piece) {
  if (isFound)
    return "";
  held += piece;
  size_t first = std::string::npos;
  for (const std::string &text : texts)
    first = std::min(first, held.find(text));
  if (first != std::string::npos) {
    isFound = true;
    held.resize(first);
    return std::move(held);
  }
  // The longest end of the text that begins a stop text.
  size_t keep = 0;
  for (const std::string &text : texts)
    for (size_t length = std::min(text.size() - 1, held.size()); length > keep;
         --length)
      if (std::string_view(held).ends_with(
              std::string_view(text).substr(0, length))) {
        keep = length;
        break;
      }
  std::string certain = held.substr(0, held.size() - keep);
  held.erase(0, certain.size());
  return certain;
}

std::string StopStrings::finish() {
  return isFound ? "" : std::exchange(held, {});
}
