//===- SparseKernels.cpp - Latent and sparse attention --------------------===//

#include "dialects/nn/reference/VisibleRows.h"
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static float dot(const float *a, const float *b, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += a[i] * b[i];
  return sum;
}

static Result<Values> pick(PickOp, ArrayRef<nn::Value> operands, Machine &) {
  Rows rows = std::get<Rows>(operands[0]);
  rows.ids = std::get<std::shared_ptr<const Tensor>>(operands[1]);
  return Values{std::move(rows)};
}

static Result<Values> indexScores(IndexScoresOp, ArrayRef<nn::Value> operands,
                                  Machine &) {
  const Tensor &q = tensorOf(operands[0]), &positions = tensorOf(operands[1]),
               &a = tensorOf(operands[3]);
  const Rows &rows = std::get<Rows>(operands[2]);
  int64_t tokens = q.shape[0], heads = q.shape[1], channels = q.shape[2];
  int64_t count = rows.history->count;
  std::vector<float> result(tokens * count, -INFINITY);
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t n : visibleRows(rows, t, positions.ints[t])) {
      const float *row = rowOf(rows, n, 0, 1);
      float sum = 0;
      for (int64_t h = 0; h < heads; ++h) {
        float score = dot(&q.floats[(t * heads + h) * channels], row, channels);
        sum += a.floats[t * heads + h] * std::max(score, 0.0f);
      }
      result[t * count + n] = sum;
    }
  std::vector<int64_t> shape = {tokens, count};
  return one(Tensor(std::move(shape), std::move(result)));
}

/// Products of each row so far with a head's matrix [outputs, channels].
static std::vector<float> expand(const Rows &rows, const float *w,
                                 int64_t outputs) {
  int64_t channels = rows.shape[0], count = rows.history->count;
  std::vector<float> made(count * outputs);
  for (int64_t n = 0; n < count; ++n)
    for (int64_t o = 0; o < outputs; ++o)
      made[n * outputs + o] =
          dot(&w[o * channels], rowOf(rows, n, 0, 1), channels);
  return made;
}

/// What the rows of latent and absorbed attention have in common: as many of
/// both parts, and for each query those that it sees.
static Result<std::vector<std::vector<int64_t>>>
latentsSeen(Operation *op, const Rows &latent, const Rows &kPe,
            const Tensor &positions) {
  if (latent.history->count != kPe.history->count)
    return kernelError(op, "expects as many rows of 'k_pe' as of 'latent' (" +
                               Twine(latent.history->count) + "), but got " +
                               Twine(kPe.history->count));
  int64_t tokens = positions.shape[0];
  if (Status status = checkIds(op, latent, tokens); !status)
    return status.takeErrors();
  std::vector<std::vector<int64_t>> seen;
  for (int64_t t = 0; t < tokens; ++t)
    seen.push_back(visibleRows(latent, t, positions.ints[t]));
  return seen;
}

/// With the keys and values of all rows, head by head.
static Result<Values> latentAttention(LatentAttentionOp op,
                                      ArrayRef<nn::Value> operands, Machine &) {
  const Tensor &qNope = tensorOf(operands[0]),
               &positions = tensorOf(operands[1]), &qPe = tensorOf(operands[2]),
               &up = tensorOf(operands[5]), &down = tensorOf(operands[6]);
  const Rows &latent = std::get<Rows>(operands[3]),
             &kPe = std::get<Rows>(operands[4]);
  int64_t tokens = qNope.shape[0], heads = qNope.shape[1];
  int64_t nope = qNope.shape[2], pe = qPe.shape[2], width = down.shape[1];
  int64_t rank = latent.shape[0];
  auto found = latentsSeen(op, latent, kPe, positions);
  if (!found)
    return found.takeErrors();
  std::vector<std::vector<int64_t>> &seen = *found;
  float scale = op.getScale().convertToFloat();

  std::vector<float> result(tokens * heads * width), scores;
  for (int64_t h = 0; h < heads; ++h) {
    std::vector<float> keys = expand(latent, &up.floats[h * nope * rank], nope);
    std::vector<float> values =
        expand(latent, &down.floats[h * width * rank], width);
    for (int64_t t = 0; t < tokens; ++t) {
      scores.clear();
      for (int64_t n : seen[t])
        scores.push_back(
            scale *
            (dot(&qNope.floats[(t * heads + h) * nope], &keys[n * nope], nope) +
             dot(&qPe.floats[(t * heads + h) * pe], rowOf(kPe, n, 0, 1), pe)));
      softmaxInPlace(scores, nullptr);
      float *out = &result[(t * heads + h) * width];
      for (auto [weight, n] : llvm::zip_equal(scores, seen[t]))
        for (int64_t d = 0; d < width; ++d)
          out[d] += weight * values[n * width + d];
    }
  }
  std::vector<int64_t> shape = {tokens, heads, width};
  return one(Tensor(std::move(shape), std::move(result)));
}

static Result<Values> absorbedAttention(AbsorbedAttentionOp op,
                                        ArrayRef<nn::Value> operands,
                                        Machine &) {
  const Tensor &q = tensorOf(operands[0]), &positions = tensorOf(operands[1]),
               &qPe = tensorOf(operands[2]);
  const Rows &latent = std::get<Rows>(operands[3]),
             &kPe = std::get<Rows>(operands[4]);
  int64_t heads = q.shape[1], rank = q.shape[2], pe = qPe.shape[2];
  auto found = latentsSeen(op, latent, kPe, positions);
  if (!found)
    return found.takeErrors();
  float scale = op.getScale().convertToFloat();
  std::vector<float> result(q.floats.size()), scores;
  for (int64_t row = 0; row < q.shape[0] * heads; ++row) {
    const std::vector<int64_t> &seen = (*found)[row / heads];
    scores.clear();
    for (int64_t n : seen)
      scores.push_back(
          scale * (dot(&q.floats[row * rank], rowOf(latent, n, 0, 1), rank) +
                   dot(&qPe.floats[row * pe], rowOf(kPe, n, 0, 1), pe)));
    softmaxInPlace(scores, nullptr);
    for (auto [weight, n] : llvm::zip_equal(scores, seen))
      for (int64_t c = 0; c < rank; ++c)
        result[row * rank + c] += weight * rowOf(latent, n, 0, 1)[c];
  }
  return one(Tensor(q.shape, std::move(result)));
}

void nn::addSparseKernels(KernelTable &table) {
  table.add<PickOp>(pick);
  table.add<IndexScoresOp>(indexScores);
  table.add<LatentAttentionOp>(latentAttention);
  table.add<AbsorbedAttentionOp>(absorbedAttention);
}
