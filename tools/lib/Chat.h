//===- Chat.h - Prompts and conversations with a model ----------*- C++ -*-===//

#ifndef TOOLS_LIB_CHAT_H
#define TOOLS_LIB_CHAT_H

#include "runtime/core/ModelText.h"
#include <nlohmann/json_fwd.hpp>

namespace tombolo {

/// A prompt and what came of it.
struct Turn {
  std::vector<int32_t> inputIds;
  Generation generation;
};
nlohmann::ordered_json toJson(const Turn &turn);

/// A model, its text side and one sequence.
class Chat {
public:
  static Result<std::unique_ptr<Chat>> open(std::shared_ptr<const Model> model,
                                            const SessionOptions &options);

  GenerationOptions &options() { return generation; }
  Session &session() { return *sequence; }
  const ModelText &text() const { return words; }

  /// The ids of a text as it is; those that the tokenizer adds come with it.
  Result<std::vector<int32_t>> encodeRaw(std::string_view text) const;
  /// Continues the sequence's common prefix with `ids`.
  Result<Turn> complete(std::vector<int32_t> ids,
                        const TokenCallback &callback);

  /// Before the first `say`.
  void setSystem(const std::string &text);
  /// Adds a user's message and the model's answer to the conversation, through
  /// the chat template.
  Result<Turn> say(const std::string &message, const TokenCallback &callback);

private:
  Chat() = default;
  Result<std::vector<int32_t>> encodeMessages() const;

  std::shared_ptr<const Model> model;
  ModelText words = ModelText();
  GenerationOptions generation;
  std::unique_ptr<Session> sequence;
  std::vector<ChatMessage> messages;
};

} // namespace tombolo

#endif // TOOLS_LIB_CHAT_H
