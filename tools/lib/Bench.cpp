#include "tools/lib/Bench.h"
#include "tools/lib/Verify.h"
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <map>

namespace tombolo {

using Clock = std::chrono::steady_clock;

uint64_t peakMemory() {
  std::ifstream status("/proc/self/status");
  std::string key;
  while (status >> key) {
    if (key == "VmHWM:") {
      uint64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
    std::getline(status, key);
  }
  return 0;
}

void resetPeakMemory() { std::ofstream("/proc/self/clear_refs") << "5"; }

int64_t BenchOptions::longest() const {
  int64_t behind = 0;
  for (int64_t context : contexts)
    behind = std::max(behind, context);
  return behind + prompt + generate;
}

/// Ids that spread over the vocabulary, the same on every run.
static std::vector<int32_t> promptIds(int64_t count, int64_t vocab) {
  std::vector<int32_t> ids(count);
  uint64_t state = 1;
  for (int32_t &id : ids) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    id = int32_t((state >> 33) % uint64_t(vocab));
  }
  return ids;
}

namespace {
struct Round {
  double prefillSeconds = 0, decodeSeconds = 0;
  std::vector<OpTime> prefillOps, decodeOps;
  EngineTimes prefillTimes, decodeTimes;
};

/// What does not change between the rounds of a run.
class Runner {
public:
  Runner(Engine &engine, const BenchOptions &options)
      : engine(engine), options(options), costs(engine.costs()),
        prompt(promptIds(options.prompt, engine.vocabSize())),
        meter(options.threads) {}

  /// A prompt and tokens, behind `context` tokens that are skipped.
  Result<Round> round(int64_t context = 0);
  /// Rounds with the limits before each; adds the limits to `limits`.
  Status repeat(int64_t context, BenchReport::Phase &prefill,
                BenchReport::Phase &decode);
  Status traceOps(BenchReport &report);
  Limits limits() const {
    return {median(read), median(int8), median(bf16), median(f32)};
  }

private:
  Engine &engine;
  const BenchOptions &options;
  ModelCosts costs;
  std::vector<int32_t> prompt;
  LimitsMeter meter;
  std::vector<double> read, int8, bf16, f32;
};
} // namespace

Result<Round> Runner::round(int64_t context) {
  Round round;
  int32_t next = 0;
  Engine::Feed feed;
  feed.onLogits = [&](int64_t, std::span<const float> values) {
    next = argmax(values);
    return success();
  };
  if (Status status = engine.restart(context + int64_t(prompt.size())); !status)
    return status.takeErrors();
  if (context > 0)
    if (Status status = engine.skip(context); !status)
      return status.takeErrors();
  engine.takeOpTimes();
  engine.takeTimes();
  auto timed = [&](double &seconds) -> Status {
    Clock::time_point start = Clock::now();
    Status status = engine.feed(feed);
    seconds += std::chrono::duration<double>(Clock::now() - start).count();
    return status;
  };
  feed.tokens = prompt;
  feed.firstLogitsRow = int64_t(prompt.size()) - 1;
  if (Status status = timed(round.prefillSeconds); !status)
    return status.takeErrors();
  round.prefillOps = engine.takeOpTimes();
  round.prefillTimes = engine.takeTimes();
  feed.firstLogitsRow = 0;
  for (int64_t i = 0; i < options.generate; ++i) {
    int32_t token = next;
    feed.tokens = {&token, 1};
    if (Status status = timed(round.decodeSeconds); !status)
      return status.takeErrors();
  }
  round.decodeOps = engine.takeOpTimes();
  round.decodeTimes = engine.takeTimes();
  return round;
}

static void addSpent(BenchReport::Phase &phase, const EngineTimes &times,
                     double seconds) {
  if (times.threads == 0)
    return;
  double kernels = times.inKernels / times.threads / seconds,
         programs = times.inPrograms / seconds;
  phase.spent.push_back({kernels, programs - kernels, 1 - programs});
}

Status Runner::repeat(int64_t context, BenchReport::Phase &prefill,
                      BenchReport::Phase &decode) {
  Operations operations;
  for (double Operations::*of : {&Operations::integer, &Operations::floating})
    operations.*of =
        costs.perToken.*of * double(options.prompt) + costs.perLogitsRow.*of;
  double bytes = costs.decodeBytes(double(context) + double(options.prompt) +
                                   double(options.generate) / 2);
  for (int i = 0; i < options.repeat; ++i) {
    Limits limits = meter.all();
    read.push_back(limits.readBytes);
    int8.push_back(limits.int8Operations);
    bf16.push_back(limits.bf16Operations);
    f32.push_back(limits.f32Operations);
    Result<Round> timed = round(context);
    if (!timed)
      return timed.takeErrors();
    prefill.rates.push_back(double(options.prompt) / timed->prefillSeconds);
    decode.rates.push_back(double(options.generate) / timed->decodeSeconds);
    addSpent(prefill, timed->prefillTimes, timed->prefillSeconds);
    addSpent(decode, timed->decodeTimes, timed->decodeSeconds);
    double integers = limits.int8Operations > 0 ? limits.int8Operations
                                                : limits.f32Operations;
    prefill.fractions.push_back((operations.integer / integers +
                                 operations.floating / limits.f32Operations) /
                                timed->prefillSeconds);
    if (limits.readBytes > 0)
      decode.fractions.push_back(decode.rates.back() * bytes /
                                 limits.readBytes);
  }
  auto summarize = [](BenchReport::Phase &phase, int64_t tokens,
                      double amountPerToken, std::string limit) {
    phase.tokens = tokens;
    phase.tokensPerSecond = median(phase.rates);
    phase.amountPerSecond = phase.tokensPerSecond * amountPerToken;
    phase.fraction = median(phase.fractions);
    phase.limit = std::move(limit);
  };
  summarize(prefill, options.prompt, operations.all() / double(options.prompt),
            operations.integer > operations.floating ? "int8" : "f32");
  summarize(decode, options.generate, bytes, "read");
  return success();
}

/// Operations of the rounds side by side: what the first counted, the median of
/// the times.
static std::vector<OpTime> summarize(std::vector<std::vector<OpTime>> rounds) {
  std::vector<OpTime> ops = std::move(rounds.front());
  std::map<std::string, OpTime *> named;
  for (OpTime &op : ops) {
    op.samples = {op.seconds};
    named[op.op] = &op;
  }
  for (size_t i = 1; i < rounds.size(); ++i)
    for (const OpTime &op : rounds[i])
      if (auto found = named.find(op.op); found != named.end())
        found->second->samples.push_back(op.seconds);
  for (OpTime &op : ops)
    op.seconds = median(op.samples);
  return ops;
}

Status Runner::traceOps(BenchReport &report) {
  if (Status status = engine.traceOps(true); !status)
    return status;
  std::vector<std::vector<OpTime>> prefill, decode;
  Status failed = success();
  for (int i = 0; i < options.repeat && failed; ++i) {
    Result<Round> timed = round();
    if (!timed) {
      failed = timed.takeErrors();
      break;
    }
    prefill.push_back(std::move(timed->prefillOps));
    decode.push_back(std::move(timed->decodeOps));
  }
  if (Status status = engine.traceOps(false); !status)
    return status;
  if (!failed)
    return failed;
  report.prefillOps = summarize(std::move(prefill));
  report.decodeOps = summarize(std::move(decode));
  return success();
}

Result<BenchReport> bench(Engine &engine, const BenchOptions &options) {
  if (options.prompt < 1 || options.generate < 1 || options.repeat < 1)
    return Error("", "expects '--prompt', '--generate' and '--repeat' of at "
                     "least 1");
  if (options.longest() > engine.context()) {
    int64_t behind = options.longest() - options.prompt - options.generate;
    return Error(
        "", fmt::format("{} prompt and {} generated tokens{} do not fit into "
                        "the model's context of {}",
                        options.prompt, options.generate,
                        behind > 0 ? fmt::format(" behind {} others", behind)
                                   : std::string(),
                        engine.context()));
  }
  Runner runner(engine, options);
  BenchReport report;
  report.threads = options.threads;

  // Before the limits: their buffer is not the model's memory.
  resetPeakMemory();
  if (Result<Round> warm = runner.round(); !warm)
    return warm.takeErrors();
  report.peakMemoryBytes = peakMemory();

  if (Status status = runner.repeat(0, report.prefill, report.decode); !status)
    return status.takeErrors();
  if (options.perOp)
    if (Status status = runner.traceOps(report); !status)
      return status.takeErrors();
  for (int64_t context : options.contexts) {
    BenchReport::AtContext &point = report.contexts.emplace_back();
    point.context = context;
    if (Status status = runner.repeat(context, point.prefill, point.decode);
        !status)
      return status.takeErrors();
  }
  report.limits = runner.limits();
  return report;
}

} // namespace tombolo
