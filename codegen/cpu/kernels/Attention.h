//===- Attention.h - Attention over paged histories -------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_ATTENTION_H
#define CODEGEN_CPU_KERNELS_ATTENTION_H

#include "codegen/cpu/kernels/History.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

/// softmax(scale * q k^T) v of each query head h against key-value head
/// h / (heads / kvHeads), for query row t at position firstPosition + t, over
/// the positions up to its own.
struct AttentionSpec {
  int64_t heads, kvHeads;
  int64_t keyColumns, valueColumns;
  Encoding storage;
  double scale;
  /// Positions that a query sees, its own included; 0: all.
  int64_t window = 0;
  /// Scores s become softcap * tanh(s / softcap); 0: they stay.
  double softcap = 0;
  /// A further logit of each head that takes its share of the softmax.
  bool hasSink = false;
};

struct AttentionOperands {
  /// memref<?xf32>: [T][heads][keyColumns] at queryOffset + t * queryStride,
  /// and [T][heads][valueColumns].
  Value query, output;
  OpFoldResult queryOffset, queryStride, outputStride;
  Pages keys, values;
  Value sinks;         ///< memref<?xf32> of `heads`, where hasSink
  Value rows;          ///< T
  Value firstPosition; ///< of row 0; its pages up to row T-1 are filled
  Value begin, end;    ///< range of the T * kvHeads programs
  Value scratch;       ///< memref<?xi8>
};

Status checkAttention(const AttentionSpec &spec);
int64_t attentionScratchBytes(const CpuLevel &level, const AttentionSpec &spec);

/// Program p is row p % T of key-value head p / T: neighbours share pages. All
/// arithmetic is f32; the softmax moves on one page at a time.
void buildAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                    const AttentionSpec &spec,
                    const AttentionOperands &operands);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_ATTENTION_H
