//===- Embedding.h - Rows of a table by their numbers -----------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_EMBEDDING_H
#define CODEGEN_CPU_KERNELS_EMBEDDING_H

#include "codegen/cpu/kernels/Emitter.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

struct EmbeddingSpec {
  int64_t tableRows, columns;
  Encoding encoding;
  /// Groups of 16 rows (any encoding that has them), or plain rows: f32, f16,
  /// bf16, i32.
  bool interleaved = true;
};

struct EmbeddingOperands {
  Value ids;    ///< memref<?xi32>
  Value table;  ///< memref<?xi8>
  Value output; ///< memref<?xf32>, of integers memref<?xi32>
  OpFoldResult outputStride;
  Value begin, end; ///< rows of the output
  /// memref<?xi8>, where embeddingScratchBytes is not zero.
  Value scratch;
};

/// Thread-private scratch.
int64_t embeddingScratchBytes(const EmbeddingSpec &spec);

/// Why there is no such kernel, if there is none.
Status checkEmbedding(const EmbeddingSpec &spec);

/// output[t, :] = table[ids[t], :] in f32; rows of i32 are copied. An id
/// outside of the table reads its nearest row: the host checks ids, this only
/// keeps memory safe.
void buildEmbedding(OpBuilder &b, Location loc, const CpuLevel &level,
                    const EmbeddingSpec &spec,
                    const EmbeddingOperands &operands);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_EMBEDDING_H
