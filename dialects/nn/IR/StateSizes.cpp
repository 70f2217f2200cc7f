//===- StateSizes.cpp - How much a sequence remembers ---------------------===//

#include "dialects/nn/IR/StateSizes.h"
#include "dialects/nn/IR/NNOps.h"

using namespace mlir;
using namespace tombolo::nn;

int64_t StateSize::bytesAt(int64_t tokens) const {
  int64_t kept = std::min(tokens, window.value_or(tokens));
  return count * (kept / tokensPerRow * rowBytes + fixedBytes);
}

double StateSize::bytesPerToken() const {
  return window ? 0 : double(count) * rowBytes / tokensPerRow;
}

std::vector<StateSize> tombolo::nn::stateSizesOf(ModuleOp module) {
  std::vector<StateSize> sizes;
  for (auto state : module.getOps<StateOpInterface>()) {
    StateSize size;
    size.name = cast<SymbolOpInterface>(state.getOperation()).getName().str();
    size.count = state.getStateCount();
    size.rowBytes = state.getRowBytes();
    size.tokensPerRow = state.getTokensPerRow();
    size.window = state.getStateWindow();
    size.fixedBytes = state.getFixedBytes();
    sizes.push_back(std::move(size));
  }
  return sizes;
}
