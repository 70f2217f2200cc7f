//===- TokenizerJsonTest.cpp - What tokenizer.json may say ----------------===//

#include "frontends/tokenizer/Import.h"
#include "runtime/text/Tokenizer.h"
#include "support/Json.h"
#include <gtest/gtest.h>

using namespace tombolo;
using text::Tokenizer;
using Json = nlohmann::ordered_json;

namespace {

/// A byte pair encoding of a few letters.
Json letters() {
  return *parseJson(R"({
    "added_tokens": [
      {"id": 5, "content": "<s>", "special": true},
      {"id": 6, "content": "</s>", "special": true}],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null,
    "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, " ": 3, "1": 4},
              "merges": [["a", "b"]]}})",
                    "x.json");
}

Result<text::TokenizerModel> import(const Json &json,
                                    const TokenizerSources &sources = {}) {
  return importTokenizerJson(json.dump(), "tokenizer.json", sources);
}

std::string failureOf(const Json &json, const TokenizerSources &sources = {}) {
  Result<text::TokenizerModel> model = import(json, sources);
  return model ? "" : model.error().str();
}

std::vector<int32_t> encode(const Json &json, std::string_view text,
                            bool addSpecial = false) {
  Result<text::TokenizerModel> model = import(json);
  EXPECT_TRUE(model) << model.error().str();
  if (!model)
    return {};
  Result<Tokenizer> tokenizer = Tokenizer::create(std::move(*model));
  EXPECT_TRUE(tokenizer);
  return *tokenizer->encode(text, addSpecial);
}

using Ids = std::vector<int32_t>;

TEST(TokenizerJson, OldFilesNameNoTypeAndJoinMerges) {
  Json json = letters();
  json["model"].erase("type");
  json["model"]["merges"] = {"a b"};
  EXPECT_EQ(encode(json, "ab"), Ids{2});
}

/// The ids of these tests are what tokenizers 0.23 gives.
TEST(TokenizerJson, WhatIsOnlyAddedIsNoPieceOfAWord) {
  Json json = *parseJson(R"({
    "added_tokens": [
      {"id": 5, "content": "ab", "single_word": true, "normalized": false},
      {"id": 6, "content": "c", "single_word": true, "special": true}],
    "normalizer": null, "post_processor": null, "decoder": null,
    "pre_tokenizer": {"type": "Split", "pattern": {"String": "1"},
                      "behavior": "Isolated", "invert": false},
    "model": {"type": "BPE", "ignore_merges": true, "merges": [["b", "b"]],
              "vocab": {"a": 0, "b": 1, " ": 2, "1": 3, "bb": 4}}})",
                         "x.json");
  EXPECT_EQ(encode(json, "ab"), Ids{5});
  EXPECT_EQ(encode(json, "1ab"), (Ids{3, 0, 1}));
  EXPECT_EQ(encode(json, "ab 1ab c1"), (Ids{5, 2, 3, 0, 1, 2, 3}));
  EXPECT_EQ(encode(json, "c"), Ids{6});
  EXPECT_EQ(encode(json, "abc"), (Ids{0, 1}));

  json["pre_tokenizer"] = nullptr;
  json["model"] = *parseJson(R"({"type": "Unigram", "unk_id": 0, "vocab":
    [["?", 0.0], ["a", -1.0], ["b", -1.5], ["1", -2.0], [" ", -2.0]]})",
                             "x.json");
  EXPECT_EQ(encode(json, "1ab"), (Ids{3, 1, 2}));
  EXPECT_EQ(encode(json, "1c"), (Ids{3, 0}));
  EXPECT_EQ(encode(json, "1ab ab"), (Ids{3, 1, 2, 4, 5}));

  // Not even where normalization spells it.
  json["normalizer"] = {{"type", "NFKC"}};
  json["added_tokens"][0]["single_word"] = false;
  EXPECT_EQ(encode(json, "ab"), Ids{5});
  EXPECT_EQ(encode(json, "\uFF41\uFF42"), (Ids{1, 2}));
}

TEST(TokenizerJson, WhatIsOnlyAddedIsNotMerged) {
  Json json = letters();
  json["added_tokens"].push_back({{"id", 7}, {"content", "x"}});
  json["model"]["merges"].push_back({"a", "x"});
  EXPECT_EQ(failureOf(json), "tokenizer.json: 'model.merges[1]': the "
                             "vocabulary has no token 'x'");
}

TEST(TokenizerJson, GapsInTheVocabularyAreUnused) {
  Json json = letters();
  json["model"]["vocab"]["b"] = 9;
  Result<text::TokenizerModel> model = import(json);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->size(), 10);
  EXPECT_EQ(model->types[1], text::PieceType::Unused);
  EXPECT_EQ(model->piece(9), "b");
  EXPECT_EQ(model->types[5], text::PieceType::Control);
}

TEST(TokenizerJson, PostProcessorsGoAroundEachOther) {
  Json json = letters();
  json["post_processor"] = *parseJson(R"({"type": "Sequence", "processors": [
    {"type": "RobertaProcessing", "cls": ["a", 0], "sep": ["b", 1],
     "trim_offsets": true, "add_prefix_space": false},
    {"type": "TemplateProcessing",
     "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}}],
     "pair": [], "special_tokens": {
       "<s>": {"id": "<s>", "ids": [5], "tokens": ["<s>"]},
       "</s>": {"id": "</s>", "ids": [6], "tokens": ["</s>"]}}}]})",
                                      "x.json");
  EXPECT_EQ(encode(json, "ab", true), (Ids{5, 0, 2, 1, 6}));
}

TEST(TokenizerJson, PreTokenizersByTheirEffect) {
  // "ab" is one token only where nothing cuts it.
  auto with = [](const char *step) {
    Json json = letters();
    json["pre_tokenizer"] = *parseJson(step, "x.json");
    return json;
  };
  EXPECT_EQ(encode(with(R"({"type": "WhitespaceSplit"})"), "ab  ab"),
            (Ids{2, 2}));
  EXPECT_EQ(encode(with(R"({"type": "Whitespace"})"), "ab 1"), (Ids{2, 4}));
  EXPECT_EQ(encode(with(R"({"type": "Split", "pattern": {"String": "b"},
                           "behavior": "Isolated", "invert": false})"),
                   "ab"),
            (Ids{0, 1}));
  EXPECT_EQ(encode(with(R"({"type": "CharDelimiterSplit", "delimiter": "1"})"),
                   "ab1ab"),
            (Ids{2, 2}));
  EXPECT_EQ(encode(with(R"({"type": "Sequence", "pretokenizers": [
                     {"type": "Digits"}, {"type": "Punctuation"}]})"),
                   "1ab"),
            (Ids{4, 2}));
}

TEST(TokenizerJson, ConfigGivesSpecialTokensAndEnds) {
  Json config = {{"bos_token", {{"content", "<s>"}}},
                 {"eos_token", "</s>"},
                 {"pad_token", "[none]"}};
  Json modelConfig = {{"eos_token_id", {6, 2}}};
  Json generation = {{"eos_token_id", 300}};
  TokenizerSources sources{&config, &modelConfig, &generation, {}};
  Result<text::TokenizerModel> model = import(letters(), sources);
  ASSERT_TRUE(model) << model.error().str();
  EXPECT_EQ(model->bosId, 5);
  EXPECT_EQ(model->eosId, 6);
  EXPECT_EQ(model->padId, -1);
  EXPECT_EQ(model->endIds, (Ids{2, 6, 300}));
  EXPECT_TRUE(model->prefixIds.empty());

  // These classes build their own post-processor.
  config["tokenizer_class"] = "LlamaTokenizerFast";
  config["add_bos_token"] = true;
  model = import(letters(), sources);
  ASSERT_TRUE(model) << model.error().str();
  EXPECT_EQ(model->prefixIds, Ids{5});

  modelConfig = {{"text_config", {{"eos_token_id", 4}}}};
  model = import(letters(), sources);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->endIds, (Ids{4, 6, 300}));

  generation["eos_token_id"] = {-1};
  EXPECT_EQ(failureOf(letters(), sources),
            "generation_config.json: 'eos_token_id': expects ids from 0, but "
            "got -1");
  config["bos_token"] = "[bos]";
  EXPECT_EQ(failureOf(letters(), sources),
            "tokenizer_config.json: 'bos_token': the vocabulary has no token "
            "'[bos]'");
}

TEST(TokenizerJson, NamesSpecialTokensAsTransformersDoes) {
  Json config = {{"bos_token", {{"content", "<s>"}, {"lstrip", false}}},
                 {"eos_token", "</s>"},
                 {"unk_token", nullptr},
                 {"sep_token", ""},
                 {"pad_token", "[none]"},
                 {"mask_token", "<mask>"},
                 {"additional_special_tokens", {"<a>", {{"content", "<b>"}}}},
                 {"extra_special_tokens", {{"image_token", "<image>"}}}};
  TokenizerSources sources{&config};
  auto names = [&] {
    Result<text::TokenizerModel> model = import(letters(), sources);
    EXPECT_TRUE(model) << model.error().str();
    std::string text;
    for (const text::SpecialToken &token : model->specialTokens)
      text += token.name + "=" + token.text + " ";
    return text;
  };
  EXPECT_EQ(names(), "bos_token=<s> eos_token=</s> pad_token=[none] "
                     "mask_token=<mask> additional_special_tokens=<a> "
                     "additional_special_tokens=<b> image_token=<image> ");
  config["mask_token"] = {{"text", "<mask>"}};
  EXPECT_EQ(failureOf(letters(), sources),
            "tokenizer_config.json: 'mask_token': expects a token, but got an "
            "object");
  config["mask_token"] = nullptr;
  config["extra_special_tokens"] = 3;
  EXPECT_EQ(failureOf(letters(), sources),
            "tokenizer_config.json: 'extra_special_tokens': expects an array "
            "or an object, but got a number");
  config["extra_special_tokens"] = {1};
  EXPECT_EQ(failureOf(letters(), sources),
            "tokenizer_config.json: 'extra_special_tokens': expects a token, "
            "but got a number");
}

/// Where tokenizer_config.json does not list added tokens, an older file has
/// the last word.
TEST(TokenizerJson, SpecialTokensMayBeInAFileOfTheirOwn) {
  Json config = {{"bos_token", "a"}, {"mask_token", "<mask>"}};
  Json map = {{"bos_token", {{"content", "<s>"}, {"lstrip", false}}},
              {"eos_token", "</s>"},
              {"pad_token", nullptr}};
  TokenizerSources sources;
  sources.specialTokensMap = &map;
  for (bool both : {true, false}) {
    sources.tokenizerConfig = both ? &config : nullptr;
    Result<text::TokenizerModel> model = import(letters(), sources);
    ASSERT_TRUE(model) << model.error().str();
    EXPECT_EQ(model->bosId, 5);
    EXPECT_EQ(model->eosId, 6);
    EXPECT_EQ(model->specialTokens.size(), both ? 3u : 2u);
  }
  sources.tokenizerConfig = &config;
  map["eos_token"] = 3;
  EXPECT_EQ(failureOf(letters(), sources),
            "special_tokens_map.json: 'eos_token': expects a token, but got a "
            "number");
  map["eos_token"] = "[eos]";
  EXPECT_EQ(failureOf(letters(), sources),
            "special_tokens_map.json: 'eos_token': the vocabulary has no token "
            "'[eos]'");
  config["bos_token"] = "[bos]";
  config["added_tokens_decoder"] = Json::object();
  EXPECT_EQ(failureOf(letters(), sources),
            "tokenizer_config.json: 'bos_token': the vocabulary has no token "
            "'[bos]'");
}

TEST(TokenizerJson, ConfigAddsTokensThatTheFileLacks) {
  Json config = *parseJson(R"({"added_tokens_decoder": {
    "1": {"content": "b", "special": false, "normalized": false},
    "5": {"content": "<s>", "special": true, "lstrip": true, "rstrip": true},
    "7": {"content": "<x>", "special": true, "rstrip": true,
          "lstrip": false, "normalized": false, "single_word": false},
    "07": {"content": "<x>"}}})",
                           "x.json");
  TokenizerSources sources{&config};
  Result<text::TokenizerModel> model = import(letters(), sources);
  ASSERT_TRUE(model) << model.error().str();
  ASSERT_EQ(model->addedTokens.size(), 4u);
  // tokenizer.json's own goes before, with its flags.
  EXPECT_FALSE(model->addedTokens[0].lstrip);
  EXPECT_FALSE(model->addedTokens[2].addedOnly);
  EXPECT_TRUE(model->addedTokens[3].addedOnly);
  Result<Tokenizer> tokenizer = Tokenizer::create(std::move(*model));
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(*tokenizer->encode("a<x> ab", false), (Ids{0, 7, 0, 1}));
  EXPECT_EQ(tokenizer->decode(Ids{0, 7}, true), "a");

  const std::pair<const char *, const char *> cases[] = {
      {R"([1])", "expects an object, but got an array"},
      {R"({"1x": {"content": "c"}})", "expects ids from 0, but got '1x'"},
      {R"({"-1": {"content": "c"}})", "expects ids from 0, but got '-1'"},
      {R"({"5": {"content": "<t>"}})",
       "expects token 5 to be '<s>', as tokenizer.json has it, but got '<t>'"},
      {R"({"7": {"content": "<s>"}})",
       "expects token '<s>' to have id 5, as tokenizer.json has it, but got "
       "7"}};
  for (auto [decoder, message] : cases) {
    config["added_tokens_decoder"] = *parseJson(decoder, "x.json");
    EXPECT_EQ(failureOf(letters(), sources),
              "tokenizer_config.json: 'added_tokens_decoder': " +
                  std::string(message));
  }
  config["added_tokens_decoder"] = *parseJson(R"({"7": {}})", "x.json");
  EXPECT_EQ(failureOf(letters(), sources),
            "tokenizer_config.json: 'added_tokens_decoder.7': expects a member "
            "'content'");
}

TEST(TokenizerJson, RefusesByName) {
  struct Case {
    const char *patch, *message;
  };
  // JSON merge patches of `letters`.
  const Case cases[] = {
      {R"({"model": {"type": "WordPiece"}})",
       "'model': tokenizer model 'WordPiece' is not in this version"},
      {R"({"model": {"vocab": null}})", "'model': expects a member 'vocab'"},
      {R"({"model": {"vocab": {"b": 0}}})", "id 0 has two tokens: 'a' and 'b'"},
      {R"({"model": {"vocab": {"b": -1}}})",
       "token 'b': expects an id from 0 to 1048579, but got -1"},
      {R"({"model": {"vocab": {"b": 99999999}}})",
       "token 'b': expects an id from 0 to 1048579, but got 99999999"},
      {R"({"model": {"vocab": {"b": "x"}}})",
       "token 'b': expects an integer id, but got a string"},
      {R"({"model": {"merges": [["a", "z"]]}})",
       "'model.merges[0]': the vocabulary has no token 'z'"},
      {R"({"model": {"merges": ["a b c"]}})",
       "'model.merges[0]': expects two tokens"},
      {R"({"model": {"merges": [["b", "a"]]}})",
       "tokenizer: merge 0 of 'b' and 'a' makes a piece that is not in the "
       "vocabulary"},
      {R"({"model": {"dropout": 0.1}})",
       "'model': 'dropout' is not in this version"},
      {R"({"model": {"end_of_word_suffix": "</w>"}})",
       "'model': 'end_of_word_suffix' is not in this version"},
      {R"({"model": {"new_option": 1}})",
       "'model': knows no member 'new_option'"},
      {R"({"added_tokens": [{"id": 3, "content": "x"}]})",
       "id 3 has two tokens: ' ' and 'x'"},
      {R"({"added_tokens": [{"id": 3, "content": "a"}]})",
       "token 'a' has two ids: 0 and 3"},
      {R"({"normalizer": {"type": "BertNormalizer"}})",
       "'normalizer': normalizer 'BertNormalizer' is not in this version"},
      {R"({"normalizer": {"type": "Sequence", "normalizers":
           [{"type": "NFC"}, {"type": "Nmt"}]}})",
       "'normalizer.normalizers[1]': normalizer 'Nmt' is not in this version"},
      {R"({"normalizer": {"type": "Precompiled",
                          "precompiled_charsmap": "*"}})",
       "'normalizer': 'precompiled_charsmap': expects base64"},
      {R"({"normalizer": {"type": "Precompiled",
                          "precompiled_charsmap": "AQAAAA=="}})",
       "'Precompiled': expects a trie of a multiple of 4 bytes within 0, but "
       "got 1"},
      {R"({"pre_tokenizer": {"type": "UnicodeScripts"}})",
       "'pre_tokenizer': pre-tokenizer 'UnicodeScripts' is not in this "
       "version"},
      {R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("},
           "behavior": "Isolated", "invert": false}})",
       "'pre_tokenizer.pattern': pattern '(': missing closing "
       "parenthesis at byte 1"},
      {R"({"pre_tokenizer": {"type": "Split", "pattern": {"String": "x"},
           "behavior": "Merged", "invert": false}})",
       "'pre_tokenizer': 'behavior': does not know 'Merged'"},
      {R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "_",
           "prepend_scheme": "last"}})",
       "'pre_tokenizer': 'prepend_scheme': does not know 'last'"},
      {R"({"pre_tokenizer": {"type": "ByteLevel"}})",
       "'pre_tokenizer': expects a member 'add_prefix_space'"},
      {R"({"decoder": {"type": "CTC"}})",
       "'decoder': decoder 'CTC' is not in this version"},
      {R"({"decoder": {"type": "Strip", "content": " ", "start": -1,
                       "stop": 0}})",
       "'decoder': 'start': expects 0 to 1048576, but got -1"},
      {R"({"post_processor": {"type": "Other"}})",
       "'post_processor': post-processor 'Other' is not in this version"},
      {R"({"post_processor": {"type": "TemplateProcessing", "single": [],
                              "special_tokens": {}}})",
       "'post_processor': 'single': expects the sequence 'A'"},
      {R"({"post_processor": {"type": "BertProcessing", "cls": ["x", 99],
                              "sep": ["a", 0]}})",
       "tokenizer: id 99 that is added to every text is outside of the "
       "vocabulary"},
  };
  for (const Case &one : cases) {
    Json json = letters();
    // merge_patch removes nulls, and some members must be null.
    json.merge_patch(*parseJson(one.patch, "patch"));
    EXPECT_EQ(failureOf(json), "tokenizer.json: " + std::string(one.message))
        << one.patch;
  }
  EXPECT_EQ(failureOf(Json::array()),
            "tokenizer.json: expects an object, but got an array");
  EXPECT_EQ(failureOf(Json::object()),
            "tokenizer.json: expects a member 'model'");
  Json deep = letters();
  for (int i = 0; i < 10; ++i)
    deep["normalizer"] = {{"type", "Sequence"},
                          {"normalizers", Json::array({deep["normalizer"]})}};
  EXPECT_NE(failureOf(deep).find("expects at most 8 nested sequences"),
            std::string::npos);
}

} // namespace
