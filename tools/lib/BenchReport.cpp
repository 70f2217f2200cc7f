#include "tools/lib/BenchReport.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle]
                           : (values[middle - 1] + values[middle]) / 2;
}

std::optional<BenchReport::Phase::Spent>
BenchReport::Phase::medianSpent() const {
  if (spent.empty())
    return std::nullopt;
  auto of = [&](double Spent::*part) {
    std::vector<double> values;
    for (const Spent &one : spent)
      values.push_back(one.*part);
    return median(std::move(values));
  };
  return Spent{of(&Spent::kernels), of(&Spent::waiting), of(&Spent::outside)};
}

static ContextTime timeOf(double before, double tokens,
                          const BenchReport::Phase &phase) {
  auto [least, most] =
      std::minmax_element(phase.rates.begin(), phase.rates.end());
  return {before, tokens / phase.tokensPerSecond, tokens / *most,
          tokens / *least};
}

std::vector<ContextTime> prefillTimes(const BenchReport &report) {
  std::vector<ContextTime> times;
  for (const BenchReport::AtContext &point : report.contexts)
    times.push_back(timeOf(double(point.context), double(point.prefill.tokens),
                           point.prefill));
  return times;
}

std::vector<ContextTime> decodeTimes(const BenchReport &report) {
  std::vector<ContextTime> times;
  for (const BenchReport::AtContext &point : report.contexts)
    times.push_back(timeOf(double(point.context + point.prefill.tokens) +
                               double(point.decode.tokens - 1) / 2,
                           1, point.decode));
  return times;
}

ContextLine lineThrough(const std::vector<ContextTime> &times) {
  ContextLine line;
  double count = double(times.size()), x = 0, y = 0;
  for (const ContextTime &time : times) {
    x += time.before / count;
    y += time.seconds / count;
  }
  double xx = 0, xy = 0;
  for (const ContextTime &time : times) {
    xx += (time.before - x) * (time.before - x);
    xy += (time.before - x) * (time.seconds - y);
  }
  if (xx == 0)
    return line;
  line.slope = xy / xx;
  line.start = y - line.slope * x;
  for (const ContextTime &time : times)
    line.worst =
        std::max(line.worst, std::abs(line.start + line.slope * time.before -
                                      time.seconds) /
                                 time.seconds);
  return line;
}

static nlohmann::ordered_json phaseToJson(const BenchReport::Phase &phase,
                                          const char *amount) {
  nlohmann::ordered_json json = {{"tokens", phase.tokens},
                                 {"tokens_per_second", phase.tokensPerSecond},
                                 {amount, phase.amountPerSecond},
                                 {"fraction_of_limit", phase.fraction},
                                 {"limit", phase.limit}};
  if (auto spent = phase.medianSpent())
    json["time"] = {{"kernels", spent->kernels},
                    {"waiting", spent->waiting},
                    {"outside", spent->outside}};
  json["samples"] = {{"tokens_per_second", phase.rates},
                     {"fraction_of_limit", phase.fractions}};
  return json;
}

static nlohmann::ordered_json opsToJson(const std::vector<OpTime> &ops) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const OpTime &op : ops)
    json.push_back({{"op", op.op},
                    {"calls", op.calls},
                    {"seconds", op.seconds},
                    {"bytes", op.bytes},
                    {"operations", op.operations},
                    {"samples", op.samples}});
  return json;
}

nlohmann::ordered_json toJson(const BenchReport &report) {
  nlohmann::ordered_json json;
  json["model"] = report.model;
  json["options"] = nlohmann::ordered_json::object();
  for (const auto &[key, value] : report.options)
    json["options"][key] = value;
  json["prefill"] = phaseToJson(report.prefill, "operations_per_second");
  json["decode"] = phaseToJson(report.decode, "bytes_per_second");
  json["limits"] = toJson(report.limits);
  json["threads"] = report.threads;
  json["load_seconds"] = report.loadSeconds;
  json["peak_memory_bytes"] = report.peakMemoryBytes;
  if (!report.prefillOps.empty() || !report.decodeOps.empty())
    json["ops"] = {{"prefill", opsToJson(report.prefillOps)},
                   {"decode", opsToJson(report.decodeOps)}};
  for (const BenchReport::AtContext &point : report.contexts)
    json["contexts"].push_back(
        {{"context", point.context},
         {"prefill", phaseToJson(point.prefill, "operations_per_second")},
         {"decode", phaseToJson(point.decode, "bytes_per_second")}});
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

static std::string contextsTable(const BenchReport &report) {
  std::string text = fmt::format(
      "\n{:<12}{:>18}{:>12}{:>18}{:>12}{:>10}{:>11}\n", "context",
      "prefill, tokens/s", "ms", "decode, tokens/s", "ms", "GB/s", "of limit");
  for (const BenchReport::AtContext &point : report.contexts)
    text += fmt::format(
        "{:<12}{:>18.1f}{:>12.2f}{:>18.1f}{:>12.3f}{:>10.1f}{:>10.1f}%\n",
        point.context, point.prefill.tokensPerSecond,
        1e3 * double(point.prefill.tokens) / point.prefill.tokensPerSecond,
        point.decode.tokensPerSecond, 1e3 / point.decode.tokensPerSecond,
        point.decode.amountPerSecond / 1e9, 100 * point.decode.fraction);
  if (report.contexts.size() < 2)
    return text;
  auto describe = [&](const char *what, const ContextLine &line) {
    text +=
        fmt::format("{}: {:.3f} ms, and {:.4f} ms more for each 1000 tokens "
                    "before; off this line by {:.1f}% at most\n",
                    what, line.start * 1e3, line.slope * 1e6, 100 * line.worst);
  };
  describe("prefill", lineThrough(prefillTimes(report)));
  describe("decode", lineThrough(decodeTimes(report)));
  return text;
}

static std::string spentLine(const BenchReport::Phase &phase) {
  auto spent = phase.medianSpent();
  return spent
             ? fmt::format("          {:.1f}% of the time in kernels, {:.1f}% "
                           "waiting for other threads, {:.1f}% outside\n",
                           100 * spent->kernels, 100 * spent->waiting,
                           100 * spent->outside)
             : "";
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
  text += spentLine(report.prefill);
  text += fmt::format("decode    {} tokens: {:.1f} tokens/s, {:.1f} GB/s, "
                      "{:.1f}% of the {} limit\n",
                      report.decode.tokens, report.decode.tokensPerSecond,
                      report.decode.amountPerSecond / 1e9,
                      100 * report.decode.fraction, report.decode.limit);
  text += spentLine(report.decode);
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
  if (!report.contexts.empty())
    text += contextsTable(report);
  return text;
}

} // namespace tombolo
