//===- GgufTokenizer.cpp - `tokenizer.*` of a GGUF file -------------------===//

#include "frontends/tokenizer/Facts.h"
#include "frontends/tokenizer/Fields.h"
#include "frontends/tokenizer/Import.h"
#include "frontends/tokenizer/OnigurumaPattern.h"
#include "frontends/tokenizer/PreTokenizerFamilies.h"
#include "support/Json.h"
#include "support/Spelling.h"
#include "support/Text.h"
#include <algorithm>
#include <array>
#include <unordered_map>

namespace tombolo {

using Json = nlohmann::ordered_json;
using text::AddedToken;
using text::DecoderStep;
using text::ModelKind;
using text::NormalizerStep;
using text::PieceType;
using text::PreTokenizerStep;
using text::SplitBehavior;

static const std::string kMetaspace = "\xE2\x96\x81"; // U+2581

/// Files from before `eot_token_id` end a turn with one of these tokens, which
/// no key names.
static constexpr std::array<std::string_view, 7> kEndOfTurnTexts = {
    "<|eot_id|>", "<|im_end|>",    "<|end|>", "<end_of_turn>",
    "<turn|>",    "<|endofturn|>", "<EOT>"};

namespace {

class GgufImporter {
public:
  GgufImporter(const Json &metadata, const std::string &where,
               const TokenizerSources &sources)
      : where(where), sources(sources), defaults(sources.defaults),
        fields(metadata, where, "") {}

  Result<text::TokenizerModel> run();

private:
  Status readVocabulary(bool scored);
  Status readScores();
  Status readMerges();
  Status readSpecialIds();
  Status readFamily();
  void readAddedTokens();
  Status byteLevel();
  Status scoredBpe();
  Status unigram();
  Status gemma4();
  Status addAround(bool addBos, bool addEos);
  void nameSpecialTokens();
  std::vector<int32_t> endOfTurnIds();

  int32_t optionalId(std::string_view key, int32_t otherwise = -1) {
    std::optional<int64_t> id =
        fields.optionalInteger(key, 0, int64_t(model.size()) - 1);
    if (id)
      return static_cast<int32_t>(*id);
    return otherwise < model.size() ? otherwise : -1;
  }
  Error error(std::string message) const {
    return Error(where, std::move(message));
  }
  void splitBy(std::string pattern) {
    PreTokenizerStep step{PreTokenizerStep::Kind::Split};
    step.pattern = {true, std::move(pattern)};
    model.preTokenizer.push_back(std::move(step));
  }
  void replaceSpaces() {
    NormalizerStep step{NormalizerStep::Kind::Replace};
    step.pattern = {false, " "};
    step.content = kMetaspace;
    model.normalizer.push_back(std::move(step));
  }
  void collapseSpaces() {
    NormalizerStep strip{NormalizerStep::Kind::Strip};
    strip.left = strip.right = true;
    NormalizerStep collapse{NormalizerStep::Kind::Replace};
    collapse.pattern = {true, " {2,}"};
    collapse.content = " ";
    model.normalizer.push_back(std::move(strip));
    model.normalizer.push_back(std::move(collapse));
  }
  void metaspaceDecoder(bool stripFirst) {
    DecoderStep replace{DecoderStep::Kind::Replace};
    replace.pattern = {false, kMetaspace};
    replace.content = " ";
    model.decoder.push_back(std::move(replace));
    model.decoder.push_back({DecoderStep::Kind::ByteFallback});
    model.decoder.push_back({DecoderStep::Kind::Fuse});
    if (!stripFirst)
      return;
    DecoderStep strip{DecoderStep::Kind::Strip};
    strip.content = " ";
    strip.start = 1;
    model.decoder.push_back(std::move(strip));
  }

  const std::string &where;
  const TokenizerSources &sources;
  const TokenizerDefaults &defaults;
  Fields fields;
  text::TokenizerModel model;
  /// Texts to ids; of equal texts the last, as llama.cpp has it.
  std::unordered_map<std::string_view, int32_t> ids;
};

Status GgufImporter::readVocabulary(bool scored) {
  const Json &tokens = fields.array("tokenizer.ggml.tokens");
  if (Status status = fields.status(); !status)
    return status;
  const Json *types = fields.find("tokenizer.ggml.token_type");
  if (tokens.empty() || tokens.size() > text::kMaxPieces)
    return error("'tokenizer.ggml.tokens': expects 1 to " +
                 std::to_string(text::kMaxPieces) + " tokens, but got " +
                 std::to_string(tokens.size()));
  if (types && (!types->is_array() || types->size() != tokens.size()))
    return error("'tokenizer.ggml.token_type': expects a type for each of " +
                 std::to_string(tokens.size()) + " tokens, but got " +
                 (types->is_array() ? std::to_string(types->size())
                                    : std::string(jsonKind(*types))));
  ids.reserve(tokens.size());
  size_t total = 0;
  for (size_t id = 0; id < tokens.size(); ++id) {
    const Json::string_t *text = tokens[id].get_ptr<const Json::string_t *>();
    if (!text)
      return error("'tokenizer.ggml.tokens[" + std::to_string(id) +
                   "]': expects a string, but got " +
                   std::string(jsonKind(tokens[id])));
    int64_t type = 1;
    if (types) {
      const Json &value = (*types)[id];
      if (!value.is_number_integer() || value.get<int64_t>() < 1 ||
          value.get<int64_t>() > 6)
        return error("'tokenizer.ggml.token_type[" + std::to_string(id) +
                     "]': expects 1 to 6, but got " + value.dump());
      type = value.get<int64_t>();
    }
    total += text->size();
    if (total > text::kMaxBlobBytes)
      return error("'tokenizer.ggml.tokens': expects at most " +
                   std::to_string(text::kMaxBlobBytes) + " bytes");
    model.addPiece(*text, static_cast<PieceType>(type));
    if (!text->empty())
      ids[*text] = static_cast<int32_t>(id);
  }
  return scored ? readScores() : success();
}

Status GgufImporter::readScores() {
  const Json &scores = fields.array("tokenizer.ggml.scores");
  if (Status status = fields.status(); !status)
    return status;
  if (scores.size() != model.types.size())
    return error("'tokenizer.ggml.scores': expects a score for each of " +
                 std::to_string(model.types.size()) + " tokens, but got " +
                 std::to_string(scores.size()));
  for (const Json &score : scores) {
    if (!score.is_number())
      return error("'tokenizer.ggml.scores': expects numbers, but got " +
                   std::string(jsonKind(score)));
    model.scores.push_back(score.get<double>());
  }
  return success();
}

Status GgufImporter::readMerges() {
  const Json &merges = fields.array("tokenizer.ggml.merges");
  if (Status status = fields.status(); !status)
    return status;
  model.merges.reserve(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    auto fail = [&](std::string message) {
      return error("'tokenizer.ggml.merges[" + std::to_string(rank) +
                   "]': " + std::move(message));
    };
    const Json::string_t *merge =
        merges[rank].get_ptr<const Json::string_t *>();
    // A token may begin with a space.
    size_t space = merge ? merge->find(' ', 1) : std::string::npos;
    if (space == std::string::npos)
      return fail("expects two tokens with a space between them");
    std::string_view left = std::string_view(*merge).substr(0, space);
    std::string_view right = std::string_view(*merge).substr(space + 1);
    std::array<int32_t, 2> pair;
    for (auto [i, token] : {std::pair(0, left), std::pair(1, right)}) {
      auto it = ids.find(token);
      if (it == ids.end())
        return fail("the vocabulary has no token " + quote(token));
      pair[i] = it->second;
    }
    model.merges.emplace_back(pair[0], pair[1]);
  }
  return success();
}

Status GgufImporter::readSpecialIds() {
  bool sentencePiece = model.kind == ModelKind::ScoredBpe;
  // The places that SentencePiece gives them, where the file does not say.
  model.bosId =
      optionalId("tokenizer.ggml.bos_token_id", sentencePiece ? 1 : -1);
  model.eosId = optionalId("tokenizer.ggml.eos_token_id",
                           model.kind == ModelKind::Bpe ? -1
                           : sentencePiece              ? 2
                                                        : 1);
  model.unknownId = optionalId("tokenizer.ggml.unknown_token_id",
                               model.kind == ModelKind::Bpe ? -1
                               : sentencePiece              ? 0
                                                            : 2);
  model.padId = optionalId("tokenizer.ggml.padding_token_id");
  return fields.status();
}

/// llama.cpp looks for control, unknown and user-defined tokens in the text
/// before it does anything else, as tokenizer.json's added tokens.
void GgufImporter::readAddedTokens() {
  // GGUF has no key for what tokens take of the white space beside them.
  const auto &except = defaults.rstripExcept;
  for (int32_t id = 0; id < model.size(); ++id) {
    PieceType type = model.types[id];
    bool special = type == PieceType::Control || type == PieceType::Unknown;
    if ((!special && type != PieceType::UserDefined) || model.piece(id).empty())
      continue;
    AddedToken token;
    token.id = id;
    token.content = model.piece(id);
    token.special = special;
    token.rstrip = except && special &&
                   std::find(except->begin(), except->end(), token.content) ==
                       except->end();
    model.addedTokens.push_back(std::move(token));
  }
}

Status GgufImporter::addAround(bool addBos, bool addEos) {
  addBos = fields.boolean("tokenizer.ggml.add_bos_token", addBos);
  addEos = fields.boolean("tokenizer.ggml.add_eos_token", addEos);
  if (fields.boolean("tokenizer.ggml.add_sep_token", false))
    fields.fail("'tokenizer.ggml.add_sep_token' is not in this version");
  if (Status status = fields.status(); !status)
    return status;
  if (addBos && model.bosId < 0)
    return error("expects 'tokenizer.ggml.bos_token_id', because each text is "
                 "to begin with it");
  if (addEos && model.eosId < 0)
    return error("expects 'tokenizer.ggml.eos_token_id', because each text is "
                 "to end with it");
  if (addBos)
    model.prefixIds = {model.bosId};
  if (addEos)
    model.suffixIds = {model.eosId};
  return success();
}

Status GgufImporter::readFamily() {
  // A file that names its family means that family's beginning of texts too.
  bool isNamed = fields.find("tokenizer.ggml.pre") || defaults.pre.empty();
  std::string name =
      isNamed ? fields.string("tokenizer.ggml.pre") : defaults.pre;
  const std::string place =
      isNamed ? "'tokenizer.ggml.pre'"
              : "there is no 'tokenizer.ggml.pre', and the family's "
                "description has tokenizer 'pre'";
  if (Status status = fields.status(); !status)
    return status;
  std::vector<std::string_view> known;
  for (const PreTokenizerFamily &family : preTokenizerFamilies()) {
    known.insert(known.end(), family.names.begin(), family.names.end());
    if (std::find(family.names.begin(), family.names.end(), name) ==
        family.names.end())
      continue;
    if (family.normalizeNfc)
      model.normalizer.push_back({NormalizerStep::Kind::NFC});
    for (std::string_view pattern : family.patterns) {
      Result<std::string> translated = translateOnigurumaPattern(pattern);
      if (!translated)
        return error(place + ": " + translated.error().message);
      splitBy(std::move(*translated));
    }
    model.preTokenizer.push_back({PreTokenizerStep::Kind::ByteLevel});
    model.ignoreMerges = family.ignoreMerges;
    return addAround(isNamed ? family.addBos
                             : defaults.addBos.value_or(family.addBos),
                     false);
  }
  std::string hint;
  if (std::optional<std::string> near =
          nearest(name, std::span<const std::string_view>(known)))
    hint = "; the nearest one known is " + quote(*near);
  return error(place + ": pre-tokenizer " + quote(name) +
               " is not in this version" + hint);
}

Status GgufImporter::byteLevel() {
  model.kind = ModelKind::Bpe;
  if (Status status = readVocabulary(false); !status)
    return status;
  if (Status status = readMerges(); !status)
    return status;
  if (Status status = readSpecialIds(); !status)
    return status;
  model.decoder.push_back({DecoderStep::Kind::ByteLevel});
  return readFamily();
}

Status GgufImporter::scoredBpe() {
  model.kind = ModelKind::ScoredBpe;
  model.byteFallback = model.fuseUnknown = true;
  if (Status status = readVocabulary(true); !status)
    return status;
  if (Status status = readSpecialIds(); !status)
    return status;
  if (fields.boolean("tokenizer.ggml.remove_extra_whitespaces", false))
    collapseSpaces();
  bool prefix = fields.boolean("tokenizer.ggml.add_space_prefix", true);
  if (prefix) {
    NormalizerStep step{NormalizerStep::Kind::Prepend};
    step.content = kMetaspace;
    model.normalizer.push_back(std::move(step));
  }
  replaceSpaces();
  metaspaceDecoder(prefix);
  return addAround(defaults.addBos.value_or(true), false);
}

Status GgufImporter::unigram() {
  using Prepend = PreTokenizerStep::Prepend;
  model.kind = ModelKind::Unigram;
  model.fuseUnknown = true;
  if (Status status = readVocabulary(true); !status)
    return status;
  model.byteFallback = std::find(model.types.begin(), model.types.end(),
                                 PieceType::Byte) != model.types.end();
  if (Status status = readSpecialIds(); !status)
    return status;
  if (const Json *map = fields.find("tokenizer.ggml.precompiled_charsmap")) {
    NormalizerStep step{NormalizerStep::Kind::Precompiled};
    if (!map->is_array())
      return error("'tokenizer.ggml.precompiled_charsmap': expects an array, "
                   "but got " +
                   std::string(jsonKind(*map)));
    for (const Json &byte : *map) {
      // Stored as signed or unsigned bytes.
      if (!byte.is_number_integer() || byte.get<int64_t>() < -128 ||
          byte.get<int64_t>() > 255)
        return error("'tokenizer.ggml.precompiled_charsmap': expects bytes, "
                     "but got " +
                     byte.dump());
      step.content += static_cast<char>(byte.get<int64_t>());
    }
    model.normalizer.push_back(std::move(step));
  }
  if (fields.boolean("tokenizer.ggml.remove_extra_whitespaces", false))
    collapseSpaces();
  bool prefix = fields.boolean("tokenizer.ggml.add_space_prefix", true);
  PreTokenizerStep metaspace{PreTokenizerStep::Kind::Metaspace};
  metaspace.content = kMetaspace;
  metaspace.prepend = prefix ? Prepend::Always : Prepend::Never;
  metaspace.split = true;
  model.preTokenizer.push_back(std::move(metaspace));
  if (model.byteFallback) {
    metaspaceDecoder(prefix);
  } else {
    DecoderStep decoder{DecoderStep::Kind::Metaspace};
    decoder.pattern = {false, kMetaspace};
    decoder.dropInFirst = prefix;
    model.decoder.push_back(std::move(decoder));
  }
  return addAround(defaults.addBos.value_or(false), true);
}

/// A list of merges over code points, with spaces as U+2581 and words that
/// end at lines only.
Status GgufImporter::gemma4() {
  model.kind = ModelKind::Bpe;
  model.byteFallback = model.fuseUnknown = true;
  if (Status status = readVocabulary(false); !status)
    return status;
  if (Status status = readMerges(); !status)
    return status;
  if (Status status = readSpecialIds(); !status)
    return status;
  replaceSpaces();
  splitBy("\\n+");
  metaspaceDecoder(false);
  return addAround(defaults.addBos.value_or(true), false);
}

/// Under the names that transformers gives them.
void GgufImporter::nameSpecialTokens() {
  const std::pair<const char *, int32_t> tokens[] = {
      {"bos_token", model.bosId},
      {"eos_token", model.eosId},
      {"unk_token", model.unknownId},
      // So it is spelled in files.
      {"sep_token", optionalId("tokenizer.ggml.seperator_token_id")},
      {"pad_token", model.padId},
      {"cls_token", optionalId("tokenizer.ggml.cls_token_id")},
      {"mask_token", optionalId("tokenizer.ggml.mask_token_id")}};
  for (auto [name, id] : tokens)
    if (id >= 0 && !model.piece(id).empty())
      model.specialTokens.push_back({name, std::string(model.piece(id))});
}

std::vector<int32_t> GgufImporter::endOfTurnIds() {
  std::vector<int32_t> found;
  for (std::string_view key :
       {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
    if (int32_t id = optionalId(key); id >= 0)
      found.push_back(id);
  if (fields.find("tokenizer.ggml.eot_token_id"))
    return found;
  for (std::string_view text : kEndOfTurnTexts)
    if (auto it = ids.find(text);
        it != ids.end() && model.types[it->second] == PieceType::Control)
      found.push_back(it->second);
  return found;
}

Result<text::TokenizerModel> GgufImporter::run() {
  std::string kind = fields.string("tokenizer.ggml.model");
  Status status = fields.status();
  if (!status)
    return status.takeErrors();
  if (kind == "gpt2")
    status = byteLevel();
  else if (kind == "llama")
    status = scoredBpe();
  else if (kind == "t5")
    status = unigram();
  else if (kind == "gemma4")
    status = gemma4();
  else
    return error("'tokenizer.ggml.model': tokenizer " + quote(kind) +
                 " is not in this version");
  if (!status)
    return status.takeErrors();
  readAddedTokens();
  nameSpecialTokens();
  std::vector<int32_t> ends = endOfTurnIds();
  if (status = fields.status(); !status)
    return status.takeErrors();
  if (status = readEndIds(sources, std::move(ends), model); !status)
    return status.takeErrors();
  return finishImport(std::move(model), where);
}

} // namespace

Result<text::TokenizerModel>
importGgufTokenizer(const Json &metadata, const std::string &where,
                    const TokenizerSources &sources) {
  if (!metadata.is_object())
    return Error(where, "expects metadata as an object, but got " +
                            std::string(jsonKind(metadata)));
  return GgufImporter(metadata, where, sources).run();
}

} // namespace tombolo
