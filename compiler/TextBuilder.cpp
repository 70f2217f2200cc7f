//===- TextBuilder.cpp - The text side of an artifact ---------------------===//

#include "compiler/TextBuilder.h"
#include "frontends/tokenizer/Import.h"
#include "support/MappedFile.h"

using namespace tombolo;

/// A number of generation_config.json, where it has one.
static void readNumber(const nlohmann::ordered_json &config, const char *key,
                       float &value) {
  if (config.is_object() && config.contains(key) && config[key].is_number())
    value = config[key].get<float>();
}

static Result<text::TokenizerModel>
importTokenizer(const Checkpoint &checkpoint) {
  TokenizerSources sources;
  sources.tokenizerConfig = &checkpoint.tokenizerConfig;
  sources.config = &checkpoint.config;
  sources.generationConfig = &checkpoint.generationConfig;
  sources.chatTemplate = checkpoint.chatTemplate;
  if (checkpoint.container == Container::Gguf)
    return importGgufTokenizer(checkpoint.metadata, checkpoint.path, sources);
  Result<std::shared_ptr<MappedFile>> file =
      MappedFile::open(checkpoint.tokenizerJson);
  if (!file)
    return file.takeErrors();
  return importTokenizerJson((*file)->text(), checkpoint.tokenizerJson,
                             sources);
}

/// End tokens that config and generation_config name: one, or a list.
static void addEndTokens(const nlohmann::ordered_json &config,
                         std::vector<int> &ids) {
  if (!config.is_object() || !config.contains("eos_token_id"))
    return;
  const auto &value = config["eos_token_id"];
  auto add = [&](const nlohmann::ordered_json &id) {
    if (id.is_number_integer() && id.get<int64_t>() >= 0 &&
        id.get<int64_t>() <= INT32_MAX &&
        std::find(ids.begin(), ids.end(), id.get<int>()) == ids.end())
      ids.push_back(id.get<int>());
  };
  if (value.is_array())
    for (const auto &id : value)
      add(id);
  else
    add(value);
}

Result<std::unique_ptr<artifact::TextT>>
tombolo::buildText(const Checkpoint &checkpoint) {
  auto made = std::make_unique<artifact::TextT>();
  bool hasTokenizer =
      checkpoint.container == Container::Gguf
          ? checkpoint.metadata.contains("tokenizer.ggml.model") &&
                checkpoint.metadata["tokenizer.ggml.model"] != "none" &&
                checkpoint.metadata["tokenizer.ggml.model"] != "no_vocab"
          : !checkpoint.tokenizerJson.empty();
  if (hasTokenizer) {
    Result<text::TokenizerModel> model = importTokenizer(checkpoint);
    if (!model)
      return model.takeErrors();
    std::string bytes = text::serialize(*model);
    made->tokenizer.assign(bytes.begin(), bytes.end());
    made->bos_token = model->bosId;
    made->end_tokens.assign(model->endIds.begin(), model->endIds.end());
  } else {
    addEndTokens(checkpoint.config, made->end_tokens);
    addEndTokens(checkpoint.generationConfig, made->end_tokens);
  }
  made->chat_template = checkpoint.chatTemplate;
  const auto &generation = checkpoint.generationConfig;
  // transformers samples only where `do_sample` says so.
  bool samples = generation.is_object() && generation.value("do_sample", false);
  if (samples) {
    made->temperature = 1; // transformers' own default
    readNumber(generation, "temperature", made->temperature);
    readNumber(generation, "top_p", made->top_p);
    readNumber(generation, "min_p", made->min_p);
    float topK = -1;
    readNumber(generation, "top_k", topK);
    made->top_k = static_cast<int>(topK);
  }
  readNumber(generation, "repetition_penalty", made->repeat_penalty);
  return made;
}
