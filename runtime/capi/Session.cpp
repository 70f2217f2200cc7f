#include "runtime/capi/Handles.h"
#include "runtime/core/Trace.h"

using namespace tombolo;
using namespace tombolo::capi;

void tombolo_session_options_init_sized(tombolo_session_options *options,
                                        size_t bytes) {
  initialize(options, bytes, {});
}

static tombolo_session *makeHandle(std::shared_ptr<const SharedModel> shared,
                                   std::unique_ptr<Session> session) {
  auto handle = std::make_unique<tombolo_session>();
  handle->shared = std::move(shared);
  handle->session = std::move(session);
  handle->session->setInterrupt(&handle->interrupted);
  return handle.release();
}

tombolo_status tombolo_session_create(tombolo_model *model,
                                      const tombolo_session_options *given,
                                      tombolo_session **session) {
  return guarded([&]() -> Status {
    if (!model || !session)
      return nullArgument(model ? "session" : "model");
    *session = nullptr;
    tombolo_session_options options;
    tombolo_session_options_init(&options);
    if (Status status = takeOptions(given, options); !status)
      return status;
    if (options.rope_length < 0)
      return Error("", "expects 'rope_length' of 0 or more, but got " +
                           std::to_string(options.rope_length));
    SessionOptions wanted;
    wanted.context = options.context;
    wanted.ropeLength = options.rope_length;
    Result<std::unique_ptr<Session>> created =
        Session::create(model->shared->model, wanted);
    if (!created)
      return created.takeErrors();
    *session = makeHandle(model->shared, std::move(*created));
    return success();
  });
}

void tombolo_session_free(tombolo_session *session) { delete session; }

tombolo_status tombolo_session_fork(const tombolo_session *session,
                                    tombolo_session **fork) {
  return guarded([&]() -> Status {
    if (!session || !fork)
      return nullArgument(session ? "fork" : "session");
    *fork = nullptr;
    Result<std::unique_ptr<Session>> copy = session->session->fork();
    if (!copy)
      return copy.takeErrors();
    *fork = makeHandle(session->shared, std::move(*copy));
    return success();
  });
}

size_t tombolo_session_position(const tombolo_session *session) {
  return session->session->tokens().size();
}
size_t tombolo_session_context(const tombolo_session *session) {
  return session->session->context();
}

static Status checkTokens(const tombolo_session *session, const int32_t *tokens,
                          size_t count) {
  if (!session)
    return nullArgument("session");
  if (!tokens && count != 0)
    return nullArgument("tokens");
  return success();
}

tombolo_status tombolo_session_feed(tombolo_session *session,
                                    const int32_t *tokens, size_t count) {
  return guarded([&]() -> Status {
    if (Status status = checkTokens(session, tokens, count); !status)
      return status;
    session->interrupted = false;
    return session->session->feed({tokens, count});
  });
}

tombolo_status tombolo_session_resume(tombolo_session *session,
                                      const int32_t *tokens, size_t count,
                                      size_t *fed) {
  return guarded([&]() -> Status {
    if (fed)
      *fed = 0;
    if (Status status = checkTokens(session, tokens, count); !status)
      return status;
    session->interrupted = false;
    Result<size_t> result = session->session->resume({tokens, count});
    if (!result)
      return result.takeErrors();
    if (fed)
      *fed = *result;
    return success();
  });
}

tombolo_status tombolo_session_logits(tombolo_session *session,
                                      const float **logits) {
  return guarded([&]() -> Status {
    if (!session || !logits)
      return nullArgument(session ? "logits" : "session");
    *logits = nullptr;
    Result<std::span<const float>> row = session->session->logits();
    if (!row)
      return row.takeErrors();
    *logits = row->data();
    return success();
  });
}

tombolo_status tombolo_session_truncate(tombolo_session *session,
                                        size_t count) {
  return guarded([&]() -> Status {
    if (!session)
      return nullArgument("session");
    return session->session->truncate(count);
  });
}

void tombolo_session_interrupt(tombolo_session *session) {
  session->interrupted = true;
}

tombolo_status tombolo_session_trace(tombolo_session *session, int enabled) {
  return guarded([&]() -> Status {
    if (!session)
      return nullArgument("session");
    session->times.clear();
    session->session->setTrace(enabled ? &session->times : nullptr);
    return success();
  });
}

tombolo_status tombolo_session_write_trace(const tombolo_session *session,
                                           const char *path) {
  return guarded([&]() -> Status {
    if (!session || !path)
      return nullArgument(session ? "path" : "session");
    return writeChromeTrace(path, session->times);
  });
}

void tombolo_generation_options_init_sized(const tombolo_model *model,
                                           tombolo_generation_options *options,
                                           size_t bytes) {
  SamplingOptions sampling;
  if (model)
    sampling = model->shared->text.defaults().sampling;
  tombolo_generation_options defaults = {};
  defaults.max_tokens = -1;
  defaults.temperature = sampling.temperature;
  defaults.top_k = sampling.topK;
  defaults.top_p = sampling.topP;
  defaults.min_p = sampling.minP;
  defaults.repeat_penalty = sampling.repeatPenalty;
  initialize(options, bytes, defaults);
}

static Result<GenerationOptions>
generationOptions(const ModelText &text,
                  const tombolo_generation_options &options) {
  if (options.max_tokens < -1)
    return Error("", "expects 'max_tokens' of -1 or more, but got " +
                         std::to_string(options.max_tokens));
  GenerationOptions result;
  result.maxTokens = options.max_tokens;
  result.sampling = {options.repeat_penalty, options.temperature, options.top_k,
                     options.top_p,          options.min_p,       options.seed};
  if (options.stop_count != 0 && !options.stop)
    return nullArgument("stop");
  for (size_t i = 0; i != options.stop_count; ++i) {
    if (!options.stop[i])
      return nullArgument("stop");
    result.stop.push_back(options.stop[i]);
  }
  if (!options.ignore_end)
    result.endTokens = text.defaults().endTokens;
  return result;
}

static_assert(int(FinishReason::Stop) == TOMBOLO_FINISH_STOP &&
              int(FinishReason::Length) == TOMBOLO_FINISH_LENGTH &&
              int(FinishReason::Context) == TOMBOLO_FINISH_CONTEXT &&
              int(FinishReason::Caller) == TOMBOLO_FINISH_CALLER);

/// `tokens` and `text` must be among the fields that the caller knows.
static bool hasAnswer(const tombolo_generation &result) {
  return result.struct_size >= offsetof(tombolo_generation, prefill_tokens);
}

static void fillResult(const Generation &generation,
                       tombolo_generation &result) {
  tombolo_generation filled = {};
  filled.struct_size = result.struct_size;
  filled.reason = static_cast<tombolo_finish_reason>(generation.reason);
  filled.token_count = generation.tokens.size();
  filled.text_bytes = generation.text.size();
  filled.prefill_tokens = generation.prefillTokens;
  filled.prefill_seconds = generation.prefillSeconds;
  filled.decode_tokens = generation.decodeTokens;
  filled.decode_seconds = generation.decodeSeconds;
  std::unique_ptr<int32_t, decltype(&tombolo_free)> tokens(
      copyTokens(generation.tokens), tombolo_free);
  filled.text = copyText(generation.text);
  filled.tokens = tokens.release();
  std::memcpy(&result, &filled, std::min(filled.struct_size, sizeof(filled)));
}

tombolo_status tombolo_generate(tombolo_session *session, const int32_t *prompt,
                                size_t count,
                                const tombolo_generation_options *given,
                                tombolo_token_callback callback, void *user,
                                tombolo_generation *result) {
  return guarded([&]() -> Status {
    if (Status status = checkTokens(session, prompt, count); !status)
      return status;
    if (result && !hasAnswer(*result))
      return Error("", "expects a result prepared by tombolo_generation_init");
    const ModelText &text = session->shared->text;
    tombolo_generation_options options;
    tombolo_model model{session->shared};
    tombolo_generation_options_init(&model, &options);
    if (Status status = takeOptions(given, options); !status)
      return status;
    Result<GenerationOptions> wanted = generationOptions(text, options);
    if (!wanted)
      return wanted.takeErrors();
    session->interrupted = false;
    TokenCallback onToken;
    if (callback)
      onToken = [&](int32_t token, std::string_view piece) {
        return callback(user, token, piece.data(), piece.size()) != 0;
      };
    Result<Generation> generation = generate(
        *session->session, text.tokenizer(), {prompt, count}, *wanted, onToken);
    if (!generation)
      return generation.takeErrors();
    if (result)
      fillResult(*generation, *result);
    return success();
  });
}

void tombolo_generation_init_sized(tombolo_generation *result, size_t bytes) {
  initialize(result, bytes, {});
}

void tombolo_generation_clear(tombolo_generation *result) {
  if (!result || !hasAnswer(*result))
    return;
  tombolo_free(result->tokens);
  tombolo_free(result->text);
  result->tokens = nullptr;
  result->text = nullptr;
  result->token_count = result->text_bytes = 0;
}
