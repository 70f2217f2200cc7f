//===- MatrixAttention.h - Attention of many rows in bf16 -------*- C++ -*-===//
//
// A page's keys and values become bf16 in scratch, in the form that products of
// pairs want, for all rows of a program at once:
//
//   queries  [row][column]        keys    [column / 2][128 positions][2]
//   weights  [row][position]      values  [position / 2][column][2]
//
// each of them one matrix for each term (Bf16Dots.h). Scores, the softmax and
// the weighted sums of values are f32.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_MATRIXATTENTION_H
#define CODEGEN_CPU_KERNELS_MATRIXATTENTION_H

#include "codegen/cpu/kernels/Attention.h"

namespace tombolo {

/// Whether a level multiplies bf16 faster than f32, where the spec lets it.
bool hasMatrixAttention(const CpuLevel &level, const AttentionSpec &spec);
int64_t matrixAttentionScratchBytes(const CpuLevel &level,
                                    const AttentionSpec &spec);
/// buildAttention of such a spec.
void buildMatrixAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                          const AttentionSpec &spec,
                          const AttentionOperands &operands);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_MATRIXATTENTION_H
