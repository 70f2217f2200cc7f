//===- Verify.h - Comparing a model with a reference ------------*- C++ -*-===//

#ifndef TOOLS_LIB_VERIFY_H
#define TOOLS_LIB_VERIFY_H

#include "tools/lib/Engine.h"
#include "tools/lib/Reference.h"
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace tombolo {

/// Relative error of a whole tensor, ‖a−b‖/‖b‖ in float64, taken row by row.
class RelativeError {
public:
  void add(std::span<const float> ours, std::span<const float> theirs);
  /// NaN where a value was not a number; 0 for nothing compared.
  double value() const;

private:
  double difference = 0, norm = 0;
};

struct VerifyReport {
  struct Layer {
    std::string name;
    double error = 0;
  };
  std::string engine;
  double tolerance = 0;
  bool passed = false;
  double logitsError = 0;
  std::vector<Layer> layers;
  std::optional<double> generatedLogitsError;
  int64_t generatedMatched = 0, generatedTotal = 0;
  /// The first of the layers, the logits and the generated tokens that is not
  /// as the reference has it; empty where all are.
  std::string firstDifference;
};

/// Runs the reference's tokens through `engine` and compares layers, logits and
/// the greedy continuation (fed with the reference's tokens, so that one
/// differing token does not spoil the rest). Passes where every error is at
/// most `tolerance` and every token the same.
Result<VerifyReport> verify(Engine &engine, const Reference &reference,
                            double tolerance);

nlohmann::ordered_json toJson(const VerifyReport &report);
/// A table by layer, then one line that says whether it passed.
std::string toText(const VerifyReport &report);

/// Index of the largest value, the first of equals.
int32_t argmax(std::span<const float> values);

} // namespace tombolo

#endif // TOOLS_LIB_VERIFY_H
