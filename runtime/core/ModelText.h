//===- ModelText.h - The text side of an artifact ---------------*- C++ -*-===//

#ifndef RUNTIME_CORE_MODELTEXT_H
#define RUNTIME_CORE_MODELTEXT_H

#include "runtime/core/Generate.h"
#include "runtime/core/Model.h"
#include "runtime/text/Tokenizer.h"
#include <optional>
#include <string>

namespace tombolo {

/// One turn of a conversation: "system", "user" or "assistant", and what was
/// said.
struct ChatMessage {
  std::string role, content;
};

/// Tokenizer, end tokens and sampling defaults of a model, all of which may be
/// missing.
class ModelText {
public:
  static Result<ModelText> load(const Model &model);

  /// Null: the artifact has none.
  const text::Tokenizer *tokenizer() const {
    return loaded ? &*loaded : nullptr;
  }
  /// Empty: there is none.
  const std::string &chatTemplate() const { return chatTemplateText; }
  /// The conversation as the chat template writes it, up to the model's answer;
  /// the special tokens are in it.
  Result<std::string> chatPrompt(std::span<const ChatMessage> messages) const;
  int32_t bosToken() const { return bos; }
  /// Sampling of the checkpoint, and every end token that any of its files
  /// names.
  const GenerationOptions &defaults() const { return options; }

private:
  std::string path;
  std::optional<text::Tokenizer> loaded;
  std::string chatTemplateText;
  int32_t bos = -1;
  GenerationOptions options;
};

} // namespace tombolo

#endif // RUNTIME_CORE_MODELTEXT_H
