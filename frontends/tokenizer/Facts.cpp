//===- Facts.cpp ----------------------------------------------------------===//

#include "frontends/tokenizer/Facts.h"
#include "frontends/tokenizer/Fields.h"
#include "runtime/text/Tokenizer.h"
#include "support/Json.h"
#include "support/Text.h"
#include <algorithm>
#include <array>

namespace tombolo {

using Json = nlohmann::ordered_json;
using IdOf = std::function<int32_t(std::string_view)>;

/// transformers builds these classes' post-processor from `add_bos_token` and
/// `add_eos_token`, whatever tokenizer.json has.
static constexpr std::array<std::string_view, 8> kClassesWithOwnTemplate = {
    "LlamaTokenizer",      "LlamaTokenizerFast", "CodeLlamaTokenizer",
    "GemmaTokenizer",      "GemmaTokenizerFast", "CodeLlamaTokenizerFast",
    "CohereTokenizerFast", "CohereTokenizer"};

static constexpr const char *kAdditional = "additional_special_tokens";

/// A token is its text or an object with its text as `content`; null where it
/// is neither.
static const Json *textOfToken(const Json &value) {
  const Json *text = &value;
  if (value.is_object()) {
    auto content = value.find("content");
    if (content == value.end())
      return nullptr;
    text = &*content;
  }
  return text->is_string() ? text : nullptr;
}

/// The members of tokenizer_config.json, and which file says each.
class TokenFields {
public:
  explicit TokenFields(const TokenizerSources &sources)
      : config(given(sources.tokenizerConfig), kTokenizerConfigName, ""),
        map(given(sources.specialTokensMap), kSpecialTokensMapName, ""),
        readsMap(!config.find("added_tokens_decoder")) {}

  /// Null and absent are the same.
  const Json *find(std::string_view key) {
    const Json *value = readsMap ? map.find(key) : nullptr;
    return value ? value : config.find(key);
  }
  Error error(std::string_view key, const std::string &message) {
    bool inMap = readsMap && map.find(key);
    return Error(inMap ? kSpecialTokensMapName : kTokenizerConfigName,
                 "'" + std::string(key) + "': " + message);
  }

  Fields config;

private:
  static const Json &given(const Json *object) {
    static const Json nothing = Json::object();
    return object && !object->is_null() ? *object : nothing;
  }

  Fields map;
  bool readsMap;
};

static Status addSpecialToken(TokenFields &fields, std::string_view key,
                              const Json &value, std::string name,
                              text::TokenizerModel &model) {
  const Json *text = textOfToken(value);
  if (!text)
    return fields.error(key, "expects a token, but got " +
                                 std::string(jsonKind(value)));
  // transformers takes an empty one for none.
  if (!text->get_ref<const std::string &>().empty())
    model.specialTokens.push_back({std::move(name), text->get<std::string>()});
  return success();
}

/// The tokens that chat templates see, by their names there.
static Status readSpecialTokens(TokenFields &fields,
                                text::TokenizerModel &model) {
  model.specialTokens.clear();
  for (const char *key : {"bos_token", "eos_token", "unk_token", "sep_token",
                          "pad_token", "cls_token", "mask_token"})
    if (const Json *value = fields.find(key))
      if (Status status = addSpecialToken(fields, key, *value, key, model);
          !status)
        return status;
  // A list, or for some models an object with names of their own.
  for (const char *key : {kAdditional, "extra_special_tokens"}) {
    const Json *value = fields.find(key);
    if (!value)
      continue;
    if (!value->is_array() && !value->is_object())
      return fields.error(key, "expects an array or an object, but got " +
                                   std::string(jsonKind(*value)));
    for (const auto &[name, token] : value->items())
      if (Status status =
              addSpecialToken(fields, key, token,
                              value->is_array() ? kAdditional : name, model);
          !status)
        return status;
  }
  return success();
}

/// The id of the token that `key` names; -1 where it names none.
static Result<int32_t> readToken(TokenFields &fields, std::string_view key,
                                 const IdOf &idOf) {
  const Json *value = fields.find(key);
  if (!value)
    return -1;
  const auto &text = textOfToken(*value)->get_ref<const std::string &>();
  int32_t id = idOf(text);
  if (id < 0 && key != "pad_token")
    return fields.error(key, "the vocabulary has no token " + quote(text));
  return id;
}

Status readTokenizerConfig(const TokenizerSources &sources, const IdOf &idOf,
                           text::TokenizerModel &model) {
  bool isThere = false;
  for (const Json *file : {sources.tokenizerConfig, sources.specialTokensMap})
    isThere |= file && !file->is_null();
  if (isThere) {
    TokenFields tokens(sources);
    if (Status status = readSpecialTokens(tokens, model); !status)
      return status;
    for (auto [key, id] : {std::pair("bos_token", &model.bosId),
                           std::pair("eos_token", &model.eosId),
                           std::pair("pad_token", &model.padId)}) {
      Result<int32_t> found = readToken(tokens, key, idOf);
      if (!found)
        return found.takeErrors();
      if (*found >= 0)
        *id = *found;
    }
    Fields &fields = tokens.config;
    std::string name = fields.string("tokenizer_class", "");
    bool given = fields.find("add_bos_token") || fields.find("add_eos_token");
    bool addBos = fields.boolean("add_bos_token", true);
    bool addEos = fields.boolean("add_eos_token", false);
    if (Status status = fields.status(); !status)
      return status;
    if (given && std::find(kClassesWithOwnTemplate.begin(),
                           kClassesWithOwnTemplate.end(),
                           name) != kClassesWithOwnTemplate.end()) {
      if ((addBos && model.bosId < 0) || (addEos && model.eosId < 0))
        return Error(kTokenizerConfigName,
                     "'" +
                         std::string(addBos && model.bosId < 0 ? "bos_token"
                                                               : "eos_token") +
                         "': expects a token, because each text "
                         "is to begin or end with it");
      model.prefixIds.clear();
      model.suffixIds.clear();
      if (addBos)
        model.prefixIds = {model.bosId};
      if (addEos)
        model.suffixIds = {model.eosId};
    }
  }
  return success();
}

static Status addEndIds(const Json *config, const std::string &where,
                        std::vector<int32_t> &ids) {
  if (!config || !config->is_object())
    return success();
  if (auto inner = config->find("text_config"); inner != config->end())
    if (Status status = addEndIds(&*inner, where, ids); !status)
      return status;
  auto value = config->find("eos_token_id");
  if (value == config->end() || value->is_null())
    return success();
  Json one = Json::array();
  if (!value->is_array())
    one.push_back(*value);
  for (const Json &id : value->is_array() ? *value : one) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 ||
        id.get<int64_t>() > INT32_MAX)
      return Error(where,
                   "'eos_token_id': expects ids from 0, but got " + id.dump());
    ids.push_back(id.get<int32_t>());
  }
  return success();
}

Status readEndIds(const TokenizerSources &sources, std::vector<int32_t> more,
                  text::TokenizerModel &model) {
  std::vector<int32_t> ids = std::move(more);
  if (model.eosId >= 0)
    ids.push_back(model.eosId);
  if (Status status = addEndIds(sources.config, "config.json", ids); !status)
    return status;
  if (Status status =
          addEndIds(sources.generationConfig, "generation_config.json", ids);
      !status)
    return status;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  model.endIds = std::move(ids);
  return success();
}

Result<text::TokenizerModel> finishImport(text::TokenizerModel model,
                                          const std::string &where) {
  Result<text::Tokenizer> tokenizer = text::Tokenizer::create(model);
  if (!tokenizer)
    return Error(where, tokenizer.error().message);
  return model;
}

} // namespace tombolo
