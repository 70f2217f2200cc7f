//===- NNInference.cpp - Result types of nn ops, and their constraints ----===//
//
// Constraints on operands are checked where result types are inferred, so that
// they hold for ops that are built, parsed and rewritten alike. Inference also
// sees operands that nothing has verified yet: it looks before it casts.
//
//===----------------------------------------------------------------------===//

#include "dialects/nn/IR/NNInference.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;
using namespace tombolo::nn::inference;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

LogicalResult DecodeOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor, Types &types) {
  Check check = checkOf<DecodeOp>(location);
  auto type = dyn_cast<WeightType>(adaptor.getX().getType());
  if (!type)
    return check.fail("expects 'x' to be a weight");
  if (type.getEncoding() == Encoding::C64) // C1
    return check.fail("expects numbers that f32 can hold, but got 'c64'");
  return addWeight(location, context, type.getShape(), Encoding::F32, types);
}

LogicalResult InterleaveOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> location,
                                             Adaptor adaptor, Types &types) {
  Check check = checkOf<InterleaveOp>(location);
  ValueRange parts = adaptor.getParts();
  auto type = parts.empty() ? WeightType()
                            : dyn_cast<WeightType>(parts.front().getType());
  if (parts.size() < 2 || !type || type.getRank() == 0 ||
      !llvm::all_equal(parts.getTypes())) // C1
    return check.fail(
        "expects two weights or more, of one type with a dimension");
  if (!check.given(adaptor.getRowsAttr(), "rows"))
    return failure();
  int64_t rows = adaptor.getRows(), size = type.getShape().front();
  if (rows <= 0 || size % rows) // C2
    return check.fail("expects 'rows' to divide the rows of a part (" +
                      Twine(size) + "), but got " + Twine(rows));
  SmallVector<int64_t> shape(type.getShape());
  if (llvm::MulOverflow(shape[0], int64_t(parts.size()), shape[0]))
    return check.fail("expects a result whose size fits 63 bits");
  return addLike(location, type, shape, types);
}

//===----------------------------------------------------------------------===//
// Row-wise ops
//===----------------------------------------------------------------------===//

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor, Types &types) {
  Check check = checkOf<EmbeddingOp>(location);
  RankedTensorType ids = check.tensor(adaptor.getIds(), "ids");
  if (!ids)
    return failure();
  auto table = check.shape(adaptor.getTable(), "table");
  if (!table)
    return failure();
  if (table->size() != 2 || ShapedType::isDynamicShape(*table)) // C1
    return check.fail("expects 'table' to have two static dimensions, but got "
                      "shape " +
                          shapeText(*table),
                      adaptor.getTable(), "table");
  SmallVector<int64_t> shape(ids.getShape());
  shape.push_back(table->back());
  if (auto weight = dyn_cast<WeightType>(adaptor.getTable().getType()))
    types.push_back(
        weight.getInfo().isInteger
            ? RankedTensorType::get(shape, IntegerType::get(context, 32))
            : f32Tensor(shape, context));
  else
    types.push_back(RankedTensorType::get(
        shape,
        cast<RankedTensorType>(adaptor.getTable().getType()).getElementType()));
  return mlir::success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor, Types &types) {
  Check check = checkOf<LinearOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x)
    return failure();
  auto w = check.shape(adaptor.getW(), "w");
  if (!w)
    return failure();
  int64_t inner = x.getShape().back();
  if (w->size() != 2 || ShapedType::isDynamicShape(*w) ||
      w->back() != inner) // C1
    return check.fail("expects 'w' to be [outputs, " + Twine(inner) +
                          "] for rows of 'x', but got " + shapeText(*w),
                      adaptor.getW(), "w");
  if (failed(check.vector(adaptor.getBias(), "bias", w->front(),
                          "row of 'w'"))) // C2
    return failure();
  return addLike(location, x, withLast(x.getShape(), w->front()), types);
}

LogicalResult RmsNormOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> location,
                                          Adaptor adaptor, Types &types) {
  Check check = checkOf<RmsNormOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x || failed(check.vector(adaptor.getW(), "w", x.getShape().back(),
                                "element of a row of 'x'"))) // C1
    return failure();
  types.push_back(x);
  return mlir::success();
}

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor, Types &types) {
  Check check = checkOf<LayerNormOp>(location);
  if (failed(check.single(adaptor.getODSOperands(0), "x")))
    return failure();
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  StringRef what = "element of a row of 'x'";
  if (!x ||
      failed(check.vector(adaptor.getW(), "w", x.getShape().back(), what)) ||
      failed(check.vector(adaptor.getBias(), "bias", x.getShape().back(),
                          what))) // C1
    return failure();
  types.push_back(x);
  return mlir::success();
}

LogicalResult L2NormOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor, Types &types) {
  RankedTensorType x = checkOf<L2NormOp>(location).rows(adaptor.getX(), "x");
  if (!x)
    return failure();
  types.push_back(x);
  return mlir::success();
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor, Types &types) {
  Check check = checkOf<SoftmaxOp>(location);
  RankedTensorType x = check.tensor(adaptor.getX(), "x");
  if (!x || !check.staticAxis(adaptor.getAxis(), x)) // C1
    return failure();
  types.push_back(f32Tensor(x.getShape(), context));
  return mlir::success();
}

LogicalResult SumOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> location,
                                      Adaptor adaptor, Types &types) {
  Check check = checkOf<SumOp>(location);
  RankedTensorType x = check.tensor(adaptor.getX(), "x");
  if (!x || !check.given(adaptor.getAxisAttr(), "axis"))
    return failure();
  std::optional<int64_t> axis = check.staticAxis(adaptor.getAxis(), x); // C1
  if (!axis)
    return failure();
  SmallVector<int64_t> shape(x.getShape());
  shape[*axis] = 1;
  return addLike(location, x, shape, types);
}

LogicalResult TakeOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor, Types &types) {
  Check check = checkOf<TakeOp>(location);
  auto x = check.shape(adaptor.getX(), "x");
  if (!x)
    return failure();
  RankedTensorType ids = check.tensor(adaptor.getIds(), "ids");
  if (!ids)
    return failure();
  auto tensor = dyn_cast<RankedTensorType>(adaptor.getX().getType());
  bool perRow = tensor && x->size() == 2; // C2
  if (ids.getRank() != 2 || !(perRow || x->size() == 1) ||
      (perRow && x->front() != ids.getDimSize(0)) ||
      ShapedType::isDynamic(x->back())) // C1
    return check.fail("expects 'ids' [T, k] with 'x' [T, E] or [E], but got " +
                      shapeText(ids.getShape()) + " and " + shapeText(*x));
  types.push_back(
      tensor ? RankedTensorType::get(ids.getShape(), tensor.getElementType())
             : f32Tensor(ids.getShape(), context));
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> location,
                                        Adaptor adaptor, Types &types) {
  Check check = checkOf<SliceOp>(location);
  auto shape = check.shape(adaptor.getX(), "x");
  if (!shape || !check.given(adaptor.getBeginsAttr(), "begins") ||
      !check.given(adaptor.getEndsAttr(), "ends") ||
      !check.given(adaptor.getStepsAttr(), "steps"))
    return failure();
  ArrayRef<int64_t> begins = adaptor.getBegins(), ends = adaptor.getEnds(),
                    steps = adaptor.getSteps();
  if (begins.size() != shape->size() || ends.size() != shape->size() ||
      steps.size() != shape->size()) // C1
    return check.fail("expects a range for each axis of " + shapeText(*shape) +
                      ", but got " + Twine(begins.size()));
  auto weight = dyn_cast<WeightType>(adaptor.getX().getType());
  SmallVector<int64_t> result;
  for (auto [axis, size] : llvm::enumerate(*shape)) {
    int64_t begin = begins[axis], end = ends[axis], step = steps[axis];
    if (ShapedType::isDynamic(size)) {
      if (begin != 0 || !ShapedType::isDynamic(end) || step != 1) // C2
        return check.fail("expects the dynamic axis " + Twine(axis) +
                          " to be taken whole");
      result.push_back(size);
      continue;
    }
    if (ShapedType::isDynamic(end))
      end = size;
    if (begin < 0 || begin >= end || end > size || step < 0 ||
        (step == 0 && end != begin + 1)) // C1
      return check.fail("expects a range within axis " + Twine(axis) + " of " +
                        Twine(size) + ", but got " + Twine(begin) + ":" +
                        Twine(end) + ":" + Twine(step));
    if (weight && axis + 1 == shape->size()) {
      int64_t block = weight.getBlockElements();
      if (block != 1 && (begin % block || end % block || step != 1)) // C3
        return check.fail("cuts the blocks of " + Twine(block) + " of '" +
                          StringRef(weight.getInfo().name) +
                          "' ('nn.decode' gives numbers that can be cut)");
    }
    if (step != 0)
      result.push_back(llvm::divideCeil(uint64_t(end - begin), uint64_t(step)));
  }
  return addLike(location, adaptor.getX().getType(), result, types);
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor, Types &types) {
  Check check = checkOf<ConcatOp>(location);
  ValueRange parts = adaptor.getParts();
  if (parts.empty() || !check.shape(parts.front(), "parts")) // C1
    return check.fail("expects at least one part");
  Type first = parts.front().getType();
  SmallVector<int64_t> shape(shapeOf(first));
  std::optional<int64_t> axis = check.axis(adaptor.getAxis(), shape.size());
  if (!axis)
    return failure();
  if (ShapedType::isDynamic(shape[*axis])) // C2
    return check.fail("expects 'axis' to be static, but axis " + Twine(*axis) +
                      " of " + shapeText(shape) + " is dynamic");
  for (Value part : parts.drop_front()) {
    auto other = check.shape(part, "parts");
    if (!other)
      return failure();
    if (!sameElements(first, part.getType())) // C1
      return check.fail("expects parts of one encoding or element type", part,
                        "parts");
    bool agree = other->size() == shape.size();
    for (size_t i = 0; agree && i < shape.size(); ++i)
      agree = int64_t(i) == *axis ? !ShapedType::isDynamic((*other)[i])
                                  : (*other)[i] == shape[i];
    if (!agree) // C3
      return check.fail("expects parts that agree but for axis " +
                            Twine(*axis) + ", but got " + shapeText(shape) +
                            " and " + shapeText(*other),
                        part, "parts");
    if (llvm::AddOverflow(shape[*axis], (*other)[*axis], shape[*axis]))
      return check.fail("expects a result whose size fits 63 bits");
  }
  return addLike(location, first, shape, types);
}

LogicalResult RepeatOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> location,
                                         Adaptor adaptor, Types &types) {
  Check check = checkOf<RepeatOp>(location);
  RankedTensorType x = check.tensor(adaptor.getX(), "x");
  if (!x || !check.given(adaptor.getAxisAttr(), "axis") ||
      !check.given(adaptor.getTimesAttr(), "times"))
    return failure();
  std::optional<int64_t> axis = check.axis(adaptor.getAxis(), x.getRank() + 1);
  if (!axis)
    return failure();
  if (*axis == 0 && x.getRank() > 0 && x.isDynamicDim(0)) // C1
    return check.fail(
        "expects the dynamic axis to stay first, but 'axis' is 0");
  SmallVector<int64_t> shape(x.getShape());
  shape.insert(shape.begin() + *axis, adaptor.getTimes());
  if (adaptor.getTimes() <= 0) // C2
    return check.fail("expects 'times' to be positive, but got " +
                      Twine(adaptor.getTimes()));
  return addLike(location, x, shape, types);
}

LogicalResult RearrangeOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor, Types &types) {
  Check check = checkOf<RearrangeOp>(location);
  auto shape = check.shape(adaptor.getX(), "x");
  if (!shape || !check.given(adaptor.getPatternAttr(), "pattern"))
    return failure();
  Result<Rearrangement> movement =
      parseRearrangement(adaptor.getPattern(), adaptor.getSizesAttr(), *shape);
  if (!movement) // C1, C2
    return check.fail(movement.error().message);
  if (auto weight = dyn_cast<WeightType>(adaptor.getX().getType())) {
    int64_t block = weight.getBlockElements();
    SmallVector<unsigned> order = movement->permutation();
    bool kept =
        block == 1 || (!order.empty() && order.back() + 1 == order.size() &&
                       movement->sizes.back() % block == 0);
    if (!kept) // C3
      return check.fail("moves parts of the blocks of " + Twine(block) +
                        " of '" + StringRef(weight.getInfo().name) +
                        "' ('nn.decode' gives numbers that can be moved)");
  }
  return addLike(location, adaptor.getX().getType(), movement->resultShape,
                 types);
}

//===----------------------------------------------------------------------===//
// Elementwise ops
//===----------------------------------------------------------------------===//

template <typename Op>
static LogicalResult inferUnary(std::optional<Location> location, Value x,
                                Types &types) {
  Check check = checkOf<Op>(location);
  if (!check.shape(x, "x"))
    return failure();
  if (auto weight = dyn_cast<WeightType>(x.getType()))
    if (failed(check.decoded(weight))) // C1
      return failure();
  types.push_back(x.getType());
  return mlir::success();
}

/// The broadcast of two shapes; nothing where they do not fit.
static std::optional<SmallVector<int64_t>> broadcast(ArrayRef<int64_t> a,
                                                     ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SmallVector<int64_t> result(a);
  for (size_t i = 0; i < b.size(); ++i) {
    int64_t &size = result[a.size() - b.size() + i];
    if (size == 1)
      size = b[i];
    else if (b[i] != 1 && b[i] != size)
      return std::nullopt;
  }
  if (!result.empty() &&
      llvm::is_contained(ArrayRef(result).drop_front(), ShapedType::kDynamic))
    return std::nullopt;
  return result;
}

template <typename Op>
static LogicalResult inferBinary(std::optional<Location> location, Value x,
                                 Value y, Types &types) {
  Check check = checkOf<Op>(location);
  Type elementType;
  bool anyTensor = false;
  std::optional<SmallVector<int64_t>> shape;
  for (auto [value, name] : {std::pair(x, "x"), std::pair(y, "y")}) {
    if (value && value.getType().isF32())
      continue;
    auto got = check.shape(value, name);
    if (!got)
      return failure();
    if (!shape) {
      shape.emplace(*got);
    } else {
      auto both = broadcast(*shape, *got);
      if (!both) // C2
        return check.fail("expects shapes that broadcast, but got " +
                          shapeText(*shape) + " and " + shapeText(*got));
      shape = std::move(both);
    }
    if (auto tensor = dyn_cast<RankedTensorType>(value.getType())) {
      Type type = tensor.getElementType();
      elementType = !anyTensor || type == elementType
                        ? type
                        : Float32Type::get(type.getContext());
      anyTensor = true;
    }
  }
  if (!shape) // C1
    return check.fail("expects a tensor or a weight among its operands");
  if (anyTensor) {
    types.push_back(RankedTensorType::get(*shape, elementType));
    return mlir::success();
  }
  for (Value value : {x, y})
    if (auto weight = dyn_cast<WeightType>(value.getType()))
      if (failed(check.decoded(weight))) // C3
        return failure();
  return addWeight(location, x.getContext(), *shape, Encoding::F32, types);
}

#define NN_INFER_UNARY(Op)                                                     \
  LogicalResult Op::inferReturnTypes(MLIRContext *,                            \
                                     std::optional<Location> location,         \
                                     Adaptor adaptor, Types &types) {          \
    return inferUnary<Op>(location, adaptor.getX(), types);                    \
  }
NN_INFER_UNARY(NegOp)
NN_INFER_UNARY(SiluOp)
NN_INFER_UNARY(GeluOp)
NN_INFER_UNARY(GeluTanhOp)
NN_INFER_UNARY(SigmoidOp)
NN_INFER_UNARY(SoftplusOp)
NN_INFER_UNARY(ReluOp)
NN_INFER_UNARY(TanhOp)
NN_INFER_UNARY(ExpOp)
NN_INFER_UNARY(SqrtOp)
NN_INFER_UNARY(ClampOp)
#undef NN_INFER_UNARY

#define NN_INFER_BINARY(Op)                                                    \
  LogicalResult Op::inferReturnTypes(MLIRContext *,                            \
                                     std::optional<Location> location,         \
                                     Adaptor adaptor, Types &types) {          \
    return inferBinary<Op>(location, adaptor.getX(), adaptor.getY(), types);   \
  }
NN_INFER_BINARY(AddOp)
NN_INFER_BINARY(SubOp)
NN_INFER_BINARY(MulOp)
NN_INFER_BINARY(DivOp)
NN_INFER_BINARY(MinOp)
NN_INFER_BINARY(MaxOp)
#undef NN_INFER_BINARY

LogicalResult GluOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> location,
                                      Adaptor adaptor, Types &types) {
  Check check = checkOf<GluOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x || !check.given(adaptor.getActivationAttr(), "activation") ||
      !check.given(adaptor.getGroupAttr(), "group"))
    return failure();
  if (!llvm::is_contained({"silu", "gelu", "gelu_tanh", "relu"},
                          adaptor.getActivation())) // C1
    return check.fail("expects 'activation' to be silu, gelu, gelu_tanh or "
                      "relu, but got '" +
                      adaptor.getActivation() + "'");
  int64_t size = x.getShape().back(), group = adaptor.getGroup();
  if (group <= 0 || size % 2 != 0 || size / 2 % group != 0) // C2
    return check.fail("expects rows of a multiple of 2 * 'group' (" +
                      Twine(group) + ") values, but got " + Twine(size));
  return addLike(location, x, withLast(x.getShape(), size / 2), types);
}

LogicalResult CastOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> location,
                                       Adaptor adaptor, Types &types) {
  Check check = checkOf<CastOp>(location);
  auto shape = check.shape(adaptor.getX(), "x");
  if (!shape || !check.given(adaptor.getToAttr(), "to"))
    return failure();
  Type to = adaptor.getTo();
  if (!to.isF32() && !to.isF16() && !to.isBF16())
    return check.fail("expects 'to' to be f32, f16 or bf16");
  types.push_back(RankedTensorType::get(*shape, to));
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Along the sequence
//===----------------------------------------------------------------------===//

LogicalResult RopeOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> location,
                                       Adaptor adaptor, Types &types) {
  Check check = checkOf<RopeOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x)
    return failure();
  if (x.getRank() < 2) // C1
    return check.fail("expects 'x' to have two dimensions or more, but got "
                      "shape " +
                      shapeText(x.getShape()));
  if (failed(check.positions(adaptor.getPositions(), x, "x"))) // C1
    return failure();
  types.push_back(x);
  return mlir::success();
}

LogicalResult HistoryOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor, Types &types) {
  Check check = checkOf<HistoryOp>(location);
  RankedTensorType x = check.tensor(adaptor.getX(), "x");
  if (!x || failed(check.positions(adaptor.getPositions(), x, "x"))) // C1
    return failure();
  ArrayRef<int64_t> row = x.getShape().drop_front();
  if (ShapedType::isDynamicShape(row))
    return check.fail("expects rows of static shape, but got " +
                      shapeText(x.getShape()));
  auto error = [&] {
    return mlir::emitError(location.value_or(UnknownLoc::get(context)));
  };
  std::optional<int64_t> window;
  if (IntegerAttr given = adaptor.getWindowAttr())
    window = given.getInt();
  Type type =
      RowsType::getChecked(error, context, row, x.getElementType(), window,
                           adaptor.getClock(), std::optional<int64_t>());
  if (!type)
    return failure();
  types.push_back(type);
  return mlir::success();
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> location,
                                            Adaptor adaptor, Types &types) {
  Check check = checkOf<AttentionOp>(location);
  if (failed(check.single(adaptor.getODSOperands(0), "q")) ||
      failed(check.single(adaptor.getODSOperands(1), "positions")))
    return failure();
  RankedTensorType q = check.rows(adaptor.getQ(), "q");
  if (!q)
    return failure();
  if (q.getRank() != 3 || q.isDynamicDim(1)) // C1
    return check.fail("expects 'q' to be [T, heads, channels], but got shape " +
                      shapeText(q.getShape()));
  if (failed(check.positions(adaptor.getPositions(), q, "q")))
    return failure();
  int64_t heads = q.getDimSize(1), channels = q.getDimSize(2);
  ValueRange keys = adaptor.getK(), values = adaptor.getV();
  if (keys.empty() || keys.size() != values.size()) // C2
    return check.fail("expects one set of keys or more and as many of values, "
                      "but got " +
                      Twine(keys.size()) + " and " + Twine(values.size()));
  std::optional<int64_t> valueChannels;
  for (auto [key, value] : llvm::zip_equal(keys, values)) {
    auto k = dyn_cast<RowsType>(key.getType());
    auto v = dyn_cast<RowsType>(value.getType());
    if (!k || !v)
      return check.fail("expects 'k' and 'v' to be rows");
    if (k.getWindow() != v.getWindow()) // C2
      return check.fail("expects keys and their values to have one window", key,
                        "k");
    if (failed(check.seenAlike(key, value, "keys and their values", "k"))) // C2
      return failure();
    for (auto [type, from, name] :
         {std::tuple(k, key, "k"), std::tuple(v, value, "v")}) {
      if (type.getRank() != 1 && type.getRank() != 2) // C3
        return check.fail(Twine("expects rows of '") + name +
                              "' to have one or two dimensions, but got " +
                              shapeText(type.getShape()),
                          from, name);
      if (type.getRank() == 2 && heads % type.getShape().front()) // C4
        return check.fail(Twine("expects the heads of '") + name +
                              "' to divide those of 'q' (" + Twine(heads) +
                              "), but got " + Twine(type.getShape().front()),
                          from, name);
    }
    auto headsOf = [](RowsType type) {
      return type.getRank() == 2 ? type.getShape().front() : 1;
    };
    if (headsOf(k) != headsOf(v)) // C7
      return check.fail("expects keys and their values to have as many heads, "
                        "but got " +
                            Twine(headsOf(k)) + " and " + Twine(headsOf(v)),
                        value, "v");
    if (k.getShape().back() != channels) // C3
      return check.fail("expects keys of as many channels as 'q' (" +
                            Twine(channels) + "), but got " +
                            Twine(k.getShape().back()),
                        key, "k");
    int64_t width = v.getShape().back();
    if (valueChannels && *valueChannels != width) // C3
      return check.fail("expects all values to have as many channels (" +
                            Twine(*valueChannels) + "), but got " +
                            Twine(width),
                        value, "v");
    valueChannels = width;
  }
  if (failed(check.vector(adaptor.getSink(), "sink", heads,
                          "head of 'q'"))) // C5
    return failure();
  return addLike(location, q, withLast(q.getShape(), *valueChannels), types);
}
