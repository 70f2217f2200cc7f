//===- WeightEvaluator.h - From stored tensors to weights -------*- C++ -*-===//
//
// Runs the region of an `nn.weight` on the tensors of a checkpoint.
//
//===----------------------------------------------------------------------===//

#ifndef DIALECTS_NN_WEIGHTS_WEIGHTEVALUATOR_H
#define DIALECTS_NN_WEIGHTS_WEIGHTEVALUATOR_H

#include "dialects/nn/IR/NNOps.h"
#include "support/WeightSource.h"
#include <memory>
#include <span>
#include <vector>

namespace tombolo::nn {

/// A tensor as it is kept: bytes of a mapped file where nothing moved, else
/// bytes that `owner` holds. Borrowed bytes live as long as the WeightSource.
struct StoredTensor {
  Encoding encoding;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;

  int64_t elements() const;
  bool isBorrowed() const { return !owner; }
  /// The numbers in f32, row-major.
  Result<std::vector<float>> toFloats() const;
};

/// Evaluates weights one at a time and keeps none, so that all weights of a
/// model can pass through a few tensors of memory. Safe to call from several
/// threads at once.
class WeightEvaluator {
public:
  /// Both outlive the evaluator; the module is verified.
  WeightEvaluator(mlir::ModuleOp module, const WeightSource &source)
      : module(module), source(source) {}

  /// Element `index` of the family (0 for a single weight).
  Result<StoredTensor> evaluate(WeightOp weight, int64_t index) const;
  Result<StoredTensor> evaluate(llvm::StringRef name, int64_t index) const;
  Result<std::vector<float>> evaluateF32(WeightOp weight, int64_t index) const;
  /// Place `element` of the first dimension, of which there are two or more.
  /// Of a stack of experts it is made of that expert's tensors alone.
  Result<StoredTensor> evaluateElement(WeightOp weight, int64_t index,
                                       int64_t element) const;
  Result<StoredTensor> evaluateElement(llvm::StringRef name, int64_t index,
                                       int64_t element) const;
  Result<std::vector<float>> evaluateElementF32(WeightOp weight, int64_t index,
                                                int64_t element) const;
  Result<std::vector<float>> evaluateF32(llvm::StringRef name,
                                         int64_t index) const;

private:
  Result<WeightOp> find(llvm::StringRef name) const;

  mlir::ModuleOp module;
  const WeightSource &source;
};

} // namespace tombolo::nn

#endif // DIALECTS_NN_WEIGHTS_WEIGHTEVALUATOR_H
