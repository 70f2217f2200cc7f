#include "codegen/cpu/kernels/RowAttention.h"
#include <cmath>
#include <numbers>

using namespace mlir;

namespace tombolo {

Status checkRowAttention(const RowAttentionSpec &spec) {
  auto fail = [&](const std::string &message) {
    return Error("", "attention of " + std::to_string(spec.heads) +
                         " heads over rows of " + std::to_string(spec.columns) +
                         ": " + message);
  };
  constexpr int64_t kMost = 1 << 14;
  if (spec.heads < 1 || spec.heads > kMost || spec.columns < 1 ||
      spec.columns > kMost || spec.extraColumns < 0 ||
      spec.extraColumns > kMost)
    return fail("expects at most " + std::to_string(kMost) +
                " heads and columns, and one of each");
  if (spec.storage != Encoding::F32 && spec.storage != Encoding::F16 &&
      spec.storage != Encoding::BF16 && spec.storage != Encoding::Q8_0)
    return fail("expects f32, f16, bf16 or q8_0 storage, but got '" +
                std::string(infoOf(spec.storage).name) + "'");
  if (spec.storage == Encoding::Q8_0 &&
      (spec.columns % kScaledColumns || spec.extraColumns % kScaledColumns))
    return fail("expects rows of a multiple of 32 columns in q8_0");
  if (spec.sets.empty() || !std::isfinite(spec.scale))
    return fail("expects a set of rows and a finite scale");
  for (const RowAttentionSpec::Set &set : spec.sets)
    if (set.clock < 1 || set.window < 0 || set.picks < 0 ||
        (set.clock > 1 && set.window > 0))
      return fail("expects clocks of 1 or more, and windows of rows of every "
                  "token only");
  return success();
}

namespace {

/// Where scratch holds what: byte offsets.
struct Layout {
  int64_t queries, block, scores, outputs, sinks, bytes;

  explicit Layout(const RowAttentionSpec &spec) {
    int64_t columns = spec.columns + spec.extraColumns, next = 0;
    auto take = [&](int64_t size) {
      int64_t at = next;
      next += (size + 63) / 64 * 64;
      return at;
    };
    constexpr int64_t kVector = kBlockHeads * 4;
    queries = take(columns * kVector);
    block = take(RowBlock::bytes(columns));
    scores = take(kBlockRows * kVector);
    outputs = take(spec.columns * kVector);
    sinks = take(kVector);
    bytes = next;
  }
};

class Builder {
public:
  Builder(OpBuilder &b, Location loc, const CpuLevel &level,
          const RowAttentionSpec &spec, const RowAttentionOperands &operands)
      : e(b, loc), spec(spec), in(operands), lay(spec),
        tile(sharedRowTile(level)) {}

  void build() {
    int64_t blocks = (spec.heads + kBlockHeads - 1) / kBlockHeads;
    e.loop(in.begin, in.end, 1, [&](Value program) {
      row = e.divide(program, blocks);
      firstHead = e.mul(e.remainder(program, blocks), kBlockHeads);
      heads =
          e.min(e.sub(e.index(spec.heads), firstHead), e.index(kBlockHeads));
      position = e.add(in.firstPosition, row);
      Values state = start();
      for (size_t i = 0; i < spec.sets.size(); ++i)
        state = addSet(spec.sets[i], in.sets[i], state);
      finish(state[1]);
    });
  }

private:
  Value zero() { return e.index(int64_t(0)); }
  Value vectorAt(int64_t area, Value number) {
    return e.add(e.mul(number, kBlockHeads * 4), area);
  }

  /// Scaled queries and no output in scratch; the largest scores and the sums
  /// of an empty softmax, a lane for each head.
  Values start() {
    // Scores are kept as powers of two.
    double factor = spec.scale * std::numbers::log2e;
    auto offsetIn = [&](int64_t stride, int64_t columns) {
      return [=, this](Value head) {
        return e.add(e.mul(row, stride),
                     e.mul(e.add(firstHead, head), columns));
      };
    };
    buildTransposed(e, in.query, heads, spec.columns, factor, in.scratch,
                    e.index(lay.queries),
                    offsetIn(in.queryStride, spec.columns));
    if (spec.extraColumns)
      buildTransposed(e, in.extraQuery, heads, spec.extraColumns, factor,
                      in.scratch, vectorAt(lay.queries, e.index(spec.columns)),
                      offsetIn(in.extraStride, spec.extraColumns));
    Value nothing = e.constant(0.0, e.f32());
    e.loop(zero(), e.index(spec.columns), 1, [&](Value c) {
      e.storeBytes(in.scratch, vectorAt(lay.outputs, c), nothing);
    });
    if (!spec.hasSink)
      return {e.constant(kHiddenScore, e.f32()), nothing};
    buildTransposed(e, in.sinks, heads, 1, std::numbers::log2e, in.scratch,
                    e.index(lay.sinks),
                    [&](Value head) { return e.add(firstHead, head); });
    return {e.loadBytes(in.scratch, e.index(lay.sinks), e.f32()),
            e.constant(1.0, e.f32())};
  }

  Values addSet(const RowAttentionSpec::Set &set,
                const RowAttentionOperands::Set &operands, ValueRange state) {
    SmallVector<RowPart> parts{{operands.rows, spec.columns}};
    if (spec.extraColumns)
      parts.push_back({operands.extra, spec.extraColumns});
    RowBlock block(e, in.scratch, lay.block, spec.storage, parts);
    Value to = e.divide(e.add(position, 1), set.clock);
    Value from =
        set.window
            ? e.max(e.sub(e.add(position, 1), e.index(set.window)), zero())
            : zero();
    auto isSeen = [&](Value n) -> Value {
      Value isBelow = e.less(n, to);
      if (!set.window && !set.picks)
        return isBelow;
      Value isAbove =
          arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, n, from);
      return arith::AndIOp::create(e.b, e.loc, isBelow, isAbove);
    };
    Value begin =
        set.picks ? zero() : e.mul(e.divide(from, kBlockRows), kBlockRows);
    Value end = set.picks ? e.index(set.picks) : to;
    auto rowOf = [&](Value first, Value i) -> std::pair<Value, Value> {
      Value n = e.add(first, i);
      if (set.picks)
        return pick(set, operands, n, isSeen);
      return {n, isSeen(n)};
    };
    auto addRows = [&](Value first, ValueRange before) {
      e.loop(zero(), e.index(kBlockRows), 1, [&](Value i) {
        auto [n, isThere] = rowOf(first, i);
        block.load(i, n, isThere);
      });
      return addBlock(block, before);
    };
    return e.loop(
        begin, end, kBlockRows, state,
        [&](Value first, ValueRange before) -> Values {
          if (!set.picks)
            return addRows(first, before);
          // Where there are fewer rows than ids, most blocks have none.
          Value none = e.constantInt(0, e.b.getI1Type());
          Value isAny = e.loop(zero(), e.index(kBlockRows), 1, none,
                               [&](Value i, ValueRange any) {
                                 Value isThere = rowOf(first, i).second;
                                 return Values{arith::OrIOp::create(
                                     e.b, e.loc, any[0], isThere)};
                               })
                            .front();
          auto added = scf::IfOp::create(
              e.b, e.loc, isAny,
              [&](OpBuilder &, Location) {
                scf::YieldOp::create(e.b, e.loc, addRows(first, before));
              },
              [&](OpBuilder &, Location) {
                scf::YieldOp::create(e.b, e.loc, before);
              });
          return Values(added.getResults());
        });
  }

  /// The row that the `n`-th id names, and whether there is one.
  std::pair<Value, Value> pick(const RowAttentionSpec::Set &set,
                               const RowAttentionOperands::Set &operands,
                               Value n,
                               llvm::function_ref<Value(Value)> isSeen) {
    Value isId = e.less(n, e.index(set.picks));
    // Behind the last id it is read again.
    Value at =
        e.add(e.mul(row, operands.idsStride), e.min(n, e.index(set.picks - 1)));
    Value named = arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(),
                                             e.loadScalar(operands.ids, at));
    return {named, arith::AndIOp::create(e.b, e.loc, isId, isSeen(named))};
  }

  /// The softmax and its sums move on by a block of rows.
  Values addBlock(const RowBlock &block, ValueRange before) {
    int64_t columns = spec.columns + spec.extraColumns;
    Value maximum =
        e.loop(zero(), e.index(kBlockRows), tile, before[0],
               [&](Value first, ValueRange carried) {
                 Values scores =
                     buildSharedDots(e, block, in.scratch, e.index(lay.queries),
                                     columns, first, tile);
                 Value largest = carried[0];
                 for (int64_t i = 0; i < tile; ++i) {
                   Value n = e.add(first, i);
                   Value score = e.addf(scores[i], block.bias(n));
                   e.storeBytes(in.scratch, vectorAt(lay.scores, n), score);
                   largest = e.maxf(score, largest);
                 }
                 return Values{largest};
               })
            .front();
    Value correction = e.exp2OfNegative(e.subf(before[0], maximum));
    Value hidden = e.constant(kHiddenScore / 2, e.f32());
    Value sum =
        e.loop(zero(), e.index(kBlockRows), 1, e.mulf(before[1], correction),
               [&](Value n, ValueRange carried) {
                 Value at = vectorAt(lay.scores, n);
                 Value score = e.loadBytes(in.scratch, at, e.f32());
                 Value weight = e.exp2OfNegative(e.subf(score, maximum));
                 Value isSeen = arith::CmpFOp::create(
                     e.b, e.loc, arith::CmpFPredicate::OGT, score, hidden);
                 weight = arith::SelectOp::create(e.b, e.loc, isSeen, weight,
                                                  e.constant(0.0, e.f32()));
                 e.storeBytes(in.scratch, at, weight);
                 return Values{e.addf(carried[0], weight)};
               })
            .front();
    int64_t whole = spec.columns / tile * tile;
    e.loop(zero(), e.index(whole), tile,
           [&](Value column) { accumulate(block, column, tile, correction); });
    if (spec.columns > whole)
      accumulate(block, e.index(whole), spec.columns - whole, correction);
    return {maximum, sum};
  }

  /// output = output * correction + weights * rows, of some columns.
  void accumulate(const RowBlock &block, Value column, int64_t count,
                  Value correction) {
    Values sums;
    for (int64_t i = 0; i < count; ++i)
      sums.push_back(
          e.mulf(e.loadBytes(in.scratch,
                             vectorAt(lay.outputs, e.add(column, i)), e.f32()),
                 correction));
    sums = e.loop(
        zero(), e.index(kBlockRows), 1, sums, [&](Value n, ValueRange before) {
          Value weight =
              e.loadBytes(in.scratch, vectorAt(lay.scores, n), e.f32());
          Value from = e.add(block.rowAt(n), e.mul(column, 4));
          Values next;
          for (int64_t i = 0; i < count; ++i)
            next.push_back(e.fma(
                weight, e.loadSplat(in.scratch, e.add(from, i * 4), e.f32()),
                before[i]));
          return next;
        });
    for (int64_t i = 0; i < count; ++i)
      e.storeBytes(in.scratch, vectorAt(lay.outputs, e.add(column, i)),
                   sums[i]);
  }

  void finish(Value sum) {
    // Of heads that saw nothing all is zero.
    Value none = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OEQ,
                                       sum, e.constant(0.0, e.f32()));
    Value inverse = e.divf(e.constant(1.0, e.f32()), sum);
    inverse = arith::SelectOp::create(e.b, e.loc, none,
                                      e.constant(0.0, e.f32()), inverse);
    e.loop(zero(), e.index(spec.columns), 1, [&](Value c) {
      Value at = vectorAt(lay.outputs, c);
      e.storeBytes(in.scratch, at,
                   e.mulf(e.loadBytes(in.scratch, at, e.f32()), inverse));
    });
    Value target = e.mul(row, in.outputStride);
    e.loop(zero(), heads, 1, [&](Value head) {
      Value to = e.add(target, e.mul(e.add(firstHead, head), spec.columns));
      Value from = e.add(e.mul(head, 4), lay.outputs);
      e.loop(zero(), e.index(spec.columns), 1, [&](Value c) {
        Value x = e.loadBytes(in.scratch,
                              e.add(from, e.mul(c, kBlockHeads * 4)), e.f32(1));
        e.store(in.output, e.add(to, c), x);
      });
    });
  }

  Emitter e;
  const RowAttentionSpec &spec;
  const RowAttentionOperands &in;
  Layout lay;
  int64_t tile;
  Value row, firstHead, heads, position;
};

} // namespace

int64_t rowAttentionScratchBytes(const RowAttentionSpec &spec) {
  return Layout(spec).bytes;
}

void buildRowAttention(OpBuilder &b, Location loc, const CpuLevel &level,
                       const RowAttentionSpec &spec,
                       const RowAttentionOperands &operands) {
  assert(checkRowAttention(spec).ok() && "the spec has a kernel");
  Builder(b, loc, level, spec, operands).build();
}

} // namespace tombolo
