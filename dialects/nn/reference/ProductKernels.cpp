//===- ProductKernels.cpp - Products with weights, and gathers ------------===//

#include "dialects/nn/reference/KernelTable.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static Result<Values> getWeight(GetWeightOp op, ArrayRef<nn::Value> operands,
                                Machine &machine) {
  int64_t index = operands.empty() ? 0 : std::get<int64_t>(operands[0]);
  // Experts that no token chooses are not read.
  auto asStack = [](OpOperand &use) {
    return isa<ExpertLinearOp>(use.getOwner()) && use.getOperandNumber() == 1;
  };
  if (!op->use_empty() && llvm::all_of(op->getUses(), asStack))
    return Values{WeightStack{op.getWeight().str(), index}};
  Result<nn::Value> weight = machine.weight(op.getWeight(), index);
  if (!weight)
    return weight.takeErrors();
  return Values{std::move(*weight)};
}

/// Weights are f32 here already.
static Result<Values> decodeWeight(DecodeOp, ArrayRef<nn::Value> operands,
                                   Machine &) {
  return Values{operands[0]};
}

static Result<Values> embedding(EmbeddingOp op, ArrayRef<nn::Value> operands,
                                Machine &) {
  const Tensor &ids = tensorOf(operands[0]), &table = tensorOf(operands[1]);
  int64_t rows = table.shape[0], width = table.shape[1];
  std::vector<int64_t> shape = ids.shape;
  shape.push_back(width);
  std::vector<float> result;
  result.reserve(ids.ints.size() * width);
  for (int32_t id : ids.ints) {
    if (id < 0 || id >= rows)
      return kernelError(op, "expects ids below " + Twine(rows) +
                                 ", the rows of its table, but got " +
                                 Twine(id));
    auto row = table.floats.begin() + id * width;
    result.insert(result.end(), row, row + width);
  }
  if (op.getType().getElementType().isInteger(32))
    return one(Tensor(std::move(shape),
                      std::vector<int32_t>(result.begin(), result.end())));
  return one(Tensor(std::move(shape), std::move(result)));
}

/// Products of `row` with N rows of weights. The sums do not wait for each
/// other, and each is taken in order.
template <int64_t N>
static void products(const float *row, const float *weights, int64_t inputs,
                     float *out) {
  float sums[N] = {};
  for (int64_t i = 0; i < inputs; ++i)
    for (int64_t o = 0; o < N; ++o)
      sums[o] += row[i] * weights[o * inputs + i];
  for (int64_t o = 0; o < N; ++o)
    out[o] = sums[o];
}

static Result<Values> linear(LinearOp op, ArrayRef<nn::Value> operands,
                             Machine &) {
  const Tensor &x = tensorOf(operands[0]), &w = tensorOf(operands[1]);
  const Tensor *bias = op.getBias() ? &tensorOf(operands[2]) : nullptr;
  int64_t rows = x.rows(), inputs = w.shape[1], outputs = w.shape[0];
  std::vector<int64_t> shape = x.shape;
  shape.back() = outputs;
  std::vector<float> result(rows * outputs);
  constexpr int64_t kTogether = 8;
  for (int64_t o = 0; o < outputs;) {
    int64_t count = outputs - o < kTogether ? 1 : kTogether;
    const float *weights = &w.floats[o * inputs];
    for (int64_t r = 0; r < rows; ++r) {
      const float *row = &x.floats[r * inputs];
      float *out = &result[r * outputs + o];
      if (count == 1)
        products<1>(row, weights, inputs, out);
      else
        products<kTogether>(row, weights, inputs, out);
      for (int64_t j = 0; bias && j < count; ++j)
        out[j] += bias->floats[o + j];
    }
    o += count;
  }
  return one(Tensor(std::move(shape), std::move(result)));
}

static Result<Values> take(TakeOp op, ArrayRef<nn::Value> operands, Machine &) {
  const Tensor &x = tensorOf(operands[0]), &ids = tensorOf(operands[1]);
  int64_t choices = ids.shape[1], width = x.rowSize();
  bool perRow = x.rank() == 2;
  std::vector<float> result;
  for (int64_t t = 0; t < ids.shape[0]; ++t)
    for (int64_t j = 0; j < choices; ++j) {
      int32_t id = ids.ints[t * choices + j];
      if (id < -1 || id >= width)
        return kernelError(op, "expects ids below " + Twine(width) +
                                   ", but got " + Twine(id));
      result.push_back(id < 0 ? 0 : x.floats[(perRow ? t * width : 0) + id]);
    }
  return one(Tensor(ids.shape, std::move(result)));
}

void nn::addProductKernels(KernelTable &table) {
  table.add<GetWeightOp>(getWeight);
  table.add<DecodeOp>(decodeWeight);
  table.add<EmbeddingOp>(embedding);
  table.add<LinearOp>(linear);
  table.add<TakeOp>(take);
}
