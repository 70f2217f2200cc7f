#include "runtime/core/ModelText.h"
#include "runtime/text/jinja/ChatTemplate.h"
#include <nlohmann/json.hpp>

using namespace tombolo;

Result<std::string>
ModelText::chatPrompt(std::span<const ChatMessage> messages) const {
  if (chatTemplateText.empty())
    return Error(path, "the model has no chat template: give it raw text");
  Result<text::ChatTemplate> parsed =
      text::ChatTemplate::parse(chatTemplateText);
  if (!parsed)
    return Error(path, parsed.error().str());
  auto textOf = [&](int32_t token) {
    return std::string(loaded ? loaded->tokenText(token) : "");
  };
  nlohmann::ordered_json inputs;
  inputs["messages"] = nlohmann::ordered_json::array();
  for (const ChatMessage &message : messages)
    inputs["messages"].push_back(
        {{"role", message.role}, {"content", message.content}});
  // What transformers hands to templates.
  inputs["add_generation_prompt"] = true;
  inputs["tools"] = nullptr;
  inputs["documents"] = nullptr;
  inputs["bos_token"] = textOf(bos);
  inputs["eos_token"] = textOf(loaded ? loaded->eosId() : -1);
  for (auto [name, id] :
       {std::pair("unk_token", loaded ? loaded->unkId() : -1),
        std::pair("pad_token", loaded ? loaded->padId() : -1)})
    if (id >= 0)
      inputs[name] = textOf(id);
  Result<std::string> rendered = parsed->render(inputs);
  if (!rendered)
    return Error(path, rendered.error().str());
  return rendered;
}
