//===- AttentionKernels.cpp - Attention over histories --------------------===//

#include "dialects/nn/reference/VisibleRows.h"
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static Result<Values> attention(AttentionOp op, ArrayRef<nn::Value> operands,
                                Machine &) {
  const Tensor &q = tensorOf(group(op, operands, 0)[0]),
               &positions = tensorOf(group(op, operands, 1)[0]);
  ArrayRef<nn::Value> sink = group(op, operands, 4);
  int64_t tokens = q.shape[0], heads = q.shape[1], channels = q.shape[2];
  SmallVector<std::pair<const Rows *, const Rows *>> sets;
  for (auto [k, v] :
       llvm::zip_equal(group(op, operands, 2), group(op, operands, 3))) {
    const Rows &keys = std::get<Rows>(k), &values = std::get<Rows>(v);
    if (keys.history->count != values.history->count)
      return kernelError(op, "expects as many rows of values as of keys (" +
                                 Twine(keys.history->count) + "), but got " +
                                 Twine(values.history->count));
    if (Status status = checkIds(op, keys, tokens); !status)
      return status.takeErrors();
    sets.push_back({&keys, &values});
  }
  int64_t width = sets.front().second->shape.back();
  float scale = op.getScale().convertToFloat();
  std::optional<APFloat> cap = op.getSoftcap();
  float softcap = cap ? cap->convertToFloat() : 0;

  std::vector<float> result(tokens * heads * width), scores;
  for (int64_t t = 0; t < tokens; ++t) {
    SmallVector<std::vector<int64_t>> seen;
    for (auto [keys, values] : sets)
      seen.push_back(visibleRows(*keys, t, positions.ints[t]));
    for (int64_t h = 0; h < heads; ++h) {
      const float *query = &q.floats[(t * heads + h) * channels];
      scores.clear();
      for (auto [set, rows] : llvm::zip_equal(sets, seen))
        for (int64_t n : rows) {
          const float *key = rowOf(*set.first, n, h, heads);
          float score = 0;
          for (int64_t c = 0; c < channels; ++c)
            score += query[c] * key[c];
          score *= scale;
          scores.push_back(cap ? softcap * std::tanh(score / softcap) : score);
        }
      softmaxInPlace(scores,
                     sink.empty() ? nullptr : &tensorOf(sink[0]).floats[h]);
      float *out = &result[(t * heads + h) * width];
      auto weight = scores.begin();
      for (auto [set, rows] : llvm::zip_equal(sets, seen))
        for (int64_t n : rows) {
          const float *value = rowOf(*set.second, n, h, heads);
          for (int64_t d = 0; d < width; ++d)
            out[d] += *weight * value[d];
          ++weight;
        }
    }
  }
  std::vector<int64_t> shape = {tokens, heads, width};
  return one(Tensor(std::move(shape), std::move(result)));
}

void nn::addAttentionKernels(KernelTable &table) {
  table.add<AttentionOp>(attention);
}
