//===- TokenizerTest.cpp - Tokenizers made by hand ------------------------===//

#include "runtime/text/Tokenizer.h"
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace tombolo;
using namespace tombolo::text;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

/// Pieces a, b, c, ab, abc with merges to them, and an unknown piece.
TokenizerModel letters() {
  TokenizerModel model;
  for (const char *piece : {"?", "a", "b", "c", "ab", "abc", " "})
    model.addPiece(piece, PieceType::Normal);
  model.types[0] = PieceType::Unknown;
  model.unknownId = 0;
  model.merges = {{1, 2}, {4, 3}};
  model.decoder = {{DecoderStep::Kind::Fuse}};
  return model;
}

void addToken(TokenizerModel &model, std::string text,
              void (*change)(AddedToken &) = nullptr) {
  AddedToken token;
  token.id = model.size();
  token.content = text;
  if (change)
    change(token);
  model.addPiece(text, PieceType::Control);
  model.addedTokens.push_back(std::move(token));
}

Tokenizer build(TokenizerModel model) {
  Result<Tokenizer> tokenizer = Tokenizer::create(std::move(model));
  EXPECT_TRUE(tokenizer) << tokenizer.error().str();
  return std::move(*tokenizer);
}

std::vector<int32_t> encode(const Tokenizer &tokenizer, std::string_view text) {
  Result<std::vector<int32_t>> ids = tokenizer.encode(text, false);
  EXPECT_TRUE(ids) << ids.error().str();
  return ids ? *ids : std::vector<int32_t>();
}

TEST(Tokenizer, MergesByRank) {
  Tokenizer tokenizer = build(letters());
  EXPECT_THAT(encode(tokenizer, "abcab"), ElementsAre(5, 4));
  EXPECT_THAT(encode(tokenizer, "cba"), ElementsAre(3, 2, 1));
  EXPECT_THAT(encode(tokenizer, ""), ElementsAre());
}

TEST(Tokenizer, EqualRanksMergeFromTheLeft) {
  TokenizerModel model;
  for (const char *piece : {"a", "aa"})
    model.addPiece(piece, PieceType::Normal);
  model.merges = {{0, 0}};
  EXPECT_THAT(encode(build(model), "aaaaa"), ElementsAre(1, 1, 0));
}

TEST(Tokenizer, UnknownCharacters) {
  TokenizerModel model = letters();
  EXPECT_THAT(encode(build(model), "axyb"), ElementsAre(1, 0, 0, 2));
  model.fuseUnknown = true;
  EXPECT_THAT(encode(build(model), "axyb"), ElementsAre(1, 0, 2));
  model.unknownId = -1;
  EXPECT_THAT(encode(build(model), "axyb"), ElementsAre(4));
  model.unknownIsError = true;
  Result<std::vector<int32_t>> ids = build(model).encode("axyb", false);
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().str(), "the tokenizer has no token for 'x' and none "
                               "for what is unknown");
}

TEST(Tokenizer, IgnoreMergesTakesWholePieces) {
  TokenizerModel model = letters();
  model.merges.clear();
  EXPECT_THAT(encode(build(model), "abc"), ElementsAre(1, 2, 3));
  model.ignoreMerges = true;
  EXPECT_THAT(encode(build(model), "abc"), ElementsAre(5));
}

TEST(Tokenizer, AddedTokensTakeTheLongestAndTheSpaceBesideThem) {
  TokenizerModel model = letters();
  addToken(model, "<x>");
  addToken(model, "<x><y>");
  addToken(model, "<l>", [](AddedToken &token) { token.lstrip = true; });
  addToken(model, "<r>", [](AddedToken &token) { token.rstrip = true; });
  Tokenizer tokenizer = build(model);
  EXPECT_THAT(encode(tokenizer, "a<x>b"), ElementsAre(1, 7, 2));
  EXPECT_THAT(encode(tokenizer, "<x><x><y>"), ElementsAre(7, 8));
  EXPECT_THAT(encode(tokenizer, "a \n<l> b"), ElementsAre(1, 9, 6, 2));
  EXPECT_THAT(encode(tokenizer, "a <r> \n b"), ElementsAre(1, 6, 10, 2));
  EXPECT_THAT(encode(tokenizer, "<r> <l>"), ElementsAre(10, 9));
}

TEST(Tokenizer, SingleWordsStandAlone) {
  TokenizerModel model = letters();
  addToken(model, "cb", [](AddedToken &token) { token.singleWord = true; });
  Tokenizer tokenizer = build(model);
  EXPECT_THAT(encode(tokenizer, " cb "), ElementsAre(6, 7, 6));
  EXPECT_THAT(encode(tokenizer, "cb"), ElementsAre(7));
  EXPECT_THAT(encode(tokenizer, "cba"), ElementsAre(3, 2, 1));
  EXPECT_THAT(encode(tokenizer, "acb"), ElementsAre(1, 3, 2));
}

TEST(Tokenizer, NormalizedTokensAreFoundAfterNormalization) {
  TokenizerModel model = letters();
  NormalizerStep lower{NormalizerStep::Kind::Lowercase};
  model.normalizer = {lower};
  addToken(model, "<RAW>");
  addToken(model, "<Norm>", [](AddedToken &token) { token.normalized = true; });
  Tokenizer tokenizer = build(model);
  EXPECT_THAT(encode(tokenizer, "A<NORM><RAW>"), ElementsAre(1, 8, 7));
  EXPECT_THAT(encode(tokenizer, "<raw>").size(), 5u);
}

TEST(Tokenizer, IllFormedTextIsReadAsReplacements) {
  TokenizerModel model = letters();
  model.addPiece("\xEF\xBF\xBD", PieceType::Normal);
  Tokenizer tokenizer = build(model);
  // A lone byte; a cut character as one; an overlong form byte by byte.
  EXPECT_THAT(encode(tokenizer, "a\xff"), ElementsAre(1, 7));
  EXPECT_THAT(encode(tokenizer, "\xE2\x82"
                                "b"),
              ElementsAre(7, 2));
  EXPECT_THAT(encode(tokenizer, "\xC0\x80"), ElementsAre(7, 7));
  EXPECT_THAT(encode(tokenizer, "\xED\xA0\x80"), ElementsAre(7, 7, 7));
}

TEST(Tokenizer, IdsOutsideOfTheVocabularyDecodeToNothing) {
  Tokenizer tokenizer = build(letters());
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{-1, 1, 99, 3}, false), "ac");
  EXPECT_EQ(tokenizer.tokenText(99), "");
  EXPECT_EQ(tokenizer.tokenText(5), "abc");
  EXPECT_EQ(tokenizer.tokenId("ab"), 4);
  EXPECT_EQ(tokenizer.tokenId("zz"), -1);
}

TEST(Tokenizer, SpecialTokensAndEnds) {
  TokenizerModel model = letters();
  addToken(model, "<s>", [](AddedToken &token) { token.special = true; });
  addToken(model, "</s>", [](AddedToken &token) { token.special = true; });
  model.bosId = 7;
  model.eosId = 8;
  model.prefixIds = {7};
  model.suffixIds = {8};
  model.endIds = {8, 1000};
  Tokenizer tokenizer = build(model);
  EXPECT_THAT(*tokenizer.encode("ab", true), ElementsAre(7, 4, 8));
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{7, 4, 8}, true), "ab");
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{7, 4, 8}, false),
            "<s>ab</s>");
  EXPECT_TRUE(tokenizer.addsBos());
  EXPECT_TRUE(tokenizer.isEnd(8));
  EXPECT_TRUE(tokenizer.isEnd(1000));
  EXPECT_FALSE(tokenizer.isEnd(7));
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

/// The words that `steps` cut the text into: each character is a piece, and
/// merges would show where words end, so all of a word is one piece.
std::vector<std::string> words(std::vector<PreTokenizerStep> steps,
                               const std::string &text,
                               const std::vector<std::string> &candidates) {
  TokenizerModel model;
  for (const std::string &candidate : candidates)
    model.addPiece(candidate, PieceType::Normal);
  model.addPiece("?", PieceType::Unknown);
  model.unknownId = model.size() - 1;
  model.fuseUnknown = true;
  model.ignoreMerges = true;
  model.preTokenizer = std::move(steps);
  Tokenizer tokenizer = build(model);
  std::vector<std::string> found;
  for (int32_t id : encode(tokenizer, text))
    found.emplace_back(tokenizer.tokenText(id));
  return found;
}

TEST(PreTokenizer, SplitBehaviors) {
  PreTokenizerStep split{PreTokenizerStep::Kind::Split};
  split.pattern = {true, "-"};
  auto run = [&](SplitBehavior behavior, std::vector<std::string> pieces) {
    split.behavior = behavior;
    return words({split}, "a--b-", pieces);
  };
  EXPECT_THAT(run(SplitBehavior::Removed, {"a", "b"}), ElementsAre("a", "b"));
  EXPECT_THAT(run(SplitBehavior::Isolated, {"a", "-", "b"}),
              ElementsAre("a", "-", "-", "b", "-"));
  EXPECT_THAT(run(SplitBehavior::MergedWithPrevious, {"a-", "-", "b-"}),
              ElementsAre("a-", "-", "b-"));
  EXPECT_THAT(run(SplitBehavior::MergedWithNext, {"a", "-", "-b"}),
              ElementsAre("a", "-", "-b", "-"));
  EXPECT_THAT(run(SplitBehavior::Contiguous, {"a", "--", "b", "-"}),
              ElementsAre("a", "--", "b", "-"));
  split.invert = true;
  EXPECT_THAT(run(SplitBehavior::Removed, {"-"}), ElementsAre("-", "-", "-"));
}

TEST(PreTokenizer, MetaspacePrepends) {
  PreTokenizerStep step{PreTokenizerStep::Kind::Metaspace};
  step.content = "_";
  step.split = true;
  PreTokenizerStep split{PreTokenizerStep::Kind::Split};
  split.pattern = {false, "|"};
  split.behavior = SplitBehavior::Removed;
  std::vector<std::string> pieces = {"a", "_a", "_"};
  auto run = [&](PreTokenizerStep::Prepend prepend, const char *text) {
    step.prepend = prepend;
    return words({split, step}, text, pieces);
  };
  using Prepend = PreTokenizerStep::Prepend;
  EXPECT_THAT(run(Prepend::Always, "a a|a"), ElementsAre("_a", "_a", "_a"));
  EXPECT_THAT(run(Prepend::First, "a a|a"), ElementsAre("_a", "_a", "a"));
  EXPECT_THAT(run(Prepend::Never, "a a|a"), ElementsAre("a", "_a", "a"));
  EXPECT_THAT(run(Prepend::Always, " a"), ElementsAre("_a"));
  // The beginning was removed: nothing is first.
  EXPECT_THAT(run(Prepend::First, "|a"), ElementsAre("a"));
}

std::string normalized(std::vector<NormalizerStep> steps,
                       const std::string &text) {
  TokenizerModel model;
  for (unsigned byte = 1; byte < 256; ++byte)
    model.addPiece(std::string("<0x") + "0123456789ABCDEF"[byte / 16] +
                       "0123456789ABCDEF"[byte % 16] + ">",
                   PieceType::Byte);
  model.byteFallback = true;
  model.normalizer = std::move(steps);
  model.decoder = {{DecoderStep::Kind::ByteFallback},
                   {DecoderStep::Kind::Fuse}};
  Tokenizer tokenizer = build(model);
  return tokenizer.decode(encode(tokenizer, text), false);
}

TEST(Normalizer, Steps) {
  using Kind = NormalizerStep::Kind;
  auto one = [](Kind kind, std::string content = "", Pattern pattern = {}) {
    NormalizerStep step{kind};
    step.content = std::move(content);
    step.pattern = std::move(pattern);
    step.left = true;
    return std::vector<NormalizerStep>{step};
  };
  EXPECT_EQ(normalized(one(Kind::NFC), "e\u0301\uFB01"), "\u00E9\uFB01");
  EXPECT_EQ(normalized(one(Kind::NFD), "\u00E9\uAC00"), "e\u0301\u1100\u1161");
  EXPECT_EQ(normalized(one(Kind::NFKC), "e\u0301\uFB01\uFF21"), "\u00E9"
                                                                "fiA");
  EXPECT_EQ(normalized(one(Kind::NFKD), "\u00E9\uFB01"), "e\u0301"
                                                         "fi");
  EXPECT_EQ(normalized(one(Kind::Lowercase), "\u00C4\u0130B"), "\u00E4i\u0307"
                                                               "b");
  EXPECT_EQ(normalized(one(Kind::Strip), "\u3000 a "), "a ");
  EXPECT_EQ(normalized(one(Kind::Prepend, "x"), "a"), "xa");
  EXPECT_EQ(normalized(one(Kind::Prepend, "x"), ""), "");
  EXPECT_EQ(normalized(one(Kind::Append, "x"), "a"), "ax");
  EXPECT_EQ(normalized(one(Kind::Replace, "-", {true, "[bc]+"}), "abcbd"),
            "a-d");
  EXPECT_EQ(normalized(one(Kind::Replace, "$0", {false, "."}), "a.b"), "a$0b");
}

TEST(Normalizer, Precompiled) {
  // A double array of the one key "A" with the replacement at 0: the root's
  // offset is 256, the unit of 'A' stands at 256 ^ 'A' with offset 1.
  std::vector<uint32_t> units(512, 0);
  units[0] = 256u << 10;
  units[256 ^ 'A'] = 'A' | 1u << 8 | 1u << 10;
  units[(256 ^ 'A') ^ 1] = 1u << 31;
  std::string map;
  auto word = [&](uint32_t value) {
    for (unsigned i = 0; i < 4; ++i)
      map += static_cast<char>(value >> (8 * i));
  };
  word(static_cast<uint32_t>(units.size() * 4));
  for (uint32_t unit : units)
    word(unit);
  map += std::string("xyz") + '\0';
  NormalizerStep step{NormalizerStep::Kind::Precompiled};
  step.content = map;
  EXPECT_EQ(normalized({step}, "BAB"), "BxyzB");
  // Combined marks make a grapheme of more bytes, which begins with 'A' too.
  EXPECT_EQ(normalized({step}, "A\u0301"), "xyz");

  TokenizerModel model = letters();
  step.content = "\x05";
  model.normalizer = {step};
  EXPECT_FALSE(Tokenizer::create(model));
  step.content = std::string("\xff\xff\xff\x7f", 4);
  model.normalizer = {step};
  EXPECT_FALSE(Tokenizer::create(model));
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

TokenizerModel bytes() {
  TokenizerModel model;
  for (const char *piece : {"<0xE2>", "<0x82>", "<0xAC>", "a", "_b", "_"})
    model.addPiece(piece, PieceType::Normal);
  return model;
}

std::vector<std::string> streamed(const Tokenizer &tokenizer,
                                  std::vector<int32_t> ids) {
  Tokenizer::Stream stream = tokenizer.stream(false);
  std::vector<std::string> parts;
  std::string all;
  for (int32_t id : ids) {
    parts.push_back(stream.push(id));
    all += parts.back();
  }
  parts.push_back(stream.finish());
  EXPECT_EQ(all + parts.back(), tokenizer.decode(ids, false));
  return parts;
}

TEST(Decoder, HoldsBytesBackUntilTheirRunEnds) {
  TokenizerModel model = bytes();
  model.decoder = {{DecoderStep::Kind::ByteFallback},
                   {DecoderStep::Kind::Fuse}};
  Tokenizer tokenizer = build(model);
  EXPECT_THAT(streamed(tokenizer, {3, 0, 1, 2, 3}),
              ElementsAre("a", "", "", "", "\u20ACa", ""));
  EXPECT_THAT(streamed(tokenizer, {0, 1}), ElementsAre("", "", "\uFFFD\uFFFD"));
}

TEST(Decoder, ByteLevelHoldsBackIncompleteCharacters) {
  TokenizerModel model;
  // E2 82 AC in GPT-2's alphabet, a word with a space, a text that is not in
  // the alphabet.
  for (const char *piece : {"\u00E2", "\u0124", "\u00AC", "\u0120x", "\uFF5C"})
    model.addPiece(piece, PieceType::Normal);
  model.decoder = {{DecoderStep::Kind::ByteLevel}};
  Tokenizer tokenizer = build(model);
  EXPECT_THAT(streamed(tokenizer, {0, 1, 2, 3, 4}),
              ElementsAre("", "", "\u20AC", " x", "\uFF5C", ""));
  EXPECT_THAT(streamed(tokenizer, {0, 1, 3}),
              ElementsAre("", "", "\uFFFD x", ""));
  EXPECT_THAT(streamed(tokenizer, {0}), ElementsAre("", "\uFFFD"));
}

TEST(Decoder, StepsBehindFuseSeeOneText) {
  TokenizerModel model = bytes();
  DecoderStep strip{DecoderStep::Kind::Strip};
  strip.content = "_";
  strip.start = 1;
  strip.stop = 1;
  model.decoder = {{DecoderStep::Kind::Fuse}, strip};
  EXPECT_THAT(streamed(build(model), {4, 5, 4, 5}),
              ElementsAre("b", "", "__b", "", ""));
  EXPECT_EQ(build(model).decode(std::vector<int32_t>{5}, false), "");

  DecoderStep replace{DecoderStep::Kind::Replace};
  replace.pattern = {false, "a_b"};
  replace.content = "!";
  model.decoder = {{DecoderStep::Kind::Fuse}, replace};
  EXPECT_THAT(streamed(build(model), {3, 3, 5, 3, 4, 3}),
              ElementsAre("", "a", "", "a_", "!", "", "a"));
  replace.pattern = {true, "a(?=a)"};
  model.decoder = {{DecoderStep::Kind::Fuse}, replace};
  EXPECT_EQ(build(model).decode(std::vector<int32_t>{3, 3, 3}, false), "!!a");

  model.decoder = {strip};
  EXPECT_EQ(build(model).decode(std::vector<int32_t>{4, 4}, false), "bb");
  model.decoder = {{DecoderStep::Kind::JoinSpaces}};
  EXPECT_EQ(build(model).decode(std::vector<int32_t>{3, 3}, false), "a a");

  model.decoder = {{DecoderStep::Kind::Fuse},
                   {DecoderStep::Kind::ByteFallback}};
  Result<Tokenizer> tokenizer = Tokenizer::create(model);
  ASSERT_FALSE(tokenizer);
  EXPECT_THAT(tokenizer.error().str(), HasSubstr("joins them"));
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

TEST(Tokenizer, LongWordsTakeLinearithmicTime) {
  TokenizerModel model;
  std::string piece = "a";
  for (int i = 0; i < 8; ++i, piece += piece)
    model.addPiece(piece, PieceType::Normal);
  for (int i = 0; i + 1 < 8; ++i)
    model.merges.emplace_back(i, i);
  EXPECT_EQ(encode(build(model), std::string(1 << 20, 'a')).size(), size_t(1)
                                                                        << 13);
  model.kind = ModelKind::ScoredBpe;
  model.merges.clear();
  for (int i = 0; i < 8; ++i)
    model.scores.push_back(-i);
  EXPECT_EQ(encode(build(model), std::string(1 << 20, 'a')).size(), size_t(1)
                                                                        << 13);
  model.kind = ModelKind::Unigram;
  model.scores.assign(8, -1.0);
  EXPECT_EQ(encode(build(model), std::string(1 << 20, 'a')).size(), size_t(1)
                                                                        << 13);
}

TEST(Tokenizer, LongRunsOfMarksAreOrderedInTime) {
  std::string text = "e";
  for (int i = 0; i < 100'000; ++i)
    text += "\u0316\u0301";
  NormalizerStep step{NormalizerStep::Kind::NFD};
  std::string ordered = normalized({step}, text);
  EXPECT_TRUE(ordered.starts_with("e\u0316\u0316"));
  EXPECT_EQ(ordered.size(), text.size());
}

TEST(Tokenizer, PatternsThatExplodeAreAnError) {
  TokenizerModel model = letters();
  PreTokenizerStep split{PreTokenizerStep::Kind::Split};
  split.pattern = {true, "(?:a|aa|a)*[xy]"};
  model.preTokenizer = {split};
  Result<std::vector<int32_t>> ids =
      build(model).encode(std::string(300, 'a') + "b", false);
  ASSERT_FALSE(ids);
  EXPECT_THAT(ids.error().str(), HasSubstr("matching a pattern"));
  // So large that PCRE2 refuses to compile it.
  model.preTokenizer[0].pattern.text = "(?:(?:a{1,900}){1,900}){1,900}";
  EXPECT_FALSE(Tokenizer::create(model));
}

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

std::string failureOf(const TokenizerModel &model) {
  Status status = validate(model);
  return status ? "" : status.error().str();
}

TEST(TokenizerModel, Validation) {
  EXPECT_EQ(failureOf(letters()), "");
  EXPECT_THAT(failureOf(TokenizerModel()), HasSubstr("at least one piece"));
  TokenizerModel model = letters();
  model.bosId = 7;
  EXPECT_THAT(failureOf(model), HasSubstr("special id"));
  model = letters();
  model.prefixIds = {9};
  EXPECT_THAT(failureOf(model), HasSubstr("id 9"));
  model = letters();
  model.merges.emplace_back(0, 7);
  EXPECT_THAT(failureOf(model), HasSubstr("merge"));
  model = letters();
  model.merges = {{3, 3}};
  EXPECT_THAT(Tokenizer::create(model).error().str(),
              HasSubstr("merge 0 of 'c' and 'c' makes a piece that is not in "
                        "the vocabulary"));
  model = letters();
  model.endIds = {2, 1};
  EXPECT_THAT(failureOf(model), HasSubstr("ascend"));
  model = letters();
  model.types.pop_back();
  EXPECT_THAT(failureOf(model), HasSubstr("a type for each"));
  model = letters();
  model.offsets[1] = 100;
  EXPECT_THAT(failureOf(model), HasSubstr("ascend"));
  model = letters();
  model.blob[0] = '\xff';
  EXPECT_THAT(failureOf(model), HasSubstr("piece 0 is not UTF-8"));
  model = letters();
  addToken(model, "x");
  model.addedTokens[0].content = "";
  EXPECT_THAT(failureOf(model), HasSubstr("1 to 1024 bytes"));
  model = letters();
  model.kind = ModelKind::Unigram;
  model.merges.clear();
  EXPECT_THAT(failureOf(model), HasSubstr("a type and a score"));
  model.scores.assign(7, 0.0);
  model.scores[2] = 0.0 / 0.0 * 1;
  EXPECT_THAT(failureOf(model), HasSubstr("no finite score"));
}

TEST(Tokenizer, FindsWhatIsOnlyAddedInTheTextAlone) {
  TokenizerModel model = letters();
  addToken(model, "cc", [](AddedToken &token) {
    token.singleWord = true;
    token.addedOnly = true;
  });
  model.ignoreMerges = true;
  std::string bytes = serialize(model);
  Result<TokenizerModel> again =
      deserialize(std::as_bytes(std::span(bytes)), "f");
  ASSERT_TRUE(again) << again.error().str();
  Tokenizer tokenizer = build(std::move(*again));
  EXPECT_THAT(encode(tokenizer, "cc"), ElementsAre(7));
  EXPECT_THAT(encode(tokenizer, "cca"), ElementsAre(3, 3, 1));
  EXPECT_EQ(tokenizer.tokenId("cc"), 7);
  EXPECT_EQ(tokenizer.tokenText(7), "cc");
  EXPECT_EQ(tokenizer.decode(std::vector<int32_t>{7, 3}, false), "ccc");
}

TEST(Tokenizer, IllFormedTextMayGrowThreefold) {
  Tokenizer tokenizer = build(letters());
  Result<std::vector<int32_t>> ids =
      tokenizer.encode(std::string((size_t(1) << 30) / 3 + 1, '\xff'), false);
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().str(),
            "the text is not UTF-8 and too long to repair: expects at most "
            "357913941 bytes, but got 357913942");
}

/// The bytes under a version of their format, and a hash that is right.
std::string withVersion(std::string bytes, char version) {
  bytes[4] = version;
  size_t content = bytes.size() - 8;
  uint64_t hash = XXH3_64bits(bytes.data(), content);
  for (unsigned i = 0; i < 8; ++i)
    bytes[content + i] = static_cast<char>(hash >> (8 * i));
  return bytes;
}

TEST(TokenizerModel, OlderVersionsAreRead) {
  TokenizerModel model = letters();
  addToken(model, "<s>", [](AddedToken &token) { token.special = true; });
  auto read = [](const std::string &bytes) {
    return deserialize(std::as_bytes(std::span(bytes)), "f");
  };
  Result<TokenizerModel> old = read(withVersion(serialize(model), 1));
  ASSERT_TRUE(old) << old.error().str();
  EXPECT_EQ(serialize(*old), serialize(model));
  for (char version : {'\0', '\4'})
    EXPECT_EQ(read(withVersion(serialize(model), version)).error().str(),
              "f: tokenizer: expects format version 1 to 3, but got " +
                  std::to_string(version));
  // Before version 3 chat templates stood where special tokens do now.
  model.specialTokens = {{"default", "{{ messages }}"}};
  for (char version : {'\1', '\2'}) {
    old = read(withVersion(serialize(model), version));
    ASSERT_TRUE(old) << old.error().str();
    EXPECT_TRUE(old->specialTokens.empty());
  }
  model.specialTokens[0].text = "\xff";
  EXPECT_EQ(read(serialize(model)).error().str(),
            "f: tokenizer: a special token is not UTF-8");
  model.specialTokens.clear();
  model.addedTokens[0].addedOnly = true;
  EXPECT_EQ(read(withVersion(serialize(model), 1)).error().str(),
            "f: tokenizer: the bytes are damaged: a field is out of range");
}

TEST(TokenizerModel, DamagedBytesAreAnError) {
  TokenizerModel model = letters();
  addToken(model, "<s>", [](AddedToken &token) { token.special = true; });
  model.specialTokens = {{"bos_token", "<s>"}};
  std::string good = serialize(model);
  auto read = [](const std::string &bytes) {
    return deserialize(std::as_bytes(std::span(bytes)), "f.tbo");
  };
  Result<TokenizerModel> again = read(good);
  ASSERT_TRUE(again) << again.error().str();
  EXPECT_EQ(again->specialTokens[0].name, "bos_token");
  EXPECT_EQ(again->specialTokens[0].text, "<s>");
  EXPECT_EQ(serialize(*again), good);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(read(good.substr(0, size))) << size;
  for (size_t i = 0; i < good.size(); ++i)
    for (char change : {'\x01', '\x80'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ change);
      EXPECT_FALSE(read(bad)) << i;
    }
  EXPECT_EQ(read("xxxx").error().str(),
            "f.tbo: tokenizer: expects the magic 'TBTK'");
  EXPECT_EQ(read(good + "x").error().str(),
            "f.tbo: tokenizer: the bytes do not match their hash");
}

} // namespace
