//===- Movement.cpp - Slices and rearrangements as strided copies ---------===//

#include "dialects/nn/weights/Movement.h"
#include <cstring>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

int64_t Movement::count() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::optional<Movement> Movement::element(int64_t element, int64_t size) const {
  // The axis is the first ones of the movement, the last of them the fastest.
  size_t axes = 0;
  for (int64_t places = 1; places != size; ++axes) {
    if (axes == shape.size() || size % (places * shape[axes]))
      return std::nullopt;
    places *= shape[axes];
  }
  if (axes == shape.size())
    return std::nullopt;
  Movement result{{shape.begin() + axes, shape.end()},
                  {strides.begin() + axes, strides.end()},
                  offset};
  for (size_t axis = axes; axis-- > 0; element /= shape[axis])
    result.offset += element % shape[axis] * strides[axis];
  return result;
}

std::pair<int64_t, int64_t> Movement::range() const {
  int64_t last = offset;
  for (size_t axis = 0; axis < shape.size(); ++axis)
    last += (shape[axis] - 1) * strides[axis];
  return {offset, last};
}

bool Movement::isContiguous() const {
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != stride)
      return false;
    stride *= shape[axis];
  }
  return true;
}

void Movement::copy(std::span<const std::byte> operand, int64_t unitBytes,
                    std::byte *result) const {
  // The last axes that are a run of the operand are copied as one.
  size_t outer = shape.size();
  int64_t run = 1;
  while (outer > 0 && (shape[outer - 1] == 1 || strides[outer - 1] == run))
    run *= shape[--outer];
  int64_t runs = count() / std::max<int64_t>(run, 1);
  std::vector<int64_t> place(outer, 0);
  int64_t at = offset;
  for (int64_t i = 0; i < runs; ++i) {
    std::memcpy(result + i * run * unitBytes, operand.data() + at * unitBytes,
                run * unitBytes);
    for (size_t axis = outer; axis-- > 0;) {
      at += strides[axis];
      if (++place[axis] < shape[axis])
        break;
      place[axis] = 0;
      at -= strides[axis] * shape[axis];
    }
  }
}

/// Row-major strides.
static std::vector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

Movement nn::movementOf(SliceOp op, ArrayRef<int64_t> shape,
                        int64_t blockElements) {
  SmallVector<int64_t> units(shape);
  if (!units.empty())
    units.back() /= blockElements;
  std::vector<int64_t> strides = stridesOf(units);
  Movement movement;
  for (size_t axis = 0; axis < units.size(); ++axis) {
    int64_t begin = op.getBegins()[axis], end = op.getEnds()[axis],
            step = op.getSteps()[axis];
    if (ShapedType::isDynamic(end))
      end = shape[axis];
    if (axis + 1 == units.size()) {
      begin /= blockElements;
      end = llvm::divideCeil(end, blockElements);
    }
    movement.offset += begin * strides[axis];
    if (step == 0)
      continue;
    int64_t count = llvm::divideCeil(uint64_t(end - begin), uint64_t(step));
    movement.shape.push_back(count);
    // A single place is never stepped from, by however large a step.
    movement.strides.push_back(count == 1 ? 0 : strides[axis] * step);
  }
  return movement;
}

Result<Movement> nn::movementOf(RearrangeOp op, ArrayRef<int64_t> shape,
                                int64_t blockElements) {
  Result<Rearrangement> pattern =
      parseRearrangement(op.getPattern(), op.getSizesAttr(), shape);
  if (!pattern)
    return pattern.takeErrors();
  SmallVector<int64_t> units(pattern->sizes);
  if (!units.empty())
    units.back() /= blockElements;
  std::vector<int64_t> strides = stridesOf(units);
  Movement movement;
  for (unsigned axis : pattern->permutation()) {
    movement.shape.push_back(units[axis]);
    movement.strides.push_back(strides[axis]);
  }
  return movement;
}

void nn::concatenate(ArrayRef<std::span<const std::byte>> parts, int64_t outer,
                     std::byte *result) {
  for (int64_t i = 0; i < outer; ++i)
    for (std::span<const std::byte> part : parts) {
      size_t run = part.size() / outer;
      std::memcpy(result, part.data() + i * run, run);
      result += run;
    }
}
