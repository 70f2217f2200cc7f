#include "runtime/core/Session.h"
#include "codegen/artifact/Artifact_generated.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

using namespace tombolo;

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

SessionMemory Session::memoryFor(const Model &model, int64_t context) {
  return SessionLayout(model, context).memory();
}

Result<std::unique_ptr<Session>>
Session::create(std::shared_ptr<const Model> model,
                const SessionOptions &options) {
  Result<int64_t> context = contextFor(*model, options);
  if (!context)
    return context.takeErrors();
  SessionLayout layout(*model, *context);
  SessionMemory memory = layout.memory();
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
  Result<SessionBuffers> buffers = SessionBuffers::allocate(layout);
  if (!buffers)
    return buffers.takeErrors();
  std::unique_ptr<Session> session(
      new Session(std::move(model), options, *context, std::move(*buffers)));
  session->bindPrograms();
  return session;
}

void Session::bindPrograms() {
  const artifact::Plan &plan = owner->plan();
  std::pair<const artifact::Program *, const char *> all[] = {
      {plan.prefill(), "prefill"},
      {plan.decode(), "decode"},
      {plan.logits(), "logits"},
      {plan.logits_one(), "logits_one"}};
  for (int kind = 0; kind != 4; ++kind)
    if (all[kind].first)
      programs[kind] = BoundProgram(*owner, *all[kind].first, all[kind].second,
                                    buffers.bindings);
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
    float *row = buffers.bindings.ropeTables[i];
    // Of a clock, the beginnings of the windows that the step completes.
    int64_t clock = table.clock();
    int64_t begin = first / clock, end = (first + count) / clock;
    for (int64_t position = begin * clock; position != end * clock;
         position += clock, row += 2 * half)
      for (size_t pair = 0; pair != half; ++pair) {
        double angle = double(position) * frequencies[i][pair];
        row[pair] = static_cast<float>(std::cos(angle) * table.scale());
        row[half + pair] = static_cast<float>(std::sin(angle) * table.scale());
      }
  }
}

void Session::step(std::span<const int32_t> tokens) {
  int64_t first = history.size(), count = tokens.size();
  for (StateGroup &group : buffers.groups)
    group.advance(first, count);
  std::copy(tokens.begin(), tokens.end(), buffers.bindings.tokens);
  for (int64_t i = 0; i != count; ++i)
    buffers.bindings.positions[i] = static_cast<int32_t>(first + i);
  fillRopeTables(first, count);
  bool isOne = count == 1 && programs[Decode].exists();
  programs[isOne ? Decode : Prefill].run(owner->executor(), {count, first},
                                         buffers.scratch, observer);
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
  return feed(tokens, firstRow, sink, 0);
}

Status Session::feed(std::span<const int32_t> tokens, size_t firstRow,
                     const LogitsSink &sink, size_t keepAt) {
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
    if (history.size() == keepAt)
      buffers.fixedState.keep(keepAt);
    else if (history.size() < keepAt)
      count = std::min(count, keepAt - history.size());
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

Status Session::skip(int64_t count) {
  std::vector<int32_t> tokens(std::max<int64_t>(count, 0));
  if (Status status = check(tokens, history.size()); !status)
    return status;
  if (history.empty())
    chooseFrequencies(options.ropeLength != 0 ? options.ropeLength : count);
  // In steps, after each of which a window gives back its pages.
  int64_t chunk = programs[Prefill].maxTokens();
  for (int64_t done = 0; done < count; done += chunk)
    for (StateGroup &group : buffers.groups)
      group.advance(int64_t(history.size()) + done,
                    std::min(chunk, count - done));
  for (StateGroup &group : buffers.groups)
    group.fillArbitrarily();
  if (count > 0)
    buffers.fixedState.fillArbitrarily();
  history.insert(history.end(), tokens.begin(), tokens.end());
  hiddenRows = 0;
  return success();
}

/// Copies rows of the hidden buffer out of the arena, where a logits program
/// may write over them.
void Session::keepHidden(int64_t firstRow, int64_t count) {
  const artifact::RowBuffer &buffer = *owner->plan().hidden();
  int64_t columns = buffer.columns();
  hidden.resize(count * columns);
  hiddenRows = count;
  auto *rows =
      reinterpret_cast<const float *>(buffers.arena.data() + buffer.offset());
  for (int64_t row = 0; row != count; ++row)
    std::memcpy(hidden.data() + row * columns,
                rows + (firstRow + row) * buffer.row_stride(),
                columns * sizeof(float));
}

std::span<const float> Session::logitsRow(int64_t row) const {
  const artifact::RowBuffer &buffer = *owner->plan().logits_out();
  auto *rows =
      reinterpret_cast<const float *>(buffers.arena.data() + buffer.offset());
  return {rows + row * buffer.row_stride(), size_t(buffer.columns())};
}

std::span<const float> Session::runLogits(int64_t first, int64_t count) {
  const artifact::RowBuffer &input = *owner->plan().logits_in();
  auto *rows = reinterpret_cast<float *>(buffers.arena.data() + input.offset());
  for (int64_t row = 0; row != count; ++row)
    std::memcpy(rows + row * input.row_stride(),
                hidden.data() + (first + row) * input.columns(),
                input.columns() * sizeof(float));
  bool isOne = count == 1 && programs[LogitsOne].exists();
  programs[isOne ? LogitsOne : Logits].run(owner->executor(), {count, 0},
                                           buffers.scratch, observer);
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
  // Where the states can't go back that far, what is missing is computed again.
  common = reachable(common);
  if (Status status = truncate(common); !status)
    return status.takeErrors();
  size_t keepAt = buffers.fixedState.exists() ? tokens.size() - 1 : 0;
  std::span<const int32_t> rest = tokens.subspan(common);
  if (Status status = feed(rest, rest.size(), {}, keepAt); !status)
    return status.takeErrors();
  return tokens.size() - common;
}

size_t Session::reachable(size_t count) const {
  if (count == history.size())
    return count;
  if (buffers.fixedState.exists()) {
    size_t kept = buffers.fixedState.kept();
    count = kept <= count ? kept : 0;
  }
  for (const StateGroup &group : buffers.groups)
    if (!group.canTruncate(count))
      return 0;
  return count;
}

Status Session::truncate(size_t count) {
  if (count > history.size())
    return Error(
        "", "expects to keep at most the " + std::to_string(history.size()) +
                " tokens of the sequence, but got " + std::to_string(count));
  if (count == history.size())
    return success();
  FixedState &fixed = buffers.fixedState;
  if (fixed.exists() && count != 0 && int64_t(count) != fixed.kept())
    return Error("", "the states of a recurrence can't go back to token " +
                         std::to_string(count) + " from token " +
                         std::to_string(history.size()));
  for (const StateGroup &group : buffers.groups)
    if (!group.canTruncate(count))
      return Error("",
                   "the states of a sliding window can't go back to token " +
                       std::to_string(count) + " from token " +
                       std::to_string(history.size()));
  for (StateGroup &group : buffers.groups)
    group.truncate(count);
  if (fixed.exists())
    fixed.goBack(count);
  history.resize(count);
  hiddenRows = 0;
  return success();
}

Result<std::unique_ptr<Session>> Session::fork() const {
  Result<std::unique_ptr<Session>> copy = create(owner, options);
  if (!copy)
    return copy;
  Session &session = **copy;
  for (size_t i = 0; i != buffers.groups.size(); ++i)
    session.buffers.groups[i].copyFrom(buffers.groups[i]);
  session.buffers.fixedState.copyFrom(buffers.fixedState);
  session.history = history;
  session.hidden = hidden;
  session.hiddenRows = hiddenRows;
  session.frequencies = frequencies;
  return copy;
}

int64_t Session::usedPages() const {
  int64_t pages = 0;
  for (const StateGroup &group : buffers.groups)
    pages += group.usedSlots();
  return pages;
}

void Session::setTap(std::function<void(const TapRows &)> tap) {
  observer.tap = std::move(tap);
}

static std::function<double()> clockFromNow() {
  using Clock = std::chrono::steady_clock;
  return [start = Clock::now()] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
}

void Session::setTrace(std::vector<DispatchTime> *times) {
  observer.times = times;
  observer.clock = clockFromNow();
}

void Session::setTimeSpent(TimeSpent *spent) {
  observer.spent = spent;
  if (!observer.clock)
    observer.clock = clockFromNow();
}
