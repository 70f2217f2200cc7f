//===- PlanTarget.h - What planning asks of a target ------------*- C++ -*-===//
//
// The planner is the same for all targets. What a target prefers, it asks here:
// which layout a weight takes, how a product treats its activations, how large
// the tiles are.
//
//===----------------------------------------------------------------------===//

#ifndef PASSES_PLAN_PLANTARGET_H
#define PASSES_PLAN_PLANTARGET_H

#include "support/Encoding.h"
#include <cstdint>
#include <string>

namespace tombolo {

/// How one product runs.
struct LinearChoice {
  /// `plan.pack` layout and packed encoding of the matrix.
  std::string layout;
  Encoding encoding;
  /// "f32", or "i16" or "i8": activations are quantized by
  /// `plan.quantize_rows`.
  std::string activations;
  /// Rows that one tile computes; buffers are padded to it. 1 for one row.
  int64_t rowTile = 1;
  /// Matrix rows of one program of the grid, and the same where two matrices
  /// are paired.
  int64_t columns = 16, pairedRows = 32;
  /// False: the target has no strategy for it, and the general path runs.
  bool strategy = true;
  /// The epilogue can take the rows of two matrices that alternate by 16.
  bool paired = true;
};

/// How attention runs.
struct AttentionChoice {
  /// Tokens of one program, and parts of one token, each a program.
  int64_t rowTile = 1, splits = 1;
  /// The least precision of products: `products` of `plan.attention`.
  std::string products = "f32";
};

class PlanTarget {
public:
  virtual ~PlanTarget() = default;
  virtual std::string name() const = 0;
  /// `manyRows`: the step may have more than one token.
  virtual LinearChoice linear(int64_t outRows, int64_t inColumns,
                              Encoding encoding, bool manyRows) const = 0;
  /// The same for products with matrices that each token chooses some of
  /// (`plan.expert_linear`): `columns` are those of one program, and rows
  /// become integers inside of it, so that `rowTile` says nothing. By default
  /// the general path.
  virtual LinearChoice expertLinear(int64_t outRows, int64_t inColumns,
                                    Encoding encoding, bool manyRows) const {
    LinearChoice choice{"rows", Encoding::F32, "f32"};
    choice.strategy = false;
    return choice;
  }
  /// Layout and encoding of an embedding table. Equal to that of a product
  /// with the same matrix where both occur (tied heads keep one copy). Of
  /// integers `rows` of i32.
  virtual LinearChoice embedding(int64_t rows, int64_t columns,
                                 Encoding encoding) const = 0;
  /// Of `heads` query heads that share `keyHeads` heads of keys and values.
  virtual AttentionChoice attention(int64_t heads, int64_t keyHeads,
                                    bool manyRows) const = 0;
  /// Bytes that the parts of a token leave for `plan.merge_attention`.
  virtual int64_t attentionPartBytes(int64_t heads,
                                     int64_t valueColumns) const = 0;
  /// Heads of one program of attention over rows that all heads share.
  virtual int64_t sharedRowHeads() const = 0;
  /// Channels of one program of a convolution along the sequence, and columns
  /// of one of a delta rule.
  virtual int64_t convolutionColumns() const = 0;
  virtual int64_t deltaColumns() const = 0;
  /// Buffers of more than one row hold a multiple of so many: what tiles write.
  virtual int64_t rowPadding() const = 0;
  /// Bytes of the record of one activation row, for `plan.quantize_rows`.
  virtual int64_t recordBytes(int64_t columns,
                              const LinearChoice &choice) const = 0;
};

} // namespace tombolo

#endif // PASSES_PLAN_PLANTARGET_H
