//===- WeightRegions.cpp - Cells of the weights table as nn ---------------===//

#include "frontends/import/Elaborator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace tombolo;
using arch::View;

/// The stored tensor that a view is made of first, for locations.
static const View &firstStored(const View &view) {
  for (const View::Part &part : view.parts)
    if (part.view)
      return firstStored(*part.view);
  return view;
}

void Elaborator::emitWeight(StringRef symbol, const arch::RowDecl &row,
                            const View &view, DenseI64ArrayAttr layers) {
  Location place =
      NameLoc::get(StringAttr::get(&mlirContext, firstStored(view).name),
                   FileLineColLoc::get(&mlirContext, row.loc.source->name,
                                       row.loc.line, row.loc.column));
  auto type = nn::WeightType::get(&mlirContext, view.shape, view.encoding);
  auto weight =
      nn::WeightOp::create(symbols, place, symbol, type, std::nullopt);
  if (layers)
    weight.setLayersAttr(layers);
  OpBuilder builder(&mlirContext);
  builder.setInsertionPointToEnd(&weight.getBlock());
  std::string message;
  mlir::Value value;
  {
    ScopedDiagnosticHandler handler(&mlirContext, [&](Diagnostic &diagnostic) {
      message += (message.empty() ? "" : "; ") + diagnostic.str();
    });
    value = emitView(builder, view);
  }
  if (value && value.getType() == type) {
    nn::YieldOp::create(builder, place, value);
    return;
  }
  evaluator.diagnostics.error(row.loc,
                              "weight '" + row.name +
                                  "' cannot be made of its tensors in this "
                                  "version" +
                                  (message.empty() ? "" : ": " + message));
}

mlir::Value Elaborator::emitView(OpBuilder &builder, const View &view) {
  Location place = FileLineColLoc::get(&mlirContext, view.loc.source->name,
                                       view.loc.line, view.loc.column);
  if (view.kind == View::Kind::Stored) {
    place =
        NameLoc::get(StringAttr::get(&mlirContext, view.stored->name), place);
    return nn::StoredOp::create(
        builder, place,
        nn::WeightType::get(&mlirContext, view.shape, view.encoding),
        builder.getStringAttr(view.name));
  }
  SmallVector<mlir::Value, 2> parts;
  for (const View::Part &part : view.parts) {
    parts.push_back(
        part.view
            ? emitView(builder, *part.view)
            : mlir::Value(arith::ConstantOp::create(
                  builder, place,
                  builder.getF32FloatAttr(static_cast<float>(part.number)))));
    if (!parts.back())
      return {};
  }
  SmallVector<NamedAttribute> attributes;
  auto add = [&](StringRef name, Attribute value) {
    attributes.push_back(builder.getNamedAttr(name, value));
  };
  StringRef name;
  Operands operands;
  for (mlir::Value part : parts)
    operands.push_back({part});
  switch (view.kind) {
  case View::Kind::Stored:
    break;
  case View::Kind::Decode:
    name = "decode";
    break;
  case View::Kind::Slice: {
    name = "slice";
    SmallVector<int64_t> begins, ends, steps;
    for (auto [axis, range] : llvm::enumerate(view.ranges)) {
      begins.push_back(range.begin);
      // To the end, whatever the size, where that is meant.
      bool toEnd = range.end == view.parts[0].view->shape[axis] && !range.drop;
      ends.push_back(toEnd ? ShapedType::kDynamic : range.end);
      steps.push_back(range.drop ? 0 : range.step);
    }
    add("begins", builder.getDenseI64ArrayAttr(begins));
    add("ends", builder.getDenseI64ArrayAttr(ends));
    add("steps", builder.getDenseI64ArrayAttr(steps));
    break;
  }
  case View::Kind::Rearrange: {
    name = "rearrange";
    NamedAttrList sizes;
    for (const auto &[axis, size] : view.sizes)
      sizes.append(axis, builder.getI64IntegerAttr(size));
    add("pattern", builder.getStringAttr(view.pattern));
    if (!sizes.empty())
      add("sizes", sizes.getDictionary(&mlirContext));
    break;
  }
  case View::Kind::Concat:
    name = "concat";
    operands = {parts};
    add("axis", builder.getI64IntegerAttr(view.axis));
    break;
  case View::Kind::Arithmetic:
    name = view.op;
    break;
  case View::Kind::Negate:
    name = "neg";
    break;
  case View::Kind::Exp:
    name = "exp";
    break;
  }
  FailureOr<Operation *> made =
      nn::createOp(builder, place, name, operands, attributes);
  return succeeded(made) ? (*made)->getResult(0) : mlir::Value();
}
