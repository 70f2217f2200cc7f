//===- Liveness.h - From when to when a buffer is needed --------*- C++ -*-===//

#ifndef PASSES_PLAN_LIVENESS_H
#define PASSES_PLAN_LIVENESS_H

#include "dialects/plan/IR/Plan.h"

namespace tombolo::plan {

/// A buffer without a role, and the first and last group of dispatches between
/// barriers that reads or writes it; -1 where none does.
struct LiveBuffer {
  BufferOp buffer;
  int64_t first = -1, last = -1;

  bool meets(const LiveBuffer &other) const {
    return first <= other.last && other.first <= last;
  }
};

llvm::SmallVector<LiveBuffer> liveBuffers(ProgramOp program);

/// Bytes that a buffer takes in the arena: whole cache lines, as vector stores
/// may touch what is behind a row's end.
int64_t placedBytes(BufferOp buffer);

} // namespace tombolo::plan

#endif // PASSES_PLAN_LIVENESS_H
