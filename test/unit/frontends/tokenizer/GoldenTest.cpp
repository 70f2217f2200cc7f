//===- GoldenTest.cpp - Against what Hugging Face's tokenizers give -------===//

#include "Goldens.h"
#include "frontends/tokenizer/Import.h"
#include "runtime/text/Tokenizer.h"

using namespace tombolo;
using namespace tombolo::test;
using text::Tokenizer;

namespace {

class TokenizerGolden : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    golden = readGolden(GetParam());
    Result<text::TokenizerModel> imported =
        importTokenizerJson(golden.json, "tokenizer.json");
    ASSERT_TRUE(imported) << imported.error().str();
    model = std::move(*imported);
    Result<Tokenizer> made = Tokenizer::create(model);
    ASSERT_TRUE(made) << made.error().str();
    tokenizer.emplace(std::move(*made));
  }

  Golden golden;
  text::TokenizerModel model;
  std::optional<Tokenizer> tokenizer;
};

std::string streamed(const Tokenizer &tokenizer,
                     const std::vector<int32_t> &ids, bool skipSpecial) {
  Tokenizer::Stream stream = tokenizer.stream(skipSpecial);
  std::string out;
  for (int32_t id : ids)
    out += stream.push(id);
  return out + stream.finish();
}

TEST_P(TokenizerGolden, Encode) {
  ASSERT_GE(golden.encode.size(), 90u);
  for (const Golden::Encode &one : golden.encode) {
    Result<std::vector<int32_t>> ids = tokenizer->encode(one.text, false);
    ASSERT_TRUE(ids) << ids.error().str();
    EXPECT_EQ(*ids, one.ids) << one.text;
    ids = tokenizer->encode(one.text, true);
    ASSERT_TRUE(ids) << ids.error().str();
    EXPECT_EQ(*ids, one.idsWithSpecial) << one.text;
  }
}

TEST_P(TokenizerGolden, Decode) {
  for (const Golden::Encode &one : golden.encode) {
    EXPECT_EQ(tokenizer->decode(one.idsWithSpecial, false), one.decoded);
    EXPECT_EQ(tokenizer->decode(one.idsWithSpecial, true),
              one.decodedSkipSpecial);
  }
  for (const Golden::Decode &one : golden.decode)
    EXPECT_EQ(tokenizer->decode(one.ids, false), one.decoded);
}

TEST_P(TokenizerGolden, StreamEqualsDecode) {
  for (const Golden::Encode &one : golden.encode)
    for (bool skip : {false, true})
      EXPECT_EQ(streamed(*tokenizer, one.idsWithSpecial, skip),
                tokenizer->decode(one.idsWithSpecial, skip));
  for (const Golden::Decode &one : golden.decode)
    EXPECT_EQ(streamed(*tokenizer, one.ids, false), one.decoded);
}

TEST_P(TokenizerGolden, SerializedModelIsTheSame) {
  std::string bytes = text::serialize(model);
  Result<text::TokenizerModel> again =
      text::deserialize(std::as_bytes(std::span(bytes)), "model.tbo");
  ASSERT_TRUE(again) << again.error().str();
  EXPECT_EQ(text::serialize(*again), bytes);
  Result<Tokenizer> made = Tokenizer::create(std::move(*again));
  ASSERT_TRUE(made);
  for (const Golden::Encode &one : golden.encode) {
    EXPECT_EQ(*made->encode(one.text, true), one.idsWithSpecial);
    EXPECT_EQ(made->decode(one.idsWithSpecial, false), one.decoded);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerGolden,
                         testing::Values("gpt2", "llama3", "qwen2",
                                         "deepseek_v3", "llama2", "unigram"),
                         [](const auto &info) { return info.param; });

} // namespace
