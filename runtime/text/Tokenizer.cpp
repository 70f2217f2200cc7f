//===- Tokenizer.cpp ------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/AddedTokens.h"
#include "runtime/text/Decoder.h"
#include "runtime/text/Normalizer.h"
#include "runtime/text/PreTokenizer.h"
#include "runtime/text/Segmenter.h"
#include "runtime/text/Unicode.h"
#include <algorithm>

namespace tombolo::text {

bool hasTokenizers() { return true; }

struct Tokenizer::Impl {
  explicit Impl(TokenizerModel given) : model(std::move(given)), index(model) {}

  Status prepare();
  Status encodePart(std::string_view text, bool beginsInput,
                    RegexScratch &scratch, std::vector<int32_t> &ids) const;
  Status encodeWords(std::string_view text, bool beginsInput,
                     RegexScratch &scratch, std::vector<int32_t> &ids) const;

  bool isSpecial(int32_t id) const {
    return std::binary_search(specialIds.begin(), specialIds.end(), id);
  }

  TokenizerModel model;
  PieceIndex index;
  Normalizer normalizer;
  PreTokenizer preTokenizer;
  Decoder decoder;
  std::unique_ptr<Segmenter> segmenter;
  std::vector<int32_t> specialIds; ///< sorted

  /// What to look for before and after normalization, by index into
  /// model.addedTokens; empty where a token belongs to the other.
  std::vector<std::string> normalizedContents;
  std::unique_ptr<AddedTokens> rawTokens, normalizedTokens;
};

Status Tokenizer::Impl::prepare() {
  Result<Normalizer> normalizerOr = Normalizer::create(model.normalizer);
  if (!normalizerOr)
    return normalizerOr.takeErrors();
  normalizer = std::move(*normalizerOr);
  Result<PreTokenizer> preTokenizerOr =
      PreTokenizer::create(model.preTokenizer);
  if (!preTokenizerOr)
    return preTokenizerOr.takeErrors();
  preTokenizer = std::move(*preTokenizerOr);
  Result<Decoder> decoderOr = Decoder::create(model.decoder);
  if (!decoderOr)
    return decoderOr.takeErrors();
  decoder = std::move(*decoderOr);
  Result<std::unique_ptr<Segmenter>> segmenterOr =
      Segmenter::create(model, index);
  if (!segmenterOr)
    return segmenterOr.takeErrors();
  segmenter = std::move(*segmenterOr);

  size_t count = model.addedTokens.size();
  std::vector<std::string_view> raw(count), normalized(count);
  normalizedContents.resize(count);
  RegexScratch scratch(count * 64);
  for (size_t i = 0; i < count; ++i) {
    const AddedToken &token = model.addedTokens[i];
    if (token.special)
      specialIds.push_back(token.id);
    if (!token.normalized) {
      raw[i] = token.content;
      continue;
    }
    Result<std::string> content = normalizer.run(token.content, scratch);
    if (!content)
      return content.takeErrors();
    if (content->size() > kMaxSearchedPieceBytes)
      return Error("", "tokenizer: added token '" + token.content +
                           "' gets longer than " +
                           std::to_string(kMaxSearchedPieceBytes) +
                           " bytes by normalization");
    normalizedContents[i] = std::move(*content);
    normalized[i] = normalizedContents[i];
  }
  std::sort(specialIds.begin(), specialIds.end());
  rawTokens = std::make_unique<AddedTokens>(model.addedTokens, raw);
  normalizedTokens =
      std::make_unique<AddedTokens>(model.addedTokens, normalized);
  return success();
}

Result<Tokenizer> Tokenizer::create(TokenizerModel model) {
  if (Status status = validate(model); !status)
    return status.takeErrors();
  auto impl = std::make_unique<Impl>(std::move(model));
  if (Status status = impl->prepare(); !status)
    return status.takeErrors();
  return Tokenizer(std::move(impl));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;
Tokenizer::~Tokenizer() = default;

//===----------------------------------------------------------------------===//
// Encoding
//===----------------------------------------------------------------------===//

Result<std::vector<int32_t>> Tokenizer::encode(std::string_view text,
                                               bool addSpecial) const {
  if (text.size() > kMaxTextBytes)
    return Error("", "expects a text of at most " +
                         std::to_string(kMaxTextBytes) + " bytes, but got " +
                         std::to_string(text.size()));
  std::string repaired;
  if (!isValidUtf8(text)) {
    // Each byte may become the three of U+FFFD.
    if (text.size() > kMaxTextBytes / 3)
      return Error("", "the text is not UTF-8 and too long to repair: expects "
                       "at most " +
                           std::to_string(kMaxTextBytes / 3) +
                           " bytes, but got " + std::to_string(text.size()));
    appendLossyUtf8(repaired, text, true);
    text = repaired;
  }
  RegexScratch scratch(text.size());
  std::vector<int32_t> ids;
  if (addSpecial)
    ids = impl->model.prefixIds;
  for (const AddedTokens::Part &part : impl->rawTokens->split(text)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
      continue;
    }
    Status status =
        impl->encodePart(text.substr(part.begin, part.end - part.begin),
                         part.begin == 0, scratch, ids);
    if (!status)
      return status.takeErrors();
  }
  if (addSpecial)
    ids.insert(ids.end(), impl->model.suffixIds.begin(),
               impl->model.suffixIds.end());
  return ids;
}

Status Tokenizer::Impl::encodePart(std::string_view text, bool beginsInput,
                                   RegexScratch &scratch,
                                   std::vector<int32_t> &ids) const {
  std::string normalized;
  if (!normalizer.empty()) {
    Result<std::string> result = normalizer.run(text, scratch);
    if (!result)
      return result.takeErrors();
    normalized = std::move(*result);
    text = normalized;
  }
  for (const AddedTokens::Part &part : normalizedTokens->split(text)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
      continue;
    }
    Status status = encodeWords(text.substr(part.begin, part.end - part.begin),
                                beginsInput && part.begin == 0, scratch, ids);
    if (!status)
      return status;
  }
  return success();
}

Status Tokenizer::Impl::encodeWords(std::string_view text, bool beginsInput,
                                    RegexScratch &scratch,
                                    std::vector<int32_t> &ids) const {
  Pieces pieces;
  pieces.text = text;
  pieces.ranges = {{0, static_cast<uint32_t>(text.size())}};
  pieces.beginsInput = beginsInput;
  if (Status status = preTokenizer.run(pieces, scratch); !status)
    return status;
  for (size_t i = 0; i < pieces.ranges.size(); ++i)
    if (Status status = segmenter->run(pieces[i], ids); !status)
      return status;
  return success();
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

struct Tokenizer::Stream::State {
  State(const Impl &tokenizer, bool skipSpecial)
      : tokenizer(tokenizer), skipSpecial(skipSpecial), run(tokenizer.decoder) {
  }

  void push(int32_t id, std::string &out) {
    if (id < 0 || id >= tokenizer.model.size() ||
        tokenizer.model.piece(id).empty() ||
        (skipSpecial && tokenizer.isSpecial(id)))
      return;
    run.push(tokenizer.model.piece(id), out);
  }

  const Impl &tokenizer;
  bool skipSpecial;
  DecoderRun run;
};

Tokenizer::Stream::Stream(std::unique_ptr<State> state)
    : state(std::move(state)) {}
Tokenizer::Stream::Stream(Stream &&) noexcept = default;
Tokenizer::Stream &Tokenizer::Stream::operator=(Stream &&) noexcept = default;
Tokenizer::Stream::~Stream() = default;

std::string Tokenizer::Stream::push(int32_t id) {
  std::string out;
  state->push(id, out);
  return out;
}

std::string Tokenizer::Stream::finish() {
  std::string out;
  state->run.finish(out);
  return out;
}

Tokenizer::Stream Tokenizer::stream(bool skipSpecial) const {
  return Stream(std::make_unique<Stream::State>(*impl, skipSpecial));
}

std::string Tokenizer::decode(std::span<const int32_t> ids,
                              bool skipSpecial) const {
  Stream::State state(*impl, skipSpecial);
  std::string out;
  for (int32_t id : ids)
    state.push(id, out);
  state.run.finish(out);
  return out;
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

std::string_view Tokenizer::tokenText(int32_t id) const {
  if (id < 0 || id >= impl->model.size())
    return {};
  return impl->model.piece(id);
}

int32_t Tokenizer::tokenId(std::string_view text) const {
  int32_t id = impl->index.find(text);
  for (const AddedToken &token : impl->model.addedTokens)
    if (id < 0 && token.content == text)
      id = token.id;
  return id;
}

int32_t Tokenizer::size() const { return impl->model.size(); }
int32_t Tokenizer::bosId() const { return impl->model.bosId; }
int32_t Tokenizer::eosId() const { return impl->model.eosId; }

const std::vector<int32_t> &Tokenizer::endIds() const {
  return impl->model.endIds;
}

bool Tokenizer::isEnd(int32_t id) const {
  return std::binary_search(endIds().begin(), endIds().end(), id);
}

bool Tokenizer::addsBos() const {
  return bosId() >= 0 && !impl->model.prefixIds.empty() &&
         impl->model.prefixIds.front() == bosId();
}

const TokenizerModel &Tokenizer::model() const { return impl->model; }

} // namespace tombolo::text
