//===- Eval.h - Perplexity and KL divergence --------------------*- C++ -*-===//

#ifndef TOOLS_LIB_EVAL_H
#define TOOLS_LIB_EVAL_H

#include "tools/lib/Engine.h"
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace tombolo {

struct EvalOptions {
  /// Tokens of a window; windows do not overlap and start afresh.
  int64_t context = 512;
  /// Windows to take from the start of the text; 0: all that are full.
  int64_t windows = 0;
  /// Scores positions context/2+1 ... context-1 only (255 of 512).
  bool secondHalf = false;
  /// Takes the place of each window's first token.
  std::optional<int32_t> bos;
  /// Memory for the other model's logits: what does not fit goes in pieces of
  /// at least 16 tokens.
  int64_t comparedBytes = int64_t(64) << 20;
};

struct KlDivergence {
  double mean = 0, median = 0, p99 = 0, max = 0;
};

struct EvalReport {
  /// Tokens of the text; windows and positions scored.
  int64_t tokens = 0, windows = 0, scoredTokens = 0;
  double meanNll = 0, perplexity = 0;
  /// Of the model from the other one: sum of p_other log(p_other / p_model),
  /// and how often both have the same best token.
  std::optional<KlDivergence> klDivergence;
  std::optional<double> top1Agreement;
};

/// Called with the windows done and all of them.
using EvalProgress = std::function<void(int64_t done, int64_t total)>;

/// Scores `model` on the tokens of a text; `against` may be null.
Result<EvalReport> evaluate(Engine &model, Engine *against,
                            std::span<const int32_t> tokens,
                            const EvalOptions &options,
                            const EvalProgress &progress = {});

nlohmann::ordered_json toJson(const EvalReport &report);
std::string toText(const EvalReport &report);

} // namespace tombolo

#endif // TOOLS_LIB_EVAL_H
