//===- MixKernels.cpp - Products by groups, and of activations ------------===//

#include "dialects/nn/reference/KernelTable.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static Result<Values> groupedLinear(GroupedLinearOp,
                                    ArrayRef<nn::Value> operands, Machine &) {
  const Tensor &x = tensorOf(operands[0]), &w = tensorOf(operands[1]);
  int64_t groups = w.shape[0], outputs = w.shape[1], inputs = w.shape[2];
  std::vector<int64_t> shape = x.shape;
  shape.back() = outputs;
  std::vector<float> result(x.rows() * outputs);
  for (int64_t r = 0; r < x.rows(); ++r) {
    const float *row = &x.floats[r * inputs];
    const float *matrix = &w.floats[r % groups * outputs * inputs];
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t i = 0; i < inputs; ++i)
        result[r * outputs + o] += row[i] * matrix[o * inputs + i];
  }
  return one(Tensor(std::move(shape), std::move(result)));
}

namespace {
/// The steps that an operand takes in the loops of a contraction.
class Strides {
public:
  Strides(const Tensor &x, ArrayRef<unsigned> loops, size_t count)
      : steps(count) {
    int64_t stride = 1;
    for (size_t axis = loops.size(); axis-- > 0; stride *= x.shape[axis])
      steps[loops[axis]] = stride;
  }
  int64_t at(ArrayRef<int64_t> counters) const {
    int64_t place = 0;
    for (auto [counter, step] : llvm::zip_equal(counters, steps))
      place += counter * step;
    return place;
  }

private:
  SmallVector<int64_t> steps;
};
} // namespace

static Result<Values> einsum(EinsumOp op, ArrayRef<nn::Value> operands,
                             Machine &) {
  const Tensor &a = tensorOf(operands[0]), &b = tensorOf(operands[1]);
  Result<Contraction> loops =
      parseContraction(op.getPattern(), a.shape, b.shape);
  if (!loops)
    return kernelError(op, loops.error().message);
  ArrayRef<int64_t> sizes = loops->sizes;
  Strides aSteps(a, loops->aLoops, sizes.size()),
      bSteps(b, loops->bLoops, sizes.size());
  int64_t elements = 1, summed = 1;
  for (auto [loop, size] : llvm::enumerate(sizes))
    (loop < loops->resultRank ? elements : summed) *= size;
  std::vector<float> result(elements);
  SmallVector<int64_t> counters(sizes.size());
  for (float &value : result)
    for (int64_t i = 0; i < summed; ++i) {
      value += a.floats[aSteps.at(counters)] * b.floats[bSteps.at(counters)];
      // The last loop runs fastest.
      for (size_t loop = sizes.size(); loop-- > 0;) {
        if (++counters[loop] < sizes[loop])
          break;
        counters[loop] = 0;
      }
    }
  ArrayRef<int64_t> shape = loops->resultShape();
  return one(Tensor(shape.vec(), std::move(result)));
}

static Result<Values> sinkhorn(SinkhornOp op, ArrayRef<nn::Value> operands,
                               Machine &) {
  Tensor result = tensorOf(operands[0]);
  int64_t n = result.rowSize();
  float eps = op.getEps().convertToFloat();
  // Divides n numbers, `step` apart, by their sum.
  auto divide = [&](float *first, int64_t step) {
    float sum = 0;
    for (int64_t i = 0; i < n; ++i)
      sum += first[i * step];
    for (int64_t i = 0; i < n; ++i)
      first[i * step] /= sum + eps;
  };
  for (size_t at = 0; at < result.floats.size(); at += n * n) {
    float *matrix = &result.floats[at];
    for (int64_t iteration = 0; iteration < int64_t(op.getIterations());
         ++iteration) {
      for (int64_t i = 0; iteration > 0 && i < n; ++i)
        divide(matrix + i * n, 1);
      for (int64_t j = 0; j < n; ++j)
        divide(matrix + j, n);
    }
  }
  return one(std::move(result));
}

void nn::addMixKernels(KernelTable &table) {
  table.add<GroupedLinearOp>(groupedLinear);
  table.add<EinsumOp>(einsum);
  table.add<SinkhornOp>(sinkhorn);
}
