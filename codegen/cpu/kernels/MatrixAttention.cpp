#include "codegen/cpu/kernels/MatrixAttention.h"
#include "codegen/cpu/kernels/AttentionProgram.h"
#include "codegen/cpu/kernels/Bf16Dots.h"
#include "runtime/core/KernelAbi.h"

using namespace mlir;

namespace tombolo {

static int64_t termsOf(const AttentionSpec &spec) {
  return spec.products == AttentionProducts::Bf16x2 ? 2 : 1;
}

static const Bf16Instructions *dotsOf(const CpuLevel &level,
                                      const AttentionSpec &spec) {
  if (spec.rowTile == 1 || spec.products == AttentionProducts::F32)
    return nullptr;
  return Isa(level).bf16Dots(termsOf(spec));
}

static int64_t roundedTo(int64_t size, int64_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

namespace {

/// Positions of one product of queries and keys.
constexpr int64_t kScores = Bf16Dots::kVectors * kLanes;

/// How one level cuts the work, and where scratch holds what.
struct Layout {
  int64_t group, rows; ///< rows of queries, and with those that fill tiles
  int64_t block;       ///< of them in one product
  int64_t chunk;       ///< of them in one loop of the softmax
  int64_t keyColumns;  ///< with those that fill steps of products
  int64_t depth;       ///< positions of one such step, or of a vector
  int64_t terms, storedTerms; ///< of queries and weights; of keys and values
  int64_t queries, keys, values, scores, weights;        ///< byte offsets
  int64_t keyBytes, valueBytes, queryBytes, weightBytes; ///< of one term
  AttentionScratch scratch;

  Layout(const Bf16Instructions &dots, const AttentionSpec &spec) {
    group = spec.heads / spec.kvHeads * spec.rowTile;
    rows = dots.tiles ? roundedTo(group, kLanes) : group;
    block = Bf16Dots::rowsOf(dots, rows);
    // Several chains of dependent instructions, and no more than registers.
    chunk = 4;
    while (block % chunk)
      --chunk;
    keyColumns = roundedTo(spec.keyColumns, 2 * Bf16Dots::step(dots));
    depth = std::max(2 * Bf16Dots::step(dots), kLanes);
    terms = termsOf(spec);
    // What is stored in bf16 has no second term.
    storedTerms = spec.storage == Encoding::BF16 ? 1 : terms;
    scratch.takeSoftmax(spec, rows);
    queryBytes = rows * keyColumns * 2;
    keyBytes = keyColumns * kPageRows * 2;
    valueBytes = scratch.outputColumns * kPageRows * 2;
    weightBytes = block * kPageRows * 2;
    queries = scratch.take(terms * queryBytes);
    keys = scratch.take(storedTerms * keyBytes);
    values = scratch.take(storedTerms * valueBytes);
    scores = scratch.take(block * kPageRows * 4);
    weights = scratch.take(terms * weightBytes);
  }
};

class Builder : AttentionProgram {
public:
  Builder(OpBuilder &b, Location loc, const Bf16Instructions &instructions,
          const AttentionSpec &spec, const AttentionOperands &operands)
      : AttentionProgram(b, loc, spec, operands),
        dots(e, instructions, in.scratch), lay(instructions, spec) {}

  void build() {
    clearColumns();
    forEachTile(spec.rowTile, [&](Value row) {
      firstRow = row;
      // Those that there are, and with those that fill the last block.
      Value there =
          e.min(e.index(lay.group), e.mul(e.sub(in.rows, firstRow), shared));
      rows = rounded(e.add(there, lay.block - 1), lay.block);
      start();
      Value last = positionOf(e.sub(rows, e.index(int64_t(1))));
      Value begin = e.divide(firstVisible(zero()), kPageRows);
      Value end = e.add(e.divide(last, kPageRows), 1);
      e.loop(begin, end, 1, [&](Value page) { buildPage(page); });
      forEachRow(there, [&](Value g) { finish(lay.scratch, g); });
    });
  }

private:
  Value rounded(Value x, int64_t multiple) {
    return e.mul(e.divide(x, multiple), multiple);
  }
  Value nothing(int64_t lanes = kLanes) {
    return e.constant(0.0, e.f32(lanes));
  }
  /// As loadStored, but what is bf16, which is wanted, stays so.
  Value loadTerm(Value memory, Value offset, int64_t lanes) {
    if (spec.storage != Encoding::BF16)
      return loadStored(memory, offset, lanes);
    return e.loadBytes(memory, offset,
                       VectorType::get({lanes}, e.b.getBF16Type()));
  }
  /// Each term of a vector to its matrix.
  void storeTerms(Value at, int64_t termBytes, int64_t terms, Value x) {
    for (auto [i, term] : llvm::enumerate(dots.split(x, terms)))
      e.storeBytes(in.scratch, e.add(at, i * termBytes), term);
  }
  void storePairs(Value at, int64_t termBytes, Value x, Value y) {
    Values first = dots.split(x, lay.storedTerms);
    Values second = dots.split(y, lay.storedTerms);
    for (int64_t i = 0; i < lay.storedTerms; ++i)
      e.storeBytes(in.scratch, e.add(at, i * termBytes),
                   dots.pairs(first[i], second[i]));
  }

  /// Keys of the columns behind the last, which stay.
  void clearColumns() {
    Value first = e.index((spec.keyColumns + 1) / 2);
    e.loop(first, e.index(lay.keyColumns / 2), 1, [&](Value pair) {
      e.loop(zero(), e.index(int64_t(kPageRows)), kLanes, [&](Value at) {
        storePairs(keyAt(pair, at), lay.keyBytes, nothing(), nothing());
      });
    });
  }

  /// Scaled queries and the empty softmax in scratch.
  void start() {
    forEachRow(rows, [&](Value g) {
      Value to = areaAt(lay.queries, g, lay.keyColumns * 2);
      for (Piece piece : piecesOf(spec.keyColumns))
        storeTerms(e.add(to, piece.offset * 2), lay.queryBytes, lay.terms,
                   loadQuery(g, piece));
      for (Piece piece : piecesOf(lay.keyColumns - spec.keyColumns))
        storeTerms(e.add(to, (spec.keyColumns + piece.offset) * 2),
                   lay.queryBytes, lay.terms, nothing(piece.lanes));
      startSoftmax(lay.scratch, g);
    });
  }

  void buildPage(Value page) {
    Value first = e.mul(page, kPageRows);
    // Later rows see as much behind and begin no earlier.
    Value from = visibleRows(zero(), first).first;
    Value to = visibleRows(e.sub(rows, e.index(int64_t(1))), first).second;
    convertKeys(headPart(in.keys, spec.keyColumns, first), from, to);
    convertValues(headPart(in.values, spec.valueColumns, first), from, to);
    e.loop(zero(), rows, lay.block, [&](Value g) {
      Value low = visibleRows(g, first).first;
      Value high = visibleRows(e.add(g, lay.block - 1), first).second;
      e.ifThen(e.less(low, high), [&] {
        scores(g, low, high);
        Value begin = rounded(low, lay.depth);
        Value end = rounded(e.add(high, lay.depth - 1), lay.depth);
        e.loop(zero(), e.index(lay.block), lay.chunk,
               [&](Value h) { softmax(g, h, first, begin, end); });
        accumulate(g, begin, end);
      });
    });
  }

  Value keyAt(Value pair, Value position) {
    return e.add(areaAt(lay.keys, pair, kPageRows * 4), e.mul(position, 4));
  }

  /// Keys of positions around [from, to). What is in others does not matter:
  /// their scores are hidden.
  void convertKeys(Value keys, Value from, Value to) {
    auto convert = [&](Value pair, bool hasSecond) {
      Value column = e.mul(pair, 2);
      e.loop(rounded(from, kLanes), to, kLanes, [&](Value at) {
        auto load = [&](Value column) {
          Value place = e.add(e.mul(column, kPageRows), at);
          Value key = loadTerm(
              in.keys.pool, e.add(keys, e.mul(place, storedBytes())), kLanes);
          if (!isScaled())
            return key;
          return e.mulf(key,
                        keyScale(keys, e.divide(column, kScaledColumns), at));
        };
        storePairs(keyAt(pair, at), lay.keyBytes, load(column),
                   hasSecond ? load(e.add(column, 1)) : nothing());
      });
    };
    e.loop(zero(), e.index(spec.keyColumns / 2), 1,
           [&](Value pair) { convert(pair, true); });
    if (spec.keyColumns % 2)
      convert(e.index(spec.keyColumns / 2), false);
  }

  /// Values of positions around [from, to); others of the steps that these are
  /// in are zeros: a weight of zero would not hide a NaN.
  void convertValues(Value values, Value from, Value to) {
    e.loop(rounded(from, lay.depth), to, lay.depth, [&](Value begin) {
      Value end = e.add(begin, lay.depth);
      Value inside = arith::AndIOp::create(e.b, e.loc, isAtLeast(begin, from),
                                           isAtLeast(to, end));
      auto convert = [&](bool isInside) {
        e.loop(begin, end, 2, [&](Value row) {
          Value other = e.add(row, 1);
          Value seen, otherSeen;
          if (!isInside) {
            seen = isBetween(row, from, to);
            otherSeen = isBetween(other, from, to);
          }
          Value target = areaAt(lay.values, e.divide(row, 2),
                                lay.scratch.outputColumns * 4);
          int64_t whole = spec.valueColumns / kLanes * kLanes;
          auto columns = [&](Value column, int64_t count) {
            storePairs(e.add(target, e.mul(column, 4)), lay.valueBytes,
                       loadValues(values, row, column, count, seen),
                       loadValues(values, other, column, count, otherSeen));
          };
          e.loop(zero(), e.index(whole), kLanes,
                 [&](Value column) { columns(column, kLanes); });
          if (whole < spec.valueColumns)
            columns(e.index(whole), spec.valueColumns - whole);
        });
      };
      e.ifThen(inside, [&] { convert(true); });
      e.ifThen(isNot(inside), [&] { convert(false); });
    });
  }

  Value isAtLeast(Value x, Value y) {
    return arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, x, y);
  }
  Value isBetween(Value x, Value from, Value to) {
    return arith::AndIOp::create(e.b, e.loc, isAtLeast(x, from), e.less(x, to));
  }
  Value isNot(Value x) {
    return arith::XOrIOp::create(e.b, e.loc, x,
                                 e.constantInt(1, e.b.getI1Type()));
  }

  /// `count` (at most 16) columns of a row's values and zeros; all zeros where
  /// the row is not `seen`, if that is asked.
  Value loadValues(Value values, Value row, Value column, int64_t count,
                   Value seen) {
    Value place = e.add(e.mul(row, spec.valueColumns), column);
    Value from = e.add(values, e.mul(place, storedBytes()));
    auto type = VectorType::get({kLanes}, spec.storage == Encoding::BF16
                                              ? e.b.getBF16Type()
                                              : e.b.getF32Type());
    Value zeros = e.constant(0.0, type), result = zeros;
    for (Piece piece : piecesOf(count)) {
      Value part =
          loadTerm(in.values.pool, e.add(from, piece.offset * storedBytes()),
                   piece.lanes);
      result = piece.lanes == kLanes
                   ? part
                   : vector::InsertStridedSliceOp::create(
                         e.b, e.loc, part, result, piece.offset, 1);
    }
    if (isScaled())
      result = e.mulf(result, valueScale(values, row, column, kLanes));
    if (seen)
      result = arith::SelectOp::create(e.b, e.loc, seen, result, zeros);
    return result;
  }

  /// Scores of the block at `g` and the positions around [from, to).
  void scores(Value g, Value from, Value to) {
    Bf16Dots::Matrix queries{areaAt(lay.queries, g, lay.keyColumns * 2),
                             lay.keyColumns * 2, lay.terms, lay.queryBytes};
    e.loop(rounded(from, kScores), to, kScores, [&](Value at) {
      Bf16Dots::Matrix keys{keyAt(zero(), at), kPageRows * 4, lay.storedTerms,
                            lay.keyBytes};
      dots.multiply(queries, keys, zero(), e.index(lay.keyColumns / 2),
                    lay.block, Bf16Dots::kVectors,
                    {e.add(e.mul(at, 4), lay.scores), kPageRows * 4,
                     /*adds=*/false});
    });
  }

  /// Turns scores of rows h .. h+chunk-1 of the block at `g` into weights
  /// relative to the new maximum, and what was added before as well.
  void softmax(Value g, Value h, Value first, Value begin, Value end) {
    Value hidden = e.constant(kHiddenScore, e.f32());
    auto scoreAt = [&](int64_t i, Value position) {
      return e.add(areaAt(lay.scores, e.add(h, i), kPageRows * 4),
                   e.mul(position, 4));
    };
    SmallVector<Visible> visible;
    for (int64_t i = 0; i < lay.chunk; ++i)
      visible.push_back(visibleOf(visibleRows(e.add(e.add(g, h), i), first)));
    Values maxima(lay.chunk, hidden);
    maxima =
        e.loop(begin, end, kLanes, maxima, [&](Value at, ValueRange before) {
          Values next;
          Value positions = lanesFrom(at);
          for (int64_t i = 0; i < lay.chunk; ++i) {
            Value score = e.loadBytes(in.scratch, scoreAt(i, at), e.f32());
            score = arith::SelectOp::create(e.b, e.loc,
                                            isVisible(positions, visible[i]),
                                            cap(score), hidden);
            e.storeBytes(in.scratch, scoreAt(i, at), score);
            next.push_back(e.maxf(score, before[i]));
          }
          return next;
        });
    Values sums;
    for (int64_t i = 0; i < lay.chunk; ++i) {
      Value row = e.add(e.add(g, h), i);
      auto [correction, maximum] = raiseMaximum(lay.scratch, row, maxima[i]);
      maxima[i] = maximum;
      sums.push_back(e.mulf(
          e.loadBytes(in.scratch, areaAt(lay.scratch.sums, row, 64), e.f32()),
          correction));
      Value outputs =
          areaAt(lay.scratch.outputs, row, lay.scratch.outputColumns * 4);
      e.loop(zero(), e.index(lay.scratch.outputColumns), kLanes,
             [&, correction = correction](Value column) {
               Value at = e.add(outputs, e.mul(column, 4));
               e.storeBytes(
                   in.scratch, at,
                   e.mulf(e.loadBytes(in.scratch, at, e.f32()), correction));
             });
    }
    sums = e.loop(begin, end, kLanes, sums, [&](Value at, ValueRange before) {
      Values next;
      for (int64_t i = 0; i < lay.chunk; ++i) {
        Value weight = weightOf(
            e.loadBytes(in.scratch, scoreAt(i, at), e.f32()), maxima[i]);
        storeTerms(e.add(areaAt(lay.weights, e.add(h, i), kPageRows * 2),
                         e.mul(at, 2)),
                   lay.weightBytes, lay.terms, weight);
        next.push_back(e.addf(before[i], weight));
      }
      return next;
    });
    for (int64_t i = 0; i < lay.chunk; ++i)
      e.storeBytes(in.scratch,
                   areaAt(lay.scratch.sums, e.add(e.add(g, h), i), 64),
                   sums[i]);
  }

  /// output += weights * values.
  void accumulate(Value g, Value begin, Value end) {
    int64_t rowBytes = lay.scratch.outputColumns * 4;
    Bf16Dots::Matrix weights{e.index(lay.weights), kPageRows * 2, lay.terms,
                             lay.weightBytes};
    auto columns = [&](Value column, int64_t vectors) {
      Value offset = e.mul(column, 4);
      Bf16Dots::Matrix values{e.add(offset, lay.values), rowBytes,
                              lay.storedTerms, lay.valueBytes};
      Value outputs = areaAt(lay.scratch.outputs, g, rowBytes);
      dots.multiply(weights, values, e.divide(begin, 2), e.divide(end, 2),
                    lay.block, vectors,
                    {e.add(outputs, offset), rowBytes, /*adds=*/true});
    };
    int64_t step = Bf16Dots::kVectors * kLanes;
    int64_t whole = lay.scratch.outputColumns / step * step;
    e.loop(zero(), e.index(whole), step,
           [&](Value column) { columns(column, Bf16Dots::kVectors); });
    if (whole < lay.scratch.outputColumns)
      columns(e.index(whole), (lay.scratch.outputColumns - whole) / kLanes);
  }

  Bf16Dots dots;
  Layout lay;
  Value rows; ///< of queries, in whole blocks
};

} // namespace

bool hasMatrixAttention(const CpuLevel &level, const AttentionSpec &spec) {
  return dotsOf(level, spec) != nullptr;
}

int64_t matrixAttentionScratchBytes(const CpuLevel &level,
                                    const AttentionSpec &spec) {
  return Layout(*dotsOf(level, spec), spec).scratch.bytes;
}

void buildMatrixAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                          const AttentionSpec &spec,
                          const AttentionOperands &operands) {
  Builder(b, loc, *dotsOf(level, spec), spec, operands).build();
}

} // namespace tombolo
