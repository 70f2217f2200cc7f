//===- ShapeKernels.cpp - Movements ---------------------------------------===//

#include "dialects/nn/reference/KernelTable.h"
#include "dialects/nn/weights/Movement.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static std::span<const std::byte> bytesOf(const Tensor &tensor) {
  return std::as_bytes(std::span(tensor.floats));
}
static std::byte *bytesOf(std::vector<float> &values) {
  return reinterpret_cast<std::byte *>(values.data());
}

static Result<Values> slice(SliceOp op, ArrayRef<nn::Value> operands,
                            Machine &) {
  const Tensor &x = tensorOf(operands[0]);
  Movement movement = movementOf(op, x.shape, 1);
  std::vector<float> result(movement.count());
  movement.copy(bytesOf(x), sizeof(float), bytesOf(result));
  return one(Tensor(movement.shape, std::move(result)));
}

static Result<Values> rearrange(RearrangeOp op, ArrayRef<nn::Value> operands,
                                Machine &) {
  const Tensor &x = tensorOf(operands[0]);
  Result<Movement> movement = movementOf(op, x.shape, 1);
  Result<Rearrangement> pattern =
      parseRearrangement(op.getPattern(), op.getSizesAttr(), x.shape);
  if (!movement || !pattern)
    return kernelError(op, movement ? pattern.error().message
                                    : movement.error().message);
  std::vector<float> result(movement->count());
  movement->copy(bytesOf(x), sizeof(float), bytesOf(result));
  return one(Tensor({pattern->resultShape.begin(), pattern->resultShape.end()},
                    std::move(result)));
}

static Result<Values> concat(ConcatOp op, ArrayRef<nn::Value> operands,
                             Machine &) {
  std::vector<int64_t> shape = tensorOf(operands[0]).shape;
  int64_t rank = shape.size();
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
  int64_t outer = 1;
  for (int64_t i = 0; i < axis; ++i)
    outer *= shape[i];
  SmallVector<std::span<const std::byte>> parts;
  shape[axis] = 0;
  size_t count = 0;
  for (const nn::Value &part : operands) {
    shape[axis] += tensorOf(part).shape[axis];
    count += tensorOf(part).floats.size();
    parts.push_back(bytesOf(tensorOf(part)));
  }
  std::vector<float> result(count);
  concatenate(parts, outer, bytesOf(result));
  return one(Tensor(std::move(shape), std::move(result)));
}

static Result<Values> interleave(InterleaveOp op, ArrayRef<nn::Value> operands,
                                 Machine &) {
  SmallVector<std::span<const std::byte>> parts;
  for (const nn::Value &part : operands)
    parts.push_back(bytesOf(tensorOf(part)));
  const Tensor &first = tensorOf(operands[0]);
  std::vector<int64_t> shape = first.shape;
  shape[0] *= operands.size();
  std::vector<float> result(first.floats.size() * operands.size());
  concatenate(parts, first.shape[0] / op.getRows(), bytesOf(result));
  return one(Tensor(std::move(shape), std::move(result)));
}

static Result<Values> repeat(RepeatOp op, ArrayRef<nn::Value> operands,
                             Machine &) {
  const Tensor &x = tensorOf(operands[0]);
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + x.rank() + 1 : op.getAxis();
  int64_t times = op.getTimes(), inner = 1;
  for (int64_t i = axis; i < x.rank(); ++i)
    inner *= x.shape[i];
  std::vector<int64_t> shape = x.shape;
  shape.insert(shape.begin() + axis, times);
  std::vector<float> result;
  result.reserve(x.floats.size() * times);
  for (auto at = x.floats.begin(); at != x.floats.end(); at += inner)
    for (int64_t j = 0; j < times; ++j)
      result.insert(result.end(), at, at + inner);
  return one(Tensor(std::move(shape), std::move(result)));
}

void nn::addShapeKernels(KernelTable &table) {
  table.add<SliceOp>(slice);
  table.add<RearrangeOp>(rearrange);
  table.add<ConcatOp>(concat);
  table.add<InterleaveOp>(interleave);
  table.add<RepeatOp>(repeat);
}
