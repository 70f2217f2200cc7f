//===- SessionLayout.h - The memory of a session ----------------*- C++ -*-===//

#ifndef RUNTIME_CORE_SESSIONLAYOUT_H
#define RUNTIME_CORE_SESSIONLAYOUT_H

#include "runtime/core/FixedState.h"
#include "runtime/core/Memory.h"
#include "runtime/core/Program.h"
#include "runtime/core/StateGroup.h"
#include "support/Result.h"
#include <cstdint>
#include <vector>

namespace tombolo::artifact {
struct Executable;
struct Plan;
} // namespace tombolo::artifact

namespace tombolo {
class Artifact;
class Model;

/// Bytes that a session takes at its longest.
struct SessionMemory {
  /// `activations`: the arena, inputs of a step, and scratch of all threads.
  uint64_t weights = 0, states = 0, activations = 0;
  uint64_t total() const;
};

/// What a session allocates and where its buffers lie in it: the one place that
/// knows, for the sums that are checked as for the memory that is taken.
struct SessionLayout {
  SessionLayout(const Model &model, int64_t context);
  /// Of an artifact whose code is not loaded.
  SessionLayout(const Artifact &artifact, const artifact::Plan &plan,
                const artifact::Executable &executable, int threads,
                int64_t context);

  SessionMemory memory() const;

  uint64_t weightBytes;
  uint64_t arenaBytes;
  /// Offsets in the inputs: i32 for each token of the longest step, twice, then
  /// the rope tables.
  uint64_t tokens, positions;
  std::vector<uint64_t> ropeTables;
  uint64_t inputBytes;
  /// Pages of each thread, its own buffers and then scratch: no two write into
  /// one cache line.
  uint64_t threadBytes, scratchAt;
  int threads;
  std::vector<StateGroup::Shape> groups;
  uint64_t fixedStateBytes;
};

/// A layout in memory.
struct SessionBuffers {
  static Result<SessionBuffers> allocate(const SessionLayout &layout);

  Pages arena, inputs, threadPages;
  std::vector<StateGroup> groups;
  FixedState fixedState;
  Bindings bindings;
  /// One for each thread.
  std::vector<std::byte *> scratch;
};

} // namespace tombolo

#endif // RUNTIME_CORE_SESSIONLAYOUT_H
