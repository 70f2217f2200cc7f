//===- SequenceKernels.cpp - Ops that look along the sequence -------------===//

#include "dialects/nn/reference/KernelTable.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static Result<Values> rope(RopeOp op, ArrayRef<nn::Value> operands,
                           Machine &machine) {
  Tensor result = tensorOf(operands[0]);
  const Tensor &positions = tensorOf(operands[1]);
  Result<std::vector<double>> freqs = machine.angles(op.getTable());
  if (!freqs)
    return freqs.takeErrors();
  auto table = cast<RopeTableOp>(machine.symbol(op.getTable()));
  double scale = table.getScale().convertToDouble();
  int64_t pairs = freqs->size(), size = result.rowSize();
  int64_t tokens = result.shape[0], rowsPerToken = result.rows() / tokens;
  bool half = op.getPairs() == Pairs::Half;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < pairs; ++i) {
      double angle = positions.ints[t] * (*freqs)[i];
      float c = static_cast<float>(std::cos(angle) * scale);
      float s = static_cast<float>(std::sin(angle) * scale);
      s = op.getInverse() ? -s : s;
      for (int64_t r = 0; r < rowsPerToken; ++r) {
        float *row = &result.floats[(t * rowsPerToken + r) * size] + op.getAt();
        float &first = row[half ? i : 2 * i],
              &second = row[half ? pairs + i : 2 * i + 1];
        float p = first, q = second;
        first = p * c - q * s;
        second = q * c + p * s;
      }
    }
  return one(std::move(result));
}

/// Appends a block of values as `storage` keeps them.
static void appendStored(Encoding storage, ArrayRef<float> block,
                         std::vector<float> &to) {
  if (storage != Encoding::Q8_0) {
    for (float value : block)
      to.push_back(storage == Encoding::F16 ? halfToFloat(floatToHalf(value))
                   : storage == Encoding::BF16
                       ? bfloatToFloat(floatToBfloat(value))
                       : value);
    return;
  }
  float largest = 0;
  for (float value : block)
    if (!(std::abs(value) <= largest)) // keeps a NaN
      largest = std::abs(value);
  float scale = halfToFloat(floatToHalf(largest * float(1.0 / 127)));
  float inverse = scale == 0 ? 0 : 1 / scale;
  for (float value : block)
    to.push_back(scale *
                 std::clamp(std::nearbyint(value * inverse), -127.0f, 127.0f));
}

static Result<Values> history(HistoryOp op, ArrayRef<nn::Value> operands,
                              Machine &machine) {
  const Tensor &x = tensorOf(operands[0]), &positions = tensorOf(operands[1]);
  int64_t index = op.getIndex() ? std::get<int64_t>(operands[2]) : 0;
  auto state = cast<StateOp>(machine.symbol(op.getState()));
  Result<std::shared_ptr<History>> kept = machine.history(op.getState(), index);
  if (!kept)
    return kept.takeErrors();
  History &rows = **kept;
  Encoding storage = state.getStorageEncoding();
  for (auto [t, position] : llvm::enumerate(positions.ints)) {
    if (position != rows.count)
      return kernelError(op, "expects position " + Twine(rows.count) +
                                 " next, but got " + Twine(position));
    ++rows.count;
    auto row = ArrayRef(x.floats).slice(t * rows.rowElements, rows.rowElements);
    for (int64_t at = 0; at < rows.rowElements;) {
      int64_t block = infoOf(storage).blockElements;
      appendStored(storage, row.slice(at, block), rows.rows);
      at += block;
    }
  }
  RowsType type = op.getType();
  return Values{Rows{*kept, type.getShape().vec(), type.getWindow()}};
}

namespace {
/// One set of keys and values, as a query head sees it.
struct RowSet {
  const Rows &keys, &values;

  /// Positions of the rows that a query at `position` sees: [first, last).
  std::pair<int64_t, int64_t> visible(int64_t position) const {
    int64_t last = std::min(position + 1, keys.history->count);
    int64_t first = keys.window ? position - *keys.window + 1 : 0;
    return {std::max<int64_t>(first, 0), last};
  }
  /// The part of a row that query head `head` of `heads` reads.
  static const float *read(const Rows &rows, int64_t position, int64_t head,
                           int64_t heads) {
    const float *row =
        &rows.history->rows[position * rows.history->rowElements];
    if (rows.shape.size() == 1)
      return row;
    return row + head * rows.shape[0] / heads * rows.shape[1];
  }
};
} // namespace

static Result<Values> attention(AttentionOp op, ArrayRef<nn::Value> operands,
                                Machine &) {
  const Tensor &q = tensorOf(group(op, operands, 0)[0]),
               &positions = tensorOf(group(op, operands, 1)[0]);
  ArrayRef<nn::Value> sink = group(op, operands, 4);
  SmallVector<RowSet> sets;
  for (auto [k, v] :
       llvm::zip_equal(group(op, operands, 2), group(op, operands, 3)))
    sets.push_back({std::get<Rows>(k), std::get<Rows>(v)});
  for (const RowSet &set : sets)
    if (set.keys.history->count != set.values.history->count)
      return kernelError(op, "expects as many rows of values as of keys (" +
                                 Twine(set.keys.history->count) +
                                 "), but got " +
                                 Twine(set.values.history->count));
  int64_t tokens = q.shape[0], heads = q.shape[1], channels = q.shape[2];
  int64_t width = sets.front().values.shape.back();
  float scale = op.getScale().convertToFloat();
  std::optional<APFloat> cap = op.getSoftcap();
  float softcap = cap ? cap->convertToFloat() : 0;

  std::vector<float> result(tokens * heads * width), scores;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t h = 0; h < heads; ++h) {
      const float *query = &q.floats[(t * heads + h) * channels];
      float *out = &result[(t * heads + h) * width];
      float largest = sink.empty() ? -INFINITY : tensorOf(sink[0]).floats[h];
      scores.clear();
      for (const RowSet &set : sets) {
        auto [first, last] = set.visible(positions.ints[t]);
        for (int64_t n = first; n < last; ++n) {
          const float *key = RowSet::read(set.keys, n, h, heads);
          float score = 0;
          for (int64_t c = 0; c < channels; ++c)
            score += query[c] * key[c];
          score *= scale;
          if (cap)
            score = softcap * std::tanh(score / softcap);
          scores.push_back(score);
          largest = std::max(largest, score);
        }
      }
      if (scores.empty())
        continue;
      float sum =
          sink.empty() ? 0 : std::exp(tensorOf(sink[0]).floats[h] - largest);
      for (float &score : scores)
        sum += score = std::exp(score - largest);
      auto weight = scores.begin();
      for (const RowSet &set : sets) {
        auto [first, last] = set.visible(positions.ints[t]);
        for (int64_t n = first; n < last; ++n, ++weight) {
          const float *value = RowSet::read(set.values, n, h, heads);
          for (int64_t d = 0; d < width; ++d)
            out[d] += *weight / sum * value[d];
        }
      }
    }
  std::vector<int64_t> shape = {tokens, heads, width};
  return one(Tensor(std::move(shape), std::move(result)));
}

void nn::addSequenceKernels(KernelTable &table) {
  table.add<RopeOp>(rope);
  table.add<HistoryOp>(history);
  table.add<AttentionOp>(attention);
}
