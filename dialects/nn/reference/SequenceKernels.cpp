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
  int64_t tokens = result.shape[0];
  int64_t rowsPerToken = tokens == 0 ? 0 : result.rows() / tokens;
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
    if (position != rows.count * rows.clock)
      return kernelError(op, "expects position " +
                                 Twine(rows.count * rows.clock) +
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

void nn::addSequenceKernels(KernelTable &table) {
  table.add<RopeOp>(rope);
  table.add<HistoryOp>(history);
}
