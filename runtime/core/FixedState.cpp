#include "runtime/core/FixedState.h"
#include <cassert>
#include <cstring>

using namespace tombolo;

Result<FixedState> FixedState::create(uint64_t bytes) {
  FixedState state;
  for (Pages *pages : {&state.states, &state.copy}) {
    Result<Pages> memory = Pages::allocate(bytes, "the states of a sequence");
    if (!memory)
      return memory.takeErrors();
    *pages = std::move(*memory);
  }
  return state;
}

void FixedState::keep(int64_t tokens) {
  // What is kept stays that of its tokens: whoever changes those goes back.
  if (!exists() || tokens == keptTokens)
    return;
  std::memcpy(copy.data(), states.data(), states.size());
  keptTokens = tokens;
}

void FixedState::goBack(int64_t tokens) {
  assert((tokens == 0 || tokens == keptTokens) && "nothing else is known");
  if (tokens == 0) {
    states.discard();
    keptTokens = 0;
  } else if (exists()) {
    std::memcpy(states.data(), copy.data(), states.size());
  }
}

void FixedState::fillArbitrarily() {
  fillOrdinary({states.data(), states.size()}, 1);
}

void FixedState::copyFrom(const FixedState &other) {
  if (!exists())
    return;
  std::memcpy(states.data(), other.states.data(), states.size());
  keptTokens = other.keptTokens;
  if (keptTokens != 0)
    std::memcpy(copy.data(), other.copy.data(), copy.size());
}
