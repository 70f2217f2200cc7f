//===- RowAttention.h - Attention of many heads over one row ----*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_ROWATTENTION_H
#define CODEGEN_CPU_KERNELS_ROWATTENTION_H

#include "codegen/cpu/kernels/SharedRows.h"

namespace tombolo {

/// `plan.row_attention`: rows of `columns` numbers are key and value of all
/// heads, `extraColumns` more are key only.
struct RowAttentionSpec {
  /// What a query sees of one state.
  struct Set {
    /// Tokens of a row.
    int64_t clock = 1;
    /// Positions that a query sees, its own included; 0: all.
    int64_t window = 0;
    /// Rows that each query's ids name; 0: all are seen.
    int64_t picks = 0;
  };
  int64_t heads, columns, extraColumns = 0;
  Encoding storage;
  double scale;
  bool hasSink = false;
  llvm::SmallVector<Set, 2> sets;
};

struct RowAttentionOperands {
  struct Set {
    Pages rows;
    /// Of the extra columns, where there are any.
    Pages extra;
    /// memref<?xi32>, rows `idsStride` apart, where there are picks.
    Value ids;
    int64_t idsStride = 0;
  };
  /// memref<?xf32>: [T][heads][columns], [T][heads][extraColumns] and
  /// [T][heads][columns], rows so many elements apart.
  Value query, extraQuery, output;
  int64_t queryStride, extraStride, outputStride;
  Value sinks; ///< memref<?xf32> of `heads`, where hasSink
  llvm::SmallVector<Set, 2> sets;
  Value firstPosition; ///< of row 0
  Value begin, end;    ///< range of the programs
  Value scratch;       ///< memref<?xi8>
};

Status checkRowAttention(const RowAttentionSpec &spec);
int64_t rowAttentionScratchBytes(const RowAttentionSpec &spec);
/// Programs are T times the blocks of kBlockHeads heads. All arithmetic is
/// f32; the softmax moves on a block of rows at a time, set after set.
void buildRowAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                       const RowAttentionSpec &spec,
                       const RowAttentionOperands &operands);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_ROWATTENTION_H
