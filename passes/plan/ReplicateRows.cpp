//===- ReplicateRows.cpp - A row that every thread computes for itself ----===//

#include "dialects/plan/IR/Plan.h"
#include "passes/plan/Passes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace tombolo::plan {
#define GEN_PASS_DEF_REPLICATEROWSPASS
#include "passes/plan/Passes.h.inc"
} // namespace tombolo::plan

using namespace mlir;
using namespace tombolo::plan;

namespace {

SmallVector<Value> writtenBy(DispatchOp dispatch) {
  SmallVector<Value> values;
  for (int64_t position : dispatch.getWrites())
    values.push_back(dispatch.getBuffers()[position]);
  return values;
}

/// Whether `dispatch` has one program in a step of one token, which looks at
/// its row only: a history is read once, and not by every thread.
bool isOneProgram(DispatchOp dispatch) {
  SizeAttr grid = dispatch.getGrid();
  for (Value buffer : dispatch.getBuffers())
    if (auto input = buffer.getDefiningOp<InputOp>();
        input && input.getKind() == "pool")
      return false;
  return grid.getSymbol() == Symbol::Tokens && grid.getMul() == 1 &&
         grid.getAdd() == 0 && grid.getDiv() == 1;
}

struct ReplicateRowsPass
    : tombolo::plan::impl::ReplicateRowsPassBase<ReplicateRowsPass> {
  void runOnOperation() override {
    for (auto program : getOperation().getOps<ProgramOp>())
      if (program.getMaxTokens() == 1)
        run(program);
  }

  void run(ProgramOp program) {
    SmallVector<DispatchOp> dispatches(
        program.getBody().getOps<DispatchOp>().begin(),
        program.getBody().getOps<DispatchOp>().end());
    DenseMap<Value, int> writers;
    for (DispatchOp dispatch : dispatches)
      for (Value value : writtenBy(dispatch))
        ++writers[value];
    auto canBeOwn = [&](Value value) {
      auto buffer = value.getDefiningOp<BufferOp>();
      return buffer && !buffer.getRole() && writers[value] == 1 &&
             llvm::none_of(value.getUsers(),
                           [](Operation *user) { return isa<TapOp>(user); });
    };
    for (DispatchOp dispatch : dispatches) {
      if (!isOneProgram(dispatch) ||
          !llvm::all_of(writtenBy(dispatch), canBeOwn))
        continue;
      dispatch.setEachThread(true);
      for (Value value : writtenBy(dispatch))
        value.getDefiningOp<BufferOp>().setPerThread(true);
      ++replicated;
    }
    // From the back, so that the group behind is as large as it will be.
    for (size_t end = dispatches.size(); end > 1;) {
      size_t begin = groupBegin(dispatches, end);
      if (begin > 0 &&
          canJoin(dispatches, groupBegin(dispatches, begin), begin, end)) {
        dispatches[begin - 1].setBarrier(false);
        ++barriers;
        continue;
      }
      end = begin;
    }
  }

  /// First of the dispatches between barriers that end before `end`.
  static size_t groupBegin(MutableArrayRef<DispatchOp> dispatches, size_t end) {
    size_t begin = end - 1;
    while (begin > 0 && !dispatches[begin - 1].getBarrier())
      --begin;
    return begin;
  }

  /// Whether nothing between [begin, middle) and [middle, end) needs a barrier.
  static bool canJoin(ArrayRef<DispatchOp> dispatches, size_t begin,
                      size_t middle, size_t end) {
    llvm::SmallPtrSet<Value, 8> read;
    for (DispatchOp dispatch : dispatches.slice(begin, middle - begin)) {
      if (!dispatch.getEachThread())
        return false;
      read.insert(dispatch.getBuffers().begin(), dispatch.getBuffers().end());
    }
    for (DispatchOp dispatch : dispatches.slice(middle, end - middle))
      if (!dispatch.getEachThread())
        for (Value value : writtenBy(dispatch))
          if (read.contains(value))
            return false;
    return true;
  }
};

} // namespace
