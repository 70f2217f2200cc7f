//===- Elementwise.cpp - Scalar meaning of elementwise ops ----------------===//

#include "dialects/nn/weights/Elementwise.h"
#include "dialects/nn/IR/NNOps.h"
#include "llvm/ADT/StringMap.h"
#include <cmath>
#include <numbers>

using namespace tombolo;
using namespace tombolo::nn;

UnaryFunction nn::unaryFunction(llvm::StringRef opName) {
  static const llvm::StringMap<UnaryFunction> table = {
      {NegOp::getOperationName(), [](float x) { return -x; }},
      {SiluOp::getOperationName(),
       [](float x) { return x / (1 + std::exp(-x)); }},
      {GeluOp::getOperationName(),
       [](float x) {
         return 0.5f * x *
                (1 + std::erf(x * (1 / std::numbers::sqrt2_v<float>)));
       }},
      {GeluTanhOp::getOperationName(),
       [](float x) {
         // sqrt(2 / pi)
         constexpr float scale = 0.797884560802865f;
         return 0.5f * x * (1 + std::tanh(scale * (x + 0.044715f * x * x * x)));
       }},
      {SigmoidOp::getOperationName(),
       [](float x) { return 1 / (1 + std::exp(-x)); }},
      {SoftplusOp::getOperationName(),
       [](float x) {
         return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::fabs(x)));
       }},
      {ReluOp::getOperationName(), [](float x) { return x < 0 ? 0 : x; }},
      {TanhOp::getOperationName(), [](float x) { return std::tanh(x); }},
      {ExpOp::getOperationName(), [](float x) { return std::exp(x); }},
      {SqrtOp::getOperationName(), [](float x) { return std::sqrt(x); }},
  };
  return table.lookup(opName);
}

BinaryFunction nn::binaryFunction(llvm::StringRef opName) {
  // A comparison that NaN fails picks the operand that may be NaN.
  static const llvm::StringMap<BinaryFunction> table = {
      {AddOp::getOperationName(), [](float x, float y) { return x + y; }},
      {SubOp::getOperationName(), [](float x, float y) { return x - y; }},
      {MulOp::getOperationName(), [](float x, float y) { return x * y; }},
      {DivOp::getOperationName(), [](float x, float y) { return x / y; }},
      {MinOp::getOperationName(),
       [](float x, float y) { return std::isnan(x) || x < y ? x : y; }},
      {MaxOp::getOperationName(),
       [](float x, float y) { return std::isnan(x) || x > y ? x : y; }},
  };
  return table.lookup(opName);
}

std::vector<int64_t> nn::broadcastShape(llvm::ArrayRef<int64_t> x,
                                        llvm::ArrayRef<int64_t> y) {
  if (x.size() < y.size())
    std::swap(x, y);
  std::vector<int64_t> shape = x.vec();
  for (size_t i = 0; i < y.size(); ++i) {
    int64_t &size = shape[x.size() - y.size() + i];
    size = size == 1 ? y[i] : size;
  }
  return shape;
}

/// Elements that one step along each axis of `shape` moves in `operand`: 0
/// along those that are repeated.
static std::vector<int64_t> stridesIn(llvm::ArrayRef<int64_t> shape,
                                      llvm::ArrayRef<int64_t> operand) {
  std::vector<int64_t> strides(shape.size(), 0);
  int64_t stride = 1;
  for (size_t i = operand.size(); i-- > 0;) {
    if (operand[i] != 1)
      strides[shape.size() - operand.size() + i] = stride;
    stride *= operand[i];
  }
  return strides;
}

std::vector<float> nn::broadcast(BinaryFunction function,
                                 llvm::ArrayRef<int64_t> shape,
                                 BroadcastOperand x, BroadcastOperand y) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  std::vector<float> result(count);
  std::vector<int64_t> place(shape.size(), 0);
  std::vector<int64_t> xStrides = stridesIn(shape, x.shape),
                       yStrides = stridesIn(shape, y.shape);
  int64_t xAt = 0, yAt = 0;
  for (float &value : result) {
    value = function(x.values[xAt], y.values[yAt]);
    // The next place, last axis first.
    for (size_t axis = shape.size(); axis-- > 0;) {
      xAt += xStrides[axis];
      yAt += yStrides[axis];
      if (++place[axis] < shape[axis])
        break;
      place[axis] = 0;
      xAt -= xStrides[axis] * shape[axis];
      yAt -= yStrides[axis] * shape[axis];
    }
  }
  return result;
}
