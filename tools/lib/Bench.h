//===- Bench.h - Speed next to the machine's limits -------------*- C++ -*-===//

#ifndef TOOLS_LIB_BENCH_H
#define TOOLS_LIB_BENCH_H

#include "tools/lib/Engine.h"
#include "tools/lib/Limits.h"
#include <nlohmann/json_fwd.hpp>

namespace tombolo {

struct BenchOptions {
  int64_t prompt = 256, generate = 64;
  int repeat = 5;
  int threads = 1;
  /// One more round, not counted, in which each operation is timed.
  bool perOp = false;
};

struct BenchReport {
  struct Phase {
    int64_t tokens = 0;
    /// Medians over the repetitions; `amount` is operations (prefill) or bytes
    /// (decode) per second, `fraction` its part of the limit measured just
    /// before in the same repetition.
    double tokensPerSecond = 0, amountPerSecond = 0, fraction = 0;
    /// Which limit: "int8", "f32" or "read".
    std::string limit;
  };
  Phase prefill, decode;
  /// Medians.
  Limits limits;
  int threads = 0;
  double loadSeconds = 0;
  uint64_t peakMemoryBytes = 0;
  /// With BenchOptions::perOp.
  std::vector<OpTime> prefillOps, decodeOps;
};

/// Repeats: limits, a prompt of `prompt` tokens, `generate` tokens one by one.
/// A first round that warms caches is not counted.
Result<BenchReport> bench(Engine &engine, const BenchOptions &options);

nlohmann::ordered_json toJson(const BenchReport &report);
std::string toText(const BenchReport &report);

double median(std::vector<double> values);

/// Largest resident size of this process since resetPeakMemory (or its start,
/// where the system cannot reset it).
uint64_t peakMemory();
void resetPeakMemory();

} // namespace tombolo

#endif // TOOLS_LIB_BENCH_H
