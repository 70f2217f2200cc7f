//===- IntegerDots.h - Integer dot products of any level --------*- C++ -*-===//
//
// sum[n] += sum over 4 bytes of codes[n] * values: codes are unsigned bytes of
// weights, values the signed bytes of one activation row, or 16-bit numbers, as
// the level keeps them (codegen/cpu/kernels/QuantizeRows.h). All levels give
// the same integers; what differs is how many instructions they take.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_INTEGERDOTS_H
#define CODEGEN_CPU_KERNELS_INTEGERDOTS_H

#include "codegen/cpu/kernels/Emitter.h"
#include "codegen/cpu/kernels/Isa.h"
#include <vector>

namespace tombolo {

class IntegerDots {
public:
  /// Of codes up to `largestCode`, which stand for themselves minus `zero`, and
  /// values of `planes` bytes.
  IntegerDots(Emitter &e, const Isa &isa, int64_t planes, int64_t largestCode,
              int64_t zero);

  /// What sums must start at: minus this number times the sum of the values.
  int64_t zero() const { return startZero; }

  /// Operands and sums in registers' widths, as the level wants them.
  struct Codes {
    std::vector<Values> bytes;
  };
  struct Factors {
    Values bytes;
  };
  struct Sum {
    /// By plane (or of words' lower and upper codes) and register; levels that
    /// join them have only `low`.
    Values low, high;
    /// Sums of products as 16 bits, and what was added to them.
    Values lowPairs, highPairs;
    int64_t pairSteps = 0;
  };

  /// `vector`: 64 unsigned bytes.
  Codes codes(Value vector) const;
  /// Of the dwords at `offsets` of `memory` (RecordLayout::dword).
  Factors factors(Value memory, llvm::ArrayRef<Value> offsets) const;
  /// `first`: what a vector<16xi32> of sums starts at.
  Sum start(Value first) const;
  void add(Sum &sum, const Codes &codes, const Factors &factors) const;
  /// vector<16xi32>, the planes joined.
  Value finish(Sum &sum) const;

private:
  int64_t parts() const { return 64 / dot.bytes; }
  /// Whether values are put together from their planes before they are
  /// multiplied.
  bool joinsPlanes() const {
    return dot.form == DotInstructions::Form::Words ||
           dot.form == DotInstructions::Form::Multiplies;
  }
  VectorType integers() const { return e.i32(dot.bytes / 4); }
  VectorType words() const;
  Value part(Value vector, int64_t number) const;
  Value pairSums(Value words, Value others) const;
  void flush(Sum &sum) const;

  Emitter &e;
  DotInstructions dot;
  RecordForm form;
  int64_t planes, startZero;
  /// Codes become signed bytes: their upper bit is turned around.
  bool flipsCodes;
  /// Steps whose pairs of products add up within 16 bits; 0: not even one.
  int64_t mostPairSteps;
  /// Codes of words' upper bytes stay there: their sums are 256 times as large,
  /// and fit nevertheless.
  bool keepsUpper;
};

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_INTEGERDOTS_H
