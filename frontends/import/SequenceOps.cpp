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
