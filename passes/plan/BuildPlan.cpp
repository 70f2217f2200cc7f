//===- BuildPlan.cpp - Programs and kernels of a model --------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "passes/plan/CheckInput.h"
#include "passes/plan/Emit.h"
#include "passes/plan/FixedState.h"
#include "passes/plan/OutlineEntry.h"
#include "passes/plan/Passes.h"
#include <map>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

namespace {

/// Where the instances of one state family lie: in a slot of `group`, or in the
/// memory of one size.
struct StatePlace {
  StateGroupOp group;
  SmallVector<int64_t> offsets;
};

/// What a value of `@hidden` is while its calls are followed: a buffer, or rows
/// of an instance of a state.
struct Bound {
  Value buffer;
  StringAttr state;
  int64_t instance = 0;
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
  LogicalResult planFixedStates();
  LogicalResult planHidden(StringRef name, int64_t capacity);
  LogicalResult planLogits(StringRef name, int64_t capacity);

  struct FunctionPlan {
    std::unique_ptr<Graph> graph;
    std::vector<KernelPlan> kernels;
  };
  FailureOr<FunctionPlan *> functionPlan(func::FuncOp function, bool manyRows);
  /// Emits the dispatches of one call, and returns what its results are.
  FailureOr<SmallVector<Bound>> instantiate(func::FuncOp function,
                                            bool manyRows,
                                            ArrayRef<Bound> arguments,
                                            ArrayRef<int64_t> indices);
  PackOp packOf(const BufferBinding &binding);
  Value input(StringRef kind, StringAttr source, Type type, int64_t clock = 1);
  /// The instance that `op` reads of the family `symbol` of `count` members
  /// (none: it is not a family).
  FailureOr<int64_t> instanceOf(Operation *op, Value index, StringRef symbol,
                                std::optional<int64_t> count,
                                func::FuncOp function,
                                ArrayRef<int64_t> indices);
  LogicalResult checkBindings(func::FuncOp function, const Graph &graph,
                              ArrayRef<int64_t> indices,
                              const DenseMap<Value, Value> &bufferOf);
  Value makeBuffer(Type type, int64_t rowBytes, StringAttr role, Location loc,
                   int64_t clock = 1);
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
  FixedStateOp fixedState; ///< null: no state is of one size
  std::map<std::tuple<std::string, std::string, int64_t>, Value> inputs;
  /// Buffers of ids that name nothing twice: what `nn.top_k` made.
  DenseSet<Value> distinctIds;
  /// States that this program has appended to, by instance.
  std::map<std::pair<std::string, int64_t>, Operation *> appended;
};

} // namespace

/// What a slot may hold at most: offsets of slots must not overflow.
static constexpr int64_t kMaxSlotBytes = int64_t(1) << 40;
static constexpr int64_t kPageRows = nn::StateOp::kPageRows;

LogicalResult ModulePlanner::planStates() {
  // One group per window, whose pages can be given back together, and clock,
  // whose pages fill up together.
  std::map<std::pair<int64_t, int64_t>, SmallVector<nn::StateOpInterface>>
      byWindow;
  for (auto state : module.getOps<nn::StateOpInterface>()) {
    if (state.getFixedBytes() > 0)
      continue;
    if (state.getRowBytes() == 0)
      return state.emitError("expects a state that keeps something to plan it");
    if (state.getPageRows() != kPageRows)
      return state.emitError("expects a state of pages of ")
             << kPageRows << " rows; others are not in this version";
    int64_t window = state.getStateWindow().value_or(-1);
    if (window != -1 && state.getTokensPerRow() != 1)
      return state.emitError("expects all rows of a clock to plan it; windows "
                             "of them are not in this version");
    byWindow[{window, state.getTokensPerRow()}].push_back(state);
  }
  for (auto &[key, members] : byWindow) {
    auto [window, clock] = key;
    SmallVector<Attribute> names;
    SmallVector<int64_t> counts, offsets;
    int64_t bytes = 0, perToken = 0;
    for (nn::StateOpInterface state : members) {
      int64_t count = state.getStateCount();
      if (count > kMaxInstances)
        return state.emitError("expects a family of at most ")
               << kMaxInstances << " states, but got " << count;
      // Its type bounds the row to 63 bits.
      int64_t rowBytes = state.getRowBytes();
      int64_t pageBytes = rowBytes > kMaxSlotBytes
                              ? INT64_MAX
                              : (state.getPageRows() * rowBytes + 63) / 64 * 64;
      if (pageBytes > (kMaxSlotBytes - bytes) / count)
        return state.emitError("expects states whose pages fit ")
               << kMaxSlotBytes << " bytes, but those of " << rowBytes
               << " bytes a token do not";
      names.push_back(FlatSymbolRefAttr::get(
          cast<SymbolOpInterface>(state.getOperation()).getNameAttr()));
      counts.push_back(count);
      for (int64_t i = 0; i < count; ++i) {
        offsets.push_back(bytes);
        bytes += pageBytes;
        perToken += rowBytes;
      }
    }
    std::string name = window >= 0 ? "pages.window" + std::to_string(window)
                       : clock > 1 ? "pages.clock" + std::to_string(clock)
                                   : "pages";
    b.setInsertionPoint(members.front());
    auto group = StateGroupOp::create(b, members.front().getLoc(), name, window,
                                      bytes, perToken, b.getArrayAttr(names),
                                      counts, offsets, clock);
    symbols.insert(group);
    size_t next = 0;
    for (auto [name, count] : llvm::zip(names, counts)) {
      StatePlace &place = states[cast<FlatSymbolRefAttr>(name).getAttr()];
      place.group = group;
      for (int64_t i = 0; i < count; ++i)
        place.offsets.push_back(offsets[next++]);
    }
  }
  return mlir::success();
}

LogicalResult ModulePlanner::planFixedStates() {
  FailureOr<FixedStateOp> fixed = planFixedState(module, symbols);
  if (failed(fixed))
    return failure();
  fixedState = *fixed;
  if (!fixedState)
    return mlir::success();
  ArrayRef<int64_t> offsets = fixedState.getOffsets();
  for (auto [name, count] :
       llvm::zip(fixedState.getMembers().getAsRange<FlatSymbolRefAttr>(),
                 fixedState.getCounts())) {
    states[name.getAttr()].offsets.assign(offsets.begin(),
                                          offsets.begin() + count);
    offsets = offsets.drop_front(count);
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

Value ModulePlanner::input(StringRef kind, StringAttr source, Type type,
                           int64_t clock) {
  Value &value = inputs[{kind.str(), source ? source.str() : "", clock}];
  if (!value) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&program.getBody().front());
    value = InputOp::create(
        b, program.getLoc(), type, kind,
        source ? FlatSymbolRefAttr::get(source) : FlatSymbolRefAttr(), clock);
  }
  return value;
}

Value ModulePlanner::makeBuffer(Type type, int64_t rowBytes, StringAttr role,
                                Location loc, int64_t clock) {
  // Of windows, as many as the most tokens can complete.
  int64_t count = clock == 1 ? rows : (rows + clock - 1) / clock;
  return BufferOp::create(b, loc, type, b.getI64IntegerAttr(count),
                          b.getI64IntegerAttr(rowBytes), role, IntegerAttr(),
                          /*per_thread=*/UnitAttr(),
                          b.getI64IntegerAttr(clock));
}

FailureOr<int64_t> ModulePlanner::instanceOf(Operation *op, Value index,
                                             StringRef symbol,
                                             std::optional<int64_t> count,
                                             func::FuncOp function,
                                             ArrayRef<int64_t> indices) {
  if (!index)
    return 0;
  APInt constant;
  int64_t instance = -1;
  auto argument = dyn_cast<BlockArgument>(index);
  if (argument && argument.getOwner() == &function.getBody().front())
    instance = indices[argument.getArgNumber()];
  else if (matchPattern(index, m_ConstantInt(&constant)))
    instance = constant.getSExtValue();
  else
    return op->emitError("expects indices of weights and states to be the "
                         "layer or a constant");
  if (instance < 0 || instance >= count.value_or(1))
    return op->emitError("expects an index below ")
           << count.value_or(1) << ", the size of '@" << symbol << "', but '@"
           << function.getSymName() << "' is called with " << instance;
  return instance;
}

/// Checks what only the call tells: which instances are read, and that
/// positions are those of the step.
LogicalResult
ModulePlanner::checkBindings(func::FuncOp function, const Graph &graph,
                             ArrayRef<int64_t> indices,
                             const DenseMap<Value, Value> &bufferOf) {
  // Those of windows are made of those of the step.
  auto checkPositions = [&](Operation *op, Value positions) -> LogicalResult {
    if (auto windows = positions.getDefiningOp<nn::WindowPositionsOp>())
      positions = windows.getPositions();
    Value buffer = bufferOf.lookup(positions);
    auto from = buffer ? buffer.getDefiningOp<InputOp>() : InputOp();
    if (from && from.getKind() == "positions")
      return mlir::success();
    return op->emitError("expects the positions of the step, the second "
                         "argument of '@hidden'");
  };
  for (Operation &op : function.getBody().front()) {
    if (auto rope = dyn_cast<nn::RopeOp>(op))
      if (failed(checkPositions(rope, rope.getPositions())))
        return failure();
    if (auto attention = dyn_cast<nn::AttentionOp>(op))
      if (failed(checkPositions(attention, attention.getPositions())))
        return failure();
    if (auto attention = dyn_cast<nn::AbsorbedAttentionOp>(op))
      if (failed(checkPositions(attention, attention.getPositions())))
        return failure();
    if (auto scores = dyn_cast<nn::IndexScoresOp>(op))
      if (failed(checkPositions(scores, scores.getPositions())))
        return failure();
    if (auto pick = dyn_cast<nn::PickOp>(op);
        pick && isa<BlockArgument>(pick.getIds()) &&
        !distinctIds.contains(bufferOf.lookup(pick.getIds())))
      return pick.emitError("expects ids from 'nn.top_k' to plan it, but '@")
             << function.getSymName() << "' is called with others";
    auto user = dyn_cast<nn::StateUserOpInterface>(op);
    if (!user)
      continue;
    if (failed(checkPositions(user, user.getPositions())))
      return failure();
    StringRef name = user.getStateAttr().getValue();
    auto state = symbols.lookup<nn::StateOpInterface>(name);
    FailureOr<int64_t> instance = instanceOf(
        user, user.getIndex(), name, state.getStateCount(), function, indices);
    if (failed(instance))
      return failure();
    auto [at, isNew] =
        appended.try_emplace({name.str(), *instance}, user.getOperation());
    if (!isNew) {
      InFlightDiagnostic error = user.emitError("expects one '")
                                 << user->getName()
                                 << "' of a state in a step, but '@" << name
                                 << "' [" << *instance << "] has two";
      error.attachNote(at->second->getLoc()) << "the first is here";
      return error;
    }
  }
  return mlir::success();
}

FailureOr<SmallVector<Bound>>
ModulePlanner::instantiate(func::FuncOp function, bool manyRows,
                           ArrayRef<Bound> arguments,
                           ArrayRef<int64_t> indices) {
  FailureOr<FunctionPlan *> found = functionPlan(function, manyRows);
  if (failed(found))
    return failure();
  FunctionPlan &plan = **found;
  DenseMap<Value, Value> bufferOf;
  DenseMap<Value, Bound> rowsOf;
  std::map<int, Value> recordOf, partsOf, orderOf;
  for (auto [argument, bound] : llvm::zip(function.getArguments(), arguments)) {
    if (isa<nn::RowsType>(argument.getType()))
      rowsOf[argument] = bound;
    else
      bufferOf[argument] = bound.buffer;
  }
  if (failed(checkBindings(function, *plan.graph, indices, bufferOf)))
    return failure();
  auto returned =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());

  // Where the instance lies that an op, or an argument of rows, names.
  auto stateOf = [&](Operation *user, Value argument) -> FailureOr<Bound> {
    if (argument)
      return rowsOf.lookup(argument);
    auto names = cast<nn::StateUserOpInterface>(user);
    StringAttr state = names.getStateAttr().getAttr();
    FailureOr<int64_t> instance =
        instanceOf(user, names.getIndex(), state.getValue(),
                   states[state].offsets.size(), function, indices);
    if (failed(instance))
      return failure();
    return Bound{Value(), state, *instance};
  };
  auto groupOf = [&](const BufferBinding &binding) {
    StringAttr state =
        binding.value ? rowsOf.lookup(binding.value).state : binding.symbol;
    return states[state].group.getSymNameAttr();
  };
  auto bind = [&](const BufferBinding &binding,
                  Location loc) -> FailureOr<Value> {
    switch (binding.kind) {
    case BufferBinding::Row: {
      Value &value = bufferOf[binding.value];
      if (!value && plan.graph->producerOf(binding.value) < 0)
        return function.emitError("has a kernel that reads a value which no "
                                  "kernel makes, of type ")
               << binding.value.getType();
      if (!value)
        value = makeBuffer(binding.type, rowBytes(binding.value), StringAttr(),
                           loc, plan.graph->clockOf(binding.value));
      return value;
    }
    case BufferBinding::Record: {
      Value &value = recordOf[binding.node];
      if (!value) {
        const Node &node = plan.graph->nodes[binding.node];
        int64_t bytes =
            target.recordBytes(rowElements(binding.value), node.choice);
        value = makeBuffer(binding.type, bytes, StringAttr(), loc);
      }
      return value;
    }
    case BufferBinding::Parts: {
      Value &value = partsOf[binding.node];
      if (!value) {
        auto type = cast<RankedTensorType>(
            plan.graph->nodes[binding.node].op->getResult(0).getType());
        value = makeBuffer(
            binding.type,
            target.attentionPartBytes(type.getDimSize(1), type.getDimSize(2)),
            StringAttr(), loc);
      }
      return value;
    }
    case BufferBinding::Order: {
      Value &value = orderOf[binding.node];
      if (!value) {
        // Where the choices of each expert begin, and all choices.
        const Node &node = plan.graph->nodes[binding.node];
        int64_t begins = (node.experts + 2 + rows - 1) / rows;
        value = makeBuffer(binding.type, 4 * (begins + rowElements(node.ids)),
                           StringAttr(), loc);
      }
      return value;
    }
    case BufferBinding::Weight: {
      auto get = cast<nn::GetWeightOp>(binding.getWeight);
      auto weight = symbols.lookup<nn::WeightOp>(get.getWeight());
      std::optional<int64_t> count;
      if (weight.isFamily())
        count = weight.getCount();
      FailureOr<int64_t> index = instanceOf(
          get, get.getIndex(), get.getWeight(), count, function, indices);
      if (failed(index))
        return failure();
      PackOp pack = packOf(binding);
      return Value(
          WeightOp::create(b, loc, binding.type, pack.getSymName(), *index));
    }
    case BufferBinding::RopeTable:
      return input("rope_table", binding.symbol, binding.type, binding.clock);
    case BufferBinding::Pool:
      return input("pool", groupOf(binding), binding.type);
    case BufferBinding::PageTable:
      return input("page_table", groupOf(binding), binding.type);
    case BufferBinding::FixedState:
      return input("fixed_state", fixedState.getSymNameAttr(), binding.type);
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
      FailureOr<Bound> state = stateOf(size.user, size.rows);
      if (failed(state))
        return failure();
      StatePlace &place = states[state->state];
      int64_t value = size.kind == SizeBinding::SlotBytes
                          ? place.group.getSlotBytes()
                          : place.offsets[state->instance];
      sizes.push_back(SizeAttr::get(b.getContext(), Symbol::One, value, 0, 1));
    }
    bool last = position + 1 == plan.kernels.size() ||
                plan.kernels[position + 1].stage != kernel.stage;
    DispatchOp::create(b, loc, kernel.kernel.getSymName(), kernel.grid, buffers,
                       kernel.writes, b.getArrayAttr(sizes), last, kernel.label,
                       kernel.weightBytes, kernel.flops, kernel.integerFlops,
                       kernel.rowBytes, kernel.rowFlops, kernel.window);
  }
  SmallVector<Bound> results;
  for (Value value : returned.getOperands()) {
    if (isa<nn::RowsType>(value.getType())) {
      auto history = value.getDefiningOp<nn::HistoryOp>();
      FailureOr<Bound> rows = stateOf(history, history ? Value() : value);
      if (failed(rows))
        return failure();
      results.push_back(*rows);
      continue;
    }
    Value buffer = bufferOf.lookup(plan.graph->rootOf(value));
    if (!buffer)
      return returned.emitError("returns a value that no kernel makes");
    if (value.getDefiningOp<nn::TopKOp>())
      distinctIds.insert(buffer);
    results.push_back({buffer, {}});
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
  distinctIds.clear();
  appended.clear();
  int64_t padding = target.rowPadding();
  rows = capacity == 1 ? 1 : (capacity + padding - 1) / padding * padding;
}

LogicalResult ModulePlanner::planHidden(StringRef name, int64_t capacity) {
  func::FuncOp hidden = hiddenFunction;
  startProgram(name, capacity);
  bool manyRows = capacity > 1;
  Type ids = MemRefType::get({ShapedType::kDynamic}, b.getI32Type());
  DenseMap<Value, Bound> boundOf;
  boundOf[hidden.getArgument(0)].buffer = input("tokens", {}, ids);
  boundOf[hidden.getArgument(1)].buffer = input("positions", {}, ids);
  Value result = hidden.getBody().front().getTerminator()->getOperand(0);
  bool tapped = false;
  for (Operation &op : hidden.getBody().front()) {
    auto call = dyn_cast<func::CallOp>(op);
    if (!call)
      continue; // index constants, and the return
    auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
    if (callee == hidden || callee == logitsFunction)
      return call.emitError("expects calls of layers, but got '@")
             << call.getCallee() << "'";
    SmallVector<Bound> arguments;
    SmallVector<int64_t> indices;
    for (Value operand : call.getOperands()) {
      APInt constant;
      bool isIndex = operand.getType().isIndex();
      if (isIndex && !matchPattern(operand, m_ConstantInt(&constant)))
        return call.emitError("expects constant indices");
      indices.push_back(isIndex ? constant.getSExtValue() : 0);
      arguments.push_back(boundOf.lookup(operand));
    }
    auto tap = call->getAttrOfType<IntegerAttr>(nn::NNDialect::kTapAttr);
    if (tap && !tapped) {
      tapped = true;
      for (Value operand : call.getOperands())
        if (operand.getType() == call.getResult(0).getType()) {
          TapOp::create(b, call.getLoc(), boundOf.lookup(operand).buffer, 0);
          break;
        }
    }
    auto results = instantiate(callee, manyRows, arguments, indices);
    if (failed(results))
      return failure();
    for (auto [value, bound] : llvm::zip(call.getResults(), *results))
      boundOf[value] = bound;
    if (tap)
      TapOp::create(b, call.getLoc(), (*results)[0].buffer, tap.getInt());
  }
  // The last call may hand on what an earlier one made.
  Value made = boundOf.lookup(result).buffer;
  auto buffer = made ? made.getDefiningOp<BufferOp>() : BufferOp();
  if (!buffer)
    return hidden.emitError("expects to return what a kernel makes");
  buffer.setRole("hidden");
  return mlir::success();
}

LogicalResult ModulePlanner::planLogits(StringRef name, int64_t capacity) {
  func::FuncOp logits = logitsFunction;
  startProgram(name, capacity);
  Value x = logits.getArgument(0);
  Value buffer = makeBuffer(rowBufferType(x), rowBytes(x),
                            b.getStringAttr("logits_in"), logits.getLoc());
  auto results = instantiate(logits, capacity > 1, Bound{buffer, {}}, {0});
  if (failed(results))
    return failure();
  if (results->front().buffer == buffer)
    return logits.emitError("expects to return what a kernel makes, but "
                            "returns its argument");
  results->front().buffer.getDefiningOp<BufferOp>().setRole("logits_out");
  return mlir::success();
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
  auto isIds = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) &&
           tensor.getElementType().isInteger(32);
  };
  if (hidden.getNumArguments() != 2 ||
      !llvm::all_of(hidden.getArgumentTypes(), isIds) ||
      hidden.getNumResults() != 1 || !hidden.getBody().hasOneBlock())
    return hidden.emitError("expects tokens and positions (tensor<?xi32>), one "
                            "result and a body of one block, but got ")
           << hidden.getFunctionType();
  if (logitsFunction.getNumArguments() != 1 ||
      !isActivation(logitsFunction.getArgumentTypes()[0]) ||
      logitsFunction.getNumResults() != 1)
    return logitsFunction.emitError("expects rows of f32 and one result, but "
                                    "got ")
           << logitsFunction.getFunctionType();
  for (func::FuncOp part : outlineEntry(hidden, symbols))
    functions.push_back(part);
  if (failed(checkCompiled(module)) || failed(planStates()) ||
      failed(planFixedStates()) ||
      failed(planHidden("prefill", options.chunk)) ||
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
