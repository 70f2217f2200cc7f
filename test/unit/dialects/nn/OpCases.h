//===- OpCases.h - What each op computes on small inputs --------*- C++ -*-===//

#ifndef TEST_UNIT_DIALECTS_NN_OPCASES_H
#define TEST_UNIT_DIALECTS_NN_OPCASES_H

#include "dialects/nn/reference/Value.h"
#include <string>
#include <vector>

namespace tombolo::nn {

/// A module with a function `@f`, and what that returns on `inputs`.
struct OpCase {
  std::string name, module;
  std::vector<Tensor> inputs;
  Tensor expected;
};

const std::vector<OpCase> &rowCases();
const std::vector<OpCase> &shapeCases();
const std::vector<OpCase> &elementwiseCases();
const std::vector<OpCase> &sequenceCases();
const std::vector<OpCase> &expertCases();
const std::vector<OpCase> &sparseCases();

inline Tensor floats(std::vector<int64_t> shape, std::vector<float> values) {
  return Tensor(std::move(shape), std::move(values));
}
inline Tensor ofKind(ElementKind kind, Tensor tensor) {
  tensor.kind = kind;
  return tensor;
}
/// Values that bf16 can hold.
inline Tensor bfloats(std::vector<int64_t> shape, std::vector<float> values) {
  return ofKind(ElementKind::BF16, floats(std::move(shape), std::move(values)));
}
inline Tensor ints(std::vector<int64_t> shape, std::vector<int32_t> values) {
  return Tensor(std::move(shape), std::move(values));
}

} // namespace tombolo::nn

#endif // TEST_UNIT_DIALECTS_NN_OPCASES_H
