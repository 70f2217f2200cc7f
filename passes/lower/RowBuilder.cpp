//===- RowBuilder.cpp - Short ways to write linalg ops --------------------===//

#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tombolo;

// --- Formula -----------------------------------------------------------------

Value Formula::constant(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(value));
}
Value Formula::add(Value a, Value b) {
  return arith::AddFOp::create(builder, loc, a, b);
}
Value Formula::sub(Value a, Value b) {
  return arith::SubFOp::create(builder, loc, a, b);
}
Value Formula::mul(Value a, Value b) {
  return arith::MulFOp::create(builder, loc, a, b);
}
Value Formula::div(Value a, Value b) {
  return arith::DivFOp::create(builder, loc, a, b);
}
Value Formula::mulAdd(Value a, Value b, Value c) {
  Value product =
      arith::MulFOp::create(builder, loc, a, b, arith::FastMathFlags::contract);
  return arith::AddFOp::create(builder, loc, product, c,
                               arith::FastMathFlags::contract);
}
Value Formula::maximum(Value a, Value b) {
  return arith::MaximumFOp::create(builder, loc, a, b);
}
Value Formula::minimum(Value a, Value b) {
  return arith::MinimumFOp::create(builder, loc, a, b);
}
Value Formula::maxnum(Value a, Value b) {
  return arith::MaxNumFOp::create(builder, loc, a, b);
}
Value Formula::exp(Value a) { return math::ExpOp::create(builder, loc, a); }

Value Formula::sigmoid(Value a) {
  Value e = exp(arith::NegFOp::create(builder, loc, a));
  return div(constant(1), add(constant(1), e));
}

Value Formula::toF32(Value a) {
  Type f32 = builder.getF32Type();
  if (isa<FloatType>(a.getType()) && a.getType() != f32)
    return arith::ExtFOp::create(builder, loc, f32, a);
  return a;
}

Value Formula::fromF32(Value a, Type type) {
  if (a.getType() == type)
    return a;
  return arith::TruncFOp::create(builder, loc, type, a);
}

Value tombolo::clampedIndex(Formula &f, Value id, int64_t size) {
  auto bound = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(f.builder, f.loc,
                                     f.builder.getI32IntegerAttr(value));
  };
  int64_t last = std::min<int64_t>(size - 1, INT32_MAX);
  id = arith::MaxSIOp::create(f.builder, f.loc, id, bound(0));
  id = arith::MinSIOp::create(f.builder, f.loc, id, bound(last));
  return arith::IndexCastOp::create(f.builder, f.loc, f.builder.getIndexType(),
                                    id);
}

// --- RowBuilder --------------------------------------------------------------

RowBuilder::Sizes RowBuilder::sizesOf(Value tensor) {
  return tensor::getMixedSizes(builder, loc, tensor);
}

Value RowBuilder::empty(ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(builder, loc, sizes, element);
}

static void splitInputs(ArrayRef<Input> inputs, SmallVector<Value> &values,
                        SmallVector<AffineMap> &maps) {
  for (const Input &input : inputs) {
    values.push_back(input.value);
    maps.push_back(input.map);
  }
}

Value RowBuilder::map(ArrayRef<OpFoldResult> sizes, Type element,
                      ArrayRef<Input> inputs, Body body) {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  splitInputs(inputs, values, maps);
  maps.push_back(identity(sizes.size()));
  SmallVector<utils::IteratorType> iterators(sizes.size(),
                                             utils::IteratorType::parallel);
  Value result = empty(sizes, element);
  return linalg::GenericOp::create(
             builder, loc, result.getType(), values, result, maps, iterators,
             [&](OpBuilder &inner, Location at, ValueRange arguments) {
               Formula formula(inner, at);
               SmallVector<Value> operands;
               for (Value argument : arguments.drop_back())
                 operands.push_back(formula.toF32(argument));
               Value value = body(formula, operands);
               linalg::YieldOp::create(inner, at,
                                       formula.fromF32(value, element));
             })
      .getResult(0);
}

Value RowBuilder::reduce(ArrayRef<OpFoldResult> sizes, AffineMap resultMap,
                         double initial, ArrayRef<Input> inputs, Body body) {
  Value start = Formula(builder, loc).constant(initial);
  Value filled = linalg::FillOp::create(builder, loc, start,
                                        empty(sizes, builder.getF32Type()))
                     .getResult(0);
  return reduceInto(filled, resultMap, inputs, body);
}

Value RowBuilder::mapInto(Value old, ArrayRef<Input> inputs, Body body) {
  // With a map that has every dimension there is nothing to reduce.
  unsigned rank = cast<RankedTensorType>(old.getType()).getRank();
  return reduceInto(old, identity(rank), inputs, body);
}

Value RowBuilder::reduceInto(Value initial, AffineMap resultMap,
                             ArrayRef<Input> inputs, Body body) {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  splitInputs(inputs, values, maps);
  maps.push_back(resultMap);
  SmallVector<utils::IteratorType> iterators;
  for (unsigned dim = 0; dim < resultMap.getNumDims(); ++dim)
    iterators.push_back(resultMap.isFunctionOfDim(dim)
                            ? utils::IteratorType::parallel
                            : utils::IteratorType::reduction);
  return linalg::GenericOp::create(
             builder, loc, initial.getType(), values, initial, maps, iterators,
             [&](OpBuilder &inner, Location at, ValueRange arguments) {
               Formula formula(inner, at);
               SmallVector<Value> operands;
               for (Value argument : arguments)
                 operands.push_back(formula.toF32(argument));
               linalg::YieldOp::create(inner, at, body(formula, operands));
             })
      .getResult(0);
}

AffineMap RowBuilder::identity(unsigned rank) {
  return builder.getMultiDimIdentityMap(rank);
}

AffineMap RowBuilder::without(unsigned rank, unsigned dropped) {
  return identity(rank).dropResult(dropped);
}

AffineMap RowBuilder::last(unsigned rank, unsigned count) {
  return AffineMap::getMinorIdentityMap(rank, count, builder.getContext());
}

AffineMap RowBuilder::dims(unsigned rank, ArrayRef<unsigned> dims) {
  SmallVector<AffineExpr> results;
  for (unsigned dim : dims)
    results.push_back(builder.getAffineDimExpr(dim));
  return AffineMap::get(rank, 0, results, builder.getContext());
}
