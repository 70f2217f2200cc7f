//===- Liveness.cpp - From when to when a buffer is needed ----------------===//

#include "passes/plan/Liveness.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

SmallVector<LiveBuffer> plan::liveBuffers(ProgramOp program) {
  DenseMap<Value, size_t> indexOf;
  SmallVector<LiveBuffer> buffers;
  int64_t group = 0;
  for (Operation &op : program.getBody().front()) {
    if (auto buffer = dyn_cast<BufferOp>(op)) {
      if (!buffer.getRole()) {
        indexOf[buffer.getResult()] = buffers.size();
        buffers.push_back({buffer});
      }
      continue;
    }
    for (Value operand : op.getOperands()) {
      auto it = indexOf.find(operand);
      if (it == indexOf.end())
        continue;
      LiveBuffer &live = buffers[it->second];
      if (live.first < 0)
        live.first = group;
      live.last = group;
    }
    if (auto dispatch = dyn_cast<DispatchOp>(op);
        dispatch && dispatch.getBarrier())
      ++group;
  }
  return buffers;
}

int64_t plan::placedBytes(BufferOp buffer) {
  constexpr int64_t kLine = 64;
  // Verified not to overflow.
  int64_t bytes = static_cast<int64_t>(buffer.getRows() * buffer.getRowBytes());
  return (bytes + kLine - 1) / kLine * kLine;
}
