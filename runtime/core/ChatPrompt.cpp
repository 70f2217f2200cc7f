#include "runtime/core/ModelText.h"
#include "runtime/text/jinja/ChatTemplate.h"
#include <nlohmann/json.hpp>

using namespace tombolo;

/// As transformers names them. What the checkpoint does not have is undefined.
static void addSpecialTokens(const text::Tokenizer &tokenizer, int32_t bos,
                             nlohmann::ordered_json &inputs) {
  for (const text::SpecialToken &token : tokenizer.model().specialTokens)
    if (token.name == "additional_special_tokens")
      inputs[token.name].push_back(token.text);
    else
      inputs[token.name] = token.text;
  // Artifacts from before they were kept.
  if (!tokenizer.model().specialTokens.empty())
    return;
  for (auto [name, id] :
       {std::pair("bos_token", bos), std::pair("eos_token", tokenizer.eosId())})
    if (id >= 0)
      inputs[name] = std::string(tokenizer.tokenText(id));
}

Result<std::string>
ModelText::chatPrompt(std::span<const ChatMessage> messages) const {
  if (chatTemplateText.empty())
    return Error(path, "the model has no chat template: give it raw text");
  Result<text::ChatTemplate> parsed =
      text::ChatTemplate::parse(chatTemplateText);
  if (!parsed)
    return Error(path, parsed.error().str());
  nlohmann::ordered_json inputs;
  if (loaded)
    addSpecialTokens(*loaded, bos, inputs);
  inputs["messages"] = nlohmann::ordered_json::array();
  for (const ChatMessage &message : messages)
    inputs["messages"].push_back(
        {{"role", message.role}, {"content", message.content}});
  // What transformers hands to templates besides.
  inputs["add_generation_prompt"] = true;
  inputs["tools"] = nullptr;
  inputs["documents"] = nullptr;
  Result<std::string> rendered = parsed->render(inputs);
  if (!rendered)
    return Error(path, rendered.error().str());
  return rendered;
}
