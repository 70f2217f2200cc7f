#include "codegen/cpu/kernels/IndexTopK.h"

using namespace mlir;

namespace tombolo {

Status checkIndexTopK(const IndexTopKSpec &spec) {
  auto fail = [&](const std::string &message) {
    return Error("", "choice of " + std::to_string(spec.k) + " rows of " +
                         std::to_string(spec.columns) + ": " + message);
  };
  constexpr int64_t kMost = 1 << 16;
  for (int64_t size : {spec.heads, spec.columns, spec.clock, spec.k})
    if (size < 1 || size > kMost)
      return fail("expects sizes between 1 and 65536, but got " +
                  std::to_string(size));
  if (spec.storage != Encoding::F32 && spec.storage != Encoding::F16 &&
      spec.storage != Encoding::BF16 && spec.storage != Encoding::Q8_0)
    return fail("expects f32, f16, bf16 or q8_0 storage, but got '" +
                std::string(infoOf(spec.storage).name) + "'");
  if (spec.storage == Encoding::Q8_0 && spec.columns % kScaledColumns)
    return fail("expects rows of a multiple of 32 columns in q8_0");
  return success();
}

namespace {

/// Where scratch holds what: byte offsets.
struct Layout {
  int64_t groups; ///< blocks of sixteen heads
  int64_t most;   ///< candidates
  int64_t queries, factors, block, keys, ids, count, bytes;

  explicit Layout(const IndexTopKSpec &spec) {
    constexpr int64_t kVector = kBlockHeads * 4;
    groups = (spec.heads + kBlockHeads - 1) / kBlockHeads;
    most = (2 * spec.k + kLanes - 1) / kLanes * kLanes + kBlockRows;
    int64_t next = 0;
    auto take = [&](int64_t size) {
      int64_t at = next;
      next += (size + 63) / 64 * 64;
      return at;
    };
    queries = take(groups * spec.columns * kVector);
    factors = take(groups * kVector);
    block = take(RowBlock::bytes(spec.columns));
    keys = take(most * 4);
    ids = take(most * 4);
    count = take(4);
    bytes = next;
  }
};

class Builder {
public:
  Builder(OpBuilder &b, Location loc, const CpuLevel &level,
          const IndexTopKSpec &spec, const IndexTopKOperands &operands)
      : e(b, loc), spec(spec), in(operands), lay(spec),
        tile(sharedRowTile(level)) {}

  void build() {
    e.loop(in.begin, in.end, 1, [&](Value token) {
      row = token;
      start();
      Value to = e.divide(e.add(e.add(in.firstPosition, row), 1), spec.clock);
      RowBlock block(e, in.scratch, lay.block, spec.storage,
                     {{in.rows, spec.columns}});
      e.loop(zero(), to, kBlockRows, [&](Value first) {
        e.loop(zero(), e.index(kBlockRows), 1, [&](Value i) {
          Value n = e.add(first, i);
          block.load(i, n, e.less(n, to));
        });
        e.loop(zero(), e.index(kBlockRows), tile,
               [&](Value i) { addScores(block, i, e.add(first, i), to); });
        e.ifThen(e.less(e.index(lay.most - kBlockRows - 1), count()),
                 [&] { keepBest(); });
      });
      e.ifThen(e.less(e.index(spec.k), count()), [&] { keepBest(); });
      finish();
    });
  }

private:
  Value zero() { return e.index(int64_t(0)); }
  VectorType oneWord() { return e.i32(1); }
  Value asWord(Value index) {
    return arith::IndexCastOp::create(e.b, e.loc, e.b.getI32Type(), index);
  }
  Value wordAt(int64_t area, Value number) {
    return e.loadBytes(in.scratch, e.add(e.mul(number, 4), area), oneWord());
  }
  void putWord(int64_t area, Value number, Value word) {
    e.storeBytes(in.scratch, e.add(e.mul(number, 4), area),
                 e.splat(word, oneWord()));
  }
  Value scalar(Value vector) {
    return vector::ExtractOp::create(e.b, e.loc, vector, 0);
  }
  /// Candidates so far.
  Value count() {
    return arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(),
                                      scalar(wordAt(lay.count, zero())));
  }
  void setCount(Value number) { putWord(lay.count, zero(), asWord(number)); }

  /// Queries of all heads, and their factors: none of lanes without a head.
  void start() {
    Value none = e.constant(0.0, e.f32());
    for (int64_t group = 0; group < lay.groups; ++group) {
      int64_t first = group * kBlockHeads;
      int64_t heads = std::min(spec.heads - first, kBlockHeads);
      buildTransposed(e, in.query, e.index(heads), spec.columns, 1, in.scratch,
                      e.index(lay.queries + first * spec.columns * 4),
                      [&](Value head) {
                        return e.add(e.mul(row, in.queryStride),
                                     e.mul(e.add(head, first), spec.columns));
                      });
      e.storeBytes(in.scratch, e.index(lay.factors + first * 4), none);
      Value from = e.add(e.mul(row, in.factorStride), first);
      for (Piece piece : piecesOf(heads))
        e.storeBytes(
            in.scratch, e.index(lay.factors + (first + piece.offset) * 4),
            e.load(in.factors, e.add(from, piece.offset), e.f32(piece.lanes)));
    }
    setCount(zero());
  }

  /// The scores of a tile of rows become candidates.
  void addScores(const RowBlock &block, Value inBlock, Value first, Value to) {
    Values none(tile, e.constant(0.0, e.f32()));
    Values sums = e.loop(
        zero(), e.index(lay.groups), 1, none,
        [&](Value group, ValueRange before) {
          Value queries =
              e.add(e.mul(group, kBlockHeads * spec.columns * 4), lay.queries);
          Values dots = buildSharedDots(e, block, in.scratch, queries,
                                        spec.columns, inBlock, tile);
          Value factor = e.loadBytes(
              in.scratch, e.add(e.mul(group, kBlockHeads * 4), lay.factors),
              e.f32());
          Values next;
          for (int64_t i = 0; i < tile; ++i)
            next.push_back(e.fma(e.maxf(dots[i], none[0]), factor, before[i]));
          return next;
        });
    for (int64_t i = 0; i < tile; ++i) {
      Value n = e.add(first, i);
      e.ifThen(e.less(n, to), [&] {
        Value score =
            vector::ExtractOp::create(e.b, e.loc, e.sumLanes(sums[i]), 0);
        Value at = count();
        putWord(lay.keys, at, keyOf(score));
        putWord(lay.ids, at, asWord(n));
        setCount(e.add(at, 1));
      });
    }
  }

  /// Integers that are ordered, without sign, as the numbers are.
  Value keyOf(Value score) {
    Value bits = arith::BitcastOp::create(e.b, e.loc, e.b.getI32Type(), score);
    Value sign = e.shiftRightSigned(bits, 31);
    Value mask = arith::OrIOp::create(
        e.b, e.loc, sign, e.constantInt(INT32_MIN, e.b.getI32Type()));
    return arith::XOrIOp::create(e.b, e.loc, bits, mask);
  }

  /// How many of the first `size` keys are at least `bound` (i32); zeros stand
  /// behind them.
  Value countFrom(Value bound, Value size) {
    Value splat = e.splat(bound, e.i32());
    Value ones = e.constantInt(1, e.i32()), zeros = e.constantInt(0, e.i32());
    Value sums =
        e.loop(zero(), size, kLanes, zeros, [&](Value at, ValueRange before) {
           Value keys =
               e.loadBytes(in.scratch, e.add(e.mul(at, 4), lay.keys), e.i32());
           Value isFrom = arith::CmpIOp::create(
               e.b, e.loc, arith::CmpIPredicate::uge, keys, splat);
           Value one = arith::SelectOp::create(e.b, e.loc, isFrom, ones, zeros);
           return Values{e.addi(before[0], one)};
         }).front();
    return vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD,
                                       sums);
  }

  /// Thins the candidates out to the k best, in their order.
  void keepBest() {
    Type word = e.b.getI32Type();
    Value size = count();
    // The last vector of keys is whole.
    e.loop(zero(), e.index(kLanes), 1, [&](Value i) {
      Value at = e.add(size, i);
      e.ifThen(e.less(at, e.index(lay.most)),
               [&] { putWord(lay.keys, at, e.constantInt(0, word)); });
    });
    Value k = e.constantInt(spec.k, word);
    // The largest key that k candidates reach, from its highest bit down.
    Value least =
        e.loop(zero(), e.index(int64_t(32)), 1, e.constantInt(0, word),
               [&](Value i, ValueRange before) {
                 Value bit = arith::ShLIOp::create(
                     e.b, e.loc, e.constantInt(1, word),
                     asWord(e.sub(e.index(int64_t(31)), i)));
                 Value tried = arith::OrIOp::create(e.b, e.loc, before[0], bit);
                 Value reached = arith::CmpIOp::create(
                     e.b, e.loc, arith::CmpIPredicate::sge,
                     countFrom(tried, size), k);
                 Value next = arith::SelectOp::create(e.b, e.loc, reached,
                                                      tried, before[0]);
                 return Values{next};
               })
            .front();
    Value above = countFrom(e.addi(least, e.constantInt(1, word)), size);
    Value equals = arith::SubIOp::create(e.b, e.loc, k, above);
    auto compare = [&](arith::CmpIPredicate predicate, Value a,
                       Value b) -> Value {
      return arith::CmpIOp::create(e.b, e.loc, predicate, a, b);
    };
    Values kept = e.loop(
        zero(), size, 1, {zero(), equals}, [&](Value i, ValueRange before) {
          Value key = scalar(wordAt(lay.keys, i));
          Value isAbove = compare(arith::CmpIPredicate::ugt, key, least);
          Value isEqual = arith::AndIOp::create(
              e.b, e.loc, compare(arith::CmpIPredicate::eq, key, least),
              compare(arith::CmpIPredicate::sgt, before[1],
                      e.constantInt(0, word)));
          // Where it is not kept the next one is written over it.
          putWord(lay.keys, before[0], key);
          putWord(lay.ids, before[0], scalar(wordAt(lay.ids, i)));
          Value isKept = arith::OrIOp::create(e.b, e.loc, isAbove, isEqual);
          Value next =
              e.add(before[0], arith::IndexCastUIOp::create(
                                   e.b, e.loc, e.b.getIndexType(), isKept));
          Value left = arith::SubIOp::create(
              e.b, e.loc, before[1],
              arith::ExtUIOp::create(e.b, e.loc, word, isEqual));
          return Values{next, left};
        });
    setCount(kept[0]);
  }

  void finish() {
    Value target = e.mul(row, in.idsStride);
    Value size = count();
    Value none = e.constantInt(-1, e.b.getI32Type());
    e.loop(zero(), e.index(spec.k), 1, [&](Value j) {
      Value isThere = e.less(j, size);
      Value id = scalar(wordAt(lay.ids, j));
      e.storeScalar(in.ids, e.add(target, j),
                    arith::SelectOp::create(e.b, e.loc, isThere, id, none));
    });
  }

  Emitter e;
  const IndexTopKSpec &spec;
  const IndexTopKOperands &in;
  Layout lay;
  int64_t tile;
  Value row;
};

} // namespace

int64_t indexTopKScratchBytes(const IndexTopKSpec &spec) {
  return Layout(spec).bytes;
}

void buildIndexTopK(OpBuilder &b, Location loc, const CpuLevel &level,
                    const IndexTopKSpec &spec,
                    const IndexTopKOperands &operands) {
  assert(checkIndexTopK(spec).ok() && "the spec has a kernel");
  Builder(b, loc, level, spec, operands).build();
}

} // namespace tombolo
