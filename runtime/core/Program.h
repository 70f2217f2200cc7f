//===- Program.h - A plan's program bound to a session's memory -*- C++ -*-===//

#ifndef RUNTIME_CORE_PROGRAM_H
#define RUNTIME_CORE_PROGRAM_H

#include "runtime/core/Executor.h"
#include "runtime/core/KernelAbi.h"
#include "runtime/core/SizeValue.h"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tombolo::artifact {
struct Program;
} // namespace tombolo::artifact

namespace tombolo {
class Model;

/// Where the arguments of dispatches lie in a session.
struct Bindings {
  std::byte *arena;
  /// Each thread's own memory.
  std::vector<std::byte *> threads;
  int32_t *tokens;
  int32_t *positions;
  std::vector<float *> ropeTables;
  std::vector<std::byte *> pools;
  std::vector<int32_t *> pageTables;
  std::byte *fixedState = nullptr;
};

/// The rows of hidden.N that a program has just computed.
struct TapRows {
  int hidden;
  const float *rows;
  int64_t rowStride;
};

/// What a dispatch took: seconds of wall time, from the start of the trace.
struct DispatchTime {
  const char *program;
  int dispatch;
  /// Dispatch.op; points into the artifact.
  const char *op;
  int64_t tokens;
  double begin, end;
  /// Of the step's first token.
  int64_t firstPosition = 0;
};

/// Where the threads' time went in programs, in seconds of wall time.
struct TimeSpent {
  /// A cache line for each thread, which alone writes it.
  struct alignas(64) OfThread {
    double inKernels = 0;
  };
  std::vector<OfThread> threads;
  /// From the beginnings of programs to their ends.
  double inPrograms = 0;

  double inKernels() const;
};

/// Watches a program run. Where it has a tap or asks for times of dispatches,
/// all threads meet after every dispatch; `spent` alone changes nothing.
struct Observer {
  std::function<void(const TapRows &)> tap;
  std::vector<DispatchTime> *times = nullptr;
  TimeSpent *spent = nullptr;
  /// Seconds since some moment before.
  std::function<double()> clock;

  bool stopsAtDispatches() const { return tap || times; }
};

/// The dispatches of one program with their buffers, ready to run again and
/// again.
class BoundProgram {
public:
  BoundProgram() = default;
  /// `program` has passed the checks of the artifact's index, and stays.
  BoundProgram(const Model &model, const artifact::Program &program,
               const char *name, const Bindings &bindings);

  bool exists() const { return program != nullptr; }
  int64_t maxTokens() const;

  /// `scratch` holds for each thread what any of the kernels needs.
  void run(Executor &executor, const StepSizes &step,
           std::span<std::byte *const> scratch, const Observer &observer);

private:
  struct Dispatch {
    KernelFunction kernel;
    /// Into each of `buffers`, and `sizes`.
    uint32_t firstBuffer, firstSize;
    /// Every thread runs the whole grid.
    bool eachThread;
  };
  void runRange(int begin, int end, int thread, int threads,
                std::byte *scratch) const;
  void runTaps(int dispatch, const Observer &observer) const;

  const artifact::Program *program = nullptr;
  const char *name = "";
  const std::byte *arena = nullptr;
  std::vector<Dispatch> dispatches;
  /// Dispatches [phaseEnds[p - 1], phaseEnds[p]) run without a barrier between.
  std::vector<int> phaseEnds;
  /// Of each thread, for memory of its own; one for all where none is used.
  std::vector<std::vector<void *>> buffers;
  std::vector<const artifact::Size *> sizeExpressions;

  /// Of the step that runs.
  std::vector<int64_t> sizes, grids;
};

} // namespace tombolo

#endif // RUNTIME_CORE_PROGRAM_H
