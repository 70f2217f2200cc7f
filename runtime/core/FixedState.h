//===- FixedState.h - Memory of a sequence of one size ----------*- C++ -*-===//

#ifndef RUNTIME_CORE_FIXEDSTATE_H
#define RUNTIME_CORE_FIXEDSTATE_H

#include "runtime/core/Memory.h"
#include "support/Result.h"
#include <cstdint>

namespace tombolo {

/// The states of a sequence that are of one size whatever its length: zeros
/// before the first token, and then what each token makes of them. What a token
/// did cannot be undone, so beside the states there is room for a copy of those
/// after fewer tokens, to go back to.
class FixedState {
public:
  /// Memory for states of `bytes`, the copy included.
  static uint64_t memoryFor(uint64_t bytes) { return 2 * bytes; }
  static Result<FixedState> create(uint64_t bytes);

  bool exists() const { return states.size() != 0; }
  std::byte *data() const { return states.data(); }

  /// Copies the states, which are those after `tokens` tokens.
  void keep(int64_t tokens);
  /// Tokens of the copy; 0: none is kept, and the states can go back to their
  /// beginning only.
  int64_t kept() const { return keptTokens; }
  /// The states after `tokens` tokens, which are 0 or kept().
  void goBack(int64_t tokens);
  /// Writes numbers of ordinary size.
  void fillArbitrarily();
  /// Takes over another's states, and its copy.
  void copyFrom(const FixedState &other);

private:
  Pages states, copy;
  int64_t keptTokens = 0;
};

} // namespace tombolo

#endif // RUNTIME_CORE_FIXEDSTATE_H
