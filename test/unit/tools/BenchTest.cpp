#include "tools/lib/Bench.h"
#include "test/unit/tools/TableEngine.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tombolo {
namespace {

TEST(Bench, Median) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
}

TEST(Bench, CountsWhatTheModelCosts) {
  TableEngine engine({{1, 2}, {2, 1}});
  engine.modelCosts.operationsPerToken = 1000;
  engine.modelCosts.operationsPerLogitsRow = 500;
  engine.modelCosts.bytesPerDecode = 100;
  engine.modelCosts.stateBytesPerPosition = 2;
  BenchOptions options;
  options.prompt = 10;
  options.generate = 4;
  options.repeat = 3;
  Result<BenchReport> report = bench(engine, options);
  ASSERT_TRUE(report);
  // One round to warm up, three that count.
  EXPECT_EQ(engine.restarts, 4);
  EXPECT_EQ(engine.fed.size(), 14u);
  EXPECT_GT(report->prefill.tokensPerSecond, 0);
  EXPECT_NEAR(report->prefill.amountPerSecond,
              report->prefill.tokensPerSecond * 1050,
              1e-9 * report->prefill.amountPerSecond);
  EXPECT_NEAR(report->decode.amountPerSecond,
              report->decode.tokensPerSecond * (100 + 2 * 12),
              1e-9 * report->decode.amountPerSecond);
  EXPECT_EQ(report->prefill.limit, "f32");
  EXPECT_GT(report->limits.readBytes, 0);
  EXPECT_GT(report->limits.f32Operations, 0);
  EXPECT_GT(report->peakMemoryBytes, 0u);

  nlohmann::ordered_json json = toJson(*report);
  for (const char *key : {"read_bytes_per_second", "int8_ops_per_second",
                          "bf16_flops_per_second", "f32_flops_per_second"})
    EXPECT_TRUE(json["limits"].contains(key)) << key;
  for (const char *key :
       {"tokens", "tokens_per_second", "bytes_per_second", "fraction_of_limit"})
    EXPECT_TRUE(json["decode"].contains(key)) << key;
}

TEST(Bench, ReportHasALinePerOperation) {
  BenchReport report;
  report.decodeOps = {{"rms_norm", 30, 0.001, 0, 0},
                      {"linear wq", 30, 0.003, 6e6, 1e6}};
  std::string text = toText(report);
  EXPECT_THAT(text, testing::ContainsRegex("linear wq +30 +3.000 +75.0% +2.0"));
  EXPECT_LT(text.find("linear wq"), text.find("rms_norm"));
}

TEST(Bench, RefusesWhatDoesNotFit) {
  TableEngine engine({{1, 2}, {2, 1}});
  BenchOptions options;
  Result<BenchReport> report = bench(engine, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().str(),
            "256 prompt and 64 generated tokens do not fit into the model's "
            "context of 64");
  options.generate = 0;
  EXPECT_FALSE(bench(engine, options));
}

} // namespace
} // namespace tombolo
