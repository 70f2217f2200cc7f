//===- IndexTopK.h - The rows that each query wants most --------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_INDEXTOPK_H
#define CODEGEN_CPU_KERNELS_INDEXTOPK_H

#include "codegen/cpu/kernels/SharedRows.h"

namespace tombolo {

/// `plan.index_top_k`.
struct IndexTopKSpec {
  int64_t heads, columns;
  Encoding storage;
  /// Tokens of a row.
  int64_t clock = 1;
  /// Rows that are chosen.
  int64_t k;
};

struct IndexTopKOperands {
  /// memref<?xf32>: [T][heads][columns] and [T][heads], rows so many elements
  /// apart.
  Value query, factors;
  int64_t queryStride, factorStride;
  Pages rows;
  /// memref<?xi32>: [T][k].
  Value ids;
  int64_t idsStride;
  Value firstPosition; ///< of row 0
  Value begin, end;    ///< range of the programs, which are tokens
  Value scratch;       ///< memref<?xi8>
};

Status checkIndexTopK(const IndexTopKSpec &spec);
/// Whatever the length of the history: candidates are thinned out to k as soon
/// as there are some more than twice as many.
int64_t indexTopKScratchBytes(const IndexTopKSpec &spec);
void buildIndexTopK(OpBuilder &b, Location loc, const CpuLevel &level,
                    const IndexTopKSpec &spec,
                    const IndexTopKOperands &operands);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_INDEXTOPK_H
