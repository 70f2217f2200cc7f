#include "runtime/core/Sampler.h"
#include <algorithm>
#include <cmath>
#include <string>

using namespace tombolo;

Status SamplingOptions::check() const {
  auto refuse = [](const char *name, const char *expected, double value) {
    return Error("", std::string(name) + ": expects " + expected +
                         ", but got " + std::to_string(value));
  };
  if (!(temperature >= 0) || !std::isfinite(temperature))
    return refuse("temperature", "a number of at least 0", temperature);
  if (topK < 0)
    return refuse("top-k", "a number of at least 0", topK);
  if (!(topP > 0 && topP <= 1))
    return refuse("top-p", "a number above 0 and up to 1", topP);
  if (!(minP >= 0 && minP <= 1))
    return refuse("min-p", "a number from 0 to 1", minP);
  if (!(repeatPenalty > 0) || !std::isfinite(repeatPenalty))
    return refuse("repeat penalty", "a number above 0", repeatPenalty);
  return success();
}

Sampler::Sampler(const SamplingOptions &options)
    : options(options), state(options.seed) {}

/// splitmix64: every seed, also 0, starts a good sequence.
double Sampler::draw() {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  z ^= z >> 31;
  return double(z >> 11) * 0x1p-53;
}

Result<int32_t> Sampler::sample(std::span<const float> logits,
                                std::span<const int32_t> history) {
  if (options.repeatPenalty != 1) {
    adjusted.assign(logits.begin(), logits.end());
    for (int32_t token : history) {
      // Once for each token, however often it stands there.
      float original = logits[token];
      adjusted[token] = original > 0 ? original / options.repeatPenalty
                                     : original * options.repeatPenalty;
    }
    logits = adjusted;
  }
  int32_t best = -1;
  for (size_t token = 0; token != logits.size(); ++token)
    if (!std::isnan(logits[token]) &&
        (best < 0 || logits[token] > logits[best]))
      best = static_cast<int32_t>(token);
  if (best < 0)
    return Error("", "expects logits to draw a token from, but none of them "
                     "is a number");
  if (options.temperature == 0 || options.topK == 1 ||
      !std::isfinite(logits[best]))
    return best;

  // What is too far below the best to be drawn is left out at once: e^-40 of
  // its probability is below the 53 bits of a draw.
  double cut = logits[best] - 40.0 * options.temperature;
  candidates.clear();
  for (size_t token = 0; token != logits.size(); ++token)
    if (logits[token] >= cut)
      candidates.push_back({logits[token], static_cast<int32_t>(token)});
  return drawFrom(candidates);
}

int32_t Sampler::drawFrom(std::vector<Candidate> &candidates) {
  auto before = [](const Candidate &a, const Candidate &b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  // Only the front needs its order: grow it until it holds what is kept.
  size_t kept = candidates.size();
  if (options.topK > 0)
    kept = std::min<size_t>(kept, options.topK);
  size_t sorted = 0;
  auto sortUpTo = [&](size_t end) {
    end = std::min(end, candidates.size());
    if (end <= sorted)
      return;
    std::partial_sort(candidates.begin() + sorted, candidates.begin() + end,
                      candidates.end(), before);
    sorted = end;
  };
  sortUpTo(options.topK > 0 ? kept : 64);
  double best = candidates.front().logit;
  auto weight = [&](const Candidate &candidate) {
    return std::exp((candidate.logit - best) / options.temperature);
  };
  double total = 0;
  for (size_t i = 0; i != kept; ++i)
    total += weight(candidates[i]);
  if (options.topP < 1) {
    double wanted = total * options.topP, sum = 0;
    size_t count = 0;
    while (count != kept && sum < wanted) {
      if (count == sorted)
        sortUpTo(2 * sorted);
      sum += weight(candidates[count++]);
    }
    kept = count;
    total = sum;
  }
  if (options.minP > 0) {
    double sum = 0;
    size_t count = 0;
    for (; count != kept; ++count) {
      if (count == sorted)
        sortUpTo(2 * sorted);
      double next = weight(candidates[count]);
      if (next < options.minP)
        break;
      sum += next;
    }
    kept = count;
    total = sum;
  }
  double target = draw() * total, sum = 0;
  for (size_t i = 0; i != kept; ++i) {
    if (i == sorted)
      sortUpTo(2 * sorted);
    sum += weight(candidates[i]);
    if (target < sum)
      return candidates[i].token;
  }
  return candidates[kept - 1].token;
}
