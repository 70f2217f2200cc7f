//===- TokenizerModel.cpp -------------------------------------------------===//

#include "runtime/text/TokenizerModel.h"
#include "support/Text.h"
#include <cmath>

namespace tombolo::text {

static Error invalid(std::string message) {
  return Error("", "tokenizer: " + std::move(message));
}

static Status checkIds(const TokenizerModel &model) {
  auto inRange = [&](int32_t id) { return id >= 0 && id < model.size(); };
  auto optional = [&](int32_t id) { return id == -1 || inRange(id); };
  if (!optional(model.unknownId) || !optional(model.bosId) ||
      !optional(model.eosId) || !optional(model.padId))
    return invalid("a special id is outside of the vocabulary");
  for (const std::vector<int32_t> *ids : {&model.prefixIds, &model.suffixIds})
    for (int32_t id : *ids)
      if (!inRange(id))
        return invalid("id " + std::to_string(id) +
                       " that is added to every text is outside of the "
                       "vocabulary");
  for (size_t i = 0; i < model.endIds.size(); ++i)
    if (model.endIds[i] < 0 || (i && model.endIds[i - 1] >= model.endIds[i]))
      return invalid("expects end ids that ascend from 0");
  for (auto [left, right] : model.merges)
    if (!inRange(left) || !inRange(right))
      return invalid("a merge names an id outside of the vocabulary");
  for (const AddedToken &token : model.addedTokens) {
    if (!inRange(token.id))
      return invalid("added token '" + token.content + "' has the id " +
                     std::to_string(token.id) + " outside of the vocabulary");
    if (token.content.empty() || !isUtf8(token.content) ||
        token.content.size() > kMaxSearchedPieceBytes)
      return invalid("expects added tokens of 1 to " +
                     std::to_string(kMaxSearchedPieceBytes) +
                     " bytes of UTF-8, but got one of " +
                     std::to_string(token.content.size()));
  }
  return success();
}

static Status checkSteps(const TokenizerModel &model) {
  for (const NormalizerStep &step : model.normalizer)
    if (!isUtf8(step.pattern.text) ||
        (step.kind != NormalizerStep::Kind::Precompiled &&
         !isUtf8(step.content)))
      return invalid("a normalizer's text is not UTF-8");
  for (const PreTokenizerStep &step : model.preTokenizer) {
    if (!isUtf8(step.pattern.text) || !isUtf8(step.content))
      return invalid("a pre-tokenizer's text is not UTF-8");
    if (step.kind == PreTokenizerStep::Kind::Metaspace && step.content.empty())
      return invalid("expects a replacement in 'Metaspace'");
  }
  bool fused = false;
  for (const DecoderStep &step : model.decoder) {
    using Kind = DecoderStep::Kind;
    if (!isUtf8(step.pattern.text) || !isUtf8(step.content))
      return invalid("a decoder's text is not UTF-8");
    if (step.kind == Kind::Metaspace && step.pattern.text.empty())
      return invalid("expects a replacement in 'Metaspace'");
    if (step.kind == Kind::Strip && step.content.empty())
      return invalid("expects a text in the decoder 'Strip'");
    if (fused &&
        (step.kind == Kind::ByteFallback || step.kind == Kind::ByteLevel ||
         step.kind == Kind::JoinSpaces))
      return invalid("a decoder of single tokens stands after one that joins "
                     "them");
    fused |= step.kind == Kind::Fuse || step.kind == Kind::ByteLevel ||
             step.kind == Kind::JoinSpaces;
  }
  return success();
}

Status validate(const TokenizerModel &model) {
  if (model.offsets.empty() || model.offsets.front() != 0 ||
      model.offsets.back() != model.blob.size() ||
      model.blob.size() > kMaxBlobBytes || model.offsets.size() == 1)
    return invalid("expects a vocabulary of at least one piece whose offsets "
                   "cover its text");
  if (model.offsets.size() - 1 > kMaxPieces)
    return invalid("expects at most " + std::to_string(kMaxPieces) +
                   " pieces, but got " +
                   std::to_string(model.offsets.size() - 1));
  size_t count = model.offsets.size() - 1;
  bool scored = model.kind != ModelKind::Bpe;
  if (model.types.size() != count ||
      model.scores.size() != (scored ? count : 0))
    return invalid("expects a type" +
                   std::string(scored ? " and a score" : "") + " for each of " +
                   std::to_string(count) + " pieces, but got " +
                   std::to_string(model.types.size()) + " and " +
                   std::to_string(model.scores.size()));
  for (size_t i = 0; i < count; ++i) {
    if (model.offsets[i] > model.offsets[i + 1])
      return invalid("offsets of pieces do not ascend");
    if (!isUtf8(model.piece(i)))
      return invalid("piece " + std::to_string(i) + " is not UTF-8");
    if (scored && model.piece(i).size() > kMaxSearchedPieceBytes)
      return invalid("piece " + std::to_string(i) + " has " +
                     std::to_string(model.piece(i).size()) +
                     " bytes; this kind of model takes at most " +
                     std::to_string(kMaxSearchedPieceBytes));
    if (scored && !std::isfinite(model.scores[i]))
      return invalid("piece " + std::to_string(i) + " has no finite score");
  }
  if (scored && !model.merges.empty())
    return invalid("merges belong to byte pair encodings without scores");
  for (const SpecialToken &token : model.specialTokens)
    if (!isUtf8(token.name) || !isUtf8(token.text))
      return invalid("a special token is not UTF-8");
  if (Status status = checkIds(model); !status)
    return status;
  return checkSteps(model);
}

} // namespace tombolo::text
