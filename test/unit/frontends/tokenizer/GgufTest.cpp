//===- GgufTest.cpp - Tokenizers expressed as GGUF metadata ---------------===//

#include "Goldens.h"
#include "frontends/tokenizer/Import.h"
#include "frontends/tokenizer/PreTokenizerFamilies.h"
#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <map>

using namespace tombolo;
using namespace tombolo::test;
using text::Tokenizer;
using Json = nlohmann::ordered_json;

namespace {

/// What a converter writes of a tokenizer.json with a byte pair encoding.
Json metadataOf(const Golden &golden, const std::string &model) {
  Json root = *parseJson(golden.json, "tokenizer.json");
  std::map<int, std::pair<std::string, int>> tokens;
  const Json &vocab = root["model"]["vocab"];
  for (const auto &[text, id] : vocab.items())
    tokens[id.get<int>()] = {text, 1};
  for (const Json &added : root["added_tokens"])
    tokens[added["id"].get<int>()] = {added["content"].get<std::string>(),
                                      added["special"].get<bool>() ? 3 : 4};
  Json metadata = {{"general.name", "golden"},
                   {"tokenizer.ggml.model", model},
                   {"tokenizer.ggml.tokens", Json::array()},
                   {"tokenizer.ggml.token_type", Json::array()}};
  for (const auto &[id, token] : tokens) {
    metadata["tokenizer.ggml.tokens"].push_back(token.first);
    metadata["tokenizer.ggml.token_type"].push_back(token.second);
  }
  return metadata;
}

Json withMerges(const Golden &golden, const std::string &pre) {
  Json metadata = metadataOf(golden, "gpt2");
  metadata["tokenizer.ggml.pre"] = pre;
  metadata["tokenizer.ggml.merges"] = Json::array();
  Json root = *parseJson(golden.json, "tokenizer.json");
  for (const Json &merge : root["model"]["merges"])
    metadata["tokenizer.ggml.merges"].push_back(
        merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  return metadata;
}

Tokenizer build(const Json &metadata, TokenizerDefaults defaults = {}) {
  TokenizerSources sources;
  sources.defaults = std::move(defaults);
  auto model = importGgufTokenizer(metadata, "model.gguf", sources);
  EXPECT_TRUE(model) << model.error().str();
  auto tokenizer = Tokenizer::create(std::move(*model));
  EXPECT_TRUE(tokenizer);
  return std::move(*tokenizer);
}

void expectGolden(const Tokenizer &tokenizer, const Golden &golden) {
  for (const Golden::Encode &one : golden.encode) {
    EXPECT_EQ(*tokenizer.encode(one.text, false), one.ids) << one.text;
    EXPECT_EQ(*tokenizer.encode(one.text, true), one.idsWithSpecial);
    EXPECT_EQ(tokenizer.decode(one.idsWithSpecial, false), one.decoded);
    EXPECT_EQ(tokenizer.decode(one.idsWithSpecial, true),
              one.decodedSkipSpecial);
  }
  for (const Golden::Decode &one : golden.decode)
    EXPECT_EQ(tokenizer.decode(one.ids, false), one.decoded);
}

TEST(GgufTokenizer, Gpt2) {
  Golden golden = readGolden("gpt2");
  expectGolden(build(withMerges(golden, "gpt-2")), golden);
}

TEST(GgufTokenizer, Llama3AddsBosByFamily) {
  Golden golden = readGolden("llama3");
  Json metadata = withMerges(golden, "llama-bpe");
  metadata["tokenizer.ggml.bos_token_id"] = 420;
  metadata["tokenizer.ggml.eos_token_id"] = 421;
  Tokenizer tokenizer = build(metadata);
  expectGolden(tokenizer, golden);
  EXPECT_TRUE(tokenizer.addsBos());
  // No key names <|eot_id|>, but it ends every turn.
  EXPECT_EQ(tokenizer.endIds(), (std::vector<int32_t>{421, 424}));

  metadata["tokenizer.ggml.add_bos_token"] = false;
  EXPECT_FALSE(build(metadata).addsBos());
  metadata["tokenizer.ggml.eot_token_id"] = 423;
  EXPECT_EQ(build(metadata).endIds(), (std::vector<int32_t>{421, 423}));
}

TEST(GgufTokenizer, Qwen2Normalizes) {
  Golden golden = readGolden("qwen2");
  expectGolden(build(withMerges(golden, "qwen2")), golden);
}

TEST(GgufTokenizer, DeepseekV3SplitsThrice) {
  Golden golden = readGolden("deepseek_v3");
  Json metadata = withMerges(golden, "deepseek-v3");
  metadata["tokenizer.ggml.bos_token_id"] = 460;
  metadata["tokenizer.ggml.add_bos_token"] = true;
  expectGolden(build(metadata), golden);
}

/// SentencePiece's scores that give the merges of the golden: each merged
/// piece's is the lower the later its merge.
Json llama2Metadata(const Golden &golden) {
  Json metadata = metadataOf(golden, "llama");
  Json root = *parseJson(golden.json, "tokenizer.json");
  std::map<std::string, double> scores;
  double rank = 0;
  for (const Json &merge : root["model"]["merges"])
    scores.emplace(merge[0].get<std::string>() + merge[1].get<std::string>(),
                   --rank);
  Json &list = metadata["tokenizer.ggml.scores"] = Json::array();
  Json &types = metadata["tokenizer.ggml.token_type"];
  size_t id = 0;
  for (const Json &token : metadata["tokenizer.ggml.tokens"]) {
    auto it = scores.find(token.get<std::string>());
    list.push_back(it == scores.end() ? -1e6 : it->second);
    if (id >= 3 && token.get<std::string>().starts_with("<0x"))
      types[id] = 6;
    ++id;
  }
  types[0] = 2;
  return metadata;
}

TEST(GgufTokenizer, Llama2MergesByScore) {
  Golden golden = readGolden("llama2");
  Tokenizer tokenizer = build(llama2Metadata(golden));
  expectGolden(tokenizer, golden);
  EXPECT_EQ(tokenizer.bosId(), 1);
  EXPECT_EQ(tokenizer.endIds(), std::vector<int32_t>{2});
}

TEST(GgufTokenizer, SpacePrefixCanBeOff) {
  Json metadata = llama2Metadata(readGolden("llama2"));
  metadata["tokenizer.ggml.add_space_prefix"] = false;
  Tokenizer tokenizer = build(metadata);
  auto ids = *tokenizer.encode("a b", false);
  ASSERT_FALSE(ids.empty());
  EXPECT_EQ(tokenizer.tokenText(ids[0]), "a");
  EXPECT_EQ(tokenizer.decode(ids, false), "a b");
}

TEST(GgufTokenizer, UnigramOfT5) {
  Golden golden = readGolden("unigram");
  Json root = *parseJson(golden.json, "tokenizer.json");
  Json metadata = {{"tokenizer.ggml.model", "t5"},
                   {"tokenizer.ggml.tokens", Json::array()},
                   {"tokenizer.ggml.token_type", Json::array()},
                   {"tokenizer.ggml.scores", Json::array()},
                   {"tokenizer.ggml.eos_token_id", 1},
                   {"tokenizer.ggml.unknown_token_id", 2}};
  for (const Json &piece : root["model"]["vocab"]) {
    size_t id = metadata["tokenizer.ggml.tokens"].size();
    metadata["tokenizer.ggml.tokens"].push_back(piece[0]);
    metadata["tokenizer.ggml.scores"].push_back(piece[1]);
    metadata["tokenizer.ggml.token_type"].push_back(id == 2  ? 2
                                                    : id < 3 ? 3
                                                             : 1);
  }
  Tokenizer tokenizer = build(metadata);
  int compared = 0;
  for (const Golden::Encode &one : golden.encode) {
    // The golden's NFKC and collapsing of spaces are no keys of GGUF.
    bool plain = std::all_of(one.text.begin(), one.text.end(),
                             [](char c) { return c >= 0; });
    if (!plain || one.text.find("  ") != std::string::npos)
      continue;
    ++compared;
    EXPECT_EQ(*tokenizer.encode(one.text, true), one.idsWithSpecial)
        << one.text;
    EXPECT_EQ(tokenizer.decode(one.idsWithSpecial, true),
              one.decodedSkipSpecial);
  }
  EXPECT_GT(compared, 30);

  metadata["tokenizer.ggml.remove_extra_whitespaces"] = true;
  EXPECT_EQ(*build(metadata).encode("  a   b ", false),
            *tokenizer.encode("a b", false));
}

TEST(GgufTokenizer, Gemma4SplitsAtLines) {
  Json metadata = {
      {"tokenizer.ggml.model", "gemma4"},
      {"tokenizer.ggml.tokens",
       {"<pad>", "<eos>", "<bos>", "<unk>", "\xE2\x96\x81", "a", "\n",
        "\xE2\x96\x81"
        "a",
        "a\n", "<0xC3>", "<0xA4>"}},
      {"tokenizer.ggml.token_type", {3, 3, 3, 2, 1, 1, 1, 1, 1, 6, 6}},
      {"tokenizer.ggml.merges", {"\xE2\x96\x81 a", "a \n"}},
      {"tokenizer.ggml.bos_token_id", 2},
      {"tokenizer.ggml.eos_token_id", 1},
      {"tokenizer.ggml.unknown_token_id", 3}};
  Tokenizer tokenizer = build(metadata);
  EXPECT_EQ(*tokenizer.encode("a a\na", true),
            (std::vector<int32_t>{2, 5, 7, 6, 5}));
  EXPECT_EQ(*tokenizer.encode("\xC3\xA4", false),
            (std::vector<int32_t>{9, 10}));
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{7, 9, 10}, false),
            " a\xC3\xA4");
}

TEST(GgufTokenizer, TheFamilySaysWhichTokensTakeTheSpaceBehindThem) {
  Json metadata = llama2Metadata(readGolden("llama2"));
  metadata["tokenizer.ggml.tokens"].push_back("<|user|>");
  metadata["tokenizer.ggml.token_type"].push_back(3);
  metadata["tokenizer.ggml.scores"].push_back(0);
  auto size = metadata["tokenizer.ggml.tokens"].size();
  TokenizerDefaults defaults;
  auto count = [&] {
    return build(metadata, defaults).encode("<|user|>\n", false)->size();
  };
  EXPECT_EQ(size, 561u);
  EXPECT_EQ(count(), 3u);
  metadata["general.name"] = "Phi-3-mini";
  EXPECT_EQ(count(), 3u);
  defaults.rstripExcept = {"<s>"};
  EXPECT_EQ(count(), 1u);
  defaults.rstripExcept->push_back("<|user|>");
  EXPECT_EQ(count(), 3u);
}

TEST(GgufTokenizer, TheFamilySaysHowTextSplitsWhereTheFileDoesNot) {
  Golden golden = readGolden("gpt2");
  Json metadata = withMerges(golden, "gpt-2");
  metadata["tokenizer.ggml.bos_token_id"] = 0;
  Json silent = metadata;
  silent.erase("tokenizer.ggml.pre");
  TokenizerDefaults defaults;
  defaults.pre = "gpt-2";
  expectGolden(build(silent, defaults), golden);
  EXPECT_FALSE(build(silent, defaults).addsBos());
  defaults.addBos = true;
  EXPECT_TRUE(build(silent, defaults).addsBos());
  // What the file says goes before: its `pre` means no bos.
  defaults.pre = "qwen2";
  expectGolden(build(metadata, defaults), golden);
  EXPECT_FALSE(build(metadata, defaults).addsBos());
  defaults.pre = "gpt-2";
  silent["tokenizer.ggml.add_bos_token"] = false;
  EXPECT_FALSE(build(silent, defaults).addsBos());
  // A kind of its own that has a default.
  Json pieces = llama2Metadata(readGolden("llama2"));
  pieces.erase("tokenizer.ggml.add_bos_token");
  EXPECT_TRUE(build(pieces).addsBos());
  defaults.addBos = false;
  EXPECT_FALSE(build(pieces, defaults).addsBos());
}

TEST(GgufTokenizer, EveryFamilyHasPatternsThatCompile) {
  Json metadata = withMerges(readGolden("gpt2"), "");
  metadata["tokenizer.ggml.bos_token_id"] = 0;
  for (const PreTokenizerFamily &family : preTokenizerFamilies())
    for (std::string_view name : family.names) {
      metadata["tokenizer.ggml.pre"] = std::string(name);
      Tokenizer tokenizer = build(metadata);
      std::string text = "Hello  World 12345 it's\n\n x+=1; \xE4\xBD\xA0\xE5"
                         "\xA5\xBD";
      EXPECT_EQ(tokenizer.decode(*tokenizer.encode(text, false), false), text)
          << name;
    }
}

std::string failureOf(const Json &metadata) {
  auto model = importGgufTokenizer(metadata, "model.gguf");
  EXPECT_FALSE(model);
  return model ? "" : model.error().str();
}

TEST(GgufTokenizer, RefusesWhatItDoesNotKnow) {
  Golden golden = readGolden("gpt2");
  EXPECT_EQ(failureOf(Json::array()),
            "model.gguf: expects metadata as an object, but got an array");
  EXPECT_EQ(failureOf(Json::object()),
            "model.gguf: expects a member 'tokenizer.ggml.model'");
  Json metadata = withMerges(golden, "qwen3");
  EXPECT_EQ(failureOf(metadata),
            "model.gguf: 'tokenizer.ggml.pre': pre-tokenizer 'qwen3' is not in "
            "this version; the nearest one known is 'qwen2'");
  TokenizerSources sources;
  metadata.erase("tokenizer.ggml.pre");
  EXPECT_EQ(failureOf(metadata),
            "model.gguf: expects a member 'tokenizer.ggml.pre'");
  sources.defaults.pre = "qwen3";
  auto described = importGgufTokenizer(metadata, "model.gguf", sources);
  ASSERT_FALSE(described);
  EXPECT_EQ(described.error().str(),
            "model.gguf: there is no 'tokenizer.ggml.pre', and the family's "
            "description has tokenizer 'pre': pre-tokenizer 'qwen3' is not in "
            "this version; the nearest one known is 'qwen2'");
  metadata = withMerges(golden, "gpt-2");
  metadata["tokenizer.ggml.model"] = "rwkv";
  EXPECT_EQ(failureOf(metadata), "model.gguf: 'tokenizer.ggml.model': "
                                 "tokenizer 'rwkv' is not in this version");
  metadata = withMerges(golden, "gpt-2");
  metadata["tokenizer.ggml.add_bos_token"] = true;
  EXPECT_EQ(failureOf(metadata),
            "model.gguf: expects 'tokenizer.ggml.bos_token_id', because each "
            "text is to begin with it");
  metadata["tokenizer.ggml.bos_token_id"] = 401;
  EXPECT_EQ(failureOf(metadata),
            "model.gguf: 'tokenizer.ggml.bos_token_id': expects 0 to 400, but "
            "got 401");
  metadata = withMerges(golden, "gpt-2");
  metadata["tokenizer.ggml.merges"][3] = "zz qq";
  EXPECT_EQ(failureOf(metadata), "model.gguf: 'tokenizer.ggml.merges[3]': the "
                                 "vocabulary has no token 'zz'");
  metadata["tokenizer.ggml.merges"][3] = "a";
  EXPECT_EQ(failureOf(metadata),
            "model.gguf: 'tokenizer.ggml.merges[3]': expects two tokens with a "
            "space between them");
  metadata = withMerges(golden, "gpt-2");
  metadata["tokenizer.ggml.token_type"].erase(0);
  EXPECT_EQ(failureOf(metadata),
            "model.gguf: 'tokenizer.ggml.token_type': expects a type for each "
            "of 401 tokens, but got 400");
  metadata["tokenizer.ggml.token_type"].push_back(9);
  EXPECT_EQ(failureOf(metadata), "model.gguf: 'tokenizer.ggml.token_type[400]'"
                                 ": expects 1 to 6, but got 9");
  metadata = llama2Metadata(readGolden("llama2"));
  metadata["tokenizer.ggml.scores"].erase(0);
  EXPECT_EQ(failureOf(metadata),
            "model.gguf: 'tokenizer.ggml.scores': expects a score for each of "
            "560 tokens, but got 559");
}

TEST(GgufTokenizer, NamesItsSpecialTokens) {
  Json metadata = llama2Metadata(readGolden("llama2"));
  metadata["tokenizer.ggml.padding_token_id"] = 5;
  metadata["tokenizer.ggml.mask_token_id"] = 400;
  auto model = importGgufTokenizer(metadata, "model.gguf");
  ASSERT_TRUE(model) << model.error().str();
  std::string text;
  for (const text::SpecialToken &token : model->specialTokens)
    text += token.name + "=" + token.text + " ";
  EXPECT_EQ(text, "bos_token=<s> eos_token=</s> unk_token=<unk> pad_token=" +
                      std::string(model->piece(5)) +
                      " mask_token=" + std::string(model->piece(400)) + " ");
}

} // namespace
