//===- BenchReport.h - What a benchmark measured ----------------*- C++ -*-===//

#ifndef TOOLS_LIB_BENCHREPORT_H
#define TOOLS_LIB_BENCHREPORT_H

#include "tools/lib/Engine.h"
#include "tools/lib/Limits.h"
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace tombolo {

struct BenchReport {
  struct Phase {
    int64_t tokens = 0;
    /// Medians over the repetitions; `amount` is operations (prefill) or bytes
    /// (decode) per second, `fraction` its part of the limit measured just
    /// before in the same repetition.
    double tokensPerSecond = 0, amountPerSecond = 0, fraction = 0;
    /// Which limit: "int8", "f32" or "read".
    std::string limit;
    /// Of each repetition: tokens per second, and `fraction`.
    std::vector<double> rates, fractions;
    /// Of each repetition, the parts of the threads' time that went by in
    /// kernels, waiting for each other's, and outside programs of kernels
    /// (lengths, frequencies, logits); together 1. None where it is not known.
    struct Spent {
      double kernels, waiting, outside;
    };
    std::vector<Spent> spent;
    /// Medians, each by itself.
    std::optional<Spent> medianSpent() const;
  };
  /// A prompt and tokens behind `context` tokens that were not computed.
  struct AtContext {
    int64_t context = 0;
    Phase prefill, decode;
  };

  /// The model's name, and what it was compiled with.
  std::string model;
  std::vector<std::pair<std::string, std::string>> options;
  Phase prefill, decode;
  /// Medians.
  Limits limits;
  int threads = 0;
  double loadSeconds = 0;
  uint64_t peakMemoryBytes = 0;
  /// With BenchOptions::perOp.
  std::vector<OpTime> prefillOps, decodeOps;
  /// With BenchOptions::contexts, in their order.
  std::vector<AtContext> contexts;
};

/// Seconds of a prompt, or of one decoded token, behind `before` tokens: the
/// median, least and most of the repetitions.
struct ContextTime {
  double before, seconds, least, most;
};
std::vector<ContextTime> prefillTimes(const BenchReport &report);
std::vector<ContextTime> decodeTimes(const BenchReport &report);

/// seconds = start + slope * before, by least squares; all 0 for fewer than two
/// places.
struct ContextLine {
  double start = 0, slope = 0;
  /// The largest distance of a point from the line, as a part of the point.
  double worst = 0;
};
ContextLine lineThrough(const std::vector<ContextTime> &times);

nlohmann::ordered_json toJson(const BenchReport &report);
std::string toText(const BenchReport &report);

double median(std::vector<double> values);

} // namespace tombolo

#endif // TOOLS_LIB_BENCHREPORT_H
