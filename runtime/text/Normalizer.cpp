//===- Normalizer.cpp -----------------------------------------------------===//

#include "runtime/text/Normalizer.h"
#include "runtime/text/Unicode.h"

namespace tombolo::text {

Result<Normalizer>
Normalizer::create(const std::vector<NormalizerStep> &descriptions) {
  Normalizer normalizer;
  for (const NormalizerStep &description : descriptions) {
    Step step{description, {}, {}};
    if (description.kind == NormalizerStep::Kind::Replace) {
      Result<Matcher> matcher = Matcher::create(description.pattern);
      if (!matcher)
        return matcher.takeErrors();
      step.matcher = std::move(*matcher);
    }
    if (description.kind == NormalizerStep::Kind::Precompiled) {
      Result<Precompiled> map = Precompiled::create(description.content);
      if (!map)
        return map.takeErrors();
      step.precompiled = std::move(*map);
      step.step.content.clear();
    }
    normalizer.steps.push_back(std::move(step));
  }
  return normalizer;
}

Result<std::string> Normalizer::run(std::string_view input,
                                    RegexScratch &scratch) const {
  using Kind = NormalizerStep::Kind;
  std::string text(input);
  for (const Step &step : steps) {
    const std::string &content = step.step.content;
    switch (step.step.kind) {
    case Kind::NFC:
      text = normalize(text, NormalForm::NFC);
      break;
    case Kind::NFD:
      text = normalize(text, NormalForm::NFD);
      break;
    case Kind::NFKC:
      text = normalize(text, NormalForm::NFKC);
      break;
    case Kind::NFKD:
      text = normalize(text, NormalForm::NFKD);
      break;
    case Kind::Lowercase:
      text = toLower(text);
      break;
    case Kind::Strip:
      text =
          std::string(stripWhitespace(text, step.step.left, step.step.right));
      break;
    case Kind::Replace: {
      Result<std::string> replaced =
          step.matcher.replaceAll(text, content, kMaxTextBytes, scratch);
      if (!replaced)
        return replaced.takeErrors();
      text = std::move(*replaced);
      break;
    }
    case Kind::Prepend:
      if (!text.empty())
        text.insert(0, content);
      break;
    case Kind::Append:
      if (!text.empty())
        text += content;
      break;
    case Kind::Precompiled:
      text = step.precompiled->run(text);
      break;
    }
    if (text.size() > kMaxTextBytes)
      return Error("", "normalization makes the text longer than " +
                           std::to_string(kMaxTextBytes) + " bytes");
  }
  return text;
}

} // namespace tombolo::text
