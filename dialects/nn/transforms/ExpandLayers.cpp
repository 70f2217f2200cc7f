#include "dialects/nn/transforms/ExpandLayers.h"
#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

/// A layer is no longer than this with what it calls: functions that call
/// others twice would double it each time.
static constexpr size_t kMostOperations = 1 << 16;

/// The attribute of a family that has an element for each of these layers.
static constexpr StringLiteral kLayers = "layers";

namespace {

/// A function of layers, and the layers in the order of their calls.
using LayersOf = llvm::MapVector<func::FuncOp, SmallVector<int64_t>>;

class Expansion {
public:
  explicit Expansion(ModuleOp module) : module(module), symbols(module) {}
  LogicalResult run();

private:
  bool collectLayers(LayersOf &layers);
  LogicalResult inlineCalls(func::FuncOp function);
  LogicalResult splitFamilies(func::FuncOp function, ArrayRef<int64_t> layers);
  std::string freeName(StringRef function, StringRef family);
  void callLayers(const LayersOf &layers);
  void eraseFunctions(const LayersOf &layers);
  void freeFamilies(const LayersOf &layers);

  ModuleOp module;
  SymbolTable symbols;
  /// Functions that were inlined somewhere.
  llvm::SetVector<Operation *> inlined;
  /// Families with `layers`, by name.
  llvm::MapVector<StringAttr, Operation *> families;
};

} // namespace

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// False, and reported, where a callee is no function of the module.
bool Expansion::collectLayers(LayersOf &layers) {
  WalkResult result = module.walk([&](LayerOp op) {
    auto function = symbols.lookup<func::FuncOp>(op.getCallee());
    if (!function || !function.getBody().hasOneBlock()) {
      op.emitOpError("expects '@")
          << op.getCallee() << "' to be a function with one block";
      return WalkResult::interrupt();
    }
    SmallVector<int64_t> &list = layers[function];
    if (!llvm::is_contained(list, int64_t(op.getLayer())))
      list.push_back(op.getLayer());
    return WalkResult::advance();
  });
  return !result.wasInterrupted();
}

void nn::mergeReads(Block &block) {
  DenseMap<Attribute, Operation *> constants;
  DenseMap<std::pair<Attribute, mlir::Value>, Operation *> reads;
  for (Operation &op : llvm::make_early_inc_range(block)) {
    Operation **first = nullptr;
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      first = &constants[constant.getValue()];
    else if (auto read = dyn_cast<GetWeightOp>(op))
      first = &reads[{read.getWeightAttr(), read.getIndex()}];
    if (!first)
      continue;
    if (!*first) {
      *first = &op;
      continue;
    }
    op.replaceAllUsesWith(*first);
    op.erase();
  }
}

void nn::inlineCall(func::CallOp call, func::FuncOp callee,
                    llvm::function_ref<void(Operation *)> onCopy) {
  IRMapping mapping;
  Block &body = callee.getBody().front();
  mapping.map(body.getArguments(), call.getOperands());
  OpBuilder builder(call);
  for (Operation &op : body.without_terminator())
    onCopy(builder.clone(op, mapping));
  for (auto [result, value] :
       llvm::zip_equal(call.getResults(), body.getTerminator()->getOperands()))
    result.replaceAllUsesWith(mapping.lookup(value));
  call.erase();
}

LogicalResult Expansion::inlineCalls(func::FuncOp function) {
  Block &block = function.getBody().front();
  // Calls inside of calls come up again in the block they went into; each
  // chain has as many functions at most as the module.
  SmallVector<std::pair<func::CallOp, unsigned>> calls;
  for (auto call : block.getOps<func::CallOp>())
    calls.push_back({call, 0});
  unsigned most = llvm::range_size(module.getOps<func::FuncOp>());
  size_t operations = llvm::range_size(block);
  while (!calls.empty()) {
    auto [call, depth] = calls.pop_back_val();
    auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
    if (!callee || !callee.getBody().hasOneBlock())
      return call.emitOpError("expects '@")
             << call.getCallee() << "' to be a function with one block";
    if (callee == function || depth == most)
      return call.emitOpError("calls itself, by way of '@")
             << call.getCallee() << "'";
    operations += llvm::range_size(callee.getBody().front());
    if (operations > kMostOperations)
      return call.emitOpError("makes '@")
             << function.getSymName() << "' longer than " << kMostOperations
             << " operations";
    inlined.insert(callee);
    inlineCall(call, callee, [&](Operation *op) {
      if (auto inner = dyn_cast<func::CallOp>(op))
        calls.push_back({inner, depth + 1});
    });
  }
  mergeReads(block);
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

/// `layer0.wq` for `@layer0` and the family `layer.wq`.
std::string Expansion::freeName(StringRef function, StringRef family) {
  size_t dot = family.find('.');
  std::string base =
      (function + "." +
       (dot == StringRef::npos ? family : family.substr(dot + 1)))
          .str();
  std::string name = base;
  for (unsigned i = 1; symbols.lookup(name); ++i)
    name = base + std::to_string(i);
  return name;
}

/// What an op reads by its layer, and which: the attribute that names it, and
/// the index.
static std::pair<FlatSymbolRefAttr, mlir::Value> readOf(Operation *op) {
  if (auto read = dyn_cast<GetWeightOp>(op))
    return {read.getWeightAttr(), read.getIndex()};
  if (auto user = dyn_cast<StateUserOpInterface>(op))
    return {user.getStateAttr(), user.getIndex()};
  return {};
}

LogicalResult Expansion::splitFamilies(func::FuncOp function,
                                       ArrayRef<int64_t> layers) {
  Block &block = function.getBody().front();
  mlir::Value layer = block.getArgument(0);
  llvm::SetVector<Operation *> used;
  for (Operation &op : block) {
    auto [symbol, index] = readOf(&op);
    Operation *family = symbol ? families.lookup(symbol.getAttr()) : nullptr;
    if (!family)
      continue;
    if (index != layer)
      return op.emitOpError("expects the layer of '@")
             << function.getSymName() << "', its first argument";
    for (int64_t number : layers)
      if (!llvm::is_contained(
              family->getAttrOfType<DenseI64ArrayAttr>(kLayers).asArrayRef(),
              number))
        return op.emitOpError("reads '")
               << symbol << "', which layer " << number << " does not have";
    used.insert(family);
  }
  // In the order of the declarations.
  DenseMap<StringAttr, StringAttr> renamed;
  for (auto &[old, op] : families) {
    if (!used.contains(op))
      continue;
    Operation *own = op->clone();
    own->removeAttr(kLayers);
    if (isa<WeightOp>(own))
      own->setAttr("indices",
                   DenseI64ArrayAttr::get(module.getContext(), layers));
    else
      own->setAttr(
          "count",
          Builder(module.getContext()).getI64IntegerAttr(layers.size()));
    SymbolTable::setSymbolName(own,
                               freeName(function.getSymName(), old.getValue()));
    // In front of the functions, as all symbols.
    renamed[old] = symbols.insert(
        own, Block::iterator(*module.getOps<func::FuncOp>().begin()));
  }
  for (Operation &op : block)
    if (FlatSymbolRefAttr symbol = readOf(&op).first)
      if (StringAttr name = renamed.lookup(symbol.getAttr()))
        op.setAttr(isa<GetWeightOp>(op) ? "weight" : "state",
                   FlatSymbolRefAttr::get(name));
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

void Expansion::callLayers(const LayersOf &layers) {
  for (auto function : module.getOps<func::FuncOp>()) {
    DenseMap<int64_t, mlir::Value> indices;
    for (auto op : llvm::make_early_inc_range(function.getOps<LayerOp>())) {
      auto callee = symbols.lookup<func::FuncOp>(op.getCallee());
      const SmallVector<int64_t> &list = layers.find(callee)->second;
      int64_t element = llvm::find(list, int64_t(op.getLayer())) - list.begin();
      OpBuilder builder(op);
      mlir::Value &index = indices[element];
      if (!index)
        index = arith::ConstantIndexOp::create(builder, op.getLoc(), element);
      SmallVector<mlir::Value> operands{index};
      llvm::append_range(operands, op.getArguments());
      auto call = func::CallOp::create(builder, op.getLoc(), callee, operands);
      call->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
      op->replaceAllUsesWith(call);
      op.erase();
    }
  }
}

/// Shared functions, now that layers have their own copies.
void Expansion::eraseFunctions(const LayersOf &layers) {
  for (Operation *op : inlined)
    if (cast<func::FuncOp>(op).isPrivate() &&
        !layers.count(cast<func::FuncOp>(op)) &&
        SymbolTable::symbolKnownUseEmpty(op, module))
      symbols.erase(op);
}

/// Takes the families of layers out of the symbols, so that their names are
/// free for those of one function; what other functions read stays.
void Expansion::freeFamilies(const LayersOf &layers) {
  for (Operation &op : *module.getBody())
    if (op.hasAttr(kLayers) && isa<SymbolOpInterface>(op))
      families[SymbolTable::getSymbolName(&op)] = &op;
  llvm::DenseSet<StringAttr> elsewhere;
  for (auto function : module.getOps<func::FuncOp>())
    if (!layers.count(function))
      function.walk([&](Operation *op) {
        if (FlatSymbolRefAttr symbol = readOf(op).first)
          elsewhere.insert(symbol.getAttr());
      });
  for (auto &[name, op] : families)
    if (!elsewhere.contains(name))
      symbols.remove(op);
}

LogicalResult Expansion::run() {
  LayersOf layers;
  if (!collectLayers(layers))
    return failure();
  for (auto &[function, list] : layers)
    if (failed(inlineCalls(function)))
      return failure();
  eraseFunctions(layers);
  freeFamilies(layers);
  for (auto &[function, list] : layers)
    if (failed(splitFamilies(function, list)))
      return failure();
  callLayers(layers);
  for (auto &[name, op] : families)
    if (symbols.lookup(name) != op)
      op->erase();
  return mlir::success();
}

LogicalResult nn::expandLayers(ModuleOp module) {
  return Expansion(module).run();
}
