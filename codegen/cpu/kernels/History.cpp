#include "codegen/cpu/kernels/History.h"
#include "runtime/core/KernelAbi.h"

using namespace mlir;

namespace tombolo {

static int64_t elementBytes(Encoding storage) {
  return storage == Encoding::F32 ? 4 : 2;
}

int64_t pageBytes(int64_t heads, int64_t columns, Encoding storage) {
  return heads * columns * kPageRows * elementBytes(storage);
}

Value pageStart(Emitter &e, const Pages &pages, Value row) {
  Value slot = arith::IndexCastOp::create(
      e.b, e.loc, e.b.getIndexType(),
      e.loadScalar(pages.table, e.divide(row, kPageRows)));
  return e.add(e.mul(slot, e.index(pages.slotBytes)), e.index(pages.base));
}

void buildHistoryAppend(OpBuilder &b, Location loc, const AppendSpec &spec,
                        Value input, OpFoldResult inputOffset,
                        OpFoldResult inputStride, const Pages &pages,
                        Value firstPosition, Value begin, Value end) {
  Emitter e(b, loc);
  Type element = e.plainType(spec.storage);
  int64_t bytes = elementBytes(spec.storage);
  int64_t headBytes = spec.columns * kPageRows * bytes;
  e.loop(begin, end, 1, [&](Value t) {
    Value position = e.add(firstPosition, t);
    Value page = pageStart(e, pages, position);
    Value row = e.remainder(position, kPageRows);
    Value source = e.add(e.index(inputOffset), e.mul(t, e.index(inputStride)));
    auto piece = [&](Value head, Value column, int64_t lanes) {
      Value from = e.add(e.add(source, e.mul(head, spec.columns)), column);
      Value values = e.narrow(e.load(input, from, e.f32(lanes)), element);
      Value target = e.add(page, e.mul(head, headBytes));
      if (spec.layout == PageLayout::Values) {
        Value at = e.add(e.mul(row, spec.columns), column);
        e.storeBytes(pages.pool, e.add(target, e.mul(at, bytes)), values);
        return;
      }
      Value at = e.add(e.mul(column, kPageRows), row);
      target = e.add(target, e.mul(at, bytes));
      auto one = VectorType::get({1}, element);
      for (int64_t i = 0; i < lanes; ++i) {
        Value lane = e.splat(vector::ExtractOp::create(b, loc, values, i), one);
        e.storeBytes(pages.pool, e.add(target, i * kPageRows * bytes), lane);
      }
    };
    e.loop(e.index(int64_t(0)), e.index(spec.heads), 1, [&](Value head) {
      int64_t whole = spec.columns / kLanes * kLanes;
      e.loop(e.index(int64_t(0)), e.index(whole), kLanes,
             [&](Value column) { piece(head, column, kLanes); });
      for (Piece rest : piecesOf(spec.columns - whole))
        piece(head, e.index(whole + rest.offset), rest.lanes);
    });
  });
}

} // namespace tombolo
