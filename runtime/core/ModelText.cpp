#include "runtime/core/ModelText.h"
#include "codegen/artifact/Artifact_generated.h"
#include <algorithm>
#include <cmath>

using namespace tombolo;

/// Sampling as the artifact has it; without a temperature it is greedy,
/// whatever else it says.
static SamplingOptions samplingOf(const artifact::Text &text) {
  SamplingOptions options;
  auto set = [](float &option, float value) {
    if (!std::isnan(value))
      option = value;
  };
  set(options.temperature, text.temperature());
  set(options.topP, text.top_p());
  set(options.minP, text.min_p());
  set(options.repeatPenalty, text.repeat_penalty());
  options.topK = std::max(0, text.top_k());
  return options;
}

Result<ModelText> ModelText::load(const Model &model) {
  ModelText result;
  const std::string &path = result.path = model.artifact().path();
  const artifact::Text *text = model.index().text();
  if (!text)
    return result;
  result.bos = text->bos_token();
  if (text->chat_template())
    result.chatTemplateText = text->chat_template()->str();
  if (text->end_tokens())
    result.options.endTokens.assign(text->end_tokens()->begin(),
                                    text->end_tokens()->end());
  result.options.sampling = samplingOf(*text);
  if (Status status = result.options.sampling.check(); !status)
    return Error(path, "sampling defaults: " + status.error().message);
  if (!text->tokenizer() || text->tokenizer()->size() == 0)
    return result;
  std::span<const std::byte> bytes(
      reinterpret_cast<const std::byte *>(text->tokenizer()->data()),
      text->tokenizer()->size());
  Result<text::TokenizerModel> data = text::deserialize(bytes, path);
  if (!data)
    return data.takeErrors();
  for (int32_t id : data->endIds)
    if (id >= 0 && id < model.vocabSize() &&
        std::find(result.options.endTokens.begin(),
                  result.options.endTokens.end(),
                  id) == result.options.endTokens.end())
      result.options.endTokens.push_back(id);
  if (!text::hasTokenizers())
    return result;
  Result<text::Tokenizer> tokenizer = text::Tokenizer::create(std::move(*data));
  if (!tokenizer)
    return tokenizer.takeErrors();
  result.loaded.emplace(std::move(*tokenizer));
  return result;
}
