#include "codegen/cpu/kernels/Bf16Dots.h"
#include "codegen/cpu/kernels/TileRegisters.h"

using namespace mlir;

namespace tombolo {

int64_t Bf16Dots::rowsOf(const Bf16Instructions &instructions, int64_t rows) {
  if (instructions.tiles)
    return kLanes;
  // With four vectors of columns, their sums take 24 of 32 registers.
  int64_t most = 6;
  while (rows % most)
    --most;
  return most;
}

void Bf16Dots::multiply(const Matrix &x, const Matrix &y, Value from, Value to,
                        int64_t rows, int64_t vectors, const Sums &sums) {
  if (!instructions.tiles)
    return multiplyVectors(x, y, from, to, rows, vectors, sums);
  assert(rows == kLanes && "tiles are whole");
  multiplyTiles(x, y, from, to, vectors, sums);
}

void Bf16Dots::multiplyVectors(const Matrix &x, const Matrix &y, Value from,
                               Value to, int64_t rows, int64_t vectors,
                               const Sums &sums) {
  auto shorts = VectorType::get({2 * kLanes}, e.b.getBF16Type());
  auto placeOf = [&](int64_t r, int64_t v) {
    return e.add(sums.at, r * sums.rowBytes + v * 64);
  };
  Values acc;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      acc.push_back(sums.adds ? e.loadBytes(memory, placeOf(r, v), e.f32())
                              : e.constant(0.0, e.f32()));
  int64_t pairs = step(instructions);
  acc = e.loop(from, to, pairs, acc, [&](Value first, ValueRange before) {
    Values next(before);
    Value xAt = e.add(x.at, e.mul(first, 4));
    Value yAt = e.add(y.at, e.mul(first, y.rowBytes));
    for (int64_t i = 0; i < pairs; ++i)
      for (int64_t yTerm = 0; yTerm < y.terms; ++yTerm) {
        Values columns;
        for (int64_t v = 0; v < vectors; ++v)
          columns.push_back(e.loadBytes(
              memory, e.add(yAt, yTerm * y.termBytes + i * y.rowBytes + v * 64),
              shorts));
        for (int64_t xTerm = 0; xTerm + yTerm < x.terms; ++xTerm)
          for (int64_t r = 0; r < rows; ++r) {
            Value pair = e.bitcast(
                shorts, e.loadSplat(memory,
                                    e.add(xAt, xTerm * x.termBytes +
                                                   r * x.rowBytes + i * 4),
                                    e.i32()));
            for (int64_t v = 0; v < vectors; ++v) {
              Value &sum = next[r * vectors + v];
              sum = e.intrinsic(instructions.dot, e.f32(),
                                {sum, columns[v], pair});
            }
          }
      }
    return next;
  });
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      e.storeBytes(memory, placeOf(r, v), acc[r * vectors + v]);
}

void Bf16Dots::multiplyTiles(const Matrix &x, const Matrix &y, Value from,
                             Value to, int64_t vectors, const Sums &sums) {
  TileRegisters tiles(e);
  auto load = [&](Value at, int64_t rowBytes) {
    return tiles.load(memory, at, kLanes, 64, rowBytes);
  };
  auto placeOf = [&](int64_t v) { return e.add(sums.at, v * 64); };
  Values acc;
  for (int64_t v = 0; v < vectors; ++v)
    acc.push_back(sums.adds ? load(placeOf(v), sums.rowBytes)
                            : tiles.zero(kLanes));
  acc = e.loop(from, to, kLanes, acc, [&](Value first, ValueRange before) {
    Values next(before);
    Value xAt = e.add(x.at, e.mul(first, 4));
    Value yAt = e.add(y.at, e.mul(first, y.rowBytes));
    Values rows;
    for (int64_t term = 0; term < x.terms; ++term)
      rows.push_back(load(e.add(xAt, term * x.termBytes), x.rowBytes));
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t yTerm = 0; yTerm < y.terms; ++yTerm) {
        Value columns =
            load(e.add(yAt, yTerm * y.termBytes + v * 64), y.rowBytes);
        for (int64_t xTerm = 0; xTerm + yTerm < x.terms; ++xTerm)
          next[v] = tiles.dot(instructions.dot, kLanes, 64, next[v],
                              rows[xTerm], columns);
      }
    return next;
  });
  for (int64_t v = 0; v < vectors; ++v)
    tiles.store(memory, placeOf(v), kLanes, sums.rowBytes, acc[v]);
}

Values Bf16Dots::split(Value x, int64_t terms) {
  auto type = cast<VectorType>(x.getType());
  Type bf16 = e.b.getBF16Type();
  if (type.getElementType() == bf16)
    return {x};
  Values result;
  for (int64_t term = 0; term < terms; ++term) {
    result.push_back(
        type.getNumElements() == kLanes
            ? e.intrinsic(instructions.narrow, type.clone(bf16), {x})
            : e.narrow(x, bf16));
    if (term + 1 < terms)
      x = e.subf(x, e.extend(result.back()));
  }
  return result;
}

Value Bf16Dots::pairs(Value first, Value second) {
  auto words = VectorType::get({kLanes}, e.b.getI16Type());
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < kLanes; ++i)
    order.append({i, kLanes + i});
  return vector::ShuffleOp::create(e.b, e.loc, e.bitcast(words, first),
                                   e.bitcast(words, second), order);
}

} // namespace tombolo
