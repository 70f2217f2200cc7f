//===- QuantizeRows.h - f32 rows to integer records -------------*- C++ -*-===//
//
// A row is cut into blocks of 32. A block's values become integers q with one
// scale: of 16 bits (scale: largest magnitude / 32639), or of 8 bits (largest /
// 127). Records of MT rows are interleaved, block after block:
//
//   MT x 32 low [| MT x 32 high] | MT f32 scale
//   | MT i32 -8 * sum(q) | MT f32 scale * sum(q) | the same two of the first 16
//
// Those of 16 bits are two planes of signed bytes, q = low + 256 * high, where
// a level multiplies bytes, and MT x 32 words (`words`) where it has to
// multiply words anyway. As its multiplications add neighbours up, and codes
// are cut out of words that hold four, or two, of each four words the third
// comes second.
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

/// How a level keeps integers.
struct RecordForm {
  /// Bytes of one: 1 or 2.
  int64_t planes;
  /// Two bytes side by side, and not in planes.
  bool words = false;

  /// The largest magnitude of an integer: its planes all fit signed bytes.
  int64_t largest() const { return planes == 2 ? 32639 : 127; }
};

/// Byte offsets in one block of `rows` interleaved rows.
class RecordLayout {
public:
  RecordLayout(int64_t rows, RecordForm form)
      : rows(rows), planes(form.planes), words(form.words) {}
  int64_t plane(int64_t high, int64_t row) const {
    return (high * rows + row) * kRecordColumns;
  }
  /// Between one row's integers and the next's.
  int64_t rowBytes() const {
    return words ? 2 * kRecordColumns : kRecordColumns;
  }
  /// Of columns 4 * four and on, what the level multiplies by: number `number`
  /// of as many dwords as an integer has bytes.
  int64_t dword(int64_t number, int64_t row, int64_t four) const {
    return words ? row * rowBytes() + 8 * four + 4 * number
                 : plane(number, row) + 4 * four;
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
  bool words;
};

/// Bytes of one row's share of records; `columns` is a multiple of 32. A buffer
/// holds as many rows as a multiple of its tile.
inline int64_t recordBytes(int64_t columns, int64_t planes) {
  return columns / kRecordColumns * RecordLayout(1, {planes}).bytes();
}

/// Quantizes one row: `columns` elements of `input` (memref<?xf32>) from
/// element `inputOffset` on, into row `row` of `records` (memref<?xi8>), whose
/// tiles have `rowTile` rows. A NaN or an infinity in a row makes its products
/// so.
void buildQuantizeRow(OpBuilder &b, Location loc, int64_t columns,
                      int64_t rowTile, RecordForm form, Value input,
                      Value inputOffset, Value records, Value row);

/// The same for rows [begin, end), `inputStride` elements apart.
void buildQuantizeRows(OpBuilder &b, Location loc, int64_t columns,
                       int64_t rowTile, RecordForm form, Value input,
                       OpFoldResult inputStride, Value records, Value begin,
                       Value end);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_QUANTIZEROWS_H
