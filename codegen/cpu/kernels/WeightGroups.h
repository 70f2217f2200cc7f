//===- WeightGroups.h - Reading interleaved weights -------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_WEIGHTGROUPS_H
#define CODEGEN_CPU_KERNELS_WEIGHTGROUPS_H

#include "codegen/cpu/kernels/Emitter.h"

namespace tombolo {

/// How the groups of codegen/cpu/packing/PackR16.h are read, block after block.
class WeightGroups {
public:
  /// Groups as they are packed.
  explicit WeightGroups(Encoding encoding);
  /// `groups` groups of f32 side by side: for each k, 16 elements of each.
  static WeightGroups panel(int64_t groups);

  /// k in one block; plain elements may end in a shorter one.
  int64_t blockColumns() const { return plain() ? unroll : 32; }
  int64_t blockBytes() const;
  bool plain() const {
    return encoding == Encoding::F32 || encoding == Encoding::F16 ||
           encoding == Encoding::BF16;
  }

  /// Calls `use(k, vectors)` for each of the `columns` first k of the block at
  /// byte `offsets[g]` of each group, with the f32 weights of 16 rows a group.
  /// q4 and q8 codes are dequantized as scale * (code - zero), exactly; q4_1 is
  /// rounded once.
  void dequantize(Emitter &e, Value memory, ValueRange offsets, int64_t columns,
                  llvm::function_ref<void(int64_t, ValueRange)> use) const;

  // The integer side (quantized encodings).
  /// The 64-byte vectors of codes, unsigned: element i is of k = 4i .. 4i+3.
  Values codes(Emitter &e, Value memory, Value offset) const;
  Value scale(Emitter &e, Value memory, Value offset) const;
  bool hasMinimum() const { return encoding == Encoding::Q4_1; }
  Value minimum(Emitter &e, Value memory, Value offset) const;

private:
  int64_t headerBytes() const { return hasMinimum() ? 64 : 32; }
  Encoding encoding;
  /// Bytes between the vectors of neighbouring k (plain).
  int64_t step;
  int64_t unroll = 8;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_WEIGHTGROUPS_H
