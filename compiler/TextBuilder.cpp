//===- TextBuilder.cpp - The text side of an artifact ---------------------===//

#include "compiler/TextBuilder.h"
#include "frontends/tokenizer/Facts.h"
#include "frontends/tokenizer/Import.h"
#include "runtime/text/jinja/ChatTemplate.h"
#include "support/Json.h"
#include "support/MappedFile.h"
#include "support/Text.h"
#include <cfloat>
#include <cmath>

using namespace tombolo;
using Json = nlohmann::ordered_json;

static const std::string kGenerationFile = "generation_config.json";

/// A key's value; null where there is none or it is null, which
/// transformers takes for not given.
static const Json *find(const Json &config, const char *key) {
  auto it = config.find(key);
  return it == config.end() || it->is_null() ? nullptr : &*it;
}

static Error refuse(const char *key, const char *expected, const Json &got) {
  return Error(kGenerationFile,
               quote(key) + ": expects " + expected + ", but got " +
                   (got.is_number() ? got.dump() : std::string(jsonKind(got))));
}

/// What the runtime takes (SamplingOptions::check), as the float it takes it
/// as.
struct SamplingNumber {
  const char *key;
  float artifact::TextT::*field;
  const char *expected;
  bool (*accepts)(float value);
};

static constexpr SamplingNumber kTemperature = {
    "temperature", &artifact::TextT::temperature, "a number of at least 0",
    [](float value) { return value >= 0; }};
static constexpr SamplingNumber kTopP = {
    "top_p", &artifact::TextT::top_p, "a number above 0 and up to 1",
    [](float value) { return value > 0 && value <= 1; }};
static constexpr SamplingNumber kMinP = {
    "min_p", &artifact::TextT::min_p, "a number from 0 to 1",
    [](float value) { return value >= 0 && value <= 1; }};
static constexpr SamplingNumber kRepeatPenalty = {
    "repetition_penalty", &artifact::TextT::repeat_penalty, "a number above 0",
    [](float value) { return value > 0; }};

static Status readNumber(const Json &config, const SamplingNumber &number,
                         artifact::TextT &text) {
  const Json *value = find(config, number.key);
  if (!value)
    return success();
  double wide = value->is_number() ? value->get<double>() : NAN;
  // Beyond this the conversion to a float is undefined.
  if (!(std::abs(wide) <= FLT_MAX) || !number.accepts(static_cast<float>(wide)))
    return refuse(number.key, number.expected, *value);
  text.*number.field = static_cast<float>(wide);
  return success();
}

static Status readTopK(const Json &config, int &topK) {
  const Json *value = find(config, "top_k");
  if (!value)
    return success();
  // -1 stands for all in files of other runtimes.
  int64_t wide = value->is_number_unsigned() &&
                         value->get<uint64_t>() > uint64_t(INT32_MAX)
                     ? int64_t(INT32_MAX) + 1
                 : value->is_number_integer() ? value->get<int64_t>()
                                              : -2;
  if (wide < -1 || wide > INT32_MAX)
    return refuse("top_k", "an integer from -1 to 2147483647", *value);
  topK = static_cast<int>(wide);
  return success();
}

static Status readGeneration(const Json &config, artifact::TextT &text) {
  if (config.is_null())
    return success();
  if (!config.is_object())
    return Error(kGenerationFile,
                 "expects an object, but got " + std::string(jsonKind(config)));
  const Json *samples = find(config, "do_sample");
  if (samples && !samples->is_boolean())
    return refuse("do_sample", "true or false", *samples);
  // transformers samples only where `do_sample` says so, then with its own
  // default of the temperature.
  if (samples && samples->get<bool>()) {
    text.temperature = 1;
    for (const SamplingNumber *number : {&kTemperature, &kTopP, &kMinP})
      if (Status status = readNumber(config, *number, text); !status)
        return status;
    if (Status status = readTopK(config, text.top_k); !status)
      return status;
  }
  return readNumber(config, kRepeatPenalty, text);
}

static Result<text::TokenizerModel>
importTokenizer(const Checkpoint &checkpoint, const TokenizerSources &sources) {
  if (checkpoint.container == Container::Gguf)
    return importGgufTokenizer(checkpoint.metadata, checkpoint.path, sources);
  Result<std::shared_ptr<MappedFile>> file =
      MappedFile::open(checkpoint.tokenizerJson);
  if (!file)
    return file.takeErrors();
  return importTokenizerJson((*file)->text(), checkpoint.tokenizerJson,
                             sources);
}

static bool hasTokenizer(const Checkpoint &checkpoint) {
  if (checkpoint.container != Container::Gguf)
    return !checkpoint.tokenizerJson.empty();
  const Json *model = find(checkpoint.metadata, "tokenizer.ggml.model");
  return model && *model != "none" && *model != "no_vocab";
}

Result<std::unique_ptr<artifact::TextT>>
tombolo::buildText(const Checkpoint &checkpoint, int64_t vocabSize,
                   TokenizerDefaults defaults) {
  auto made = std::make_unique<artifact::TextT>();
  TokenizerSources sources;
  sources.tokenizerConfig = &checkpoint.tokenizerConfig;
  sources.config = &checkpoint.config;
  sources.generationConfig = &checkpoint.generationConfig;
  sources.defaults = std::move(defaults);
  sources.specialTokensMap = &checkpoint.specialTokensMap;
  text::TokenizerModel model;
  if (hasTokenizer(checkpoint)) {
    Result<text::TokenizerModel> imported =
        importTokenizer(checkpoint, sources);
    if (!imported)
      return imported.takeErrors();
    model = std::move(*imported);
    if (model.bosId >= vocabSize)
      return Error(checkpoint.tokenizerJson.empty() ? checkpoint.path
                                                    : checkpoint.tokenizerJson,
                   "the token that begins texts, " +
                       quote(model.piece(model.bosId)) +
                       ": expects an id below the model's vocabulary of " +
                       std::to_string(vocabSize) + ", but got " +
                       std::to_string(model.bosId));
    std::string bytes = text::serialize(model);
    made->tokenizer.assign(bytes.begin(), bytes.end());
    made->bos_token = model.bosId;
  } else if (Status status = readEndIds(sources, {}, model); !status) {
    return status.takeErrors();
  }
  // An id that the model does not have never comes.
  for (int32_t id : model.endIds)
    if (id < vocabSize)
      made->end_tokens.push_back(id);
  made->chat_template = checkpoint.chatTemplate;
  // Refused here, and not by who runs the artifact.
  if (Result<text::ChatTemplate> parsed =
          text::ChatTemplate::parse(checkpoint.chatTemplate);
      !parsed)
    return Error(checkpoint.chatTemplatePath, parsed.error().str());
  if (Status status = readGeneration(checkpoint.generationConfig, *made);
      !status)
    return status.takeErrors();
  return made;
}
