#include "dialects/nn/IR/NNTypes.h"
#include "frontends/import/Elaborator.h"
#include "mlir/IR/Diagnostics.h"
#include "support/Text.h"

using namespace mlir;
using namespace tombolo;
using arch::Loc;
using arch::OpCall;

/// Operations whose second operand in nn is the positions of the first.
static bool takesPositions(StringRef name) {
  return llvm::is_contained({"rope", "history", "windows", "attention",
                             "index_scores", "latent_attention", "causal_conv",
                             "gated_delta"},
                            name);
}

static std::string typeText(Type type) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  type.print(stream);
  return text;
}

arch::Value Elaborator::create(const Loc &loc, StringRef name,
                               const Operands &operands,
                               ArrayRef<NamedAttribute> attributes,
                               const OpCall *call) {
  std::optional<int64_t> clock;
  if (!joinClocks(loc, name, operands, call, clock))
    return arch::Value::poison();
  std::string message;
  FailureOr<Operation *> made = failure();
  {
    ScopedDiagnosticHandler handler(&mlirContext, [&](Diagnostic &diagnostic) {
      message += (message.empty() ? "" : "; ") + diagnostic.str();
    });
    made = nn::createOp(bodies.back().builder, location(loc), name, operands,
                        attributes);
  }
  if (succeeded(made)) {
    arch::List results;
    for (mlir::Value result : (*made)->getResults()) {
      if (clock && clock != 1)
        bodies.back().clocks[result] = *clock;
      results.push_back(arch::Value::of(std::make_shared<OpValue>(result)));
    }
    return results.size() == 1 ? results[0] : arch::Value::of(results);
  }
  StringRef text = message;
  std::string prefix = ("'nn." + name + "' op ").str();
  text.consume_front(prefix);
  Error &error = evaluator.error(loc, (name + ": " + text).str());
  for (size_t i = 0; call && i < call->operands.size(); ++i) {
    auto tensor = call->operands[i].asTensor();
    const std::string &operand =
        call->written[i] && call->written[i]->kind == arch::Expr::Kind::Name
            ? call->written[i]->text
        : call->decl ? call->decl->operands[i].name
                     : "operand " + std::to_string(i + 1);
    if (auto weight = std::dynamic_pointer_cast<const WeightValue>(tensor))
      addNote(error, weight->row.loc,
              "'" + weight->row.name + "' is " +
                  shapeText(weight->view->shape) + ", declared here");
    else if (auto result = std::dynamic_pointer_cast<const OpValue>(tensor))
      error.notes.push_back("'" + operand + "' is " +
                            typeText(result->value.getType()));
  }
  return arch::Value::poison();
}

std::optional<Elaborator::Operands>
Elaborator::operandsOf(const OpCall &call, ArrayRef<size_t> which) {
  Operands operands;
  for (size_t i : which) {
    operands.emplace_back();
    const arch::Value &value = call.operands[i];
    bool many =
        call.decl && call.decl->operands[i].arity == arch::OpDecl::Arity::Many;
    const arch::List *list = many ? value.asList() : nullptr;
    for (const arch::Value &item : list ? *list : arch::List{value}) {
      if (item.isNone() && !list)
        continue;
      mlir::Value operand = valueOf(item, call.loc);
      if (!operand)
        return std::nullopt;
      operands.back().push_back(operand);
    }
    if (i == 0 && takesPositions(call.name)) {
      std::optional<int64_t> clock;
      if (!operands.back().empty())
        clock = clockOf(operands.back().front());
      mlir::Value positions = positionsOf(clock.value_or(1), call);
      if (!positions)
        return std::nullopt;
      operands.push_back({positions});
    }
  }
  return operands;
}

arch::Value Elaborator::generic(const OpCall &call) {
  SmallVector<size_t> all;
  for (size_t i = 0; i < call.operands.size(); ++i)
    all.push_back(i);
  SmallVector<NamedAttribute> attributes;
  for (const auto &[name, value] : call.attributes) {
    if (value.isNone())
      continue;
    Attribute attribute = attributeOf(name, value);
    if (!attribute)
      return evaluator.fail(call.loc, call.name + ": expects '" + name +
                                          "' to be a number, but got " +
                                          value.str());
    attributes.emplace_back(StringAttr::get(&mlirContext, name), attribute);
  }
  std::optional<Operands> operands = operandsOf(call, all);
  return operands ? create(call.loc, call.name, *operands, attributes, &call)
                  : arch::Value::poison();
}

arch::Value Elaborator::call(arch::Evaluator &evaluator, const OpCall &call) {
  if (call.name == "rearrange")
    return rearrange(call);
  if (call.name == "split")
    return split(call);
  if (call.name == "rope")
    return rope(call);
  if (call.name == "history")
    return history(call);
  if (call.name == "windows")
    return windows(call);
  if (call.name == "causal_conv" || call.name == "gated_delta")
    return recurrence(call);
  if (call.name == "positions") {
    if (!bodies.back().positions)
      return evaluator.fail(call.loc, "positions: there are none in 'logits'");
    mlir::Value positions =
        positionsOf(clockOf(call.operands[0]).value_or(1), call);
    return positions ? arch::Value::of(std::make_shared<OpValue>(positions))
                     : arch::Value::poison();
  }
  if (call.name == "f32") {
    if (call.operands[0].isNumber())
      return call.operands[0];
    mlir::Value value = valueOf(call.operands[0], call.loc);
    if (!value)
      return arch::Value::poison();
    Type f32 = Float32Type::get(&mlirContext);
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    if (tensor && tensor.getElementType() == f32)
      return call.operands[0];
    Builder builder(&mlirContext);
    return create(call.loc, "cast", {{value}},
                  builder.getNamedAttr("to", TypeAttr::get(f32)), &call);
  }
  return generic(call);
}

arch::Value Elaborator::rearrange(const OpCall &call) {
  if (!call.operands[1].asString())
    return evaluator.fail(call.loc, "rearrange: expects a pattern, but got " +
                                        call.operands[1].kind());
  Builder builder(&mlirContext);
  NamedAttrList sizes;
  for (const auto &[name, value] : call.attributes) {
    if (!value.asInt())
      return evaluator.fail(call.loc, "rearrange: expects size '" + name +
                                          "' to be an integer, but got " +
                                          value.kind());
    sizes.append(name, builder.getI64IntegerAttr(*value.asInt()));
  }
  std::optional<Operands> operands = operandsOf(call, {0});
  if (!operands)
    return arch::Value::poison();
  SmallVector<NamedAttribute> attributes{builder.getNamedAttr(
      "pattern", builder.getStringAttr(*call.operands[1].asString()))};
  if (!sizes.empty())
    attributes.push_back(
        builder.getNamedAttr("sizes", sizes.getDictionary(&mlirContext)));
  return create(call.loc, "rearrange", *operands, attributes, &call);
}

arch::Value Elaborator::slice(arch::Evaluator &evaluator, const Loc &loc,
                              const arch::Value &tensor,
                              const std::vector<arch::Subscript> &subscripts) {
  mlir::Value value = valueOf(tensor, loc);
  if (!value)
    return arch::Value::poison();
  SmallVector<nn::SliceRange> ranges;
  for (const arch::Subscript &subscript : subscripts)
    ranges.push_back({subscript.begin, subscript.end,
                      subscript.step.value_or(1), subscript.isIndex});
  ArrayRef<int64_t> shape;
  if (auto type = dyn_cast<RankedTensorType>(value.getType()))
    shape = type.getShape();
  else if (auto type = dyn_cast<nn::WeightType>(value.getType()))
    shape = type.getShape();
  Result<nn::SliceBounds> bounds = nn::resolveRanges(ranges, shape);
  if (!bounds)
    return evaluator.fail(loc, "slice: " + bounds.error().message);
  Builder builder(&mlirContext);
  return create(
      loc, "slice", {{value}},
      {builder.getNamedAttr("begins",
                            builder.getDenseI64ArrayAttr(bounds->begins)),
       builder.getNamedAttr("ends", builder.getDenseI64ArrayAttr(bounds->ends)),
       builder.getNamedAttr("steps",
                            builder.getDenseI64ArrayAttr(bounds->steps))});
}

/// `split` is as many slices.
arch::Value Elaborator::split(const OpCall &call) {
  const arch::List *sizes = call.attribute("sizes").asList();
  const int64_t *given = call.attribute("axis").asInt();
  mlir::Value value = valueOf(call.operands[0], call.loc);
  if (!value)
    return arch::Value::poison();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!sizes || !given || !type)
    return evaluator.fail(call.loc, "split: expects a tensor, a list of sizes "
                                    "and an axis");
  int64_t axis = *given < 0 ? *given + type.getRank() : *given;
  if (axis < 0 || axis >= type.getRank() || type.isDynamicDim(axis))
    return evaluator.fail(call.loc, "split: 'x' has no axis " +
                                        std::to_string(*given) + " to split");
  arch::List parts;
  int64_t at = 0;
  for (const arch::Value &size : *sizes) {
    if (!size.asInt() || *size.asInt() < 1 ||
        *size.asInt() > type.getDimSize(axis) - at)
      return evaluator.fail(call.loc,
                            "split: sizes " + call.attribute("sizes").str() +
                                " do not add up to " +
                                std::to_string(type.getDimSize(axis)));
    std::vector<arch::Subscript> subscripts(axis + 1);
    subscripts[axis] = {at, at + *size.asInt(), std::nullopt, false};
    parts.push_back(slice(evaluator, call.loc, call.operands[0], subscripts));
    if (parts.back().isPoison())
      return parts.back();
    at += *size.asInt();
  }
  if (at != type.getDimSize(axis))
    return evaluator.fail(call.loc, "split: sizes " +
                                        call.attribute("sizes").str() +
                                        " do not add up to " +
                                        std::to_string(type.getDimSize(axis)));
  return arch::Value::of(std::move(parts));
}
