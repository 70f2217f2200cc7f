#include "codegen/cpu/kernels/Attention.h"
#include "codegen/cpu/kernels/AttentionProgram.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/kernels/MatrixAttention.h"
#include "runtime/core/KernelAbi.h"
#include <algorithm>
#include <cmath>

using namespace mlir;

namespace tombolo {

AttentionProducts attentionProducts(llvm::StringRef name) {
  return name == "bf16x2" ? AttentionProducts::Bf16x2
         : name == "bf16" ? AttentionProducts::Bf16
                          : AttentionProducts::F32;
}

int64_t attentionRowTile(int64_t shared) {
  int64_t tile = 16;
  while (tile < 64 && tile * shared < 48)
    tile *= 2;
  return tile;
}

int64_t attentionPrograms(const AttentionSpec &spec, int64_t rows) {
  if (spec.rowTile == 1)
    return rows * spec.kvHeads * spec.splits;
  int64_t more = rows + spec.rowTile - 1;
  return (more * spec.kvHeads + spec.rowTile - 1) / spec.rowTile;
}

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
  if (spec.rowTile == 1 && spec.products != AttentionProducts::F32)
    return fail("expects products in f32 for one row");
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

/// Bytes of a page's keys and values in f32.
constexpr int64_t kMostUnpacked = int64_t(1) << 18;

/// How one level cuts the work, and where scratch holds what.
struct Layout {
  int64_t group;   ///< rows of queries
  int64_t heads;   ///< of them at a time
  int64_t blocks;  ///< vectors of 16 scores at a time
  int64_t columns; ///< vectors of 16 output columns at a time
  /// Whether a page becomes f32 in scratch before many rows use it.
  bool unpacks;
  int64_t queries, scores, keys, values; ///< byte offsets
  AttentionScratch scratch;

  Layout(const CpuLevel &level, const AttentionSpec &spec) {
    Isa isa(level);
    int64_t budget = std::max<int64_t>(isa.vectors() * 3 / 4, 2);
    group = spec.heads / spec.kvHeads * spec.rowTile;
    // As many heads as fit: each shares what was loaded and converted.
    heads = std::min({group, int64_t(8), budget});
    while (group % heads)
      --heads;
    // Scales take registers too.
    blocks = spec.storage == Encoding::Q8_0 ? 4 : 8;
    while (blocks > 1 && blocks * heads > budget)
      blocks /= 2;
    columns = std::clamp<int64_t>(budget / heads, 1, 8);
    int64_t keyBytes = spec.keyColumns * kPageRows * 4;
    int64_t valueBytes = spec.valueColumns * kPageRows * 4;
    // Longer ones would leave the second-level cache: stored, they are half.
    unpacks = spec.rowTile > 1 && spec.storage != Encoding::F32 &&
              keyBytes + valueBytes <= kMostUnpacked;
    queries = scratch.take(group * spec.keyColumns * 4);
    scores = scratch.take(heads * kPageRows * 4);
    keys = scratch.take(unpacks ? keyBytes : 0);
    values = scratch.take(unpacks ? valueBytes : 0);
    scratch.takeSoftmax(spec, group);
  }
};

/// A page of a key-value head as products read it.
struct PageSource {
  /// Numbers as they are stored in pages, or f32 in scratch.
  bool isStored;
  Value keyMemory, keys, valueMemory, values; ///< byte offsets
  /// Where one row reads pages as they come: the keys of the next.
  Value nextKeys;
};

class Builder : AttentionProgram {
public:
  Builder(OpBuilder &b, Location loc, const CpuLevel &level,
          const AttentionSpec &spec, const AttentionOperands &operands)
      : AttentionProgram(b, loc, spec, operands), lay(level, spec) {}

  void build() {
    if (spec.splits > 1)
      return buildParts();
    if (spec.rowTile == 1) {
      e.loop(in.begin, in.end, 1, [&](Value program) {
        kvHead = divide(program, in.rows);
        buildTile(remainder(program, in.rows));
      });
      return;
    }
    forEachTile(spec.rowTile, [&](Value row) { buildTile(row); });
  }

private:
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
    group = e.index(lay.group);
    if (spec.rowTile > 1)
      // Those behind the last row are at most computed along.
      group = e.min(group, e.mul(e.sub(in.rows, firstRow), shared));
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

  /// Scaled queries and the empty softmax in scratch.
  void start() {
    forEachRow(group, [&](Value g) {
      Value to = areaAt(lay.queries, g, spec.keyColumns * 4);
      for (Piece piece : piecesOf(spec.keyColumns))
        e.storeBytes(in.scratch, e.add(to, piece.offset * 4),
                     loadQuery(g, piece));
      startSoftmax(lay.scratch, g);
    });
  }

  void buildPage(Value page) {
    Value first = e.mul(page, kPageRows);
    PageSource source{true,
                      in.keys.pool,
                      headPart(in.keys, spec.keyColumns, first),
                      in.values.pool,
                      headPart(in.values, spec.valueColumns, first),
                      Value()};
    if (spec.rowTile == 1) {
      // The last page asks for itself again, which is where it is.
      Value next = e.min(e.add(page, 1), e.divide(lastPosition, kPageRows));
      source.nextKeys =
          headPart(in.keys, spec.keyColumns, e.mul(next, kPageRows));
    }
    if (lay.unpacks)
      source = unpack(source, visibleRows(zero(), first).first,
                      visibleRows(e.index(lay.group - 1), first).second);
    e.loop(zero(), group, lay.heads, [&](Value g) {
      // Visible rows of this page; none where the first is behind the last.
      Values from, to;
      for (int64_t h = 0; h < lay.heads; ++h) {
        if (h > 0 && spec.rowTile == 1) {
          from.push_back(from.front());
          to.push_back(to.front());
          continue;
        }
        auto [low, high] = visibleRows(e.add(g, h), first);
        from.push_back(low);
        to.push_back(high);
      }
      // Later rows see as much behind and begin no earlier.
      auto attend = [&] {
        Values maxima = scores(source, g, from, to);
        Values corrections = softmax(g, from.front(), to.back(), maxima);
        accumulate(source, g, from.front(), to.back(), corrections);
      };
      if (spec.rowTile == 1)
        return attend();
      e.ifThen(e.less(from.front(), to.back()), attend);
    });
  }

  int64_t bytesOf(const PageSource &source) const {
    return source.isStored ? storedBytes() : 4;
  }
  /// Without the scale, where there is one.
  Value load(const PageSource &source, Value memory, Value offset,
             int64_t lanes) {
    return source.isStored ? loadStored(memory, offset, lanes)
                           : e.loadBytes(memory, offset, e.f32(lanes));
  }

  /// The rows around [from, to) of a page as f32 in scratch.
  PageSource unpack(const PageSource &stored, Value from, Value to) {
    PageSource result{false,      in.scratch,          e.index(lay.keys),
                      in.scratch, e.index(lay.values), Value()};
    e.loop(zero(), e.index(spec.keyColumns), 1, [&](Value column) {
      Value begin = e.mul(e.divide(from, kLanes), kLanes);
      e.loop(begin, to, kLanes, [&](Value row) {
        Value place = e.add(e.mul(column, kPageRows), row);
        Value key =
            loadStored(stored.keyMemory,
                       e.add(stored.keys, e.mul(place, storedBytes())), kLanes);
        if (isScaled())
          key = e.mulf(key, keyScale(stored.keys,
                                     e.divide(column, kScaledColumns), row));
        e.storeBytes(in.scratch, e.add(result.keys, e.mul(place, 4)), key);
      });
    });
    e.loop(from, to, 1, [&](Value row) {
      Value first = e.mul(row, spec.valueColumns);
      auto copy = [&](Value column, int64_t lanes) {
        Value place = e.add(first, column);
        Value value = loadStored(
            stored.valueMemory,
            e.add(stored.values, e.mul(place, storedBytes())), lanes);
        if (isScaled())
          value = e.mulf(value, valueScale(stored.values, row, column, lanes));
        e.storeBytes(in.scratch, e.add(result.values, e.mul(place, 4)), value);
      };
      int64_t whole = spec.valueColumns / kLanes * kLanes;
      e.loop(zero(), e.index(whole), kLanes,
             [&](Value column) { copy(column, kLanes); });
      for (const Piece &piece : piecesOf(spec.valueColumns - whole))
        copy(e.index(whole + piece.offset), piece.lanes);
    });
    return result;
  }

  /// Writes the scores of rows around [from, to) of each of g .. g+heads-1,
  /// hidden ones as kHiddenScore. Returns each one's largest, lane by lane.
  Values scores(const PageSource &source, Value g, ValueRange from,
                ValueRange to) {
    int64_t step = lay.blocks * kLanes;
    Value queries = areaAt(lay.queries, g, spec.keyColumns * 4);
    Value target = e.index(lay.scores);
    VectorType type = e.f32();
    Values none(lay.heads, e.constant(kHiddenScore, type));
    // One for all heads of a token, where these are one value.
    SmallVector<Visible> visible;
    for (int64_t h = 0; h < lay.heads; ++h)
      visible.push_back(h > 0 && from[h] == from[h - 1] && to[h] == to[h - 1]
                            ? visible.back()
                            : visibleOf({from[h], to[h]}));
    Value begin = e.mul(e.divide(from.front(), step), step);
    return e.loop(
        begin, to.back(), step, none, [&](Value at, ValueRange before) {
          Values sums(lay.heads * lay.blocks, e.constant(0.0, type));
          Values scales;
          auto addColumn = [&](Value column, ValueRange acc) {
            Values next(acc);
            int64_t bytes = bytesOf(source);
            Value offset = e.mul(e.add(e.mul(column, kPageRows), at), bytes);
            Value row = e.add(source.keys, offset);
            // A page's part of one head is too short for the hardware to run
            // ahead: this is needed about a page later.
            if (source.nextKeys)
              e.prefetch(source.valueMemory, e.add(source.values, offset),
                         step * bytes);
            Values k;
            for (int64_t i = 0; i < lay.blocks; ++i)
              k.push_back(load(source, source.keyMemory,
                               e.add(row, i * kLanes * bytes), kLanes));
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
          if (isScaled() && source.isStored)
            sums = e.loop(
                zero(), e.index(spec.keyColumns / kScaledColumns), 1, sums,
                [&](Value number, ValueRange acc) {
                  scales.clear();
                  for (int64_t i = 0; i < lay.blocks; ++i)
                    scales.push_back(
                        keyScale(source.keys, number, e.add(at, i * kLanes)));
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
            Value positions = lanesFrom(row), seen;
            for (int64_t h = 0; h < lay.heads; ++h) {
              if (h == 0 || visible[h].from != visible[h - 1].from)
                seen = isVisible(positions, visible[h]);
              Value score = arith::SelectOp::create(
                  e.b, e.loc, seen, cap(sums[h * lay.blocks + i]), none[0]);
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

  /// Turns the page's scores into weights relative to the new maximum. Returns
  /// what earlier sums and outputs are multiplied by.
  Values softmax(Value g, Value from, Value to, ValueRange pageMaxima) {
    Values corrections, maxima, sums;
    for (int64_t h = 0; h < lay.heads; ++h) {
      auto [correction, maximum] =
          raiseMaximum(lay.scratch, e.add(g, h), pageMaxima[h]);
      Value sumAt = areaAt(lay.scratch.sums, e.add(g, h), 64);
      sums.push_back(
          e.mulf(e.loadBytes(in.scratch, sumAt, e.f32()), correction));
      corrections.push_back(correction);
      maxima.push_back(maximum);
    }
    Value target = e.index(lay.scores);
    Value begin = e.mul(e.divide(from, kLanes), kLanes);
    sums = e.loop(begin, to, kLanes, sums, [&](Value row, ValueRange acc) {
      Values next;
      for (int64_t h = 0; h < lay.heads; ++h) {
        Value at = e.add(e.add(target, h * kPageRows * 4), e.mul(row, 4));
        Value score = e.loadBytes(in.scratch, at, e.f32());
        Value weight = weightOf(score, maxima[h]);
        e.storeBytes(in.scratch, at, weight);
        next.push_back(e.addf(acc[h], weight));
      }
      return next;
    });
    for (int64_t h = 0; h < lay.heads; ++h)
      e.storeBytes(in.scratch, areaAt(lay.scratch.sums, e.add(g, h), 64),
                   sums[h]);
    return corrections;
  }

  /// output = output * correction + weights * values.
  void accumulate(const PageSource &source, Value g, Value from, Value to,
                  ValueRange corrections) {
    Value weights = e.index(lay.scores);
    int64_t bytes = bytesOf(source);
    Value outputs =
        areaAt(lay.scratch.outputs, g, lay.scratch.outputColumns * 4);
    auto addPieces = [&](Value column, ArrayRef<Piece> pieces) {
      auto outputAt = [&](int64_t h, const Piece &piece) {
        return e.add(e.add(outputs, e.mul(column, 4)),
                     h * lay.scratch.outputColumns * 4 + piece.offset * 4);
      };
      Values acc;
      for (int64_t h = 0; h < lay.heads; ++h)
        for (const Piece &piece : pieces) {
          VectorType type = e.f32(piece.lanes);
          Value factor = narrowed(e, corrections[h], piece.lanes);
          acc.push_back(e.mulf(
              e.loadBytes(in.scratch, outputAt(h, piece), type), factor));
        }
      acc = e.loop(from, to, 1, acc, [&](Value row, ValueRange before) {
        Value offset =
            e.mul(e.add(e.mul(row, spec.valueColumns), column), bytes);
        Value place = e.add(source.values, offset);
        if (source.nextKeys) {
          int64_t width = 0;
          for (const Piece &piece : pieces)
            width += piece.lanes * bytes;
          e.prefetch(source.keyMemory,
                     e.add(e.add(source.nextKeys, offset),
                           pieces.front().offset * bytes),
                     width);
        }
        Values v;
        for (const Piece &piece : pieces)
          v.push_back(load(source, source.valueMemory,
                           e.add(place, piece.offset * bytes), piece.lanes));
        if (isScaled() && source.isStored)
          for (auto [i, piece] : llvm::enumerate(pieces))
            v[i] = e.mulf(v[i],
                          valueScale(source.values, row,
                                     e.add(column, piece.offset), piece.lanes));
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
    forEachRow(group,
               [&](Value g) { AttentionProgram::finish(lay.scratch, g); });
  }

  void finishPart() {
    forEachRow(group, [&](Value g) {
      Value to = e.add(
          e.mul(firstRow, attentionPartBytes(spec)),
          e.mul(e.add(e.mul(headOf(g), spec.splits), split), partBytes(spec)));
      e.storeBytes(
          in.output, to,
          e.loadBytes(in.scratch, areaAt(lay.scratch.maxima, g, 64), e.f32()));
      e.storeBytes(in.output, e.add(to, 64),
                   e.sumLanes(e.loadBytes(
                       in.scratch, areaAt(lay.scratch.sums, g, 64), e.f32())));
      Value count =
          arith::IndexCastOp::create(e.b, e.loc, e.b.getI32Type(), partCount);
      e.storeBytes(in.output, e.add(to, 128), e.splat(count, e.i32()));
      Value from =
          areaAt(lay.scratch.outputs, g, lay.scratch.outputColumns * 4);
      for (int64_t c = 0; c < lay.scratch.outputColumns; c += kLanes)
        e.storeBytes(in.output, e.add(to, kPartValues + c * 4),
                     e.loadBytes(in.scratch, e.add(from, c * 4), e.f32()));
    });
  }

  Layout lay;
  Value group; ///< rows of queries that there are
  Value partCount, lastPosition;
};

} // namespace

int64_t attentionScratchBytes(const CpuLevel &level,
                              const AttentionSpec &spec) {
  if (hasMatrixAttention(level, spec))
    return matrixAttentionScratchBytes(level, spec);
  return Layout(level, spec).scratch.bytes;
}

void buildAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                    const AttentionSpec &spec,
                    const AttentionOperands &operands) {
  assert(checkAttention(spec).ok() && "the spec has a kernel");
  if (hasMatrixAttention(level, spec))
    return buildMatrixAttention(b, loc, level, spec, operands);
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
              narrowed(e, weight, piece.lanes), before[i + 1]));
        return next;
      });
      for (auto [i, piece] : llvm::enumerate(some))
        e.store(output, e.add(to, piece.offset),
                e.divf(sums[i + 1], narrowed(e, sums.front(), piece.lanes)));
    }
  });
}

} // namespace tombolo
