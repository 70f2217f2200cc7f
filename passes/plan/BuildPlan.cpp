//===- BuildPlan.cpp - Programs and kernels of a model --------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "passes/plan/Emit.h"
#include "passes/plan/OutlineEntry.h"
#include "passes/plan/Passes.h"
#include <map>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

namespace {

/// Where the instances of one state family lie.
struct StatePlace {
  StateGroupOp group;
  SmallVector<int64_t> offsets;
};

/// Builds the programs of one module.
class ModulePlanner {
public:
  ModulePlanner(ModuleOp module, const PlanTarget &target,
                const BuildPlanOptions &options)
      : module(module), target(target), options(options), symbols(module),
        b(module.getContext()) {}

  LogicalResult run();

private:
  LogicalResult planStates();
  LogicalResult planHidden(StringRef name, int64_t capacity);
  LogicalResult planLogits(StringRef name, int64_t capacity);

  struct FunctionPlan {
    std::unique_ptr<Graph> graph;
    std::vector<KernelPlan> kernels;
  };
  FailureOr<FunctionPlan *> functionPlan(func::FuncOp function, bool manyRows);
  /// Emits the dispatches of one call. `results` are the roles of its results.
  FailureOr<SmallVector<Value>>
  instantiate(func::FuncOp function, bool manyRows, ArrayRef<Value> buffers,
              ArrayRef<int64_t> indices, ArrayRef<StringAttr> roles);
  PackOp packOf(const BufferBinding &binding);
  Value input(StringRef kind, StringAttr source, Type type);
  FailureOr<int64_t> instanceOf(Value index, func::FuncOp function,
                                ArrayRef<int64_t> indices);
  Value makeBuffer(Type type, int64_t rowBytes, StringAttr role, Location loc);
  void startProgram(StringRef name, int64_t capacity);

  ModuleOp module;
  func::FuncOp hiddenFunction, logitsFunction;
  const PlanTarget &target;
  BuildPlanOptions options;
  SymbolTable symbols;
  OpBuilder b;
  ProgramOp program;
  int64_t rows = 0; ///< of this program's buffers
  std::map<std::pair<Operation *, bool>, FunctionPlan> plans;
  std::map<std::tuple<std::string, std::string, Encoding>, PackOp> packs;
  DenseMap<StringAttr, StatePlace> states;
  std::map<std::pair<std::string, std::string>, Value> inputs;
};

} // namespace

LogicalResult ModulePlanner::planStates() {
  // One group per window: its pages can be given back together.
  std::map<int64_t, SmallVector<nn::StateOp>> byWindow;
  for (auto state : module.getOps<nn::StateOp>())
    byWindow[state.getType().getWindow().value_or(-1)].push_back(state);
  for (auto &[window, members] : byWindow) {
    SmallVector<Attribute> names;
    SmallVector<int64_t> counts, offsets;
    int64_t bytes = 0, perToken = 0;
    for (nn::StateOp state : members) {
      int64_t rowBytes = state.getType().getRowElements() *
                         infoOf(state.getStorageEncoding()).blockBytes;
      int64_t count = state.isFamily() ? *state.getCount() : 1;
      names.push_back(FlatSymbolRefAttr::get(state.getSymNameAttr()));
      counts.push_back(count);
      for (int64_t i = 0; i < count; ++i) {
        offsets.push_back(bytes);
        bytes += (nn::StateOp::kPageRows * rowBytes + 63) / 64 * 64;
        perToken += rowBytes;
      }
    }
    std::string name =
        window < 0 ? "pages" : "pages.window" + std::to_string(window);
    b.setInsertionPoint(members.front());
    auto group =
        StateGroupOp::create(b, members.front().getLoc(), name, window, bytes,
                             perToken, b.getArrayAttr(names), counts, offsets);
    symbols.insert(group);
    size_t next = 0;
    for (auto [state, count] : llvm::zip(members, counts)) {
      StatePlace &place = states[state.getSymNameAttr()];
      place.group = group;
      for (int64_t i = 0; i < count; ++i)
        place.offsets.push_back(offsets[next++]);
    }
  }
  return mlir::success();
}

FailureOr<ModulePlanner::FunctionPlan *>
ModulePlanner::functionPlan(func::FuncOp function, bool manyRows) {
  auto [it, isNew] = plans.try_emplace({function, manyRows});
  FunctionPlan &plan = it->second;
  if (!isNew)
    return &plan;
  plan.graph = std::make_unique<Graph>(function, target, manyRows);
  if (failed(plan.graph->build()))
    return failure();
  FunctionEmitter emitter(function, *plan.graph, module);
  auto kernels = emitter.emit();
  if (failed(kernels))
    return failure();
  plan.kernels = std::move(*kernels);
  for (KernelPlan &kernel : plan.kernels) {
    // The emitter appended it under a name that need not be unique.
    kernel.kernel->remove();
    symbols.insert(kernel.kernel, module.getBody()->end());
  }
  return &plan;
}

PackOp ModulePlanner::packOf(const BufferBinding &binding) {
  auto get = cast<nn::GetWeightOp>(binding.getWeight);
  std::string source = get.getWeight().str();
  PackOp &pack = packs[{source, binding.layout, binding.encoding}];
  if (pack)
    return pack;
  auto weight = symbols.lookup<nn::WeightOp>(source);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfter(weight);
  pack = PackOp::create(b, weight.getLoc(), source + "." + binding.layout,
                        source, weight.getCount(), binding.layout,
                        infoOf(binding.encoding).name,
                        weight.getType().getShape());
  symbols.insert(pack);
  return pack;
}

Value ModulePlanner::input(StringRef kind, StringAttr source, Type type) {
  Value &value = inputs[{kind.str(), source ? source.str() : ""}];
  if (!value) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&program.getBody().front());
    value = InputOp::create(b, program.getLoc(), type, kind,
                            source ? FlatSymbolRefAttr::get(source)
                                   : FlatSymbolRefAttr());
  }
  return value;
}

Value ModulePlanner::makeBuffer(Type type, int64_t rowBytes, StringAttr role,
                                Location loc) {
  return BufferOp::create(b, loc, type, b.getI64IntegerAttr(rows),
                          b.getI64IntegerAttr(rowBytes), role, IntegerAttr());
}

FailureOr<int64_t> ModulePlanner::instanceOf(Value index, func::FuncOp function,
                                             ArrayRef<int64_t> indices) {
  if (!index)
    return 0;
  if (auto argument = dyn_cast<BlockArgument>(index))
    if (argument.getOwner() == &function.getBody().front())
      return indices[argument.getArgNumber()];
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return constant.getSExtValue();
  return function.emitError("expects indices of weights and states to be the "
                            "layer or a constant");
}

FailureOr<SmallVector<Value>>
ModulePlanner::instantiate(func::FuncOp function, bool manyRows,
                           ArrayRef<Value> arguments, ArrayRef<int64_t> indices,
                           ArrayRef<StringAttr> roles) {
  FailureOr<FunctionPlan *> found = functionPlan(function, manyRows);
  if (failed(found))
    return failure();
  FunctionPlan &plan = **found;
  DenseMap<Value, Value> bufferOf;
  std::map<int, Value> recordOf;
  for (auto [argument, value] : llvm::zip(function.getArguments(), arguments))
    bufferOf[argument] = value;
  auto returned =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  DenseMap<Value, StringAttr> roleOf;
  for (auto [value, role] : llvm::zip(returned.getOperands(), roles))
    if (role)
      roleOf[plan.graph->rootOf(value)] = role;

  auto bind = [&](const BufferBinding &binding,
                  Location loc) -> FailureOr<Value> {
    switch (binding.kind) {
    case BufferBinding::Row: {
      Value &value = bufferOf[binding.value];
      if (!value)
        value =
            makeBuffer(binding.type, rowStride(rowElements(binding.value)) * 4,
                       roleOf.lookup(binding.value), loc);
      return value;
    }
    case BufferBinding::Record: {
      Value &value = recordOf[binding.node];
      if (!value) {
        const Node &node = plan.graph->nodes[binding.node];
        int64_t bytes =
            target.recordBytes(rowElements(binding.value), node.choice.encoding,
                               node.choice.rowTile);
        value = makeBuffer(binding.type, bytes, StringAttr(), loc);
      }
      return value;
    }
    case BufferBinding::Weight: {
      auto get = cast<nn::GetWeightOp>(binding.getWeight);
      FailureOr<int64_t> index = instanceOf(get.getIndex(), function, indices);
      if (failed(index))
        return failure();
      PackOp pack = packOf(binding);
      return Value(
          WeightOp::create(b, loc, binding.type, pack.getSymName(), *index));
    }
    case BufferBinding::RopeTable:
      return input("rope_table", binding.symbol, binding.type);
    case BufferBinding::Pool:
      return input("pool", states[binding.symbol].group.getSymNameAttr(),
                   binding.type);
    case BufferBinding::PageTable:
      return input("page_table", states[binding.symbol].group.getSymNameAttr(),
                   binding.type);
    default:
      return function.emitError("has an argument that no buffer is bound to");
    }
  };

  for (auto [position, kernel] : llvm::enumerate(plan.kernels)) {
    Location loc = kernel.kernel.getLoc();
    SmallVector<Value> buffers;
    for (const BufferBinding &binding : kernel.buffers) {
      FailureOr<Value> value = bind(binding, loc);
      if (failed(value))
        return failure();
      buffers.push_back(*value);
    }
    SmallVector<Attribute> sizes;
    for (const SizeBinding &size : kernel.sizes) {
      if (size.kind == SizeBinding::Host) {
        sizes.push_back(size.size);
        continue;
      }
      auto history = cast<nn::HistoryOp>(size.history);
      StatePlace &place = states[history.getStateAttr().getAttr()];
      int64_t value = place.group.getSlotBytes();
      if (size.kind == SizeBinding::StateOffset) {
        FailureOr<int64_t> instance =
            instanceOf(history.getIndex(), function, indices);
        if (failed(instance))
          return failure();
        value = place.offsets[*instance];
      }
      sizes.push_back(SizeAttr::get(b.getContext(), Symbol::One, value, 0, 1));
    }
    bool last = position + 1 == plan.kernels.size() ||
                plan.kernels[position + 1].stage != kernel.stage;
    DispatchOp::create(b, loc, kernel.kernel.getSymName(), kernel.grid, buffers,
                       kernel.writes, b.getArrayAttr(sizes), last, kernel.label,
                       kernel.weightBytes, kernel.flops);
  }
  SmallVector<Value> results;
  for (Value value : returned.getOperands()) {
    Value buffer = bufferOf.lookup(plan.graph->rootOf(value));
    if (!buffer)
      return returned.emitError("returns a value that no kernel makes");
    results.push_back(buffer);
  }
  return results;
}

void ModulePlanner::startProgram(StringRef name, int64_t capacity) {
  b.setInsertionPointToEnd(module.getBody());
  program = ProgramOp::create(b, module.getLoc(), name, capacity);
  symbols.insert(program, module.getBody()->end());
  program.getBody().emplaceBlock();
  b.setInsertionPointToEnd(&program.getBody().front());
  inputs.clear();
  int64_t padding = target.rowPadding();
  rows = capacity == 1 ? 1 : (capacity + padding - 1) / padding * padding;
}

LogicalResult ModulePlanner::planHidden(StringRef name, int64_t capacity) {
  func::FuncOp hidden = hiddenFunction;
  startProgram(name, capacity);
  bool manyRows = capacity > 1;
  Type ids = MemRefType::get({ShapedType::kDynamic}, b.getI32Type());
  DenseMap<Value, Value> bufferOf;
  bufferOf[hidden.getArgument(0)] = input("tokens", {}, ids);
  bufferOf[hidden.getArgument(1)] = input("positions", {}, ids);
  Value result = hidden.getBody().front().getTerminator()->getOperand(0);
  bool tapped = false;
  for (Operation &op : hidden.getBody().front()) {
    auto call = dyn_cast<func::CallOp>(op);
    if (!call)
      continue; // index constants, and the return
    auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
    SmallVector<Value> buffers;
    SmallVector<int64_t> indices;
    for (Value operand : call.getOperands()) {
      APInt constant;
      bool isIndex = operand.getType().isIndex();
      if (isIndex && !matchPattern(operand, m_ConstantInt(&constant)))
        return call.emitError("expects constant indices");
      indices.push_back(isIndex ? constant.getSExtValue() : 0);
      buffers.push_back(bufferOf.lookup(operand));
    }
    auto tap = call->getAttrOfType<IntegerAttr>(nn::NNDialect::kTapAttr);
    if (tap && !tapped) {
      tapped = true;
      for (Value operand : call.getOperands())
        if (operand.getType() == call.getResult(0).getType()) {
          TapOp::create(b, call.getLoc(), bufferOf.lookup(operand), 0);
          break;
        }
    }
    SmallVector<StringAttr> roles;
    for (Value value : call.getResults())
      roles.push_back(value == result ? b.getStringAttr("hidden")
                                      : StringAttr());
    auto results = instantiate(callee, manyRows, buffers, indices, roles);
    if (failed(results))
      return failure();
    for (auto [value, buffer] : llvm::zip(call.getResults(), *results))
      bufferOf[value] = buffer;
    if (tap)
      TapOp::create(b, call.getLoc(), (*results)[0], tap.getInt());
  }
  return mlir::success();
}

LogicalResult ModulePlanner::planLogits(StringRef name, int64_t capacity) {
  func::FuncOp logits = logitsFunction;
  startProgram(name, capacity);
  Value x = logits.getArgument(0);
  Value buffer = makeBuffer(rowBufferType(x), rowStride(rowElements(x)) * 4,
                            b.getStringAttr("logits_in"), logits.getLoc());
  return failure(failed(instantiate(logits, capacity > 1, {buffer}, {0},
                                    {b.getStringAttr("logits_out")})));
}

LogicalResult ModulePlanner::run() {
  for (StringRef name : {"hidden", "logits"})
    if (!symbols.lookup<func::FuncOp>(name))
      return module.emitError("expects a function '@") << name << "'";
  SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  auto hidden = hiddenFunction = symbols.lookup<func::FuncOp>("hidden");
  logitsFunction = symbols.lookup<func::FuncOp>("logits");
  // A program takes the name.
  if (failed(symbols.rename(logitsFunction, "nn.logits")))
    return failure();
  if (hidden.getNumArguments() != 2 || hidden.getNumResults() != 1)
    return hidden.emitError("expects tokens and positions, and one result");
  for (func::FuncOp part : outlineEntry(hidden, symbols))
    functions.push_back(part);
  if (failed(planStates()) || failed(planHidden("prefill", options.chunk)) ||
      failed(planHidden("decode", 1)) ||
      failed(planLogits("logits", options.logitsRows)) ||
      failed(planLogits("logits_one", 1)))
    return failure();
  for (func::FuncOp function : functions)
    function.erase();
  module->setAttr("plan.target", b.getStringAttr(target.name()));
  return mlir::success();
}

namespace {

struct BuildPlanPass : PassWrapper<BuildPlanPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(BuildPlanPass)

  BuildPlanPass(std::shared_ptr<const PlanTarget> target,
                const BuildPlanOptions &options)
      : target(std::move(target)), options(options) {}

  StringRef getArgument() const override { return "plan-build"; }
  StringRef getDescription() const override {
    return "replace the nn functions by programs and kernels of a target";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<PlanDialect, arith::ArithDialect, math::MathDialect,
                    bufferization::BufferizationDialect, memref::MemRefDialect,
                    scf::SCFDialect, tensor::TensorDialect>();
  }
  void runOnOperation() override {
    if (failed(ModulePlanner(getOperation(), *target, options).run()))
      signalPassFailure();
  }

  std::shared_ptr<const PlanTarget> target;
  BuildPlanOptions options;
};

} // namespace

std::unique_ptr<Pass>
plan::createBuildPlanPass(std::shared_ptr<const PlanTarget> target,
                          const BuildPlanOptions &options) {
  return std::make_unique<BuildPlanPass>(std::move(target), options);
}
