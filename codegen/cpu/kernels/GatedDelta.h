//===- GatedDelta.h - A matrix per head that tokens correct -----*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_GATEDDELTA_H
#define CODEGEN_CPU_KERNELS_GATEDDELTA_H

#include "codegen/cpu/kernels/Emitter.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

/// `nn.gated_delta`: with the state S of value head h, and key head
/// g = h / (heads / keyHeads), each row does
///
///     S = exp(decay[h]) * S;  d = beta[h] * (v[h] - S^T k[g])
///     S = S + k[g] (x) d;     y[h] = S^T q[g]
///
/// or, where nothing is corrected (selective scans), with d = v[h].
struct GatedDeltaSpec {
  int64_t heads, keyHeads;
  int64_t keyColumns, valueColumns;
  /// Columns of values of one program; the last of a head may have fewer.
  int64_t columns;
  /// There may be more than one row: a program's part of the state is then kept
  /// in scratch, where it lies together.
  bool manyRows;
  bool corrects = true; ///< there is a beta
};

/// Columns of a program: broadcasts of keys serve two vectors, a part of 128
/// rows fits the first-level cache, and there are programs for many cores.
inline constexpr int64_t kDeltaColumns = 32;

struct GatedDeltaOperands {
  /// memref<?xf32>: rows, `...Stride` elements apart.
  Value query, key, value, decay, beta, output;
  int64_t queryStride, keyStride, valueStride, decayStride, outputStride;
  int64_t betaStride = 0;
  /// memref<?xi8>, and the byte at which [heads][keyColumns][valueColumns] f32
  /// lie.
  Value state, offset;
  Value rows;       ///< of the step
  Value begin, end; ///< range of the programs
  Value scratch;    ///< memref<?xi8>, where there may be many rows
};

Status checkGatedDelta(const GatedDeltaSpec &spec);
int64_t gatedDeltaUnits(const GatedDeltaSpec &spec);
int64_t gatedDeltaScratchBytes(const GatedDeltaSpec &spec);

/// A program takes its columns of a head's state through all rows. Of each row
/// it reads them twice and writes them once: S^T k and S^T q are summed side by
/// side, and what the row adds to the latter is (k . q) d. Without correction d
/// is known from the start, and the state is read once.
void buildGatedDelta(OpBuilder &b, Location loc, const CpuLevel &level,
                     const GatedDeltaSpec &spec,
                     const GatedDeltaOperands &operands);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_GATEDDELTA_H
