#include "tools/lib/BenchCompare.h"
#include "test/unit/support/TestFolder.h"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tombolo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

BenchReport::Phase phase(int64_t tokens, std::vector<double> rates) {
  BenchReport::Phase phase;
  phase.tokens = tokens;
  phase.rates = std::move(rates);
  phase.tokensPerSecond = median(phase.rates);
  phase.limit = "read";
  return phase;
}

BenchReport report(double speed) {
  BenchReport report;
  report.model = "model.gguf";
  report.options = {{"activations", "i16"}, {"kv", "f16"}};
  report.threads = 2;
  report.limits = {3e10, 9e11, 4.5e11, 2.3e11};
  report.prefill = phase(256, {1000 * speed, 1010 * speed, 990 * speed});
  report.decode = phase(64, {100, 101, 99});
  report.decode.fractions = {0.8, 0.81, 0.79};
  report.decodeOps = {{"linear wq", 30, 0.003, 6e6, 1e6, {0.003, 0.0031}},
                      {"old", 1, 0.001, 0, 0, {0.001}}};
  return report;
}

TEST(BenchCompare, NoiseIsWelchsInterval) {
  // Logarithms: before 0 and 0.2, now 0.5 and 0.7: each has a variance of the
  // mean of 0.01, together two degrees of freedom, whose quantile is 4.303.
  Change change = compareRates("decode", "tokens/s", {1, std::exp(0.2)},
                               {std::exp(0.5), std::exp(0.7)});
  EXPECT_NEAR(change.noise, std::expm1(4.303 * std::sqrt(0.02)), 1e-9);
  EXPECT_EQ(change.verdict, Verdict::WithinNoise);
}

TEST(BenchCompare, SaysWhatChanged) {
  std::vector<double> a{100, 101, 99, 100, 100};
  auto verdict = [&](double factor) {
    std::vector<double> b;
    for (double rate : a)
      b.push_back(rate * factor);
    return compareRates("", "", a, b).verdict;
  };
  EXPECT_EQ(verdict(1.05), Verdict::Faster);
  EXPECT_EQ(verdict(0.95), Verdict::Slower);
  EXPECT_EQ(verdict(1.005), Verdict::WithinNoise);
  // Without any spread the least noise still counts.
  EXPECT_EQ(compareRates("", "", {100, 100}, {100.9, 100.9}).verdict,
            Verdict::WithinNoise);
  EXPECT_EQ(compareRates("", "", {100, 100}, {101.1, 101.1}).verdict,
            Verdict::Faster);
  // One repetition has no spread.
  Change one = compareRates("", "", {100}, a);
  EXPECT_EQ(one.verdict, Verdict::Unknown);
  EXPECT_LT(one.noise, 0);
}

TEST(BenchCompare, ComparesWhatBothHave) {
  BenchReport before = report(1), now = report(1.2);
  now.options[0].second = "i8";
  now.limits.readBytes *= 1.5;
  now.decodeOps = {{"linear wq", 30, 0.0015, 6e6, 1e6, {0.0015, 0.0015}},
                   {"new", 1, 0.001, 0, 0, {0.001}}};
  now.contexts.push_back({512, now.prefill, now.decode});
  Comparison comparison = compareReports(before, "before.json", now);
  std::vector<std::string> what;
  for (const Change &change : comparison.changes)
    what.push_back(change.what + ", " + change.unit + ": " +
                   nameOf(change.verdict));
  EXPECT_THAT(what, ElementsAre("prefill, tokens/s: faster",
                                "decode, tokens/s: within noise",
                                "decode, of limit: within noise",
                                "decode linear wq, ms: faster"));
  EXPECT_NEAR(comparison.changes[3].now, 1.5, 1e-12);
  EXPECT_THAT(comparison.notes,
              ElementsAre("activations: 'i16' before, 'i8' now",
                          "decode new: not in the earlier run",
                          "decode old: not in this run"));
  EXPECT_NEAR(comparison.read, 1.5, 1e-12);
  std::string text = toText(comparison);
  EXPECT_THAT(text, HasSubstr("beside before.json"));
  EXPECT_THAT(text, testing::ContainsRegex(
                        "prefill, tokens/s +1000 +1200 +1.200x .*faster"));
  EXPECT_THAT(text, HasSubstr("read 1.500x"));
  EXPECT_EQ(toJson(comparison)["changes"][0]["verdict"], "faster");
}

TEST(BenchCompare, ReadsWhatBenchWrites) {
  BenchReport written = report(1);
  written.contexts.push_back({512, written.prefill, written.decode});
  Result<BenchReport> read =
      parseBenchReport(toJson(written).dump(), "before.json");
  ASSERT_TRUE(read) << read.error().str();
  EXPECT_EQ(toJson(compareReports(*read, "", written)).dump(),
            toJson(compareReports(written, "", written)).dump());
  EXPECT_EQ(read->options, written.options);
  EXPECT_EQ(read->threads, 2);
  EXPECT_EQ(read->contexts.size(), 1u);
  EXPECT_EQ(read->decodeOps[0].samples, written.decodeOps[0].samples);
}

TEST(BenchCompare, ReadsVersionsWithoutSamples) {
  Result<BenchReport> read = parseBenchReport(
      R"({"prefill": {"tokens": 8, "tokens_per_second": 100.5},
          "decode": {"tokens": 4, "tokens_per_second": 7}, "later": 1})",
      "");
  ASSERT_TRUE(read) << read.error().str();
  EXPECT_EQ(read->prefill.rates, std::vector<double>{100.5});
}

TEST(BenchCompare, RefusesOtherLengths) {
  EXPECT_TRUE(checkComparable(report(1), "a.json", 256, 64));
  Status status = checkComparable(report(1), "a.json", 512, 64);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().str(),
            "a.json: expects a run with '--prompt 512 --generate 64' as this "
            "one, but it has '--prompt 256 --generate 64'");
}

TEST(BenchCompare, RefusesWhatIsNoReport) {
  nlohmann::ordered_json good = toJson(report(1));
  auto message = [](const nlohmann::ordered_json &json) {
    Result<BenchReport> read = parseBenchReport(json.dump(), "a.json");
    return read ? std::string("read") : read.error().str();
  };
  EXPECT_EQ(message(good), "read");
  const char *foreign = "a.json: expects what 'bench --json' writes, but it "
                        "has no 'prefill' and 'decode'";
  EXPECT_EQ(message(nlohmann::ordered_json::array()), foreign);
  EXPECT_EQ(message(1.5), foreign);
  EXPECT_EQ(message({{"passed", true}}), foreign);

  std::pair<const char *, const char *> wrong[] = {
      {R"({"prefill": 1})", "'prefill': expects an object, but got a number"},
      {R"({"prefill": {"tokens": "a"}})",
       "'prefill.tokens': expects a whole number, but got a string"},
      {R"({"prefill": {"tokens": -1}})",
       "'prefill.tokens': expects a whole number, but got -1"},
      {R"({"prefill": {"tokens": 1e300}})",
       "'prefill.tokens': expects a whole number, but got 1e+300"},
      {R"({"prefill": {"tokens_per_second": null}})",
       "'prefill.tokens_per_second': expects a number, but got none"},
      {R"({"decode": {"tokens_per_second": 0}})",
       "'decode.tokens_per_second': expects a positive number, but got 0"},
      {R"({"decode": {"samples": {"tokens_per_second": [1, "b"]}}})",
       "'decode.samples.tokens_per_second[1]': expects a number, but got a "
       "string"},
      {R"({"limits": {"read_bytes_per_second": -2}})",
       "'limits.read_bytes_per_second': expects a number of at least 0, but "
       "got -2"},
      {R"({"options": {"kv": 1}})",
       "'options.kv': expects a string, but got a number"},
      {R"({"ops": {"decode": [3]}})",
       "'ops.decode[0]': expects an object, but got a number"},
      {R"({"ops": {"decode": [{"op": "x"}]}})",
       "'ops.decode[0].seconds': expects a number, but got none"},
      {R"({"contexts": [{"context": 1}]})",
       "'contexts[0].prefill': expects an object, but got none"},
      {R"({"contexts": {}})",
       "'contexts': expects an array, but got an object"}};
  for (auto [patch, expected] : wrong) {
    nlohmann::ordered_json json = good;
    json.merge_patch(nlohmann::ordered_json::parse(patch));
    EXPECT_EQ(message(json), std::string("a.json: ") + expected) << patch;
  }
}

TEST(BenchCompare, RefusesWhatIsNoJson) {
  TestFolder folder;
  Result<BenchReport> read =
      readBenchReport(folder.write("half.json", R"({"prefill": )"));
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().str(), HasSubstr("half.json:1:"));
  EXPECT_FALSE(readBenchReport(folder.path("none.json")));
}

} // namespace
} // namespace tombolo
