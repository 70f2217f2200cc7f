#include "tools/lib/Chat.h"
#include <nlohmann/json.hpp>

namespace tombolo {

nlohmann::ordered_json toJson(const Turn &turn) {
  const Generation &result = turn.generation;
  auto rate = [](size_t tokens, double seconds) {
    return seconds > 0 ? double(tokens) / seconds : 0.0;
  };
  return {{"input_ids", turn.inputIds},
          {"generated_ids", result.tokens},
          {"text", result.text},
          {"prefilled_tokens", result.prefillTokens},
          {"prefill_tokens_per_second",
           rate(result.prefillTokens, result.prefillSeconds)},
          {"decode_tokens_per_second",
           rate(result.decodeTokens, result.decodeSeconds)},
          {"finish_reason", nameOf(result.reason)}};
}

Result<std::unique_ptr<Chat>> Chat::open(std::shared_ptr<const Model> model,
                                         const SessionOptions &options) {
  std::unique_ptr<Chat> chat(new Chat());
  Result<ModelText> text = ModelText::load(*model);
  if (!text)
    return text.takeErrors();
  chat->words = std::move(*text);
  chat->generation = chat->words.defaults();
  Result<std::unique_ptr<Session>> session = Session::create(model, options);
  if (!session)
    return session.takeErrors();
  chat->sequence = std::move(*session);
  chat->model = std::move(model);
  return chat;
}

Result<std::vector<int32_t>> Chat::encodeRaw(std::string_view text) const {
  if (!words.tokenizer())
    return Error(model->artifact().path(),
                 "the model has no tokenizer: pass token ids with '--ids'");
  return words.tokenizer()->encode(text, /*addSpecial=*/true);
}

Result<Turn> Chat::complete(std::vector<int32_t> ids,
                            const TokenCallback &callback) {
  if (ids.empty())
    return Error(model->artifact().path(), "the prompt has no tokens");
  if (int64_t most = sequence->context(); int64_t(ids.size()) > most)
    return Error(model->artifact().path(),
                 "the prompt has " + std::to_string(ids.size()) +
                     " tokens, but the context holds " + std::to_string(most) +
                     "; a larger '--context' holds more");
  Result<Generation> result =
      generate(*sequence, words.tokenizer(), ids, generation, callback);
  if (!result)
    return result.takeErrors();
  return Turn{std::move(ids), std::move(*result)};
}

void Chat::setSystem(const std::string &text) {
  messages.push_back({"system", text});
}

Result<std::vector<int32_t>> Chat::encodeMessages() const {
  if (!words.tokenizer() || words.chatTemplate().empty())
    return Error(model->artifact().path(),
                 "the model has no chat template: '--raw' continues the text "
                 "as it is");
  Result<std::string> text = words.chatPrompt(messages);
  if (!text)
    return text.takeErrors();
  // The template writes the tokens that begin a text itself.
  return words.tokenizer()->encode(*text, /*addSpecial=*/false);
}

Result<Turn> Chat::say(const std::string &message,
                       const TokenCallback &callback) {
  messages.push_back({"user", message});
  Result<std::vector<int32_t>> ids = encodeMessages();
  Result<Turn> turn = ids ? complete(std::move(*ids), callback)
                          : Result<Turn>(ids.takeErrors());
  // Templates want an answer to every message: one without is forgotten.
  if (turn)
    messages.push_back({"assistant", turn->generation.text});
  else
    messages.pop_back();
  return turn;
}

} // namespace tombolo
