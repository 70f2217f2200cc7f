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
  LogicalResult collectLayers();
  void collectFamilies();
  LogicalResult checkCalls();
  LogicalResult inlineCalls(func::FuncOp function);
  void eraseFunctions();
  LogicalResult checkReads();
  LogicalResult splitFamilies(func::FuncOp function, ArrayRef<int64_t> list);
  std::string freeName(StringRef function, StringRef family);
  void callLayers();

  ModuleOp module;
  SymbolTable symbols;
  LayersOf layers;
  /// Functions that were inlined somewhere.
  llvm::SetVector<Operation *> inlined;
  /// Families with `layers`, by name.
  llvm::MapVector<StringAttr, Operation *> families;
};

} // namespace

/// The `layers` of a weight or a state; null where it has none.
static DenseI64ArrayAttr layersOf(Operation *op) {
  if (!isa<WeightOp, StateOpInterface>(op))
    return {};
  return dyn_cast_or_null<DenseI64ArrayAttr>(
      op->getInherentAttr(kLayers).value_or(Attribute()));
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

/// A function whose operations may stand where it is called.
static bool isPlain(func::FuncOp function) {
  return function && function.getBody().hasOneBlock() &&
         isa<func::ReturnOp>(function.getBody().front().back());
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

LogicalResult Expansion::collectLayers() {
  WalkResult result = module.walk([&](LayerOp op) -> WalkResult {
    auto function = symbols.lookup<func::FuncOp>(op.getCallee());
    if (!isPlain(function))
      return op.emitOpError("expects '@")
             << op.getCallee() << "' to be a function with one block";
    SmallVector<int64_t> &list = layers[function];
    if (!llvm::is_contained(list, int64_t(op.getLayer())))
      list.push_back(op.getLayer());
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Its argument becomes an element of its own families, which others know
/// nothing of.
LogicalResult Expansion::checkCalls() {
  std::optional<SymbolTable::UseRange> uses =
      SymbolTable::getSymbolUses(&module.getBodyRegion());
  if (!uses)
    return module.emitOpError("has operations that the compiler does not know");
  for (const SymbolTable::SymbolUse &use : *uses) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(use.getSymbolRef());
    auto function = symbol ? symbols.lookup<func::FuncOp>(symbol.getAttr())
                           : func::FuncOp();
    if (function && layers.count(function) && !isa<LayerOp>(use.getUser()))
      return use.getUser()->emitOpError("names '")
             << symbol << "', which 'nn.layer' runs";
  }
  return mlir::success();
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
    if (!isPlain(callee))
      return call.emitOpError("expects '@")
             << call.getCallee() << "' to be a function with one block";
    if (depth == most)
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
  WalkResult inner = function.walk([&](LayerOp op) -> WalkResult {
    return op.emitOpError("runs a layer inside of a layer, '@")
           << function.getSymName() << "'";
  });
  return failure(inner.wasInterrupted());
}

/// Shared functions, now that layers have their own copies. One that another
/// calls is free when that is gone.
void Expansion::eraseFunctions() {
  for (bool erased = true; erased;) {
    erased = false;
    for (Operation *op : inlined)
      if (cast<func::FuncOp>(op).isPrivate() &&
          SymbolTable::symbolKnownUseEmpty(op, module)) {
        inlined.remove(op);
        symbols.erase(op);
        erased = true;
        break;
      }
  }
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

/// Takes the families of layers out of the symbols, so that their names are
/// free for those of one function.
void Expansion::collectFamilies() {
  for (Operation &op : *module.getBody())
    if (layersOf(&op))
      families[SymbolTable::getSymbolName(&op)] = &op;
  if (!layers.empty())
    for (auto &[name, op] : families)
      symbols.remove(op);
}

/// Families are for functions of layers, whose first argument is for families.
LogicalResult Expansion::checkReads() {
  for (auto function : module.getOps<func::FuncOp>()) {
    bool isLayer = layers.count(function);
    auto layer = isLayer ? mlir::Value(function.getArgument(0)) : mlir::Value();
    WalkResult result = function.walk([&](Operation *op) -> WalkResult {
      auto [symbol, index] = readOf(op);
      Operation *family = symbol ? families.lookup(symbol.getAttr()) : nullptr;
      if (family && !isLayer)
        return op->emitOpError("reads '")
               << symbol << "' by the layer, but 'nn.layer' does not run '@"
               << function.getSymName() << "'";
      if (family &&
          (index != layer || op->getBlock() != &function.getBody().front()))
        return op->emitOpError("expects the layer of '@")
               << function.getSymName() << "', its first argument";
      if (isLayer && !family && llvm::is_contained(op->getOperands(), layer))
        return op->emitOpError("expects the layer of '@")
               << function.getSymName()
               << "' to index weights and states with 'layers'";
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
  }
  return mlir::success();
}

/// `layer0.wq` for `@layer0` and the family `layer.wq`.
std::string Expansion::freeName(StringRef function, StringRef family) {
  size_t dot = family.find('.');
  StringRef own = dot == StringRef::npos ? family : family.substr(dot + 1);
  std::string base = (function + "." + own).str();
  std::string name = base;
  for (unsigned i = 1; symbols.lookup(name); ++i)
    name = base + std::to_string(i);
  return name;
}

LogicalResult Expansion::splitFamilies(func::FuncOp function,
                                       ArrayRef<int64_t> list) {
  Block &block = function.getBody().front();
  llvm::SetVector<Operation *> used;
  for (Operation &op : block) {
    FlatSymbolRefAttr symbol = readOf(&op).first;
    Operation *family = symbol ? families.lookup(symbol.getAttr()) : nullptr;
    if (!family)
      continue;
    for (int64_t number : list)
      if (!llvm::is_contained(layersOf(family).asArrayRef(), number))
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
    Builder builder(module.getContext());
    if (auto weight = dyn_cast<WeightOp>(own))
      weight.setIndices(list);
    else
      own->setAttr("count", builder.getI64IntegerAttr(list.size()));
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

void Expansion::callLayers() {
  for (auto function : module.getOps<func::FuncOp>()) {
    function.walk([&](Block *block) {
      DenseMap<int64_t, mlir::Value> indices;
      for (auto op : llvm::make_early_inc_range(block->getOps<LayerOp>())) {
        auto callee = symbols.lookup<func::FuncOp>(op.getCallee());
        const SmallVector<int64_t> &list = layers.find(callee)->second;
        int64_t element =
            llvm::find(list, int64_t(op.getLayer())) - list.begin();
        OpBuilder builder(op);
        mlir::Value &index = indices[element];
        if (!index)
          index = arith::ConstantIndexOp::create(builder, op.getLoc(), element);
        SmallVector<mlir::Value> operands{index};
        llvm::append_range(operands, op.getArguments());
        auto call =
            func::CallOp::create(builder, op.getLoc(), callee, operands);
        call->setDiscardableAttrs(llvm::to_vector(op->getDiscardableAttrs()));
        op->replaceAllUsesWith(call);
        op.erase();
      }
    });
  }
}

LogicalResult Expansion::run() {
  if (failed(collectLayers()) || failed(checkCalls()))
    return failure();
  for (auto &[function, list] : layers)
    if (failed(inlineCalls(function)))
      return failure();
  eraseFunctions();
  collectFamilies();
  if (failed(checkReads()))
    return failure();
  if (layers.empty())
    return mlir::success();
  for (auto &[function, list] : layers)
    if (failed(splitFamilies(function, list)))
      return failure();
  callLayers();
  // Nothing reads those of all layers any more.
  for (auto &[name, op] : families)
    op->erase();
  return mlir::success();
}

LogicalResult nn::expandLayers(ModuleOp module) {
  return Expansion(module).run();
}
