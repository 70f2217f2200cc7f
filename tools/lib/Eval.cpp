#include "tools/lib/Eval.h"
#include "tools/lib/Verify.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

/// log(sum(exp(values))).
static double logSumExp(std::span<const float> values) {
  double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (float value : values)
    sum += std::exp(double(value) - largest);
  return largest + std::log(sum);
}

/// KL divergence of the distribution of `ours` from that of `theirs`.
static double divergence(std::span<const float> ours,
                         std::span<const float> theirs) {
  double ourNorm = logSumExp(ours), theirNorm = logSumExp(theirs), sum = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    double theirLog = theirs[i] - theirNorm;
    sum += std::exp(theirLog) * (theirLog - (ours[i] - ourNorm));
  }
  // Rounding can leave a tiny negative number between equal distributions.
  return sum < 0 ? 0 : sum;
}

namespace {
/// The state of one evaluation; a window goes through in pieces, so that the
/// other model's logits of one piece at a time are kept.
struct Evaluation {
  Engine &model;
  Engine *against;
  int64_t context, firstScored, comparedBytes;
  double nll = 0;
  int64_t scored = 0, sameTop = 0;
  std::vector<double> divergences;

  Status scoreWindow(std::span<const int32_t> window);
  Status scorePiece(std::span<const int32_t> window, int64_t begin,
                    int64_t end);
};
} // namespace

Status Evaluation::scorePiece(std::span<const int32_t> window, int64_t begin,
                              int64_t end) {
  // Row r of the window predicts token r + 1; the last row predicts nothing.
  int64_t first = std::clamp(firstScored - 1, begin, end);
  int64_t vocab = model.vocabSize();
  std::vector<float> others;
  Engine::Feed feed;
  feed.tokens = window.subspan(begin, end - begin);
  feed.firstLogitsRow = first - begin;
  if (against) {
    others.reserve((end - first) * vocab);
    feed.onLogits = [&](int64_t, std::span<const float> values) {
      others.insert(others.end(), values.begin(), values.end());
      return success();
    };
    if (Status status = against->feed(feed); !status)
      return status;
  }
  feed.onLogits = [&](int64_t row, std::span<const float> values) -> Status {
    int64_t target = begin + row + 1;
    if (target >= context)
      return success();
    double loss = logSumExp(values) - values[window[target]];
    if (!std::isfinite(loss))
      return Error("", fmt::format("position {} of a window has logits that "
                                   "are not finite",
                                   begin + row));
    nll += loss;
    ++scored;
    if (against) {
      std::span<const float> theirs(
          others.data() + (begin + row - first) * vocab, size_t(vocab));
      divergences.push_back(divergence(values, theirs));
      sameTop += argmax(values) == argmax(theirs);
    }
    return success();
  };
  return model.feed(feed);
}

Status Evaluation::scoreWindow(std::span<const int32_t> window) {
  for (Engine *engine : {&model, against})
    if (engine)
      if (Status status = engine->restart(context); !status)
        return status;
  int64_t piece = context;
  if (against)
    piece = std::min<int64_t>(
        context, std::max<int64_t>(16, comparedBytes / int64_t(sizeof(float)) /
                                           model.vocabSize()));
  for (int64_t begin = 0; begin < context; begin += piece)
    if (Status status =
            scorePiece(window, begin, std::min(begin + piece, context));
        !status)
      return status;
  return success();
}

static KlDivergence summarize(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  KlDivergence result;
  for (double value : values)
    result.mean += value / double(values.size());
  result.median = values[values.size() / 2];
  result.p99 = values[std::min(values.size() - 1, values.size() * 99 / 100)];
  result.max = values.back();
  return result;
}

Result<EvalReport> evaluate(Engine &model, Engine *against,
                            std::span<const int32_t> tokens,
                            const EvalOptions &options,
                            const EvalProgress &progress) {
  if (options.context < 4)
    return Error("", fmt::format("expects a context of at least 4 tokens, but "
                                 "got {}",
                                 options.context));
  for (Engine *engine : {&model, against}) {
    if (!engine)
      continue;
    if (options.context > engine->context())
      return Error("", fmt::format("a window of {} tokens does not fit into "
                                   "the model's context of {}",
                                   options.context, engine->context()));
    if (Status ids = checkIds(*engine, tokens, "token"); !ids)
      return ids.takeErrors();
  }
  if (against && against->vocabSize() != model.vocabSize())
    return Error("", fmt::format("the two models have vocabularies of {} and "
                                 "{} tokens and cannot be compared",
                                 model.vocabSize(), against->vocabSize()));
  int64_t windows = int64_t(tokens.size()) / options.context;
  if (windows == 0)
    return Error("", fmt::format("the text has {} tokens, but one window "
                                 "takes {}: use a longer text or a smaller "
                                 "'--context'",
                                 tokens.size(), options.context));
  if (options.windows > 0)
    windows = std::min(windows, options.windows);

  Evaluation state{.model = model,
                   .against = against,
                   .context = options.context,
                   .firstScored =
                       options.secondHalf ? options.context / 2 + 1 : 1,
                   .comparedBytes = options.comparedBytes,
                   .divergences = {}};
  for (int64_t i = 0; i < windows; ++i) {
    std::span<const int32_t> text =
        tokens.subspan(i * options.context, options.context);
    std::vector<int32_t> window(text.begin(), text.end());
    if (options.bos)
      window.front() = *options.bos;
    if (Status status = state.scoreWindow(window); !status)
      return status.takeErrors();
    if (progress)
      progress(i + 1, windows);
  }

  EvalReport report;
  report.tokens = int64_t(tokens.size());
  report.windows = windows;
  report.scoredTokens = state.scored;
  report.meanNll = state.nll / double(state.scored);
  report.perplexity = std::exp(report.meanNll);
  if (against) {
    report.klDivergence = summarize(std::move(state.divergences));
    report.top1Agreement = double(state.sameTop) / double(state.scored);
  }
  return report;
}

nlohmann::ordered_json toJson(const EvalReport &report) {
  nlohmann::ordered_json json;
  json["tokens"] = report.tokens;
  json["windows"] = report.windows;
  json["scored_tokens"] = report.scoredTokens;
  json["mean_nll"] = report.meanNll;
  json["perplexity"] = report.perplexity;
  if (report.klDivergence)
    json["kl_divergence"] = {{"mean", report.klDivergence->mean},
                             {"median", report.klDivergence->median},
                             {"p99", report.klDivergence->p99},
                             {"max", report.klDivergence->max}};
  if (report.top1Agreement)
    json["top1_agreement"] = *report.top1Agreement;
  return json;
}

std::string toText(const EvalReport &report) {
  std::string text = fmt::format(
      "perplexity {:.4f} (mean loss {:.5f} over {} positions of {} windows; "
      "the text has {} tokens)\n",
      report.perplexity, report.meanNll, report.scoredTokens, report.windows,
      report.tokens);
  if (report.klDivergence)
    text += fmt::format("KL divergence mean {:.3e}, median {:.3e}, 99% {:.3e}, "
                        "max {:.3e}\n",
                        report.klDivergence->mean, report.klDivergence->median,
                        report.klDivergence->p99, report.klDivergence->max);
  if (report.top1Agreement)
    text += fmt::format("same best token at {:.2f}% of the positions\n",
                        100 * *report.top1Agreement);
  return text;
}

} // namespace tombolo
