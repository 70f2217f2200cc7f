//===- Generate.h - From a prompt to an answer ------------------*- C++ -*-===//

#ifndef RUNTIME_CORE_GENERATE_H
#define RUNTIME_CORE_GENERATE_H

#include "runtime/core/Sampler.h"
#include "runtime/core/Session.h"
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo::text {
class Tokenizer;
}

namespace tombolo {

struct GenerationOptions {
  SamplingOptions sampling;
  /// Tokens to generate at most; -1: to the end token or the context's end.
  int64_t maxTokens = -1;
  /// Texts before which the answer ends. They need a tokenizer.
  std::vector<std::string> stop;
  /// Ids that end the answer. They are generated, and not part of its text.
  std::vector<int32_t> endTokens;
};

enum class FinishReason {
  Stop,    ///< an end token or a stop text
  Length,  ///< maxTokens
  Context, ///< the session holds no more tokens
  Caller   ///< the callback said so, or an interrupt
};

/// "stop", "length", "context", "caller".
std::string_view nameOf(FinishReason reason);

struct Generation {
  /// What was drawn, with the end token.
  std::vector<int32_t> tokens;
  std::string text;
  FinishReason reason = FinishReason::Length;
  /// Tokens of the prompt that were not in the session before, and the time
  /// until their logits.
  size_t prefillTokens = 0;
  double prefillSeconds = 0;
  /// Tokens after the first, and the time they took.
  size_t decodeTokens = 0;
  double decodeSeconds = 0;
};

/// Called after each token with what it added to the text, which may be
/// nothing, and at the end with what was held back and token -1; false ends the
/// answer, and there is no call after it. Generation::text has all of it.
using TokenCallback = std::function<bool(int32_t token, std::string_view text)>;

/// Brings the session to `prompt`, with what it already has of it, and
/// generates what follows. The last token is not fed: the session ends before
/// it. Without a tokenizer there is no text.
Result<Generation> generate(Session &session, const text::Tokenizer *tokenizer,
                            std::span<const int32_t> prompt,
                            const GenerationOptions &options,
                            const TokenCallback &callback = {});

} // namespace tombolo

#endif // RUNTIME_CORE_GENERATE_H
