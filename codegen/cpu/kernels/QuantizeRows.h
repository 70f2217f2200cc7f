//===- QuantizeRows.h - f32 rows to integer records -------------*- C++ -*-===//
//
// A row is cut into blocks of 32. A block's values become integers q with one
// scale: of 16 bits (scale: largest magnitude / 32639), stored as two planes of
// signed bytes, q = low + 256 * high, or of 8 bits (largest / 127), one plane.
// Records of MT rows are interleaved, block after block:
//
//   MT x 32 low [| MT x 32 high] | MT f32 scale
//   | MT i32 -8 * sum(q) | MT f32 scale * sum(q) | the same two of the first 16
//
// The sums turn unsigned weight codes into signed ones, and weigh minima, so
// that one record serves every encoding.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_QUANTIZEROWS_H
#define CODEGEN_CPU_KERNELS_QUANTIZEROWS_H

#include "codegen/cpu/kernels/Emitter.h"

namespace tombolo {

/// Columns of one block of a record.
inline constexpr int64_t kRecordColumns = 32;

/// Byte offsets in one block of `rows` interleaved rows of `planes` (1 or 2).
class RecordLayout {
public:
  RecordLayout(int64_t rows, int64_t planes) : rows(rows), planes(planes) {}
  int64_t plane(int64_t high, int64_t row) const {
    return (high * rows + row) * kRecordColumns;
  }
  int64_t scale(int64_t row) const { return field(0, row); }
  int64_t start8(int64_t row) const { return field(1, row); }
  int64_t scaledSum(int64_t row) const { return field(2, row); }
  int64_t halfStart8(int64_t row) const { return field(3, row); }
  int64_t halfScaledSum(int64_t row) const { return field(4, row); }
  int64_t bytes() const { return field(5, 0); }

private:
  int64_t field(int64_t number, int64_t row) const {
    return (planes * kRecordColumns + 4 * number) * rows + 4 * row;
  }
  int64_t rows, planes;
};

/// Bytes of one row's share of records; `columns` is a multiple of 32. A buffer
/// holds as many rows as a multiple of its tile.
inline int64_t recordBytes(int64_t columns, int64_t planes) {
  return columns / kRecordColumns * RecordLayout(1, planes).bytes();
}

/// Quantizes one row: `columns` elements of `input` (memref<?xf32>) from
/// element `inputOffset` on, into row `row` of `records` (memref<?xi8>), whose
/// tiles have `rowTile` rows. A NaN or an infinity in a row makes its products
/// so.
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
