//===- RowKernels.cpp - Norms and reductions ------------------------------===//

#include "dialects/nn/reference/KernelTable.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static float sumOfSquares(const float *row, int64_t size) {
  float sum = 0;
  for (int64_t i = 0; i < size; ++i)
    sum += row[i] * row[i];
  return sum;
}

static Result<Values> rmsNorm(RmsNormOp op, ArrayRef<nn::Value> operands,
                              Machine &) {
  Tensor result = tensorOf(operands[0]);
  const Tensor *w = op.getW() ? &tensorOf(operands[1]) : nullptr;
  int64_t size = result.rowSize();
  float eps = op.getEps().convertToFloat();
  for (int64_t r = 0; r < result.rows(); ++r) {
    float *row = &result.floats[r * size];
    float rms = std::sqrt(sumOfSquares(row, size) / size + eps);
    for (int64_t i = 0; i < size; ++i)
      row[i] = row[i] / rms * (w ? w->floats[i] : 1);
  }
  return one(std::move(result));
}

static Result<Values> layerNorm(LayerNormOp op, ArrayRef<nn::Value> operands,
                                Machine &) {
  Tensor result = tensorOf(operands[0]);
  ArrayRef<nn::Value> w = group(op, operands, 1), bias = group(op, operands, 2);
  int64_t size = result.rowSize();
  float eps = op.getEps().convertToFloat();
  for (int64_t r = 0; r < result.rows(); ++r) {
    float *row = &result.floats[r * size];
    float mean = 0;
    for (int64_t i = 0; i < size; ++i)
      mean += row[i];
    mean /= size;
    for (int64_t i = 0; i < size; ++i)
      row[i] -= mean;
    float deviation = std::sqrt(sumOfSquares(row, size) / size + eps);
    for (int64_t i = 0; i < size; ++i)
      row[i] = row[i] / deviation * (w.empty() ? 1 : tensorOf(w[0]).floats[i]) +
               (bias.empty() ? 0 : tensorOf(bias[0]).floats[i]);
  }
  return one(std::move(result));
}

static Result<Values> l2Norm(L2NormOp op, ArrayRef<nn::Value> operands,
                             Machine &) {
  Tensor result = tensorOf(operands[0]);
  int64_t size = result.rowSize();
  float eps = op.getEps().convertToFloat();
  for (int64_t r = 0; r < result.rows(); ++r) {
    float *row = &result.floats[r * size];
    float length = std::sqrt(sumOfSquares(row, size) + eps);
    for (int64_t i = 0; i < size; ++i)
      row[i] /= length;
  }
  return one(std::move(result));
}

namespace {
/// A tensor as [outer, size, inner] around one axis.
struct AxisView {
  int64_t outer = 1, size, inner = 1;

  AxisView(const Tensor &x, int64_t axis) {
    axis = axis < 0 ? axis + x.rank() : axis;
    size = x.shape[axis];
    for (int64_t i = 0; i < x.rank(); ++i)
      (i < axis ? outer : inner) *= i == axis ? 1 : x.shape[i];
  }
  int64_t at(int64_t o, int64_t j, int64_t i) const {
    return (o * size + j) * inner + i;
  }
};
} // namespace

static Result<Values> softmax(SoftmaxOp op, ArrayRef<nn::Value> operands,
                              Machine &) {
  Tensor result = tensorOf(operands[0]);
  AxisView view(result, op.getAxis());
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < view.inner; ++i) {
      float largest = -INFINITY, sum = 0;
      for (int64_t j = 0; j < view.size; ++j)
        largest = std::max(largest, result.floats[view.at(o, j, i)]);
      for (int64_t j = 0; j < view.size; ++j) {
        float &value = result.floats[view.at(o, j, i)];
        sum += value = std::exp(value - largest);
      }
      for (int64_t j = 0; j < view.size; ++j)
        result.floats[view.at(o, j, i)] /= sum;
    }
  return one(std::move(result));
}

static Result<Values> sum(SumOp op, ArrayRef<nn::Value> operands, Machine &) {
  const Tensor &x = tensorOf(operands[0]);
  AxisView view(x, op.getAxis());
  std::vector<int64_t> shape = x.shape;
  shape[op.getAxis() < 0 ? op.getAxis() + x.rank() : op.getAxis()] = 1;
  std::vector<float> result(view.outer * view.inner);
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t j = 0; j < view.size; ++j)
      for (int64_t i = 0; i < view.inner; ++i)
        result[o * view.inner + i] += x.floats[view.at(o, j, i)];
  return one(Tensor(std::move(shape), std::move(result)));
}

void nn::addRowKernels(KernelTable &table) {
  table.add<RmsNormOp>(rmsNorm);
  table.add<LayerNormOp>(layerNorm);
  table.add<L2NormOp>(l2Norm);
  table.add<SoftmaxOp>(softmax);
  table.add<SumOp>(sum);
}
