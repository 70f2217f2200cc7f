//===- CausalConv.h - Convolution along the sequence ------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_CAUSALCONV_H
#define CODEGEN_CPU_KERNELS_CAUSALCONV_H

#include "codegen/cpu/kernels/Emitter.h"

namespace tombolo {

/// y[t, c] = sum_j(w[c, j] * x(t - taps + 1 + j)[c]), where the rows before the
/// step's own are those of the state.
struct CausalConvSpec {
  int64_t channels, taps;
  /// Channels of one program: a multiple of 16.
  int64_t columns;
};

/// Channels of a program: whole cache lines of a row, and programs for many
/// cores.
inline constexpr int64_t kConvolutionColumns = 64;

struct CausalConvOperands {
  /// memref<?xf32>: rows of channels, and [channels][taps].
  Value x, output, weights;
  int64_t xStride, outputStride;
  /// memref<?xi8>, and the byte at which [taps - 1][channels] f32 lie, the
  /// oldest row first.
  Value state, offset;
  Value rows;       ///< of the step
  Value begin, end; ///< range of the programs
};

Status checkCausalConv(const CausalConvSpec &spec);
int64_t causalConvUnits(const CausalConvSpec &spec);

/// A program takes its channels through all rows, with the last values in
/// registers, and leaves those in the state. Sums begin with the oldest.
void buildCausalConv(OpBuilder &b, Location loc, const CausalConvSpec &spec,
                     const CausalConvOperands &operands);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_CAUSALCONV_H
