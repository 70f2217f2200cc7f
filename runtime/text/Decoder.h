//===- Decoder.h - Ids back to text -----------------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_DECODER_H
#define RUNTIME_TEXT_DECODER_H

#include "runtime/text/Matcher.h"

namespace tombolo::text {

/// The decoder steps of a model, compiled; shared by all DecoderRuns.
class Decoder {
public:
  static Result<Decoder> create(const std::vector<DecoderStep> &steps);

private:
  friend class DecoderRun;
  struct Step {
    DecoderStep step;
    Matcher matcher;
  };
  std::vector<Step> steps;
};

/// Decodes one sequence. Tokens go in one by one; whatever they say that no
/// later token can change comes out at once. What comes out altogether does
/// not depend on when.
class DecoderRun {
public:
  /// `decoder` must outlive this.
  explicit DecoderRun(const Decoder &decoder);

  void push(std::string_view token, std::string &out);
  /// No more tokens: appends what was held back.
  void finish(std::string &out);

private:
  struct Stage {
    std::string held;      ///< bytes that wait for what follows
    bool first = true;     ///< nothing has come yet
    uint32_t stripped = 0; ///< Strip of joined text: contents off its start
  };
  /// `joined`: a step before has joined the tokens, so `text` is a part of
  /// one long token.
  void feed(size_t stage, std::string_view text, bool joined, std::string &out);
  void end(size_t stage, bool joined, std::string &out);

  void byteFallback(size_t stage, std::string_view text, std::string &out);
  void flushBytes(size_t stage, std::string &out);
  void replace(size_t stage, std::string_view text, bool joined,
               std::string &out);
  void strip(size_t stage, std::string_view text, bool joined,
             std::string &out);
  std::string replaceAll(size_t stage, std::string_view text) const;

  const Decoder &decoder;
  std::vector<Stage> stages;
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_DECODER_H
