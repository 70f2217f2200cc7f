#include "codegen/artifact/Format.h"
#include "codegen/artifact/IndexChecks.h"

using namespace tombolo;
using namespace tombolo::artifact;

namespace {
/// What the checks of a target's programs refer to.
struct TargetChecker {
  const Index &index;
  const Plan &plan;
  /// Kernels that every executable of the target has.
  int64_t kernels;
  /// Numbers of a row of `hidden`, taps and `logits_in`.
  int64_t hiddenColumns;

  Status checkSize(const Size &size, int64_t maxTokens, bool isGrid,
                   const Place &place) const;
  Status checkArg(const Arg &arg, const Place &place) const;
  Status checkProgram(const Program &program, const Place &place) const;
  /// `rows` f32 rows of `columns` at `offset` lie inside the arena.
  Status checkRows(int64_t offset, int64_t stride, int64_t columns,
                   int64_t rows, const Place &place) const;
  Status checkBuffer(const RowBuffer *buffer, std::string_view name,
                     int64_t columns, const Program *first,
                     const Program *second, const Place &place) const;
};
} // namespace

/// The values of a symbol in any step: [least, most].
static std::pair<int64_t, int64_t> rangeOf(Symbol symbol, int64_t maxTokens) {
  switch (symbol) {
  case Symbol_One:
    return {1, 1};
  case Symbol_Tokens:
    return {1, maxTokens};
  case Symbol_FirstPosition:
    return {0, INT32_MAX};
  case Symbol_History:
    return {1, INT32_MAX};
  }
  return {0, 0};
}

Status TargetChecker::checkSize(const Size &size, int64_t maxTokens,
                                bool isGrid, const Place &place) const {
  TOMBOLO_CHECK(place.inRange("symbol", size.symbol(), 0, Symbol_MAX));
  TOMBOLO_CHECK(place.inRange("div", size.div(), 1, kMaxBytes));
  auto [least, most] = rangeOf(size.symbol(), maxTokens);
  // Wide enough for any product of the fields.
  __int128 one = __int128(size.mul()) * least + size.add();
  __int128 two = __int128(size.mul()) * most + size.add();
  __int128 low = one < two ? one : two, high = one < two ? two : one;
  if (low < -kMaxBytes || high > kMaxBytes)
    return place.error("expects sizes up to " + std::to_string(kMaxBytes) +
                       ", but 'mul' " + std::to_string(size.mul()) +
                       " and 'add' " + std::to_string(size.add()) +
                       " go beyond it");
  if (isGrid && low < 0)
    return place.error("expects a grid of at least 0 programs, but 'mul' " +
                       std::to_string(size.mul()) + " and 'add' " +
                       std::to_string(size.add()) + " go below it");
  return success();
}

Status TargetChecker::checkArg(const Arg &arg, const Place &place) const {
  TOMBOLO_CHECK(place.inRange("kind", arg.kind(), 0, ArgKind_MAX));
  auto count = [](const auto *list) -> int64_t {
    return list ? list->size() : 0;
  };
  // The index must name an element; the offset must lie in [0, bytes).
  int64_t elements = 0, bytes = 1;
  switch (arg.kind()) {
  case ArgKind_Arena:
    bytes = plan.arena_bytes();
    break;
  case ArgKind_Weight:
    elements = count(index.tensors());
    if (arg.index() >= 0 && arg.index() < elements)
      bytes = index.tensors()->Get(arg.index())->bytes();
    break;
  case ArgKind_Thread:
    bytes = plan.thread_bytes();
    break;
  case ArgKind_FixedState:
    bytes = index.fixed_state_bytes();
    break;
  case ArgKind_Tokens:
  case ArgKind_Positions:
    break;
  case ArgKind_RopeTable:
    elements = count(index.rope_tables());
    break;
  case ArgKind_StatePool:
    elements = count(index.state_groups());
    if (arg.index() >= 0 && arg.index() < elements)
      bytes = index.state_groups()->Get(arg.index())->slot_bytes();
    break;
  case ArgKind_PageTable:
    elements = count(index.state_groups());
    break;
  }
  if (elements == 0 &&
      (arg.kind() == ArgKind_Arena || arg.kind() == ArgKind_Thread ||
       arg.kind() == ArgKind_FixedState || arg.kind() == ArgKind_Tokens ||
       arg.kind() == ArgKind_Positions))
    elements = 1;
  TOMBOLO_CHECK(place.inRange("index", arg.index(), 0, elements - 1));
  return place.inRange("offset", arg.offset(), 0, bytes - 1);
}

Status TargetChecker::checkRows(int64_t offset, int64_t stride, int64_t columns,
                                int64_t rows, const Place &place) const {
  TOMBOLO_CHECK(place.inRange("offset", offset, 0, plan.arena_bytes()));
  TOMBOLO_CHECK(place.inRange("row_stride", stride, columns, int64_t(1) << 32));
  if (offset % 4 != 0)
    return place.error("expects an 'offset' that is a multiple of 4, but got " +
                       std::to_string(offset));
  __int128 end = __int128(offset) + (__int128(rows - 1) * stride + columns) * 4;
  if (end > plan.arena_bytes())
    return place.error("expects rows inside the arena of " +
                       std::to_string(plan.arena_bytes()) + " bytes, but " +
                       std::to_string(rows) + " rows of " +
                       std::to_string(stride) + " elements at offset " +
                       std::to_string(offset) + " go beyond it");
  return success();
}

Status TargetChecker::checkProgram(const Program &program,
                                   const Place &place) const {
  TOMBOLO_CHECK(place.inRange("max_tokens", program.max_tokens(), 1, 1 << 16));
  int64_t count = program.dispatches() ? program.dispatches()->size() : 0;
  TOMBOLO_CHECK(place.inRange("dispatches", count, 1, 1 << 22));
  for (int64_t i = 0; i != count; ++i) {
    const Dispatch &dispatch = *program.dispatches()->Get(i);
    Place here = place.in("dispatch", i);
    TOMBOLO_CHECK(here.inRange("kernel", dispatch.kernel(), 0, kernels - 1));
    if (!dispatch.grid())
      return here.error("expects a 'grid'");
    TOMBOLO_CHECK(here.alignedData("grid", dispatch.grid()));
    TOMBOLO_CHECK(here.aligned("args", dispatch.args()));
    TOMBOLO_CHECK(here.aligned("sizes", dispatch.sizes()));
    TOMBOLO_CHECK(checkSize(*dispatch.grid(), program.max_tokens(), true,
                            here.in("grid")));
    int64_t args = dispatch.args() ? dispatch.args()->size() : 0;
    int64_t sizes = dispatch.sizes() ? dispatch.sizes()->size() : 0;
    TOMBOLO_CHECK(here.inRange("args", args, 0, 4096));
    TOMBOLO_CHECK(here.inRange("sizes", sizes, 0, 4096));
    for (int64_t a = 0; a != args; ++a)
      TOMBOLO_CHECK(checkArg(*dispatch.args()->Get(a), here.in("arg", a)));
    for (int64_t s = 0; s != sizes; ++s)
      TOMBOLO_CHECK(checkSize(*dispatch.sizes()->Get(s), program.max_tokens(),
                              false, here.in("size", s)));
  }
  if (!program.taps())
    return success();
  for (const Tap *tap : *program.taps()) {
    Place here = place.in("tap", tap->hidden());
    TOMBOLO_CHECK(here.inRange("hidden", tap->hidden(), 0, 1 << 20));
    TOMBOLO_CHECK(here.inRange("dispatch", tap->dispatch(), -1, count - 1));
    TOMBOLO_CHECK(checkRows(tap->offset(), tap->row_stride(), hiddenColumns,
                            program.max_tokens(), here));
  }
  return success();
}

Status TargetChecker::checkBuffer(const RowBuffer *buffer,
                                  std::string_view name, int64_t columns,
                                  const Program *first, const Program *second,
                                  const Place &place) const {
  Place here = place.in("buffer '" + std::string(name) + "'");
  if (!buffer)
    return here.error("is missing");
  if (buffer->columns() != columns)
    return here.error("expects " + std::to_string(columns) +
                      " columns, but got " + std::to_string(buffer->columns()));
  int64_t needed = std::max(first ? first->max_tokens() : 1,
                            second ? second->max_tokens() : 1);
  TOMBOLO_CHECK(here.inRange("rows", buffer->rows(), needed, 1 << 16));
  return checkRows(buffer->offset(), buffer->row_stride(), columns,
                   buffer->rows(), here);
}

static Status checkExecutable(const Index &index, const Executable &executable,
                              const Place &place) {
  int64_t segments = index.segments() ? index.segments()->size() : 0;
  TOMBOLO_CHECK(place.inRange("code_segment", executable.code_segment(), 0,
                              segments - 1));
  const Segment &code = *index.segments()->Get(executable.code_segment());
  if (code.chunk_bytes() != 0 || code.bytes() == 0 ||
      code.bytes() > (int64_t(1) << 31))
    return place.error("expects a code segment of 1 to 2^31 bytes with one "
                       "hash, but segment '" +
                       code.name()->str() + "' is none");
  int64_t kernels = executable.kernels() ? executable.kernels()->size() : 0;
  for (int64_t i = 0; i != kernels; ++i) {
    const Kernel &kernel = *executable.kernels()->Get(i);
    Place here = kernel.name()
                     ? place.in("kernel '" + kernel.name()->str() + "'")
                     : place.in("kernel", i);
    TOMBOLO_CHECK(here.inRange("entry", kernel.entry(), 0, code.bytes() - 1));
    TOMBOLO_CHECK(here.inRange("scratch_bytes", kernel.scratch_bytes(), 0,
                               int64_t(1) << 32));
  }
  return success();
}

Status artifact::checkTarget(const Index &index, const Target &target,
                             const Place &place) {
  int64_t executables = target.executables() ? target.executables()->size() : 0;
  TOMBOLO_CHECK(place.inRange("executables", executables, 1, 256));
  int64_t kernels = 0;
  for (int64_t i = 0; i != executables; ++i) {
    const Executable &executable = *target.executables()->Get(i);
    if (!executable.level() || !executable.triple())
      return place.in("executable", i).error("expects a level and a triple");
    Place here = place.in("executable '" + executable.level()->str() + "'");
    TOMBOLO_CHECK(checkExecutable(index, executable, here));
    int64_t count = executable.kernels() ? executable.kernels()->size() : 0;
    if (i != 0 && count != kernels)
      return here.error("expects the kernels of the other levels (" +
                        std::to_string(kernels) + "), but has " +
                        std::to_string(count));
    kernels = count;
  }

  const Plan *plan = target.plan();
  if (!plan)
    return place.error("expects a 'plan'");
  TOMBOLO_CHECK(
      place.inRange("arena_bytes", plan->arena_bytes(), 0, kMaxBytes));
  TOMBOLO_CHECK(
      place.inRange("thread_bytes", plan->thread_bytes(), 0, int64_t(1) << 32));
  // A row has one residual stream of the hidden size, or several.
  int64_t hidden = index.model()->hidden_size();
  if (const RowBuffer *rows = plan->hidden();
      rows && rows->columns() > 0 && rows->columns() % hidden == 0)
    hidden = rows->columns();
  TargetChecker checker{index, *plan, kernels, hidden};
  if (!plan->prefill())
    return place.error("expects a program 'prefill'");
  if (!plan->logits() && !plan->logits_one())
    return place.error("expects a program 'logits' or 'logits_one'");
  std::pair<const char *, const Program *> programs[] = {
      {"prefill", plan->prefill()},
      {"decode", plan->decode()},
      {"logits", plan->logits()},
      {"logits_one", plan->logits_one()}};
  for (auto [name, program] : programs)
    if (program)
      TOMBOLO_CHECK(checker.checkProgram(
          *program, place.in("program '" + std::string(name) + "'")));
  // The host runs them for single rows and looks no further.
  for (auto [name, program] : {programs[1], programs[3]})
    if (program && program->max_tokens() != 1)
      return place.in("program '" + std::string(name) + "'")
          .error("expects 'max_tokens' 1, but got " +
                 std::to_string(program->max_tokens()));
  int64_t vocab = index.model()->vocab_size();
  TOMBOLO_CHECK(checker.checkBuffer(plan->hidden(), "hidden", hidden,
                                    plan->prefill(), plan->decode(), place));
  TOMBOLO_CHECK(checker.checkBuffer(plan->logits_in(), "logits_in", hidden,
                                    plan->logits(), plan->logits_one(), place));
  return checker.checkBuffer(plan->logits_out(), "logits_out", vocab,
                             plan->logits(), plan->logits_one(), place);
}
