#include "codegen/cpu/kernels/GatedDelta.h"
#include "codegen/cpu/kernels/Isa.h"
#include <algorithm>

using namespace mlir;

namespace tombolo {

Status checkGatedDelta(const GatedDeltaSpec &spec) {
  auto fail = [&](const std::string &message) {
    return Error("", "delta rule of " + std::to_string(spec.heads) +
                         " heads over " + std::to_string(spec.keyHeads) + ": " +
                         message);
  };
  constexpr int64_t kMost = 1 << 16;
  for (int64_t size :
       {spec.heads, spec.keyHeads, spec.keyColumns, spec.valueColumns})
    if (size < 1 || size > kMost)
      return fail("expects heads and head sizes between 1 and 65536, but got " +
                  std::to_string(size));
  if (spec.heads % spec.keyHeads)
    return fail("expects a whole number of value heads for each");
  if (spec.columns < 1)
    return fail("expects programs of a column or more, but got " +
                std::to_string(spec.columns));
  return success();
}

/// Columns of a program that is not a head's last.
static int64_t widthOf(const GatedDeltaSpec &spec) {
  return std::min(spec.columns, spec.valueColumns);
}
static int64_t blocksOf(const GatedDeltaSpec &spec) {
  return (spec.valueColumns + widthOf(spec) - 1) / widthOf(spec);
}

int64_t gatedDeltaUnits(const GatedDeltaSpec &spec) {
  return spec.heads * blocksOf(spec);
}

int64_t gatedDeltaScratchBytes(const GatedDeltaSpec &spec) {
  return spec.manyRows ? spec.keyColumns * widthOf(spec) * 4 : 0;
}

namespace {
class DeltaRule {
public:
  DeltaRule(OpBuilder &b, Location loc, const CpuLevel &level,
            const GatedDeltaSpec &spec, const GatedDeltaOperands &operands)
      : e(b, loc), vectors(Isa(level).vectors()), spec(spec), in(operands) {}

  void build() {
    int64_t blocks = blocksOf(spec), width = widthOf(spec);
    int64_t whole = spec.valueColumns / width, rest = spec.valueColumns % width;
    e.loop(in.begin, in.end, 1, [&](Value program) {
      head = e.divide(program, blocks);
      Value block = e.remainder(program, blocks);
      firstColumn = e.mul(block, width);
      if (rest == 0)
        return buildBlock(width);
      e.ifThen(e.less(block, e.index(whole)), [&] { buildBlock(width); });
      e.ifThen(e.less(e.index(whole - 1), block), [&] { buildBlock(rest); });
    });
  }

private:
  Value zero() { return e.index(int64_t(0)); }
  Value at(Value row, int64_t stride, Value element) {
    return e.add(e.mul(row, stride), element);
  }

  /// Where rows of a part of the state lie.
  struct Tile {
    Value memory, begin;
    int64_t rowBytes;
  };
  Value place(const Tile &tile, Value row, Piece piece) {
    return e.add(e.add(tile.begin, e.mul(row, tile.rowBytes)),
                 4 * piece.offset);
  }
  Value load(const Tile &tile, Value row, Piece piece) {
    return e.loadBytes(tile.memory, place(tile, row, piece),
                       e.f32(piece.lanes));
  }
  void store(const Tile &tile, Value row, Piece piece, Value value) {
    e.storeBytes(tile.memory, place(tile, row, piece), value);
  }
  void copy(const Tile &from, const Tile &to, ArrayRef<Piece> pieces) {
    e.loop(zero(), e.index(spec.keyColumns), 1, [&](Value row) {
      for (Piece piece : pieces)
        store(to, row, piece, load(from, row, piece));
    });
  }

  /// `width` columns from `firstColumn` on.
  void buildBlock(int64_t width) {
    SmallVector<Piece> pieces = piecesOf(width);
    Value begin =
        e.add(e.mul(head, spec.keyColumns * spec.valueColumns), firstColumn);
    Tile stored{in.state, e.add(in.offset, e.mul(begin, int64_t(4))),
                4 * spec.valueColumns};
    Tile tile = stored;
    if (spec.manyRows) {
      tile = {in.scratch, zero(), 4 * width};
      copy(stored, tile, pieces);
    }
    // As many vectors at a time as their sums fit in half of the registers.
    int64_t together = std::clamp<int64_t>(vectors / 4, 1, 2);
    e.loop(zero(), in.rows, 1, [&](Value t) {
      Row row = rowOf(t);
      ArrayRef<Piece> left(pieces);
      while (!left.empty()) {
        size_t count = std::min<size_t>(together, left.size());
        take(row, tile, left.take_front(count));
        left = left.drop_front(count);
      }
    });
    if (spec.manyRows)
      copy(tile, stored, pieces);
  }

  /// What all columns of a head share of a row: numbers, and where its vectors
  /// begin.
  struct Row {
    Value query, key, value, output;
    Value keep;          ///< exp(decay)
    Value beta, product; ///< of a correction: beta, k . q
  };
  Row rowOf(Value t) {
    Row row;
    Value group =
        e.mul(e.divide(head, spec.heads / spec.keyHeads), spec.keyColumns);
    Value first = e.add(e.mul(head, spec.valueColumns), firstColumn);
    row.query = at(t, in.queryStride, group);
    row.key = at(t, in.keyStride, group);
    row.value = at(t, in.valueStride, first);
    row.output = at(t, in.outputStride, first);
    row.keep = math::ExpOp::create(
        e.b, e.loc, e.loadScalar(in.decay, at(t, in.decayStride, head)));
    if (spec.corrects) {
      row.beta = e.loadScalar(in.beta, at(t, in.betaStride, head));
      row.product = dot(row.key, row.query);
    }
    return row;
  }

  /// k . q
  Value dot(Value key, Value query) {
    auto product = [&](Value offset, int64_t lanes, Value sum) {
      VectorType type = e.f32(lanes);
      Value k = e.load(in.key, e.add(key, offset), type);
      Value q = e.load(in.query, e.add(query, offset), type);
      return sum ? e.fma(k, q, sum) : e.mulf(k, q);
    };
    auto total = [&](Value vector) -> Value {
      return vector::ExtractOp::create(e.b, e.loc, e.sumLanes(vector), 0);
    };
    int64_t whole = spec.keyColumns / kLanes * kLanes;
    Value sum;
    if (whole > 0)
      sum = total(e.loop(zero(), e.index(whole), kLanes,
                         Values{e.constant(0, e.f32())},
                         [&](Value c, ValueRange sums) {
                           return Values{product(c, kLanes, sums[0])};
                         })[0]);
    for (Piece piece : piecesOf(spec.keyColumns - whole)) {
      Value part =
          total(product(e.index(whole + piece.offset), piece.lanes, Value()));
      sum = sum ? e.addf(sum, part) : part;
    }
    return sum;
  }

  /// Sums over the keys' columns, zeros to begin with; `add` adds one column to
  /// each. Chains of sums hide the latency of an addition.
  Values sumColumns(ArrayRef<VectorType> types,
                    function_ref<void(Value c, MutableArrayRef<Value>)> add) {
    int64_t sums = types.size();
    int64_t chains = std::clamp<int64_t>(vectors / 2 / sums, 1, 4);
    chains = std::min(chains, spec.keyColumns);
    Values zeros;
    for (int64_t chain = 0; chain < chains; ++chain)
      for (VectorType type : types)
        zeros.push_back(e.constant(0, type));
    int64_t whole = spec.keyColumns / chains * chains;
    Values all = e.loop(
        zero(), e.index(whole), chains, zeros, [&](Value c, ValueRange before) {
          Values next(before);
          for (int64_t chain = 0; chain < chains; ++chain)
            add(e.add(c, chain),
                MutableArrayRef(next).slice(chain * sums, sums));
          return next;
        });
    for (int64_t c = whole; c < spec.keyColumns; ++c)
      add(e.index(c), MutableArrayRef(all).slice((c - whole) * sums, sums));
    for (int64_t step = 1; step < chains; step *= 2)
      for (int64_t chain = 0; chain + step < chains; chain += 2 * step)
        for (int64_t i = 0; i < sums; ++i)
          all[chain * sums + i] =
              e.addf(all[chain * sums + i], all[(chain + step) * sums + i]);
    all.resize(sums);
    return all;
  }

  /// One row through some columns.
  void take(const Row &row, const Tile &tile, ArrayRef<Piece> pieces) {
    if (spec.corrects)
      correct(row, tile, pieces);
    else
      addTo(row, tile, pieces);
  }

  void correct(const Row &row, const Tile &tile, ArrayRef<Piece> pieces) {
    // Sums of S^T k, then of S^T q, for each piece.
    SmallVector<VectorType> types;
    for (int half = 0; half < 2; ++half)
      for (Piece piece : pieces)
        types.push_back(e.f32(piece.lanes));
    Values all = sumColumns(types, [&](Value c, MutableArrayRef<Value> chain) {
      Value k = e.loadScalar(in.key, e.add(row.key, c));
      Value q = e.loadScalar(in.query, e.add(row.query, c));
      for (auto [index, piece] : llvm::enumerate(pieces)) {
        VectorType type = e.f32(piece.lanes);
        Value s = load(tile, c, piece);
        Value &seen = chain[index], &read = chain[pieces.size() + index];
        seen = e.fma(s, e.splat(k, type), seen);
        read = e.fma(s, e.splat(q, type), read);
      }
    });

    Values deltas, keeps;
    for (auto [index, piece] : llvm::enumerate(pieces)) {
      VectorType type = e.f32(piece.lanes);
      Value keep = e.splat(row.keep, type);
      Value value = e.load(in.value, e.add(row.value, piece.offset), type);
      Value delta = e.mulf(e.splat(row.beta, type),
                           e.subf(value, e.mulf(keep, all[index])));
      Value result = e.fma(e.splat(row.product, type), delta,
                           e.mulf(keep, all[pieces.size() + index]));
      e.store(in.output, e.add(row.output, piece.offset), result);
      deltas.push_back(delta);
      keeps.push_back(keep);
    }
    e.loop(zero(), e.index(spec.keyColumns), 1, [&](Value c) {
      Value k = e.loadScalar(in.key, e.add(row.key, c));
      for (auto [index, piece] : llvm::enumerate(pieces)) {
        Value s = e.mulf(keeps[index], load(tile, c, piece));
        store(tile, c, piece,
              e.fma(e.splat(k, e.f32(piece.lanes)), deltas[index], s));
      }
    });
  }

  /// The row is added to the state, and what is read is what that leaves.
  void addTo(const Row &row, const Tile &tile, ArrayRef<Piece> pieces) {
    SmallVector<VectorType> types;
    Values values, keeps;
    for (Piece piece : pieces) {
      types.push_back(e.f32(piece.lanes));
      values.push_back(
          e.load(in.value, e.add(row.value, piece.offset), types.back()));
      keeps.push_back(e.splat(row.keep, types.back()));
    }
    Values read = sumColumns(types, [&](Value c, MutableArrayRef<Value> chain) {
      Value k = e.loadScalar(in.key, e.add(row.key, c));
      Value q = e.loadScalar(in.query, e.add(row.query, c));
      for (auto [index, piece] : llvm::enumerate(pieces)) {
        Value s = e.mulf(keeps[index], load(tile, c, piece));
        s = e.fma(e.splat(k, types[index]), values[index], s);
        store(tile, c, piece, s);
        chain[index] = e.fma(s, e.splat(q, types[index]), chain[index]);
      }
    });
    for (auto [index, piece] : llvm::enumerate(pieces))
      e.store(in.output, e.add(row.output, piece.offset), read[index]);
  }

  Emitter e;
  int64_t vectors;
  const GatedDeltaSpec &spec;
  const GatedDeltaOperands &in;
  Value head, firstColumn;
};
} // namespace

void buildGatedDelta(OpBuilder &b, Location loc, const CpuLevel &level,
                     const GatedDeltaSpec &spec,
                     const GatedDeltaOperands &operands) {
  assert(checkGatedDelta(spec).ok() && "the spec has a kernel");
  DeltaRule(b, loc, level, spec, operands).build();
}

} // namespace tombolo
