#include "dialects/nn/IR/NNTypes.h"
#include "frontends/import/Elaborator.h"
#include "support/Text.h"
#include <cmath>

using namespace mlir;
using namespace tombolo;
using arch::Loc;
using arch::OpCall;

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

//===----------------------------------------------------------------------===//
// What is remembered
//===----------------------------------------------------------------------===//

/// Named after the variable whose rows it keeps.
std::string Elaborator::stateName(const OpCall &call, const char *otherwise) {
  const Body &body = bodies.back();
  std::string base = call.written[0]->kind == arch::Expr::Kind::Name
                         ? call.written[0]->text
                         : otherwise;
  std::string name = base;
  auto taken = [&](const std::string &wanted) {
    for (const State &other : body.states)
      if (other.name == wanted)
        return true;
    return family.isWeight(wanted);
  };
  for (unsigned i = 1; taken(name); ++i)
    name = base + std::to_string(i);
  return name;
}

/// A symbol for a state in each of `layers`; null: one that belongs to none.
void Elaborator::placeState(const State &state, const std::string &prefix,
                            DenseI64ArrayAttr layers, Location place) {
  if (state.size == 0) {
    nn::StateOp::create(
        symbols, place, prefix + state.name, IntegerAttr(), state.type,
        nn::EncodingAttr::get(&mlirContext, Encoding::F32), layers);
    return;
  }
  nn::WindowStateOp::create(symbols, place, prefix + state.name, IntegerAttr(),
                            state.type, state.size, state.before, layers);
}

/// Those of a layer are placed with its body.
void Elaborator::declareState(State state, const Loc &loc) {
  Body &body = bodies.back();
  if (!body.isLayer)
    placeState(state, "", {}, location(loc));
  body.states.push_back(std::move(state));
}

arch::Value Elaborator::history(const OpCall &call) {
  Body &body = bodies.back();
  std::optional<Operands> operands = operandsOf(call, {0});
  if (!operands)
    return arch::Value::poison();
  Builder builder(&mlirContext);
  std::string name = stateName(call, "rows");
  SmallVector<NamedAttribute> attributes{builder.getNamedAttr(
      "state", FlatSymbolRefAttr::get(&mlirContext,
                                      body.isLayer ? "layer?." + name : name))};
  const arch::Value &window = call.attribute("window");
  if (!window.isNone()) {
    if (!window.asInt() || *window.asInt() < 1)
      return evaluator.fail(call.loc, "history: expects 'window' to be a "
                                      "number of tokens, but got " +
                                          window.str());
    attributes.push_back(builder.getNamedAttr(
        "window", builder.getI64IntegerAttr(*window.asInt())));
  }
  if (std::optional<int64_t> clock = clockOf(call.operands[0]);
      clock && clock != 1)
    attributes.push_back(
        builder.getNamedAttr("clock", builder.getI64IntegerAttr(*clock)));
  if (body.isLayer)
    operands->push_back({body.index});
  arch::Value rows = create(call.loc, "history", *operands, attributes, &call);
  if (rows.isPoison())
    return rows;
  auto value = std::static_pointer_cast<const OpValue>(rows.asTensor())->value;
  declareState({name, cast<nn::RowsType>(value.getType())}, call.loc);
  return rows;
}

arch::Value Elaborator::windows(const OpCall &call) {
  Body &body = bodies.back();
  std::optional<Operands> operands = operandsOf(call, {0});
  if (!operands)
    return arch::Value::poison();
  if (clockOf(call.operands[0]) != 1)
    return evaluator.fail(call.loc,
                          "windows: expects 'x' to have a row for each token");
  const int64_t *size = call.attribute("size").asInt();
  const int64_t *before = call.attribute("before").asInt();
  if (!size || *size < 1)
    return evaluator.fail(call.loc,
                          "windows: expects 'size' to be a number of tokens, "
                          "but got " +
                              call.attribute("size").str());
  if (!before || *before < 0)
    return evaluator.fail(call.loc,
                          "windows: expects 'before' to be a number of tokens, "
                          "but got " +
                              call.attribute("before").str());
  Attribute fill = attributeOf("fill", call.attribute("fill"));
  if (!fill)
    return evaluator.fail(call.loc,
                          "windows: expects 'fill' to be a number, but got " +
                              call.attribute("fill").str());
  Builder builder(&mlirContext);
  std::string name = stateName(call, "window");
  SmallVector<NamedAttribute> attributes{
      builder.getNamedAttr(
          "state", FlatSymbolRefAttr::get(
                       &mlirContext, body.isLayer ? "layer?." + name : name)),
      builder.getNamedAttr("size", builder.getI64IntegerAttr(*size)),
      builder.getNamedAttr("before", builder.getI64IntegerAttr(*before)),
      builder.getNamedAttr("fill", fill)};
  auto x = dyn_cast<RankedTensorType>(operands->front()[0].getType());
  if (body.isLayer)
    operands->push_back({body.index});
  arch::Value made = create(call.loc, "windows", *operands, attributes, &call);
  if (made.isPoison())
    return made;
  auto value = std::static_pointer_cast<const OpValue>(made.asTensor())->value;
  bodies.back().clocks[value] = *size;
  declareState({name,
                nn::RowsType::get(&mlirContext, x.getShape().drop_front(),
                                  x.getElementType(), std::nullopt),
                *size, *before},
               call.loc);
  return made;
}
