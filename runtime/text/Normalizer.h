//===- Normalizer.h - The steps before a text is split ----------*- C++ -*-===//

#ifndef RUNTIME_TEXT_NORMALIZER_H
#define RUNTIME_TEXT_NORMALIZER_H

#include "runtime/text/Matcher.h"
#include "runtime/text/Precompiled.h"

namespace tombolo::text {

class Normalizer {
public:
  static Result<Normalizer> create(const std::vector<NormalizerStep> &steps);

  /// `text` is valid UTF-8, and so is the result.
  Result<std::string> run(std::string_view text, RegexScratch &scratch) const;

  bool empty() const { return steps.empty(); }

private:
  struct Step {
    NormalizerStep step;
    Matcher matcher;
    std::optional<Precompiled> precompiled;
  };
  std::vector<Step> steps;
};

/// The longest text that encode takes and that its steps may make of it.
inline constexpr size_t kMaxTextBytes = size_t(1) << 30;

} // namespace tombolo::text

#endif // RUNTIME_TEXT_NORMALIZER_H
