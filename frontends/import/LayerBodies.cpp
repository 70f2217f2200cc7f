//===- LayerBodies.cpp - One function for layers that are alike -----------===//

#include "frontends/import/Elaborator.h"
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
  partsOfLayer.clear();
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
    dropped.push_back(body.function);
    return;
  }
  // That of the stream first.
  SmallVector<mlir::Value> results = newValues(body, it->second);
  for (const auto &[name, value] : passedOn)
    for (mlir::Value made : newValues(body, value))
      if (!llvm::is_contained(results, made))
        results.push_back(made);
  finish(body, results);

  size_t number = numberOf(body, distinct);
  Distinct &same = distinct[number];
  Body &main = bodies.back();
  same.layers.push_back(*evaluator.layer);
  SmallVector<mlir::Value> operands;
  for (auto [outer, argument] : body.captures)
    operands.push_back(outer);
  auto call = nn::LayerOp::create(
      main.builder, location(family.function("hidden")->loc),
      ValueRange(results).getTypes(), "layer" + std::to_string(number),
      *evaluator.layer, operands);
  if (!stream.empty())
    call->setAttr(nn::NNDialect::kTapAttr,
                  Builder(&mlirContext).getI64IntegerAttr(++taps));
  for (auto &[name, value] : passedOn)
    value = outside(value, body, results, call.getResults());
  if (same.function != body.function)
    dropped.push_back(body.function);
}

/// The values that the operations of `body` made, of those in `value`.
SmallVector<mlir::Value> Elaborator::newValues(const Body &body,
                                               const arch::Value &value) {
  SmallVector<mlir::Value> made;
  func::FuncOp function = body.function;
  Block *inside = &function.getBody().front();
  replaceTensors(value, [&](const std::shared_ptr<const OpValue> &of) {
    auto result = dyn_cast<OpResult>(of->value);
    if (result && result.getOwner()->getBlock() == inside &&
        !llvm::is_contained(made, of->value))
      made.push_back(of->value);
    return arch::Value();
  });
  return made;
}

/// `value` as the function around `body` has it, by the results of the call
/// and by what it came in as.
arch::Value Elaborator::outside(const arch::Value &value, const Body &body,
                                ValueRange inside, ValueRange results) {
  DenseMap<mlir::Value, mlir::Value> outer;
  for (auto [of, argument] : body.captures)
    outer[argument] = of;
  for (auto [inner, of] : llvm::zip_equal(inside, results)) {
    outer[inner] = of;
    if (int64_t clock = body.clocks.lookup(inner))
      bodies.back().clocks[of] = clock;
  }
  return replaceTensors(value, [&](const std::shared_ptr<const OpValue> &old) {
    mlir::Value of = outer.lookup(old->value);
    return of ? arch::Value::of(std::make_shared<OpValue>(of))
              : arch::Value::of(old);
  });
}

/// The place in `list` of what equals `body`, which is added where nothing
/// does.
size_t Elaborator::numberOf(Body &body, std::vector<Distinct> &list,
                            const std::set<size_t> &except) {
  Distinct candidate;
  candidate.function = body.function;
  candidate.name = body.function.getSymName().str();
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
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].name == candidate.name && !except.count(i) &&
        list[i].function.getFunctionType() ==
            candidate.function.getFunctionType() &&
        list[i].states == candidate.states &&
        list[i].recurrent == candidate.recurrent && sameWeights(list[i]) &&
        OperationEquivalence::isRegionEquivalentTo(
            &list[i].function.getBody(), &candidate.function.getBody(),
            OperationEquivalence::IgnoreLocations))
      return i;
  list.push_back(std::move(candidate));
  return list.size() - 1;
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
