#include "frontends/import/Elaborator.h"

using namespace mlir;
using namespace tombolo;
using arch::OpCall;

/// An op with a state of `shapeOf(result of the operands)`: the state is made
/// beside it, and named after the variable that goes in.
arch::Value Elaborator::recurrence(const OpCall &call) {
  Body &body = bodies.back();
  SmallVector<size_t> all;
  for (size_t i = 0; i < call.operands.size(); ++i)
    all.push_back(i);
  std::optional<Operands> operands = operandsOf(call, all);
  if (!operands)
    return arch::Value::poison();
  std::string base = call.name == "causal_conv"      ? "conv"
                     : call.operands.back().isNone() ? "scan"
                                                     : "delta";
  std::string name = base;
  for (unsigned i = 1; body.recurrent.count(name) || family.isWeight(name); ++i)
    name = base + std::to_string(i);
  Builder builder(&mlirContext);
  std::string symbol = body.isLayer ? "layer?." + name : name;
  SmallVector<NamedAttribute> attributes{builder.getNamedAttr(
      "state", FlatSymbolRefAttr::get(&mlirContext, symbol))};
  operands->emplace_back();
  if (body.isLayer)
    operands->back().push_back(body.index);
  arch::Value made = create(call.loc, call.name, *operands, attributes, &call);
  if (made.isPoison())
    return made;
  auto *op = std::static_pointer_cast<const OpValue>(made.asTensor())
                 ->value.getDefiningOp();
  SmallVector<int64_t> shape;
  if (auto conv = dyn_cast<nn::CausalConvOp>(op)) {
    ArrayRef<int64_t> w = nn::shapeOf(conv.getW().getType());
    shape = {w[1] - 1, w[0]};
  } else {
    auto delta = cast<nn::GatedDeltaOp>(op);
    ArrayRef<int64_t> k = delta.getK().getType().getShape(),
                      v = delta.getV().getType().getShape();
    shape = {v[1], k[2], v[2]};
  }
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  body.recurrent.emplace(name, type);
  if (!body.isLayer)
    nn::RecurrentStateOp::create(symbols, location(call.loc), symbol,
                                 IntegerAttr(), type, DenseI64ArrayAttr());
  return made;
}

/// The states of a layer body, one for each of its layers.
void Elaborator::placeRecurrentStates(const Distinct &body,
                                      DenseI64ArrayAttr layers) {
  func::FuncOp function = body.function;
  for (const auto &[name, type] : body.recurrent)
    nn::RecurrentStateOp::create(symbols, function.getLoc(),
                                 body.name + "." + name, IntegerAttr(), type,
                                 layers);
}
