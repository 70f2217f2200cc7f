#include "runtime/core/SessionLayout.h"
#include "codegen/artifact/Artifact_generated.h"
#include "codegen/artifact/Format.h"
#include "runtime/core/Model.h"
#include <algorithm>

using namespace tombolo;
using artifact::alignUp;

/// Kernels that work on tiles of rows may read rows of a whole tile.
static constexpr int64_t kRowPadding = 64;

/// Absurd sizes of many groups must not wrap around to small ones.
static uint64_t addSaturating(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t SessionMemory::total() const {
  return addSaturating(addSaturating(weights, states), activations);
}

/// What the dispatches of `program`, which may be null, need of a thread.
static int64_t scratchOf(const artifact::Executable &executable,
                         const artifact::Program *program) {
  int64_t bytes = 0;
  if (program)
    for (const artifact::Dispatch *dispatch : *program->dispatches())
      bytes = std::max(
          bytes,
          executable.kernels()->Get(dispatch->kernel())->scratch_bytes());
  return bytes;
}

SessionLayout::SessionLayout(const Model &model, int64_t context)
    : SessionLayout(model.artifact(), model.plan(), model.executable(),
                    model.executor().threads(), context) {}

SessionLayout::SessionLayout(const Artifact &artifact,
                             const artifact::Plan &plan,
                             const artifact::Executable &executable,
                             int threads, int64_t context)
    : weightBytes(artifact.segmentNamed("weights").size()),
      arenaBytes(alignUp(plan.arena_bytes(), artifact::kPageBytes)),
      inputBytes(0), threads(threads) {
  const artifact::Index &index = artifact.index();
  int64_t maxStep = std::max(plan.prefill()->max_tokens(),
                             plan.decode() ? plan.decode()->max_tokens() : 1);
  auto addInput = [&](uint64_t bytesOfRow) {
    uint64_t offset = inputBytes;
    inputBytes += alignUp((maxStep + kRowPadding) * bytesOfRow,
                          artifact::kTensorAlignment);
    return offset;
  };
  tokens = addInput(sizeof(int32_t));
  positions = addInput(sizeof(int32_t));
  if (index.rope_tables())
    for (const artifact::RopeTable *table : *index.rope_tables())
      ropeTables.push_back(
          addInput(2 * table->freqs()->size() * sizeof(float)));
  if (index.state_groups())
    for (const artifact::StateGroup *group : *index.state_groups())
      groups.push_back({group->window(), group->slot_bytes(), context, maxStep,
                        group->clock()});
  fixedStateBytes = index.fixed_state_bytes();
  int64_t scratch = 0;
  for (const artifact::Program *program :
       {plan.prefill(), plan.decode(), plan.logits(), plan.logits_one()})
    scratch = std::max(scratch, scratchOf(executable, program));
  scratchAt = alignUp(plan.thread_bytes(), artifact::kTensorAlignment);
  threadBytes = alignUp(scratchAt + scratch, artifact::kPageBytes);
}

SessionMemory SessionLayout::memory() const {
  SessionMemory memory;
  memory.weights = weightBytes;
  for (const StateGroup::Shape &group : groups)
    memory.states = addSaturating(memory.states, group.poolBytes());
  memory.states =
      addSaturating(memory.states, FixedState::memoryFor(fixedStateBytes));
  memory.activations = arenaBytes + inputBytes + threadBytes * threads;
  return memory;
}

Result<SessionBuffers> SessionBuffers::allocate(const SessionLayout &layout) {
  SessionBuffers buffers;
  std::pair<Pages *, Result<Pages>> all[] = {
      {&buffers.arena, Pages::allocate(layout.arenaBytes, "activations")},
      {&buffers.inputs, Pages::allocate(layout.inputBytes, "inputs")},
      {&buffers.threadPages,
       Pages::allocate(layout.threadBytes * layout.threads,
                       "buffers of threads")}};
  for (auto &[place, pages] : all) {
    if (!pages)
      return pages.takeErrors();
    *place = std::move(*pages);
  }
  Bindings &bindings = buffers.bindings;
  auto input = [&](uint64_t offset) { return buffers.inputs.data() + offset; };
  bindings.arena = buffers.arena.data();
  bindings.tokens = reinterpret_cast<int32_t *>(input(layout.tokens));
  bindings.positions = reinterpret_cast<int32_t *>(input(layout.positions));
  for (uint64_t offset : layout.ropeTables)
    bindings.ropeTables.push_back(reinterpret_cast<float *>(input(offset)));
  for (const StateGroup::Shape &shape : layout.groups) {
    Result<StateGroup> group = StateGroup::create(shape);
    if (!group)
      return group.takeErrors();
    buffers.groups.push_back(std::move(*group));
    // Both stay where they are when the group moves.
    bindings.pools.push_back(buffers.groups.back().pool());
    bindings.pageTables.push_back(buffers.groups.back().pageTable());
  }
  Result<FixedState> fixed = FixedState::create(layout.fixedStateBytes);
  if (!fixed)
    return fixed.takeErrors();
  buffers.fixedState = std::move(*fixed);
  bindings.fixedState = buffers.fixedState.data();
  for (int thread = 0; thread != layout.threads; ++thread) {
    std::byte *own = buffers.threadPages.data() + thread * layout.threadBytes;
    bindings.threads.push_back(own);
    buffers.scratch.push_back(own + layout.scratchAt);
  }
  return buffers;
}
