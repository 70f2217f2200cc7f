//===- Value.h - What the interpreter computes with -------------*- C++ -*-===//

#ifndef DIALECTS_NN_REFERENCE_VALUE_H
#define DIALECTS_NN_REFERENCE_VALUE_H

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace tombolo::nn {

enum class ElementKind { F32, F16, BF16, I32 };

/// A dense, row-major tensor. Numbers of f16 and bf16 are kept as f32 that are
/// already rounded.
struct Tensor {
  std::vector<int64_t> shape;
  ElementKind kind = ElementKind::F32;
  std::vector<float> floats; ///< of every kind but I32
  std::vector<int32_t> ints; ///< of I32

  Tensor() = default;
  Tensor(std::vector<int64_t> shape, std::vector<float> values)
      : shape(std::move(shape)), floats(std::move(values)) {
    assert(int64_t(floats.size()) == elements());
  }
  Tensor(std::vector<int64_t> shape, std::vector<int32_t> values)
      : shape(std::move(shape)), kind(ElementKind::I32),
        ints(std::move(values)) {
    assert(int64_t(ints.size()) == elements());
  }

  int64_t elements() const {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    return count;
  }
  int64_t rank() const { return shape.size(); }
  /// Size of the innermost dimension, and how many such rows there are.
  int64_t rowSize() const { return shape.empty() ? 1 : shape.back(); }
  int64_t rows() const {
    int64_t count = 1;
    for (size_t axis = 0; axis + 1 < shape.size(); ++axis)
      count *= shape[axis];
    return count;
  }
};

/// One state of `nn.history`: row i is the row of position i * clock.
struct History {
  int64_t rowElements = 0, count = 0, clock = 1;
  std::vector<float> rows;
};

/// One state of an op that remembers so much and no more.
struct FixedState {
  /// Tokens that it has seen.
  int64_t tokens = 0;
  std::vector<float> values;
};

/// `!nn.rows`: a history, as of this step, the shape of its rows, and which of
/// them a query sees.
struct Rows {
  std::shared_ptr<const History> history;
  std::vector<int64_t> shape;
  std::optional<int64_t> window;
  /// [T, k]: of each query's rows those that its ids name; null: all.
  std::shared_ptr<const Tensor> ids = nullptr;
};

/// A weight of which only some places of the first dimension are read, as they
/// are asked for.
struct WeightStack {
  std::string name;
  int64_t index;
};

/// Values are shared and never change once made. An int64_t is an index.
using Value = std::variant<std::shared_ptr<const Tensor>, Rows, WeightStack,
                           int64_t, float>;
using Values = std::vector<Value>;

inline Value valueOf(Tensor tensor) {
  return std::make_shared<const Tensor>(std::move(tensor));
}

} // namespace tombolo::nn

#endif // DIALECTS_NN_REFERENCE_VALUE_H
