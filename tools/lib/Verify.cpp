#include "tools/lib/Verify.h"
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

void RelativeError::add(std::span<const float> ours,
                        std::span<const float> theirs) {
  for (size_t i = 0; i < ours.size(); ++i) {
    double delta = double(ours[i]) - double(theirs[i]);
    difference += delta * delta;
    norm += double(theirs[i]) * double(theirs[i]);
  }
}

double RelativeError::value() const {
  // A reference of zeros has no relative error; the absolute one stands in.
  return std::sqrt(norm > 0 ? difference / norm : difference);
}

int32_t argmax(std::span<const float> values) {
  size_t best = 0;
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i] > values[best])
      best = i;
  return int32_t(best);
}

static Status checkShapes(const Engine &engine, const Reference &reference) {
  if (Status ids = checkIds(engine, reference.inputIds, "input_ids"); !ids)
    return ids;
  if (Status ids = checkIds(engine, reference.generatedIds, "generated_ids");
      !ids)
    return ids;
  for (auto [name, columns] :
       {std::pair{"logits", reference.logits.columns},
        {"generated_logits", reference.generatedLogits.rows
                                 ? reference.generatedLogits.columns
                                 : engine.vocabSize()}})
    if (columns != engine.vocabSize())
      return Error("", fmt::format("'{}': expects rows of the model's {} "
                                   "tokens, but got {}",
                                   name, engine.vocabSize(), columns));
  if (!reference.hidden.empty() &&
      reference.hidden.rbegin()->first > engine.layers())
    return Error("", fmt::format("'hidden.{}': expects at most the model's {} "
                                 "layers",
                                 reference.hidden.rbegin()->first,
                                 engine.layers()));
  int64_t length = int64_t(reference.inputIds.size()) +
                   int64_t(reference.generatedIds.size());
  if (length > engine.context())
    return Error("", fmt::format("the reference has {} tokens, but the model's "
                                 "context is {}",
                                 length, engine.context()));
  return success();
}

/// The continuation, token by token.
static Status compareGenerated(Engine &engine, const Reference &reference,
                               std::vector<float> last, VerifyReport &report) {
  RelativeError error;
  report.generatedTotal = int64_t(reference.generatedIds.size());
  for (int64_t i = 0; i < report.generatedTotal; ++i) {
    int32_t expected = reference.generatedIds[i], got = argmax(last);
    if (got == expected)
      ++report.generatedMatched;
    else if (report.firstDifference.empty())
      report.firstDifference = fmt::format(
          "generated_ids[{}]: {}, but the reference has {}", i, got, expected);
    if (reference.generatedLogits.rows)
      error.add(last, reference.generatedLogits.row(i));
    if (i + 1 == report.generatedTotal)
      break;
    Engine::Feed feed;
    feed.tokens = {&expected, 1};
    feed.onLogits = [&](int64_t, std::span<const float> values) {
      last.assign(values.begin(), values.end());
      return success();
    };
    if (Status status = engine.feed(feed); !status)
      return status;
  }
  if (reference.generatedLogits.rows)
    report.generatedLogitsError = error.value();
  return success();
}

Result<VerifyReport> verify(Engine &engine, const Reference &reference,
                            double tolerance) {
  if (Status shapes = checkShapes(engine, reference); !shapes)
    return shapes.takeErrors();
  VerifyReport report;
  report.engine = engine.name();
  report.tolerance = tolerance;

  int64_t tokens = int64_t(reference.inputIds.size());
  int64_t firstRow = tokens - reference.logits.rows;
  std::map<int64_t, RelativeError> layers;
  std::map<int64_t, int64_t> rowsSeen;
  std::string badWidth;
  RelativeError logits;
  std::vector<float> last;

  Engine::Feed feed;
  feed.tokens = reference.inputIds;
  feed.firstLogitsRow = firstRow;
  feed.onLogits = [&](int64_t row, std::span<const float> values) {
    logits.add(values, reference.logits.row(row - firstRow));
    if (row + 1 == tokens)
      last.assign(values.begin(), values.end());
    return success();
  };
  if (!reference.hidden.empty())
    feed.onHidden = [&](int64_t layer, int64_t row,
                        std::span<const float> values) {
      auto found = reference.hidden.find(layer);
      if (found == reference.hidden.end())
        return;
      if (int64_t(values.size()) != found->second.columns) {
        if (badWidth.empty())
          badWidth = fmt::format("'hidden.{}': expects rows of the model's {} "
                                 "elements, but got {}",
                                 layer, values.size(), found->second.columns);
        return;
      }
      layers[layer].add(values, found->second.row(row));
      ++rowsSeen[layer];
    };
  if (Status status = engine.restart(tokens); !status)
    return status.takeErrors();
  if (Status status = engine.feed(feed); !status)
    return status.takeErrors();
  if (!badWidth.empty())
    return Error("", badWidth);

  for (const auto &[layer, values] : reference.hidden) {
    std::string name = fmt::format("hidden.{}", layer);
    if (rowsSeen[layer] != values.rows)
      return Error("", fmt::format("'{}': the {} gave {} rows of it, but the "
                                   "reference has {}",
                                   name, engine.name(), rowsSeen[layer],
                                   values.rows));
    double error = layers[layer].value();
    report.layers.push_back({name, error});
    // Negated, so that NaN differs.
    if (!(error <= tolerance) && report.firstDifference.empty())
      report.firstDifference = name;
  }
  report.logitsError = logits.value();
  if (!(report.logitsError <= tolerance) && report.firstDifference.empty())
    report.firstDifference = "logits";
  if (Status status =
          compareGenerated(engine, reference, std::move(last), report);
      !status)
    return status.takeErrors();
  if (report.generatedLogitsError &&
      !(*report.generatedLogitsError <= tolerance) &&
      report.firstDifference.empty())
    report.firstDifference = "generated_logits";
  report.passed = report.firstDifference.empty();
  return report;
}

nlohmann::ordered_json toJson(const VerifyReport &report) {
  nlohmann::ordered_json json;
  json["passed"] = report.passed;
  json["engine"] = report.engine;
  json["tolerance"] = report.tolerance;
  json["logits_error"] = report.logitsError;
  json["layers"] = nlohmann::ordered_json::array();
  for (const VerifyReport::Layer &layer : report.layers)
    json["layers"].push_back({{"name", layer.name}, {"error", layer.error}});
  if (report.generatedLogitsError)
    json["generated_logits_error"] = *report.generatedLogitsError;
  json["generated_matched"] = report.generatedMatched;
  json["generated_total"] = report.generatedTotal;
  json["first_difference"] = nullptr;
  if (!report.firstDifference.empty())
    json["first_difference"] = report.firstDifference;
  return json;
}

std::string toText(const VerifyReport &report) {
  auto mark = [&](double error) {
    return error <= report.tolerance ? "" : "  differs";
  };
  std::string text = fmt::format("{:<18}{:>10}\n", "", "error");
  auto line = [&](const std::string &name, double error) {
    text += fmt::format("{:<18}{:>10.2e}{}\n", name, error, mark(error));
  };
  for (const VerifyReport::Layer &layer : report.layers)
    line(layer.name, layer.error);
  line("logits", report.logitsError);
  if (report.generatedLogitsError)
    line("generated logits", *report.generatedLogitsError);
  if (report.generatedTotal)
    text += fmt::format(
        "{:<18}{:>10}\n", "generated tokens",
        fmt::format("{}/{}", report.generatedMatched, report.generatedTotal));
  if (report.passed)
    return text + fmt::format("passed: {}, tolerance {:g}\n", report.engine,
                              report.tolerance);
  return text + fmt::format("failed: {}, tolerance {:g}; first difference: "
                            "{}\n",
                            report.engine, report.tolerance,
                            report.firstDifference);
}

} // namespace tombolo
