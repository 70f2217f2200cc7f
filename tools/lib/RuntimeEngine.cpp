#include "tools/lib/RuntimeEngine.h"
#include "codegen/artifact/Artifact_generated.h"
#include <algorithm>
#include <map>

namespace tombolo {

Result<std::unique_ptr<RuntimeEngine>>
RuntimeEngine::create(std::shared_ptr<const Model> model, int64_t context) {
  std::unique_ptr<RuntimeEngine> engine(
      new RuntimeEngine(std::move(model), context));
  if (Status status = engine->restart(0); !status)
    return status.takeErrors();
  return engine;
}

std::string RuntimeEngine::name() const {
  // The plan belongs to one of the artifact's targets.
  for (const artifact::Target *target : *model->index().targets())
    if (target->plan() == &model->plan() && target->name())
      return target->name()->str();
  return "cpu";
}

int64_t RuntimeEngine::layers() const {
  int64_t last = 0;
  if (const artifact::Program *prefill = model->plan().prefill();
      prefill && prefill->taps())
    for (const artifact::Tap *tap : *prefill->taps())
      last = std::max<int64_t>(last, tap->hidden());
  return last;
}

Status RuntimeEngine::restart(int64_t promptTokens) {
  // The states of a sequence of another length keep its frequencies.
  if (session && promptTokens == ropeLength && session->truncate(0))
    return success();
  ropeLength = promptTokens;
  SessionOptions options;
  options.context = wantedContext;
  options.ropeLength = promptTokens;
  session.reset();
  Result<std::unique_ptr<Session>> made = Session::create(model, options);
  if (!made)
    return made.takeErrors();
  session = std::move(*made);
  session->setTrace(tracing ? &times : nullptr);
  session->setTimeSpent(&spent);
  return success();
}

Status RuntimeEngine::feed(const Feed &feed) {
  // One step of the plan at a time, so that a tap's rows are those of the step.
  int64_t step = std::max<int64_t>(1, model->plan().prefill()->max_tokens());
  int64_t total = int64_t(feed.tokens.size());
  for (int64_t begin = 0; begin < total; begin += step)
    if (Status status = feedChunk(feed, begin, std::min(step, total - begin));
        !status)
      return status;
  return success();
}

Status RuntimeEngine::feedChunk(const Feed &feed, int64_t begin,
                                int64_t count) {
  // Of several streams a row has more than the hidden size.
  int64_t width = model->plan().hidden()->columns();
  if (feed.onHidden)
    session->setTap([&](const TapRows &tap) {
      for (int64_t row = 0; row < count; ++row)
        feed.onHidden(tap.hidden, begin + row,
                      {tap.rows + row * tap.rowStride, size_t(width)});
    });
  std::span<const int32_t> tokens = feed.tokens.subspan(begin, count);
  size_t first =
      size_t(std::clamp<int64_t>(feed.firstLogitsRow - begin, 0, count));
  Status status =
      feed.onLogits && first < size_t(count)
          ? session->feed(
                tokens, first,
                [&](size_t row, std::span<const float> values) {
                  return feed.onLogits(begin + int64_t(row), values);
                })
          : session->feed(tokens);
  if (feed.onHidden)
    session->setTap(nullptr);
  return status;
}

ModelCosts RuntimeEngine::costs() const {
  ModelCosts costs;
  auto sum = [](const artifact::Program *program, Operations &operations,
                double &bytes) {
    if (!program || !program->dispatches())
      return;
    for (const artifact::Dispatch *dispatch : *program->dispatches()) {
      (dispatch->integer_flops() ? operations.integer : operations.floating) +=
          double(dispatch->flops());
      bytes += double(dispatch->bytes());
    }
  };
  const artifact::Plan &plan = model->plan();
  double unused = 0;
  Operations ofDecode;
  sum(plan.prefill(), costs.perToken, unused);
  sum(plan.logits_one(), costs.perLogitsRow, costs.bytesPerDecode);
  sum(plan.decode(), ofDecode, costs.bytesPerDecode);
  if (const auto *groups = model->index().state_groups())
    for (const artifact::StateGroup *group : *groups)
      costs.states.push_back(
          {group->window(),
           double(group->bytes_per_token()) / double(group->clock())});
  return costs;
}

Status RuntimeEngine::traceOps(bool on) {
  tracing = on;
  session->setTrace(on ? &times : nullptr);
  return success();
}

namespace {
/// Rows of a history that the tokens of a step see: each row once, and summed
/// over the tokens.
struct SeenRows {
  double byStep = 0, byTokens = 0;
};
} // namespace

static SeenRows seenRows(int64_t window, const DispatchTime &step) {
  int64_t end = step.firstPosition + step.tokens;
  auto upTo = [&](int64_t rows, int64_t limit) {
    return double(window < 0 ? rows : std::min(rows, limit));
  };
  SeenRows seen;
  seen.byStep = upTo(end, window + step.tokens - 1);
  for (int64_t position = step.firstPosition; position < end; ++position)
    seen.byTokens += upTo(position + 1, window);
  return seen;
}

std::vector<OpTime> RuntimeEngine::takeOpTimes() {
  const artifact::Plan &plan = model->plan();
  std::map<std::string, OpTime> ops;
  for (const DispatchTime &time : times) {
    const artifact::Program *program = nullptr;
    for (const artifact::Program *candidate :
         {plan.prefill(), plan.decode(), plan.logits(), plan.logits_one()})
      if (candidate && candidate->dispatches() && candidate->name() &&
          candidate->name()->string_view() == time.program)
        program = candidate;
    OpTime &op = ops[time.op ? time.op : ""];
    ++op.calls;
    op.seconds += time.end - time.begin;
    if (program && time.dispatch < int(program->dispatches()->size())) {
      const artifact::Dispatch *dispatch =
          program->dispatches()->Get(unsigned(time.dispatch));
      SeenRows seen = seenRows(dispatch->window(), time);
      op.bytes += double(dispatch->bytes()) +
                  double(dispatch->row_bytes()) * seen.byStep;
      op.operations += double(dispatch->flops()) * double(time.tokens) +
                       double(dispatch->row_flops()) * seen.byTokens;
    }
  }
  times.clear();
  std::vector<OpTime> result;
  for (auto &[name, op] : ops) {
    op.op = name;
    result.push_back(std::move(op));
  }
  return result;
}

EngineTimes RuntimeEngine::takeTimes() {
  EngineTimes times{spent.inKernels(), spent.inPrograms,
                    int(spent.threads.size())};
  spent = {};
  return times;
}

} // namespace tombolo
