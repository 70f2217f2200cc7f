//===- Attention.h - Attention over paged histories -------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_ATTENTION_H
#define CODEGEN_CPU_KERNELS_ATTENTION_H

#include "codegen/cpu/kernels/History.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

/// The least precision of what is multiplied. A level takes the fastest form
/// that is at least so precise.
enum class AttentionProducts {
  F32,
  Bf16x2, ///< two bf16 of each number, and three products of them
  Bf16,   ///< one
};
/// "f32", "bf16x2" or "bf16".
AttentionProducts attentionProducts(llvm::StringRef name);

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
  /// Query rows of one program. More than one share what is loaded of a page.
  int64_t rowTile = 1;
  /// With a row tile of 1: parts into which the pages are cut, each of them a
  /// program; buildAttentionMerge makes one result of them. 1: no parts.
  int64_t splits = 1;
  /// With a row tile of more than 1.
  AttentionProducts products = AttentionProducts::F32;
};

/// Query rows of a program where a step has many, each of which has `shared`
/// heads for one of the keys. A program brings keys and values into another
/// form first, which pays with 48 rows of queries or more.
int64_t attentionRowTile(int64_t shared);
/// Parts where it has one: programs for many cores, whatever the heads.
inline constexpr int64_t kAttentionSplits = 8;

struct AttentionOperands {
  /// memref<?xf32>: [T][heads][keyColumns] at queryOffset + t * queryStride,
  /// and [T][heads][valueColumns]; or, with parts, memref<?xi8> of T times
  /// attentionPartBytes.
  Value query, output;
  OpFoldResult queryOffset, queryStride, outputStride;
  Pages keys, values;
  Value sinks;         ///< memref<?xf32> of `heads`, where hasSink
  Value rows;          ///< T
  Value firstPosition; ///< of row 0; its pages up to row T-1 are filled
  Value begin, end;    ///< range of the programs
  Value scratch;       ///< memref<?xi8>
};

Status checkAttention(const AttentionSpec &spec);
/// How many programs a step of `rows` rows has.
int64_t attentionPrograms(const AttentionSpec &spec, int64_t rows);
int64_t attentionScratchBytes(const CpuLevel &level, const AttentionSpec &spec);

/// Bytes of one row's parts: of each head and part its largest score, the sum
/// of its weights and the number of parts, 16 times each, and weighted values.
int64_t attentionPartBytes(const AttentionSpec &spec);

/// With a row tile of 1 there are T * kvHeads * splits programs: parts of a row
/// of a head are neighbours, then rows, which share pages. There are no more
/// parts than pages. Else there are attentionPrograms, over which tiles of rows
/// of a key-value head, one head after the other, are spread; of a head early
/// tiles, which see little, alternate with late ones, so that contiguous ranges
/// are about equal work. The softmax is f32 and moves on one page at a time.
void buildAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                    const AttentionSpec &spec,
                    const AttentionOperands &operands);

/// Row `row` of `output` (memref<?xf32>, rows `outputStride` elements apart) of
/// its parts (memref<?xi8>). Of `spec`, the heads, the columns of values and
/// the parts count.
void buildAttentionMerge(OpBuilder &b, Location loc, const AttentionSpec &spec,
                         Value parts, Value output, OpFoldResult outputStride,
                         Value row);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_ATTENTION_H
