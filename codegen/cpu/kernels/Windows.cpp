#include "codegen/cpu/kernels/Windows.h"

using namespace mlir;

namespace tombolo {

/// Calls `copy` for all elements of a row, some lanes at a time.
static void forEachPiece(Emitter &e, int64_t columns,
                         llvm::function_ref<void(Value, int64_t)> copy) {
  int64_t whole = columns / kLanes * kLanes;
  e.loop(e.index(int64_t(0)), e.index(whole), kLanes,
         [&](Value column) { copy(column, kLanes); });
  for (Piece rest : piecesOf(columns - whole))
    copy(e.index(whole + rest.offset), rest.lanes);
}

static Value placeOf(Emitter &e, const WindowSpec &spec,
                     const WindowOperands &in, Value position) {
  return e.add(in.stateAt,
               e.mul(e.remainder(position, spec.keptRows()), spec.columns * 4));
}

void buildGatherWindows(OpBuilder &b, Location loc, const WindowSpec &spec,
                        const WindowOperands &in, Value begin, Value end) {
  Emitter e(b, loc);
  Value firstWindow = e.divide(in.firstPosition, spec.size);
  Value windows = e.sub(e.divide(e.add(in.firstPosition, in.tokens), spec.size),
                        firstWindow);
  Value last = e.min(end, e.mul(windows, spec.rows()));
  e.loop(begin, last, 1, [&](Value program) {
    Value window = e.divide(program, spec.rows());
    Value number = e.remainder(program, spec.rows());
    Value to =
        e.add(e.mul(window, in.outputStride), e.mul(number, spec.columns));
    // Counted from `before` rows ahead, so that it is never negative.
    Value shifted = e.add(e.mul(e.add(firstWindow, window), spec.size), number);
    Value isInside = e.less(e.index(spec.before - 1), shifted);
    Value position = e.sub(shifted, e.index(spec.before));
    Value isNew = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge,
                                        position, in.firstPosition);
    e.ifThen(e.less(shifted, e.index(spec.before)), [&] {
      forEachPiece(e, spec.columns, [&](Value column, int64_t lanes) {
        e.store(in.output, e.add(to, column),
                e.constant(spec.fill, e.f32(lanes)));
      });
    });
    e.ifThen(isInside, [&] {
      scf::IfOp::create(
          b, loc, isNew,
          [&](OpBuilder &, Location) {
            Value from = e.mul(e.sub(position, in.firstPosition), in.xStride);
            forEachPiece(e, spec.columns, [&](Value column, int64_t lanes) {
              e.store(in.output, e.add(to, column),
                      e.load(in.x, e.add(from, column), e.f32(lanes)));
            });
            scf::YieldOp::create(b, loc);
          },
          [&](OpBuilder &, Location) {
            Value from = placeOf(e, spec, in, position);
            forEachPiece(e, spec.columns, [&](Value column, int64_t lanes) {
              e.store(in.output, e.add(to, column),
                      e.loadBytes(in.state, e.add(from, e.mul(column, 4)),
                                  e.f32(lanes)));
            });
            scf::YieldOp::create(b, loc);
          });
    });
  });
}

void buildKeepRow(OpBuilder &b, Location loc, const WindowSpec &spec,
                  const WindowOperands &in, Value row) {
  Emitter e(b, loc);
  // Two rows of one place in a step: the later one stays.
  Value isLast = e.less(e.sub(in.tokens, e.index(spec.keptRows() + 1)), row);
  e.ifThen(isLast, [&] {
    Value to = placeOf(e, spec, in, e.add(in.firstPosition, row));
    Value from = e.mul(row, in.xStride);
    forEachPiece(e, spec.columns, [&](Value column, int64_t lanes) {
      e.storeBytes(in.state, e.add(to, e.mul(column, 4)),
                   e.load(in.x, e.add(from, column), e.f32(lanes)));
    });
  });
}

} // namespace tombolo
