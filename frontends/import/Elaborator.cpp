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
  for (auto *list : {&distinct, &parts})
    for (Distinct &body : *list)
      if (body.function && !body.function->getParentOp())
        body.function->erase();
  for (func::FuncOp function : dropped)
    function->erase();
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
  // The module owns its functions now, but for parts that were taken back.
  bodies.clear();
  for (auto *list : {&distinct, &parts})
    for (Distinct &body : *list) {
      if (!body.function->getParentOp())
        body.function->erase();
      body.function = nullptr;
    }
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
  if (!describeModel(rows.getType(), result.getType()))
    return false;
  symbols.setInsertionPointToStart(module->getBody());
  for (const auto &row : family.rows)
    if (auto weight = globalWeights.find(row->name);
        weight != globalWeights.end() && &weight->second->row == row.get())
      emitWeight(row->name, *row, *weight->second->view, {});
  return true;
}

/// Functions come behind all symbols.
void Elaborator::addFunction(func::FuncOp function) {
  bool first = module->getOps<func::FuncOp>().empty();
  module->push_back(function);
  if (first)
    symbols.setInsertionPoint(function);
}

bool Elaborator::describeModel(Type hidden, Type logits) {
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
  DictionaryAttr tokenizer = tokenizerSettings();
  if (!tokenizer)
    return false;
  if (!tokenizer.empty())
    facts.append("tokenizer", tokenizer);
  (*module)->setAttr(nn::NNDialect::kModelAttr,
                     facts.getDictionary(&mlirContext));
  return true;
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

mlir::Value Elaborator::localized(mlir::Value value, const Loc &loc) {
  return localized(value, bodies.size() - 1, loc);
}

/// A value of a function around a layer's, or a part's, comes in as an
/// argument.
mlir::Value Elaborator::localized(mlir::Value value, size_t level,
                                  const Loc &loc) {
  Body &body = bodies[level];
  if (value.getParentRegion() == &body.function.getBody())
    return value;
  if (!body.isLayer) {
    evaluator.error(loc, "a value made of tensors in 'let' or in another "
                         "function is not one here; make it where it is used");
    return {};
  }
  mlir::Value outer = localized(value, level - 1, loc);
  if (!outer)
    return {};
  auto [place, fresh] = body.captures.insert({outer, mlir::Value()});
  if (fresh) {
    place->second = body.function.getBody().front().addArgument(outer.getType(),
                                                                outer.getLoc());
    if (int64_t clock = bodies[level - 1].clocks.lookup(outer))
      body.clocks[place->second] = clock;
  }
  return place->second;
}

mlir::Value Elaborator::constant(double value, const Loc &loc) {
  OpBuilder &builder = bodies.back().builder;
  auto number = static_cast<float>(value);
  mlir::Value &known = bodies.back().numbers[llvm::bit_cast<uint32_t>(number)];
  if (!known)
    known = arith::ConstantOp::create(builder, location(loc),
                                      builder.getF32FloatAttr(number));
  return known;
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
