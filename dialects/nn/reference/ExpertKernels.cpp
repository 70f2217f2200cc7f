//===- ExpertKernels.cpp - Routing of tokens to experts -------------------===//

#include "dialects/nn/reference/KernelTable.h"
#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static float orderOf(float score) {
  return std::isnan(score) ? -INFINITY : score;
}

/// The places of `count` scores, the largest first, of equals the lower place.
static std::vector<int32_t> byScore(const float *scores, int64_t count) {
  std::vector<int32_t> places(count);
  std::iota(places.begin(), places.end(), 0);
  std::sort(places.begin(), places.end(), [&](int32_t a, int32_t b) {
    float x = orderOf(scores[a]), y = orderOf(scores[b]);
    return x > y || (x == y && a < b);
  });
  return places;
}

static Result<Values> topK(TopKOp op, ArrayRef<nn::Value> operands, Machine &) {
  const Tensor &scores = tensorOf(operands[0]);
  int64_t size = scores.rowSize();
  bool anySize = cast<RankedTensorType>(op.getScores().getType())
                     .isDynamicDim(scores.rank() - 1);
  int64_t k = anySize ? op.getK() : std::min<int64_t>(op.getK(), size);
  std::vector<int64_t> shape = scores.shape;
  shape.back() = k;
  std::vector<int32_t> ids;
  for (int64_t r = 0; r < scores.rows(); ++r) {
    const float *row = &scores.floats[r * size];
    std::vector<int32_t> places = byScore(row, size);
    for (int64_t j = 0; j < k; ++j)
      ids.push_back(
          j >= size || orderOf(row[places[j]]) == -INFINITY ? -1 : places[j]);
  }
  return one(Tensor(std::move(shape), std::move(ids)));
}

static Result<Values> keepGroups(KeepGroupsOp op, ArrayRef<nn::Value> operands,
                                 Machine &) {
  Tensor result = tensorOf(operands[0]);
  int64_t size = result.rowSize(), groups = op.getGroups(),
          each = size / groups;
  for (int64_t r = 0; r < result.rows(); ++r) {
    float *row = &result.floats[r * size];
    std::vector<float> sums;
    for (int64_t g = 0; g < groups; ++g) {
      const float *group = row + g * each;
      std::vector<int32_t> best = byScore(group, each);
      float sum = 0;
      for (int64_t i = 0; i < op.getBy(); ++i)
        sum += orderOf(group[best[i]]);
      sums.push_back(sum);
    }
    std::vector<int32_t> order = byScore(sums.data(), groups);
    for (int64_t i = op.getKeep(); i < groups; ++i)
      std::fill_n(row + order[i] * each, each, -INFINITY);
  }
  return one(std::move(result));
}

/// The matrix of one expert; nothing but those chosen is read.
static Result<nn::Value> expertOf(const nn::Value &w, int32_t expert,
                                  Machine &machine) {
  auto *stack = std::get_if<WeightStack>(&w);
  return stack ? machine.element(stack->name, stack->index, expert)
               : Result<nn::Value>(w);
}

static Result<Values> expertLinear(ExpertLinearOp op,
                                   ArrayRef<nn::Value> operands,
                                   Machine &machine) {
  const Tensor &x = tensorOf(operands[0]), &ids = tensorOf(operands[2]);
  const Tensor *bias = op.getBias() ? &tensorOf(operands[3]) : nullptr;
  ArrayRef<int64_t> w = shapeOf(op.getW().getType());
  int64_t experts = w[0], outputs = w[1], inputs = w[2];
  bool isStack = std::holds_alternative<WeightStack>(operands[1]);
  bool perChoice = x.rank() == 3;
  int64_t choices = ids.shape[1];
  std::vector<float> result(ids.ints.size() * outputs);
  for (size_t pair = 0; pair < ids.ints.size(); ++pair) {
    int32_t expert = ids.ints[pair];
    if (expert == -1)
      continue;
    if (expert < -1 || expert >= experts)
      return kernelError(op, "expects ids below " + Twine(experts) +
                                 ", the matrices of 'w', but got " +
                                 Twine(expert));
    Result<nn::Value> matrix = expertOf(operands[1], expert, machine);
    if (!matrix)
      return matrix.takeErrors();
    const float *weights = tensorOf(*matrix).floats.data() +
                           (isStack ? 0 : expert * outputs * inputs);
    const float *row =
        &x.floats[(perChoice ? int64_t(pair) : int64_t(pair) / choices) *
                  inputs];
    for (int64_t o = 0; o < outputs; ++o) {
      float sum = 0;
      for (int64_t i = 0; i < inputs; ++i)
        sum += row[i] * weights[o * inputs + i];
      result[pair * outputs + o] =
          sum + (bias ? bias->floats[expert * outputs + o] : 0);
    }
  }
  return one(Tensor({ids.shape[0], choices, outputs}, std::move(result)));
}

void nn::addExpertKernels(KernelTable &table) {
  table.add<ExpertLinearOp>(expertLinear);
  table.add<KeepGroupsOp>(keepGroups);
  table.add<TopKOp>(topK);
}
