//===- Isa.h - What differs between instruction sets ------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_ISA_H
#define CODEGEN_CPU_KERNELS_ISA_H

#include "codegen/cpu/kernels/Emitter.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

/// Rows of activation and output buffers are a multiple of this where kernels
/// take many rows at a time: every row tile divides it.
inline constexpr int64_t kRowPadding = 24;

/// Elements between the rows of an f32 buffer: a multiple of 16, and not of
/// 4096 bytes, at which all rows of a tile would share one set of the L1 cache.
int64_t rowStride(int64_t columns);

/// The instructions that sums of products of bytes are built from.
struct DotInstructions {
  enum class Form {
    /// `dot` adds four products of an unsigned and a signed byte.
    UnsignedDot,
    /// `dot` adds four products of signed bytes.
    SignedDot,
    /// `dot` makes saturated 16-bit sums of two products of an unsigned and a
    /// signed byte, and `pairSums` adds two products of words. Codes that could
    /// saturate are multiplied as words.
    Pairs,
    /// `pairSums` alone, of bytes extended to words.
    Words,
    /// 32-bit multiplication, which every machine has.
    Multiplies,
  };
  /// LLVM's feature that the instructions come with; empty: none is needed.
  const char *feature;
  /// For people: the instructions.
  const char *name;
  Form form;
  /// Of one vector.
  int64_t bytes;
  /// LLVM's intrinsics.
  const char *dot, *pairSums;
};

/// The instructions that add products of pairs of bf16 to f32.
struct Bf16Instructions {
  /// LLVM's feature that they come with.
  const char *feature;
  /// For people.
  const char *name;
  /// Of tile registers, not of vectors.
  bool tiles;
  /// As how many bf16 of each number products still take less time than in f32.
  int64_t terms;
  /// LLVM's intrinsics: that, and of 16 f32 the nearest bf16 (0 for numbers
  /// below the normal ones).
  const char *dot, *narrow;
};

class Isa {
public:
  explicit Isa(const CpuLevel &level);

  /// Vector registers that one vector of 16 lanes takes.
  int64_t registersPerVector() const { return 64 / vectorBytes; }
  /// Vectors of 16 lanes that fit in the registers.
  int64_t vectors() const { return registers / registersPerVector(); }

  /// How integers of so many bytes are kept. Without dot products of bytes, two
  /// bytes are multiplied as words: codes of 8 bits would have to be anyway, as
  /// sums of their products with bytes do not fit words.
  RecordForm recordForm(int64_t planes) const {
    return {planes,
            planes == 2 && integerDots->form == DotInstructions::Form::Pairs};
  }

  /// Whether products of many rows are faster in f32 than with activations of
  /// 16 bits, where there is no dot product of bytes: vectors of multiply-adds
  /// are.
  bool prefersFloats() const {
    return integerDots->form == DotInstructions::Form::Pairs &&
           integerDots->bytes >= 32;
  }

  /// Rows and groups of one register tile of products. `together` of the
  /// groups are summed up in one loop. In f32, where a vector is several
  /// registers, it is one group and then the other, which share few loads:
  /// so many rows of both would not stay in registers.
  struct Tile {
    int64_t rows, groups, together;
  };
  Tile f32Tile(bool paired) const;
  /// Chains of additions that hide the latency of one multiply-add.
  int64_t chains(int64_t accumulators) const;

  /// How integers are multiplied here.
  const DotInstructions &dots() const { return *integerDots; }
  /// Rows of one register tile of integer products with `groups` groups; they
  /// divide `recordRows`, those of a tile of records.
  int64_t integerRows(int64_t recordRows, int64_t planes, int64_t groups) const;
  Tile integerTile(int64_t recordRows, int64_t planes, bool paired) const;
  /// What multiplies numbers of `terms` bf16 faster than f32; null where
  /// nothing does.
  const Bf16Instructions *bf16Dots(int64_t terms) const;
  /// Whether tiles of rows are multiplied in tile registers (TileDots.h).
  bool hasTiles() const { return tiles; }

  /// table[index] for each of 64 bytes, which are below 16.
  Value lookUp(Emitter &e, const uint8_t (&table)[16], Value indices) const;

private:
  int64_t vectorBytes, registers;
  bool tiles;
  const DotInstructions *integerDots;
  const Bf16Instructions *shortDots;
  /// The widest shuffle of bytes inside of 16: its intrinsic, and its bytes.
  const char *shuffle = nullptr;
  int64_t shuffleBytes = 0;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_ISA_H
