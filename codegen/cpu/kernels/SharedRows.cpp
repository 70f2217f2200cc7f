#include "codegen/cpu/kernels/SharedRows.h"
#include "codegen/cpu/kernels/Isa.h"
#include "runtime/core/KernelAbi.h"

using namespace mlir;

namespace tombolo {

static_assert(kPageRows % kBlockRows == 0, "a block lies in one page");

int64_t sharedRowTile(const CpuLevel &level) {
  // A quarter of the registers is for what is multiplied.
  int64_t sums = Isa(level).vectors() * 3 / 4;
  int64_t tile = kBlockRows;
  while (tile > 1 && tile > sums)
    tile /= 2;
  return tile;
}

RowBlock::RowBlock(Emitter &e, Value scratch, int64_t at, Encoding storage,
                   ArrayRef<RowPart> parts)
    : e(e), scratch(scratch), at(at), storage(storage), parts(parts) {
  for (const RowPart &part : parts)
    columns += part.columns;
}

void RowBlock::load(Value i, Value row, Value isThere) {
  Value to = rowAt(i);
  Value biasAt = e.add(e.mul(i, 4), at + kBlockRows * columns * 4);
  VectorType one = e.f32(1);
  scf::IfOp::create(
      e.b, e.loc, isThere,
      [&](OpBuilder &, Location) {
        int64_t column = 0;
        for (const RowPart &part : parts) {
          decode(part, row, e.add(to, column * 4));
          column += part.columns;
        }
        e.storeBytes(scratch, biasAt, e.constant(0.0, one));
        scf::YieldOp::create(e.b, e.loc);
      },
      [&](OpBuilder &, Location) {
        // Zeros: what lies here may be no number.
        int64_t whole = columns / kLanes * kLanes;
        e.loop(e.index(int64_t(0)), e.index(whole), kLanes, [&](Value c) {
          e.storeBytes(scratch, e.add(to, e.mul(c, 4)),
                       e.constant(0.0, e.f32()));
        });
        for (Piece rest : piecesOf(columns - whole))
          e.storeBytes(scratch, e.add(to, (whole + rest.offset) * 4),
                       e.constant(0.0, e.f32(rest.lanes)));
        e.storeBytes(scratch, biasAt, e.constant(kHiddenScore, one));
        scf::YieldOp::create(e.b, e.loc);
      });
}

Value RowBlock::bias(Value i) const {
  return e.loadSplat(scratch, e.add(e.mul(i, 4), at + kBlockRows * columns * 4),
                     e.f32());
}

void RowBlock::decode(const RowPart &part, Value row, Value to) {
  Value page = pageStart(e, part.pages, row);
  Value inPage = e.remainder(row, kPageRows);
  int64_t bytes = storedElementBytes(storage);
  Value from = e.add(page, e.mul(inPage, part.columns * bytes));
  bool isScaled = storage == Encoding::Q8_0;
  auto piece = [&](Value column, int64_t lanes) {
    Value source = e.add(from, e.mul(column, bytes));
    Value values;
    if (isScaled) {
      Value codes = e.loadBytes(part.pages.pool, source, e.i8(lanes));
      values =
          e.toFloat(arith::ExtSIOp::create(e.b, e.loc, e.i32(lanes), codes));
      values = e.mulf(values, rowScale(e, part.pages.pool, page, part.columns,
                                       inPage, column, lanes));
    } else {
      values =
          e.extend(e.loadBytes(part.pages.pool, source,
                               VectorType::get({lanes}, e.plainType(storage))));
    }
    e.storeBytes(scratch, e.add(to, e.mul(column, 4)), values);
  };
  int64_t whole = part.columns / kLanes * kLanes;
  e.loop(e.index(int64_t(0)), e.index(whole), kLanes,
         [&](Value column) { piece(column, kLanes); });
  for (Piece rest : piecesOf(part.columns - whole))
    piece(e.index(whole + rest.offset), rest.lanes);
}

void buildTransposed(Emitter &e, Value memory, Value heads, int64_t columns,
                     double factor, Value scratch, Value to,
                     llvm::function_ref<Value(Value head)> offsetOf) {
  Value last = e.sub(heads, e.index(int64_t(1)));
  e.loop(e.index(int64_t(0)), e.index(kBlockHeads), 1, [&](Value lane) {
    Value from = offsetOf(e.min(lane, last));
    Value target = e.add(to, e.mul(lane, 4));
    e.loop(e.index(int64_t(0)), e.index(columns), 1, [&](Value c) {
      Value x = e.load(memory, e.add(from, c), e.f32(1));
      e.storeBytes(scratch, e.add(target, e.mul(c, kBlockHeads * 4)),
                   e.mulf(x, e.constant(factor, e.f32(1))));
    });
  });
}

Values buildSharedDots(Emitter &e, const RowBlock &block, Value scratch,
                       Value queries, int64_t columns, Value row,
                       int64_t tile) {
  Values from;
  for (int64_t i = 0; i < tile; ++i)
    from.push_back(block.rowAt(e.add(row, i)));
  Values none(tile, e.constant(0.0, e.f32()));
  return e.loop(
      e.index(int64_t(0)), e.index(columns), 1, none,
      [&](Value c, ValueRange before) {
        Value q = e.loadBytes(
            scratch, e.add(queries, e.mul(c, kBlockHeads * 4)), e.f32());
        Values next;
        for (int64_t i = 0; i < tile; ++i) {
          Value x = e.loadSplat(scratch, e.add(from[i], e.mul(c, 4)), e.f32());
          next.push_back(e.fma(q, x, before[i]));
        }
        return next;
      });
}

} // namespace tombolo
