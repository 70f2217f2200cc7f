#include "codegen/cpu/kernels/Linear.h"
#include "codegen/cpu/kernels/IntegerDots.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/kernels/TileDots.h"
#include "codegen/cpu/kernels/WeightGroups.h"
#include "codegen/cpu/packing/PackR16.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;

namespace tombolo {

/// k of one pass over all rows, so that a panel of weights stays in the L2
/// cache.
static constexpr int64_t kPassColumns = 2048;
/// Up to so many rows a panel costs more than it saves.
static constexpr int64_t kFewRows = 8;

static int64_t ceilDivide(int64_t x, int64_t y) { return (x + y - 1) / y; }
static int64_t groupsOf(const LinearSpec &spec) {
  return ceilDivide(spec.outRows, kLanes);
}
bool supportsIntegers(Encoding encoding) { return hasIntegerCodes(encoding); }

ActivationForm activationForm(llvm::StringRef name) {
  return name == "i16"  ? ActivationForm::I16
         : name == "i8" ? ActivationForm::I8
                        : ActivationForm::F32;
}

Status checkLinear(const LinearSpec &spec) {
  std::string name(infoOf(spec.encoding).name);
  auto fail = [&](const std::string &message) {
    return Error("", "product with '" + name + "' weights of " +
                         std::to_string(spec.outRows) + "x" +
                         std::to_string(spec.inColumns) + ": " + message);
  };
  constexpr int64_t kMost = int64_t(1) << 31;
  if (spec.outRows < 1 || spec.inColumns < 1 || spec.outRows > kMost ||
      spec.inColumns > kMost || spec.maxRows < 1 || spec.maxRows > kMost)
    return fail("expects sizes between 1 and 2^31");
  if (!hasR16(spec.encoding))
    return fail("expects an encoding that has an interleaved form");
  if (!r16GroupBytes(spec.encoding, spec.inColumns))
    return fail("expects rows of whole blocks");
  if (spec.activations == ActivationForm::F32)
    return success();
  if (!supportsIntegers(spec.encoding))
    return fail("expects quantized weights for integer activations");
  int64_t rowTile = spec.manyRows ? rowTileOf(spec.activations) : 1;
  if (spec.rowTile != rowTile)
    return fail("expects a row tile of " + std::to_string(rowTile) +
                ", but got " + std::to_string(spec.rowTile));
  return success();
}

int64_t linearUnitColumns(const LinearSpec &spec) {
  return spec.manyRows && !spec.paired ? 2 * kLanes : kLanes;
}
int64_t linearUnits(const LinearSpec &spec) {
  return ceilDivide(groupsOf(spec) * kLanes, linearUnitColumns(spec));
}

namespace {

/// The register tile of products with many rows.
Isa::Tile tileOf(const Isa &isa, const LinearSpec &spec) {
  return spec.activations == ActivationForm::F32
             ? isa.f32Tile(spec.paired)
             : isa.integerTile(spec.rowTile, planesOf(spec.activations),
                               spec.paired);
}

/// Where the scratch of products with many rows lies: a panel of weights as the
/// tiles read them, unpacked once for all rows, the tiles' sums between two
/// passes, and what tile registers leave, or the sums of a tile's groups that
/// are not summed up together.
struct Scratch {
  bool usesPanel, usesSums;
  int64_t panelBytes, sumBytes, tileBytes;
  int64_t bytes() const { return panelBytes + sumBytes + tileBytes; }
};
Scratch scratchOf(const Isa &isa, const LinearSpec &spec) {
  Scratch scratch{false, false, 0, 0, 0};
  if (!spec.manyRows)
    return scratch;
  Isa::Tile tile = tileOf(isa, spec);
  int64_t columns = std::min(spec.inColumns, kPassColumns);
  if (spec.activations == ActivationForm::F32) {
    scratch.usesPanel = spec.encoding != Encoding::F32;
    if (scratch.usesPanel)
      scratch.panelBytes = columns * tile.groups * 64;
    if (tile.together < tile.groups)
      scratch.tileBytes = tile.rows * tile.groups * 64;
  } else {
    scratch.usesPanel = true;
    scratch.panelBytes = columns / kRecordColumns * tile.groups *
                         WeightGroups(spec.encoding, isa).panelRunBytes();
    if (isa.hasTiles())
      scratch.tileBytes =
          tile.groups *
          TileDots::scratchBytes(tile.rows, planesOf(spec.activations));
  }
  scratch.usesSums = spec.inColumns > kPassColumns;
  if (scratch.usesSums)
    scratch.sumBytes =
        ceilDivide(spec.maxRows, kRowPadding) * kRowPadding * tile.groups * 64;
  return scratch;
}

/// Everything that the parts of one product share.
class Product {
public:
  Product(OpBuilder &b, Location loc, const CpuLevel &level,
          const LinearSpec &spec, const LinearOperands &operands,
          LinearEpilogue epilogue)
      : e(b, loc), isa(level), spec(spec), in(operands), epilogue(epilogue),
        weights(spec.encoding, isa),
        groupBytes(*r16GroupBytes(spec.encoding, spec.inColumns)) {
    if (spec.activations == ActivationForm::F32)
      activationStride = e.index(in.activationStride);
    outputStride = e.index(in.outputStride);
  }

  void build() {
    if (!spec.manyRows) {
      e.loop(in.begin, in.end, 1, [&](Value unit) {
        int64_t each = spec.paired ? 2 : 1;
        e.loop(zero(), in.rows, 1, [&](Value row) {
          buildDirect(e.mul(unit, each), each, row, 1);
        });
      });
      return;
    }
    tile = tileOf(isa, spec);
    scratch = scratchOf(isa, spec);
    forEachUnit([&](Value group, int64_t groups) {
      auto buildMany = [&] {
        for (int64_t g = 0; g < groups; g += tile.groups)
          buildGroups(e.add(group, g), std::min(groups, tile.groups));
      };
      // f32 of quantized weights: much code for what is rarely used.
      if (!planes() && !weights.plain())
        return buildMany();
      e.ifThen(e.less(in.rows, e.index(kFewRows + 1)),
               [&] { buildFew(group, groups); });
      e.ifThen(e.less(e.index(kFewRows), in.rows), buildMany);
    });
  }

private:
  int64_t planes() const { return planesOf(spec.activations); }
  Value zero() { return e.index(int64_t(0)); }

  /// Units of many rows are pairs of groups; an odd last group is a unit of its
  /// own.
  void forEachUnit(llvm::function_ref<void(Value, int64_t)> body) {
    int64_t whole = spec.paired ? groupsOf(spec) : groupsOf(spec) / 2;
    Value bound = e.min(in.end, e.index(whole));
    e.loop(in.begin, bound, 1, [&](Value unit) { body(e.mul(unit, 2), 2); });
    if (spec.paired || groupsOf(spec) % 2 == 0)
      return;
    e.ifThen(e.less(e.max(in.begin, e.index(whole)), in.end),
             [&] { body(e.index(groupsOf(spec) - 1), 1); });
  }
  Value columnOf(Value group) {
    return e.mul(spec.paired ? e.divide(group, 2) : group, kLanes);
  }

  // --- Few rows: weights are unpacked for them where they are ----------------
  /// Rows row .. row+count-1 of `groups` groups that an epilogue takes
  /// together.
  void buildDirect(Value group, int64_t groups, Value row, int64_t count) {
    SmallVector<Values> ofGroup;
    // Group after group: two streams side by side read slower than one.
    for (int64_t g = 0; g < groups; ++g) {
      Value base = e.mul(e.add(group, g), groupBytes);
      ofGroup.push_back(planes() ? directIntegers(row, count, base)
                                 : directF32(row, count, base));
    }
    for (int64_t m = 0; m < count; ++m) {
      Values accumulators;
      for (const Values &sums : ofGroup)
        accumulators.push_back(sums[m]);
      finish(accumulators, e.add(row, m), columnOf(group));
    }
  }

  Values directF32(Value row, int64_t count, Value base) {
    int64_t chains = isa.chains(count);
    Values start(count * chains, e.constant(0.0, e.f32()));
    Values sums =
        sumF32(weights, in.weights, base, 1, 0, e.mul(row, activationStride),
               count, spec.inColumns, start, chains, /*ahead=*/true);
    Values totals;
    for (int64_t m = 0; m < count; ++m) {
      ArrayRef<Value> all = ArrayRef(sums).slice(m * chains, chains);
      Values parts(all);
      while (parts.size() > 1) {
        for (size_t i = 0; i < parts.size() / 2; ++i)
          parts[i] = e.addf(parts[i], parts[i + parts.size() / 2]);
        parts.resize(parts.size() / 2);
      }
      totals.push_back(parts.front());
    }
    return totals;
  }

  /// Asks for what few rows' products read soon, of weights that no cache has
  /// and every core's hardware stops fetching at the end of a page.
  void readAhead(WeightGroups::Place place) {
    constexpr int64_t kAhead = 2048;
    e.prefetch(in.weights, e.add(place.chunk, kAhead), weights.chunkBytes());
  }

  Values directIntegers(Value row, int64_t count, Value base) {
    Value record = recordOf(row), inside = insideOf(row);
    int64_t runs = weights.runs();
    RecordLayout layout = recordLayout();
    Values start(count, e.constant(0.0, e.f32()));
    return e.loop(zero(), e.index(spec.inColumns / weights.chunkColumns()), 1,
                  start, [&](Value at, ValueRange carried) {
                    Values next(carried);
                    WeightGroups::Place place = weights.placeOf(e, base, at);
                    readAhead(place);
                    Value from =
                        e.add(record, e.mul(at, runs * layout.bytes()));
                    for (int64_t run = 0; run < runs; ++run)
                      addRun(e.add(from, run * layout.bytes()), inside, count,
                             weights.unpack(e, in.weights, place, run), next);
                    return next;
                  });
  }

  /// All of at most kFewRows rows of a unit.
  void buildFew(Value group, int64_t groups) {
    // What follows a tile's last row is computed along and never read: two
    // forms are enough, and code for each count takes long to compile.
    int64_t most =
        planes() ? isa.integerRows(spec.rowTile, planes(), /*groups=*/1) : 4;
    SmallVector<int64_t, 2> counts = {most};
    if (most > 2)
      counts.insert(counts.begin(), 2);
    int64_t together = spec.paired ? groups : 1;
    for (int64_t g = 0; g < groups; g += together)
      e.loop(zero(), in.rows, most, [&](Value row) {
        Value left = e.sub(in.rows, row);
        for (size_t i = 0; i < counts.size(); ++i) {
          Value fits = e.less(e.index(i ? counts[i - 1] : 0), left);
          if (i + 1 < counts.size())
            fits = arith::AndIOp::create(e.b, e.loc, fits,
                                         e.less(left, e.index(counts[i] + 1)));
          e.ifThen(fits, [&] {
            buildDirect(e.add(group, g), together, row, counts[i]);
          });
        }
      });
  }

  // --- Tiles of many rows
  // -----------------------------------------------------
  /// All rows of `groups` groups from `group` on.
  void buildGroups(Value group, int64_t groups) {
    Value base = e.mul(group, groupBytes);
    Value column = columnOf(group);
    int64_t passes = ceilDivide(spec.inColumns, kPassColumns);
    if (passes > 1) {
      clearSums(groups);
      e.loop(e.index(int64_t(0)), e.index(passes - 1), 1, [&](Value pass) {
        buildPass(base, groups, e.mul(pass, kPassColumns), kPassColumns,
                  [&](Values sums, Value row) { keepSums(sums, groups, row); });
      });
    }
    int64_t first = (passes - 1) * kPassColumns;
    buildPass(
        base, groups, e.index(first), spec.inColumns - first,
        [&](Values sums, Value row) { finishTile(sums, groups, row, column); });
  }

  void forEachTile(llvm::function_ref<void(Value)> body) {
    e.loop(e.index(int64_t(0)), in.rows, tile.rows, body);
  }

  /// Adds k = first .. first+columns-1 of all rows and gives each tile's sums
  /// to `finished`.
  void buildPass(Value base, int64_t groups, Value first, int64_t columns,
                 llvm::function_ref<void(Values, Value)> finished) {
    WeightGroups source = weights;
    Value memory = in.weights;
    // A pass may begin inside of a block: where a row has one scale it is one.
    Value chunk = e.divide(first, weights.chunkColumns());
    Value start = base;
    int64_t between = groupBytes;
    if (planes()) {
      fillIntegerPanel(base, groups, chunk, columns);
    } else if (scratch.usesPanel) {
      fillPanel(base, groups, chunk, columns);
      source = WeightGroups::panel(groups, isa);
      memory = in.scratch;
      start = e.index(int64_t(0));
      between = 64;
    } else {
      start = e.add(base, weights.bytesOf(e, first));
    }
    forEachTile([&](Value row) {
      auto startOf = [&](Value number) {
        return scratch.usesSums
                   ? e.loadBytes(in.scratch, sumAt(row, number, groups),
                                 e.f32())
                   : e.constant(0.0, e.f32());
      };
      Values sums;
      if (planes() || groups <= tile.together)
        for (int64_t i = 0; i < tile.rows * groups; ++i)
          sums.push_back(startOf(e.index(i)));
      if (planes())
        return finished(sumIntegers(blockOf(recordOf(row), first),
                                    insideOf(row), groups, columns, sums),
                        row);
      Value x = e.add(e.mul(row, activationStride), first);
      auto add = [&](Value from, int64_t count, Values sums) {
        return sumF32(source, memory, from, count, between, x, tile.rows,
                      columns, sums, 1, /*ahead=*/false);
      };
      if (groups <= tile.together)
        return finished(add(start, groups, sums), row);
      // In memory, and by a loop: kept as values, the sums of one group would
      // take registers from those of the next.
      auto tileAt = [&](int64_t m, Value group) {
        int64_t area = scratch.panelBytes + scratch.sumBytes;
        return e.add(e.mul(group, tile.rows * 64), area + m * 64);
      };
      e.loop(zero(), e.index(groups), 1, [&](Value group) {
        Values ofGroup;
        for (int64_t m = 0; m < tile.rows; ++m)
          ofGroup.push_back(startOf(e.add(group, m * groups)));
        ofGroup = add(e.add(start, e.mul(group, between)), 1, ofGroup);
        for (auto [m, sum] : llvm::enumerate(ofGroup))
          e.storeBytes(in.scratch, tileAt(m, group), sum);
      });
      for (int64_t m = 0; m < tile.rows; ++m)
        for (int64_t g = 0; g < groups; ++g)
          sums.push_back(
              e.loadBytes(in.scratch, tileAt(m, e.index(g)), e.f32()));
      finished(sums, row);
    });
  }

  /// Dequantizes `columns` k from chunk `first` on of the groups at `start` to
  /// f32.
  void fillPanel(Value start, int64_t groups, Value first, int64_t columns) {
    int64_t block = weights.chunkColumns();
    auto fill = [&](Value at, int64_t count) {
      SmallVector<WeightGroups::Place> places;
      for (int64_t g = 0; g < groups; ++g)
        places.push_back(
            weights.placeOf(e, e.add(start, g * groupBytes), e.add(first, at)));
      Value target = e.mul(at, block * groups * 64);
      weights.dequantize(
          e, in.weights, places, count, [&](int64_t k, ValueRange vectors) {
            for (auto [g, vector] : llvm::enumerate(vectors))
              e.storeBytes(in.scratch, e.add(target, (k * groups + g) * 64),
                           vector);
          });
    };
    e.loop(e.index(int64_t(0)), e.index(columns / block), 1,
           [&](Value at) { fill(at, block); });
    if (columns % block)
      fill(e.index(columns / block), columns % block);
  }

  /// Unpacks `columns` k from chunk `first` on of the groups at `start`.
  void fillIntegerPanel(Value start, int64_t groups, Value first,
                        int64_t columns) {
    int64_t runs = weights.runs(), runBytes = weights.panelRunBytes();
    e.loop(e.index(int64_t(0)), e.index(columns / weights.chunkColumns()), 1,
           [&](Value at) {
             Value target = e.mul(at, runs * groups * runBytes);
             for (int64_t g = 0; g < groups; ++g) {
               WeightGroups::Place place = weights.placeOf(
                   e, e.add(start, g * groupBytes), e.add(first, at));
               for (int64_t run = 0; run < runs; ++run)
                 weights.storePanelRun(
                     e, in.scratch,
                     e.add(target, (run * groups + g) * runBytes),
                     weights.unpack(e, in.weights, place, run));
             }
           });
  }

  Value sumAt(Value row, Value number, int64_t groups) {
    return e.add(e.add(e.mul(row, groups * 64), e.mul(number, 64)),
                 scratch.panelBytes);
  }
  void keepSums(ValueRange sums, int64_t groups, Value row) {
    for (auto [i, sum] : llvm::enumerate(sums))
      e.storeBytes(in.scratch, sumAt(row, e.index(i), groups), sum);
  }
  void clearSums(int64_t groups) {
    Value zero = e.constant(0.0, e.f32());
    forEachTile([&](Value row) {
      keepSums(Values(tile.rows * groups, zero), groups, row);
    });
  }

  void finishTile(ValueRange sums, int64_t groups, Value row, Value column) {
    for (int64_t m = 0; m < tile.rows; ++m) {
      ValueRange ofRow = sums.slice(m * groups, groups);
      Value current = e.add(row, m);
      if (spec.paired) {
        finish(ofRow, current, column);
        continue;
      }
      for (int64_t g = 0; g < groups; ++g)
        finish(ofRow[g], current, e.add(column, g * kLanes));
    }
  }

  void finish(ValueRange accumulators, Value row, Value column) {
    Value result = accumulators.front();
    if (epilogue)
      result = epilogue(e.b, e.loc, accumulators, row, column);
    if (result)
      e.store(in.output, e.add(e.mul(row, outputStride), column), result);
  }

  // --- The inner loops
  // --------------------------------------------------------
  /// Adds `columns` k to `sums` ([row][group][chain]). Weights of group g start
  /// at byte `start + g * between`; x of row m at element `x + m * stride`.
  /// `ahead`: one group, straight from the matrix.
  Values sumF32(const WeightGroups &source, Value memory, Value start,
                int64_t groups, int64_t between, Value x, int64_t rows,
                int64_t columns, Values sums, int64_t chains, bool ahead) {
    int64_t block = source.chunkColumns();
    auto add = [&](Value at, int64_t count, Values acc) {
      SmallVector<WeightGroups::Place> places;
      for (int64_t g = 0; g < groups; ++g)
        places.push_back(source.placeOf(e, e.add(start, g * between), at));
      if (ahead)
        readAhead(places.front());
      Value column = e.add(x, e.mul(at, block));
      int64_t step = 0;
      auto addTo = [&](Values &into, int64_t k, ValueRange vectors) {
        int64_t chain = step++ % chains;
        for (int64_t m = 0; m < rows; ++m) {
          Value element = e.add(e.add(column, e.mul(activationStride, m)), k);
          Value value = e.splat(e.loadScalar(in.activations, element), e.f32());
          for (int64_t g = 0; g < groups; ++g) {
            Value &sum = into[(m * groups + g) * chains + chain];
            sum = e.fma(vectors[g], value, sum);
          }
        }
      };
      if (ahead && source.scalesChunks()) {
        // Few sums: cheaper to scale than the weights.
        Values parts(acc.size(), e.constant(0.0, e.f32()));
        Values scales = source.unscaled(
            e, memory, places,
            [&](int64_t k, ValueRange codes) { addTo(parts, k, codes); });
        for (size_t i = 0; i < acc.size(); ++i)
          acc[i] = e.addf(acc[i], source.scaled(e, parts[i], scales.front()));
        return acc;
      }
      source.dequantize(
          e, memory, places, count,
          [&](int64_t k, ValueRange vectors) { addTo(acc, k, vectors); });
      return acc;
    };
    sums = e.loop(
        e.index(int64_t(0)), e.index(columns / block), 1, sums,
        [&](Value at, ValueRange acc) { return add(at, block, Values(acc)); });
    if (columns % block)
      sums = add(e.index(columns / block), columns % block, sums);
    return sums;
  }

  RecordLayout recordLayout() const {
    return RecordLayout(spec.rowTile, isa.recordForm(planes()));
  }
  /// Byte offset of the tile of records that `row` is in.
  Value recordOf(Value row) {
    return e.mul(e.divide(row, spec.rowTile),
                 spec.rowTile * recordBytes(spec.inColumns, planes()));
  }
  /// The number of `row` in it. Levels with few registers take a tile of
  /// records in parts.
  Value insideOf(Value row) {
    return tile.rows == spec.rowTile &&
                   isa.integerRows(spec.rowTile, planes(), 1) == spec.rowTile
               ? zero()
               : e.remainder(row, spec.rowTile);
  }
  /// Where column `first` begins in it.
  Value blockOf(Value record, Value first) {
    return e.add(
        record, e.mul(e.divide(first, kRecordColumns), recordLayout().bytes()));
  }

  /// Adds integer dot products of `columns` columns in the panel with the rows
  /// `inside` and on of a tile's records, scaled, to `sums`: [row][group].
  Values sumIntegers(Value record, Value inside, int64_t groups,
                     int64_t columns, Values sums) {
    RecordLayout layout = recordLayout();
    return e.loop(
        e.index(int64_t(0)), e.index(columns / kRecordColumns), 1, sums,
        [&](Value at, ValueRange carried) {
          Values next(carried);
          SmallVector<WeightRun> ofGroup;
          Value run = e.mul(at, groups * weights.panelRunBytes());
          for (int64_t g = 0; g < groups; ++g)
            ofGroup.push_back(weights.loadPanelRun(
                e, in.scratch, e.add(run, g * weights.panelRunBytes())));
          Value from = e.add(record, e.mul(at, layout.bytes()));
          addRun(from, inside, tile.rows, ofGroup, next,
                 isa.hasTiles() ? run : Value());
          return next;
        });
  }

  /// Adds the products of 32 columns with `rows` rows from `inside` on of the
  /// tile of records at byte `record`. `panel`: where the columns of all groups
  /// begin in scratch, for tile registers.
  void addRun(Value record, Value inside, int64_t rows,
              ArrayRef<WeightRun> ofGroup, Values &sums, Value panel = {}) {
    IntegerDots dots(e, isa, planes(), weights.largestCode(), weights.zero());
    RecordLayout layout = recordLayout();
    // What the layout says is of row 0 and on.
    Value bytes = e.add(record, e.mul(inside, layout.rowBytes()));
    Value numbers = e.add(record, e.mul(inside, 4));
    VectorType integers = e.i32();
    int64_t groups = ofGroup.size();
    int64_t parts = ofGroup.front().scales.size();
    bool hasMinima = !ofGroup.front().minima.empty();
    auto splat = [&](int64_t offset, VectorType type) {
      return e.loadSplat(in.activations, e.add(numbers, offset), type);
    };
    // What a record keeps of the first half, and hence of the second.
    auto ofPart = [&](int64_t part, int64_t whole, int64_t half, auto &&load,
                      auto &&subtract) -> Value {
      if (parts == 1)
        return load(whole);
      return part == 0 ? load(half) : subtract(load(whole), load(half));
    };
    auto subi = [&](Value x, Value y) -> Value {
      return arith::SubIOp::create(e.b, e.loc, x, y);
    };
    auto subf = [&](Value x, Value y) { return e.subf(x, y); };
    auto integer = [&](int64_t offset) { return splat(offset, integers); };
    auto real = [&](int64_t offset) { return splat(offset, e.f32()); };
    int64_t zero = panel ? weights.zero() : dots.zero();

    for (int64_t part = 0; part < parts; ++part) {
      Values starts;
      for (int64_t m = 0; m < rows; ++m)
        // Starting at minus the codes' zero times the sum of the values makes
        // unsigned codes signed for nothing.
        starts.push_back(
            hasMinima || zero == 0
                ? e.constantInt(0, integers)
                : timesEighth(ofPart(part, layout.start8(m),
                                     layout.halfStart8(m), integer, subi),
                              zero));
      Values products =
          panel ? tileProducts(bytes, rows, panel, groups, part, parts, starts)
                : registerProducts(dots, bytes, rows, ofGroup, part, parts,
                                   starts);
      for (int64_t m = 0; m < rows; ++m) {
        Value scale = real(layout.scale(m));
        Value sumScale;
        if (hasMinima)
          sumScale = ofPart(part, layout.scaledSum(m), layout.halfScaledSum(m),
                            real, subf);
        for (int64_t g = 0; g < groups; ++g) {
          int64_t i = m * groups + g;
          const WeightRun &run = ofGroup[g];
          sums[i] = e.fma(e.toFloat(products[i]),
                          e.mulf(run.scales[part], scale), sums[i]);
          if (sumScale)
            sums[i] = e.fma(run.minima[part], sumScale, sums[i]);
        }
      }
    }
  }

  /// starts[row] plus the products of part `part` of `parts` of 32 columns, as
  /// [row][group]; `bytes`: where the rows' bytes begin.
  Values registerProducts(const IntegerDots &dots, Value bytes, int64_t rows,
                          ArrayRef<WeightRun> ofGroup, int64_t part,
                          int64_t parts, ValueRange starts) {
    RecordLayout layout = recordLayout();
    int64_t groups = ofGroup.size();
    std::vector<IntegerDots::Sum> products;
    for (int64_t i = 0; i < rows * groups; ++i)
      products.push_back(dots.start(starts[i / groups]));
    for (int64_t v = 8 / parts * part; v < 8 / parts * (part + 1); ++v) {
      std::vector<IntegerDots::Codes> codes;
      for (const WeightRun &run : ofGroup)
        codes.push_back(dots.codes(run.codes[v]));
      for (int64_t m = 0; m < rows; ++m) {
        Values offsets;
        for (int64_t number = 0; number < planes(); ++number)
          offsets.push_back(e.add(bytes, layout.dword(number, m, v)));
        IntegerDots::Factors factors = dots.factors(in.activations, offsets);
        for (int64_t g = 0; g < groups; ++g)
          dots.add(products[m * groups + g], codes[g], factors);
      }
    }
    Values result;
    for (IntegerDots::Sum &sum : products)
      result.push_back(dots.finish(sum));
    return result;
  }

  /// The same in tile registers, of the codes in the panel at byte `panel` of
  /// scratch.
  Values tileProducts(Value bytes, int64_t rows, Value panel, int64_t groups,
                      int64_t part, int64_t parts, ValueRange starts) {
    RecordLayout layout = recordLayout();
    int64_t columns = kRecordColumns / parts;
    TileDots dots(e, rows, planes());
    Values valuesAt;
    for (int64_t plane = 0; plane < planes(); ++plane)
      valuesAt.push_back(e.add(bytes, layout.plane(plane, 0) + columns * part));
    Values result(rows * groups);
    for (int64_t g = 0; g < groups; ++g) {
      Value codesAt =
          e.add(panel, g * weights.panelRunBytes() + columns / 4 * part * 64);
      Value scratchAt = e.index(scratch.panelBytes + scratch.sumBytes +
                                g * TileDots::scratchBytes(rows, planes()));
      Values sums = dots.products(in.scratch, codesAt, in.activations, valuesAt,
                                  columns, in.scratch, scratchAt);
      for (int64_t m = 0; m < rows; ++m)
        result[m * groups + g] = e.addi(sums[m], starts[m]);
    }
    return result;
  }

  /// x * zero / 8 of multiples of 8, for a power of two.
  Value timesEighth(Value x, int64_t zero) {
    int64_t bits = llvm::Log2_64(zero);
    return bits >= 3 ? e.shiftLeft(x, bits - 3)
                     : e.shiftRightSigned(x, 3 - bits);
  }

  Emitter e;
  Isa isa;
  const LinearSpec &spec;
  const LinearOperands &in;
  LinearEpilogue epilogue;
  WeightGroups weights;
  int64_t groupBytes;
  Isa::Tile tile{1, 1, 1};
  Scratch scratch{};
  Value activationStride, outputStride;
};

} // namespace

int64_t linearScratchBytes(const CpuLevel &level, const LinearSpec &spec) {
  return scratchOf(Isa(level), spec).bytes();
}

void buildLinear(OpBuilder &b, Location loc, const CpuLevel &level,
                 const LinearSpec &spec, const LinearOperands &operands,
                 LinearEpilogue epilogue) {
  assert(checkLinear(spec).ok() && "the spec has a kernel");
  Product(b, loc, level, spec, operands, epilogue).build();
}

} // namespace tombolo
