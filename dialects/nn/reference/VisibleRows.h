//===- VisibleRows.h - Which rows a query sees ------------------*- C++ -*-===//

#ifndef DIALECTS_NN_REFERENCE_VISIBLEROWS_H
#define DIALECTS_NN_REFERENCE_VISIBLEROWS_H

#include "dialects/nn/reference/KernelTable.h"
#include <algorithm>
#include <cmath>

namespace tombolo::nn {

/// The rows that query `t` of the step, at `position`, sees, in order.
inline std::vector<int64_t> visibleRows(const Rows &rows, int64_t t,
                                        int64_t position) {
  const History &history = *rows.history;
  int64_t end = std::min((position + 1) / history.clock, history.count);
  int64_t begin = 0;
  if (rows.window && position >= *rows.window)
    begin = (position - *rows.window) / history.clock + 1;
  std::vector<int64_t> seen;
  if (!rows.ids) {
    for (int64_t n = begin; n < end; ++n)
      seen.push_back(n);
    return seen;
  }
  int64_t choices = rows.ids->shape[1];
  for (int64_t j = 0; j < choices; ++j) {
    int64_t n = rows.ids->ints[t * choices + j];
    if (n >= begin && n < end)
      seen.push_back(n);
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  return seen;
}

/// Says where the ids by which rows are picked are not those of this step.
inline Status checkIds(mlir::Operation *op, const Rows &rows, int64_t tokens) {
  if (!rows.ids || rows.ids->shape[0] == tokens)
    return success();
  return kernelError(op, "expects rows picked by the ids of " +
                             llvm::Twine(tokens) + " queries, but got " +
                             llvm::Twine(rows.ids->shape[0]));
}

/// The part of row `n` that query head `head` of `heads` reads.
inline const float *rowOf(const Rows &rows, int64_t n, int64_t head,
                          int64_t heads) {
  const float *row = &rows.history->rows[n * rows.history->rowElements];
  if (rows.shape.size() == 1)
    return row;
  return row + head * rows.shape[0] / heads * rows.shape[1];
}

/// Turns scores into weights of sum 1 less what `sink` takes; none may be
/// there.
inline void softmaxInPlace(std::vector<float> &scores, const float *sink) {
  float largest = sink ? *sink : -INFINITY;
  for (float score : scores)
    largest = std::max(largest, score);
  float sum = sink ? std::exp(*sink - largest) : 0;
  for (float &score : scores)
    sum += score = std::exp(score - largest);
  for (float &score : scores)
    score /= sum;
}

} // namespace tombolo::nn

#endif // DIALECTS_NN_REFERENCE_VISIBLEROWS_H
