//===- StateSizes.h - How much a sequence remembers -------------*- C++ -*-===//

#ifndef DIALECTS_NN_IR_STATESIZES_H
#define DIALECTS_NN_IR_STATESIZES_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace tombolo::nn {

/// The memory of a state symbol: what the method needs, without the slack of
/// pages.
struct StateSize {
  std::string name;
  /// Such states there are: one per layer that uses the symbol.
  int64_t count = 1;
  /// Of a list of rows: bytes of a row, and tokens that it stands for.
  int64_t rowBytes = 0, tokensPerRow = 1;
  /// Only so many last tokens have rows.
  std::optional<int64_t> window;
  /// Bytes whatever the length of the sequence.
  int64_t fixedBytes = 0;

  /// Bytes of all of them after so many tokens.
  int64_t bytesAt(int64_t tokens) const;
  /// Bytes that one more token adds in the long run to all of them.
  double bytesPerToken() const;
};

/// Of each state symbol of a module, in order.
std::vector<StateSize> stateSizesOf(mlir::ModuleOp module);

} // namespace tombolo::nn

#endif // DIALECTS_NN_IR_STATESIZES_H
