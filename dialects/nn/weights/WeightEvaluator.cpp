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
      if (auto type = dyn_cast<WeightType>(op.getResult(0).getType()))
        if (type.getByteSize() > largest)
          return failure("expects at most " + std::to_string(largest) +
                         " bytes, " + std::to_string(kLargestGrowth) +
                         " times those of the checkpoint, but got " +
                         std::to_string(type.getByteSize()) + " for " +
                         shapeText(type.getShape()));
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
    auto yield = cast<YieldOp>(weight.getBlock().getTerminator());
    return std::get<StoredTensor>(values.at(yield.getValue()));
  }

private:
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
    return asOperand(evaluateElementwise(op));
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
    std::string name = op.getTensorName(layer);
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
    WeightType type = op.getType();
    if (info->encoding != type.getEncoding())
      return failure("expects tensor '" + name + "' to be stored as '" +
                     std::string(type.getInfo().name) + "', but got '" +
                     std::string(infoOf(info->encoding).name) + "'");
    if (ArrayRef(info->shape) != type.getShape())
      return failure("expects tensor '" + name + "' to have shape " +
                     shapeText(type.getShape()) + ", but got " +
                     shapeText(info->shape));
    Result<std::span<const std::byte>> bytes = source.bytes(*info);
    if (!bytes)
      return bytes.takeErrors();
    if (int64_t(bytes->size()) != type.getByteSize())
      return failure("expects tensor '" + name + "' to have " +
                     std::to_string(type.getByteSize()) + " bytes, but got " +
                     std::to_string(bytes->size()));
    return StoredTensor{info->encoding, info->shape, *bytes, nullptr};
  }

  Result<StoredTensor> move(const StoredTensor &x, Operation *op,
                            Result<Movement> movement) {
    if (!movement)
      return failure(movement.error().message);
    int64_t unit = infoOf(x.encoding).blockBytes;
    size_t size = movement->count() * unit;
    if (movement->isContiguous())
      return StoredTensor{x.encoding, resultShape(op),
                          x.bytes.subspan(movement->offset * unit, size),
                          x.owner};
    auto bytes = std::make_shared<std::vector<std::byte>>(size);
    movement->copy(x.bytes, unit, bytes->data());
    return ownedBytes(x.encoding, resultShape(op), std::move(bytes));
  }

  Result<StoredTensor> evaluateConcat(ConcatOp op) {
    auto type = cast<WeightType>(op.getType());
    int64_t axis =
        op.getAxis() < 0 ? op.getAxis() + type.getRank() : op.getAxis();
    int64_t outer = 1;
    for (int64_t size : type.getShape().take_front(axis))
      outer *= size;
    SmallVector<std::span<const std::byte>> parts;
    for (mlir::Value part : op.getParts())
      parts.push_back(tensor(part).bytes);
    auto bytes = std::make_shared<std::vector<std::byte>>(type.getByteSize());
    concatenate(parts, outer, bytes->data());
    return ownedBytes(type.getEncoding(), resultShape(op), std::move(bytes));
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
  Result<StoredTensor> evaluateElementwise(Operation *op) {
    StringRef name = op->getName().getStringRef();
    SmallVector<std::vector<float>, 2> numbers;
    SmallVector<std::vector<int64_t>, 2> shapes;
    for (mlir::Value operand : op->getOperands()) {
      if (float *scalar = std::get_if<float>(&values.at(operand))) {
        numbers.push_back({*scalar});
        shapes.push_back({});
        continue;
      }
      Result<std::vector<float>> decoded = tensor(operand).toFloats();
      if (!decoded)
        return failure(decoded.error().message);
      numbers.push_back(std::move(*decoded));
      shapes.push_back(tensor(operand).shape);
    }
    if (BinaryFunction function = binaryFunction(name)) {
      std::vector<int64_t> shape = resultShape(op);
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
};
} // namespace

Result<StoredTensor> WeightEvaluator::evaluate(WeightOp weight,
                                               int64_t index) const {
  if (index < 0 || index >= weight.getCount())
    return Error("weight '@" + weight.getSymName().str() + "'",
                 "expects an index below " + std::to_string(weight.getCount()) +
                     ", but got " + std::to_string(index));
  int64_t layer = weight.isFamily() ? (*weight.getIndices())[index] : 0;
  return RegionRun(weight, layer, source).run();
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
