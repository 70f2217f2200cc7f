//===- RecurrenceKernels.cpp - Recurrences along the sequence -------------===//

#include "dialects/nn/reference/KernelTable.h"
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

/// The state of `op`, of zeros before the first token. `index` is the operand
/// of that name, where there is one.
template <typename Op>
static Result<std::shared_ptr<FixedState>>
stateOf(Op op, ArrayRef<nn::Value> operands, Machine &machine) {
  int64_t index = op.getIndex() ? std::get<int64_t>(operands.back()) : 0;
  auto kept = machine.fixedState(op.getState(), index);
  if (!kept)
    return kept;
  if ((*kept)->values.empty()) {
    auto state = cast<RecurrentStateOp>(machine.symbol(op.getState()));
    (*kept)->values.assign(state.getStateType().getNumElements(), 0.0f);
  }
  return kept;
}

/// Counts a token in, which must be the next.
static Status countIn(Operation *op, FixedState &state, int64_t position) {
  if (position != state.tokens)
    return kernelError(op, "expects position " + Twine(state.tokens) +
                               " next, but got " + Twine(position));
  ++state.tokens;
  return tombolo::success();
}

static Result<Values> causalConv(CausalConvOp op, ArrayRef<nn::Value> operands,
                                 Machine &machine) {
  const Tensor &x = tensorOf(operands[0]), &positions = tensorOf(operands[1]),
               &w = tensorOf(operands[2]);
  auto kept = stateOf(op, operands, machine);
  if (!kept)
    return kept.takeErrors();
  FixedState &state = **kept;
  int64_t channels = x.rowSize(), taps = w.rowSize();
  std::vector<float> result(x.floats.size());
  for (int64_t t = 0; t < x.shape[0]; ++t) {
    if (Status status = countIn(op, state, positions.ints[t]); !status)
      return status.takeErrors();
    // The rows that the taps see: those kept, then the token's own.
    auto row = x.floats.begin() + t * channels;
    state.values.insert(state.values.end(), row, row + channels);
    for (int64_t c = 0; c < channels; ++c) {
      float sum = 0;
      for (int64_t j = 0; j < taps; ++j)
        sum += w.floats[c * taps + j] * state.values[j * channels + c];
      result[t * channels + c] = sum;
    }
    state.values.erase(state.values.begin(), state.values.begin() + channels);
  }
  return one(Tensor(x.shape, std::move(result)));
}

static Result<Values> gatedDelta(GatedDeltaOp op, ArrayRef<nn::Value> operands,
                                 Machine &machine) {
  const Tensor &q = tensorOf(operands[0]), &positions = tensorOf(operands[1]),
               &k = tensorOf(operands[2]), &v = tensorOf(operands[3]),
               &decay = tensorOf(operands[4]);
  const Tensor *beta = op.getBeta() ? &tensorOf(operands[5]) : nullptr;
  auto kept = stateOf(op, operands, machine);
  if (!kept)
    return kept.takeErrors();
  FixedState &state = **kept;
  int64_t tokens = q.shape[0], keyHeads = q.shape[1], dk = q.shape[2];
  int64_t heads = v.shape[1], dv = v.shape[2];
  std::vector<float> result(v.floats.size()), delta(dv);
  for (int64_t t = 0; t < tokens; ++t) {
    if (Status status = countIn(op, state, positions.ints[t]); !status)
      return status.takeErrors();
    for (int64_t h = 0; h < heads; ++h) {
      int64_t row = t * keyHeads + h * keyHeads / heads;
      const float *query = &q.floats[row * dk], *key = &k.floats[row * dk];
      const float *value = &v.floats[(t * heads + h) * dv];
      float *out = &result[(t * heads + h) * dv];
      float *s = &state.values[h * dk * dv];
      float keep = std::exp(decay.floats[t * heads + h]);
      for (int64_t i = 0; i < dk * dv; ++i)
        s[i] *= keep;
      for (int64_t d = 0; d < dv; ++d) {
        if (!beta) {
          delta[d] = value[d];
          continue;
        }
        float seen = 0;
        for (int64_t c = 0; c < dk; ++c)
          seen += s[c * dv + d] * key[c];
        delta[d] = beta->floats[t * heads + h] * (value[d] - seen);
      }
      for (int64_t c = 0; c < dk; ++c)
        for (int64_t d = 0; d < dv; ++d) {
          s[c * dv + d] += key[c] * delta[d];
          out[d] += s[c * dv + d] * query[c];
        }
    }
  }
  return one(Tensor(v.shape, std::move(result)));
}

void nn::addRecurrenceKernels(KernelTable &table) {
  table.add<CausalConvOp>(causalConv);
  table.add<GatedDeltaOp>(gatedDelta);
}
