#include "codegen/cpu/kernels/ExpertLinear.h"
#include "codegen/cpu/kernels/Isa.h"
#include "codegen/cpu/kernels/QuantizeRows.h"
#include "codegen/cpu/packing/PackR16.h"

using namespace mlir;

namespace tombolo {

/// Rows that are gathered at a time: whole tiles of every level.
static constexpr int64_t kGathered = 2 * kRowPadding;

static int64_t ceilDivide(int64_t x, int64_t y) { return (x + y - 1) / y; }
static int64_t roundUp(int64_t x, int64_t to) { return ceilDivide(x, to) * to; }

/// The product of an expert's gathered rows.
static LinearSpec productOf(const ExpertLinearSpec &spec) {
  LinearSpec product{spec.outRows, spec.inColumns, spec.encoding};
  product.activations = spec.activations;
  product.manyRows = spec.manyRows;
  product.maxRows = spec.manyRows ? kGathered : 1;
  product.rowTile = spec.manyRows && planesOf(spec.activations)
                        ? rowTileOf(spec.activations)
                        : 1;
  return product;
}

static int64_t gatheredBytes(const ExpertLinearSpec &spec) {
  int64_t rows = spec.manyRows ? kGathered : 1;
  int64_t planes = planesOf(spec.activations);
  int64_t bytes = planes ? recordBytes(spec.inColumns, planes)
                         : 4 * roundUp(spec.inColumns, kLanes);
  return roundUp(rows * bytes, 64);
}

std::optional<uint64_t> expertBytes(Encoding encoding, int64_t outRows,
                                    int64_t inColumns) {
  std::optional<uint64_t> bytes = packedBytes(encoding, outRows, inColumns);
  if (!bytes || *bytes > uint64_t(INT64_MAX) - 63)
    return std::nullopt;
  return (*bytes + 63) / 64 * 64;
}

Status checkExpertLinear(const ExpertLinearSpec &spec) {
  LinearSpec product = productOf(spec);
  if (Status status = checkLinear(product); !status)
    return status;
  auto fail = [&](const std::string &message) {
    return Error("", "product with " + std::to_string(spec.experts) +
                         " experts: " + message);
  };
  constexpr int64_t kMost = int64_t(1) << 24;
  if (spec.experts < 1 || spec.experts > kMost || spec.choices < 1 ||
      spec.choices > kMost)
    return fail("expects 1 to 2^24 experts, and as many choices");
  if (spec.isFixed && spec.choices != spec.experts)
    return fail("expects a choice for each expert, but got " +
                std::to_string(spec.choices));
  if (spec.columns < 1 || spec.columns % linearUnitColumns(product) != 0)
    return fail("expects programs of a multiple of " +
                std::to_string(linearUnitColumns(product)) +
                " columns, but got " + std::to_string(spec.columns));
  std::optional<uint64_t> bytes =
      expertBytes(spec.encoding, spec.outRows, spec.inColumns);
  if (!bytes || *bytes > uint64_t(INT64_MAX) / spec.experts)
    return fail("expects matrices whose bytes fit 63 bits");
  return success();
}

int64_t expertLinearUnits(const ExpertLinearSpec &spec) {
  return ceilDivide(spec.outRows, spec.columns) *
         (spec.manyRows && !spec.isFixed ? spec.experts + 1 : spec.choices);
}

int64_t expertLinearScratchBytes(const CpuLevel &level,
                                 const ExpertLinearSpec &spec) {
  return gatheredBytes(spec) + linearScratchBytes(level, productOf(spec));
}

namespace {

class ExpertProduct {
public:
  ExpertProduct(OpBuilder &b, Location loc, const CpuLevel &level,
                const ExpertLinearSpec &spec,
                const ExpertLinearOperands &operands)
      : e(b, loc), level(level), spec(spec), in(operands),
        product(productOf(spec)),
        matrixBytes(*expertBytes(spec.encoding, spec.outRows, spec.inColumns)) {
    int64_t scratch = linearScratchBytes(level, product);
    gathered =
        planes() ? in.scratch : view(in.scratch, index(0), e.b.getF32Type());
    if (scratch)
      rest = view(in.scratch, index(gatheredBytes(spec)), e.b.getI8Type());
  }

  void build() {
    e.loop(in.begin, in.end, 1, [&](Value unit) {
      spec.isFixed    ? buildFixed(unit)
      : spec.manyRows ? buildExpert(unit)
                      : buildChoice(unit);
    });
  }

private:
  int64_t planes() const { return planesOf(spec.activations); }
  Value index(int64_t value) { return e.index(value); }

  /// The memory from a byte on, as numbers of a type.
  Value view(Value bytes, Value offset, Type element) {
    auto type = MemRefType::get({ShapedType::kDynamic}, element);
    // The size is unknown to kernels.
    return memref::ViewOp::create(e.b, e.loc, type, bytes, offset,
                                  ValueRange{index(int64_t(1) << 40)});
  }
  Value readIndex(Value memory, Value at) {
    return arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(),
                                      e.loadScalar(memory, at));
  }

  /// Outputs [first, last) of a program, and its units of the product.
  struct Block {
    Value firstUnit, lastUnit, first, last;
  };
  Block blockOf(Value number) {
    int64_t units = spec.columns / linearUnitColumns(product);
    Value first = e.mul(number, spec.columns);
    return {e.mul(number, units),
            e.min(e.mul(e.add(number, 1), units), index(linearUnits(product))),
            first, e.min(e.add(first, spec.columns), index(spec.outRows))};
  }

  /// Where choice `choice` begins in x, and in the output.
  Value inputOf(Value choice) {
    Value row = e.mul(e.divide(choice, spec.choices), in.xStride);
    return spec.perChoice ? e.add(row, e.mul(e.remainder(choice, spec.choices),
                                             spec.inColumns))
                          : row;
  }
  Value outputOf(Value choice) {
    return e.add(e.mul(e.divide(choice, spec.choices), in.outputStride),
                 e.mul(e.remainder(choice, spec.choices), spec.outRows));
  }

  /// Choices [first, last) of an expert, some rows at a time.
  void multiplyAll(Value expert, Value first, Value last, const Block &block,
                   llvm::function_ref<Value(Value)> choiceAt) {
    e.loop(first, last, kGathered, [&](Value from) {
      Value count = e.min(e.sub(last, from), index(kGathered));
      e.loop(index(0), count, 1, [&](Value row) {
        gather(inputOf(choiceAt(e.add(from, row))), row);
      });
      multiply(expert, count, block,
               [&](Value row) { return choiceAt(e.add(from, row)); });
    });
  }

  /// The choice of every token that is this expert.
  void buildFixed(Value unit) {
    Value expert = e.remainder(unit, spec.choices);
    Block block = blockOf(e.divide(unit, spec.choices));
    auto choiceOf = [&](Value row) {
      return e.add(e.mul(row, spec.choices), expert);
    };
    if (spec.manyRows)
      return multiplyAll(expert, index(0), in.tokens, block, choiceOf);
    gather(inputOf(expert), index(0));
    multiply(expert, index(1), block, [&](Value) { return expert; });
  }

  /// All choices of one expert. Those of none are made zero.
  void buildExpert(Value unit) {
    Value expert = e.remainder(unit, spec.experts + 1);
    Block block = blockOf(e.divide(unit, spec.experts + 1));
    Value first = readIndex(in.routes, expert);
    Value last = readIndex(in.routes, e.add(expert, 1));
    Value isOne = e.less(expert, index(spec.experts));
    auto choiceAt = [&](Value place) {
      return readIndex(in.routes, e.add(place, spec.experts + 2));
    };
    e.ifThen(isOne, [&] { multiplyAll(expert, first, last, block, choiceAt); });
    e.ifThen(e.less(index(spec.experts - 1), expert), [&] {
      e.loop(first, last, 1,
             [&](Value place) { clear(outputOf(choiceAt(place)), block); });
    });
  }

  /// One choice of the one token.
  void buildChoice(Value unit) {
    Value choice = e.remainder(unit, spec.choices);
    Block block = blockOf(e.divide(unit, spec.choices));
    Value id = e.loadScalar(in.routes, choice);
    // As unsigned: -1 is beyond all experts.
    auto bound = e.constantInt(spec.experts, id.getType());
    auto compare = [&](arith::CmpIPredicate predicate) -> Value {
      return arith::CmpIOp::create(e.b, e.loc, predicate, id, bound);
    };
    e.ifThen(compare(arith::CmpIPredicate::ult), [&] {
      Value expert =
          arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(), id);
      gather(inputOf(choice), index(0));
      multiply(expert, index(1), block, [&](Value) { return choice; });
    });
    e.ifThen(compare(arith::CmpIPredicate::uge),
             [&] { clear(outputOf(choice), block); });
  }

  /// The row of x that begins at `from` becomes row `row` of what is gathered.
  void gather(Value from, Value row) {
    if (planes()) {
      buildQuantizeRow(e.b, e.loc, spec.inColumns, product.rowTile,
                       Isa(level).recordForm(planes()), in.x, from, gathered,
                       row);
      return;
    }
    Value to = e.mul(row, gatheredStride());
    int64_t whole = spec.inColumns / kLanes * kLanes;
    e.loop(index(0), index(whole), kLanes, [&](Value k) {
      e.store(gathered, e.add(to, k), e.load(in.x, e.add(from, k), e.f32()));
    });
    for (Piece piece : piecesOf(spec.inColumns - whole))
      e.store(
          gathered, e.add(to, whole + piece.offset),
          e.load(in.x, e.add(from, whole + piece.offset), e.f32(piece.lanes)));
  }
  int64_t gatheredStride() const { return roundUp(spec.inColumns, kLanes); }

  /// Outputs `block` of the `count` gathered rows; `choiceOf` tells whose each
  /// is.
  void multiply(Value expert, Value count, const Block &block,
                llvm::function_ref<Value(Value)> choiceOf) {
    LinearOperands operands;
    operands.activations = gathered;
    operands.activationStride = e.b.getIndexAttr(gatheredStride());
    operands.weights =
        view(in.weights, e.mul(expert, matrixBytes), e.b.getI8Type());
    operands.outputStride = e.b.getIndexAttr(0);
    operands.rows = count;
    operands.begin = block.firstUnit;
    operands.end = block.lastUnit;
    operands.scratch = rest;
    Value bias = in.bias ? e.mul(expert, spec.outRows) : Value();
    buildLinear(e.b, e.loc, level, product, operands,
                [&](OpBuilder &b, Location loc, ValueRange sums, Value row,
                    Value column) -> Value {
                  Emitter inner(b, loc);
                  // Tiles compute more rows than there are.
                  inner.ifThen(inner.less(row, count), [&] {
                    Value value = sums.front();
                    if (bias)
                      value = inner.addf(
                          value, inner.load(in.bias, inner.add(bias, column),
                                            inner.f32()));
                    store(outputOf(choiceOf(row)), column, value);
                  });
                  return {};
                });
  }

  /// Sixteen outputs from `column` on; at the end of a row only those that it
  /// has: behind them another choice's begin.
  void store(Value row, Value column, Value value) {
    Value at = e.add(row, column);
    int64_t tail = spec.outRows % kLanes;
    if (tail == 0)
      return e.store(in.output, at, value);
    Value whole = index(spec.outRows - tail);
    e.ifThen(e.less(column, whole), [&] { e.store(in.output, at, value); });
    e.ifThen(e.less(index(spec.outRows - tail - 1), column), [&] {
      for (Piece piece : piecesOf(tail))
        e.store(in.output, e.add(at, piece.offset),
                vector::ExtractStridedSliceOp::create(
                    e.b, e.loc, value, ArrayRef<int64_t>{piece.offset},
                    ArrayRef<int64_t>{piece.lanes}, ArrayRef<int64_t>{1}));
    });
  }

  void clear(Value row, const Block &block) {
    Value zero = e.constant(0.0, e.b.getF32Type());
    e.loop(block.first, block.last, 1, [&](Value column) {
      e.storeScalar(in.output, e.add(row, column), zero);
    });
  }

  Emitter e;
  const CpuLevel &level;
  const ExpertLinearSpec &spec;
  const ExpertLinearOperands &in;
  LinearSpec product;
  int64_t matrixBytes;
  Value gathered, rest;
};

} // namespace

void buildExpertLinear(OpBuilder &b, Location loc, const CpuLevel &level,
                       const ExpertLinearSpec &spec,
                       const ExpertLinearOperands &operands) {
  assert(checkExpertLinear(spec).ok() && "the spec has a kernel");
  ExpertProduct(b, loc, level, spec, operands).build();
}

void buildGroupChoices(OpBuilder &b, Location loc, int64_t experts,
                       int64_t choices, Value tokens, Value ids,
                       int64_t idsStride, Value order) {
  Emitter e(b, loc);
  Type i32 = b.getI32Type();
  Value none = e.constantInt(experts, i32);
  auto constant = [&](int64_t value) { return e.index(value); };
  auto asIndex = [&](Value value) -> Value {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  };
  auto increase = [&](Value at) -> Value {
    Value old = e.loadScalar(order, at);
    e.storeScalar(order, at, e.addi(old, e.constantInt(1, i32)));
    return old;
  };
  // The expert of a choice, as an index; `experts` where it is of none.
  auto forEachChoice = [&](llvm::function_ref<void(Value, Value)> body) {
    e.loop(constant(0), tokens, 1, [&](Value token) {
      e.loop(constant(0), constant(choices), 1, [&](Value choice) {
        Value id = e.loadScalar(ids, e.add(e.mul(token, idsStride), choice));
        Value isOne =
            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, id, none);
        Value expert = arith::SelectOp::create(b, loc, isOne, id, none);
        body(asIndex(expert), e.add(e.mul(token, choices), choice));
      });
    });
  };
  int64_t buckets = experts + 1;
  e.loop(constant(0), constant(buckets + 1), 1,
         [&](Value at) { e.storeScalar(order, at, e.constantInt(0, i32)); });
  // How many each has, one place behind; then where each begins.
  forEachChoice([&](Value expert, Value) { increase(e.add(expert, 1)); });
  e.loop(constant(1), constant(buckets + 1), 1, [&](Value at) {
    Value sum = e.addi(e.loadScalar(order, at),
                       e.loadScalar(order, e.sub(at, constant(1))));
    e.storeScalar(order, at, sum);
  });
  // Putting one in its place moves the beginning to the end.
  forEachChoice([&](Value expert, Value choice) {
    Value place = asIndex(increase(expert));
    Value number = arith::IndexCastOp::create(b, loc, i32, choice);
    e.storeScalar(order, e.add(place, buckets + 1), number);
  });
  // And the ends are the beginnings of the next ones.
  e.loop(constant(0), constant(buckets), 1, [&](Value step) {
    Value at = e.sub(constant(buckets), step);
    e.storeScalar(order, at, e.loadScalar(order, e.sub(at, constant(1))));
  });
  e.storeScalar(order, constant(0), e.constantInt(0, i32));
}

} // namespace tombolo
