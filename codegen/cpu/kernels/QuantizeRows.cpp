#include "codegen/cpu/kernels/QuantizeRows.h"

using namespace mlir;

namespace tombolo {

namespace {

/// One row's way into its record.
class RowQuantizer {
public:
  RowQuantizer(OpBuilder &b, Location loc, int64_t columns, int64_t rowTile,
               int64_t planes, Value input, Value inputOffset, Value records,
               Value row)
      : e(b, loc), columns(columns), planes(planes), layout(rowTile, planes),
        input(input), inputOffset(inputOffset), records(records),
        floats(e.f32()), integers(e.i32()) {
    // Where the layout says row 0, the row's place in its tile is added.
    Value place = e.remainder(row, rowTile);
    byteRow = e.mul(place, kRecordColumns);
    wordRow = e.mul(place, 4);
    base =
        e.mul(e.divide(row, rowTile), rowTile * recordBytes(columns, planes));
  }

  void build() {
    if (planes == 2)
      startRow();
    e.loop(e.index(int64_t(0)), e.index(columns / kRecordColumns), 1,
           [&](Value block) { buildBlock(block); });
  }

private:
  /// The largest magnitude whose planes all fit signed bytes.
  double most() const { return planes == 2 ? 32639 : 127; }

  Values loadBlock(Value block) {
    Value from = e.add(inputOffset, e.mul(block, kRecordColumns));
    return {e.load(input, from, floats),
            e.load(input, e.add(from, kLanes), floats)};
  }
  /// Lane by lane the bits of the larger magnitude: as integers they are
  /// ordered like the magnitudes, and infinity and NaN are the largest.
  Value largerOf(Value x, Value y) {
    return arith::MaxSIOp::create(e.b, e.loc, x, y);
  }
  Value magnitudeOf(ValueRange block) {
    Value both;
    for (Value x : block) {
      Value bits = e.andi(e.bitcast(integers, x), 0x7fffffff);
      both = both ? largerOf(both, bits) : bits;
    }
    return both;
  }
  /// The largest lane in every lane, as a float.
  Value spread(Value bits) {
    for (int64_t half = kLanes / 2; half > 0; half /= 2) {
      SmallVector<int64_t> mask;
      for (int64_t i = 0; i < kLanes; ++i)
        mask.push_back(i ^ half);
      bits = largerOf(bits, vector::ShuffleOp::create(e.b, e.loc, integers,
                                                      bits, bits, mask));
    }
    return e.bitcast(floats, bits);
  }
  Value isBelow(Value x, double limit) {
    return arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OLT, x,
                                 e.constant(limit, floats));
  }
  Value select(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(e.b, e.loc, condition, yes, no);
  }
  Value first(Value vector) {
    return vector::ExtractOp::create(e.b, e.loc, vector, 0);
  }
  void putWord(Value at, Value value) {
    e.storeBytes(records, e.add(at, wordRow),
                 e.splat(value, VectorType::get({1}, value.getType())));
  }

  /// The row's factor, and what its values are multiplied by.
  void startRow() {
    Value none = e.constantInt(0, integers);
    Value bits = e.loop(e.index(int64_t(0)), e.index(columns / kRecordColumns),
                        1, {none},
                        [&](Value block, ValueRange so_far) {
                          return Values{largerOf(
                              so_far.front(), magnitudeOf(loadBlock(block)))};
                        })
                     .front();
    Value largest = spread(bits);
    // Rows so small that a factor would not be normal become zero.
    Value tiny = isBelow(largest, 1e-26), zero = e.constant(0.0, floats);
    inverse = select(tiny, zero, e.divf(e.constant(1.0, floats), largest));
    Value factor =
        select(tiny, zero,
               e.mulf(largest, e.constant(1 / most() / (1 << kRecordExponents),
                                          floats)));
    putWord(e.add(base, layout.factor(columns, 0)), first(factor));
  }

  /// Of a block of a row of two planes: its shifted exponent, and the factors
  /// that make integers of its values.
  std::pair<Value, Value> exponentOf(Value largest) {
    // The least power of two that is not below the block's part of the row's
    // largest: any bit of the mantissa carries into the exponent.
    Value part = e.bitcast(integers, e.mulf(largest, inverse));
    Value exponent =
        e.shiftRight(e.addi(part, e.constantInt(0x7fffff, integers)), 23);
    Value shifted =
        e.addi(exponent, e.constantInt(kRecordExponents - 127, integers));
    shifted =
        arith::MaxSIOp::create(e.b, e.loc, shifted, e.constantInt(0, integers));
    shifted = arith::MinSIOp::create(e.b, e.loc, shifted,
                                     e.constantInt(kRecordExponents, integers));
    // 2^(24 - e)
    Value power = e.shiftLeft(
        arith::SubIOp::create(e.b, e.loc,
                              e.constantInt(127 + kRecordExponents, integers),
                              shifted),
        23);
    Value factor = e.mulf(e.mulf(inverse, e.constant(most(), floats)),
                          e.bitcast(floats, power));
    return {e.shiftLeft(shifted, 23), factor};
  }

  void buildBlock(Value block) {
    Values x = loadBlock(block);
    Value largest = spread(magnitudeOf(x));
    Value target = e.add(base, e.mul(block, layout.bytes()));
    Value word, factor, weight;
    if (planes == 2) {
      std::tie(word, factor) = exponentOf(largest);
      // 2^e
      weight =
          e.bitcast(floats, e.addi(word, e.constantInt(127 << 23, integers)));
    } else {
      // Blocks so small that the factor would overflow become zero.
      Value tiny = isBelow(largest, 1e-30), zero = e.constant(0.0, floats);
      factor = select(tiny, zero, e.divf(e.constant(most(), floats), largest));
      word = weight =
          select(tiny, zero, e.mulf(largest, e.constant(1 / most(), floats)));
    }
    Value sum, half;
    for (int64_t i = 0; i < 2; ++i) {
      Value rounded =
          math::RoundEvenOp::create(e.b, e.loc, e.mulf(x[i], factor));
      Value q = arith::FPToSIOp::create(e.b, e.loc, integers, rounded);
      sum = i ? e.addi(sum, q) : q;
      half = i ? half : q;
      VectorType bytes = e.i8(kLanes);
      Value at = e.add(e.add(target, byteRow), i * kLanes);
      e.storeBytes(records, e.add(at, layout.plane(0, 0)),
                   arith::TruncIOp::create(e.b, e.loc, bytes, q));
      if (planes == 2) {
        Value high =
            e.shiftRightSigned(e.addi(q, e.constantInt(128, integers)), 8);
        e.storeBytes(records, e.add(at, layout.plane(1, 0)),
                     arith::TruncIOp::create(e.b, e.loc, bytes, high));
      }
    }
    Value weightOne = first(weight);
    putWord(e.add(target, layout.scale(0)), first(word));
    Type integer = e.b.getI32Type();
    auto putSums = [&](Value lanes, int64_t start8, int64_t scaledSum) {
      Value of = vector::ReductionOp::create(e.b, e.loc,
                                             vector::CombiningKind::ADD, lanes);
      putWord(e.add(target, start8), e.muli(of, e.constantInt(-8, integer)));
      putWord(e.add(target, scaledSum), e.mulf(weightOne, e.toFloat(of)));
    };
    putSums(sum, layout.start8(0), layout.scaledSum(0));
    putSums(half, layout.halfStart8(0), layout.halfScaledSum(0));
  }

  Emitter e;
  int64_t columns, planes;
  RecordLayout layout;
  Value input, inputOffset, records;
  VectorType floats, integers;
  Value byteRow, wordRow, base, inverse;
};

} // namespace

void buildQuantizeRow(OpBuilder &b, Location loc, int64_t columns,
                      int64_t rowTile, int64_t planes, Value input,
                      Value inputOffset, Value records, Value row) {
  RowQuantizer(b, loc, columns, rowTile, planes, input, inputOffset, records,
               row)
      .build();
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
