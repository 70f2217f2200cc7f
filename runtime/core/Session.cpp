#include "runtime/core/Session.h"
#include "codegen/artifact/Artifact_generated.h"
#include "codegen/artifact/Format.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

using namespace tombolo;
using artifact::alignUp;

/// Kernels that work on tiles of rows may read rows of a whole tile.
static constexpr int64_t kRowPadding = 64;

static int64_t longestStep(const artifact::Plan &plan) {
  return std::max(plan.prefill()->max_tokens(),
                  plan.decode() ? plan.decode()->max_tokens() : 1);
}

static StateGroup::Shape shapeOf(const artifact::StateGroup &group,
                                 int64_t context, int64_t maxStep) {
  return {group.window(), group.slot_bytes(), context, maxStep};
}

static uint64_t ropeTableBytes(const artifact::RopeTable &table,
                               int64_t maxStep) {
  return alignUp((maxStep + kRowPadding) * 2 * table.freqs()->size() *
                     sizeof(float),
                 artifact::kTensorAlignment);
}

static uint64_t tokenBytes(int64_t maxStep) {
  return alignUp((maxStep + kRowPadding) * sizeof(int32_t),
                 artifact::kTensorAlignment);
}

static uint64_t inputBytes(const Model &model) {
  int64_t maxStep = longestStep(model.plan());
  uint64_t bytes = 2 * tokenBytes(maxStep);
  if (model.index().rope_tables())
    for (const artifact::RopeTable *table : *model.index().rope_tables())
      bytes += ropeTableBytes(*table, maxStep);
  return bytes;
}

Result<int64_t> Session::contextFor(const Model &model,
                                    const SessionOptions &options) {
  int64_t longest = model.maxContext();
  if (options.context == 0)
    return std::min<int64_t>(longest, 4096);
  if (options.context < 0 || options.context > longest)
    return Error(model.artifact().path(),
                 "expects a context of 1 to " + std::to_string(longest) +
                     " tokens, but got " + std::to_string(options.context));
  return options.context;
}

/// Absurd sizes of many groups must not wrap around to small ones.
static uint64_t addSaturating(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t SessionMemory::total() const {
  return addSaturating(addSaturating(weights, states), activations);
}

SessionMemory Session::memoryFor(const Model &model, int64_t context) {
  SessionMemory memory;
  memory.weights = model.weightBytes();
  int64_t maxStep = longestStep(model.plan());
  if (model.index().state_groups())
    for (const artifact::StateGroup *group : *model.index().state_groups())
      memory.states = addSaturating(
          memory.states, shapeOf(*group, context, maxStep).poolBytes());
  memory.activations = model.plan().arena_bytes() + inputBytes(model);
  return memory;
}

Result<std::unique_ptr<Session>>
Session::create(std::shared_ptr<const Model> model,
                const SessionOptions &options) {
  Result<int64_t> context = contextFor(*model, options);
  if (!context)
    return context.takeErrors();
  SessionMemory memory = memoryFor(*model, *context);
  uint64_t available = options.availableMemory == 0 ? availableMemory()
                                                    : options.availableMemory;
  if (memory.total() > available)
    return Error(model->artifact().path(),
                 "needs " + binaryBytes(memory.total()) + " of memory (" +
                     binaryBytes(memory.weights) + " of weights, " +
                     binaryBytes(memory.states) + " of states for " +
                     std::to_string(*context) + " tokens, " +
                     binaryBytes(memory.activations) +
                     " of activations), but " + binaryBytes(available) +
                     " are available; a smaller context needs less");
  std::unique_ptr<Session> session(
      new Session(std::move(model), options, *context));
  if (Status status = session->allocate(); !status)
    return status.takeErrors();
  if (Status status = session->bindPrograms(); !status)
    return status.takeErrors();
  return session;
}

Status Session::allocate() {
  const artifact::Index &index = owner->index();
  const artifact::Plan &plan = owner->plan();
  int64_t maxStep = longestStep(plan);
  auto arenaPages = Pages::allocate(
      alignUp(plan.arena_bytes(), artifact::kPageBytes), "activations");
  if (!arenaPages)
    return arenaPages.takeErrors();
  arena = std::move(*arenaPages);
  auto inputPages = Pages::allocate(inputBytes(*owner), "inputs");
  if (!inputPages)
    return inputPages.takeErrors();
  inputs = std::move(*inputPages);

  bindings.arena = arena.data();
  std::byte *next = inputs.data();
  bindings.tokens = reinterpret_cast<int32_t *>(next);
  next += tokenBytes(maxStep);
  bindings.positions = reinterpret_cast<int32_t *>(next);
  next += tokenBytes(maxStep);
  if (index.rope_tables())
    for (const artifact::RopeTable *table : *index.rope_tables()) {
      bindings.ropeTables.push_back(reinterpret_cast<float *>(next));
      next += ropeTableBytes(*table, maxStep);
    }
  if (index.state_groups())
    for (const artifact::StateGroup *group : *index.state_groups()) {
      Result<StateGroup> created =
          StateGroup::create(shapeOf(*group, limit, maxStep));
      if (!created)
        return created.takeErrors();
      groups.push_back(std::move(*created));
    }
  for (StateGroup &group : groups) {
    bindings.pools.push_back(group.pool());
    bindings.pageTables.push_back(group.pageTable());
  }
  return success();
}

Status Session::bindPrograms() {
  const artifact::Plan &plan = owner->plan();
  std::pair<const artifact::Program *, const char *> all[] = {
      {plan.prefill(), "prefill"},
      {plan.decode(), "decode"},
      {plan.logits(), "logits"},
      {plan.logits_one(), "logits_one"}};
  int64_t perThread = 0;
  for (int kind = 0; kind != 4; ++kind)
    if (all[kind].first) {
      programs[kind] =
          BoundProgram(*owner, *all[kind].first, all[kind].second, bindings);
      perThread = std::max(perThread, programs[kind].scratchBytes());
    }
  int threads = owner->executor().threads();
  // Pages of their own: no two threads write into one cache line.
  perThread = alignUp(perThread, artifact::kPageBytes);
  auto pages = Pages::allocate(perThread * threads, "scratch of threads");
  if (!pages)
    return pages.takeErrors();
  scratchMemory = std::move(*pages);
  for (int thread = 0; thread != threads; ++thread)
    scratch.push_back(scratchMemory.data() + thread * perThread);
  return success();
}

void Session::chooseFrequencies(int64_t length) {
  frequencies.clear();
  if (!owner->index().rope_tables())
    return;
  for (const artifact::RopeTable *table : *owner->index().rope_tables()) {
    bool isLong = table->long_freqs() && table->long_freqs()->size() != 0 &&
                  length > table->long_from();
    frequencies.push_back(isLong ? table->long_freqs()->data()
                                 : table->freqs()->data());
  }
}

void Session::fillRopeTables(int64_t first, int64_t count) {
  for (size_t i = 0; i != frequencies.size(); ++i) {
    const artifact::RopeTable &table = *owner->index().rope_tables()->Get(i);
    size_t half = table.freqs()->size();
    float *row = bindings.ropeTables[i];
    for (int64_t position = first; position != first + count;
         ++position, row += 2 * half)
      for (size_t pair = 0; pair != half; ++pair) {
        double angle = double(position) * frequencies[i][pair];
        row[pair] = static_cast<float>(std::cos(angle) * table.scale());
        row[half + pair] = static_cast<float>(std::sin(angle) * table.scale());
      }
  }
}

void Session::step(std::span<const int32_t> tokens) {
  int64_t first = history.size(), count = tokens.size();
  for (StateGroup &group : groups)
    group.advance(first, count);
  std::copy(tokens.begin(), tokens.end(), bindings.tokens);
  for (int64_t i = 0; i != count; ++i)
    bindings.positions[i] = static_cast<int32_t>(first + i);
  fillRopeTables(first, count);
  bool isOne = count == 1 && programs[Decode].exists();
  programs[isOne ? Decode : Prefill].run(owner->executor(), {count, first},
                                         scratch, observer);
  history.insert(history.end(), tokens.begin(), tokens.end());
}

Status Session::feed(std::span<const int32_t> tokens) {
  return feed(tokens, tokens.size(), {});
}

Status Session::check(std::span<const int32_t> tokens, size_t kept) const {
  for (size_t i = 0; i != tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= owner->vocabSize())
      return Error("", "token " + std::to_string(i) + ": expects an id below " +
                           std::to_string(owner->vocabSize()) + ", but got " +
                           std::to_string(tokens[i]));
  if (int64_t(kept + tokens.size()) > limit)
    return Error("", "expects a sequence of at most " + std::to_string(limit) +
                         " tokens (its context), but it has " +
                         std::to_string(kept) + " and gets " +
                         std::to_string(tokens.size()) + " more");
  return success();
}

Status Session::feed(std::span<const int32_t> tokens, size_t firstRow,
                     const LogitsSink &sink) {
  if (Status status = check(tokens, history.size()); !status)
    return status;
  if (history.empty())
    chooseFrequencies(options.ropeLength != 0 ? options.ropeLength
                                              : int64_t(tokens.size()));
  size_t chunk = programs[Prefill].maxTokens();
  for (size_t done = 0; done != tokens.size();) {
    if (interrupt && interrupt->load(std::memory_order_relaxed))
      return Error("", kInterrupted);
    size_t count = std::min(chunk, tokens.size() - done);
    step(tokens.subspan(done, count));
    // The last row always stays, for `logits`.
    size_t wanted = std::min(std::max(firstRow, done), done + count - 1);
    keepHidden(wanted - done, done + count - wanted);
    if (sink && firstRow < done + count) {
      BoundProgram &many =
          programs[programs[Logits].exists() ? Logits : LogitsOne];
      for (int64_t row = 0; row < hiddenRows;) {
        int64_t batch = std::min(hiddenRows - row, many.maxTokens());
        runLogits(row, batch);
        for (int64_t i = 0; i != batch; ++i)
          if (Status status = sink(wanted + row + i, logitsRow(i)); !status)
            return status;
        row += batch;
      }
    }
    done += count;
  }
  return success();
}

/// Copies rows of the hidden buffer out of the arena, where a logits program
/// may write over them.
void Session::keepHidden(int64_t firstRow, int64_t count) {
  const artifact::RowBuffer &buffer = *owner->plan().hidden();
  int64_t columns = buffer.columns();
  hidden.resize(count * columns);
  hiddenRows = count;
  auto *rows = reinterpret_cast<const float *>(arena.data() + buffer.offset());
  for (int64_t row = 0; row != count; ++row)
    std::memcpy(hidden.data() + row * columns,
                rows + (firstRow + row) * buffer.row_stride(),
                columns * sizeof(float));
}

std::span<const float> Session::logitsRow(int64_t row) const {
  const artifact::RowBuffer &buffer = *owner->plan().logits_out();
  auto *rows = reinterpret_cast<const float *>(arena.data() + buffer.offset());
  return {rows + row * buffer.row_stride(), size_t(buffer.columns())};
}

std::span<const float> Session::runLogits(int64_t first, int64_t count) {
  const artifact::RowBuffer &input = *owner->plan().logits_in();
  auto *rows = reinterpret_cast<float *>(arena.data() + input.offset());
  for (int64_t row = 0; row != count; ++row)
    std::memcpy(rows + row * input.row_stride(),
                hidden.data() + (first + row) * input.columns(),
                input.columns() * sizeof(float));
  bool isOne = count == 1 && programs[LogitsOne].exists();
  programs[isOne ? LogitsOne : Logits].run(owner->executor(), {count, 0},
                                           scratch, observer);
  return logitsRow(0);
}

Result<std::span<const float>> Session::logits() {
  if (history.empty() || hiddenRows == 0)
    return Error("", "expects a token before logits are asked for");
  return runLogits(hiddenRows - 1, 1);
}

Result<size_t> Session::resume(std::span<const int32_t> tokens) {
  if (tokens.empty())
    return Error("", "expects at least one token");
  // Before anything is forgotten: a refused prompt costs no states.
  if (Status status = check(tokens, 0); !status)
    return status.takeErrors();
  size_t common = 0;
  size_t most = std::min(history.size(), tokens.size() - 1);
  while (common != most && history[common] == tokens[common])
    ++common;
  // Where the states can't go back that far, all is computed again.
  if (!truncate(common)) {
    common = 0;
    if (Status status = truncate(0); !status)
      return status.takeErrors();
  }
  if (Status status = feed(tokens.subspan(common)); !status)
    return status.takeErrors();
  return tokens.size() - common;
}

Status Session::truncate(size_t count) {
  if (count > history.size())
    return Error(
        "", "expects to keep at most the " + std::to_string(history.size()) +
                " tokens of the sequence, but got " + std::to_string(count));
  if (count == history.size())
    return success();
  for (const StateGroup &group : groups)
    if (!group.canTruncate(count))
      return Error("",
                   "the states of a sliding window can't go back to token " +
                       std::to_string(count) + " from token " +
                       std::to_string(history.size()));
  for (StateGroup &group : groups)
    group.truncate(count);
  history.resize(count);
  hiddenRows = 0;
  return success();
}

Result<std::unique_ptr<Session>> Session::fork() const {
  Result<std::unique_ptr<Session>> copy = create(owner, options);
  if (!copy)
    return copy;
  Session &session = **copy;
  for (size_t i = 0; i != groups.size(); ++i)
    session.groups[i].copyFrom(groups[i]);
  session.history = history;
  session.hidden = hidden;
  session.hiddenRows = hiddenRows;
  session.frequencies = frequencies;
  return copy;
}

int64_t Session::usedPages() const {
  int64_t pages = 0;
  for (const StateGroup &group : groups)
    pages += group.usedSlots();
  return pages;
}

void Session::setTap(std::function<void(const TapRows &)> tap) {
  observer.tap = std::move(tap);
}

void Session::setTrace(std::vector<DispatchTime> *times) {
  observer.times = times;
  observer.clock = [start = std::chrono::steady_clock::now()] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
  };
}
