//===- Sampler.h - The next token from logits -------------------*- C++ -*-===//

#ifndef RUNTIME_CORE_SAMPLER_H
#define RUNTIME_CORE_SAMPLER_H

#include "support/Result.h"
#include <cstdint>
#include <span>
#include <vector>

namespace tombolo {

/// Applied in this order; the defaults do nothing but take the likeliest token.
struct SamplingOptions {
  /// Divides the logits of tokens that the sequence already has (multiplies
  /// them where they are negative).
  float repeatPenalty = 1;
  /// Divides all logits; 0: the likeliest token is taken.
  float temperature = 0;
  /// Keeps the K likeliest tokens; 0: all.
  int32_t topK = 0;
  /// Keeps the fewest likeliest tokens whose probabilities reach P.
  float topP = 1;
  /// Keeps tokens at least this probable relative to the likeliest.
  float minP = 0;
  uint64_t seed = 0;

  Status check() const;
};

/// Draws tokens. The same options, logits and history give the same tokens on
/// every machine whose exp() does; of equal logits the lower id comes first.
class Sampler {
public:
  /// `options` have passed `check`.
  explicit Sampler(const SamplingOptions &options);

  /// Fails where no logit is a number.
  Result<int32_t> sample(std::span<const float> logits,
                         std::span<const int32_t> history);

private:
  struct Candidate {
    float logit;
    int32_t token;
  };
  /// Uniform in [0, 1), 53 bits.
  double draw();
  int32_t drawFrom(std::vector<Candidate> &candidates);

  SamplingOptions options;
  uint64_t state;
  std::vector<Candidate> candidates;
  std::vector<float> adjusted;
};

} // namespace tombolo

#endif // RUNTIME_CORE_SAMPLER_H
