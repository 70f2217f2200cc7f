// Every golden that a shipped family serves is imported and interpreted, and
// computes what transformers computed.

#include "dialects/nn/reference/Interpreter.h"
#include "dialects/nn/transforms/ExpandLayers.h"
#include "frontends/arch/Formatter.h"
#include "frontends/import/Compare.h"
#include "frontends/import/Import.h"
#include "frontends/safetensors/Safetensors.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "test/unit/support/TestFolder.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>

using namespace tombolo;

namespace {

struct GoldenCase {
  const char *source;
  const char *expected;
  const char *family;
  /// Bodies among the layers that differ.
  int64_t distinctLayers;
};

std::ostream &operator<<(std::ostream &out, const GoldenCase &golden) {
  return out << golden.source;
}

std::string golden(const std::string &path) {
  return TOMBOLO_SOURCE_DIR "/test/goldens/" + path;
}

std::vector<float> floatsOf(const WeightSource &source,
                            const std::string &name) {
  const TensorInfo *info = source.find(name);
  EXPECT_TRUE(info) << name;
  std::vector<float> values(info ? info->elements() : 0);
  if (info) {
    auto read = source.read(*info);
    EXPECT_TRUE(read.ok());
    EXPECT_TRUE(decode(info->encoding, read->bytes, values).ok());
  }
  return values;
}

std::vector<int32_t> idsOf(const WeightSource &source,
                           const std::string &name) {
  std::vector<int32_t> ids;
  for (float value : floatsOf(source, name))
    ids.push_back(static_cast<int32_t>(value));
  return ids;
}

double relativeError(const std::vector<float> &got,
                     const std::vector<float> &expected) {
  EXPECT_EQ(got.size(), expected.size());
  double difference = 0, norm = 0;
  for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i) {
    double d = static_cast<double>(got[i]) - expected[i];
    difference += d * d;
    norm += static_cast<double>(expected[i]) * expected[i];
  }
  return std::sqrt(difference / norm);
}

std::string messages(const std::vector<Error> &errors) {
  std::string text;
  for (const Error &error : errors)
    text += error.str() + "\n";
  return text;
}

class Golden : public testing::TestWithParam<GoldenCase> {
protected:
  void SetUp() override {
    Result<Checkpoint> opened = openCheckpoint(golden(GetParam().source));
    ASSERT_TRUE(opened.ok()) << messages(opened.errors());
    checkpoint = std::move(*opened);
    Status values = readSafetensors(golden(GetParam().expected), expected);
    ASSERT_TRUE(values.ok()) << messages(values.errors());
    auto imported = importModel(context, checkpoint, {}, &report);
    ASSERT_TRUE(imported.ok()) << messages(imported.errors());
    module = std::move(*imported);
  }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  Checkpoint checkpoint;
  WeightSource expected;
  ImportReport report;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_P(Golden, IsServedByItsFamily) {
  EXPECT_EQ(report.family, GetParam().family);
  EXPECT_EQ(report.distinctLayers, GetParam().distinctLayers);
  EXPECT_TRUE(report.unreadKeys.empty());
  EXPECT_GT(report.contextLength, 0);
}

TEST_P(Golden, ComputesWhatTransformersComputed) {
  nn::Interpreter interpreter(*module, checkpoint.weights);
  std::vector<int32_t> tokens = idsOf(expected, "input_ids");
  auto step = interpreter.feed(tokens);
  ASSERT_TRUE(step.ok()) << messages(step.errors());
  EXPECT_EQ(static_cast<int64_t>(step->taps.size()), report.layers + 1);
  for (const auto &[number, tap] : step->taps) {
    std::string name = "hidden." + std::to_string(number);
    EXPECT_LT(relativeError(tap.floats, floatsOf(expected, name)), 1e-4)
        << name;
  }
  auto logits = interpreter.logits(step->hidden);
  ASSERT_TRUE(logits.ok()) << messages(logits.errors());
  EXPECT_LT(relativeError(logits->floats, floatsOf(expected, "logits")), 1e-4);
}

TEST_P(Golden, ExpandedLayersComputeTheSame) {
  std::vector<int32_t> tokens = idsOf(expected, "input_ids");
  tokens.resize(std::min<size_t>(tokens.size(), 6));
  mlir::OwningOpRef<mlir::ModuleOp> expanded = module->clone();
  ASSERT_TRUE(mlir::succeeded(nn::expandLayers(*expanded)));
  ASSERT_TRUE(mlir::succeeded(mlir::verify(*expanded)));
  int64_t functions = 0;
  for (auto function : expanded->getOps<mlir::func::FuncOp>())
    functions += function.isPrivate();
  EXPECT_EQ(functions, report.distinctLayers);
  nn::Interpreter one(*module, checkpoint.weights),
      other(*expanded, checkpoint.weights);
  auto step = one.feed(tokens), same = other.feed(tokens);
  ASSERT_TRUE(step.ok()) << messages(step.errors());
  ASSERT_TRUE(same.ok()) << messages(same.errors());
  EXPECT_EQ(step->hidden.floats, same->hidden.floats);
  EXPECT_EQ(step->taps.size(), same->taps.size());
}

TEST_P(Golden, ChunksEqualTheWhole) {
  std::vector<int32_t> tokens = idsOf(expected, "input_ids");
  nn::InterpreterOptions options;
  options.ropeLength = tokens.size();
  nn::Interpreter interpreter(*module, checkpoint.weights, options);
  auto whole = interpreter.feed(tokens);
  ASSERT_TRUE(whole.ok()) << messages(whole.errors());
  interpreter.restart();
  std::vector<float> rows;
  size_t sizes[] = {5, 1, 1, 20};
  for (size_t at = 0, i = 0; at < tokens.size(); ++i) {
    size_t size = std::min(i < 4 ? sizes[i] : 3, tokens.size() - at);
    auto step =
        interpreter.feed(std::span<const int32_t>(tokens).subspan(at, size));
    ASSERT_TRUE(step.ok()) << messages(step.errors());
    rows.insert(rows.end(), step->hidden.floats.begin(),
                step->hidden.floats.end());
    at += size;
  }
  EXPECT_LT(relativeError(rows, whole->hidden.floats), 1e-5);
}

/// The prompt at once, then token by token, greedily.
TEST_P(Golden, GeneratesWhatTransformersGenerated) {
  nn::Interpreter interpreter(*module, checkpoint.weights);
  std::vector<int32_t> tokens = idsOf(expected, "input_ids");
  std::vector<int32_t> wanted = idsOf(expected, "generated_ids");
  ASSERT_EQ(wanted.size(), 24u);
  std::vector<int32_t> generated;
  std::vector<float> rows;
  while (generated.size() < wanted.size()) {
    auto step = interpreter.feed(tokens);
    ASSERT_TRUE(step.ok()) << messages(step.errors());
    int64_t width = step->hidden.rowSize();
    nn::Tensor last({1, width},
                    std::vector<float>(step->hidden.floats.end() - width,
                                       step->hidden.floats.end()));
    auto logits = interpreter.logits(last);
    ASSERT_TRUE(logits.ok()) << messages(logits.errors());
    const std::vector<float> &row = logits->floats;
    rows.insert(rows.end(), row.begin(), row.end());
    generated.push_back(static_cast<int32_t>(
        std::max_element(row.begin(), row.end()) - row.begin()));
    tokens = {generated.back()};
  }
  EXPECT_EQ(generated, wanted);
  EXPECT_LT(relativeError(rows, floatsOf(expected, "generated_logits")), 1e-4);
}

// The family that docs/adding-an-architecture.md arrives at.
TEST(Guide, ItsFamilyComputesWhatTransformersComputed) {
  std::ifstream page(TOMBOLO_SOURCE_DIR "/docs/adding-an-architecture.md");
  std::string text((std::istreambuf_iterator<char>(page)), {});
  size_t begin = text.find("```arch\n") + 8;
  std::string family = text.substr(begin, text.find("```", begin) - begin);
  TestFolder folder;
  std::string path = folder.write("smollm3.arch", family);
  Result<std::string> formatted = arch::format("smollm3.arch", family);
  ASSERT_TRUE(formatted.ok()) << messages(formatted.errors());
  EXPECT_EQ(*formatted, family);

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Result<Checkpoint> checkpoint = openCheckpoint(golden("smollm3"));
  ASSERT_TRUE(checkpoint.ok());
  ImportReport report;
  auto module = importModel(context, *checkpoint, {{path}}, &report);
  ASSERT_TRUE(module.ok()) << messages(module.errors());
  EXPECT_EQ(report.distinctLayers, 2);
  WeightSource expected;
  ASSERT_TRUE(
      readSafetensors(golden("smollm3/expected.safetensors"), expected).ok());
  nn::Interpreter interpreter(**module, checkpoint->weights);
  auto step = interpreter.feed(idsOf(expected, "input_ids"));
  ASSERT_TRUE(step.ok()) << messages(step.errors());
  auto logits = interpreter.logits(step->hidden);
  ASSERT_TRUE(logits.ok()) << messages(logits.errors());
  EXPECT_LT(relativeError(logits->floats, floatsOf(expected, "logits")), 1e-4);
}

constexpr GoldenCase cases[] = {
    {"llama", "llama/expected.safetensors", "llama", 1},
    {"llama_f16", "llama_f16/expected.safetensors", "llama", 1},
    {"llama_f32", "llama_f32/expected.safetensors", "llama", 1},
    {"llama_awq", "llama_awq/expected.safetensors", "llama", 1},
    {"llama_gptq_desc_act", "llama_gptq_desc_act/expected.safetensors", "llama",
     1},
    {"llama_nvfp4", "llama_nvfp4/expected.safetensors", "llama", 1},
    {"smollm2", "smollm2/expected.safetensors", "llama", 1},
    {"mistral", "mistral/expected.safetensors", "mistral", 1},
    {"qwen2", "qwen2/expected.safetensors", "qwen2", 1},
    {"qwen3", "qwen3/expected.safetensors", "qwen3", 1},
    {"gemma3", "gemma3/expected.safetensors", "gemma3", 2},
    {"gemma4_e2b", "gemma4_e2b/expected.safetensors", "gemma4", 4},
    {"gemma4_moe", "gemma4_moe/expected.safetensors", "gemma4", 2},
    {"phi3_longrope", "phi3_longrope/expected.safetensors", "phi3", 1},
    {"qwen3_5", "qwen3_5/expected.safetensors", "qwen3_5", 2},
    {"qwen3_5_moe", "qwen3_5_moe/expected.safetensors", "qwen3_5_moe", 2},
    {"gguf-qwen35moe/model.bf16.gguf",
     "gguf-qwen35moe/expected.bf16.safetensors", "qwen3_5_moe", 2},
    {"qwen2_moe", "qwen2_moe/expected.safetensors", "qwen2_moe", 1},
    {"olmo2", "olmo2/expected.safetensors", "olmo2", 1},
    {"olmo3", "olmo3/expected.safetensors", "olmo2", 2},
    {"granite", "granite/expected.safetensors", "granite", 1},
    {"granitemoe", "granitemoe/expected.safetensors", "granitemoe", 1},
    {"granitemoehybrid", "granitemoehybrid/expected.safetensors",
     "granitemoehybrid", 2},
    {"granitehybrid_dense", "granitehybrid_dense/expected.safetensors",
     "granitemoehybrid", 2},
    {"falcon_h1", "falcon_h1/expected.safetensors", "falcon_h1", 1},
    {"mamba2", "mamba2/expected.safetensors", "mamba2", 1},
    {"nemotron_h", "nemotron_h/expected.safetensors", "nemotron_h", 3},
    {"nemotron_h_moe", "nemotron_h_moe/expected.safetensors", "nemotron_h", 3},
    {"nemotron_h_latent", "nemotron_h_latent/expected.safetensors",
     "nemotron_h", 3},
    {"cohere2", "cohere2/expected.safetensors", "cohere2", 2},
    {"starcoder2", "starcoder2/expected.safetensors", "starcoder2", 1},
    {"ernie4_5", "ernie4_5/expected.safetensors", "ernie4_5", 1},
    {"ernie4_5_moe", "ernie4_5_moe/expected.safetensors", "ernie4_5_moe", 2},
    {"hunyuan_v1_dense", "hunyuan_v1_dense/expected.safetensors",
     "hunyuan_v1_dense", 1},
    {"seed_oss", "seed_oss/expected.safetensors", "seed_oss", 1},
    {"nemotron", "nemotron/expected.safetensors", "nemotron", 1},
    {"exaone4", "exaone4/expected.safetensors", "exaone4", 2},
    {"dots1", "dots1/expected.safetensors", "dots1", 3},
    {"ministral3", "ministral3/expected.safetensors", "ministral3", 1},
    {"gguf-gpt-oss/model.mxfp4.gguf", "gguf-gpt-oss/expected.mxfp4.safetensors",
     "gpt_oss", 2},
    {"deepseek_v32", "deepseek_v32/expected.safetensors", "deepseek_v3", 2},
    {"gguf-deepseek2/model.q8_0.gguf",
     "gguf-deepseek2/expected.q8_0.safetensors", "deepseek_v3", 2},
    {"gguf-llama/model.mixed.gguf", "gguf-llama/expected.mixed.safetensors",
     "llama", 1},
    {"gguf-llama/model.q4_0.gguf", "gguf-llama/expected.q4_0.safetensors",
     "llama", 1},
    {"gguf-llama/model.q4_k_m.gguf", "gguf-llama/expected.q4_k_m.safetensors",
     "llama", 2},
    {"gguf-llama3/model.bf16.gguf", "gguf-llama3/expected.bf16.safetensors",
     "llama", 1},
    {"gguf-llama3/model.q4_1.gguf", "gguf-llama3/expected.q4_1.safetensors",
     "llama", 1},
    {"gguf-llama3/model.q5_0.gguf", "gguf-llama3/expected.q5_0.safetensors",
     "llama", 1},
    {"gguf-gemma3/model.q5_1.gguf", "gguf-gemma3/expected.q5_1.safetensors",
     "gemma3", 2},
};

INSTANTIATE_TEST_SUITE_P(All, Golden, testing::ValuesIn(cases),
                         [](const auto &info) {
                           std::string name = info.param.source;
                           for (char &c : name)
                             c = std::isalnum(c) ? c : '_';
                           return name;
                         });

std::string textOf(const Checkpoint &checkpoint) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  auto module = importModel(context, checkpoint, {});
  EXPECT_TRUE(module.ok()) << messages(module.errors());
  std::string text;
  llvm::raw_string_ostream out(text);
  if (module.ok())
    (*module)->print(out);
  return text;
}

/// Gemma 3 as transformers 4 writes it, and as transformers 5 does.
TEST(Spellings, OfBothConfigsMakeOneModule) {
  Result<Checkpoint> checkpoint = openCheckpoint(golden("gemma3"));
  ASSERT_TRUE(checkpoint.ok());
  std::string old = textOf(*checkpoint);
  nlohmann::ordered_json &config = checkpoint->config;
  for (const char *key : {"rope_theta", "rope_local_base_freq", "rope_scaling",
                          "sliding_window_pattern", "torch_dtype"})
    ASSERT_EQ(config.erase(key), 1u) << key;
  config["dtype"] = "bfloat16";
  config["_sliding_window_pattern"] = 6;
  std::vector<std::string> types(7, "sliding_attention");
  types[5] = "full_attention";
  config["layer_types"] = types;
  nlohmann::ordered_json full = {
      {"rope_type", "linear"}, {"factor", 8.0}, {"rope_theta", 200000}};
  config["rope_parameters"]["full_attention"] = full;
  config["rope_parameters"]["sliding_attention"] = {{"rope_type", "default"},
                                                    {"rope_theta", 10000}};
  EXPECT_EQ(textOf(*checkpoint), old);
  config["rope_parameters"]["full_attention"]["rope_theta"] = 100000;
  EXPECT_NE(textOf(*checkpoint), old);
}

/// What published files say beside, or in another way, than those that the
/// goldens were made with.
TEST(Spellings, OfPublishedConfigsAreRead) {
  using Json = nlohmann::ordered_json;
  struct Case {
    const char *source;
    std::function<void(Json &)> change;
  };
  const Case cases[] = {
      {"starcoder2", [](Json &config) { config["rms_norm_eps"] = 0.25; }},
      {"nemotron",
       [](Json &config) {
         config["rope_percent"] = config.at("partial_rotary_factor");
         config.erase("partial_rotary_factor");
       }},
      {"ernie4_5",
       [](Json &config) {
         config["architectures"] = {"Ernie4_5_ForCausalLM"};
       }},
      {"ernie4_5_moe",
       [](Json &config) { config["num_nextn_predict_layers"] = 1; }},
      {"dots1",
       [](Json &config) {
         ASSERT_EQ(config.at("n_group"), 1);
         config["n_group"] = config["topk_group"] = nullptr;
       }},
  };
  for (const Case &one : cases) {
    Result<Checkpoint> checkpoint = openCheckpoint(golden(one.source));
    ASSERT_TRUE(checkpoint.ok()) << one.source;
    std::string before = textOf(*checkpoint);
    one.change(checkpoint->config);
    EXPECT_EQ(textOf(*checkpoint), before) << one.source;
  }
}

/// EXAONE 4.0 32B writes its pattern in letters.
TEST(Spellings, OfWindowsByPattern) {
  Result<Checkpoint> checkpoint = openCheckpoint(golden("exaone4"));
  ASSERT_TRUE(checkpoint.ok());
  nlohmann::ordered_json &config = checkpoint->config;
  std::vector<std::string> types(4, "sliding_attention");
  types[3] = "full_attention";
  config["layer_types"] = types;
  std::string listed = textOf(*checkpoint);
  config.erase("layer_types");
  for (const nlohmann::ordered_json &pattern :
       {nlohmann::ordered_json("LLLG"), nlohmann::ordered_json(4),
        nlohmann::ordered_json()}) {
    config["sliding_window_pattern"] = pattern;
    EXPECT_EQ(textOf(*checkpoint), listed) << pattern;
  }
}

/// Mistral Small 3.1 is of Ministral 3's class, but its text model is Mistral:
/// nothing of the other's scaling is taken for granted.
TEST(Spellings, MistralSmallIsNotScaled) {
  Result<Checkpoint> checkpoint = openCheckpoint(golden("ministral3"));
  ASSERT_TRUE(checkpoint.ok());
  std::string scaled = textOf(*checkpoint);
  nlohmann::ordered_json &config = checkpoint->config;
  config["rope_parameters"] = {{"rope_type", "default"},
                               {"rope_theta", 1e9},
                               {"llama_4_scaling_beta", 0.0}};
  std::string plain = textOf(*checkpoint);
  EXPECT_NE(plain, scaled);
  config.erase("rope_parameters");
  nlohmann::ordered_json text = config;
  text.erase("architectures");
  text["model_type"] = "mistral";
  text["rope_theta"] = 1e9;
  config = {{"architectures", {"Mistral3ForConditionalGeneration"}},
            {"model_type", "mistral3"},
            {"image_token_index", 10},
            {"text_config", text}};
  EXPECT_EQ(textOf(*checkpoint), plain);
}

/// A copy of a checkpoint that no family serves.
Checkpoint renamed(const char *source) {
  Result<Checkpoint> checkpoint = openCheckpoint(golden(source));
  EXPECT_TRUE(checkpoint) << checkpoint.error().str();
  if (checkpoint->container == Container::Gguf) {
    std::string old = checkpoint->architectures().front() + ".";
    nlohmann::ordered_json metadata = {{"general.architecture", "new"}};
    for (const auto &item : checkpoint->metadata.items())
      if (item.key().starts_with(old))
        metadata["new." + item.key().substr(old.size())] = item.value();
    checkpoint->metadata = metadata;
  } else {
    checkpoint->config["architectures"] = {"NewForCausalLM"};
    checkpoint->config["model_type"] = "new";
  }
  return std::move(*checkpoint);
}

/// Under another name, each is most like what it is.
TEST(Nearest, GoesByKeysAndTensors) {
  Result<arch::Catalog> catalog = arch::loadCatalog({});
  ASSERT_TRUE(catalog);
  for (auto [source, nearest] :
       {std::pair("smollm3", "'SmolLM3ForCausalLM' (smollm3), "
                             "'LlamaForCausalLM' (llama)"),
        std::pair("llama", "'LlamaForCausalLM' (llama), "),
        std::pair("qwen2", "'Qwen2ForCausalLM' (qwen2), "),
        std::pair("qwen3", "'Qwen3ForCausalLM' (qwen3), "),
        std::pair("mistral", "'MistralForCausalLM' (mistral), "),
        std::pair("gemma3", "'Gemma3ForCausalLM' (gemma3), "),
        std::pair("phi3_longrope", "'Phi3ForCausalLM' (phi3), "),
        std::pair("gguf-gemma3/model.q5_1.gguf", "'gemma3' (gemma3), "),
        std::pair("gguf-llama/model.q4_0.gguf", "'llama' (llama), ")}) {
    Checkpoint checkpoint = renamed(source);
    auto family = findFamily(*catalog, checkpoint);
    ASSERT_FALSE(family) << source;
    ASSERT_EQ(family.error().notes.size(), 1u);
    EXPECT_TRUE(
        family.error().notes[0].starts_with("nearest: " + std::string(nearest)))
        << source << ": " << family.error().notes[0];
  }
}

/// Of those that know as much, a name that is nearer does not count before what
/// the family reads besides.
TEST(Nearest, OfEqualsIsThePlainest) {
  Result<arch::Catalog> catalog = arch::loadCatalog({});
  ASSERT_TRUE(catalog);
  Result<Checkpoint> checkpoint = openCheckpoint(golden("llama"));
  ASSERT_TRUE(checkpoint) << checkpoint.error().str();
  for (const char *name : {"SmolLM9ForCausalLM", "Qwen9ForCausalLM"}) {
    std::vector<Likeness> ranked = rankFamilies(*catalog, *checkpoint, name);
    ASSERT_GE(ranked.size(), 3u);
    EXPECT_EQ(ranked[0].family->name, "llama") << name;
    EXPECT_LE(ranked[0].keysLacking, ranked[1].keysLacking);
  }
}

/// Keys are compared as far as formulas read them.
TEST(Nearest, ComparesFieldsOfRecords) {
  Result<arch::Catalog> catalog = arch::loadCatalog({});
  ASSERT_TRUE(catalog);
  Checkpoint checkpoint = renamed("mistral");
  auto compare = [&] {
    std::vector<Likeness> ranked = rankFamilies(*catalog, checkpoint, "new");
    FamilyComparison comparison =
        compareWith(*catalog, ranked.front(), checkpoint);
    std::string text = ranked.front().family->name + ":";
    for (const std::string &key : comparison.unreadKeys)
      text += " " + key;
    for (const FamilyComparison::Difference &one : comparison.differences)
      text += " | " + one.error.message;
    return text;
  };
  EXPECT_EQ(compare(), "mistral:");
  nlohmann::ordered_json &config = checkpoint.config;
  config["rope_parameters"] = {{"rope_type", "yarn"},
                               {"rope_theta", 10000.0},
                               {"factor", 2.0},
                               {"original_max_position_embeddings", 64},
                               {"llama_4_scaling_beta", 0.1}};
  EXPECT_EQ(compare(), "mistral: rope_parameters.llama_4_scaling_beta");
  config["rope_parameters"]["rope_type"] = "spiral";
  EXPECT_EQ(compare(), "mistral: | rope_type 'spiral' is not one of default, "
                       "linear, proportional, dynamic, llama3, yarn, longrope");
  checkpoint = renamed("gguf-llama/model.q4_0.gguf");
  EXPECT_EQ(compare(), "llama:");
  checkpoint.metadata["new.attention.temperature_scale"] = 0.1;
  EXPECT_EQ(compare(), "llama: new.attention.temperature_scale");
}

} // namespace
