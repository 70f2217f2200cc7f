//===- TokenizerJson.cpp - Hugging Face's tokenizer.json ------------------===//

#include "frontends/tokenizer/Facts.h"
#include "frontends/tokenizer/Fields.h"
#include "frontends/tokenizer/Import.h"
#include "frontends/tokenizer/Steps.h"
#include "runtime/text/Segmenter.h"
#include "support/Json.h"
#include "support/Text.h"
#include <charconv>
#include <unordered_map>
#include <unordered_set>

namespace tombolo {

using Json = nlohmann::ordered_json;
using text::AddedToken;
using text::ModelKind;
using text::PieceType;

namespace {

class Importer {
public:
  Importer(const Json &root, const std::string &where)
      : root(root), where(where) {}

  Result<text::TokenizerModel> run(const TokenizerSources &sources);

private:
  Status readModel();
  Status readBpe(Fields &fields);
  Status readUnigram(Fields &fields);
  Status readAddedTokens();
  Status addToken(Fields &fields, int64_t id, const Json &value);
  Status readConfigTokens(const Json &config);
  Status checkConfigToken(int32_t id, std::string_view text);
  Status readMerges(const Json &merges);
  Status place(int64_t id, std::string_view text, PieceType type);
  Status fillVocabulary();
  int32_t idOf(std::string_view text) const {
    auto it = ids.find(text);
    return it == ids.end() ? -1 : it->second;
  }
  Error error(std::string message) const {
    return Error(where, std::move(message));
  }

  struct Entry {
    std::string_view text;
    PieceType type = PieceType::Unused;
    double score = 0;
  };

  const Json &root;
  const std::string &where;
  text::TokenizerModel model;
  std::vector<Entry> entries; ///< by id
  std::unordered_map<std::string_view, int32_t> ids;
  const Json *merges = nullptr;
};

Status Importer::place(int64_t id, std::string_view text, PieceType type) {
  // Ids that nothing has cost memory: allow the gaps of real vocabularies.
  int64_t limit = static_cast<int64_t>(
      std::min(text::kMaxPieces, 4 * ids.size() + (size_t(1) << 20)));
  if (id < 0 || id >= limit)
    return error("token " + quote(text) + ": expects an id from 0 to " +
                 std::to_string(limit - 1) + ", but got " + std::to_string(id));
  auto [it, isNew] = ids.emplace(text, static_cast<int32_t>(id));
  if (!isNew && it->second != id)
    return error("token " + quote(text) + " has two ids: " +
                 std::to_string(it->second) + " and " + std::to_string(id));
  if (entries.size() <= static_cast<size_t>(id))
    entries.resize(static_cast<size_t>(id) + 1);
  Entry &entry = entries[static_cast<size_t>(id)];
  if (entry.type != PieceType::Unused && entry.text != text)
    return error("id " + std::to_string(id) + " has two tokens: " +
                 quote(entry.text) + " and " + quote(text));
  entry.text = text;
  entry.type = type;
  return success();
}

/// A string's own bytes, which live as long as the document.
static std::string_view viewOf(const Json &string) {
  return *string.get_ptr<const Json::string_t *>();
}

Status Importer::readBpe(Fields &fields) {
  model.kind = ModelKind::Bpe;
  model.byteFallback = fields.boolean("byte_fallback", false);
  model.fuseUnknown = fields.boolean("fuse_unk", false);
  model.ignoreMerges = fields.boolean("ignore_merges", false);
  for (std::string_view key :
       {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!fields.string(key, "").empty())
      fields.fail("'" + std::string(key) + "' is not in this version");
  if (const Json *dropout = fields.find("dropout"))
    if (!dropout->is_number() || dropout->get<double>() != 0)
      fields.fail("'dropout' is not in this version");
  std::string unknown = fields.string("unk_token", "");
  const Json &vocab = fields.object("vocab");
  merges = &fields.array("merges");
  if (Status status = fields.done({"type"}); !status)
    return status;
  ids.reserve(vocab.size() * 2);
  // The document's own keys: `entries` and `ids` point into them.
  for (const auto &[text, id] : *vocab.get_ptr<const Json::object_t *>()) {
    if (!id.is_number_integer())
      return error("token " + quote(text) +
                   ": expects an integer id, but got " +
                   std::string(jsonKind(id)));
    bool isByte = model.byteFallback && text::byteOfPiece(text) >= 0;
    if (Status status = place(id.get<int64_t>(), text,
                              isByte ? PieceType::Byte : PieceType::Normal);
        !status)
      return status;
  }
  if (!unknown.empty()) {
    model.unknownId = idOf(unknown);
    model.unknownIsError = model.unknownId < 0;
    if (model.unknownId >= 0)
      entries[model.unknownId].type = PieceType::Unknown;
  }
  return success();
}

Status Importer::readMerges(const Json &list) {
  model.merges.reserve(list.size());
  for (size_t rank = 0; rank < list.size(); ++rank) {
    const Json &merge = list[rank];
    std::string_view left, right;
    if (merge.is_string()) {
      std::string_view both = viewOf(merge);
      size_t space = both.find(' ');
      if (space != std::string_view::npos &&
          both.find(' ', space + 1) == std::string_view::npos) {
        left = both.substr(0, space);
        right = both.substr(space + 1);
      }
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      left = viewOf(merge[0]);
      right = viewOf(merge[1]);
    }
    if (left.empty() || right.empty())
      return error("'model.merges[" + std::to_string(rank) +
                   "]': expects two tokens");
    for (std::string_view token : {left, right})
      if (idOf(token) < 0)
        return error("'model.merges[" + std::to_string(rank) +
                     "]': the vocabulary has no token " + quote(token));
    model.merges.emplace_back(idOf(left), idOf(right));
  }
  return success();
}

Status Importer::readUnigram(Fields &fields) {
  model.kind = ModelKind::Unigram;
  model.byteFallback = fields.boolean("byte_fallback", false);
  model.fuseUnknown = true;
  const Json &vocab = fields.array("vocab");
  std::optional<int64_t> unknown = fields.optionalInteger(
      "unk_id", 0, static_cast<int64_t>(vocab.size()) - 1);
  if (Status status = fields.done({"type"}); !status)
    return status;
  ids.reserve(vocab.size() * 2);
  for (size_t id = 0; id < vocab.size(); ++id) {
    const Json &piece = vocab[id];
    if (!piece.is_array() || piece.size() != 2 || !piece[0].is_string() ||
        !piece[1].is_number())
      return error("'model.vocab[" + std::to_string(id) +
                   "]': expects a piece and its score");
    std::string_view text = viewOf(piece[0]);
    bool isByte = model.byteFallback && text::byteOfPiece(text) >= 0;
    if (Status status = place(static_cast<int64_t>(id), text,
                              isByte ? PieceType::Byte : PieceType::Normal);
        !status)
      return status;
    entries[id].score = piece[1].get<double>();
  }
  if (unknown) {
    model.unknownId = static_cast<int32_t>(*unknown);
    entries[*unknown].type = PieceType::Unknown;
  }
  return success();
}

Status Importer::readModel() {
  auto it = root.find("model");
  if (it == root.end())
    return error("expects a member 'model'");
  Fields fields(*it, where, "model");
  // Files before 2020 name no type.
  const Json *vocab = fields.find("vocab");
  std::string implied = fields.find("merges")        ? "BPE"
                        : vocab && vocab->is_array() ? "Unigram"
                                                     : "WordPiece";
  std::string type = fields.string("type", implied);
  if (!fields.ok())
    return fields.status();
  if (type == "BPE")
    return readBpe(fields);
  if (type == "Unigram")
    return readUnigram(fields);
  return error("'model': tokenizer model " + quote(type) +
               " is not in this version");
}

Status Importer::readAddedTokens() {
  auto list = root.find("added_tokens");
  if (list == root.end() || list->is_null())
    return success();
  if (!list->is_array())
    return error("'added_tokens': expects an array, but got " +
                 std::string(jsonKind(*list)));
  for (size_t i = 0; i < list->size(); ++i) {
    const Json &value = (*list)[i];
    Fields fields(value, where, "added_tokens[" + std::to_string(i) + "]");
    int64_t id = fields.integer("id", 0, INT32_MAX);
    if (Status status = addToken(fields, id, value); !status)
      return status;
  }
  return success();
}

/// Adds the token that `value` describes, whose members `fields` reads.
Status Importer::addToken(Fields &fields, int64_t id, const Json &value) {
  AddedToken token;
  token.content = fields.string("content");
  token.lstrip = fields.boolean("lstrip", false);
  token.rstrip = fields.boolean("rstrip", false);
  token.singleWord = fields.boolean("single_word", false);
  token.special = fields.boolean("special", false);
  token.normalized = fields.boolean("normalized", !token.special);
  if (Status status = fields.done({"__type"}); !status)
    return status;
  if (token.content.empty())
    return success(); // never found
  token.id = static_cast<int32_t>(id);
  PieceType type = token.special ? PieceType::Control : PieceType::UserDefined;
  if (token.id == model.unknownId)
    type = PieceType::Unknown;
  token.addedOnly = idOf(token.content) < 0;
  if (Status status = place(id, viewOf(value["content"]), type); !status)
    return status;
  model.addedTokens.push_back(std::move(token));
  return success();
}

/// Both files speak of the same tokens.
Status Importer::checkConfigToken(int32_t id, std::string_view text) {
  std::string_view other;
  if (static_cast<size_t>(id) < entries.size() &&
      entries[id].type != PieceType::Unused)
    other = entries[id].text;
  if (!other.empty() && other != text)
    return Error(kTokenizerConfigName,
                 "'added_tokens_decoder': expects token " + std::to_string(id) +
                     " to be " + quote(other) + ", as " + where +
                     " has it, but got " + quote(text));
  if (int32_t known = idOf(text); known >= 0 && known != id)
    return Error(kTokenizerConfigName,
                 "'added_tokens_decoder': expects token " + quote(text) +
                     " to have id " + std::to_string(known) + ", as " + where +
                     " has it, but got " + std::to_string(id));
  return success();
}

/// transformers adds the tokens of tokenizer_config.json's
/// `added_tokens_decoder` to those that tokenizer.json adds.
Status Importer::readConfigTokens(const Json &config) {
  if (!config.is_object())
    return success();
  auto list = config.find("added_tokens_decoder");
  if (list == config.end() || list->is_null())
    return success();
  if (!list->is_object())
    return Error(kTokenizerConfigName,
                 "'added_tokens_decoder': expects an object, but got " +
                     std::string(jsonKind(*list)));
  std::unordered_set<std::string_view> added;
  for (const AddedToken &token : model.addedTokens)
    added.insert(entries[token.id].text);
  for (const auto &[key, value] : *list->get_ptr<const Json::object_t *>()) {
    int32_t id = 0;
    const char *end = key.data() + key.size();
    auto [parsed, code] = std::from_chars(key.data(), end, id);
    if (code != std::errc() || parsed != end || id < 0)
      return Error(kTokenizerConfigName,
                   "'added_tokens_decoder': expects ids from 0, but got " +
                       quote(key));
    Fields fields(value, kTokenizerConfigName, "added_tokens_decoder." + key);
    std::string text = fields.string("content");
    if (Status status = fields.status(); !status)
      return status;
    if (Status status = checkConfigToken(id, text); !status)
      return status;
    if (!added.insert(viewOf(value["content"])).second)
      continue;
    if (Status status = addToken(fields, id, value); !status)
      return status;
  }
  return success();
}

Status Importer::fillVocabulary() {
  size_t total = 0;
  for (const Entry &entry : entries)
    total += entry.text.size();
  if (total > text::kMaxBlobBytes)
    return error("expects a vocabulary of at most " +
                 std::to_string(text::kMaxBlobBytes) + " bytes, but got " +
                 std::to_string(total));
  model.blob.reserve(total);
  for (const Entry &entry : entries) {
    model.addPiece(entry.text, entry.type);
    if (model.kind != ModelKind::Bpe)
      model.scores.push_back(entry.score);
  }
  return success();
}

Result<text::TokenizerModel> Importer::run(const TokenizerSources &sources) {
  if (!root.is_object())
    return error("expects an object, but got " + std::string(jsonKind(root)));
  auto member = [&](const char *key) -> const Json & {
    static const Json null;
    auto it = root.find(key);
    return it == root.end() ? null : *it;
  };
  auto idOfToken = [this](std::string_view text) { return idOf(text); };
  if (Status status = readModel(); !status)
    return status.takeErrors();
  // Before other tokens are added to it: merges are of the model's own.
  if (merges)
    if (Status status = readMerges(*merges); !status)
      return status.takeErrors();
  if (Status status = readAddedTokens(); !status)
    return status.takeErrors();
  if (sources.tokenizerConfig)
    if (Status status = readConfigTokens(*sources.tokenizerConfig); !status)
      return status.takeErrors();
  if (Status status = fillVocabulary(); !status)
    return status.takeErrors();
  if (Status status = readNormalizer(member("normalizer"), where, model);
      !status)
    return status.takeErrors();
  if (Status status = readPreTokenizer(member("pre_tokenizer"), where, model);
      !status)
    return status.takeErrors();
  if (Status status = readDecoder(member("decoder"), where, model); !status)
    return status.takeErrors();
  if (Status status =
          readPostProcessor(member("post_processor"), where, idOfToken, model);
      !status)
    return status.takeErrors();
  if (Status status = readTokenizerConfig(sources, idOfToken, model); !status)
    return status.takeErrors();
  if (Status status = readEndIds(sources, {}, model); !status)
    return status.takeErrors();
  return finishImport(std::move(model), where);
}

} // namespace

Result<text::TokenizerModel>
importTokenizerJson(std::string_view json, const std::string &where,
                    const TokenizerSources &sources) {
  Result<Json> root = parseJson(json, where);
  if (!root)
    return root.takeErrors();
  return Importer(*root, where).run(sources);
}

} // namespace tombolo
