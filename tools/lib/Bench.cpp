#include "tools/lib/Bench.h"
#include "tools/lib/Verify.h"
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace tombolo {

using Clock = std::chrono::steady_clock;

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle]
                           : (values[middle - 1] + values[middle]) / 2;
}

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
};
} // namespace

static Result<Round> runOnce(Engine &engine, std::span<const int32_t> prompt,
                             int64_t generate) {
  Round round;
  int32_t next = 0;
  Engine::Feed feed;
  feed.onLogits = [&](int64_t, std::span<const float> values) {
    next = argmax(values);
    return success();
  };
  if (Status status = engine.restart(int64_t(prompt.size())); !status)
    return status.takeErrors();
  engine.takeOpTimes();
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
  feed.firstLogitsRow = 0;
  for (int64_t i = 0; i < generate; ++i) {
    int32_t token = next;
    feed.tokens = {&token, 1};
    if (Status status = timed(round.decodeSeconds); !status)
      return status.takeErrors();
  }
  round.decodeOps = engine.takeOpTimes();
  return round;
}

Result<BenchReport> bench(Engine &engine, const BenchOptions &options) {
  if (options.prompt < 1 || options.generate < 1 || options.repeat < 1)
    return Error("", "expects '--prompt', '--generate' and '--repeat' of at "
                     "least 1");
  if (options.prompt + options.generate > engine.context())
    return Error("", fmt::format("{} prompt and {} generated tokens do not fit "
                                 "into the model's context of {}",
                                 options.prompt, options.generate,
                                 engine.context()));
  std::vector<int32_t> prompt = promptIds(options.prompt, engine.vocabSize());
  ModelCosts costs = engine.costs();
  double prefillOperations = costs.operationsPerToken * double(options.prompt) +
                             costs.operationsPerLogitsRow;
  double decodeBytes =
      costs.bytesPerDecode +
      costs.stateBytesPerPosition *
          (double(options.prompt) + double(options.generate) / 2);

  BenchReport report;
  report.threads = options.threads;
  report.prefill.tokens = options.prompt;
  report.decode.tokens = options.generate;
  report.prefill.limit = costs.integerProducts ? "int8" : "f32";
  report.decode.limit = "read";

  // Before the limits: their buffer is not the model's memory.
  resetPeakMemory();
  if (Result<Round> warm = runOnce(engine, prompt, options.generate); !warm)
    return warm.takeErrors();
  report.peakMemoryBytes = peakMemory();

  LimitsMeter meter(options.threads);
  std::vector<double> prefill, decode, prefillPart, decodePart;
  std::vector<double> read, int8, bf16, f32;
  for (int i = 0; i < options.repeat; ++i) {
    Limits limits = meter.all();
    read.push_back(limits.readBytes);
    int8.push_back(limits.int8Operations);
    bf16.push_back(limits.bf16Operations);
    f32.push_back(limits.f32Operations);
    Result<Round> round = runOnce(engine, prompt, options.generate);
    if (!round)
      return round.takeErrors();
    prefill.push_back(double(options.prompt) / round->prefillSeconds);
    decode.push_back(double(options.generate) / round->decodeSeconds);
    double arithmetic = costs.integerProducts && limits.int8Operations > 0
                            ? limits.int8Operations
                            : limits.f32Operations;
    prefillPart.push_back(prefillOperations / round->prefillSeconds /
                          arithmetic);
    if (limits.readBytes > 0)
      decodePart.push_back(decode.back() * decodeBytes / limits.readBytes);
  }
  if (options.perOp) {
    if (Status status = engine.traceOps(true); !status)
      return status.takeErrors();
    Result<Round> round = runOnce(engine, prompt, options.generate);
    if (Status status = engine.traceOps(false); !status)
      return status.takeErrors();
    if (!round)
      return round.takeErrors();
    report.prefillOps = std::move(round->prefillOps);
    report.decodeOps = std::move(round->decodeOps);
  }
  report.prefill.tokensPerSecond = median(prefill);
  report.prefill.amountPerSecond =
      median(prefill) * prefillOperations / double(options.prompt);
  report.prefill.fraction = median(prefillPart);
  report.decode.tokensPerSecond = median(decode);
  report.decode.amountPerSecond = median(decode) * decodeBytes;
  report.decode.fraction = median(decodePart);
  report.limits = {median(read), median(int8), median(bf16), median(f32)};
  return report;
}

static nlohmann::ordered_json opsToJson(const std::vector<OpTime> &ops) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const OpTime &op : ops)
    json.push_back({{"op", op.op},
                    {"calls", op.calls},
                    {"seconds", op.seconds},
                    {"bytes", op.bytes},
                    {"operations", op.operations}});
  return json;
}

nlohmann::ordered_json toJson(const BenchReport &report) {
  nlohmann::ordered_json json;
  json["prefill"] = {{"tokens", report.prefill.tokens},
                     {"tokens_per_second", report.prefill.tokensPerSecond},
                     {"operations_per_second", report.prefill.amountPerSecond},
                     {"fraction_of_limit", report.prefill.fraction},
                     {"limit", report.prefill.limit}};
  json["decode"] = {{"tokens", report.decode.tokens},
                    {"tokens_per_second", report.decode.tokensPerSecond},
                    {"bytes_per_second", report.decode.amountPerSecond},
                    {"fraction_of_limit", report.decode.fraction},
                    {"limit", report.decode.limit}};
  json["limits"] = toJson(report.limits);
  json["threads"] = report.threads;
  json["load_seconds"] = report.loadSeconds;
  json["peak_memory_bytes"] = report.peakMemoryBytes;
  if (!report.prefillOps.empty() || !report.decodeOps.empty())
    json["ops"] = {{"prefill", opsToJson(report.prefillOps)},
                   {"decode", opsToJson(report.decodeOps)}};
  return json;
}

static std::string opsTable(const char *title, std::vector<OpTime> ops,
                            double rate(const OpTime &), const char *unit) {
  std::sort(ops.begin(), ops.end(), [](const OpTime &a, const OpTime &b) {
    return a.seconds > b.seconds;
  });
  double total = 0;
  for (const OpTime &op : ops)
    total += op.seconds;
  std::string text = fmt::format("\n{:<44}{:>8}{:>11}{:>8}{:>10}\n", title,
                                 "calls", "ms", "part", unit);
  for (const OpTime &op : ops)
    text += fmt::format("{:<44}{:>8}{:>11.3f}{:>7.1f}%{:>10.1f}\n", op.op,
                        op.calls, op.seconds * 1e3,
                        total > 0 ? 100 * op.seconds / total : 0, rate(op));
  return text;
}

std::string toText(const BenchReport &report) {
  std::string text = fmt::format(
      "limits    read {:.1f} GB/s, int8 {:.0f} GOPS, bf16 {:.0f} GFLOPS, f32 "
      "{:.0f} GFLOPS ({} threads)\n",
      report.limits.readBytes / 1e9, report.limits.int8Operations / 1e9,
      report.limits.bf16Operations / 1e9, report.limits.f32Operations / 1e9,
      report.threads);
  text += fmt::format("prefill   {} tokens: {:.1f} tokens/s, {:.1f} GOPS, "
                      "{:.1f}% of the {} limit\n",
                      report.prefill.tokens, report.prefill.tokensPerSecond,
                      report.prefill.amountPerSecond / 1e9,
                      100 * report.prefill.fraction, report.prefill.limit);
  text += fmt::format("decode    {} tokens: {:.1f} tokens/s, {:.1f} GB/s, "
                      "{:.1f}% of the {} limit\n",
                      report.decode.tokens, report.decode.tokensPerSecond,
                      report.decode.amountPerSecond / 1e9,
                      100 * report.decode.fraction, report.decode.limit);
  text += fmt::format("load      {:.3f} s, peak memory {:.0f} MB\n",
                      report.loadSeconds, double(report.peakMemoryBytes) / 1e6);
  if (!report.prefillOps.empty())
    text += opsTable(
        "prefill", report.prefillOps,
        [](const OpTime &op) {
          return op.seconds > 0 ? op.operations / op.seconds / 1e9 : 0;
        },
        "GOPS");
  if (!report.decodeOps.empty())
    text += opsTable(
        "decode", report.decodeOps,
        [](const OpTime &op) {
          return op.seconds > 0 ? op.bytes / op.seconds / 1e9 : 0;
        },
        "GB/s");
  return text;
}

} // namespace tombolo
