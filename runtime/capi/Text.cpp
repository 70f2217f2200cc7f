#include "runtime/capi/Handles.h"

using namespace tombolo;
using namespace tombolo::capi;

static Result<const text::Tokenizer *> tokenizerOf(const tombolo_model *model) {
  if (!model)
    return nullArgument("model");
  if (const text::Tokenizer *tokenizer = model->shared->text.tokenizer())
    return tokenizer;
  return Error(model->shared->model->artifact().path(),
               std::string(text::hasTokenizers()
                               ? "the artifact has no tokenizer"
                               : "this runtime is built without text") +
                   ": give and take token ids");
}

/// What a caller finds where no text can be given.
static void clearText(char **text, size_t *bytes) {
  if (text)
    *text = nullptr;
  if (bytes)
    *bytes = 0;
}

/// Gives a text to the caller.
static Status giveText(std::string_view value, char **text, size_t *bytes) {
  *text = copyText(value);
  if (bytes)
    *bytes = value.size();
  return success();
}

tombolo_status tombolo_tokenize(const tombolo_model *model, const char *text,
                                size_t bytes, int add_special, int32_t **tokens,
                                size_t *count) {
  if (tokens)
    *tokens = nullptr;
  if (count)
    *count = 0;
  return guarded([&]() -> Status {
    if ((!text && bytes != 0) || !tokens || !count)
      return nullArgument(!tokens ? "tokens" : !count ? "count" : "text");
    Result<const text::Tokenizer *> tokenizer = tokenizerOf(model);
    if (!tokenizer)
      return tokenizer.takeErrors();
    Result<std::vector<int32_t>> ids =
        (*tokenizer)->encode({text, bytes}, add_special != 0);
    if (!ids)
      return ids.takeErrors();
    *tokens = copyTokens(*ids);
    *count = ids->size();
    return success();
  });
}

tombolo_status tombolo_detokenize(const tombolo_model *model,
                                  const int32_t *tokens, size_t count,
                                  int skip_special, char **text,
                                  size_t *bytes) {
  clearText(text, bytes);
  return guarded([&]() -> Status {
    if ((!tokens && count != 0) || !text)
      return nullArgument(text ? "tokens" : "text");
    Result<const text::Tokenizer *> tokenizer = tokenizerOf(model);
    if (!tokenizer)
      return tokenizer.takeErrors();
    return giveText((*tokenizer)->decode({tokens, count}, skip_special != 0),
                    text, bytes);
  });
}

tombolo_status tombolo_chat_prompt(const tombolo_model *model,
                                   const tombolo_message *messages,
                                   size_t count, char **text, size_t *bytes) {
  clearText(text, bytes);
  return guarded([&]() -> Status {
    if (!model || (!messages && count != 0) || !text)
      return nullArgument(!model ? "model" : !text ? "text" : "messages");
    std::vector<ChatMessage> list;
    for (size_t i = 0; i != count; ++i) {
      if (!messages[i].role || !messages[i].content)
        return nullArgument(messages[i].role ? "content" : "role");
      list.push_back({messages[i].role, messages[i].content});
    }
    Result<std::string> prompt = model->shared->text.chatPrompt(list);
    if (!prompt)
      return prompt.takeErrors();
    return giveText(*prompt, text, bytes);
  });
}
