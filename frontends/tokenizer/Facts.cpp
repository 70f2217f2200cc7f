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

static const std::string kConfigName = "tokenizer_config.json";

/// transformers builds these classes' post-processor from `add_bos_token` and
/// `add_eos_token`, whatever tokenizer.json has.
static constexpr std::array<std::string_view, 8> kClassesWithOwnTemplate = {
    "LlamaTokenizer",      "LlamaTokenizerFast", "CodeLlamaTokenizer",
    "GemmaTokenizer",      "GemmaTokenizerFast", "CodeLlamaTokenizerFast",
    "CohereTokenizerFast", "CohereTokenizer"};

/// A token is its text or an object with its text as `content`.
static Result<int32_t> readToken(Fields &fields, std::string_view key,
                                 const IdOf &idOf) {
  const Json *value = fields.find(key);
  if (!value)
    return -1;
  if (value->is_object() && value->contains("content"))
    value = &(*value)["content"];
  if (!value->is_string())
    return Error(kConfigName, "'" + std::string(key) +
                                  "': expects a token, but got " +
                                  std::string(jsonKind(*value)));
  auto text = value->get<std::string>();
  int32_t id = idOf(text);
  if (id < 0 && key != "pad_token")
    return Error(kConfigName, "'" + std::string(key) +
                                  "': the vocabulary has "
                                  "no token " +
                                  quote(text));
  return id;
}

static Status readTemplates(Fields &fields, text::TokenizerModel &model) {
  const Json *value = fields.find("chat_template");
  if (!value)
    return success();
  if (value->is_string()) {
    setChatTemplate(model, "default", value->get<std::string>());
    return success();
  }
  if (!value->is_array())
    return Error(kConfigName, "'chat_template': expects a string or an array, "
                              "but got " +
                                  std::string(jsonKind(*value)));
  for (const Json &entry : *value) {
    Fields named(entry, kConfigName, "chat_template");
    std::string name = named.string("name");
    std::string text = named.string("template");
    if (Status status = named.status(); !status)
      return status;
    setChatTemplate(model, std::move(name), std::move(text));
  }
  return success();
}

Status readTokenizerConfig(const TokenizerSources &sources, const IdOf &idOf,
                           text::TokenizerModel &model) {
  if (sources.tokenizerConfig && !sources.tokenizerConfig->is_null()) {
    Fields fields(*sources.tokenizerConfig, kConfigName, "");
    for (auto [key, id] : {std::pair("bos_token", &model.bosId),
                           std::pair("eos_token", &model.eosId),
                           std::pair("pad_token", &model.padId)}) {
      Result<int32_t> found = readToken(fields, key, idOf);
      if (!found)
        return found.takeErrors();
      if (*found >= 0)
        *id = *found;
    }
    std::string name = fields.string("tokenizer_class", "");
    bool given = fields.find("add_bos_token") || fields.find("add_eos_token");
    bool addBos = fields.boolean("add_bos_token", true);
    bool addEos = fields.boolean("add_eos_token", false);
    if (Status status = readTemplates(fields, model); !status)
      return status;
    if (Status status = fields.status(); !status)
      return status;
    if (given && std::find(kClassesWithOwnTemplate.begin(),
                           kClassesWithOwnTemplate.end(),
                           name) != kClassesWithOwnTemplate.end()) {
      if ((addBos && model.bosId < 0) || (addEos && model.eosId < 0))
        return Error(kConfigName,
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
  if (!sources.chatTemplate.empty())
    setChatTemplate(model, "default", std::string(sources.chatTemplate));
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

void setChatTemplate(text::TokenizerModel &model, std::string name,
                     std::string text) {
  for (text::ChatTemplateText &known : model.chatTemplates)
    if (known.name == name) {
      known.text = std::move(text);
      return;
    }
  model.chatTemplates.push_back({std::move(name), std::move(text)});
}

Result<text::TokenizerModel> finishImport(text::TokenizerModel model,
                                          const std::string &where) {
  Result<text::Tokenizer> tokenizer = text::Tokenizer::create(model);
  if (!tokenizer)
    return Error(where, tokenizer.error().message);
  return model;
}

} // namespace tombolo
