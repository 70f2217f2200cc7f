//===- Bench.h - Speed next to the machine's limits -------------*- C++ -*-===//

#ifndef TOOLS_LIB_BENCH_H
#define TOOLS_LIB_BENCH_H

#include "tools/lib/BenchReport.h"

namespace tombolo {

struct BenchOptions {
  int64_t prompt = 256, generate = 64;
  int repeat = 5;
  int threads = 1;
  /// As many more rounds, not counted, in which each operation is timed.
  bool perOp = false;
  /// Lengths of sequences behind which a prompt and tokens are timed once more.
  std::vector<int64_t> contexts;

  /// Tokens of the longest sequence.
  int64_t longest() const;
};

/// Repeats: limits, a prompt of `prompt` tokens, `generate` tokens one by one.
/// A first round that warms caches is not counted.
Result<BenchReport> bench(Engine &engine, const BenchOptions &options);

/// Largest resident size of this process since resetPeakMemory (or its start,
/// where the system cannot reset it).
uint64_t peakMemory();
void resetPeakMemory();

} // namespace tombolo

#endif // TOOLS_LIB_BENCH_H
