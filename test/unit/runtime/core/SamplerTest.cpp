#include "runtime/core/Sampler.h"
#include "runtime/core/StopStrings.h"
#include "runtime/core/Trace.h"
#include <cmath>
#include <gmock/gmock.h>
#include <limits>
#include <map>

using namespace tombolo;

namespace {
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Frequencies of the tokens drawn in `count` draws.
std::map<int32_t, double> frequencies(const SamplingOptions &options,
                                      const std::vector<float> &logits,
                                      int count = 40000) {
  Sampler sampler(options);
  std::map<int32_t, double> result;
  for (int i = 0; i != count; ++i)
    result[*sampler.sample(logits, {})] += 1.0 / count;
  return result;
}
} // namespace

TEST(SamplerTest, GreedyTakesTheFirstOfTheBest) {
  Sampler sampler({});
  EXPECT_EQ(*sampler.sample(std::vector<float>{1, 3, 2, 3}, {}), 1);
  EXPECT_EQ(*sampler.sample(std::vector<float>{kNaN, -1, kNaN, -2}, {}), 1);
  EXPECT_EQ(*sampler.sample(std::vector<float>{-kInfinity, -kInfinity}, {}), 0);
  EXPECT_EQ(sampler.sample(std::vector<float>{kNaN, kNaN}, {}).error().message,
            "expects logits to draw a token from, but none of them is a "
            "number");
}

TEST(SamplerTest, TemperatureGivesTheSoftmax) {
  SamplingOptions options;
  options.temperature = 2;
  std::vector<float> logits = {0, 1, 2, kNaN, -100};
  double total = 1 + std::exp(0.5) + std::exp(1.0);
  auto seen = frequencies(options, logits);
  EXPECT_NEAR(seen[0], 1 / total, 0.01);
  EXPECT_NEAR(seen[1], std::exp(0.5) / total, 0.01);
  EXPECT_NEAR(seen[2], std::exp(1.0) / total, 0.01);
  EXPECT_EQ(seen.size(), 3u);
}

TEST(SamplerTest, SameSeedSameTokens) {
  std::vector<float> logits(100, 1);
  SamplingOptions options;
  options.temperature = 1;
  options.seed = 42;
  Sampler a(options), b(options);
  options.seed = 43;
  Sampler c(options);
  int same = 0;
  for (int i = 0; i != 100; ++i) {
    int32_t token = *a.sample(logits, {});
    EXPECT_EQ(token, *b.sample(logits, {}));
    same += token == *c.sample(logits, {});
  }
  EXPECT_LT(same, 20);
  // Fixed for all versions: seeds in users' scripts keep their meaning.
  options.seed = 0;
  Sampler fixed(options);
  EXPECT_EQ(*fixed.sample(logits, {}), 88);
  EXPECT_EQ(*fixed.sample(logits, {}), 43);
}

TEST(SamplerTest, TopKKeepsTheLikeliest) {
  SamplingOptions options;
  options.temperature = 1;
  options.topK = 2;
  auto seen = frequencies(options, {1, 1, 3, 2, 2});
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_NEAR(seen[2], 1 / (1 + std::exp(-1.0)), 0.01);
  EXPECT_GT(seen[3], 0); // the lower id of the equal ones
  options.topK = 1;
  EXPECT_EQ(frequencies(options, {1, 5, 3}, 10).size(), 1u);
}

TEST(SamplerTest, TopPKeepsTheFewestThatReachIt) {
  SamplingOptions options;
  options.temperature = 1;
  // Probabilities 0.5, 0.3, 0.2.
  std::vector<float> logits = {std::log(0.3f), std::log(0.5f), std::log(0.2f)};
  options.topP = 0.49f;
  EXPECT_EQ(frequencies(options, logits, 1000).size(), 1u);
  options.topP = 0.6f;
  auto seen = frequencies(options, logits);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_NEAR(seen[1], 0.5 / 0.8, 0.01);
  // More than the first sorted part is needed.
  std::vector<float> flat(1000, 0);
  options.topP = 0.5f;
  EXPECT_EQ(frequencies(options, flat, 20000).size(), 500u);
}

TEST(SamplerTest, MinPKeepsTheRelativelyLikely) {
  SamplingOptions options;
  options.temperature = 1;
  options.minP = 0.3f;
  auto seen = frequencies(
      options, {std::log(0.6f), std::log(0.2f), std::log(0.15f)}, 2000);
  EXPECT_EQ(seen.size(), 2u);
}

TEST(SamplerTest, RepeatPenaltyCountsATokenOnce) {
  SamplingOptions options;
  options.repeatPenalty = 2;
  Sampler sampler(options);
  std::vector<float> logits = {4, 3, -1};
  std::vector<int32_t> history = {0, 0, 0};
  EXPECT_EQ(*sampler.sample(logits, history), 1);
  history = {0, 1};
  EXPECT_EQ(*sampler.sample(logits, history), 0);
  // Negative logits fall, too.
  logits = {-1, -1.5f};
  history = {0};
  EXPECT_EQ(*sampler.sample(logits, history), 1);
}

TEST(SamplerTest, OptionsAreChecked) {
  SamplingOptions options;
  EXPECT_TRUE(options.check());
  options.temperature = -1;
  EXPECT_EQ(options.check().error().message,
            "temperature: expects a number of at least 0, but got -1.000000");
  options = {};
  options.topP = 0;
  EXPECT_FALSE(options.check());
  options = {};
  options.minP = kNaN;
  EXPECT_FALSE(options.check());
  options = {};
  options.topK = -1;
  EXPECT_FALSE(options.check());
  options = {};
  options.repeatPenalty = 0;
  EXPECT_FALSE(options.check());
}

TEST(StopStringsTest, FoundWhereverThePiecesBreak) {
  std::string text = "one two STOP three";
  for (size_t first = 0; first != text.size(); ++first)
    for (size_t second = first; second != text.size(); ++second) {
      StopStrings stops({"STOP", "STORM"});
      std::string seen = stops.push(text.substr(0, first)) +
                         stops.push(text.substr(first, second - first)) +
                         stops.push(text.substr(second)) + stops.finish();
      EXPECT_EQ(seen, "one two ");
      EXPECT_TRUE(stops.found());
    }
}

TEST(StopStringsTest, HoldsBackOnlyWhatMayBeOne) {
  StopStrings stops({"\n\nUser:", "", "ab"});
  EXPECT_EQ(stops.push("hello\n"), "hello");
  EXPECT_EQ(stops.push("x"), "\nx");
  EXPECT_EQ(stops.push("\n\nUs"), "");
  EXPECT_EQ(stops.push("e a"), "\n\nUse ");
  EXPECT_FALSE(stops.found());
  EXPECT_EQ(stops.finish(), "a");
  StopStrings none({});
  EXPECT_EQ(none.push("text"), "text");
}

TEST(StopStringsTest, TheEarliestEndsTheText) {
  StopStrings stops({"cd", "bc"});
  EXPECT_EQ(stops.push("abcd"), "a");
  EXPECT_TRUE(stops.found());
}

TEST(TraceTest, IsJsonWithMicroseconds) {
  DispatchTime time{"decode", 3, "linear \"wq\"", 1, 0.5, 0.50025};
  EXPECT_EQ(toChromeTrace({&time, 1}),
            "{\"traceEvents\":[\n{\"name\":\"linear \\\"wq\\\"\",\"cat\":"
            "\"decode\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":500000.000,"
            "\"dur\":250.000,\"args\":{\"dispatch\":3,\"tokens\":1}}\n]}\n");
}
