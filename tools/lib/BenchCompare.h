//===- BenchCompare.h - Two benchmarks beside each other --------*- C++ -*-===//

#ifndef TOOLS_LIB_BENCHCOMPARE_H
#define TOOLS_LIB_BENCHCOMPARE_H

#include "tools/lib/BenchReport.h"

namespace tombolo {

/// What `bench --json` wrote: what is needed of it to compare.
Result<BenchReport> readBenchReport(const std::string &path);
/// The same of JSON text that `where` names.
Result<BenchReport> parseBenchReport(std::string_view text,
                                     const std::string &where);

/// Whether a speed changed. Its noise is half the width of the 95% confidence
/// interval of the ratio (Welch's, on logarithms), from the repetitions' spread
/// on both sides.
enum class Verdict { Faster, Slower, WithinNoise, Unknown };
const char *nameOf(Verdict verdict);

struct Change {
  /// "prefill", "decode", "prefill linear 960x576 q4_1", ...
  std::string what;
  /// Tokens per second, part of the limit, or of an operation seconds.
  std::string unit;
  double before, now;
  /// Of speeds: above 1 is faster.
  double ratio;
  /// As a part of the ratio: 0.02 for ±2%. Negative: with fewer than two
  /// repetitions on a side nothing is known.
  double noise;
  Verdict verdict;
};

struct Comparison {
  std::string earlier;
  std::vector<Change> changes;
  /// Limits of the machine now over those before: reading, int8, bf16, f32; 0
  /// where one is not known.
  double read, int8, bf16, f32;
  /// What differs between the runs otherwise, and operations of only one.
  std::vector<std::string> notes;
};

/// Ratios below this are noise, however little the repetitions differ: what
/// changes from one start of a program to the next is not in their spread.
inline constexpr double leastNoise = 0.01;

/// The error that two runs measured other numbers of tokens, where they did.
Status checkComparable(const BenchReport &earlier, const std::string &path,
                       int64_t prompt, int64_t generate);

Comparison compareReports(const BenchReport &earlier, const std::string &path,
                          const BenchReport &now);

/// `rates` above 0, per second; by their spread on both sides.
Change compareRates(std::string what, std::string unit,
                    const std::vector<double> &before,
                    const std::vector<double> &now);

nlohmann::ordered_json toJson(const Comparison &comparison);
std::string toText(const Comparison &comparison);

} // namespace tombolo

#endif // TOOLS_LIB_BENCHCOMPARE_H
