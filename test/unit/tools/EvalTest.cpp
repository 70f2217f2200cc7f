#include "tools/lib/Eval.h"
#include "test/unit/tools/TableEngine.h"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tombolo {
namespace {

/// Probabilities by token, as logits.
std::vector<std::vector<float>>
logTable(std::vector<std::vector<double>> probabilities) {
  std::vector<std::vector<float>> table;
  for (const std::vector<double> &row : probabilities) {
    table.emplace_back();
    // A common offset changes nothing.
    for (double p : row)
      table.back().push_back(float(std::log(p) + 7));
  }
  return table;
}

TEST(Eval, ScoresEveryPositionButTheFirst) {
  TableEngine engine(logTable({{0.5, 0.5}, {0.25, 0.75}}));
  std::vector<int32_t> tokens = {0, 1, 1, 0, 1, 0, 0, 0, 1};
  EvalOptions options;
  options.context = 4;
  Result<EvalReport> report = evaluate(engine, nullptr, tokens, options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->tokens, 9);
  EXPECT_EQ(report->windows, 2);
  EXPECT_EQ(report->scoredTokens, 6);
  EXPECT_EQ(engine.restarts, 2);
  // 0>1, 1>1, 1>0 and 1>0, 0>0, 0>0
  double nll = -(std::log(0.5) + std::log(0.75) + 2 * std::log(0.25) +
                 2 * std::log(0.5)) /
               6;
  EXPECT_NEAR(report->meanNll, nll, 1e-6);
  EXPECT_NEAR(report->perplexity, std::exp(nll), 1e-6);
}

TEST(Eval, SecondHalfAndWindows) {
  TableEngine engine(logTable({{0.5, 0.5}, {0.25, 0.75}}));
  std::vector<int32_t> tokens(16, 1);
  EvalOptions options;
  options.context = 8;
  options.windows = 1;
  options.secondHalf = true;
  Result<EvalReport> report = evaluate(engine, nullptr, tokens, options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->windows, 1);
  EXPECT_EQ(report->scoredTokens, 3); // 5, 6, 7
}

TEST(Eval, BosTakesTheFirstTokensPlace) {
  TableEngine engine(logTable({{0.5, 0.5}, {0.25, 0.75}}));
  std::vector<int32_t> tokens = {0, 1, 1, 1};
  EvalOptions options;
  options.context = 4;
  options.bos = 1;
  ASSERT_TRUE(evaluate(engine, nullptr, tokens, options));
  EXPECT_THAT(engine.fed, testing::ElementsAre(1, 1, 1, 1));
}

TEST(Eval, DivergenceFromAnotherModel) {
  TableEngine model(logTable({{0.5, 0.5}, {0.25, 0.75}}));
  TableEngine other(logTable({{0.5, 0.5}, {0.6, 0.4}}));
  std::vector<int32_t> tokens(20, 0);
  tokens[1] = 1;
  EvalOptions options;
  options.context = 20;
  options.comparedBytes = 0; // two pieces: 16 tokens and 4
  Result<EvalReport> report = evaluate(model, &other, tokens, options);
  ASSERT_TRUE(report);
  double kl = 0.6 * std::log(0.6 / 0.25) + 0.4 * std::log(0.4 / 0.75);
  EXPECT_NEAR(report->klDivergence->max, kl, 1e-6);
  EXPECT_NEAR(report->klDivergence->mean, kl / 19, 1e-6);
  EXPECT_NEAR(report->klDivergence->median, 0, 1e-9);
  EXPECT_NEAR(*report->top1Agreement, 18.0 / 19, 1e-12);
  nlohmann::ordered_json json = toJson(*report);
  EXPECT_TRUE(json["kl_divergence"].contains("p99"));
}

TEST(Eval, EqualModelsDoNotDiverge) {
  TableEngine model(logTable({{0.5, 0.5}, {0.25, 0.75}}));
  TableEngine same = model;
  std::vector<int32_t> tokens(8, 1);
  EvalOptions options;
  options.context = 8;
  Result<EvalReport> report = evaluate(model, &same, tokens, options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->klDivergence->max, 0);
  EXPECT_EQ(*report->top1Agreement, 1);
}

TEST(Eval, RefusesWhatDoesNotFit) {
  TableEngine model(logTable({{0.5, 0.5}, {0.25, 0.75}}));
  TableEngine other(logTable({{0.3, 0.3, 0.4}, {1, 1, 1}, {1, 1, 1}}));
  std::vector<int32_t> tokens(8, 1);
  auto message = [&](int64_t context, Engine *against) {
    EvalOptions options;
    options.context = context;
    Result<EvalReport> report = evaluate(model, against, tokens, options);
    return report ? std::string() : report.error().str();
  };
  EXPECT_EQ(message(16, nullptr),
            "the text has 8 tokens, but one window takes 16: use a longer text "
            "or a smaller '--context'");
  EXPECT_EQ(
      message(65, nullptr),
      "a window of 65 tokens does not fit into the model's context of 64");
  EXPECT_EQ(message(2, nullptr),
            "expects a context of at least 4 tokens, but got 2");
  EXPECT_EQ(message(8, &other),
            "the two models have vocabularies of 2 and 3 tokens and cannot be "
            "compared");
  tokens[3] = 2;
  EXPECT_EQ(message(8, nullptr),
            "'token' [3]: expects a token id below 2, but got 2");
}

TEST(Eval, RefusesLogitsThatAreNotFinite) {
  TableEngine model(logTable({{0.5, 0.5}, {0.25, 0.75}}));
  model.logitsError = NAN;
  std::vector<int32_t> tokens(8, 1);
  EvalOptions options;
  options.context = 8;
  Result<EvalReport> report = evaluate(model, nullptr, tokens, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().str(),
            "position 0 of a window has logits that are not finite");
}

} // namespace
} // namespace tombolo
