//===- LayerParts.cpp - Functions that layers share -----------------------===//

#include "dialects/nn/transforms/ExpandLayers.h"
#include "frontends/import/Elaborator.h"
#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;
using namespace tombolo;

static constexpr StringLiteral kOfLayer = "layer?.", kPart = "part?";

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

void Elaborator::beginFunction(arch::Evaluator &evaluator,
                               const arch::FunctionDecl &function) {
  // Those that a layer calls itself; not what they call.
  isPart.push_back(bodies.size() == 2 && bodies.back().isLayer);
  if (!isPart.back())
    return;
  const Body &layer = bodies.back();
  mlir::Value index = layer.index, positions = layer.positions;
  Body body = makeBody(function.name, {}, function.loc);
  body.isLayer = true;
  bodies.push_back(std::move(body));
  bodies.back().index = localized(index, function.loc);
  if (positions)
    bodies.back().positions = localized(positions, function.loc);
}

void Elaborator::endFunction(arch::Evaluator &evaluator,
                             const arch::FunctionDecl &function,
                             arch::Value &result) {
  bool part = isPart.back();
  isPart.pop_back();
  if (!part)
    return;
  Body body = std::move(bodies.back());
  bodies.pop_back();
  SmallVector<mlir::Value> results = newValues(body, result);
  bool remembers = !body.states.empty() || !body.recurrent.empty();
  if (result.isPoison() || (results.empty() && !remembers)) {
    result = outside(result, body, {}, {});
    dropped.push_back(body.function);
    return;
  }
  // The index and the positions came in unasked; but who asks for positions
  // may return them.
  llvm::DenseSet<mlir::Value> returned;
  replaceTensors(result, [&](const std::shared_ptr<const OpValue> &value) {
    returned.insert(value->value);
    return arch::Value();
  });
  Block &block = body.function.getBody().front();
  body.captures.remove_if([&](auto &capture) {
    auto argument = cast<BlockArgument>(capture.second);
    if (!argument.use_empty() || returned.contains(argument))
      return false;
    block.eraseArgument(argument.getArgNumber());
    return true;
  });
  finish(body, results);
  // A part that remembers is another one each time that a layer calls it.
  size_t number =
      numberOf(body, parts, remembers ? partsOfLayer : std::set<size_t>());
  partsOfLayer.insert(number);
  SmallVector<mlir::Value> operands;
  for (auto [outer, argument] : body.captures)
    operands.push_back(outer);
  auto call = func::CallOp::create(
      bodies.back().builder, body.function.getLoc(),
      (kPart + Twine(number)).str(), ValueRange(results).getTypes(), operands);
  result = outside(result, body, results, call.getResults());
  if (parts[number].function != body.function)
    dropped.push_back(body.function);
}

//===----------------------------------------------------------------------===//
// What stays a function
//===----------------------------------------------------------------------===//

/// The part that a call names; null where it names none.
Elaborator::Distinct *Elaborator::partNamed(StringRef callee) {
  size_t number;
  if (!callee.consume_front(kPart) || callee.getAsInteger(10, number))
    return nullptr;
  return &parts[number];
}

/// Puts the operations of `part` where `body` calls it, with names for its
/// states that are free there.
void Elaborator::takeBack(func::CallOp call, const Distinct &part,
                          Distinct &body) {
  auto isTaken = [&](const std::string &name) {
    return body.recurrent.count(name) || family.isWeight(name) ||
           llvm::any_of(body.states,
                        [&](const State &state) { return state.name == name; });
  };
  std::map<std::string, std::string> renamed;
  auto freeName = [&](const std::string &name) {
    std::string free = name;
    for (unsigned i = 1; isTaken(free); ++i)
      free = name + std::to_string(i);
    return renamed[name] = free;
  };
  for (State state : part.states) {
    state.name = freeName(state.name);
    body.states.push_back(std::move(state));
  }
  for (const auto &[name, type] : part.recurrent)
    body.recurrent.emplace(freeName(name), type);
  body.weights.insert(part.weights.begin(), part.weights.end());
  body.rows.insert(part.rows.begin(), part.rows.end());
  nn::inlineCall(call, part.function, [&](Operation *op) {
    auto user = dyn_cast<nn::StateUserOpInterface>(op);
    StringRef name = user ? user.getStateAttr().getValue() : StringRef();
    if (name.consume_front(kOfLayer))
      op->setAttr("state",
                  FlatSymbolRefAttr::get(
                      &mlirContext, (kOfLayer + renamed.at(name.str())).str()));
  });
}

/// Whether a module is shorter with a function for these operations, with its
/// first and last lines, and a call in each of so many places.
static bool isWorthAFunction(func::FuncOp function, size_t places) {
  Block &block = function.getBody().front();
  size_t operations = llvm::range_size(block.without_terminator());
  return operations * places > operations + 3 + places;
}

void Elaborator::takeBackParts() {
  std::map<const Distinct *, size_t> uses;
  auto callsOf = [](const Distinct &body) {
    func::FuncOp function = body.function;
    return llvm::to_vector(function.getOps<func::CallOp>());
  };
  for (const Distinct &body : distinct)
    for (func::CallOp call : callsOf(body))
      ++uses[partNamed(call.getCallee())];
  for (Distinct &body : distinct) {
    for (func::CallOp call : callsOf(body)) {
      Distinct *part = partNamed(call.getCallee());
      if (isWorthAFunction(part->function, uses[part]))
        part->layers.insert(part->layers.end(), body.layers.begin(),
                            body.layers.end());
      else
        takeBack(call, *part, body);
    }
    nn::mergeReads(body.function.getBody().front());
  }
  for (Distinct &part : parts) {
    llvm::sort(part.layers);
    part.layers.erase(llvm::unique(part.layers), part.layers.end());
  }
}

/// `attend`, or `attend0` and `attend1` where two stay. Names of symbols that
/// there are or will be get `_` behind them.
void Elaborator::nameParts() {
  std::map<std::string, std::vector<Distinct *>> byName;
  for (Distinct &part : parts)
    if (!part.layers.empty())
      byName[part.name].push_back(&part);
  std::set<std::string> given{"hidden", "logits"};
  auto isTaken = [&](const std::string &name) {
    StringRef rest = name;
    bool isOurs = rest.consume_front("layer") || rest.consume_front("rope");
    if (isOurs && rest.find_first_not_of("0123456789_") == StringRef::npos)
      return true;
    for (const auto &row : family.rows)
      if (row->name == name || StringRef(row->name).starts_with(name + "."))
        return true;
    return given.count(name) || module->lookupSymbol(name);
  };
  for (auto &[name, list] : byName)
    for (auto [number, part] : llvm::enumerate(list)) {
      part->name = list.size() > 1 ? name + std::to_string(number) : name;
      // `layer_` is as much ours as `layer0` is.
      while (isTaken(part->name))
        part->name += part->name.back() == '_' ? "part" : "_";
      given.insert(part->name);
    }
}

//===----------------------------------------------------------------------===//
// Placing
//===----------------------------------------------------------------------===//

/// In the order of the weights table.
std::vector<Elaborator::WeightFamily> Elaborator::weightFamilies() {
  std::vector<WeightFamily> families;
  auto add = [&](const Distinct &body, const arch::RowDecl *row) {
    auto named = body.rows.find(row->name);
    if (body.layers.empty() || named == body.rows.end() || named->second != row)
      return;
    arch::ViewPtr view = body.weights.at(row->name);
    auto same = llvm::find_if(families, [&](const WeightFamily &other) {
      return other.row == row && other.view->key() == view->key();
    });
    if (same == families.end())
      same = families.insert(families.end(), {row, view, "", {}});
    same->layers.insert(body.layers.begin(), body.layers.end());
  };
  for (const auto &row : family.rows)
    for (const auto *list : {&distinct, &parts})
      for (const Distinct &body : *list)
        add(body, row.get());
  // `layer.wq`, and `layer_1.wq` where layers store it in two ways.
  std::map<std::string, int> ways;
  for (WeightFamily &made : families) {
    do {
      int way = ways[made.row->name]++;
      made.symbol = "layer" + (way ? "_" + std::to_string(way) : "") + "." +
                    made.row->name;
    } while (family.isWeight(made.symbol));
  }
  return families;
}

void Elaborator::renameSymbols(Distinct &body,
                               ArrayRef<WeightFamily> families) {
  std::map<std::string, std::string> weights;
  for (const auto &[name, view] : body.weights)
    for (const WeightFamily &made : families)
      if (made.row == body.rows.at(name) && made.view->key() == view->key())
        weights[name] = made.symbol;
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](FlatSymbolRefAttr symbol) -> Attribute {
    StringRef name = symbol.getValue();
    if (const Distinct *part = partNamed(name))
      return FlatSymbolRefAttr::get(&mlirContext, part->name);
    if (!name.consume_front(kOfLayer))
      return symbol;
    auto weight = weights.find(name.str());
    return FlatSymbolRefAttr::get(
        &mlirContext, weight != weights.end() ? weight->second
                                              : body.name + "." + name.str());
  });
  body.function.walk([&](Operation *op) { replacer.replaceElementsIn(op); });
  body.function.setName(body.name);
  body.function.setPrivate();
}

void Elaborator::placeStates(const Distinct &body) {
  auto layers = DenseI64ArrayAttr::get(&mlirContext, body.layers);
  func::FuncOp function = body.function;
  for (const State &state : body.states)
    placeState(state, body.name + ".", layers, function.getLoc());
  placeRecurrentStates(body, layers);
}

/// Gives the bodies their names and puts them, their weights and their states
/// into the module.
void Elaborator::placeBodies() {
  takeBackParts();
  nameParts();
  for (auto [number, body] : llvm::enumerate(distinct))
    body.name = "layer" + std::to_string(number);
  std::vector<WeightFamily> families = weightFamilies();
  for (const WeightFamily &made : families)
    emitWeight(
        made.symbol, *made.row, *made.view,
        DenseI64ArrayAttr::get(&mlirContext, llvm::to_vector(made.layers)));
  for (auto *list : {&parts, &distinct})
    for (Distinct &body : *list)
      if (!body.layers.empty()) {
        renameSymbols(body, families);
        placeStates(body);
        addFunction(body.function);
      }
}
