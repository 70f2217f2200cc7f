//===- KernelBench.h - Single kernels and their limits ----------*- C++ -*-===//
//
// tombolo-bench-kernels [--level=NAME] [Google Benchmark's options]
//
// Times kernels as the generators make them, alone and on one thread, beside
// the limits that were measured just before each.
//
//===----------------------------------------------------------------------===//

#ifndef BENCH_KERNELBENCH_H
#define BENCH_KERNELBENCH_H

#include "codegen/cpu/object/CpuLevel.h"
#include "tools/lib/Limits.h"
#include <benchmark/benchmark.h>
#include <functional>
#include <memory>

namespace tombolo::bench {

/// The level that is measured: --level, else this machine's.
const CpuLevel &level();
/// Of one thread, measured now.
Limits measureLimits();

/// What one call of a kernel does.
struct Work {
  double operations, bytes;
  /// The most operations a second that this kind of work can reach.
  double limit;
};
/// Runs `call` as often as `state` wants, with 0, 1, ... below `copies` in
/// turn, and sets GOPS, GB/s and of_limit: the time that the limits allow
/// (operations or bytes, whichever takes longer) over the time taken.
void measure(benchmark::State &state, const Work &work, const Limits &limits,
             int64_t copies, const std::function<void(int64_t)> &call);

/// Google Benchmark calls a benchmark again with more rounds until it takes
/// long enough: what it needs is made once, and one at a time is kept.
template <typename T, typename Make>
T &keptFor(const std::string &name, Make make) {
  static std::pair<std::string, std::unique_ptr<T>> kept;
  if (kept.first != name || !kept.second) {
    kept.second.reset();
    kept = {name, make()};
  }
  return *kept.second;
}

void registerLinear();
void registerAttention();
void registerRecurrences();

} // namespace tombolo::bench

#endif // BENCH_KERNELBENCH_H
