#include "runtime/core/Generate.h"
#include "runtime/core/StopStrings.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <chrono>

using namespace tombolo;

std::string_view tombolo::nameOf(FinishReason reason) {
  switch (reason) {
  case FinishReason::Stop:
    return "stop";
  case FinishReason::Length:
    return "length";
  case FinishReason::Context:
    return "context";
  case FinishReason::Caller:
    return "caller";
  }
  return "";
}

namespace {
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The text of the tokens, as far as it is certain.
class AnswerText {
public:
  AnswerText(const text::Tokenizer *tokenizer,
             const std::vector<std::string> &stop)
      : stops(stop) {
    if (tokenizer)
      stream.emplace(tokenizer->stream(/*skipSpecial=*/true));
  }
  std::string push(int32_t token) {
    return stream ? stops.push(stream->push(token)) : "";
  }
  std::string finish() {
    if (!stream)
      return "";
    std::string rest = stops.push(stream->finish());
    return rest + stops.finish();
  }
  bool stopped() const { return stops.found(); }

private:
  StopStrings stops;
  std::optional<text::Tokenizer::Stream> stream;
};
} // namespace

static bool isInterrupt(const Error &error) {
  return error.message == Session::kInterrupted;
}

Result<Generation> tombolo::generate(Session &session,
                                     const text::Tokenizer *tokenizer,
                                     std::span<const int32_t> prompt,
                                     const GenerationOptions &options,
                                     const TokenCallback &callback) {
  if (Status status = options.sampling.check(); !status)
    return status.takeErrors();
  if (!options.stop.empty() && !tokenizer)
    return Error("", "stop texts need a tokenizer, and the artifact has none");
  Generation result;
  Clock::time_point start = Clock::now();
  Result<size_t> prefilled = session.resume(prompt);
  if (!prefilled) {
    if (!isInterrupt(prefilled.error()))
      return prefilled.takeErrors();
    result.reason = FinishReason::Caller;
    return result;
  }
  result.prefillTokens = *prefilled;

  Sampler sampler(options.sampling);
  AnswerText answer(tokenizer, options.stop);
  bool wanted = true;
  auto give = [&](int32_t token, const std::string &piece) {
    result.text += piece;
    if (wanted && callback && (token >= 0 || !piece.empty()))
      wanted = callback(token, piece);
    return wanted;
  };
  Clock::time_point decodeStart;
  while (true) {
    // 0 tokens wanted: only the prompt's states.
    if (int64_t(result.tokens.size()) == options.maxTokens) {
      result.reason = FinishReason::Length;
      break;
    }
    Result<std::span<const float>> logits = session.logits();
    if (!logits)
      return logits.takeErrors();
    if (result.tokens.empty()) {
      result.prefillSeconds = secondsSince(start);
      decodeStart = Clock::now();
    }
    Result<int32_t> token = sampler.sample(*logits, session.tokens());
    if (!token)
      return token.takeErrors();
    result.tokens.push_back(*token);
    if (std::find(options.endTokens.begin(), options.endTokens.end(), *token) !=
        options.endTokens.end()) {
      give(*token, "");
      result.reason = FinishReason::Stop;
      break;
    }
    if (!give(*token, answer.push(*token))) {
      result.reason = FinishReason::Caller;
      break;
    }
    if (answer.stopped()) {
      result.reason = FinishReason::Stop;
      break;
    }
    if (int64_t(result.tokens.size()) == options.maxTokens) {
      result.reason = FinishReason::Length;
      break;
    }
    if (int64_t(session.tokens().size()) == session.context()) {
      result.reason = FinishReason::Context;
      break;
    }
    if (Status status = session.feed({&*token, 1}); !status) {
      if (!isInterrupt(status.error()))
        return status.takeErrors();
      result.reason = FinishReason::Caller;
      break;
    }
  }
  if (result.tokens.empty()) {
    result.prefillSeconds = secondsSince(start);
  } else {
    result.decodeTokens = result.tokens.size() - 1;
    result.decodeSeconds = secondsSince(decodeStart);
  }
  give(-1, answer.finish());
  return result;
}
