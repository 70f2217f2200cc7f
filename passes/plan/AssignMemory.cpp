//===- AssignMemory.cpp - Places in the arena -----------------------------===//

#include "dialects/plan/IR/Plan.h"
#include "passes/plan/Liveness.h"
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

struct Place {
  LiveBuffer live;
  int64_t offset = -1;

  bool isPerThread() const { return BufferOp(live.buffer).getPerThread(); }
};
/// Bytes of the arena, and of each thread's.
struct Sizes {
  int64_t arena = 0, thread = 0;
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
        bytes = std::max(bytes, placedBytes(buffer));
      }
    });
    int64_t shared = 0;
    for (auto &[role, bytes] : roleBytes) {
      roleOffset[role] = shared;
      shared += bytes;
    }
    Sizes sizes{shared, 0};
    for (ProgramOp program : getOperation().getOps<ProgramOp>())
      plan(program, shared, roleOffset, sizes);
    getOperation()->setAttr("plan.arena_bytes",
                            b.getI64IntegerAttr(sizes.arena));
    getOperation()->setAttr("plan.thread_bytes",
                            b.getI64IntegerAttr(sizes.thread));
    arenaBytes = sizes.arena;
    threadBytes = sizes.thread;
  }

  void plan(ProgramOp program, int64_t base,
            const std::map<std::string, int64_t> &roles, Sizes &sizes) {
    for (auto buffer : program.getBody().getOps<BufferOp>())
      if (buffer.getRole())
        buffer.setOffset(roles.at(buffer.getRole()->str()));
    SmallVector<Place> places;
    for (LiveBuffer &live : liveBuffers(program))
      places.push_back({live});
    llvm::stable_sort(places, [](const Place &a, const Place &b) {
      return placedBytes(a.live.buffer) > placedBytes(b.live.buffer);
    });
    for (auto [index, place] : llvm::enumerate(places)) {
      int64_t bytes = placedBytes(place.live.buffer);
      SmallVector<std::pair<int64_t, int64_t>> busy;
      for (Place &other : MutableArrayRef(places).take_front(index))
        if (other.isPerThread() == place.isPerThread() &&
            other.live.meets(place.live))
          busy.push_back(
              {other.offset, other.offset + placedBytes(other.live.buffer)});
      llvm::sort(busy);
      int64_t offset = place.isPerThread() ? 0 : base;
      for (auto [begin, end] : busy) {
        if (offset + bytes <= begin)
          break;
        offset = std::max(offset, end);
      }
      place.offset = offset;
      place.live.buffer.setOffset(offset);
      int64_t &top = place.isPerThread() ? sizes.thread : sizes.arena;
      top = std::max(top, offset + bytes);
    }
  }
};

} // namespace
