#include "frontends/import/Elaborator.h"
#include "dialects/nn/IR/NNTypes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "support/Text.h"
#include <cmath>

using namespace mlir;
using namespace tombolo;
using arch::Loc;
using arch::OpCall;

Elaborator::Elaborator(MLIRContext &mlirContext, arch::Evaluator &evaluator,
                       const arch::WeightBinder &binder)
    : mlirContext(mlirContext), evaluator(evaluator), binder(binder),
      family(evaluator.family),
      module(ModuleOp::create(UnknownLoc::get(&mlirContext))),
      symbols(&mlirContext) {
  symbols.setInsertionPointToStart(module->getBody());
}

Elaborator::~Elaborator() {
  // Functions that did not get into the module.
  for (Body &body : bodies)
    if (body.function && !body.function->getParentOp())
      body.function->erase();
  for (Distinct &body : distinct)
    if (body.function && !body.function->getParentOp())
      body.function->erase();
}

//===----------------------------------------------------------------------===//
// The whole model
//===----------------------------------------------------------------------===//

OwningOpRef<ModuleOp> Elaborator::run() {
  size_t before = evaluator.diagnostics.count();
  evaluator.domain = this;
  bool built = entryPoints();
  evaluator.domain = nullptr;
  if (!built || evaluator.diagnostics.count() != before)
    return nullptr;
  reportUnreadWeights();
  if (evaluator.diagnostics.count() != before)
    return nullptr;
  std::string messages;
  ScopedDiagnosticHandler handler(&mlirContext, [&](Diagnostic &diagnostic) {
    messages += (messages.empty() ? "" : "; ") + diagnostic.str();
  });
  if (failed(verify(*module))) {
    evaluator.diagnostics.error(family.loc,
                                "the module of family '" + family.name +
                                    "' does not verify: " + messages);
    return nullptr;
  }
  // The module owns its functions now.
  bodies.clear();
  for (Distinct &body : distinct)
    body.function = nullptr;
  return std::move(module);
}

bool Elaborator::entryPoints() {
  const arch::FunctionDecl *hidden = family.function("hidden");
  const arch::FunctionDecl *logits = family.function("logits");
  if (family.context) {
    arch::Value length = evaluator.evaluate(*family.context, arch::Variables());
    if (length.isPoison())
      return false;
    if (!length.asInt() || *length.asInt() < 1) {
      evaluator.error(family.context->loc,
                      "expects 'context' to be a positive integer, but got " +
                          length.str());
      return false;
    }
    context = *length.asInt();
  }

  Type ids = RankedTensorType::get({ShapedType::kDynamic},
                                   IntegerType::get(&mlirContext, 32));
  bodies.push_back(makeBody("hidden", {ids, ids}, hidden->loc));
  Block &entry = bodies[0].function.getBody().front();
  bodies[0].positions = entry.getArgument(1);
  arch::Value stream = evaluator.call(
      *hidden,
      {arch::Value::of(std::make_shared<OpValue>(entry.getArgument(0)))});
  if (stream.isPoison())
    return false;
  mlir::Value rows = valueOf(stream, hidden->loc);
  if (!rows)
    return false;
  finish(bodies[0], rows);
  placeBodies();
  addFunction(bodies[0].function);

  bodies[0] = makeBody("logits", rows.getType(), logits->loc);
  arch::Value scores = evaluator.call(
      *logits, {arch::Value::of(std::make_shared<OpValue>(
                   bodies[0].function.getBody().front().getArgument(0)))});
  if (scores.isPoison())
    return false;
  mlir::Value result = valueOf(scores, logits->loc);
  if (!result)
    return false;
  finish(bodies[0], result);
  addFunction(bodies[0].function);
  describeModel(rows.getType(), result.getType());
  symbols.setInsertionPointToStart(module->getBody());
  for (const auto &row : family.rows)
    if (auto weight = globalWeights.find(row->name);
        weight != globalWeights.end() && &weight->second->row == row.get())
      emitWeight(row->name, *row, *weight->second->view, std::nullopt);
  return true;
}

/// Functions come behind all symbols.
void Elaborator::addFunction(func::FuncOp function) {
  bool first = module->getOps<func::FuncOp>().empty();
  module->push_back(function);
  if (first)
    symbols.setInsertionPoint(function);
}

void Elaborator::describeModel(Type hidden, Type logits) {
  Builder builder(&mlirContext);
  auto lastSize = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() ? tensor.getShape().back() : 0;
  };
  std::optional<int64_t> layers = evaluator.axisLength("layer");
  NamedAttrList facts;
  auto add = [&](StringRef name, int64_t value) {
    facts.append(name, builder.getI64IntegerAttr(value));
  };
  facts.append("family", builder.getStringAttr(family.name));
  if (context)
    add("context", context);
  add("vocab_size", lastSize(logits));
  add("hidden_size", lastSize(hidden));
  add("layers", layers.value_or(0));
  (*module)->setAttr(nn::NNDialect::kModelAttr,
                     facts.getDictionary(&mlirContext));
}

void Elaborator::reportUnreadWeights() {
  std::set<const arch::RowDecl *> reported;
  std::optional<int64_t> layers = evaluator.axisLength("layer");
  for (const auto &row : family.rows)
    for (int64_t layer = row->perLayer ? 0 : -1;
         layer < (row->perLayer ? layers.value_or(0) : 0); ++layer) {
      const arch::BoundWeight *bound = binder.find(
          row->name, layer < 0 ? std::nullopt : std::optional(layer));
      if (!bound || bound->row != row.get() || !bound->view ||
          weightsRead.count({row.get(), layer}) ||
          !reported.insert(row.get()).second)
        continue;
      evaluator.diagnostics.error(
          row->loc,
          "'" + row->name + "' is bound but no formula reads it" +
              (layer < 0 ? "" : " in layer " + std::to_string(layer)));
    }
}

//===----------------------------------------------------------------------===//
// Functions and values
//===----------------------------------------------------------------------===//

Location Elaborator::location(const Loc &loc) {
  Location place = FileLineColLoc::get(
      &mlirContext, loc.source ? loc.source->name : "", loc.line, loc.column);
  std::string function = evaluator.currentFunction();
  return function.empty()
             ? place
             : NameLoc::get(StringAttr::get(&mlirContext, function), place);
}

Elaborator::Body Elaborator::makeBody(StringRef name, TypeRange arguments,
                                      const Loc &loc) {
  Body body{func::FuncOp::create(
                location(loc), name,
                FunctionType::get(&mlirContext, arguments, TypeRange())),
            OpBuilder(&mlirContext)};
  Block *entry = body.function.addEntryBlock();
  body.builder.setInsertionPointToEnd(entry);
  return body;
}

void Elaborator::finish(Body &body, ValueRange results) {
  func::ReturnOp::create(body.builder, body.function.getLoc(), results);
  body.function.setFunctionType(FunctionType::get(
      &mlirContext, body.function.getBody().front().getArgumentTypes(),
      results.getTypes()));
}

/// A value of the function around a layer's comes in as an argument.
mlir::Value Elaborator::localized(mlir::Value value, const Loc &loc) {
  Body &body = bodies.back();
  Region *region = value.getParentRegion();
  if (region == &body.function.getBody())
    return value;
  if (!body.isLayer || region != &bodies.front().function.getBody()) {
    evaluator.error(loc, "a value made of tensors in 'let' or in another "
                         "function is not one here; make it where it is used");
    return {};
  }
  auto [place, fresh] = body.captures.insert({value, mlir::Value()});
  if (fresh)
    place->second = body.function.getBody().front().addArgument(value.getType(),
                                                                value.getLoc());
  return place->second;
}

mlir::Value Elaborator::constant(double value, const Loc &loc) {
  OpBuilder &builder = bodies.back().builder;
  return arith::ConstantOp::create(
      builder, location(loc),
      builder.getF32FloatAttr(static_cast<float>(value)));
}

mlir::Value
Elaborator::weightIn(const std::shared_ptr<const WeightValue> &weight,
                     const Loc &loc) {
  Body &body = bodies.back();
  weightsRead.insert({&weight->row, weight->layer.value_or(-1)});
  std::string symbol =
      weight->layer ? "layer?." + weight->row.name : weight->row.name;
  if (auto known = body.weights.find(symbol); known != body.weights.end())
    return known->second;
  if (weight->layer && (!body.isLayer || weight->layer != evaluator.layer)) {
    evaluator.error(loc, "weight '" + weight->row.name + "' of layer " +
                             std::to_string(*weight->layer) +
                             " is read outside of it");
    return {};
  }
  std::string message;
  ScopedDiagnosticHandler handler(&mlirContext, [&](Diagnostic &diagnostic) {
    message += (message.empty() ? "" : "; ") + diagnostic.str();
  });
  nn::WeightType type = nn::WeightType::getChecked(
      [&] { return emitError(location(loc)); }, &mlirContext,
      ArrayRef<int64_t>(weight->view->shape), weight->view->encoding);
  if (!type) {
    evaluator.error(loc, "weight '" + weight->row.name + "': " + message);
    return {};
  }
  Location place = NameLoc::get(StringAttr::get(&mlirContext, weight->row.name),
                                location(loc));
  mlir::Value value = nn::GetWeightOp::create(
      body.builder, place, type, FlatSymbolRefAttr::get(&mlirContext, symbol),
      weight->layer ? body.index : mlir::Value());
  body.weights.emplace(symbol, value);
  if (weight->layer) {
    body.kept.push_back(weight);
    body.layerWeights.emplace(weight->row.name, weight.get());
  } else {
    globalWeights.emplace(symbol, weight);
  }
  return value;
}

mlir::Value Elaborator::valueOf(const arch::Value &value, const Loc &loc) {
  std::shared_ptr<const arch::Tensor> tensor = value.asTensor();
  if (auto result = std::dynamic_pointer_cast<const OpValue>(tensor))
    return localized(result->value, loc);
  if (auto weight = std::dynamic_pointer_cast<const WeightValue>(tensor))
    return weightIn(weight, loc);
  if (value.isNumber())
    return constant(value.number(), loc);
  evaluator.error(loc, "expects a tensor, but got " + value.kind());
  return {};
}

arch::Value Elaborator::tensorNamed(arch::Evaluator &evaluator,
                                    const std::string &name, const Loc &loc) {
  return evaluator.fail(loc, "expects a tensor, but got a string");
}

arch::Value Elaborator::weight(arch::Evaluator &evaluator,
                               const arch::RowDecl &row, const Loc &loc) {
  std::optional<int64_t> layer = row.perLayer ? evaluator.layer : std::nullopt;
  const arch::BoundWeight *bound = binder.find(row.name, layer);
  if (bound && !bound->tiedTo.empty())
    bound = binder.find(bound->tiedTo, layer);
  if (!bound || !bound->view)
    return arch::Value();
  return arch::Value::of(
      std::make_shared<WeightValue>(*bound->row, bound->view, layer));
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// What an attribute of an operation is in the IR, by its name.
static bool isReal(StringRef name) {
  return name == "eps" || name == "scale" || name == "softcap" ||
         name == "low" || name == "high" || name == "fill";
}

/// Null where the value is no such attribute.
Attribute Elaborator::attributeOf(StringRef name, const arch::Value &value) {
  Builder builder(&mlirContext);
  if (isReal(name))
    return value.isNumber()
               ? builder.getF32FloatAttr(static_cast<float>(value.number()))
               : Attribute();
  if (value.asInt())
    return builder.getI64IntegerAttr(*value.asInt());
  if (value.asBool())
    return builder.getBoolAttr(*value.asBool());
  if (value.asDouble())
    return builder.getF32FloatAttr(static_cast<float>(*value.asDouble()));
  if (name == "pairs" && value.asString()) {
    std::optional<nn::Pairs> pairs = nn::symbolizePairs(*value.asString());
    return pairs ? Attribute(nn::PairsAttr::get(&mlirContext, *pairs))
                 : Attribute();
  }
  if (value.asString())
    return builder.getStringAttr(*value.asString());
  if (const arch::List *list = value.asList()) {
    SmallVector<int64_t> integers;
    for (const arch::Value &item : *list)
      if (item.asInt())
        integers.push_back(*item.asInt());
    if (integers.size() == list->size())
      return builder.getDenseI64ArrayAttr(integers);
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// Operations whose second operand in nn is the positions of the first.
static bool takesPositions(StringRef name) {
  return name == "rope" || name == "history" || name == "attention";
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
    for (mlir::Value result : (*made)->getResults())
      results.push_back(arch::Value::of(std::make_shared<OpValue>(result)));
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
  Body &body = bodies.back();
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
      if (!body.positions) {
        evaluator.error(call.loc,
                        call.name + ": there are no positions in 'logits'");
        return std::nullopt;
      }
      operands.push_back({body.positions});
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
  if (call.name == "positions") {
    if (!bodies.back().positions)
      return evaluator.fail(call.loc, "positions: there are none in 'logits'");
    return arch::Value::of(std::make_shared<OpValue>(bodies.back().positions));
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

//===----------------------------------------------------------------------===//
// Along the sequence
//===----------------------------------------------------------------------===//

static std::optional<SmallVector<double>> numbersOf(const arch::Value &value) {
  const arch::List *list = value.asList();
  if (!list || list->empty())
    return std::nullopt;
  SmallVector<double> numbers;
  for (const arch::Value &item : *list) {
    if (!item.isNumber() || !std::isfinite(item.number()))
      return std::nullopt;
    numbers.push_back(item.number());
  }
  return numbers;
}

/// The weight of the model by whose elements frequencies are divided; empty if
/// there is none.
std::string Elaborator::divisorsOf(const OpCall &call, size_t operand,
                                   int64_t count, bool &failed) {
  if (call.operands[operand].isNone())
    return {};
  auto weight = std::dynamic_pointer_cast<const WeightValue>(
      call.operands[operand].asTensor());
  if (!weight || weight->layer ||
      weight->view->shape != std::vector<int64_t>{count}) {
    failed = true;
    Error &error = evaluator.error(
        call.loc, "rope: expects '" + call.decl->operands[operand].name +
                      "' to be a weight of the whole model with shape [" +
                      std::to_string(count) + "]");
    if (weight)
      addNote(error, weight->row.loc,
              "'" + weight->row.name + "' is " +
                  shapeText(weight->view->shape) + ", declared here");
    return {};
  }
  weightsRead.insert({&weight->row, -1});
  globalWeights.emplace(weight->row.name, weight);
  return weight->row.name;
}

/// The table of the call's frequencies; equal ones are made once.
std::optional<FlatSymbolRefAttr> Elaborator::ropeTable(const OpCall &call) {
  auto fail = [&](const char *attribute, const char *expected) {
    evaluator.error(call.loc, std::string("rope: expects '") + attribute +
                                  "' to be " + expected + ", but got " +
                                  call.attribute(attribute).str());
    return std::nullopt;
  };
  auto freqs = numbersOf(call.attribute("freqs"));
  if (!freqs)
    return fail("freqs", "a list of finite numbers");
  const arch::Value &scale = call.attribute("scale");
  if (!scale.isNumber() || !std::isfinite(scale.number()))
    return fail("scale", "a finite number");
  bool failed = false;
  std::string divisors = divisorsOf(call, 1, freqs->size(), failed);
  std::string longDivisors = divisorsOf(call, 2, freqs->size(), failed);
  if (failed)
    return std::nullopt;
  SmallVector<double> longFreqs;
  const arch::Value &longList = call.attribute("long_freqs");
  if (!longList.isNone()) {
    auto numbers = numbersOf(longList);
    if (!numbers || numbers->size() != freqs->size())
      return fail("long_freqs", "as many finite numbers as 'freqs' has");
    longFreqs = *numbers;
  }
  std::optional<int64_t> longFrom;
  const arch::Value &from = call.attribute("long_from");
  if (!from.isNone()) {
    if (!from.asInt() || *from.asInt() < 0)
      return fail("long_from", "a number of tokens");
    longFrom = *from.asInt();
  }
  if (longFrom.has_value() != (!longFreqs.empty() || !longDivisors.empty()))
    return fail("long_from",
                "given together with 'long_freqs' or 'long_divisors'");

  RopeKey key{{freqs->begin(), freqs->end()},
              {longFreqs.begin(), longFreqs.end()},
              scale.number(),
              longFrom,
              divisors,
              longDivisors};
  auto [place, fresh] = ropeTables.emplace(
      std::move(key), "rope" + std::to_string(ropeTables.size()));
  if (fresh)
    nn::RopeTableOp::create(symbols, location(call.loc), place->second, *freqs,
                            scale.number(), divisors, longFreqs, longDivisors,
                            longFrom);
  return FlatSymbolRefAttr::get(&mlirContext, place->second);
}

arch::Value Elaborator::rope(const OpCall &call) {
  std::optional<FlatSymbolRefAttr> table = ropeTable(call);
  std::optional<Operands> operands = operandsOf(call, {0});
  if (!table || !operands)
    return arch::Value::poison();
  Builder builder(&mlirContext);
  SmallVector<NamedAttribute> attributes{builder.getNamedAttr("table", *table)};
  for (const char *name : {"pairs", "at", "inverse"}) {
    Attribute attribute = attributeOf(name, call.attribute(name));
    if (!attribute)
      return evaluator.fail(call.loc, std::string("rope: '") + name +
                                          "' = " + call.attribute(name).str());
    attributes.push_back(builder.getNamedAttr(name, attribute));
  }
  return create(call.loc, "rope", *operands, attributes, &call);
}

arch::Value Elaborator::history(const OpCall &call) {
  Body &body = bodies.back();
  std::optional<Operands> operands = operandsOf(call, {0});
  if (!operands)
    return arch::Value::poison();
  Builder builder(&mlirContext);
  // Named after the variable whose rows it keeps.
  std::string base = call.written[0]->kind == arch::Expr::Kind::Name
                         ? call.written[0]->text
                         : "rows";
  std::string name = base;
  auto taken = [&](const std::string &wanted) {
    for (const auto &[other, type] : body.states)
      if (other == wanted)
        return true;
    return family.isWeight(wanted);
  };
  for (unsigned i = 1; taken(name); ++i)
    name = base + std::to_string(i);
  std::string symbol = body.isLayer ? "layer?." + name : name;
  SmallVector<NamedAttribute> attributes{builder.getNamedAttr(
      "state", FlatSymbolRefAttr::get(&mlirContext, symbol))};
  const arch::Value &window = call.attribute("window");
  if (!window.isNone()) {
    if (!window.asInt() || *window.asInt() < 1)
      return evaluator.fail(call.loc, "history: expects 'window' to be a "
                                      "number of tokens, but got " +
                                          window.str());
    attributes.push_back(builder.getNamedAttr(
        "window", builder.getI64IntegerAttr(*window.asInt())));
  }
  if (body.isLayer)
    operands->push_back({body.index});
  arch::Value rows = create(call.loc, "history", *operands, attributes, &call);
  if (rows.isPoison())
    return rows;
  auto value = std::static_pointer_cast<const OpValue>(rows.asTensor())->value;
  auto type = cast<nn::RowsType>(value.getType());
  body.states.emplace_back(name, type);
  if (!body.isLayer)
    nn::StateOp::create(symbols, location(call.loc), symbol, IntegerAttr(),
                        type,
                        nn::EncodingAttr::get(&mlirContext, Encoding::F32));
  return rows;
}
