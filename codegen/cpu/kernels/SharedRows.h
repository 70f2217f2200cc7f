//===- SharedRows.h - Rows of a history that many heads read ----*- C++ -*-===//
//
// Where one row serves all heads, a vector has a lane for each of sixteen
// heads: queries stand transposed, [column][head], a number of a row is
// multiplied with all of them at once, and the softmax needs no sums over
// lanes. Rows come in blocks of sixteen, as f32 in scratch, so that any storage
// is decoded once for all heads, and rows that an id names are gathered where
// they lie.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_KERNELS_SHAREDROWS_H
#define CODEGEN_CPU_KERNELS_SHAREDROWS_H

#include "codegen/cpu/kernels/History.h"
#include "codegen/cpu/object/CpuLevel.h"

namespace tombolo {

/// Rows of a block: they lie in one page.
inline constexpr int64_t kBlockRows = 16;
/// Heads of a block, one in each lane.
inline constexpr int64_t kBlockHeads = kLanes;
/// A score that no visible row has.
inline constexpr double kHiddenScore = -1e30;

/// Rows of one register tile at a level: sums of so many rows (or columns) and
/// sixteen heads are kept at a time.
int64_t sharedRowTile(const CpuLevel &level);

/// A part of what rows keep: a state with one head.
struct RowPart {
  Pages pages;
  int64_t columns;
};

/// A block of rows in scratch: sixteen rows of f32, the parts one after the
/// other, and of each row 0, or kHiddenScore where there is none.
class RowBlock {
public:
  /// `at`: byte offset of the block in scratch.
  RowBlock(Emitter &e, Value scratch, int64_t at, Encoding storage,
           llvm::ArrayRef<RowPart> parts);

  /// Bytes in scratch of a block of rows of `columns` in all.
  static int64_t bytes(int64_t columns) {
    return kBlockRows * (columns + 1) * 4;
  }

  /// Row `i` of the block becomes row `row` of the history, or none where not
  /// `isThere` (i1).
  void load(Value i, Value row, Value isThere);
  /// The byte of column 0 of row `i`.
  Value rowAt(Value i) const { return e.add(e.mul(i, columns * 4), at); }
  /// What is added to the scores of row `i`, in all lanes.
  Value bias(Value i) const;

private:
  void decode(const RowPart &part, Value row, Value to);

  Emitter &e;
  Value scratch;
  int64_t at;
  Encoding storage;
  llvm::SmallVector<RowPart> parts;
  int64_t columns = 0;
};

/// Sixteen heads' rows of `columns` f32 at byte `to` of scratch, transposed:
/// lane h of vector c is `factor` times memory[offsetOf(h) + c]. Lanes behind
/// the last head repeat it: `offsetOf` is asked for heads below `heads`.
void buildTransposed(Emitter &e, Value memory, Value heads, int64_t columns,
                     double factor, Value scratch, Value to,
                     llvm::function_ref<Value(Value head)> offsetOf);

/// The products of `tile` rows of a block from `row` on with the transposed
/// queries at byte `queries` of scratch: for each row a vector of heads.
Values buildSharedDots(Emitter &e, const RowBlock &block, Value scratch,
                       Value queries, int64_t columns, Value row, int64_t tile);

} // namespace tombolo

#endif // CODEGEN_CPU_KERNELS_SHAREDROWS_H
