//===- Interpreter.cpp - The meaning of an nn module ----------------------===//

#include "dialects/nn/reference/Interpreter.h"
#include "dialects/nn/weights/WeightEvaluator.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

/// Calls may not nest deeper than any model needs.
static constexpr int kMaxDepth = 64;
/// Nor may one token have more numbers.
static constexpr int64_t kMaxElements = int64_t(1) << 32;

Interpreter::Interpreter(ModuleOp module, const WeightSource &source,
                         InterpreterOptions options)
    : module(module), source(source), options(options),
      kernels(options.kernels ? *options.kernels : KernelTable::standard()),
      symbols(module) {}

Interpreter::~Interpreter() = default;

//===----------------------------------------------------------------------===//
// What ops ask for
//===----------------------------------------------------------------------===//

Operation *Interpreter::symbol(StringRef name) { return symbols.lookup(name); }

Result<nn::Value> Interpreter::weight(StringRef name, int64_t index) {
  auto [at, isNew] = weights.try_emplace({name.str(), index});
  if (!isNew)
    return at->second;
  auto weight = symbols.lookup<WeightOp>(name);
  Result<std::vector<float>> values =
      WeightEvaluator(module, source).evaluateF32(weight, index);
  if (!values) {
    weights.erase(at);
    return values.takeErrors();
  }
  at->second =
      valueOf(Tensor(weight.getType().getShape().vec(), std::move(*values)));
  return at->second;
}

Result<nn::Value> Interpreter::element(StringRef name, int64_t index,
                                       int64_t element) {
  auto [at, isNew] = elements.try_emplace({name.str(), index, element});
  if (!isNew)
    return at->second;
  auto weight = symbols.lookup<WeightOp>(name);
  Result<std::vector<float>> values =
      WeightEvaluator(module, source)
          .evaluateElementF32(weight, index, element);
  if (!values) {
    elements.erase(at);
    return values.takeErrors();
  }
  at->second = valueOf(Tensor(weight.getType().getShape().drop_front().vec(),
                              std::move(*values)));
  return at->second;
}

/// Says where a symbol has no instance of that index.
static Status checkInstance(StateOpInterface state, StringRef name,
                            int64_t index) {
  if (auto layers = state->getAttrOfType<DenseI64ArrayAttr>("layers")) {
    if (llvm::is_contained(layers.asArrayRef(), index))
      return tombolo::success();
    return Error("state '@" + name.str() + "'",
                 "expects one of its layers, but got " + std::to_string(index));
  }
  if (index >= 0 && index < state.getStateCount())
    return tombolo::success();
  return Error("state '@" + name.str() + "'",
               "expects an index below " +
                   std::to_string(state.getStateCount()) + ", but got " +
                   std::to_string(index));
}

Result<std::shared_ptr<History>> Interpreter::history(StringRef name,
                                                      int64_t index) {
  auto state = symbols.lookup<StateOp>(name);
  if (Status status = checkInstance(state, name, index); !status)
    return status.takeErrors();
  auto [at, isNew] = states.try_emplace({name.str(), index});
  if (isNew) {
    at->second = std::make_shared<History>();
    at->second->rowElements = state.getType().getRowElements();
    at->second->clock = state.getType().getClock();
  }
  return at->second;
}

Result<std::shared_ptr<FixedState>> Interpreter::fixedState(StringRef name,
                                                            int64_t index) {
  auto state = symbols.lookup<StateOpInterface>(name);
  if (Status status = checkInstance(state, name, index); !status)
    return status.takeErrors();
  auto [at, isNew] = fixedStates.try_emplace({name.str(), index});
  if (isNew)
    at->second = std::make_shared<FixedState>();
  return at->second;
}

Result<std::vector<double>> Interpreter::angles(StringRef name) {
  auto table = symbols.lookup<RopeTableOp>(name);
  bool isLong =
      table.getLongFrom() && *ropeLength > int64_t(*table.getLongFrom());
  SmallVector<double> freqs = table.getFrequencies();
  if (isLong && table.getLongFreqs())
    freqs = table.getLongFrequencies();
  std::optional<StringRef> divisors = table.getDivisors();
  if (isLong && table.getLongDivisors())
    divisors = table.getLongDivisors();
  if (divisors) {
    Result<nn::Value> by = weight(*divisors, 0);
    if (!by)
      return by.takeErrors();
    for (auto [freq, divisor] : llvm::zip_equal(freqs, tensorOf(*by).floats))
      freq /= divisor;
  }
  return std::vector<double>(freqs.begin(), freqs.end());
}

void Interpreter::fixRopeLength(int64_t tokens) {
  if (!ropeLength)
    ropeLength = options.ropeLength ? options.ropeLength : tokens;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Rounds the numbers of a result to its type.
static void narrow(Tensor &tensor, Type elementType) {
  if (elementType.isF16()) {
    tensor.kind = ElementKind::F16;
    for (float &value : tensor.floats)
      value = halfToFloat(floatToHalf(value));
  } else if (elementType.isBF16()) {
    tensor.kind = ElementKind::BF16;
    for (float &value : tensor.floats)
      value = bfloatToFloat(floatToBfloat(value));
  } else if (elementType.isF32()) {
    tensor.kind = ElementKind::F32;
  }
}

static ElementKind kindOf(Type elementType) {
  return elementType.isF16()    ? ElementKind::F16
         : elementType.isBF16() ? ElementKind::BF16
         : elementType.isF32()  ? ElementKind::F32
                                : ElementKind::I32;
}

/// The operand of a tapped call that its first result takes the place of.
static int64_t tappedOperand(Operation *call) {
  return std::distance(
      call->operand_type_begin(),
      llvm::find(call->getOperandTypes(), call->getResult(0).getType()));
}

Result<Values> Interpreter::run(Operation *op, ArrayRef<nn::Value> operands,
                                Taps *taps, int depth) {
  StringRef callee;
  Values arguments;
  if (auto callOp = dyn_cast<func::CallOp>(op)) {
    callee = callOp.getCallee();
  } else if (auto layerOp = dyn_cast<LayerOp>(op)) {
    callee = layerOp.getCallee();
    arguments.push_back(nn::Value(int64_t(layerOp.getLayer())));
  }
  if (!callee.empty()) {
    llvm::append_range(arguments, operands);
    auto tap = op->getAttrOfType<IntegerAttr>(NNDialect::kTapAttr);
    bool tapped = taps && tap;
    // hidden.0 is what goes into the first layer.
    if (tapped && tap.getInt() > 0)
      taps->try_emplace(tap.getInt() - 1,
                        tensorOf(operands[tappedOperand(op)]));
    Result<Values> results =
        call(symbols.lookup(callee), std::move(arguments), taps, depth + 1);
    if (results && tapped)
      taps->insert_or_assign(tap.getInt(), tensorOf((*results)[0]));
    return results;
  }
  const Kernel *kernel = kernels.find(op->getName().getStringRef());
  if (!kernel)
    return kernelError(op, "is an operation that the interpreter does not "
                           "know");
  for (Type type : op->getResultTypes()) {
    int64_t elements = 1;
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      for (int64_t size : tensor.getShape())
        if (!ShapedType::isDynamic(size) &&
            (llvm::MulOverflow(elements, size, elements) ||
             elements > kMaxElements))
          return kernelError(op, "makes a tensor of more than " +
                                     Twine(kMaxElements) + " elements, " +
                                     shapeText(tensor.getShape()));
  }
  Result<Values> results = (*kernel)(op, operands, *this);
  if (!results)
    return results;
  for (auto [value, type] : llvm::zip_equal(*results, op->getResultTypes())) {
    auto tensorType = dyn_cast<RankedTensorType>(type);
    auto *tensor = std::get_if<std::shared_ptr<const Tensor>>(&value);
    // What a kernel made of an f16 operand may say F16 and not be rounded.
    if (!tensor || !tensorType ||
        !isa<FloatType>(tensorType.getElementType()) ||
        (tensorType.getElementType().isF32() &&
         (*tensor)->kind == ElementKind::F32))
      continue;
    Tensor rounded = **tensor;
    narrow(rounded, tensorType.getElementType());
    value = valueOf(std::move(rounded));
  }
  return results;
}

Result<Values> Interpreter::call(Operation *function, Values arguments,
                                 Taps *taps, int depth) {
  auto func = dyn_cast_or_null<func::FuncOp>(function);
  if (!func || func.isExternal() || !func.getBody().hasOneBlock())
    return Error("", "expects a function with a body of one block, but "
                     "got " +
                         (func ? "'@" + func.getSymName().str() + "'"
                               : std::string("none")));
  if (depth > kMaxDepth)
    return kernelError(func, "nests calls deeper than " + Twine(kMaxDepth));
  Block &block = func.getBody().front();
  llvm::DenseMap<mlir::Value, nn::Value> values;
  for (auto [argument, value] :
       llvm::zip_equal(block.getArguments(), arguments))
    values[argument] = std::move(value);
  auto operandsOf = [&](Operation &op) {
    Values operands;
    for (mlir::Value operand : op.getOperands())
      operands.push_back(values.at(operand));
    return operands;
  };
  for (Operation &op : block.without_terminator()) {
    Result<Values> results = run(&op, operandsOf(op), taps, depth);
    if (!results)
      return results;
    for (auto [result, value] : llvm::zip_equal(op.getResults(), *results))
      values[result] = std::move(value);
  }
  return operandsOf(*block.getTerminator());
}

//===----------------------------------------------------------------------===//
// A sequence
//===----------------------------------------------------------------------===//

/// Checks that `inputs` are of the types of `func`, with one size for all
/// dynamic dimensions.
static Status checkInputs(func::FuncOp func, ArrayRef<Tensor> inputs) {
  auto fail = [&](const Twine &what) {
    return Error("", ("function '@" + func.getSymName() + "' " + what).str());
  };
  if (inputs.size() != func.getNumArguments())
    return fail("expects " + Twine(func.getNumArguments()) +
                " tensors, but got " + Twine(inputs.size()));
  std::optional<int64_t> tokens;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    auto type = dyn_cast<RankedTensorType>(func.getArgumentTypes()[i]);
    if (!type)
      return fail("expects no tensor for argument " + Twine(i));
    bool fits = type.getRank() == input.rank() &&
                kindOf(type.getElementType()) == input.kind;
    for (int64_t axis = 0; fits && axis < input.rank(); ++axis) {
      int64_t size = type.getDimSize(axis);
      if (ShapedType::isDynamic(size))
        size = tokens ? *tokens : *(tokens = input.shape[axis]);
      fits = input.shape[axis] == size && size > 0;
    }
    if (!fits) {
      std::string expected;
      llvm::raw_string_ostream(expected) << type;
      return fail("expects argument " + Twine(i) + " to be " + expected +
                  ", but got shape " + nn::shapeText(input.shape));
    }
  }
  return tombolo::success();
}

Result<std::vector<Tensor>>
Interpreter::runFunction(StringRef name, std::vector<Tensor> inputs) {
  auto func = symbols.lookup<func::FuncOp>(name);
  if (!func)
    return Error("", "expects a function '@" + name.str() +
                         "', but the module has none");
  Status status = checkInputs(func, inputs);
  if (!status)
    return status.takeErrors();
  bool anyTokens = !inputs.empty() && inputs.front().rank() > 0;
  fixRopeLength(anyTokens ? inputs.front().shape.front() : 1);
  Values arguments;
  for (Tensor &input : inputs)
    arguments.push_back(valueOf(std::move(input)));
  Result<Values> results = call(func, std::move(arguments), nullptr, 0);
  if (!results)
    return results.takeErrors();
  std::vector<Tensor> tensors;
  for (nn::Value &value : *results) {
    if (!std::holds_alternative<std::shared_ptr<const Tensor>>(value))
      return Error("", "function '@" + name.str() +
                           "' expects to return tensors only");
    tensors.push_back(tensorOf(value));
  }
  return tensors;
}

Result<HiddenAndTaps> Interpreter::feed(std::span<const int32_t> tokens) {
  auto func = symbols.lookup<func::FuncOp>("hidden");
  if (!func)
    return Error("", "expects a function '@hidden', but the module has none");
  if (tokens.empty())
    return Error("", "expects a token or more, but got none");
  if (fed + int64_t(tokens.size()) > INT32_MAX)
    return Error("", "expects a sequence of at most " +
                         std::to_string(INT32_MAX) + " tokens");
  int64_t count = tokens.size();
  std::vector<int32_t> positions(count);
  for (int64_t i = 0; i < count; ++i)
    positions[i] = fed + i;
  std::vector<Tensor> inputs;
  inputs.push_back(
      Tensor({count}, std::vector<int32_t>(tokens.begin(), tokens.end())));
  inputs.push_back(Tensor({count}, std::move(positions)));
  Status status = checkInputs(func, inputs);
  if (!status)
    return status.takeErrors();
  fixRopeLength(count);
  HiddenAndTaps made;
  Values arguments;
  for (Tensor &input : inputs)
    arguments.push_back(valueOf(std::move(input)));
  Result<Values> results = call(func, std::move(arguments), &made.taps, 0);
  if (!results)
    return results.takeErrors();
  if (results->empty() ||
      !std::holds_alternative<std::shared_ptr<const Tensor>>(results->front()))
    return Error("", "expects '@hidden' to return a tensor");
  made.hidden = tensorOf(results->front());
  fed += count;
  return made;
}

Result<Tensor> Interpreter::logits(const Tensor &hidden) {
  Result<std::vector<Tensor>> results = runFunction("logits", {hidden});
  if (!results)
    return results.takeErrors();
  if (results->size() != 1)
    return Error("", "expects '@logits' to return one tensor");
  return std::move(results->front());
}

void Interpreter::restart() {
  fed = 0;
  ropeLength.reset();
  states.clear();
  fixedStates.clear();
}

Status Interpreter::truncate(int64_t length) {
  if (length < 0 || length > fed)
    return Error("", "expects a length of at most " + std::to_string(fed) +
                         ", the tokens fed, but got " + std::to_string(length));
  if (length == 0)
    fixedStates.clear();
  for (const auto &[name, state] : fixedStates)
    if (state->tokens > length)
      return Error("state '@" + name.first + "'",
                   "remembers what the next tokens need and no more: expects a "
                   "length of 0 or " +
                       std::to_string(state->tokens) + ", but got " +
                       std::to_string(length));
  for (auto &[name, state] : states) {
    state->count = std::min(state->count, length / state->clock);
    state->rows.resize(state->count * state->rowElements);
  }
  fed = length;
  return tombolo::success();
}
