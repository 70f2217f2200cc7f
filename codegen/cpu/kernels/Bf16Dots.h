//===- Bf16Dots.h - Products of matrices of bf16 ----------------*- C++ -*-===//
//
// Numbers are bf16, or sums of two bf16: their *terms*, each a matrix of its
// own. The left matrix has rows of [pair][2]; the right one has a row of
// [column][2] for each pair. Both instructions want it so: a vector of the
// right matrix is multiplied by one pair in all lanes, and tiles by tiles.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_BF16DOTS_H
#define CODEGEN_CPU_KERNELS_BF16DOTS_H

#include "codegen/cpu/kernels/Isa.h"

namespace tombolo {

class Bf16Dots {
public:
  /// All matrices are in `memory`.
  Bf16Dots(Emitter &e, const Bf16Instructions &instructions, Value memory)
      : e(e), instructions(instructions), memory(memory) {}

  /// Pairs that a product takes at a time.
  static int64_t step(const Bf16Instructions &instructions) {
    return instructions.tiles ? kLanes : 4;
  }
  /// Vectors of 16 columns of a product at a time, at most.
  static constexpr int64_t kVectors = 4;
  /// Rows of the left matrix at a time, of `rows`: a divisor, which is 16 where
  /// there are tiles.
  static int64_t rowsOf(const Bf16Instructions &instructions, int64_t rows);

  struct Matrix {
    Value at;
    int64_t rowBytes, terms, termBytes;
  };
  struct Sums {
    Value at;
    int64_t rowBytes;
    bool adds; ///< to what is there
  };
  /// f32 sums [rows][16 * vectors] of x * y over the pairs [from, to), whole
  /// steps. Of two terms on both sides the lesser two are not multiplied.
  void multiply(const Matrix &x, const Matrix &y, Value from, Value to,
                int64_t rows, int64_t vectors, const Sums &sums);

  /// Numbers (f32, or bf16 that are one term) as so many vectors of bf16.
  Values split(Value x, int64_t terms);
  /// Two vectors of 16 bf16 as 16 pairs.
  Value pairs(Value first, Value second);

private:
  void multiplyVectors(const Matrix &x, const Matrix &y, Value from, Value to,
                       int64_t rows, int64_t vectors, const Sums &sums);
  void multiplyTiles(const Matrix &x, const Matrix &y, Value from, Value to,
                     int64_t vectors, const Sums &sums);

  Emitter &e;
  const Bf16Instructions &instructions;
  Value memory;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_BF16DOTS_H
