#include "codegen/cpu/kernels/History.h"
#include "runtime/core/KernelAbi.h"

using namespace mlir;

namespace tombolo {

int64_t storedElementBytes(Encoding storage) {
  return storage == Encoding::F32 ? 4 : storage == Encoding::Q8_0 ? 1 : 2;
}

int64_t pageBytes(int64_t heads, int64_t columns, Encoding storage) {
  int64_t row = columns * storedElementBytes(storage);
  if (storage == Encoding::Q8_0)
    row += columns / kScaledColumns * 2;
  return heads * row * kPageRows;
}

int64_t scaleOffset(int64_t columns) { return columns * kPageRows; }

Value rowScale(Emitter &e, Value pool, Value part, int64_t columns, Value row,
               Value column, int64_t lanes) {
  Value number = e.add(e.mul(row, columns / kScaledColumns),
                       e.divide(column, kScaledColumns));
  Value half = e.loadBytes(
      pool, e.add(e.add(part, scaleOffset(columns)), e.mul(number, 2)),
      VectorType::get({1}, e.b.getF16Type()));
  return e.splat(e.extend(half), e.f32(lanes));
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
  bool scaled = spec.storage == Encoding::Q8_0;
  Type element = scaled ? b.getIntegerType(8) : e.plainType(spec.storage);
  int64_t bytes = storedElementBytes(spec.storage);
  int64_t headBytes = pageBytes(1, spec.columns, spec.storage);
  e.loop(begin, end, 1, [&](Value t) {
    Value position = e.add(firstPosition, t);
    Value page = pageStart(e, pages, position);
    Value row = e.remainder(position, kPageRows);
    Value source = e.add(e.index(inputOffset), e.mul(t, e.index(inputStride)));
    // Elements of columns column, column + 1, ... of a head.
    auto put = [&](Value target, Value column, Value values) {
      int64_t lanes = cast<VectorType>(values.getType()).getNumElements();
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
    auto piece = [&](Value head, Value column, int64_t lanes) {
      Value from = e.add(e.add(source, e.mul(head, spec.columns)), column);
      put(e.add(page, e.mul(head, headBytes)), column,
          e.narrow(e.load(input, from, e.f32(lanes)), element));
    };
    auto block = [&](Value head, Value number) {
      Value column = e.mul(number, kScaledColumns);
      Value from = e.add(e.add(source, e.mul(head, spec.columns)), column);
      Value target = e.add(page, e.mul(head, headBytes));
      Values x = {e.load(input, from, e.f32()),
                  e.load(input, e.add(from, kLanes), e.f32())};
      Value scale = e.narrow(
          e.mulf(e.largestMagnitude(x), e.constant(1.0 / 127, e.f32())),
          b.getF16Type());
      Value step = e.extend(scale), zero = e.constant(0.0, e.f32());
      Value isZero =
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, step, zero);
      Value inverse = arith::SelectOp::create(
          b, loc, isZero, zero, e.divf(e.constant(1.0, e.f32()), step));
      for (int64_t i = 0; i < 2; ++i) {
        Value q = arith::FPToSIOp::create(
            b, loc, e.i32(),
            math::RoundEvenOp::create(b, loc, e.mulf(x[i], inverse)));
        q = arith::MaxSIOp::create(b, loc, q, e.constantInt(-127, e.i32()));
        q = arith::MinSIOp::create(b, loc, q, e.constantInt(127, e.i32()));
        put(target, e.add(column, i * kLanes),
            arith::TruncIOp::create(b, loc, e.i8(kLanes), q));
      }
      Value at = spec.layout == PageLayout::Values
                     ? e.add(e.mul(row, spec.columns / kScaledColumns), number)
                     : e.add(e.mul(number, kPageRows), row);
      Value one = vector::ExtractOp::create(b, loc, scale, 0);
      e.storeBytes(
          pages.pool,
          e.add(e.add(target, scaleOffset(spec.columns)), e.mul(at, 2)),
          e.splat(one, VectorType::get({1}, b.getF16Type())));
    };
    e.loop(e.index(int64_t(0)), e.index(spec.heads), 1, [&](Value head) {
      if (scaled) {
        e.loop(e.index(int64_t(0)), e.index(spec.columns / kScaledColumns), 1,
               [&](Value number) { block(head, number); });
        return;
      }
      int64_t whole = spec.columns / kLanes * kLanes;
      e.loop(e.index(int64_t(0)), e.index(whole), kLanes,
             [&](Value column) { piece(head, column, kLanes); });
      for (Piece rest : piecesOf(spec.columns - whole))
        piece(head, e.index(whole + rest.offset), rest.lanes);
    });
  });
}

} // namespace tombolo
