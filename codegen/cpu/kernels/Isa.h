//===- Isa.h - What differs between instruction sets ------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_ISA_H
#define CODEGEN_CPU_KERNELS_ISA_H

#include "codegen/cpu/kernels/Emitter.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

/// Rows of activation and output buffers are a multiple of this where kernels
/// take many rows at a time: every row tile divides it.
inline constexpr int64_t kRowPadding = 24;

/// Elements between the rows of an f32 buffer: a multiple of 16, and not of
/// 4096 bytes, at which all rows of a tile would share one set of the L1 cache.
int64_t rowStride(int64_t columns);

class Isa {
public:
  explicit Isa(const CpuLevel &level);

  /// Vector registers that one vector of 16 lanes takes.
  int64_t registersPerVector() const { return 64 / vectorBytes; }
  /// Vectors of 16 lanes that fit in the registers.
  int64_t vectors() const { return registers / registersPerVector(); }

  /// Rows and groups of one register tile of f32 products.
  struct Tile {
    int64_t rows, groups;
  };
  Tile f32Tile(bool paired) const;
  /// Chains of additions that hide the latency of one multiply-add.
  int64_t chains(int64_t accumulators) const;

  /// Whether dot4 exists.
  bool hasDot4() const { return vnni512; }
  /// acc[n] += sum over 4 bytes of codes[n] (unsigned) * values[n] (signed);
  /// codes are 64 bytes, values one dword in every lane.
  Value dot4(Emitter &e, Value acc, Value codes, Value values) const;

  /// table[index] for each of 64 bytes, which are below 16.
  Value lookUp(Emitter &e, const uint8_t (&table)[16], Value indices) const;

private:
  int64_t vectorBytes, registers;
  bool vnni512;
  /// The widest shuffle of bytes inside of 16: its intrinsic, and its bytes.
  const char *shuffle = nullptr;
  int64_t shuffleBytes = 0;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_ISA_H
