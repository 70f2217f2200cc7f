//===- ElementwiseKernels.cpp - One number from one or two ----------------===//

#include "dialects/nn/reference/KernelTable.h"
#include "dialects/nn/weights/Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

template <typename Op> static void addUnary(KernelTable &table) {
  UnaryFunction function = unaryFunction(Op::getOperationName());
  table.add<Op>([function](Op, ArrayRef<nn::Value> operands,
                           Machine &) -> Result<Values> {
    Tensor result = tensorOf(operands[0]);
    for (float &value : result.floats)
      value = function(value);
    return one(std::move(result));
  });
}

/// An operand of a broadcast; `scalar` holds a number without shape.
static BroadcastOperand operandOf(const nn::Value &value, float &scalar) {
  if (const float *number = std::get_if<float>(&value)) {
    scalar = *number;
    return {{}, std::span(&scalar, 1)};
  }
  const Tensor &tensor = tensorOf(value);
  return {tensor.shape, tensor.floats};
}

template <typename Op> static void addBinary(KernelTable &table) {
  BinaryFunction function = binaryFunction(Op::getOperationName());
  table.add<Op>([function](Op, ArrayRef<nn::Value> operands,
                           Machine &) -> Result<Values> {
    float scalars[2];
    BroadcastOperand x = operandOf(operands[0], scalars[0]),
                     y = operandOf(operands[1], scalars[1]);
    std::vector<int64_t> shape = broadcastShape(x.shape, y.shape);
    std::vector<float> values = broadcast(function, shape, x, y);
    return one(Tensor(std::move(shape), std::move(values)));
  });
}

static Result<Values> clamp(ClampOp op, ArrayRef<nn::Value> operands,
                            Machine &) {
  float low = op.getLow().convertToFloat(),
        high = op.getHigh().convertToFloat();
  Tensor result = tensorOf(operands[0]);
  for (float &value : result.floats)
    value = value < low ? low : value > high ? high : value;
  return one(std::move(result));
}

static Result<Values> castElements(CastOp, ArrayRef<nn::Value> operands,
                                   Machine &) {
  const Tensor &x = tensorOf(operands[0]);
  if (x.kind != ElementKind::I32)
    return one(Tensor(x.shape, x.floats));
  return one(Tensor(x.shape, std::vector<float>(x.ints.begin(), x.ints.end())));
}

/// Numbers, and dense tensors of numbers.
static Result<Values> constant(arith::ConstantOp op, ArrayRef<nn::Value>,
                               Machine &) {
  Attribute attribute = op.getValue();
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return Values{number.getInt()};
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return Values{static_cast<float>(number.getValueAsDouble())};
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense)
    return kernelError(op, "expects a number or a dense tensor");
  std::vector<int64_t> shape = dense.getType().getShape().vec();
  if (isa<FloatType>(dense.getElementType())) {
    std::vector<float> values;
    for (APFloat value : dense.getValues<APFloat>()) {
      bool ignored;
      value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                    &ignored);
      values.push_back(value.convertToFloat());
    }
    return one(Tensor(std::move(shape), std::move(values)));
  }
  if (!dense.getElementType().isInteger(32))
    return kernelError(op, "expects elements of f32, f16, bf16 or i32");
  std::vector<int32_t> values;
  for (APInt value : dense.getValues<APInt>())
    values.push_back(static_cast<int32_t>(value.getSExtValue()));
  return one(Tensor(std::move(shape), std::move(values)));
}

void nn::addElementwiseKernels(KernelTable &table) {
  addBinary<AddOp>(table);
  addBinary<SubOp>(table);
  addBinary<MulOp>(table);
  addBinary<DivOp>(table);
  addBinary<MinOp>(table);
  addBinary<MaxOp>(table);
  addUnary<NegOp>(table);
  addUnary<SiluOp>(table);
  addUnary<GeluOp>(table);
  addUnary<GeluTanhOp>(table);
  addUnary<SigmoidOp>(table);
  addUnary<SoftplusOp>(table);
  addUnary<ReluOp>(table);
  addUnary<TanhOp>(table);
  addUnary<ExpOp>(table);
  addUnary<SqrtOp>(table);
  table.add<ClampOp>(clamp);
  table.add<CastOp>(castElements);
  table.add<arith::ConstantOp>(constant);
}
