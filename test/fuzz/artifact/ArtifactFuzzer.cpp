//===- ArtifactFuzzer.cpp - Bytes as the index of an artifact -------------===//
//
// The first two bytes are the page at which the index starts in its file. What
// the checks let through is used as the runtime uses it.
//
//===----------------------------------------------------------------------===//

#include "codegen/artifact/Artifact_generated.h"
#include "codegen/artifact/Format.h"
#include "runtime/core/Program.h"
#include <cstdlib>
#include <cstring>

using namespace tombolo;
using namespace tombolo::artifact;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

/// A range that was checked against the file.
static void requireInside(int64_t offset, int64_t bytes, uint64_t end) {
  require(offset >= 0 && bytes >= 0 && uint64_t(offset) + bytes <= end);
}

static void useProgram(const Program *program, const Executable &executable) {
  if (!program)
    return;
  for (const Dispatch *dispatch : *program->dispatches()) {
    require(executable.kernels()->Get(dispatch->kernel())->entry() >= 0);
    for (int64_t tokens : {int64_t(1), program->max_tokens()})
      for (int64_t first : {int64_t(0), INT32_MAX - tokens}) {
        require(evaluate(*dispatch->grid(), {tokens, first}) >= 0);
        if (dispatch->sizes())
          for (const Size *size : *dispatch->sizes())
            evaluate(*size, {tokens, first});
      }
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size <= 2)
    return 0;
  uint64_t offset = (data[0] | data[1] << 8) * kPageBytes;
  // FlatBuffers wants what a mapped file gives: an aligned start.
  std::vector<uint64_t> aligned((size - 2 + 7) / 8);
  std::memcpy(aligned.data(), data + 2, size - 2);
  auto bytes = std::as_bytes(std::span(aligned)).first(size - 2);
  Result<const Index *> index = readIndex(bytes, offset, "f");
  if (!index)
    return 0;
  if ((*index)->segments())
    for (const Segment *segment : *(*index)->segments())
      requireInside(segment->offset(), segment->bytes(), offset);
  if ((*index)->tensors())
    for (const Tensor *tensor : *(*index)->tensors())
      requireInside(tensor->offset(), tensor->bytes(), offset);
  if ((*index)->targets())
    for (const Target *target : *(*index)->targets())
      for (const Executable *executable : *target->executables()) {
        const Plan &plan = *target->plan();
        for (const Program *program :
             {plan.prefill(), plan.decode(), plan.logits(), plan.logits_one()})
          useProgram(program, *executable);
        requireInside(plan.hidden()->offset(), 4 * plan.hidden()->columns(),
                      plan.arena_bytes());
      }
  return 0;
}
