#include "codegen/cpu/kernels/AttentionProgram.h"
#include "runtime/core/KernelAbi.h"
#include <numbers>

using namespace mlir;

namespace tombolo {

void AttentionScratch::takeSoftmax(const AttentionSpec &spec, int64_t rows) {
  outputColumns = (spec.valueColumns + kLanes - 1) / kLanes * kLanes;
  maxima = take(rows * 64);
  sums = take(rows * 64);
  outputs = take(rows * outputColumns * 4);
}

Value AttentionProgram::divide(Value x, Value y) {
  return arith::DivUIOp::create(e.b, e.loc, x, y);
}
Value AttentionProgram::remainder(Value x, Value y) {
  return arith::RemUIOp::create(e.b, e.loc, x, y);
}

void AttentionProgram::forEachTile(int64_t tileRows,
                                   llvm::function_ref<void(Value)> body) {
  Value more = e.add(in.rows, tileRows - 1);
  Value tiles = e.divide(more, tileRows);
  Value units = e.mul(tiles, spec.kvHeads);
  // attentionPrograms, which are a few more.
  Value programs =
      e.divide(e.add(e.mul(more, spec.kvHeads), tileRows - 1), tileRows);
  auto unitOf = [&](Value program) {
    return divide(e.mul(program, units), programs);
  };
  e.loop(unitOf(in.begin), unitOf(in.end), 1, [&](Value unit) {
    kvHead = divide(unit, tiles);
    Value number = remainder(unit, tiles);
    Value early = e.divide(number, 2);
    Value late = e.sub(e.sub(tiles, e.index(int64_t(1))), early);
    Value isLate = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ne,
                                         e.remainder(number, 2), zero());
    Value tile = arith::SelectOp::create(e.b, e.loc, isLate, late, early);
    body(e.mul(tile, tileRows));
  });
}

Value AttentionProgram::headOf(Value g) {
  return e.add(e.mul(kvHead, shared), e.remainder(g, shared));
}
Value AttentionProgram::rowOf(Value g) {
  if (spec.rowTile == 1)
    return firstRow;
  return e.min(e.add(firstRow, e.divide(g, shared)),
               e.sub(in.rows, e.index(int64_t(1))));
}
Value AttentionProgram::firstVisibleFrom(Value position) {
  if (!spec.window)
    return zero();
  return e.max(e.sub(e.add(position, 1), e.index(spec.window)), zero());
}
std::pair<Value, Value> AttentionProgram::visibleRows(Value g, Value first) {
  Value from = e.sub(e.max(firstVisible(g), first), first);
  Value to =
      e.sub(e.min(e.add(positionOf(g), 1), e.add(first, kPageRows)), first);
  return {from, to};
}

Value AttentionProgram::lanesFrom(Value index) {
  SmallVector<int32_t> numbers;
  for (int32_t i = 0; i < kLanes; ++i)
    numbers.push_back(i);
  Value lanes = arith::ConstantOp::create(
      e.b, e.loc, DenseElementsAttr::get(e.i32(), ArrayRef(numbers)));
  return e.addi(lanes, wordsOf(index));
}
Value AttentionProgram::wordsOf(Value index) {
  return e.splat(
      arith::IndexCastOp::create(e.b, e.loc, e.b.getI32Type(), index), e.i32());
}
AttentionProgram::Visible
AttentionProgram::visibleOf(std::pair<Value, Value> rows) {
  auto [from, to] = rows;
  return {wordsOf(from), wordsOf(e.max(e.sub(to, from), zero()))};
}
Value AttentionProgram::isVisible(Value positions, const Visible &visible) {
  // As unsigned numbers, positions before the first are large.
  return arith::CmpIOp::create(
      e.b, e.loc, arith::CmpIPredicate::ult,
      arith::SubIOp::create(e.b, e.loc, positions, visible.from),
      visible.count);
}

Value AttentionProgram::headPart(const Pages &pages, int64_t columns,
                                 Value first) {
  return e.add(pageStart(e, pages, first),
               e.mul(kvHead, pageBytes(1, columns, spec.storage)));
}
Value AttentionProgram::loadStored(Value memory, Value offset, int64_t lanes) {
  if (isScaled())
    return e.toFloat(arith::ExtSIOp::create(
        e.b, e.loc, e.i32(lanes), e.loadBytes(memory, offset, e.i8(lanes))));
  auto type = VectorType::get({lanes}, e.plainType(spec.storage));
  return e.extend(e.loadBytes(memory, offset, type));
}
Value AttentionProgram::keyScale(Value keys, Value number, Value at) {
  Value from = e.add(e.mul(number, kPageRows), at);
  Value start =
      e.add(e.add(keys, scaleOffset(spec.keyColumns)), e.mul(from, 2));
  return e.extend(e.loadBytes(in.keys.pool, start,
                              VectorType::get({kLanes}, e.b.getF16Type())));
}
Value AttentionProgram::valueScale(Value values, Value row, Value column,
                                   int64_t lanes) {
  return rowScale(e, in.values.pool, values, spec.valueColumns, row, column,
                  lanes);
}

Value AttentionProgram::loadQuery(Value g, Piece piece) {
  double factor =
      spec.softcap > 0 ? spec.scale : spec.scale * std::numbers::log2e;
  Value source =
      e.add(e.index(in.queryOffset), e.mul(rowOf(g), e.index(in.queryStride)));
  Value from = e.add(source, e.mul(headOf(g), spec.keyColumns));
  VectorType type = e.f32(piece.lanes);
  Value q = e.load(in.query, e.add(from, piece.offset), type);
  return e.mulf(q, e.constant(factor, type));
}

void AttentionProgram::startSoftmax(const AttentionScratch &scratch, Value g) {
  Value maximum = e.constant(kHiddenScore, e.f32());
  Value sum = e.constant(0.0, e.f32());
  if (spec.hasSink) {
    Value sink = e.splat(e.loadScalar(in.sinks, headOf(g)), e.f32());
    Value score = e.mulf(sink, e.constant(std::numbers::log2e, e.f32()));
    // Its own term, 2^(sink - sink), once among the lanes.
    SmallVector<float> terms(kLanes, 0);
    terms[0] = 1;
    Value term = arith::ConstantOp::create(
        e.b, e.loc, DenseElementsAttr::get(e.f32(), ArrayRef(terms)));
    if (spec.splits > 1) {
      // And once among the parts.
      Value isFirst = arith::CmpIOp::create(
          e.b, e.loc, arith::CmpIPredicate::eq, split, zero());
      score = arith::SelectOp::create(e.b, e.loc, isFirst, score, maximum);
      term = arith::SelectOp::create(e.b, e.loc, isFirst, term, sum);
    }
    maximum = score;
    sum = term;
  }
  e.storeBytes(in.scratch, areaAt(scratch.maxima, g, 64), maximum);
  e.storeBytes(in.scratch, areaAt(scratch.sums, g, 64), sum);
  Value nothing = e.constant(0.0, e.f32());
  Value out = areaAt(scratch.outputs, g, scratch.outputColumns * 4);
  for (int64_t c = 0; c < scratch.outputColumns; c += kLanes)
    e.storeBytes(in.scratch, e.add(out, c * 4), nothing);
}

Value AttentionProgram::cap(Value score) {
  if (spec.softcap <= 0)
    return score;
  Type type = score.getType();
  Value inner = e.mulf(score, e.constant(1 / spec.softcap, type));
  Value bent = math::TanhOp::create(e.b, e.loc, inner);
  return e.mulf(bent, e.constant(spec.softcap * std::numbers::log2e, type));
}

std::pair<Value, Value>
AttentionProgram::raiseMaximum(const AttentionScratch &scratch, Value g,
                               Value pageMaximum) {
  Value at = areaAt(scratch.maxima, g, 64);
  Value old = e.loadBytes(in.scratch, at, e.f32());
  Value maximum = e.maxf(e.maxLanes(pageMaximum), old);
  e.storeBytes(in.scratch, at, maximum);
  return {e.exp2OfNegative(e.subf(old, maximum)), maximum};
}

Value AttentionProgram::weightOf(Value score, Value maximum) {
  Value weight = e.exp2OfNegative(e.subf(score, maximum));
  // A row that sees nothing yet has no maximum that would hide scores.
  if (spec.rowTile == 1 || !spec.window)
    return weight;
  Value seen =
      arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, score,
                            e.constant(kHiddenScore / 2, e.f32()));
  return arith::SelectOp::create(e.b, e.loc, seen, weight,
                                 e.constant(0.0, e.f32()));
}

Value narrowed(Emitter &e, Value vector, int64_t lanes) {
  if (lanes == kLanes)
    return vector;
  return vector::ExtractStridedSliceOp::create(
      e.b, e.loc, vector, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{lanes},
      ArrayRef<int64_t>{1});
}

void AttentionProgram::finish(const AttentionScratch &scratch, Value g) {
  Value target = e.mul(rowOf(g), e.index(in.outputStride));
  Value sum =
      e.sumLanes(e.loadBytes(in.scratch, areaAt(scratch.sums, g, 64), e.f32()));
  Value to = e.add(target, e.mul(headOf(g), spec.valueColumns));
  Value from = areaAt(scratch.outputs, g, scratch.outputColumns * 4);
  for (Piece piece : piecesOf(spec.valueColumns)) {
    Value out = e.loadBytes(in.scratch, e.add(from, piece.offset * 4),
                            e.f32(piece.lanes));
    e.store(in.output, e.add(to, piece.offset),
            e.divf(out, narrowed(e, sum, piece.lanes)));
  }
}

} // namespace tombolo
