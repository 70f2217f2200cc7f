//===- QuantizeRows.h - f32 rows to integer records -------------*- C++ -*-===//
//
// A row is cut into blocks of 32. A block's values become 16-bit integers q
// with one scale (largest magnitude / 32639), stored as two planes of signed
// bytes, q = low + 256 * high. Records of MT rows are interleaved, block after
// block:
//
//   MT x 32 low | MT x 32 high | MT f32 scale
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

/// Byte offsets in one block of `rows` interleaved rows.
class RecordLayout {
public:
  explicit RecordLayout(int64_t rows) : rows(rows) {}
  int64_t plane(int64_t high, int64_t row) const {
    return (high * rows + row) * kRecordColumns;
  }
  int64_t scale(int64_t row) const { return 64 * rows + 4 * row; }
  int64_t start8(int64_t row) const { return 68 * rows + 4 * row; }
  int64_t scaledSum(int64_t row) const { return 72 * rows + 4 * row; }
  int64_t halfStart8(int64_t row) const { return 76 * rows + 4 * row; }
  int64_t halfScaledSum(int64_t row) const { return 80 * rows + 4 * row; }
  int64_t bytes() const { return 84 * rows; }

private:
  int64_t rows;
};

/// Bytes of one row's share of records; `columns` is a multiple of 32. A buffer
/// holds as many rows as a multiple of its tile.
inline int64_t recordBytes(int64_t columns) {
  return columns / kRecordColumns * RecordLayout(1).bytes();
}

/// Quantizes one row: `columns` elements of `input` (memref<?xf32>) from
/// element `inputOffset` on, into row `row` of `records` (memref<?xi8>), whose
/// tiles have `rowTile` rows.
void buildQuantizeRow(OpBuilder &b, Location loc, int64_t columns,
                      int64_t rowTile, Value input, Value inputOffset,
                      Value records, Value row);

/// The same for rows [begin, end), `inputStride` elements apart.
void buildQuantizeRows(OpBuilder &b, Location loc, int64_t columns,
                       int64_t rowTile, Value input, OpFoldResult inputStride,
                       Value records, Value begin, Value end);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_QUANTIZEROWS_H
