#include "codegen/cpu/kernels/QuantizeRows.h"

using namespace mlir;

namespace tombolo {

/// The largest magnitude whose planes all fit signed bytes.
static double largestOf(int64_t planes) { return planes == 2 ? 32639 : 127; }

void buildQuantizeRow(OpBuilder &b, Location loc, int64_t columns,
                      int64_t rowTile, int64_t planes, Value input,
                      Value inputOffset, Value records, Value row) {
  Emitter e(b, loc);
  RecordLayout layout(rowTile, planes);
  const double most = largestOf(planes);
  int64_t blocks = columns / kRecordColumns;
  VectorType floats = e.f32(), integers = e.i32();
  // Where the layout says row 0, the row's place in its tile is added.
  Value place = e.remainder(row, rowTile);
  Value byteRow = e.mul(place, kRecordColumns);
  Value wordRow = e.mul(place, 4);
  Value base = e.mul(e.divide(row, rowTile), blocks * layout.bytes());
  e.loop(e.index(int64_t(0)), e.index(blocks), 1, [&](Value block) {
    Value from = e.add(inputOffset, e.mul(block, kRecordColumns));
    Value target = e.add(base, e.mul(block, layout.bytes()));
    Values x;
    Value largest;
    for (int64_t i = 0; i < 2; ++i) {
      x.push_back(e.load(input, e.add(from, i * kLanes), floats));
      Value magnitude = math::AbsFOp::create(b, loc, x.back());
      // Unlike maxf, keeps a NaN, which must reach the result.
      largest =
          i ? arith::MaximumFOp::create(b, loc, largest, magnitude).getResult()
            : magnitude;
    }
    for (int64_t half = kLanes / 2; half > 0; half /= 2) {
      SmallVector<int64_t> mask;
      for (int64_t i = 0; i < kLanes; ++i)
        mask.push_back(i ^ half);
      Value other =
          vector::ShuffleOp::create(b, loc, floats, largest, largest, mask);
      largest = arith::MaximumFOp::create(b, loc, largest, other);
    }
    // Blocks so small that the factor would overflow become zero.
    Value tiny = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT,
                                       largest, e.constant(1e-30, floats));
    Value zero = e.constant(0.0, floats);
    Value factor = arith::SelectOp::create(
        b, loc, tiny, zero, e.divf(e.constant(most, floats), largest));
    Value scale = arith::SelectOp::create(
        b, loc, tiny, zero, e.mulf(largest, e.constant(1 / most, floats)));
    Value sum, half;
    for (int64_t i = 0; i < 2; ++i) {
      Value rounded = math::RoundEvenOp::create(b, loc, e.mulf(x[i], factor));
      Value q = arith::FPToSIOp::create(b, loc, integers, rounded);
      sum = i ? e.addi(sum, q) : q;
      half = i ? half : q;
      Value high =
          e.shiftRightSigned(e.addi(q, e.constantInt(128, integers)), 8);
      VectorType bytes = e.i8(kLanes);
      Value at = e.add(e.add(target, byteRow), i * kLanes);
      e.storeBytes(records, e.add(at, layout.plane(0, 0)),
                   arith::TruncIOp::create(b, loc, bytes, q));
      if (planes == 2)
        e.storeBytes(records, e.add(at, layout.plane(1, 0)),
                     arith::TruncIOp::create(b, loc, bytes, high));
    }
    auto total = [&](Value lanes) -> Value {
      return vector::ReductionOp::create(b, loc, vector::CombiningKind::ADD,
                                         lanes);
    };
    Value scaleOne = vector::ExtractOp::create(b, loc, scale, 0);
    auto put = [&](int64_t offset, Value value) {
      Value word = e.splat(value, VectorType::get({1}, value.getType()));
      e.storeBytes(records, e.add(e.add(target, wordRow), offset), word);
    };
    Type integer = b.getI32Type();
    put(layout.scale(0), scaleOne);
    auto putSums = [&](Value of, int64_t start8, int64_t scaledSum) {
      put(start8, e.muli(of, e.constantInt(-8, integer)));
      put(scaledSum, e.mulf(scaleOne, e.toFloat(of)));
    };
    putSums(total(sum), layout.start8(0), layout.scaledSum(0));
    putSums(total(half), layout.halfStart8(0), layout.halfScaledSum(0));
  });
}

void buildQuantizeRows(OpBuilder &b, Location loc, int64_t columns,
                       int64_t rowTile, int64_t planes, Value input,
                       OpFoldResult inputStride, Value records, Value begin,
                       Value end) {
  Emitter e(b, loc);
  Value stride = e.index(inputStride);
  e.loop(begin, end, 1, [&](Value row) {
    buildQuantizeRow(b, loc, columns, rowTile, planes, input,
                     e.mul(row, stride), records, row);
  });
}

} // namespace tombolo
