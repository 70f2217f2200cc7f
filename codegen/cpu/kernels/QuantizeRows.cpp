#include "codegen/cpu/kernels/QuantizeRows.h"

using namespace mlir;

namespace tombolo {

namespace {

/// One row's way into its record.
class RowQuantizer {
public:
  RowQuantizer(OpBuilder &b, Location loc, int64_t columns, int64_t rowTile,
               RecordForm form, Value input, Value inputOffset, Value records,
               Value row)
      : e(b, loc), columns(columns), form(form), layout(rowTile, form),
        input(input), inputOffset(inputOffset), records(records),
        floats(e.f32()), integers(e.i32()) {
    // Where the layout says row 0, the row's place in its tile is added.
    Value place = e.remainder(row, rowTile);
    byteRow = e.mul(place, layout.rowBytes());
    wordRow = e.mul(place, 4);
    base = e.mul(e.divide(row, rowTile),
                 rowTile * recordBytes(columns, form.planes));
  }

  void build() {
    e.loop(e.index(int64_t(0)), e.index(columns / kRecordColumns), 1,
           [&](Value block) { buildBlock(block); });
  }

private:
  double most() const { return double(form.largest()); }

  Values loadBlock(Value block) {
    Value from = e.add(inputOffset, e.mul(block, kRecordColumns));
    return {e.load(input, from, floats),
            e.load(input, e.add(from, kLanes), floats)};
  }
  void putWord(Value at, Value value) {
    e.storeBytes(records, e.add(at, wordRow),
                 e.splat(value, VectorType::get({1}, value.getType())));
  }

  /// The integers of half `half` of a block whose row begins at byte `at`.
  void store(Value at, int64_t half, Value q) {
    if (form.words) {
      Value values = arith::TruncIOp::create(
          e.b, e.loc, VectorType::get({kLanes}, e.b.getI16Type()), q);
      SmallVector<int64_t> order;
      for (int64_t four = 0; four < kLanes; four += 4)
        order.append({four, four + 2, four + 1, four + 3});
      e.storeBytes(
          records, e.add(at, 2 * kLanes * half),
          vector::ShuffleOp::create(e.b, e.loc, values, values, order));
      return;
    }
    VectorType bytes = e.i8(kLanes);
    at = e.add(at, kLanes * half);
    e.storeBytes(records, e.add(at, layout.plane(0, 0)),
                 arith::TruncIOp::create(e.b, e.loc, bytes, q));
    if (form.planes == 2) {
      Value high =
          e.shiftRightSigned(e.addi(q, e.constantInt(128, integers)), 8);
      e.storeBytes(records, e.add(at, layout.plane(1, 0)),
                   arith::TruncIOp::create(e.b, e.loc, bytes, high));
    }
  }

  void buildBlock(Value block) {
    Values x = loadBlock(block);
    Value largest = e.largestMagnitude(x);
    Value target = e.add(base, e.mul(block, layout.bytes()));
    // Blocks so small that the factor would overflow become zero.
    Value tiny = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OLT,
                                       largest, e.constant(1e-30, floats));
    Value zero = e.constant(0.0, floats);
    Value factor = arith::SelectOp::create(
        e.b, e.loc, tiny, zero, e.divf(e.constant(most(), floats), largest));
    Value scale = arith::SelectOp::create(
        e.b, e.loc, tiny, zero,
        e.mulf(largest, e.constant(1 / most(), floats)));
    Value sum, half;
    for (int64_t i = 0; i < 2; ++i) {
      Value rounded =
          math::RoundEvenOp::create(e.b, e.loc, e.mulf(x[i], factor));
      Value q = arith::FPToSIOp::create(e.b, e.loc, integers, rounded);
      sum = i ? e.addi(sum, q) : q;
      half = i ? half : q;
      store(e.add(target, byteRow), i, q);
    }
    Value scaleOne = vector::ExtractOp::create(e.b, e.loc, scale, 0);
    putWord(e.add(target, layout.scale(0)), scaleOne);
    Type integer = e.b.getI32Type();
    auto putSums = [&](Value lanes, int64_t start8, int64_t scaledSum) {
      Value of = vector::ReductionOp::create(e.b, e.loc,
                                             vector::CombiningKind::ADD, lanes);
      putWord(e.add(target, start8), e.muli(of, e.constantInt(-8, integer)));
      putWord(e.add(target, scaledSum), e.mulf(scaleOne, e.toFloat(of)));
    };
    putSums(sum, layout.start8(0), layout.scaledSum(0));
    putSums(half, layout.halfStart8(0), layout.halfScaledSum(0));
  }

  Emitter e;
  int64_t columns;
  RecordForm form;
  RecordLayout layout;
  Value input, inputOffset, records;
  VectorType floats, integers;
  Value byteRow, wordRow, base;
};

} // namespace

void buildQuantizeRow(OpBuilder &b, Location loc, int64_t columns,
                      int64_t rowTile, RecordForm form, Value input,
                      Value inputOffset, Value records, Value row) {
  RowQuantizer(b, loc, columns, rowTile, form, input, inputOffset, records, row)
      .build();
}

void buildQuantizeRows(OpBuilder &b, Location loc, int64_t columns,
                       int64_t rowTile, RecordForm form, Value input,
                       OpFoldResult inputStride, Value records, Value begin,
                       Value end) {
  Emitter e(b, loc);
  Value stride = e.index(inputStride);
  e.loop(begin, end, 1, [&](Value row) {
    buildQuantizeRow(b, loc, columns, rowTile, form, input, e.mul(row, stride),
                     records, row);
  });
}

} // namespace tombolo
