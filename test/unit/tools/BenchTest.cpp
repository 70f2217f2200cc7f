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
  engine.modelCosts.perToken = {400, 600};
  engine.modelCosts.perLogitsRow = {0, 500};
  engine.modelCosts.bytesPerDecode = 100;
  engine.modelCosts.states = {{-1, 2}};
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

TEST(Bench, HoldsEachOperationAgainstItsOwnLimit) {
  TableEngine engine({{1, 2}, {2, 1}});
  engine.modelCosts.perToken = {400, 600};
  engine.modelCosts.perLogitsRow = {0, 500};
  BenchOptions options;
  options.prompt = 10;
  options.generate = 1;
  options.repeat = 1;
  Result<BenchReport> report = bench(engine, options);
  ASSERT_TRUE(report);
  const Limits &limits = report->limits;
  double allowed = 6500 / limits.f32Operations +
                   4000 / (limits.int8Operations > 0 ? limits.int8Operations
                                                     : limits.f32Operations);
  double taken = 10 / report->prefill.tokensPerSecond;
  EXPECT_NEAR(report->prefill.fraction, allowed / taken,
              1e-9 * report->prefill.fraction);
}

TEST(Bench, SaysWhereTheTimeWent) {
  TableEngine engine({{1, 2}, {2, 1}});
  BenchOptions options;
  options.prompt = options.generate = 2;
  options.repeat = 3;
  Result<BenchReport> report = bench(engine, options);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->decode.medianSpent());
  EXPECT_FALSE(toJson(*report)["decode"].contains("time"));

  engine.times = {/*inKernels=*/2e-9, /*inPrograms=*/3e-9, /*threads=*/2};
  report = bench(engine, options);
  ASSERT_TRUE(report);
  ASSERT_EQ(report->decode.spent.size(), 3u);
  for (const BenchReport::Phase::Spent &spent : report->decode.spent) {
    EXPECT_GT(spent.kernels, 0);
    EXPECT_NEAR(spent.waiting, 2 * spent.kernels, 1e-9);
    EXPECT_NEAR(spent.kernels + spent.waiting + spent.outside, 1, 1e-9);
  }
  EXPECT_THAT(toText(*report),
              testing::ContainsRegex("decode .*\n +[0-9.]+% of the time in "
                                     "kernels, .*% waiting .*% outside\n"));
  EXPECT_TRUE(toJson(*report)["decode"]["time"].contains("waiting"));
}

TEST(Bench, CountsRowsOfAWindowUpToItsSize) {
  ModelCosts costs;
  costs.bytesPerDecode = 100;
  costs.states = {{-1, 2}, {8, 10}};
  EXPECT_EQ(costs.decodeBytes(0), 100);
  EXPECT_EQ(costs.decodeBytes(5), 100 + 10 + 50);
  EXPECT_EQ(costs.decodeBytes(50), 100 + 100 + 80);
}

TEST(Bench, KeepsWhatEachRepetitionMeasured) {
  TableEngine engine({{1, 2}, {2, 1}});
  engine.modelCosts.perToken = {1000, 0};
  engine.modelCosts.bytesPerDecode = 100;
  BenchOptions options;
  options.prompt = options.generate = 2;
  options.repeat = 3;
  Result<BenchReport> report = bench(engine, options);
  ASSERT_TRUE(report);
  for (const BenchReport::Phase &phase : {report->prefill, report->decode}) {
    EXPECT_EQ(phase.rates.size(), 3u);
    EXPECT_EQ(phase.tokensPerSecond, median(phase.rates));
    EXPECT_EQ(phase.fraction, median(phase.fractions));
  }
  nlohmann::ordered_json json = toJson(*report);
  EXPECT_EQ(json["decode"]["samples"]["tokens_per_second"].size(), 3u);
  EXPECT_EQ(json["prefill"]["samples"]["fraction_of_limit"].size(), 3u);
}

TEST(Bench, MeasuresBehindContexts) {
  TableEngine engine({{1, 2}, {2, 1}});
  BenchOptions options;
  options.prompt = 4;
  options.generate = 2;
  options.repeat = 2;
  options.contexts = {10, 30};
  Result<BenchReport> report = bench(engine, options);
  ASSERT_TRUE(report);
  EXPECT_EQ(engine.skipped, 2 * 10 + 2 * 30);
  EXPECT_EQ(engine.lastPrompt, 34);
  EXPECT_EQ(engine.fed.size(), 36u);
  ASSERT_EQ(report->contexts.size(), 2u);
  EXPECT_EQ(report->contexts[1].context, 30);
  EXPECT_EQ(report->contexts[1].prefill.tokens, 4);
  EXPECT_EQ(report->contexts[1].decode.rates.size(), 2u);
  EXPECT_EQ(toJson(*report)["contexts"][1]["context"], 30);
  EXPECT_THAT(toText(*report), testing::HasSubstr("decode: "));
  // A repetition of decode has tokens 34 and 35 before it.
  EXPECT_EQ(decodeTimes(*report)[1].before, 34.5);
  EXPECT_EQ(prefillTimes(*report)[1].before, 30);

  options.contexts = {59};
  report = bench(engine, options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().str(),
            "4 prompt and 2 generated tokens behind 59 others do not fit into "
            "the model's context of 64");
}

TEST(Bench, LineThroughTimes) {
  auto time = [](double before, double seconds) {
    return ContextTime{before, seconds, seconds, seconds};
  };
  ContextLine line = lineThrough({time(0, 2), time(10, 4), time(30, 8)});
  EXPECT_NEAR(line.start, 2, 1e-12);
  EXPECT_NEAR(line.slope, 0.2, 1e-12);
  EXPECT_NEAR(line.worst, 0, 1e-12);
  // By least squares; the middle of the times is 7/6.
  line = lineThrough({time(0, 1), time(1, 0.5), time(2, 2)});
  EXPECT_NEAR(line.slope, 0.5, 1e-12);
  EXPECT_NEAR(line.start, 2.0 / 3, 1e-12);
  EXPECT_NEAR(line.worst, (2.0 / 3 + 0.5 - 0.5) / 0.5, 1e-12);
  EXPECT_EQ(lineThrough({time(5, 1)}).slope, 0);
  EXPECT_EQ(lineThrough({}).start, 0);
}

TEST(Bench, ReportHasALinePerOperation) {
  BenchReport report;
  report.decodeOps = {{"rms_norm", 30, 0.001, 0, 0, {}},
                      {"linear wq", 30, 0.003, 6e6, 1e6, {}}};
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
