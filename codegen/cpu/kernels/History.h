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
/// `storage` is F32, F16 or BF16.
int64_t pageBytes(int64_t heads, int64_t columns, Encoding storage);

/// The byte at which the page of position `row` (a multiple of 128 or not)
/// starts.
Value pageStart(Emitter &e, const Pages &pages, Value row);

struct AppendSpec {
  int64_t heads, columns;
  Encoding storage;
  PageLayout layout;
};

/// Appends rows [begin, end) of `input` (memref<?xf32>, heads * columns
/// elements at inputOffset + t * inputStride) as the positions firstPosition +
/// t, rounded once to the storage type.
void buildHistoryAppend(OpBuilder &b, Location loc, const AppendSpec &spec,
                        Value input, OpFoldResult inputOffset,
                        OpFoldResult inputStride, const Pages &pages,
                        Value firstPosition, Value begin, Value end);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_HISTORY_H
