//===- WeightGroups.h - Reading interleaved weights -------------*- C++ -*-===//

#ifndef CODEGEN_CPU_KERNELS_WEIGHTGROUPS_H
#define CODEGEN_CPU_KERNELS_WEIGHTGROUPS_H

#include "codegen/cpu/kernels/Emitter.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/packing/PackR16.h"

namespace tombolo {

/// 32 columns of the 16 rows of a group of quantized weights:
/// w = scale * (code - zero) + minimum.
struct WeightRun {
  /// 8 vectors of 64 unsigned bytes: dword n of vector v is row n's columns
  /// 4v .. 4v+3.
  Values codes;
  /// f32 of 16 rows; of all 32 columns, or of the first and the last 16.
  Values scales;
  /// As many as scales, or none.
  Values minima;
};

/// How the groups of codegen/cpu/packing/PackR16.h are read, chunk after chunk.
class WeightGroups {
public:
  /// Groups as they are packed.
  WeightGroups(Encoding encoding, const Isa &isa);
  /// `groups` groups of f32 side by side: for each k, 16 elements of each.
  static WeightGroups panel(int64_t groups, const Isa &isa);

  /// One number after the other, without scales.
  bool plain() const { return form == Form::Plain; }
  /// k in one chunk; plain elements may end in a shorter one.
  int64_t chunkColumns() const { return plain() ? unroll : block.chunkColumns; }
  int64_t chunkBytes() const {
    return plain() ? step * unroll : block.chunkBytes;
  }
  /// Runs of 32 in a chunk of quantized weights.
  int64_t runs() const { return block.chunkColumns / 32; }

  /// Where a chunk is: byte offsets of its block's header and of itself.
  struct Place {
    Value header, chunk;
  };
  /// Chunk number `at` of those at byte `start`.
  Place placeOf(Emitter &e, Value start, Value at) const;
  /// Bytes of the first `columns` k of a group: a multiple of whole blocks.
  Value bytesOf(Emitter &e, Value columns) const;

  /// Calls `use(k, vectors)` for each of the `columns` first k of the chunk at
  /// `places[g]` of each group, with the f32 weights of 16 rows a group.
  /// Scales of up to 17 bits times codes are exact; minima are added with one
  /// rounding.
  void dequantize(Emitter &e, Value memory, llvm::ArrayRef<Place> places,
                  int64_t columns,
                  llvm::function_ref<void(int64_t, ValueRange)> use) const;
  /// Whether a row has one scale in a chunk and nothing to add.
  bool scalesChunks() const { return form == Form::Floats; }
  /// The same before `scaled`; returns the scales, a vector for each place.
  Values unscaled(Emitter &e, Value memory, llvm::ArrayRef<Place> places,
                  llvm::function_ref<void(int64_t, ValueRange)> use) const;
  /// What unscaled() gave, or a sum of its products, as it should be.
  Value scaled(Emitter &e, Value unscaled, Value scale) const;

  // The integer side (quantized encodings).
  /// Run `run` of a chunk.
  WeightRun unpack(Emitter &e, Value memory, Place place, int64_t run) const;
  /// Of the codes, where there are no minima.
  int64_t zero() const;
  int64_t largestCode() const;
  /// A run unpacked in memory: codes, scales, minima.
  int64_t panelRunBytes() const;
  void storePanelRun(Emitter &e, Value memory, Value at,
                     const WeightRun &run) const;
  WeightRun loadPanelRun(Emitter &e, Value memory, Value at) const;

  /// How an encoding is read; a row of the table in WeightGroups.cpp.
  struct Unpacker {
    Encoding encoding;
    /// Of the codes.
    int64_t zero, largest;
    /// Of a run, and whether it has minima.
    int64_t scales;
    bool minima;
    void (*unpack)(struct WeightReader &reader, int64_t index, WeightRun &run);
  };

private:
  Values scalesOf(Emitter &e, Value memory, llvm::ArrayRef<Place> places) const;

  Isa isa;
  Encoding encoding;
  /// Plain numbers, codes that are integers or stand for some, or floats of 8
  /// bits with scales.
  enum class Form { Plain, Codes, Floats } form = Form::Plain;
  /// Of codes.
  Unpacker unpacker{};
  R16Block block{};
  /// Bytes between the vectors of neighbouring k (plain).
  int64_t step = 0;
  int64_t unroll = 8;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_WEIGHTGROUPS_H
