//===- Decoder.cpp --------------------------------------------------------===//

#include "runtime/text/Decoder.h"
#include "runtime/text/Normalizer.h"
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/Segmenter.h"
#include "runtime/text/Unicode.h"

namespace tombolo::text {

using Kind = DecoderStep::Kind;

Result<Decoder> Decoder::create(const std::vector<DecoderStep> &descriptions) {
  Decoder decoder;
  for (const DecoderStep &description : descriptions) {
    Result<Matcher> matcher = Matcher::create(description.pattern);
    if (!matcher)
      return matcher.takeErrors();
    decoder.steps.push_back({description, std::move(*matcher)});
  }
  return decoder;
}

static bool joins(Kind kind) {
  return kind == Kind::Fuse || kind == Kind::ByteLevel ||
         kind == Kind::JoinSpaces;
}

DecoderRun::DecoderRun(const Decoder &decoder)
    : decoder(decoder), stages(decoder.steps.size()) {}

void DecoderRun::push(std::string_view token, std::string &out) {
  feed(0, token, false, out);
}

void DecoderRun::finish(std::string &out) { end(0, false, out); }

/// The bytes that a byte-level token stands for; a token with a character
/// outside of the alphabet stands for itself.
static std::string unmapBytes(std::string_view token) {
  std::string bytes;
  for (size_t at = 0; at < token.size();) {
    int byte = byteLevelByte(nextCodePoint(token, at));
    if (byte < 0)
      return std::string(token);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

void DecoderRun::feed(size_t stage, std::string_view text, bool joined,
                      std::string &out) {
  if (stage == stages.size()) {
    out += text;
    return;
  }
  const DecoderStep &step = decoder.steps[stage].step;
  Stage &state = stages[stage];
  switch (step.kind) {
  case Kind::ByteLevel: {
    state.held += unmapBytes(text);
    std::string decoded;
    state.held.erase(0, appendLossyUtf8(decoded, state.held, false));
    if (!decoded.empty())
      feed(stage + 1, decoded, true, out);
    return;
  }
  case Kind::ByteFallback:
    byteFallback(stage, text, out);
    return;
  case Kind::Fuse:
    feed(stage + 1, text, true, out);
    return;
  case Kind::JoinSpaces:
    if (!state.first)
      feed(stage + 1, " ", true, out);
    state.first = false;
    feed(stage + 1, text, true, out);
    return;
  case Kind::Metaspace: {
    bool drop = step.dropInFirst && (joined || state.first);
    state.first = false;
    std::string spaced;
    for (size_t at = 0; at < text.size();) {
      if (text.substr(at).starts_with(step.pattern.text)) {
        if (!drop)
          spaced += ' ';
        at += step.pattern.text.size();
      } else {
        spaced += text[at++];
      }
    }
    feed(stage + 1, spaced, joined, out);
    return;
  }
  case Kind::Replace:
    replace(stage, text, joined, out);
    return;
  case Kind::Strip:
    strip(stage, text, joined, out);
    return;
  }
}

void DecoderRun::end(size_t stage, bool joined, std::string &out) {
  if (stage == stages.size())
    return;
  const Decoder::Step &step = decoder.steps[stage];
  std::string held = std::move(stages[stage].held);
  stages[stage].held.clear();
  bool after = joined || joins(step.step.kind);
  if (step.step.kind == Kind::ByteLevel) {
    std::string decoded;
    appendLossyUtf8(decoded, held, true);
    held = std::move(decoded);
  } else if (step.step.kind == Kind::ByteFallback) {
    stages[stage].held = std::move(held);
    flushBytes(stage, out);
    held.clear();
  } else if (step.step.kind == Kind::Replace && step.matcher.isRegex()) {
    held = replaceAll(stage, held);
  } else if (step.step.kind == Kind::Strip) {
    held.clear();
  }
  if (!held.empty())
    feed(stage + 1, held, after, out);
  end(stage + 1, after, out);
}

void DecoderRun::byteFallback(size_t stage, std::string_view text,
                              std::string &out) {
  if (int byte = byteOfPiece(text); byte >= 0) {
    stages[stage].held += static_cast<char>(byte);
    return;
  }
  flushBytes(stage, out);
  feed(stage + 1, text, false, out);
}

/// A run of bytes that is not UTF-8 as a whole is one U+FFFD for each byte.
void DecoderRun::flushBytes(size_t stage, std::string &out) {
  std::string bytes = std::move(stages[stage].held);
  stages[stage].held.clear();
  if (bytes.empty())
    return;
  if (isValidUtf8(bytes)) {
    feed(stage + 1, bytes, false, out);
    return;
  }
  for (size_t i = 0; i < bytes.size(); ++i)
    feed(stage + 1, "\xEF\xBF\xBD", false, out);
}

std::string DecoderRun::replaceAll(size_t stage, std::string_view text) const {
  const Decoder::Step &step = decoder.steps[stage];
  RegexScratch scratch(text.size());
  Result<std::string> replaced =
      step.matcher.replaceAll(text, step.step.content, kMaxTextBytes, scratch);
  // A pattern that fails on its limits leaves the text as it is: decoding has
  // no way to fail, and no real decoder's pattern comes near them.
  return replaced ? std::move(*replaced) : std::string(text);
}

void DecoderRun::replace(size_t stage, std::string_view text, bool joined,
                         std::string &out) {
  if (!joined) {
    feed(stage + 1, replaceAll(stage, text), false, out);
    return;
  }
  Stage &state = stages[stage];
  state.held += text;
  const Decoder::Step &step = decoder.steps[stage];
  // Where a regular expression matches may depend on all that follows.
  if (step.matcher.isRegex())
    return;
  const std::string &wanted = step.step.pattern.text;
  std::string ready;
  size_t copied = 0;
  if (!wanted.empty()) {
    for (size_t at = state.held.find(wanted); at != std::string::npos;
         at = state.held.find(wanted, copied)) {
      ready.append(state.held, copied, at - copied);
      ready += step.step.content;
      copied = at + wanted.size();
    }
  }
  // The rest may end with the beginning of a match.
  size_t keep = std::min(state.held.size() - copied,
                         wanted.empty() ? 0 : wanted.size() - 1);
  while (keep > 0 &&
         !std::string_view(wanted).starts_with(
             std::string_view(state.held).substr(state.held.size() - keep)))
    --keep;
  ready.append(state.held, copied, state.held.size() - keep - copied);
  state.held.erase(0, state.held.size() - keep);
  if (!ready.empty())
    feed(stage + 1, ready, true, out);
}

void DecoderRun::strip(size_t stage, std::string_view text, bool joined,
                       std::string &out) {
  const DecoderStep &step = decoder.steps[stage].step;
  const std::string &content = step.content;
  Stage &state = stages[stage];
  if (!joined) {
    for (uint32_t i = 0; i < step.start && text.starts_with(content); ++i)
      text.remove_prefix(content.size());
    for (uint32_t i = 0; i < step.stop && text.ends_with(content); ++i)
      text.remove_suffix(content.size());
    feed(stage + 1, text, false, out);
    return;
  }
  // `first` here: only stripped content has come so far.
  while (state.first && state.stripped < step.start &&
         text.starts_with(content)) {
    text.remove_prefix(content.size());
    ++state.stripped;
  }
  if (text.empty())
    return;
  state.first = false;
  // The last `stop` contents may turn out to be the end.
  std::string ready = std::move(state.held);
  ready += text;
  size_t keep = 0;
  for (uint32_t i = 0; i < step.stop; ++i) {
    if (!std::string_view(ready)
             .substr(0, ready.size() - keep)
             .ends_with(content))
      break;
    keep += content.size();
  }
  state.held = ready.substr(ready.size() - keep);
  ready.resize(ready.size() - keep);
  if (!ready.empty())
    feed(stage + 1, ready, true, out);
}

} // namespace tombolo::text
