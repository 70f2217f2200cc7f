//===- WindowKernels.cpp - Windows of tokens, and their clock -------------===//

#include "dialects/nn/reference/KernelTable.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

/// Between steps the state has the `before` rows ahead of the open window, and
/// the rows of that window.
static Result<Values> windows(WindowsOp op, ArrayRef<nn::Value> operands,
                              Machine &machine) {
  const Tensor &x = tensorOf(operands[0]), &positions = tensorOf(operands[1]);
  int64_t index = op.getIndex() ? std::get<int64_t>(operands[2]) : 0;
  auto kept = machine.fixedState(op.getState(), index);
  if (!kept)
    return kept.takeErrors();
  FixedState &state = **kept;
  int64_t tokens = x.shape[0], size = op.getSize(), before = op.getBefore();
  int64_t rowElements = 1;
  for (int64_t i = 1; i < x.rank(); ++i)
    rowElements *= x.shape[i];
  if (state.tokens == 0)
    state.values.assign(before * rowElements, op.getFill().convertToFloat());
  std::vector<float> result;
  int64_t count = 0;
  for (int64_t t = 0; t < tokens; ++t) {
    if (positions.ints[t] != state.tokens)
      return kernelError(op, "expects position " + Twine(state.tokens) +
                                 " next, but got " + Twine(positions.ints[t]));
    ++state.tokens;
    auto row = x.floats.begin() + t * rowElements;
    state.values.insert(state.values.end(), row, row + rowElements);
    if (state.tokens % size)
      continue;
    ++count;
    llvm::append_range(result, state.values);
    state.values.erase(state.values.begin(),
                       state.values.begin() + size * rowElements);
  }
  std::vector<int64_t> shape = {count, before + size};
  shape.insert(shape.end(), x.shape.begin() + 1, x.shape.end());
  return one(Tensor(std::move(shape), std::move(result)));
}

static Result<Values> windowPositions(WindowPositionsOp op,
                                      ArrayRef<nn::Value> operands, Machine &) {
  int64_t size = op.getSize();
  std::vector<int32_t> starts;
  for (int64_t position : tensorOf(operands[0]).ints)
    if ((position + 1) % size == 0)
      starts.push_back(position + 1 - size);
  std::vector<int64_t> shape = {int64_t(starts.size())};
  return one(Tensor(std::move(shape), std::move(starts)));
}

void nn::addWindowKernels(KernelTable &table) {
  table.add<WindowsOp>(windows);
  table.add<WindowPositionsOp>(windowPositions);
}
