//===- LayerBodies.cpp - One function for layers that are alike -----------===//

#include "frontends/import/Elaborator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;
using namespace tombolo;

/// Applies `replace` to every result of an operation in `value`.
arch::Value Elaborator::replaceTensors(
    const arch::Value &value,
    const std::function<arch::Value(const std::shared_ptr<const OpValue> &)>
        &replace) {
  if (auto result = std::dynamic_pointer_cast<const OpValue>(value.asTensor()))
    return replace(result);
  if (const arch::List *list = value.asList()) {
    arch::List changed;
    for (const arch::Value &item : *list)
      changed.push_back(replaceTensors(item, replace));
    return arch::Value::of(std::move(changed));
  }
  if (const arch::Record *record = value.asRecord()) {
    arch::Record changed = *record;
    for (arch::Record::Field &field : changed.fields)
      field.value = replaceTensors(field.value, replace);
    return arch::Value::of(std::move(changed));
  }
  return value;
}

void Elaborator::beginLayer(arch::Evaluator &evaluator,
                            arch::Variables &passedOn,
                            const std::string &stream) {
  Builder builder(&mlirContext);
  mlir::Value positions = bodies.front().positions;
  Body body = makeBody("layer?", {builder.getIndexType()},
                       family.function("hidden")->loc);
  body.isLayer = true;
  body.index = body.function.getBody().front().getArgument(0);
  bodies.push_back(std::move(body));
  if (positions)
    bodies.back().positions = localized(positions, family.loc);
  // What layers work on is the first operand after the positions.
  if (auto it = passedOn.find(stream); it != passedOn.end())
    if (auto value =
            std::dynamic_pointer_cast<const OpValue>(it->second.asTensor()))
      localized(value->value, family.loc);
}

void Elaborator::endLayer(arch::Evaluator &evaluator, arch::Variables &passedOn,
                          const std::string &stream) {
  Body body = std::move(bodies.back());
  bodies.pop_back();
  Region *inside = &body.function.getBody();
  DenseMap<mlir::Value, mlir::Value> outerOf;
  for (auto [outer, argument] : body.captures)
    outerOf[argument] = outer;

  // The new values, that of the stream first.
  SmallVector<mlir::Value> results;
  auto collect = [&](const std::shared_ptr<const OpValue> &value) {
    mlir::Value made = value->value;
    if (made.getParentRegion() == inside && !outerOf.count(made) &&
        !llvm::is_contained(results, made))
      results.push_back(made);
    return arch::Value();
  };
  auto it = passedOn.find(stream);
  if (it == passedOn.end() || !it->second.asTensor()) {
    if (it == passedOn.end() || !it->second.isPoison())
      evaluator.error(family.function("hidden")->loc,
                      "'" + stream +
                          "', which 'hidden' returns, has no tensor "
                          "to pass from layer to layer");
    // The layers that follow are still looked at, from the value before.
    if (it != passedOn.end() && body.captures.size() > 1)
      it->second = arch::Value::of(
          std::make_shared<OpValue>(body.captures.begin()[1].first));
    body.function->erase();
    return;
  }
  mlir::Value streamValue =
      std::static_pointer_cast<const OpValue>(it->second.asTensor())->value;
  if (streamValue.getParentRegion() == inside)
    results.push_back(streamValue);
  for (const auto &[name, value] : passedOn)
    replaceTensors(value, collect);
  finish(body, results);

  size_t number = numberOf(body);
  Distinct &same = distinct[number];
  Body &main = bodies.back();
  Location place = location(family.function("hidden")->loc);
  auto position = static_cast<int64_t>(same.layers.size());
  mlir::Value &index = main.indices[position];
  if (!index)
    index = arith::ConstantIndexOp::create(main.builder, place, position);
  SmallVector<mlir::Value> operands{index};
  same.layers.push_back(*evaluator.layer);
  for (auto [outer, argument] : body.captures)
    operands.push_back(outer);
  SmallVector<Type> types;
  for (mlir::Value result : results)
    types.push_back(result.getType());
  auto call = func::CallOp::create(
      main.builder, place, "layer" + std::to_string(number), types, operands);
  for (auto [inner, outer] : llvm::zip_equal(results, call.getResults()))
    if (int64_t clock = body.clocks.lookup(inner))
      main.clocks[outer] = clock;
  if (!stream.empty())
    call->setAttr(nn::NNDialect::kTapAttr,
                  Builder(&mlirContext).getI64IntegerAttr(++taps));
  for (auto &[name, value] : passedOn)
    value =
        replaceTensors(value, [&](const std::shared_ptr<const OpValue> &old) {
          mlir::Value made = old->value;
          if (made.getParentRegion() != inside)
            return arch::Value::of(old);
          auto result = llvm::find(results, made);
          mlir::Value outer = result != results.end()
                                  ? call.getResult(result - results.begin())
                                  : outerOf.lookup(made);
          return arch::Value::of(std::make_shared<OpValue>(outer));
        });
  if (same.function != body.function)
    body.function->erase();
}

/// The number of the layer bodies' list that equals `body`, which is added
/// where there is none.
size_t Elaborator::numberOf(Body &body) {
  Distinct candidate;
  candidate.function = body.function;
  candidate.states = body.states;
  candidate.recurrent = body.recurrent;
  for (const auto &[name, weight] : body.layerWeights) {
    candidate.weights[name] = weight->view;
    candidate.rows[name] = &weight->row;
  }
  auto sameWeights = [&](const Distinct &other) {
    if (other.weights.size() != candidate.weights.size())
      return false;
    for (const auto &[name, view] : candidate.weights) {
      auto match = other.weights.find(name);
      if (match == other.weights.end() || match->second->key() != view->key())
        return false;
    }
    return true;
  };
  for (size_t i = 0; i < distinct.size(); ++i)
    if (distinct[i].function.getFunctionType() ==
            candidate.function.getFunctionType() &&
        distinct[i].states == candidate.states &&
        distinct[i].recurrent == candidate.recurrent &&
        sameWeights(distinct[i]) &&
        OperationEquivalence::isRegionEquivalentTo(
            &distinct[i].function.getBody(), &candidate.function.getBody(),
            OperationEquivalence::IgnoreLocations))
      return i;
  distinct.push_back(std::move(candidate));
  return distinct.size() - 1;
}

std::vector<int64_t> Elaborator::bodyOfLayer() const {
  std::map<int64_t, int64_t> bodies;
  for (auto [number, body] : llvm::enumerate(distinct))
    for (int64_t layer : body.layers)
      bodies[layer] = static_cast<int64_t>(number);
  std::vector<int64_t> list;
  for (auto [layer, number] : bodies)
    list.push_back(number);
  return list;
}

void Elaborator::renameSymbols(func::FuncOp function, size_t number) {
  std::string prefix = "layer" + std::to_string(number);
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](FlatSymbolRefAttr symbol) -> Attribute {
    StringRef name = symbol.getValue();
    if (!name.consume_front("layer?"))
      return symbol;
    return FlatSymbolRefAttr::get(&mlirContext, prefix + name.str());
  });
  function.walk([&](Operation *op) { replacer.replaceElementsIn(op); });
  function.setName(prefix);
  function.setPrivate();
}

/// Gives the bodies their names and puts them, their weights and their states
/// into the module.
void Elaborator::placeBodies() {
  for (size_t i = 0; i < distinct.size(); ++i) {
    Distinct &body = distinct[i];
    renameSymbols(body.function, i);
    std::string prefix = "layer" + std::to_string(i) + ".";
    // In the order of the weights table.
    for (const auto &row : family.rows)
      if (auto named = body.rows.find(row->name);
          named != body.rows.end() && named->second == row.get())
        emitWeight(prefix + row->name, *row, *body.weights[row->name],
                   ArrayRef<int64_t>(body.layers));
    for (const State &state : body.states)
      placeState(state, prefix, body.layers.size(), body.function.getLoc());
    placeRecurrentStates(body, prefix);
    addFunction(body.function);
  }
}
