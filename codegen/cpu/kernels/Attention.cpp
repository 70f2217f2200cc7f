#include "codegen/cpu/kernels/Attention.h"
#include "codegen/cpu/kernels/Isa.h"
#include "runtime/core/KernelAbi.h"
#include <algorithm>
#include <cmath>
#include <numbers>

using namespace mlir;

namespace tombolo {

/// A score that no visible position has.
static constexpr double kHidden = -1e30;

Status checkAttention(const AttentionSpec &spec) {
  auto fail = [&](const std::string &message) {
    return Error("", "attention of " + std::to_string(spec.heads) +
                         " heads over " + std::to_string(spec.kvHeads) + ": " +
                         message);
  };
  constexpr int64_t kMost = 4096;
  for (int64_t size :
       {spec.heads, spec.kvHeads, spec.keyColumns, spec.valueColumns})
    if (size < 1 || size > kMost)
      return fail("expects heads and head sizes between 1 and 4096, but got " +
                  std::to_string(size));
  if (spec.heads % spec.kvHeads)
    return fail("expects a whole number of query heads for each");
  if (spec.storage != Encoding::F32 && spec.storage != Encoding::F16 &&
      spec.storage != Encoding::BF16 && spec.storage != Encoding::Q8_0)
    return fail("expects f32, f16, bf16 or q8_0 storage, but got '" +
                std::string(infoOf(spec.storage).name) + "'");
  if (spec.storage == Encoding::Q8_0 &&
      (spec.keyColumns % kScaledColumns || spec.valueColumns % kScaledColumns))
    return fail("expects heads of a multiple of 32 columns in q8_0, but got " +
                std::to_string(spec.keyColumns) + " and " +
                std::to_string(spec.valueColumns));
  if (spec.rowTile < 1 || spec.rowTile > 64)
    return fail("expects a row tile between 1 and 64, but got " +
                std::to_string(spec.rowTile));
  if (spec.splits < 1 || spec.splits > 64 ||
      (spec.splits > 1 && spec.rowTile > 1))
    return fail("expects 1 to 64 parts, and one part of more than one row, but "
                "got " +
                std::to_string(spec.splits));
  if (spec.window < 0 || !std::isfinite(spec.scale) ||
      !std::isfinite(spec.softcap) || spec.softcap < 0)
    return fail("expects a finite scale, and a window and softcap of at "
                "least 0");
  return success();
}

namespace {

int64_t roundedColumns(const AttentionSpec &spec) {
  return (spec.valueColumns + kLanes - 1) / kLanes * kLanes;
}
/// Byte offset of the values in a head's part, behind its largest score, its
/// sum and the number of parts, each in sixteen lanes.
constexpr int64_t kPartValues = 3 * 64;
int64_t partBytes(const AttentionSpec &spec) {
  return kPartValues + roundedColumns(spec) * 4;
}

/// How one level cuts the work, and where scratch holds what.
struct Layout {
  int64_t shared;  ///< query heads of one key-value head
  int64_t group;   ///< the same of all rows of a program, row after row
  int64_t heads;   ///< of them at a time
  int64_t blocks;  ///< vectors of 16 scores at a time
  int64_t columns; ///< vectors of 16 output columns at a time
  int64_t queries, scores, maxima, sums, outputs, bytes; ///< byte offsets
  int64_t outputColumns;

  Layout(const CpuLevel &level, const AttentionSpec &spec) {
    Isa isa(level);
    int64_t budget = std::max<int64_t>(isa.vectors() * 3 / 4, 2);
    shared = spec.heads / spec.kvHeads;
    group = shared * spec.rowTile;
    // As many heads as fit: each shares what was loaded and converted.
    heads = std::min({group, int64_t(8), budget});
    while (group % heads)
      --heads;
    // Scales take registers too.
    blocks = spec.storage == Encoding::Q8_0 ? 4 : 8;
    while (blocks > 1 && blocks * heads > budget)
      blocks /= 2;
    columns = std::clamp<int64_t>(budget / heads, 1, 8);
    outputColumns = roundedColumns(spec);
    int64_t next = 0;
    auto take = [&](int64_t size) {
      int64_t at = next;
      next += (size + 63) / 64 * 64;
      return at;
    };
    queries = take(group * spec.keyColumns * 4);
    scores = take(group * kPageRows * 4);
    maxima = take(group * 64);
    sums = take(group * 64);
    outputs = take(group * outputColumns * 4);
    bytes = next;
  }
};

class Builder {
public:
  Builder(OpBuilder &b, Location loc, const CpuLevel &level,
          const AttentionSpec &spec, const AttentionOperands &operands)
      : e(b, loc), spec(spec), in(operands), lay(level, spec) {}

  void build() {
    if (spec.splits > 1)
      return buildParts();
    e.loop(in.begin, in.end, 1, [&](Value program) {
      if (spec.rowTile == 1) {
        kvHead = divide(program, in.rows);
        buildTile(remainder(program, in.rows));
        return;
      }
      Value tiles = e.divide(e.add(in.rows, spec.rowTile - 1), spec.rowTile);
      Value early = e.divide(program, 2);
      Value late = e.sub(e.sub(tiles, e.index(int64_t(1))), early);
      Value isLate = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ne,
                                           e.remainder(program, 2), zero());
      Value tile = arith::SelectOp::create(e.b, e.loc, isLate, late, early);
      e.loop(zero(), e.index(spec.kvHeads), 1, [&](Value head) {
        kvHead = head;
        buildTile(e.mul(tile, spec.rowTile));
      });
    });
  }

private:
  Value divide(Value x, Value y) {
    return arith::DivUIOp::create(e.b, e.loc, x, y);
  }
  Value remainder(Value x, Value y) {
    return arith::RemUIOp::create(e.b, e.loc, x, y);
  }

  /// There are as many parts as pages up to the most. Fewer of them are spread
  /// evenly over the programs.
  void buildParts() {
    Value last = e.sub(e.add(in.firstPosition, in.rows), e.index(int64_t(1)));
    Value pages = e.sub(e.add(e.divide(last, kPageRows), 1),
                        e.divide(firstVisibleFrom(last), kPageRows));
    partCount = e.min(pages, e.index(spec.splits));
    auto unitOf = [&](Value program) {
      Value product = arith::MulIOp::create(e.b, e.loc, program, partCount);
      return e.divide(product, spec.splits);
    };
    e.loop(unitOf(in.begin), unitOf(in.end), 1, [&](Value unit) {
      split = remainder(unit, partCount);
      Value rest = divide(unit, partCount);
      kvHead = divide(rest, in.rows);
      buildTile(remainder(rest, in.rows));
    });
  }

  void buildTile(Value row) {
    firstRow = row;
    lastPosition = e.add(in.firstPosition, rowOf(e.index(lay.group - 1)));
    start();
    Value begin = e.divide(firstVisible(zero()), kPageRows);
    Value end = e.add(e.divide(lastPosition, kPageRows), 1);
    if (spec.splits > 1) {
      // As many pages in each part as there can be, in order.
      Value pages = e.sub(end, begin);
      auto cut = [&](Value part) {
        Value product = arith::MulIOp::create(e.b, e.loc, pages, part);
        return e.add(begin, divide(product, partCount));
      };
      end = cut(e.add(split, 1));
      begin = cut(split);
    }
    e.loop(begin, end, 1, [&](Value page) { buildPage(page); });
    if (spec.splits > 1)
      finishPart();
    else
      finish();
  }

  Value zero() { return e.index(int64_t(0)); }
  /// The query head that number `g` of the group is.
  Value headOf(Value g) {
    return e.add(e.mul(kvHead, lay.shared), e.remainder(g, lay.shared));
  }
  /// Its row; behind the last row stand more of the last.
  Value rowOf(Value g) {
    if (spec.rowTile == 1)
      return firstRow;
    return e.min(e.add(firstRow, e.divide(g, lay.shared)),
                 e.sub(in.rows, e.index(int64_t(1))));
  }
  Value positionOf(Value g) { return e.add(in.firstPosition, rowOf(g)); }
  Value firstVisible(Value g) { return firstVisibleFrom(positionOf(g)); }
  Value firstVisibleFrom(Value position) {
    if (!spec.window)
      return zero();
    return e.max(e.sub(e.add(position, 1), e.index(spec.window)), zero());
  }
  int64_t storedBytes() const { return storedElementBytes(spec.storage); }
  bool isScaled() const { return spec.storage == Encoding::Q8_0; }
  /// Without the scale, where there is one.
  Value loadStored(Value memory, Value offset, int64_t lanes) {
    if (isScaled())
      return e.toFloat(arith::ExtSIOp::create(
          e.b, e.loc, e.i32(lanes), e.loadBytes(memory, offset, e.i8(lanes))));
    auto type = VectorType::get({lanes}, e.plainType(spec.storage));
    return e.extend(e.loadBytes(memory, offset, type));
  }
  Value scratchAt(int64_t area, Value head, int64_t headBytes) {
    return e.add(e.mul(head, headBytes), area);
  }
  void forEachHead(llvm::function_ref<void(Value)> body) {
    e.loop(zero(), e.index(lay.group), 1, body);
  }

  /// Scaled queries and the empty softmax in scratch.
  void start() {
    // Scores are kept as powers of two; a soft cap comes before that.
    double factor =
        spec.softcap > 0 ? spec.scale : spec.scale * std::numbers::log2e;
    forEachHead([&](Value g) {
      Value head = headOf(g);
      Value source = e.add(e.index(in.queryOffset),
                           e.mul(rowOf(g), e.index(in.queryStride)));
      Value from = e.add(source, e.mul(head, spec.keyColumns));
      Value to = scratchAt(lay.queries, g, spec.keyColumns * 4);
      for (Piece piece : piecesOf(spec.keyColumns)) {
        VectorType type = e.f32(piece.lanes);
        Value q = e.load(in.query, e.add(from, piece.offset), type);
        e.storeBytes(in.scratch, e.add(to, piece.offset * 4),
                     e.mulf(q, e.constant(factor, type)));
      }
      Value maximum = e.constant(kHidden, e.f32());
      Value sum = e.constant(0.0, e.f32());
      if (spec.hasSink) {
        Value sink = e.splat(e.loadScalar(in.sinks, head), e.f32());
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
      e.storeBytes(in.scratch, scratchAt(lay.maxima, g, 64), maximum);
      e.storeBytes(in.scratch, scratchAt(lay.sums, g, 64), sum);
      Value nothing = e.constant(0.0, e.f32());
      Value out = scratchAt(lay.outputs, g, lay.outputColumns * 4);
      for (int64_t c = 0; c < lay.outputColumns; c += kLanes)
        e.storeBytes(in.scratch, e.add(out, c * 4), nothing);
    });
  }

  void buildPage(Value page) {
    Value first = e.mul(page, kPageRows);
    auto headPart = [&](const Pages &pages, int64_t columns) {
      return e.add(pageStart(e, pages, first),
                   e.mul(kvHead, pageBytes(1, columns, spec.storage)));
    };
    Value keys = headPart(in.keys, spec.keyColumns);
    Value values = headPart(in.values, spec.valueColumns);
    // The last page asks for itself again, which is where it is.
    Value next = e.min(e.add(page, 1), e.divide(lastPosition, kPageRows));
    Value nextKeys =
        e.add(pageStart(e, in.keys, e.mul(next, kPageRows)),
              e.mul(kvHead, pageBytes(1, spec.keyColumns, spec.storage)));
    e.loop(zero(), e.index(lay.group), lay.heads, [&](Value g) {
      // Visible rows of this page; none where the first is behind the last.
      Values from, to;
      for (int64_t h = 0; h < lay.heads; ++h) {
        if (h > 0 && spec.rowTile == 1) {
          from.push_back(from.front());
          to.push_back(to.front());
          continue;
        }
        Value one = e.add(g, h);
        from.push_back(e.sub(e.max(firstVisible(one), first), first));
        to.push_back(e.sub(
            e.min(e.add(positionOf(one), 1), e.add(first, kPageRows)), first));
      }
      // Later rows see as much behind and begin no earlier.
      Values maxima = scores(keys, values, g, from, to);
      Values corrections = softmax(g, from.front(), to.back(), maxima);
      accumulate(values, nextKeys, g, from.front(), to.back(), corrections);
    });
  }

  /// Writes the scores of rows around [from, to) of each of g .. g+heads-1,
  /// hidden ones as kHidden. Returns each one's largest, lane by lane.
  Values scores(Value keys, Value values, Value g, ValueRange from,
                ValueRange to) {
    int64_t step = lay.blocks * kLanes;
    Value queries = scratchAt(lay.queries, g, spec.keyColumns * 4);
    Value target = scratchAt(lay.scores, g, kPageRows * 4);
    VectorType type = e.f32();
    auto asVector = [&](Value index) -> Value {
      Value word =
          arith::IndexCastOp::create(e.b, e.loc, e.b.getI32Type(), index);
      return e.splat(word, e.i32());
    };
    SmallVector<int32_t> numbers;
    for (int32_t i = 0; i < kLanes; ++i)
      numbers.push_back(i);
    Value lanes = arith::ConstantOp::create(
        e.b, e.loc, DenseElementsAttr::get(e.i32(), ArrayRef(numbers)));
    Values none(lay.heads, e.constant(kHidden, type));
    Value begin = e.mul(e.divide(from.front(), step), step);
    return e.loop(
        begin, to.back(), step, none, [&](Value at, ValueRange before) {
          Values sums(lay.heads * lay.blocks, e.constant(0.0, type));
          Values scales;
          auto addColumn = [&](Value column, ValueRange acc) {
            Values next(acc);
            Value offset =
                e.mul(e.add(e.mul(column, kPageRows), at), storedBytes());
            Value row = e.add(keys, offset);
            // A page's part of one head is too short for the hardware to run
            // ahead: this is needed about a page later.
            e.prefetch(in.values.pool, e.add(values, offset),
                       step * storedBytes());
            Values k;
            for (int64_t i = 0; i < lay.blocks; ++i)
              k.push_back(loadStored(in.keys.pool,
                                     e.add(row, i * kLanes * storedBytes()),
                                     kLanes));
            for (size_t i = 0; i < scales.size(); ++i)
              k[i] = e.mulf(k[i], scales[i]);
            Value q = e.add(queries, e.mul(column, 4));
            for (int64_t h = 0; h < lay.heads; ++h) {
              Value factor = e.loadSplat(
                  in.scratch, e.add(q, h * spec.keyColumns * 4), type);
              for (int64_t i = 0; i < lay.blocks; ++i) {
                Value &sum = next[h * lay.blocks + i];
                sum = e.fma(k[i], factor, sum);
              }
            }
            return next;
          };
          auto addColumns = [&](Value from, Value to, ValueRange acc) {
            return e.loop(from, to, 2, acc, [&](Value column, ValueRange acc) {
              return addColumn(e.add(column, 1), addColumn(column, acc));
            });
          };
          if (isScaled())
            sums = e.loop(
                zero(), e.index(spec.keyColumns / kScaledColumns), 1, sums,
                [&](Value number, ValueRange acc) {
                  Value from = e.add(e.mul(number, kPageRows), at);
                  Value start = e.add(e.add(keys, scaleOffset(spec.keyColumns)),
                                      e.mul(from, 2));
                  auto halves = VectorType::get({kLanes}, e.b.getF16Type());
                  scales.clear();
                  for (int64_t i = 0; i < lay.blocks; ++i)
                    scales.push_back(e.extend(e.loadBytes(
                        in.keys.pool, e.add(start, i * kLanes * 2), halves)));
                  Value first = e.mul(number, kScaledColumns);
                  return addColumns(first, e.add(first, kScaledColumns), acc);
                });
          else
            sums = addColumns(zero(), e.index(spec.keyColumns / 2 * 2), sums);
          if (spec.keyColumns % 2)
            sums = addColumn(e.index(spec.keyColumns - 1), sums);
          Values maxima(before);
          for (int64_t i = 0; i < lay.blocks; ++i) {
            Value row = e.add(at, i * kLanes);
            using Predicate = arith::CmpIPredicate;
            Value visible;
            for (int64_t h = 0; h < lay.heads; ++h) {
              if (h == 0 || from[h] != from[h - 1] || to[h] != to[h - 1]) {
                Value low =
                    arith::CmpIOp::create(e.b, e.loc, Predicate::sge, lanes,
                                          asVector(e.sub(from[h], row)));
                Value high =
                    arith::CmpIOp::create(e.b, e.loc, Predicate::slt, lanes,
                                          asVector(e.sub(to[h], row)));
                visible = arith::AndIOp::create(e.b, e.loc, low, high);
              }
              Value score = arith::SelectOp::create(
                  e.b, e.loc, visible, cap(sums[h * lay.blocks + i]), none[0]);
              e.storeBytes(
                  in.scratch,
                  e.add(e.add(target, h * kPageRows * 4), e.mul(row, 4)),
                  score);
              maxima[h] = e.maxf(score, maxima[h]);
            }
          }
          return maxima;
        });
  }

  Value cap(Value score) {
    if (spec.softcap <= 0)
      return score;
    Type type = score.getType();
    Value inner = e.mulf(score, e.constant(1 / spec.softcap, type));
    Value bent = math::TanhOp::create(e.b, e.loc, inner);
    return e.mulf(bent, e.constant(spec.softcap * std::numbers::log2e, type));
  }

  /// Turns the page's scores into weights relative to the new maximum. Returns
  /// what earlier sums and outputs are multiplied by.
  Values softmax(Value g, Value from, Value to, ValueRange pageMaxima) {
    Values corrections, maxima, sums;
    for (int64_t h = 0; h < lay.heads; ++h) {
      Value at = e.add(scratchAt(lay.maxima, g, 64), h * 64);
      Value old = e.loadBytes(in.scratch, at, e.f32());
      Value maximum = e.maxf(e.maxLanes(pageMaxima[h]), old);
      e.storeBytes(in.scratch, at, maximum);
      Value correction = e.exp2OfNegative(e.subf(old, maximum));
      Value sumAt = e.add(scratchAt(lay.sums, g, 64), h * 64);
      sums.push_back(
          e.mulf(e.loadBytes(in.scratch, sumAt, e.f32()), correction));
      corrections.push_back(correction);
      maxima.push_back(maximum);
    }
    Value target = scratchAt(lay.scores, g, kPageRows * 4);
    Value begin = e.mul(e.divide(from, kLanes), kLanes);
    sums = e.loop(begin, to, kLanes, sums, [&](Value row, ValueRange acc) {
      Values next;
      for (int64_t h = 0; h < lay.heads; ++h) {
        Value at = e.add(e.add(target, h * kPageRows * 4), e.mul(row, 4));
        Value score = e.loadBytes(in.scratch, at, e.f32());
        Value weight = e.exp2OfNegative(e.subf(score, maxima[h]));
        // A row that sees nothing yet has no maximum that would hide scores.
        if (spec.rowTile > 1 && spec.window) {
          Value seen =
              arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT,
                                    score, e.constant(kHidden / 2, e.f32()));
          weight = arith::SelectOp::create(e.b, e.loc, seen, weight,
                                           e.constant(0.0, e.f32()));
        }
        e.storeBytes(in.scratch, at, weight);
        next.push_back(e.addf(acc[h], weight));
      }
      return next;
    });
    for (int64_t h = 0; h < lay.heads; ++h)
      e.storeBytes(in.scratch, e.add(scratchAt(lay.sums, g, 64), h * 64),
                   sums[h]);
    return corrections;
  }

  /// The scale of a row's values around `column`, q8_0.
  Value valueScale(Value values, Value row, Value column, int64_t lanes) {
    Value at = e.add(e.mul(row, spec.valueColumns / kScaledColumns),
                     e.divide(column, kScaledColumns));
    Value half = e.loadBytes(
        in.values.pool,
        e.add(e.add(values, scaleOffset(spec.valueColumns)), e.mul(at, 2)),
        VectorType::get({1}, e.b.getF16Type()));
    return e.splat(e.extend(half), e.f32(lanes));
  }

  /// output = output * correction + weights * values.
  void accumulate(Value values, Value nextKeys, Value g, Value from, Value to,
                  ValueRange corrections) {
    Value weights = scratchAt(lay.scores, g, kPageRows * 4);
    Value outputs = scratchAt(lay.outputs, g, lay.outputColumns * 4);
    auto addPieces = [&](Value column, ArrayRef<Piece> pieces) {
      auto outputAt = [&](int64_t h, const Piece &piece) {
        return e.add(e.add(outputs, e.mul(column, 4)),
                     h * lay.outputColumns * 4 + piece.offset * 4);
      };
      Values acc;
      for (int64_t h = 0; h < lay.heads; ++h)
        for (const Piece &piece : pieces) {
          VectorType type = e.f32(piece.lanes);
          Value factor = corrections[h];
          if (piece.lanes != kLanes)
            factor = vector::ExtractStridedSliceOp::create(
                e.b, e.loc, factor, ArrayRef<int64_t>{0},
                ArrayRef<int64_t>{piece.lanes}, ArrayRef<int64_t>{1});
          acc.push_back(e.mulf(
              e.loadBytes(in.scratch, outputAt(h, piece), type), factor));
        }
      acc = e.loop(from, to, 1, acc, [&](Value row, ValueRange before) {
        Value offset =
            e.mul(e.add(e.mul(row, spec.valueColumns), column), storedBytes());
        Value source = e.add(values, offset);
        int64_t width = 0;
        for (const Piece &piece : pieces)
          width += piece.lanes * storedBytes();
        e.prefetch(in.keys.pool,
                   e.add(e.add(nextKeys, offset),
                         pieces.front().offset * storedBytes()),
                   width);
        Values v;
        for (const Piece &piece : pieces)
          v.push_back(loadStored(in.values.pool,
                                 e.add(source, piece.offset * storedBytes()),
                                 piece.lanes));
        if (isScaled())
          for (auto [i, piece] : llvm::enumerate(pieces))
            v[i] = e.mulf(v[i],
                          valueScale(values, row, e.add(column, piece.offset),
                                     piece.lanes));
        Value weightAt = e.add(weights, e.mul(row, 4));
        Values next;
        for (int64_t h = 0; h < lay.heads; ++h) {
          Value at = e.add(weightAt, h * kPageRows * 4);
          for (auto [i, piece] : llvm::enumerate(pieces))
            next.push_back(
                e.fma(v[i], e.loadSplat(in.scratch, at, e.f32(piece.lanes)),
                      before[h * pieces.size() + i]));
        }
        return next;
      });
      for (int64_t h = 0; h < lay.heads; ++h)
        for (auto [i, piece] : llvm::enumerate(pieces))
          e.storeBytes(in.scratch, outputAt(h, piece),
                       acc[h * pieces.size() + i]);
    };
    int64_t step = lay.columns * kLanes;
    int64_t whole = spec.valueColumns / step * step;
    e.loop(zero(), e.index(whole), step,
           [&](Value column) { addPieces(column, piecesOf(step)); });
    SmallVector<Piece> rest = piecesOf(spec.valueColumns - whole);
    for (size_t i = 0; i < rest.size(); i += lay.columns)
      addPieces(e.index(whole),
                ArrayRef(rest).slice(
                    i, std::min<size_t>(lay.columns, rest.size() - i)));
  }

  void finish() {
    forEachHead([&](Value g) {
      Value target = e.mul(rowOf(g), e.index(in.outputStride));
      Value sum = e.sumLanes(
          e.loadBytes(in.scratch, scratchAt(lay.sums, g, 64), e.f32()));
      Value to = e.add(target, e.mul(headOf(g), spec.valueColumns));
      Value from = scratchAt(lay.outputs, g, lay.outputColumns * 4);
      for (Piece piece : piecesOf(spec.valueColumns)) {
        Value total = sum;
        if (piece.lanes != kLanes)
          total = vector::ExtractStridedSliceOp::create(
              e.b, e.loc, total, ArrayRef<int64_t>{0},
              ArrayRef<int64_t>{piece.lanes}, ArrayRef<int64_t>{1});
        Value out = e.loadBytes(in.scratch, e.add(from, piece.offset * 4),
                                e.f32(piece.lanes));
        e.store(in.output, e.add(to, piece.offset), e.divf(out, total));
      }
    });
  }

  void finishPart() {
    forEachHead([&](Value g) {
      Value to = e.add(
          e.mul(firstRow, attentionPartBytes(spec)),
          e.mul(e.add(e.mul(headOf(g), spec.splits), split), partBytes(spec)));
      e.storeBytes(
          in.output, to,
          e.loadBytes(in.scratch, scratchAt(lay.maxima, g, 64), e.f32()));
      e.storeBytes(in.output, e.add(to, 64),
                   e.sumLanes(e.loadBytes(
                       in.scratch, scratchAt(lay.sums, g, 64), e.f32())));
      Value count =
          arith::IndexCastOp::create(e.b, e.loc, e.b.getI32Type(), partCount);
      e.storeBytes(in.output, e.add(to, 128), e.splat(count, e.i32()));
      Value from = scratchAt(lay.outputs, g, lay.outputColumns * 4);
      for (int64_t c = 0; c < lay.outputColumns; c += kLanes)
        e.storeBytes(in.output, e.add(to, kPartValues + c * 4),
                     e.loadBytes(in.scratch, e.add(from, c * 4), e.f32()));
    });
  }

  Emitter e;
  const AttentionSpec &spec;
  const AttentionOperands &in;
  Layout lay;
  Value kvHead, partCount, split, firstRow, lastPosition;
};

} // namespace

int64_t attentionScratchBytes(const CpuLevel &level,
                              const AttentionSpec &spec) {
  return Layout(level, spec).bytes;
}

void buildAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                    const AttentionSpec &spec,
                    const AttentionOperands &operands) {
  assert(checkAttention(spec).ok() && "the spec has a kernel");
  Builder(b, loc, level, spec, operands).build();
}

int64_t attentionPartBytes(const AttentionSpec &spec) {
  return spec.heads * spec.splits * partBytes(spec);
}

void buildAttentionMerge(OpBuilder &b, Location loc, const AttentionSpec &spec,
                         Value parts, Value output, OpFoldResult outputStride,
                         Value row) {
  Emitter e(b, loc);
  Value from = e.mul(row, attentionPartBytes(spec));
  Value target = e.mul(row, e.index(outputStride));
  int64_t each = partBytes(spec);
  e.loop(e.index(int64_t(0)), e.index(spec.heads), 1, [&](Value head) {
    Value part = e.add(from, e.mul(head, spec.splits * each));
    auto load = [&](Value split, int64_t offset, VectorType type) {
      return e.loadBytes(parts, e.add(e.add(part, e.mul(split, each)), offset),
                         type);
    };
    Value first = e.index(int64_t(0));
    Value count = arith::IndexCastOp::create(
        b, loc, b.getIndexType(),
        vector::ExtractOp::create(b, loc, load(first, 128, e.i32()), 0));
    Value maximum =
        e.loop(e.index(int64_t(1)), count, 1, {load(first, 0, e.f32())},
               [&](Value split, ValueRange before) {
                 return Values{e.maxf(load(split, 0, e.f32()), before.front())};
               })
            .front();
    Value to = e.add(target, e.mul(head, spec.valueColumns));
    SmallVector<Piece> pieces = piecesOf(spec.valueColumns);
    constexpr size_t kTogether = 8;
    for (size_t at = 0; at < pieces.size(); at += kTogether) {
      ArrayRef<Piece> some =
          ArrayRef(pieces).slice(at, std::min(kTogether, pieces.size() - at));
      auto narrowed = [&](Value vector, const Piece &piece) -> Value {
        if (piece.lanes == kLanes)
          return vector;
        return vector::ExtractStridedSliceOp::create(
            b, loc, vector, ArrayRef<int64_t>{0},
            ArrayRef<int64_t>{piece.lanes}, ArrayRef<int64_t>{1});
      };
      Values sums = {e.constant(0.0, e.f32())};
      for (const Piece &piece : some)
        sums.push_back(e.constant(0.0, e.f32(piece.lanes)));
      sums = e.loop(first, count, 1, sums, [&](Value split, ValueRange before) {
        // A part without a visible position weighs nothing.
        Value weight =
            e.exp2OfNegative(e.subf(load(split, 0, e.f32()), maximum));
        Values next = {e.fma(load(split, 64, e.f32()), weight, before.front())};
        for (auto [i, piece] : llvm::enumerate(some))
          next.push_back(e.fma(
              load(split, kPartValues + piece.offset * 4, e.f32(piece.lanes)),
              narrowed(weight, piece), before[i + 1]));
        return next;
      });
      for (auto [i, piece] : llvm::enumerate(some))
        e.store(output, e.add(to, piece.offset),
                e.divf(sums[i + 1], narrowed(sums.front(), piece)));
    }
  });
}

} // namespace tombolo
