//===- PlannedKernels.cpp - Ops that passes and planners make -------------===//

#include "dialects/nn/reference/KernelTable.h"
#include "dialects/nn/weights/Elementwise.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static Result<Values> rotate(RotateOp op, ArrayRef<nn::Value> operands,
                             Machine &) {
  Tensor result = tensorOf(operands[0]);
  const Tensor &angles = tensorOf(operands[1]);
  int64_t pairs = angles.shape[2], size = result.rowSize();
  int64_t tokens = result.shape[0];
  int64_t rowsPerToken = tokens == 0 ? 0 : result.rows() / tokens;
  bool half = op.getPairs() == Pairs::Half;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < pairs; ++i) {
      float c = angles.floats[2 * t * pairs + i];
      float s = angles.floats[(2 * t + 1) * pairs + i];
      s = op.getInverse() ? -s : s;
      for (int64_t r = 0; r < rowsPerToken; ++r) {
        float *row = &result.floats[(t * rowsPerToken + r) * size] + op.getAt();
        float &first = row[half ? i : 2 * i],
              &second = row[half ? pairs + i : 2 * i + 1];
        float p = first, q = second;
        first = p * c - q * s;
        second = q * c + p * s;
      }
    }
  return one(std::move(result));
}

static Result<Values> rows(RowsOp op, ArrayRef<nn::Value> operands, Machine &) {
  const Tensor &x = tensorOf(operands[0]);
  RowsType type = op.getType();
  auto history = std::make_shared<History>();
  history->rowElements = type.getRowElements();
  history->count = x.shape[0];
  history->clock = type.getClock();
  history->rows = x.floats;
  return Values{
      Rows{std::move(history), type.getShape().vec(), type.getWindow()}};
}

static Result<Values> glu(GluOp op, ArrayRef<nn::Value> operands, Machine &) {
  const Tensor &x = tensorOf(operands[0]);
  UnaryFunction activation = unaryFunction(("nn." + op.getActivation()).str());
  int64_t group = op.getGroup();
  std::vector<int64_t> shape = x.shape;
  shape.back() /= 2;
  std::vector<float> values;
  values.reserve(x.floats.size() / 2);
  for (size_t gate = 0; gate < x.floats.size(); gate += 2 * group)
    for (int64_t r = 0; r < group; ++r)
      values.push_back(activation(x.floats[gate + r]) *
                       x.floats[gate + group + r]);
  return one(Tensor(std::move(shape), std::move(values)));
}

void nn::addPlannedKernels(KernelTable &table) {
  table.add<GluOp>(glu);
  table.add<RotateOp>(rotate);
  table.add<RowsOp>(rows);
}
