//===- QuantizeRows.h - f32 rows to integer records -------------*- C++ -*-===//
//
// A row is cut into blocks of 32, whose values become integers q.
//
// Two planes: 16 bits. x = factor * 2^(e - 24) * q, e from 0 to 24, with one
// factor a row: its largest magnitude / 32639, over 2^24. Powers of two cost a
// product an integer addition where any other scale costs a multiplication,
// which the units of dot products would have to do. A value is kept to 1/32639
// of its block's largest, rounded up to a power of two of the row's largest.
// q = low + 256 * high, both signed bytes. One plane: 8 bits, x = scale * q
// with a scale a block, its largest magnitude / 127.
//
// Records of MT rows are interleaved, block after block:
//
//   MT x 32 low [| MT x 32 high] | MT x (i32 e << 23, or f32 scale)
//   | MT i32 -8 * sum(q) | MT f32 (2^e, or scale) * sum(q)
//   | the same two of the first 16
//
// and, with two planes, MT f32 factors at the end. The sums turn unsigned
// weight codes into signed ones, and weigh minima, so that one record serves
// every encoding.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_QUANTIZEROWS_H
#define CODEGEN_CPU_KERNELS_QUANTIZEROWS_H

#include "codegen/cpu/kernels/Emitter.h"

namespace tombolo {

/// Columns of one block of a record.
inline constexpr int64_t kRecordColumns = 32;
/// Blocks that are smaller than a row's largest by more than 2^-this lose bits,
/// which f32 sums could not hold either.
inline constexpr int64_t kRecordExponents = 24;

/// Byte offsets in one block of `rows` interleaved rows of `planes` (1 or 2).
class RecordLayout {
public:
  RecordLayout(int64_t rows, int64_t planes) : rows(rows), planes(planes) {}
  int64_t plane(int64_t high, int64_t row) const {
    return (high * rows + row) * kRecordColumns;
  }
  /// Of the scale (one plane) or the shifted exponent (two).
  int64_t scale(int64_t row) const { return field(0, row); }
  int64_t start8(int64_t row) const { return field(1, row); }
  int64_t scaledSum(int64_t row) const { return field(2, row); }
  int64_t halfStart8(int64_t row) const { return field(3, row); }
  int64_t halfScaledSum(int64_t row) const { return field(4, row); }
  int64_t bytes() const { return field(5, 0); }
  /// From the record's start: of the row's factor (two planes).
  int64_t factor(int64_t columns, int64_t row) const {
    return columns / kRecordColumns * bytes() + 4 * row;
  }

private:
  int64_t field(int64_t number, int64_t row) const {
    return (planes * kRecordColumns + 4 * number) * rows + 4 * row;
  }
  int64_t rows, planes;
};

/// Bytes of one row's share of records; `columns` is a multiple of 32. A buffer
/// holds as many rows as a multiple of its tile.
inline int64_t recordBytes(int64_t columns, int64_t planes) {
  return columns / kRecordColumns * RecordLayout(1, planes).bytes() +
         (planes == 2 ? 4 : 0);
}

/// Quantizes one row: `columns` elements of `input` (memref<?xf32>) from
/// element `inputOffset` on, into row `row` of `records` (memref<?xi8>), whose
/// tiles have `rowTile` rows. A row with a NaN or an infinity makes its
/// products so.
void buildQuantizeRow(OpBuilder &b, Location loc, int64_t columns,
                      int64_t rowTile, int64_t planes, Value input,
                      Value inputOffset, Value records, Value row);

/// The same for rows [begin, end), `inputStride` elements apart.
void buildQuantizeRows(OpBuilder &b, Location loc, int64_t columns,
                       int64_t rowTile, int64_t planes, Value input,
                       OpFoldResult inputStride, Value records, Value begin,
                       Value end);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_QUANTIZEROWS_H
