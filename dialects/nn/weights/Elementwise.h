//===- Elementwise.h - Scalar meaning of elementwise ops --------*- C++ -*-===//
//
// One table for weights and activations: what an elementwise op of nn does to
// one number, or to two. In f32.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_NN_WEIGHTS_ELEMENTWISE_H
#define DIALECTS_NN_WEIGHTS_ELEMENTWISE_H

#include "mlir/IR/Operation.h"
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tombolo::nn {

using UnaryFunction = float (*)(float);
using BinaryFunction = float (*)(float, float);

/// The function of an op name (`nn.silu`), or null.
UnaryFunction unaryFunction(llvm::StringRef opName);
BinaryFunction binaryFunction(llvm::StringRef opName);

/// A dense operand of a broadcast, row-major.
struct BroadcastOperand {
  llvm::ArrayRef<int64_t> shape;
  std::span<const float> values;
};

/// The shape that two shapes broadcast to; they must fit.
std::vector<int64_t> broadcastShape(llvm::ArrayRef<int64_t> x,
                                    llvm::ArrayRef<int64_t> y);

/// `function` on each pair of elements of `shape`.
std::vector<float> broadcast(BinaryFunction function,
                             llvm::ArrayRef<int64_t> shape, BroadcastOperand x,
                             BroadcastOperand y);

} // namespace tombolo::nn

#endif // DIALECTS_NN_WEIGHTS_ELEMENTWISE_H
