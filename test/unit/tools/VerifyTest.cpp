#include "tools/lib/Verify.h"
#include "test/unit/tools/TableEngine.h"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tombolo {
namespace {

/// After 0 comes 1, after 1 comes 2, after 2 comes 0.
std::vector<std::vector<float>> cycle() {
  return {{1, 3, 0}, {0, 1, 4}, {5, 0, 1}};
}

/// What TableEngine(cycle()) computes for 0, 1 and two tokens more.
Reference cycleReference() {
  Reference reference;
  reference.inputIds = {0, 1};
  reference.logits = {2, 3, {1, 3, 0, 0, 1, 4}};
  for (int64_t layer = 0; layer < 3; ++layer)
    reference.hidden[layer] = {2, 2, {0, float(layer), 1, float(layer)}};
  reference.generatedIds = {2, 0};
  reference.generatedLogits = {2, 3, {0, 1, 4, 5, 0, 1}};
  return reference;
}

TEST(Verify, EqualPasses) {
  TableEngine engine(cycle());
  Result<VerifyReport> report = verify(engine, cycleReference(), 1e-4);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->passed);
  EXPECT_EQ(report->layers.size(), 3u);
  EXPECT_EQ(report->logitsError, 0);
  EXPECT_EQ(report->generatedMatched, 2);
  EXPECT_EQ(report->generatedTotal, 2);
  EXPECT_EQ(engine.lastPrompt, 2);
  // The last generated token is not fed: nothing is compared behind it.
  EXPECT_THAT(engine.fed, testing::ElementsAre(0, 1, 2));
  nlohmann::ordered_json json = toJson(*report);
  EXPECT_EQ(json["first_difference"], nullptr);
  EXPECT_EQ(json["layers"][1]["name"], "hidden.1");
}

TEST(Verify, NamesTheFirstDifferingLayer) {
  TableEngine engine(cycle());
  Reference reference = cycleReference();
  reference.hidden[1].values[1] = 1.5f;
  reference.hidden[2].values[1] = 9;
  Result<VerifyReport> report = verify(engine, reference, 1e-4);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->passed);
  EXPECT_EQ(report->firstDifference, "hidden.1");
  // |1 - 1.5| / |(0, 1.5, 1, 1)|
  EXPECT_NEAR(report->layers[1].error, 0.5 / std::sqrt(2.25 + 1 + 1), 1e-12);
  EXPECT_THAT(toText(*report), testing::HasSubstr("differs"));
}

TEST(Verify, LogitsAboveTheTolerance) {
  TableEngine engine(cycle());
  engine.logitsError = 0.01f;
  Result<VerifyReport> loose = verify(engine, cycleReference(), 1e-2);
  ASSERT_TRUE(loose);
  EXPECT_TRUE(loose->passed);
  Result<VerifyReport> strict = verify(engine, cycleReference(), 1e-3);
  ASSERT_TRUE(strict);
  EXPECT_EQ(strict->firstDifference, "logits");
}

TEST(Verify, NotANumberFails) {
  TableEngine engine(cycle());
  engine.logitsError = NAN;
  Result<VerifyReport> report = verify(engine, cycleReference(), 1e9);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->passed);
}

TEST(Verify, OneTokenDiffers) {
  TableEngine engine(cycle());
  Reference reference = cycleReference();
  reference.generatedIds = {1, 2};
  reference.generatedLogits = {};
  Result<VerifyReport> report = verify(engine, reference, 1e-4);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->passed);
  EXPECT_EQ(report->generatedMatched, 1);
  EXPECT_EQ(report->firstDifference,
            "generated_ids[0]: 2, but the reference has 1");
}

TEST(Verify, LastPositionOnly) {
  TableEngine engine(cycle());
  Reference reference = cycleReference();
  reference.logits = {1, 3, {0, 1, 4}};
  reference.hidden.clear();
  Result<VerifyReport> report = verify(engine, reference, 1e-6);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->passed);
}

TEST(Verify, RefusesWhatDoesNotFit) {
  TableEngine engine(cycle());
  auto message = [&](const Reference &reference) {
    Result<VerifyReport> report = verify(engine, reference, 1e-4);
    return report ? std::string() : report.error().str();
  };
  Reference reference = cycleReference();
  reference.inputIds[1] = 3;
  EXPECT_EQ(message(reference),
            "'input_ids' [1]: expects a token id below 3, but got 3");
  reference = cycleReference();
  reference.logits = {2, 2, {1, 2, 3, 4}};
  EXPECT_EQ(message(reference),
            "'logits': expects rows of the model's 3 tokens, but got 2");
  reference = cycleReference();
  reference.hidden[3] = reference.hidden[2];
  EXPECT_EQ(message(reference),
            "'hidden.3': expects at most the model's 2 layers");
  reference = cycleReference();
  reference.hidden[1] = {2, 1, {0, 1}};
  EXPECT_EQ(message(reference),
            "'hidden.1': expects rows of the model's 2 elements, but got 1");
  engine.lastLayer = 1;
  EXPECT_EQ(message(cycleReference()),
            "'hidden.2': the table gave 0 rows of it, but the reference has 2");
  engine.contextSize = 3;
  EXPECT_EQ(message(cycleReference()),
            "the reference has 4 tokens, but the model's context is 3");
}

} // namespace
} // namespace tombolo
