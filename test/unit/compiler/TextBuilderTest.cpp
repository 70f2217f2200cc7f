//===- TextBuilderTest.cpp - What an artifact says about text -------------===//

#include "compiler/TextBuilder.h"
#include "runtime/core/Sampler.h"
#include "runtime/text/TokenizerModel.h"
#include "support/Json.h"
#include "test/unit/support/TestFolder.h"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tombolo;
using Json = nlohmann::ordered_json;
using testing::ElementsAre;

namespace {

constexpr int64_t kVocabSize = 100;

Json json(std::string_view text) { return *parseJson(text, "x.json"); }

/// A checkpoint without a tokenizer.
Checkpoint bare() {
  Checkpoint checkpoint;
  checkpoint.container = Container::Safetensors;
  checkpoint.path = "model";
  return checkpoint;
}

Result<std::unique_ptr<artifact::TextT>> build(std::string_view generation) {
  Checkpoint checkpoint = bare();
  checkpoint.generationConfig = json(generation);
  return buildText(checkpoint, kVocabSize);
}

std::string failureOf(std::string_view generation) {
  auto text = build(generation);
  return text ? "" : text.error().str();
}

TEST(TextBuilder, ReadsSampling) {
  auto text = build(R"({"do_sample": true, "temperature": 0.5, "top_p": 0.75,
    "top_k": 20, "min_p": 0.25, "repetition_penalty": 1.5})");
  ASSERT_TRUE(text) << text.error().str();
  EXPECT_EQ((*text)->temperature, 0.5f);
  EXPECT_EQ((*text)->top_p, 0.75f);
  EXPECT_EQ((*text)->top_k, 20);
  EXPECT_EQ((*text)->min_p, 0.25f);
  EXPECT_EQ((*text)->repeat_penalty, 1.5f);
}

TEST(TextBuilder, SamplesOnlyWhereItIsToldTo) {
  for (const char *generation :
       {R"({"temperature": 0.5, "top_p": 0.75, "top_k": 20})",
        R"({"do_sample": false, "temperature": 0.5})",
        R"({"do_sample": null, "temperature": 0.5})", "null", "{}"}) {
    auto text = build(generation);
    ASSERT_TRUE(text) << generation << text.error().str();
    EXPECT_TRUE(std::isnan((*text)->temperature)) << generation;
    EXPECT_TRUE(std::isnan((*text)->top_p)) << generation;
    EXPECT_EQ((*text)->top_k, -1) << generation;
  }
  auto text = build(R"({"do_sample": true})");
  ASSERT_TRUE(text);
  EXPECT_EQ((*text)->temperature, 1);
}

TEST(TextBuilder, NullIsNotGiven) {
  auto text = build(R"({"do_sample": true, "temperature": null, "top_p": null,
    "top_k": null, "min_p": null, "repetition_penalty": null,
    "eos_token_id": null})");
  ASSERT_TRUE(text) << text.error().str();
  EXPECT_EQ((*text)->temperature, 1);
  EXPECT_TRUE(std::isnan((*text)->top_p));
  EXPECT_TRUE(std::isnan((*text)->min_p));
  EXPECT_TRUE(std::isnan((*text)->repeat_penalty));
  EXPECT_EQ((*text)->top_k, -1);
  EXPECT_TRUE((*text)->end_tokens.empty());
}

TEST(TextBuilder, RefusesWhatIsNoSampling) {
  const std::pair<const char *, const char *> cases[] = {
      {"[]", "expects an object, but got an array"},
      {R"({"do_sample": 1})", "'do_sample': expects true or false, but got 1"},
      {R"({"do_sample": true, "temperature": "hot"})",
       "'temperature': expects a number of at least 0, but got a string"},
      {R"({"do_sample": true, "temperature": -1})",
       "'temperature': expects a number of at least 0, but got -1"},
      {R"({"do_sample": true, "temperature": 1e300})",
       "'temperature': expects a number of at least 0, but got 1e+300"},
      {R"({"do_sample": true, "top_p": 0})",
       "'top_p': expects a number above 0 and up to 1, but got 0"},
      {R"({"do_sample": true, "top_p": 1e-60})",
       "'top_p': expects a number above 0 and up to 1, but got 1e-60"},
      {R"({"do_sample": true, "min_p": 1.5})",
       "'min_p': expects a number from 0 to 1, but got 1.5"},
      {R"({"do_sample": true, "top_k": 1e30})",
       "'top_k': expects an integer from -1 to 2147483647, but got 1e+30"},
      {R"({"do_sample": true, "top_k": 2147483648})",
       "'top_k': expects an integer from -1 to 2147483647, but got "
       "2147483648"},
      {R"({"do_sample": true, "top_k": 18446744073709551615})",
       "'top_k': expects an integer from -1 to 2147483647, but got "
       "18446744073709551615"},
      {R"({"do_sample": true, "top_k": -2})",
       "'top_k': expects an integer from -1 to 2147483647, but got -2"},
      {R"({"repetition_penalty": 0})",
       "'repetition_penalty': expects a number above 0, but got 0"},
      {R"({"eos_token_id": "x"})",
       "'eos_token_id': expects ids from 0, but got \"x\""},
      {R"({"eos_token_id": [1, -1]})",
       "'eos_token_id': expects ids from 0, but got -1"},
  };
  for (auto [generation, message] : cases)
    EXPECT_EQ(failureOf(generation),
              "generation_config.json: " + std::string(message))
        << generation;
}

/// What buildText lets through opens, and what it refuses would not.
TEST(TextBuilder, AgreesWithTheRuntimeOnSampling) {
  const std::pair<const char *, float SamplingOptions::*> keys[] = {
      {"temperature", &SamplingOptions::temperature},
      {"top_p", &SamplingOptions::topP},
      {"min_p", &SamplingOptions::minP},
      {"repetition_penalty", &SamplingOptions::repeatPenalty}};
  const double values[] = {-1e38, -1,  -1e-40, -1e-60, 0,    1e-60,      1e-40,
                           0.5,   1.0, 1.0001, 2,      1e38, 3.402823e38};
  for (auto [key, field] : keys)
    for (double value : values) {
      SamplingOptions options;
      options.*field = static_cast<float>(value);
      Json generation = {{"do_sample", true}, {key, value}};
      EXPECT_EQ(build(generation.dump()).ok(), options.check().ok())
          << generation.dump();
    }
}

TEST(TextBuilder, LeavesOutEndTokensThatTheModelLacks) {
  Checkpoint checkpoint = bare();
  checkpoint.config = json(R"({"eos_token_id": [99, 100, 2147483647]})");
  checkpoint.generationConfig = json(R"({"eos_token_id": 7})");
  auto text = buildText(checkpoint, kVocabSize);
  ASSERT_TRUE(text) << text.error().str();
  EXPECT_THAT((*text)->end_tokens, ElementsAre(7, 99));
}

class WithTokenizer : public testing::Test {
protected:
  void SetUp() override {
    path = folder.write("tokenizer.json", R"({
      "added_tokens": [{"id": 3, "content": "<s>", "special": true}],
      "normalizer": null, "pre_tokenizer": null, "post_processor": null,
      "decoder": {"type": "Fuse"},
      "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2},
                "merges": []}})");
    checkpoint = bare();
    checkpoint.tokenizerJson = path;
    checkpoint.tokenizerConfig = json(R"({"bos_token": "<s>"})");
    checkpoint.chatTemplate = "{{ messages }}";
  }

  TestFolder folder;
  std::string path;
  Checkpoint checkpoint;
};

TEST_F(WithTokenizer, KeepsItsPartsTogether) {
  checkpoint.config = json(R"({"eos_token_id": [2, 50, 1000]})");
  auto made = buildText(checkpoint, kVocabSize);
  ASSERT_TRUE(made) << made.error().str();
  EXPECT_EQ((*made)->bos_token, 3);
  // Of the model, which may have more than its tokenizer.
  EXPECT_THAT((*made)->end_tokens, ElementsAre(2, 50));
  EXPECT_EQ((*made)->chat_template, "{{ messages }}");
  auto model =
      text::deserialize(std::as_bytes(std::span((*made)->tokenizer)), "x.tbo");
  ASSERT_TRUE(model) << model.error().str();
  EXPECT_EQ(model->piece(3), "<s>");
}

TEST_F(WithTokenizer, TakesSpecialTokensFromAFileOfTheirOwn) {
  checkpoint.tokenizerConfig = nullptr;
  auto made = buildText(checkpoint, kVocabSize);
  ASSERT_TRUE(made) << made.error().str();
  EXPECT_EQ((*made)->bos_token, -1);
  checkpoint.specialTokensMap = json(R"({"bos_token": "<s>"})");
  made = buildText(checkpoint, kVocabSize);
  ASSERT_TRUE(made) << made.error().str();
  EXPECT_EQ((*made)->bos_token, 3);
}

TEST_F(WithTokenizer, RefusesABeginningThatTheModelLacks) {
  auto text = buildText(checkpoint, 3);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().str(),
            path + ": the token that begins texts, '<s>': expects an id below "
                   "the model's vocabulary of 3, but got 3");
}

TEST_F(WithTokenizer, NamesAFileThatIsNotThere) {
  checkpoint.tokenizerJson += ".gone";
  auto text = buildText(checkpoint, kVocabSize);
  ASSERT_FALSE(text);
  EXPECT_TRUE(text.error().str().starts_with(path + ".gone: "))
      << text.error().str();
}

TEST(TextBuilder, RefusesATemplateThatCannotBeRead) {
  Checkpoint checkpoint = bare();
  checkpoint.chatTemplate = "a\n{% include 'x' %}";
  checkpoint.chatTemplatePath = "model/chat_template.jinja";
  auto text = buildText(checkpoint, kVocabSize);
  ASSERT_FALSE(text);
  EXPECT_THAT(
      text.error().str(),
      testing::StartsWith("model/chat_template.jinja: chat template:2:"));
}

TEST(TextBuilder, GgufTakesWhatItsFamilySays) {
  Checkpoint checkpoint = bare();
  checkpoint.container = Container::Gguf;
  checkpoint.metadata = json(R"({"tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": ["a", "b"], "tokenizer.ggml.merges": [],
    "tokenizer.ggml.bos_token_id": 1})");
  auto text = buildText(checkpoint, kVocabSize);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().str(), "model: expects a member 'tokenizer.ggml.pre'");
  TokenizerDefaults defaults;
  defaults.pre = "qwen2";
  defaults.addBos = true;
  text = buildText(checkpoint, kVocabSize, defaults);
  ASSERT_TRUE(text) << text.error().str();
  auto model =
      text::deserialize(std::as_bytes(std::span((*text)->tokenizer)), "x.tbo");
  ASSERT_TRUE(model) << model.error().str();
  EXPECT_THAT(model->prefixIds, ElementsAre(1));
}

TEST(TextBuilder, GgufMayHaveNoTokenizer) {
  for (const char *metadata : {"{}", R"({"tokenizer.ggml.model": "none"})",
                               R"({"tokenizer.ggml.model": "no_vocab"})",
                               R"({"tokenizer.ggml.model": null})"}) {
    Checkpoint checkpoint = bare();
    checkpoint.container = Container::Gguf;
    checkpoint.metadata = json(metadata);
    auto text = buildText(checkpoint, kVocabSize);
    ASSERT_TRUE(text) << metadata << text.error().str();
    EXPECT_TRUE((*text)->tokenizer.empty()) << metadata;
  }
}

} // namespace
