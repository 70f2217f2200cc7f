#include "runtime/core/Generate.h"
#include "runtime/core/ModelText.h"
#include "test/unit/runtime/core/TestFile.h"
#include "test/unit/runtime/tiny/TinyText.h"
#include <algorithm>
#include <gmock/gmock.h>

using namespace tombolo;
using namespace tombolo::tiny;
using testing::HasSubstr;

namespace {
class GenerateTest : public testing::Test {
protected:
  void SetUp() override {
    addTinyText(tinyModel);
    reopen();
  }
  void reopen() {
    Status written = tinyModel.write(folder / "tiny.tbo");
    ASSERT_TRUE(written) << written.error().str();
    ModelOptions options;
    options.threads = 2;
    auto opened = Model::open(folder / "tiny.tbo", options);
    ASSERT_TRUE(opened) << opened.error().str();
    model = *opened;
    auto loaded = ModelText::load(*model);
    ASSERT_TRUE(loaded) << loaded.error().str();
    text.emplace(std::move(*loaded));
    auto created = Session::create(model, {});
    ASSERT_TRUE(created);
    session = std::move(*created);
  }
  Generation run(const GenerationOptions &options,
                 const TokenCallback &callback = {}) {
    auto result =
        generate(*session, text->tokenizer(), prompt, options, callback);
    EXPECT_TRUE(result) << result.error().str();
    return *result;
  }
  /// Greedy tokens by the reference.
  std::vector<int32_t> expected(size_t count) const {
    TinyReference reference(tinyModel);
    std::vector<int32_t> ids = prompt;
    for (size_t i = 0; i != count; ++i) {
      std::vector<float> logits = reference.logits(ids, prompt.size());
      auto row = logits.end() - kVocab;
      ids.push_back(std::max_element(row, logits.end()) - row);
    }
    return {ids.begin() + prompt.size(), ids.end()};
  }

  TestFolder folder;
  TinyModel tinyModel = makeTinyModel();
  std::shared_ptr<const Model> model;
  std::optional<ModelText> text;
  std::unique_ptr<Session> session;
  std::vector<int32_t> prompt = {256, 'H', 'e', 'l', 'l', 'o'};
};
} // namespace

TEST_F(GenerateTest, GreedyTokensAreTheReferences) {
  GenerationOptions options;
  options.maxTokens = 40;
  Generation result = run(options);
  EXPECT_EQ(result.tokens, expected(40));
  EXPECT_EQ(result.reason, FinishReason::Length);
  EXPECT_EQ(result.prefillTokens, 6u);
  EXPECT_EQ(result.decodeTokens, 39u);
  EXPECT_EQ(result.text, text->tokenizer()->decode(result.tokens, true));
  // The last token is not fed.
  EXPECT_EQ(session->tokens().size(), 6u + 39);
}

TEST_F(GenerateTest, PiecesAreTheWholeText) {
  GenerationOptions options;
  options.maxTokens = 40;
  std::string pieces;
  std::vector<int32_t> tokens;
  Generation result = run(options, [&](int32_t token, std::string_view piece) {
    if (token >= 0)
      tokens.push_back(token);
    pieces += piece;
    return true;
  });
  EXPECT_EQ(pieces, result.text);
  EXPECT_EQ(tokens, result.tokens);
}

TEST_F(GenerateTest, EndTokensStopAndAreKept) {
  std::vector<int32_t> all = expected(8);
  GenerationOptions options;
  options.endTokens = {all[7]};
  Generation result = run(options);
  EXPECT_EQ(result.reason, FinishReason::Stop);
  size_t end = std::find(all.begin(), all.end(), all[7]) - all.begin();
  EXPECT_EQ(result.tokens,
            std::vector<int32_t>(all.begin(), all.begin() + end + 1));
  EXPECT_EQ(result.text, text->tokenizer()->decode(
                             std::span(result.tokens).first(end), true));
}

TEST_F(GenerateTest, StopTextsEndTheAnswerBeforeThem) {
  GenerationOptions options;
  options.maxTokens = 60;
  std::string whole = run(options).text;
  ASSERT_GT(whole.size(), 12u);
  options.stop = {"never there", whole.substr(8, 3)};
  Generation result = run(options);
  EXPECT_EQ(result.reason, FinishReason::Stop);
  EXPECT_EQ(result.text, whole.substr(0, whole.find(whole.substr(8, 3))));
  EXPECT_LT(result.tokens.size(), 60u);
}

TEST_F(GenerateTest, EndsAtTheContext) {
  SessionOptions sessionOptions;
  sessionOptions.context = 16;
  session = std::move(*Session::create(model, sessionOptions));
  Generation result = run({});
  EXPECT_EQ(result.reason, FinishReason::Context);
  EXPECT_EQ(result.tokens.size(), 16u - 6 + 1);
  prompt.resize(17, 'x');
  auto refused = generate(*session, text->tokenizer(), prompt, {});
  EXPECT_THAT(refused.error().message,
              HasSubstr("expects a sequence of at most 16 tokens"));
}

TEST_F(GenerateTest, TheCallerEndsIt) {
  GenerationOptions options;
  int calls = 0;
  Generation result =
      run(options, [&](int32_t, std::string_view) { return ++calls != 3; });
  EXPECT_EQ(result.reason, FinishReason::Caller);
  EXPECT_EQ(result.tokens.size(), 3u);
  // Not even for text that is held back: of a stop text that never comes.
  std::string whole = text->tokenizer()->decode(expected(3), true);
  ASSERT_FALSE(whole.empty());
  options.stop = {whole.substr(whole.size() - 1) + "never there"};
  calls = 0;
  std::string pieces;
  result = run(options, [&](int32_t, std::string_view piece) {
    pieces += piece;
    return ++calls != 3;
  });
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(result.text, whole);
  EXPECT_LT(pieces.size(), whole.size());
  // An interrupt that is set before anything ran.
  std::atomic<bool> stop = true;
  session->setInterrupt(&stop);
  ASSERT_TRUE(session->truncate(0));
  result = run(options);
  EXPECT_EQ(result.reason, FinishReason::Caller);
  EXPECT_TRUE(result.tokens.empty());
}

TEST_F(GenerateTest, TurnsReuseTheStates) {
  GenerationOptions options;
  options.maxTokens = 10;
  Generation first = run(options);
  prompt.insert(prompt.end(), first.tokens.begin(), first.tokens.end());
  prompt.insert(prompt.end(), {'M', 'o', 'r', 'e'});
  Generation second = run(options);
  // The last token of the answer and the four new ones.
  EXPECT_EQ(second.prefillTokens, 5u);

  auto fresh = Session::create(model, {});
  auto again = generate(**fresh, text->tokenizer(), prompt, options);
  EXPECT_EQ(again->prefillTokens, prompt.size());
  EXPECT_EQ(again->tokens, second.tokens);
}

TEST_F(GenerateTest, SamplingFollowsTheSeed) {
  GenerationOptions options;
  options.maxTokens = 20;
  options.sampling.temperature = 5;
  options.sampling.seed = 1;
  Generation a = run(options), b = run(options);
  EXPECT_EQ(a.tokens, b.tokens);
  options.sampling.seed = 2;
  EXPECT_NE(run(options).tokens, a.tokens);
  options.sampling.topP = 2;
  EXPECT_THAT(generate(*session, nullptr, prompt, options).error().message,
              HasSubstr("top-p: expects a number above 0 and up to 1"));
}

TEST_F(GenerateTest, DefaultsComeFromTheArtifact) {
  EXPECT_EQ(text->defaults().sampling.temperature, 0);
  EXPECT_THAT(text->defaults().endTokens, testing::ElementsAre(int32_t(kEnd)));
  EXPECT_EQ(text->bosToken(), kBos);
  EXPECT_THAT(text->chatTemplate(), HasSubstr("messages"));
  tinyModel.index.text->temperature = 0.5f;
  tinyModel.index.text->top_k = 7;
  tinyModel.index.text->end_tokens = {3};
  reopen();
  EXPECT_EQ(text->defaults().sampling.temperature, 0.5f);
  EXPECT_EQ(text->defaults().sampling.topK, 7);
  // Those of the configuration and those of the tokenizer.
  EXPECT_THAT(text->defaults().endTokens,
              testing::ElementsAre(3, int32_t(kEnd)));
}

TEST_F(GenerateTest, TemplatesSeeWhatTransformersHandsThem) {
  tinyModel.index.text->chat_template =
      "{% if tools is none and documents is none %}none{% endif %}"
      "[{{ unk_token is defined }}]{{ messages[0].role }}"
      "{{ add_generation_prompt }}";
  reopen();
  ChatMessage message{"user", "x"};
  auto prompt = text->chatPrompt({&message, 1});
  ASSERT_TRUE(prompt) << prompt.error().str();
  EXPECT_EQ(*prompt, "none[False]userTrue");

  // Special tokens by their names, several of one name as a list.
  auto &bytes = tinyModel.index.text->tokenizer;
  auto model = text::deserialize(std::as_bytes(std::span(bytes)), "tiny");
  ASSERT_TRUE(model) << model.error().str();
  model->specialTokens = {{"unk_token", "<?>"},
                          {"messages", "lost"},
                          {"additional_special_tokens", "<a>"},
                          {"additional_special_tokens", "<b>"}};
  std::string stored = text::serialize(*model);
  bytes.assign(stored.begin(), stored.end());
  tinyModel.index.text->chat_template =
      "{% if tools is not none %}tools{% endif %}[{{ unk_token }}]"
      "[{{ bos_token is defined }}]{{ messages[0].role }}"
      "{{ additional_special_tokens | join }}";
  reopen();
  prompt = text->chatPrompt({&message, 1});
  ASSERT_TRUE(prompt) << prompt.error().str();
  EXPECT_EQ(*prompt, "[<?>][False]user<a><b>");

  tinyModel.index.text->chat_template = "{{ 1 / 0 }}";
  reopen();
  EXPECT_THAT(text->chatPrompt({&message, 1}).error().str(),
              HasSubstr("tiny.tbo: chat template:1: "));
}

TEST_F(GenerateTest, BrokenTextIsRefused) {
  tinyModel.index.text->tokenizer[20] ^= 1;
  Status written = tinyModel.write(folder / "bad.tbo");
  ASSERT_TRUE(written);
  EXPECT_FALSE(ModelText::load(**Model::open(folder / "bad.tbo")));
  tinyModel.index.text->tokenizer.clear();
  tinyModel.index.text->top_p = 9;
  ASSERT_TRUE(tinyModel.write(folder / "bad.tbo"));
  EXPECT_THAT(
      ModelText::load(**Model::open(folder / "bad.tbo")).error().message,
      HasSubstr("sampling defaults: top-p"));
}

TEST_F(GenerateTest, WithoutATokenizerThereIsNoText) {
  GenerationOptions options;
  options.maxTokens = 5;
  auto result = generate(*session, nullptr, prompt, options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->tokens.size(), 5u);
  EXPECT_EQ(result->text, "");
  options.stop = {"x"};
  EXPECT_EQ(generate(*session, nullptr, prompt, options).error().message,
            "stop texts need a tokenizer, and the artifact has none");
}
