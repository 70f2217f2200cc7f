//===- WeightEvaluator.cpp - From stored tensors to weights ---------------===//

#include "dialects/nn/weights/WeightEvaluator.h"
#include "dialects/nn/weights/Elementwise.h"
#include "dialects/nn/weights/Movement.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "support/Spelling.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>
#include <variant>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

int64_t StoredTensor::elements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

Result<std::vector<float>> StoredTensor::toFloats() const {
  std::vector<float> values(elements());
  Status status = decode(encoding, bytes, values);
  if (!status)
    return status.takeErrors();
  return values;
}

namespace {
/// What values in the region of a weight are.
using Operand = std::variant<StoredTensor, float>;

StoredTensor ownedBytes(Encoding encoding, std::vector<int64_t> shape,
                        std::shared_ptr<std::vector<std::byte>> bytes) {
  std::span<const std::byte> view = *bytes;
  return {encoding, std::move(shape), view, std::move(bytes)};
}

StoredTensor ownedFloats(std::vector<int64_t> shape,
                         std::vector<float> values) {
  auto owner = std::make_shared<std::vector<float>>(std::move(values));
  std::span<const std::byte> view = std::as_bytes(std::span(*owner));
  return {Encoding::F32, std::move(shape), view, std::move(owner)};
}

/// Runs the ops of one region for one layer.
class RegionRun {
public:
  RegionRun(WeightOp weight, int64_t layer, const WeightSource &source)
      : weight(weight), layer(layer), source(source) {
    for (const auto &file : source.files())
      largest += file->bytes().size() * kLargestGrowth;
  }

  Result<StoredTensor> run() {
    for (Operation &op : weight.getBlock().without_terminator()) {
      if (Status status = checkSize(op); !status)
        return status.takeErrors();
      Result<Operand> result = evaluate(&op);
      if (!result)
        return result.takeErrors();
      values[op.getResult(0)] = std::move(*result);
      // Only what later ops read stays in memory.
      for (mlir::Value operand : op.getOperands())
        if (llvm::all_of(operand.getUsers(), [&](Operation *user) {
              return user == &op || user->isBeforeInBlock(&op);
            }))
          values.erase(operand);
    }
    return std::get<StoredTensor>(values.at(yielded()));
  }

  /// Place `place` of the first dimension of what the region yields.
  Result<StoredTensor> runElement(int64_t place) {
    for (Operation &op : weight.getBlock().without_terminator())
      if (Status status = checkSize(op); !status)
        return status.takeErrors();
    return element(yielded(), place);
  }

private:
  mlir::Value yielded() {
    return cast<YieldOp>(weight.getBlock().getTerminator()).getValue();
  }

  Status checkSize(Operation &op) {
    auto type = dyn_cast<WeightType>(op.getResult(0).getType());
    if (!type || type.getByteSize() <= largest)
      return tombolo::success();
    return failure("expects at most " + std::to_string(largest) + " bytes, " +
                   std::to_string(kLargestGrowth) +
                   " times those of the checkpoint, but got " +
                   std::to_string(type.getByteSize()) + " for " +
                   shapeText(type.getShape()));
  }

  //===--------------------------------------------------------------------===//
  // Places of the first dimension
  //===--------------------------------------------------------------------===//

  /// Place `place` of `value`, from as little as its op allows.
  Result<StoredTensor> element(mlir::Value value, int64_t place) {
    auto at = elements.find({value, place});
    if (at != elements.end())
      return at->second;
    Result<StoredTensor> made = makeElement(value, place);
    if (made)
      elements.try_emplace({value, place}, *made);
    return made;
  }

  Result<StoredTensor> makeElement(mlir::Value value, int64_t place) {
    Operation *op = value.getDefiningOp();
    auto type = cast<WeightType>(value.getType());
    if (type.getRank() > 1) {
      if (auto stored = dyn_cast<StoredOp>(op); stored && stored.isStack())
        return loadTensor(stored.getTensorName(layer, place),
                          type.getEncoding(), type.getShape().drop_front());
      if (auto decodeOp = dyn_cast<DecodeOp>(op))
        return floatsOf(element(decodeOp.getX(), place));
      if (isa<SliceOp, RearrangeOp>(op))
        if (auto moved = elementOfMoved(op, place))
          return std::move(*moved);
      if (auto concat = dyn_cast<ConcatOp>(op))
        return elementOfConcat(concat, place);
      if (isElementwise(op))
        return elementOfElementwise(op, place);
    }
    return placeOf(whole(value), place);
  }

  /// All of `value`, on demand.
  Result<StoredTensor> whole(mlir::Value value) {
    if (!values.contains(value)) {
      Operation *op = value.getDefiningOp();
      for (mlir::Value operand : op->getOperands())
        if (Status status = number(operand); !status)
          return status.takeErrors();
      Result<Operand> made = evaluate(op);
      if (!made)
        return made.takeErrors();
      values[value] = std::move(*made);
    }
    return tensor(value);
  }

  /// Evaluates an operand, a weight or a number.
  Status number(mlir::Value operand) {
    if (isa<WeightType>(operand.getType())) {
      Result<StoredTensor> made = whole(operand);
      return made ? tombolo::success() : Status(made.takeErrors());
    }
    Result<Operand> made = evaluate(operand.getDefiningOp());
    if (!made)
      return made.takeErrors();
    values[operand] = std::move(*made);
    return tombolo::success();
  }

  static Result<StoredTensor> placeOf(Result<StoredTensor> all, int64_t place) {
    if (!all)
      return all;
    size_t size = all->bytes.size() / all->shape.front();
    all->bytes = all->bytes.subspan(place * size, size);
    all->shape.erase(all->shape.begin());
    return all;
  }

  Result<StoredTensor> floatsOf(Result<StoredTensor> stored) {
    if (!stored || stored->encoding == Encoding::F32)
      return stored;
    Result<std::vector<float>> numbers = stored->toFloats();
    if (!numbers)
      return failure(numbers.error().message);
    return ownedFloats(stored->shape, std::move(*numbers));
  }

  /// Nothing where a place of the result comes from several of the operand.
  std::optional<Result<StoredTensor>> elementOfMoved(Operation *op,
                                                     int64_t place) {
    mlir::Value x = op->getOperand(0);
    auto from = cast<WeightType>(x.getType());
    if (from.getRank() < 2)
      return std::nullopt;
    Result<Movement> movement =
        isa<SliceOp>(op)
            ? Result<Movement>(
                  movementOf(cast<SliceOp>(op), from.getShape(), blockOf(x)))
            : movementOf(cast<RearrangeOp>(op), from.getShape(), blockOf(x));
    if (!movement)
      return Result<StoredTensor>(failure(movement.error().message));
    std::vector<int64_t> shape = resultShape(op);
    std::optional<Movement> part = movement->element(place, shape.front());
    if (!part)
      return std::nullopt;
    int64_t units =
        from.getNumElements() / blockOf(x) / from.getShape().front();
    auto [first, last] = part->range();
    if (first / units != last / units)
      return std::nullopt;
    part->offset -= first / units * units;
    Result<StoredTensor> source = element(x, first / units);
    if (!source)
      return source;
    shape.erase(shape.begin());
    return move(*source, std::move(shape), *part);
  }

  Result<StoredTensor> elementOfConcat(ConcatOp op, int64_t place) {
    auto type = cast<WeightType>(op.getType());
    int64_t axis =
        op.getAxis() < 0 ? op.getAxis() + type.getRank() : op.getAxis();
    if (axis == 0)
      for (mlir::Value part : op.getParts()) {
        int64_t size = cast<WeightType>(part.getType()).getShape().front();
        if (place < size)
          return element(part, place);
        place -= size;
      }
    std::vector<StoredTensor> parts;
    for (mlir::Value part : op.getParts()) {
      Result<StoredTensor> one = element(part, place);
      if (!one)
        return one;
      parts.push_back(std::move(*one));
    }
    std::vector<int64_t> shape = resultShape(op);
    shape.erase(shape.begin());
    return join(type.getEncoding(), std::move(shape), axis - 1, parts);
  }

  static bool isElementwise(Operation *op) {
    StringRef name = op->getName().getStringRef();
    return isa<ClampOp>(op) || binaryFunction(name) || unaryFunction(name);
  }

  Result<StoredTensor> elementOfElementwise(Operation *op, int64_t place) {
    std::vector<int64_t> shape = resultShape(op);
    std::vector<Operand> operands;
    for (mlir::Value operand : op->getOperands()) {
      auto type = dyn_cast<WeightType>(operand.getType());
      bool hasAxis = type && type.getRank() == int64_t(shape.size());
      if (!hasAxis) {
        // The same for all places.
        if (Status status = number(operand); !status)
          return status.takeErrors();
        operands.push_back(values.at(operand));
        continue;
      }
      Result<StoredTensor> one =
          element(operand, type.getShape().front() == 1 ? 0 : place);
      if (!one)
        return one;
      operands.emplace_back(std::move(*one));
    }
    shape.erase(shape.begin());
    return evaluateElementwise(op, operands, std::move(shape));
  }

  //===--------------------------------------------------------------------===//
  // Whole values
  //===--------------------------------------------------------------------===//

  Result<Operand> evaluate(Operation *op) {
    if (auto stored = dyn_cast<StoredOp>(op))
      return asOperand(evaluateStored(stored));
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      return Operand(static_cast<float>(
          cast<FloatAttr>(constant.getValue()).getValueAsDouble()));
    if (auto decodeOp = dyn_cast<DecodeOp>(op))
      return asOperand(floats(decodeOp.getX()));
    if (auto slice = dyn_cast<SliceOp>(op))
      return asOperand(move(tensor(slice.getX()), op,
                            movementOf(slice, shapeOf(slice.getX().getType()),
                                       blockOf(slice.getX()))));
    if (auto rearrange = dyn_cast<RearrangeOp>(op))
      return asOperand(
          move(tensor(rearrange.getX()), op,
               movementOf(rearrange, shapeOf(rearrange.getX().getType()),
                          blockOf(rearrange.getX()))));
    if (auto concat = dyn_cast<ConcatOp>(op))
      return asOperand(evaluateConcat(concat));
    if (auto interleave = dyn_cast<InterleaveOp>(op))
      return asOperand(evaluateInterleave(interleave));
    std::vector<Operand> operands;
    for (mlir::Value operand : op->getOperands())
      operands.push_back(values.at(operand));
    return asOperand(evaluateElementwise(op, operands, resultShape(op)));
  }

  static Result<Operand> asOperand(Result<StoredTensor> tensor) {
    if (!tensor)
      return tensor.takeErrors();
    return Operand(std::move(*tensor));
  }

  Error failure(std::string message) {
    std::string where = "weight '@" + weight.getSymName().str() + "'";
    if (weight.isFamily())
      where += " of layer " + std::to_string(layer);
    return Error(where, std::move(message));
  }

  const StoredTensor &tensor(mlir::Value value) {
    return std::get<StoredTensor>(values.at(value));
  }

  static int64_t blockOf(mlir::Value value) {
    return cast<WeightType>(value.getType()).getBlockElements();
  }

  static std::vector<int64_t> resultShape(Operation *op) {
    return cast<WeightType>(op->getResult(0).getType()).getShape().vec();
  }

  /// The tensor itself where it is f32, else its numbers.
  Result<StoredTensor> floats(mlir::Value value) {
    const StoredTensor &stored = tensor(value);
    if (stored.encoding == Encoding::F32)
      return stored;
    Result<std::vector<float>> numbers = stored.toFloats();
    if (!numbers)
      return failure(numbers.error().message);
    return ownedFloats(stored.shape, std::move(*numbers));
  }

  Result<StoredTensor> evaluateStored(StoredOp op) {
    WeightType type = op.getType();
    if (!op.isStack())
      return loadTensor(op.getTensorName(layer), type.getEncoding(),
                        type.getShape());
    auto bytes = std::make_shared<std::vector<std::byte>>(type.getByteSize());
    auto at = bytes->begin();
    for (int64_t place = 0; place < type.getShape().front(); ++place) {
      Result<StoredTensor> one =
          loadTensor(op.getTensorName(layer, place), type.getEncoding(),
                     type.getShape().drop_front());
      if (!one)
        return one;
      at = std::copy(one->bytes.begin(), one->bytes.end(), at);
    }
    return ownedBytes(type.getEncoding(), resultShape(op), std::move(bytes));
  }

  /// A tensor of the checkpoint, which must be of this encoding and shape.
  Result<StoredTensor> loadTensor(const std::string &name, Encoding encoding,
                                  ArrayRef<int64_t> shape) {
    const TensorInfo *info = source.find(name);
    if (!info) {
      std::vector<std::string_view> names;
      for (const TensorInfo &other : source.tensors())
        names.push_back(other.name);
      Error error =
          failure("expects tensor '" + name + "', but no file has it");
      if (auto close = nearest(name, names))
        error.notes.push_back("the nearest name is '" + std::string(*close) +
                              "'");
      return error;
    }
    if (info->encoding != encoding)
      return failure("expects tensor '" + name + "' to be stored as '" +
                     infoOf(encoding).name + "', but got '" +
                     infoOf(info->encoding).name + "'");
    if (ArrayRef(info->shape) != shape)
      return failure("expects tensor '" + name + "' to have shape " +
                     shapeText(shape) + ", but got " + shapeText(info->shape));
    Result<TensorBytes> read = source.read(*info);
    if (!read)
      return read.takeErrors();
    return StoredTensor{info->encoding, info->shape, read->bytes, read->owner};
  }

  Result<StoredTensor> move(const StoredTensor &x, Operation *op,
                            Result<Movement> movement) {
    if (!movement)
      return failure(movement.error().message);
    return move(x, resultShape(op), *movement);
  }

  static StoredTensor move(const StoredTensor &x, std::vector<int64_t> shape,
                           const Movement &movement) {
    int64_t unit = infoOf(x.encoding).blockBytes;
    size_t size = movement.count() * unit;
    if (movement.isContiguous())
      return StoredTensor{x.encoding, std::move(shape),
                          x.bytes.subspan(movement.offset * unit, size),
                          x.owner};
    auto bytes = std::make_shared<std::vector<std::byte>>(size);
    movement.copy(x.bytes, unit, bytes->data());
    return ownedBytes(x.encoding, std::move(shape), std::move(bytes));
  }

  Result<StoredTensor> evaluateConcat(ConcatOp op) {
    auto type = cast<WeightType>(op.getType());
    int64_t axis =
        op.getAxis() < 0 ? op.getAxis() + type.getRank() : op.getAxis();
    std::vector<StoredTensor> parts;
    for (mlir::Value part : op.getParts())
      parts.push_back(tensor(part));
    return join(type.getEncoding(), resultShape(op), axis, parts);
  }

  static StoredTensor join(Encoding encoding, std::vector<int64_t> shape,
                           int64_t axis, ArrayRef<StoredTensor> parts) {
    int64_t outer = 1;
    for (int64_t size : ArrayRef(shape).take_front(axis))
      outer *= size;
    SmallVector<std::span<const std::byte>> runs;
    size_t size = 0;
    for (const StoredTensor &part : parts) {
      runs.push_back(part.bytes);
      size += part.bytes.size();
    }
    auto bytes = std::make_shared<std::vector<std::byte>>(size);
    concatenate(runs, outer, bytes->data());
    return ownedBytes(encoding, std::move(shape), std::move(bytes));
  }

  Result<StoredTensor> evaluateInterleave(InterleaveOp op) {
    WeightType type = op.getType();
    SmallVector<std::span<const std::byte>> parts;
    for (mlir::Value part : op.getParts())
      parts.push_back(tensor(part).bytes);
    auto first = cast<WeightType>(op.getParts().front().getType());
    auto bytes = std::make_shared<std::vector<std::byte>>(type.getByteSize());
    concatenate(parts, first.getShape().front() / op.getRows(), bytes->data());
    return ownedBytes(type.getEncoding(), resultShape(op), std::move(bytes));
  }

  /// Arithmetic; all tensors are f32.
  Result<StoredTensor> evaluateElementwise(Operation *op,
                                           ArrayRef<Operand> operands,
                                           std::vector<int64_t> shape) {
    StringRef name = op->getName().getStringRef();
    SmallVector<std::vector<float>, 2> numbers;
    SmallVector<std::vector<int64_t>, 2> shapes;
    for (const Operand &operand : operands) {
      if (const float *scalar = std::get_if<float>(&operand)) {
        numbers.push_back({*scalar});
        shapes.push_back({});
        continue;
      }
      const StoredTensor &stored = std::get<StoredTensor>(operand);
      Result<std::vector<float>> decoded = stored.toFloats();
      if (!decoded)
        return failure(decoded.error().message);
      numbers.push_back(std::move(*decoded));
      shapes.push_back(stored.shape);
    }
    if (BinaryFunction function = binaryFunction(name)) {
      std::vector<float> result = broadcast(
          function, shape, {shapes[0], numbers[0]}, {shapes[1], numbers[1]});
      return ownedFloats(std::move(shape), std::move(result));
    }
    if (auto clamp = dyn_cast<ClampOp>(op)) {
      float low = clamp.getLow().convertToFloat(),
            high = clamp.getHigh().convertToFloat();
      for (float &value : numbers[0])
        value = value < low ? low : value > high ? high : value;
      return ownedFloats(std::move(shapes[0]), std::move(numbers[0]));
    }
    UnaryFunction function = unaryFunction(name);
    if (!function)
      return failure("expects an operation that works on stored weights, but "
                     "got '" +
                     name.str() + "'");
    for (float &value : numbers[0])
      value = function(value);
    return ownedFloats(std::move(shapes[0]), std::move(numbers[0]));
  }

  /// A weight grows where it is decoded (32 times from one bit) or repeated. A
  /// text that lets it grow further would only fill the memory.
  static constexpr int64_t kLargestGrowth = 64;

  WeightOp weight;
  int64_t layer;
  const WeightSource &source;
  int64_t largest = 0;
  llvm::DenseMap<mlir::Value, Operand> values;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, StoredTensor> elements;
};
} // namespace

static Error notWithin(WeightOp weight, const char *what, int64_t size,
                       int64_t got) {
  return Error("weight '@" + weight.getSymName().str() + "'",
               std::string("expects ") + what + " below " +
                   std::to_string(size) + ", but got " + std::to_string(got));
}

/// Of what `index` names.
static Result<int64_t> layerOf(WeightOp weight, int64_t index) {
  if (std::optional<int64_t> layer = weight.getLayerAt(index))
    return *layer;
  if (weight.getLayers())
    return Error("weight '@" + weight.getSymName().str() + "'",
                 "expects one of its layers, but got " + std::to_string(index));
  return notWithin(weight, "an index", weight.getCount(), index);
}

Result<StoredTensor> WeightEvaluator::evaluate(WeightOp weight,
                                               int64_t index) const {
  Result<int64_t> layer = layerOf(weight, index);
  if (!layer)
    return layer.takeErrors();
  return RegionRun(weight, *layer, source).run();
}

Result<StoredTensor> WeightEvaluator::evaluateElement(WeightOp weight,
                                                      int64_t index,
                                                      int64_t element) const {
  Result<int64_t> layer = layerOf(weight, index);
  if (!layer)
    return layer.takeErrors();
  ArrayRef<int64_t> shape = weight.getType().getShape();
  if (shape.size() < 2)
    return Error("weight '@" + weight.getSymName().str() + "'",
                 "expects two dimensions or more to take a place of the "
                 "first, but got " +
                     shapeText(shape));
  if (element < 0 || element >= shape.front())
    return notWithin(weight, "a place", shape.front(), element);
  return RegionRun(weight, *layer, source).runElement(element);
}

Result<StoredTensor> WeightEvaluator::evaluateElement(StringRef name,
                                                      int64_t index,
                                                      int64_t element) const {
  Result<WeightOp> weight = find(name);
  if (!weight)
    return weight.takeErrors();
  return evaluateElement(*weight, index, element);
}

Result<std::vector<float>>
WeightEvaluator::evaluateElementF32(WeightOp weight, int64_t index,
                                    int64_t element) const {
  Result<StoredTensor> tensor = evaluateElement(weight, index, element);
  if (!tensor)
    return tensor.takeErrors();
  return tensor->toFloats();
}

Result<WeightOp> WeightEvaluator::find(StringRef name) const {
  if (auto weight = const_cast<ModuleOp &>(module).lookupSymbol<WeightOp>(name))
    return weight;
  return Error("", "expects a weight '@" + name.str() +
                       "', but the module has none");
}

Result<StoredTensor> WeightEvaluator::evaluate(StringRef name,
                                               int64_t index) const {
  Result<WeightOp> weight = find(name);
  if (!weight)
    return weight.takeErrors();
  return evaluate(*weight, index);
}

Result<std::vector<float>> WeightEvaluator::evaluateF32(WeightOp weight,
                                                        int64_t index) const {
  Result<StoredTensor> tensor = evaluate(weight, index);
  if (!tensor)
    return tensor.takeErrors();
  return tensor->toFloats();
}

Result<std::vector<float>> WeightEvaluator::evaluateF32(StringRef name,
                                                        int64_t index) const {
  Result<WeightOp> weight = find(name);
  if (!weight)
    return weight.takeErrors();
  return evaluateF32(*weight, index);
}
