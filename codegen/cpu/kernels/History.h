//===- History.h - Pages of keys and values ---------------------*- C++ -*-===//
//
// What attention remembers lies in pages of 128 rows (kPageRows), found through
// a table: the page of position p is slot `table[p / 128]` of the pool. A slot
// holds the rows of many states, each at its own offset. Inside a page, heads
// lie one after the other:
//
//   keys     [head][column][128 rows]: scores of 16 rows come from one vector
//   values   [head][128 rows][column]
//
// With q8_0, codes of one byte lie like that, and behind them in each head's
// part the f16 scales of 32 columns each: of keys [column / 32][128 rows], of
// values [128 rows][column / 32].
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_HISTORY_H
#define CODEGEN_CPU_KERNELS_HISTORY_H

#include "codegen/cpu/kernels/Emitter.h"

namespace tombolo {

enum class PageLayout { Keys, Values };

/// Where the pages of one state are.
struct Pages {
  Value pool;  ///< memref<?xi8>
  Value table; ///< memref<?xi32>
  /// Bytes from the slot's start to this state's part, and of a whole slot.
  OpFoldResult base, slotBytes;
};

/// Bytes of one page of a state with `heads` rows of `columns` elements;
/// `storage` is F32, F16, BF16, or, with columns in whole 32s, Q8_0.
int64_t pageBytes(int64_t heads, int64_t columns, Encoding storage);

/// The byte at which the page of position `row` (a multiple of 128 or not)
/// starts.
Value pageStart(Emitter &e, const Pages &pages, Value row);

/// Columns of one scale of q8_0.
inline constexpr int64_t kScaledColumns = 32;
/// Bytes of one element, and, with q8_0, from the start of a head's part to its
/// scales.
int64_t storedElementBytes(Encoding storage);
int64_t scaleOffset(int64_t columns);
/// The scale, in all lanes, that q8_0 has for the numbers around `column` of
/// row `row` of the head's part at byte `part` of `pool`, kept row by row.
Value rowScale(Emitter &e, Value pool, Value part, int64_t columns, Value row,
               Value column, int64_t lanes);

struct AppendSpec {
  int64_t heads, columns;
  Encoding storage;
  PageLayout layout;
};

/// Appends rows [begin, end) of `input` (memref<?xf32>, heads * columns
/// elements at inputOffset + t * inputStride) as the positions firstPosition +
/// t, rounded once to the storage type. Q8_0: x = d * q, d a 127th of the
/// block's largest magnitude rounded to f16, q rounded to even.
void buildHistoryAppend(OpBuilder &b, Location loc, const AppendSpec &spec,
                        Value input, OpFoldResult inputOffset,
                        OpFoldResult inputStride, const Pages &pages,
                        Value firstPosition, Value begin, Value end);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_HISTORY_H
