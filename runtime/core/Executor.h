//===- Executor.h - Threads that run a step's phases ------------*- C++ -*-===//

#ifndef RUNTIME_CORE_EXECUTOR_H
#define RUNTIME_CORE_EXECUTOR_H

#include "support/Result.h"
#include <functional>
#include <memory>
#include <string>

namespace tombolo {

/// Called for every phase and every thread of an executor.
using PhaseFunction = std::function<void(int phase, int thread)>;

/// Runs work split over a fixed number of threads, phase after phase.
class Executor {
public:
  virtual ~Executor();
  virtual int threads() const = 0;
  /// Calls `work(p, t)` for all p in [0, phases) and t in [0, threads()); all
  /// calls of phase p return before one of phase p + 1 begins. One `run` at a
  /// time: a second caller waits.
  virtual void run(int phases, const PhaseFunction &work) = 0;
};

/// A pool of its own threads; the caller of `run` is thread 0. Workers enter
/// once per `run` and meet at a barrier after each phase, where they spin for a
/// while and then sleep.
Result<std::shared_ptr<Executor>> createThreadPool(int threads);

/// One phase after the other through the caller's own scheduler: `parallelFor`
/// calls its function once for each t in [0, threads), in any order and with
/// any concurrency, and returns when all have.
using ParallelFor =
    std::function<void(int threads, const std::function<void(int)> &task)>;
std::shared_ptr<Executor> createForeignExecutor(int threads,
                                                ParallelFor parallelFor);

/// Processors this process may use: its affinity mask, and the quota of its
/// control groups rounded up. `root` stands for "/" in tests.
int availableProcessors(const std::string &root = "");

/// More threads than this are refused.
inline constexpr int kMaxThreads = 1024;

} // namespace tombolo

#endif // RUNTIME_CORE_EXECUTOR_H
