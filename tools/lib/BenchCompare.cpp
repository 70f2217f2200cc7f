#include "tools/lib/BenchCompare.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

namespace tombolo {

const char *nameOf(Verdict verdict) {
  static constexpr const char *names[] = {"faster", "slower", "within noise",
                                          "unknown"};
  return names[int(verdict)];
}

/// The 97.5% quantile of Student's distribution, `freedom` at least 1.
static double studentQuantile(double freedom) {
  static constexpr double table[] = {12.706, 4.303, 3.182, 2.776, 2.571,
                                     2.447,  2.365, 2.306, 2.262, 2.228};
  // Down to a whole number: never less noise than there is.
  if (freedom < std::size(table) + 1)
    return table[std::max(int(freedom), 1) - 1];
  // Cornish and Fisher's expansion, good to three digits from here on.
  constexpr double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z;
  return z + (z3 + z) / (4 * freedom) +
         (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom);
}

/// Variance of the mean of the values' logarithms.
static double varianceOfMean(const std::vector<double> &values) {
  double mean = 0, sum = 0, count = double(values.size());
  for (double value : values)
    mean += std::log(value) / count;
  for (double value : values)
    sum += (std::log(value) - mean) * (std::log(value) - mean);
  return sum / (count - 1) / count;
}

Change compareRates(std::string what, std::string unit,
                    const std::vector<double> &before,
                    const std::vector<double> &now) {
  Change change{
      std::move(what), std::move(unit), median(before), median(now), 0, -1,
      Verdict::Unknown};
  change.ratio = change.now / change.before;
  if (before.size() < 2 || now.size() < 2)
    return change;
  double a = varianceOfMean(before), b = varianceOfMean(now);
  double freedom = 1;
  if (a + b > 0)
    freedom =
        (a + b) * (a + b) /
        (a * a / double(before.size() - 1) + b * b / double(now.size() - 1));
  double noise = std::expm1(studentQuantile(freedom) * std::sqrt(a + b));
  change.noise = std::max(noise, leastNoise);
  double distance = std::abs(std::log(change.ratio));
  change.verdict = distance <= std::log1p(change.noise) ? Verdict::WithinNoise
                   : change.ratio > 1                   ? Verdict::Faster
                                                        : Verdict::Slower;
  return change;
}

Status checkComparable(const BenchReport &earlier, const std::string &path,
                       int64_t prompt, int64_t generate) {
  if (earlier.prefill.tokens == prompt && earlier.decode.tokens == generate)
    return success();
  return Error(path, fmt::format("expects a run with '--prompt {} --generate "
                                 "{}' as this one, but it has '--prompt {} "
                                 "--generate {}'",
                                 prompt, generate, earlier.prefill.tokens,
                                 earlier.decode.tokens));
}

static void comparePhase(Comparison &comparison, const std::string &what,
                         const BenchReport::Phase &before,
                         const BenchReport::Phase &now) {
  comparison.changes.push_back(
      compareRates(what, "tokens/s", before.rates, now.rates));
  if (!before.fractions.empty() && !now.fractions.empty() &&
      before.limit == now.limit)
    comparison.changes.push_back(
        compareRates(what, "of limit", before.fractions, now.fractions));
}

static void compareOps(Comparison &comparison, const std::string &phase,
                       const std::vector<OpTime> &before,
                       const std::vector<OpTime> &now) {
  if (before.empty() || now.empty())
    return;
  std::map<std::string_view, const OpTime *> named;
  for (const OpTime &op : before)
    named[op.op] = &op;
  std::vector<const OpTime *> order;
  for (const OpTime &op : now)
    order.push_back(&op);
  std::sort(order.begin(), order.end(), [](const OpTime *a, const OpTime *b) {
    return std::tie(b->seconds, a->op) < std::tie(a->seconds, b->op);
  });
  auto rates = [](const OpTime &op) {
    std::vector<double> rates;
    for (double seconds : op.samples)
      if (seconds > 0)
        rates.push_back(1 / seconds);
    if (rates.empty() && op.seconds > 0)
      rates.push_back(1 / op.seconds);
    return rates;
  };
  for (const OpTime *op : order) {
    std::string what = phase + " " + op->op;
    auto found = named.find(op->op);
    if (found == named.end()) {
      comparison.notes.push_back(what + ": not in the earlier run");
      continue;
    }
    std::vector<double> a = rates(*found->second), b = rates(*op);
    if (!a.empty() && !b.empty()) {
      Change change = compareRates(what, "ms", a, b);
      change.before = 1e3 * found->second->seconds;
      change.now = 1e3 * op->seconds;
      comparison.changes.push_back(std::move(change));
    }
    named.erase(found);
  }
  for (const OpTime &op : before)
    if (named.count(op.op))
      comparison.notes.push_back(phase + " " + op.op + ": not in this run");
}

/// What the runs were given that differs.
static void noteSettings(Comparison &comparison, const BenchReport &before,
                         const BenchReport &now) {
  auto note = [&](const std::string &what, const std::string &a,
                  const std::string &b) {
    if (a != b)
      comparison.notes.push_back(
          fmt::format("{}: '{}' before, '{}' now", what, a, b));
  };
  if (!before.model.empty())
    note("model", before.model, now.model);
  if (before.threads > 0)
    note("threads", std::to_string(before.threads),
         std::to_string(now.threads));
  std::map<std::string, std::string> options(before.options.begin(),
                                             before.options.end());
  if (options.empty())
    return;
  for (const auto &[key, value] : now.options)
    note(key, options[key], value);
}

Comparison compareReports(const BenchReport &earlier, const std::string &path,
                          const BenchReport &now) {
  auto ratio = [](double before, double now) {
    return before > 0 ? now / before : 0;
  };
  Comparison comparison;
  comparison.earlier = path;
  comparison.read = ratio(earlier.limits.readBytes, now.limits.readBytes);
  comparison.int8 =
      ratio(earlier.limits.int8Operations, now.limits.int8Operations);
  comparison.bf16 =
      ratio(earlier.limits.bf16Operations, now.limits.bf16Operations);
  comparison.f32 =
      ratio(earlier.limits.f32Operations, now.limits.f32Operations);
  noteSettings(comparison, earlier, now);
  comparePhase(comparison, "prefill", earlier.prefill, now.prefill);
  comparePhase(comparison, "decode", earlier.decode, now.decode);
  for (const BenchReport::AtContext &point : now.contexts)
    for (const BenchReport::AtContext &before : earlier.contexts)
      if (before.context == point.context) {
        std::string behind = fmt::format(" behind {}", point.context);
        comparePhase(comparison, "prefill" + behind, before.prefill,
                     point.prefill);
        comparePhase(comparison, "decode" + behind, before.decode,
                     point.decode);
        break;
      }
  compareOps(comparison, "prefill", earlier.prefillOps, now.prefillOps);
  compareOps(comparison, "decode", earlier.decodeOps, now.decodeOps);
  return comparison;
}

nlohmann::ordered_json toJson(const Comparison &comparison) {
  nlohmann::ordered_json json;
  json["earlier"] = comparison.earlier;
  json["limits"] = {{"read", comparison.read},
                    {"int8", comparison.int8},
                    {"bf16", comparison.bf16},
                    {"f32", comparison.f32}};
  json["changes"] = nlohmann::ordered_json::array();
  for (const Change &change : comparison.changes) {
    nlohmann::ordered_json entry = {{"what", change.what},
                                    {"unit", change.unit},
                                    {"before", change.before},
                                    {"now", change.now},
                                    {"ratio", change.ratio},
                                    {"noise", nullptr},
                                    {"verdict", nameOf(change.verdict)}};
    if (change.noise >= 0)
      entry["noise"] = change.noise;
    json["changes"].push_back(std::move(entry));
  }
  json["notes"] = comparison.notes;
  return json;
}

static std::string noiseText(double noise) {
  if (noise < 0)
    return "";
  return noise > 1 ? " >±100%" : fmt::format(" ±{:.1f}%", 100 * noise);
}

std::string toText(const Comparison &comparison) {
  std::string text = fmt::format("\n{:<44}{:>11}{:>11}{:>9}{:>9}\n",
                                 "beside " + comparison.earlier, "before",
                                 "now", "speed", "noise");
  for (const Change &change : comparison.changes) {
    double scale = change.unit == "of limit" ? 100 : 1;
    text += fmt::format("{:<44}{:>11.4g}{:>11.4g}{:>8.3f}x{:>9}  {}\n",
                        change.what + ", " +
                            (scale == 100 ? "% of limit" : change.unit),
                        scale * change.before, scale * change.now, change.ratio,
                        noiseText(change.noise), nameOf(change.verdict));
  }
  auto limit = [](double ratio) {
    return ratio > 0 ? fmt::format("{:.3f}x", ratio) : std::string("not known");
  };
  text +=
      fmt::format("the machine's limits: read {}, int8 {}, bf16 {}, f32 {}\n",
                  limit(comparison.read), limit(comparison.int8),
                  limit(comparison.bf16), limit(comparison.f32));
  for (const std::string &note : comparison.notes)
    text += note + "\n";
  return text;
}

} // namespace tombolo
