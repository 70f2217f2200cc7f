//===- TileRegisters.h - The instructions of AMX ----------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_TILEREGISTERS_H
#define CODEGEN_CPU_KERNELS_TILEREGISTERS_H

#include "codegen/cpu/kernels/Emitter.h"

namespace tombolo {

/// Tiles of up to 16 rows of up to 64 bytes, as values that loops may carry.
class TileRegisters {
public:
  explicit TileRegisters(Emitter &e) : e(e) {}

  /// `rows` rows of `bytes` bytes, `stride` bytes from row to row.
  Value load(Value memory, Value offset, int64_t rows, int64_t bytes,
             int64_t stride);
  void store(Value memory, Value offset, int64_t rows, int64_t stride,
             Value tile);
  /// Sums of 16 columns.
  Value zero(int64_t rows);
  /// sums + x * y by an intrinsic: `rows` rows of 16 sums, of x `rows` rows of
  /// `bytes` bytes.
  Value dot(llvm::StringRef intrinsic, int64_t rows, int64_t bytes, Value sums,
            Value x, Value y);

private:
  Type type();
  Value address(Value memory, Value offset);
  Value word(int64_t value);

  Emitter &e;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_TILEREGISTERS_H
