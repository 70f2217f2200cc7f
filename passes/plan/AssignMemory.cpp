//===- AssignMemory.cpp - Places in the arena -----------------------------===//

#include "dialects/plan/IR/Plan.h"
#include "passes/plan/Passes.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

namespace tombolo::plan {
#define GEN_PASS_DEF_ASSIGNMEMORYPASS
#include "passes/plan/Passes.h.inc"
} // namespace tombolo::plan

using namespace mlir;
using namespace tombolo::plan;

namespace {

/// Cache lines, and what vector stores past a row's end may touch.
constexpr int64_t kAlignment = 64;

int64_t bytesOf(BufferOp buffer) {
  int64_t bytes = static_cast<int64_t>(buffer.getRows() * buffer.getRowBytes());
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct Interval {
  BufferOp buffer;
  int64_t first, last; ///< groups between barriers, inclusive
  int64_t offset = -1;
};

struct AssignMemoryPass
    : tombolo::plan::impl::AssignMemoryPassBase<AssignMemoryPass> {
  void runOnOperation() override {
    Builder b(&getContext());
    // Roles first: one place for all programs, the largest of them.
    std::map<std::string, int64_t> roleBytes, roleOffset;
    getOperation().walk([&](BufferOp buffer) {
      if (buffer.getRole()) {
        int64_t &bytes = roleBytes[buffer.getRole()->str()];
        bytes = std::max(bytes, bytesOf(buffer));
      }
    });
    int64_t shared = 0;
    for (auto &[role, bytes] : roleBytes) {
      roleOffset[role] = shared;
      shared += bytes;
    }
    int64_t arena = shared;
    for (ProgramOp program : getOperation().getOps<ProgramOp>())
      arena = std::max(arena, plan(program, shared, roleOffset));
    getOperation()->setAttr("plan.arena_bytes", b.getI64IntegerAttr(arena));
    arenaBytes = arena;
  }

  int64_t plan(ProgramOp program, int64_t base,
               const std::map<std::string, int64_t> &roles) {
    Builder b(&getContext());
    DenseMap<Value, size_t> indexOf;
    SmallVector<Interval> intervals;
    int64_t group = 0;
    for (Operation &op : program.getBody().front()) {
      if (auto buffer = dyn_cast<BufferOp>(op)) {
        if (buffer.getRole()) {
          buffer.setOffset(roles.at(buffer.getRole()->str()));
        } else {
          indexOf[buffer.getResult()] = intervals.size();
          intervals.push_back({buffer, -1, -1});
        }
        continue;
      }
      for (Value operand : op.getOperands()) {
        auto it = indexOf.find(operand);
        if (it == indexOf.end())
          continue;
        Interval &interval = intervals[it->second];
        if (interval.first < 0)
          interval.first = group;
        interval.last = group;
      }
      if (auto dispatch = dyn_cast<DispatchOp>(op);
          dispatch && dispatch.getBarrier())
        ++group;
    }
    SmallVector<Interval *> order;
    for (Interval &interval : intervals)
      order.push_back(&interval);
    llvm::stable_sort(order, [](Interval *a, Interval *b) {
      return bytesOf(a->buffer) > bytesOf(b->buffer);
    });
    int64_t top = base;
    SmallVector<Interval *> placed;
    for (Interval *interval : order) {
      int64_t bytes = bytesOf(interval->buffer);
      SmallVector<std::pair<int64_t, int64_t>> busy;
      for (Interval *other : placed)
        if (other->first <= interval->last && interval->first <= other->last)
          busy.push_back(
              {other->offset, other->offset + bytesOf(other->buffer)});
      llvm::sort(busy);
      int64_t offset = base;
      for (auto [begin, end] : busy) {
        if (offset + bytes <= begin)
          break;
        offset = std::max(offset, end);
      }
      interval->offset = offset;
      interval->buffer.setOffset(offset);
      placed.push_back(interval);
      top = std::max(top, offset + bytes);
    }
    return top;
  }
};

} // namespace
