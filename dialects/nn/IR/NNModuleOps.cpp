//===- NNModuleOps.cpp - Symbols of a model -------------------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

static constexpr StringLiteral kLayerPlaceholder = "{layer}",
                               kExpertPlaceholder = "{expert}";

//===----------------------------------------------------------------------===//
// Lists of layers
//===----------------------------------------------------------------------===//

/// `[0, 3 to 59 by 2]`; `by 1` may be left out.
ParseResult nn::parseLayers(OpAsmParser &parser, DenseI64ArrayAttr &layers) {
  SmallVector<int64_t> list;
  auto element = [&]() -> ParseResult {
    int64_t first, last, step = 1;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseInteger(first))
      return failure();
    // Here and not in the verifier: a short text could ask for many.
    if (first < 0 || first > kMaxLayer ||
        (!list.empty() && first <= list.back()))
      return parser.emitError(loc) << "expects layers from 0 to " << kMaxLayer
                                   << " that ascend, but got " << first;
    list.push_back(first);
    if (failed(parser.parseOptionalKeyword("to")))
      return mlir::success();
    if (parser.parseInteger(last) ||
        (succeeded(parser.parseOptionalKeyword("by")) &&
         parser.parseInteger(step)))
      return failure();
    if (step < 1 || step > kMaxLayer || last < first || last > kMaxLayer)
      return parser.emitError(loc) << "expects layers from 0 to " << kMaxLayer
                                   << " that ascend, but got " << first
                                   << " to " << last << " by " << step;
    for (int64_t layer = first + step; layer <= last; layer += step)
      list.push_back(layer);
    return mlir::success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, element))
    return failure();
  layers = DenseI64ArrayAttr::get(parser.getContext(), list);
  return mlir::success();
}

void nn::printLayers(OpAsmPrinter &printer, Operation *,
                     DenseI64ArrayAttr layers) {
  ArrayRef<int64_t> list = layers;
  printer << '[';
  for (size_t at = 0; at < list.size();) {
    size_t run = 1;
    int64_t step = at + 1 < list.size() ? list[at + 1] - list[at] : 0;
    while (at + run < list.size() &&
           list[at + run] - list[at + run - 1] == step)
      ++run;
    // A pair is no shorter as a run.
    run = run < 3 ? 1 : run;
    printer << (at ? ", " : "") << list[at];
    if (run > 1)
      printer << " to " << list[at + run - 1];
    if (run > 1 && step != 1)
      printer << " by " << step;
    at += run;
  }
  printer << ']';
}

static LogicalResult verifyLayers(Operation *op, ArrayRef<int64_t> layers) {
  bool ascends = !layers.empty() && layers.front() >= 0;
  for (size_t i = 1; i < layers.size(); ++i)
    ascends &= layers[i - 1] < layers[i];
  if (ascends && layers.back() <= kMaxLayer)
    return mlir::success();
  return op->emitOpError("expects layers from 0 to ")
         << kMaxLayer << " that ascend, one or more";
}

LogicalResult nn::verifyFamily(Operation *op, std::optional<int64_t> count,
                               std::optional<ArrayRef<int64_t>> layers) {
  if (count && layers)
    return op->emitOpError("expects either a count or 'layers'");
  if (count && *count <= 0)
    return op->emitOpError("expects one state or more, but got ") << *count;
  return layers ? verifyLayers(op, *layers) : mlir::success();
}

//===----------------------------------------------------------------------===//
// nn.weight
//===----------------------------------------------------------------------===//

void WeightOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     WeightType type,
                     std::optional<ArrayRef<int64_t>> indices) {
  state.addAttribute(getSymNameAttrName(state.name),
                     builder.getStringAttr(name));
  state.addAttribute(getTypeAttrName(state.name), TypeAttr::get(type));
  if (indices)
    state.addAttribute(getIndicesAttrName(state.name),
                       builder.getDenseI64ArrayAttr(*indices));
  state.addRegion()->emplaceBlock();
}

/// `@name ([count])? : type (indices = [..] | layers = [..])? (attributes
/// {..})? (stored "tensor" | { body })`
ParseResult WeightOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  TypeAttr type;
  int64_t count = 0;
  SMLoc countLoc;
  bool family = false;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name),
                             result.attributes))
    return failure();
  if (succeeded(parser.parseOptionalLSquare())) {
    family = true;
    countLoc = parser.getCurrentLocation();
    if (parser.parseInteger(count) || parser.parseRSquare())
      return failure();
  }
  if (parser.parseColon() ||
      parser.parseAttribute(type, getTypeAttrName(result.name),
                            result.attributes))
    return failure();
  if (!family && succeeded(parser.parseOptionalKeyword("layers"))) {
    DenseI64ArrayAttr layers;
    if (parser.parseEqual() || parseLayers(parser, layers))
      return failure();
    result.addAttribute(getLayersAttrName(result.name), layers);
  }
  if (family) {
    if (parser.parseKeyword("indices") || parser.parseEqual())
      return failure();
    auto indices = dyn_cast_or_null<DenseI64ArrayAttr>(
        DenseI64ArrayAttr::parse(parser, Type()));
    if (!indices)
      return failure();
    if (int64_t(indices.size()) != count)
      return parser.emitError(countLoc)
             << "expects as many indices as weights (" << count << "), but got "
             << indices.size();
    result.addAttribute(getIndicesAttrName(result.name), indices);
  }
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  Region &body = *result.addRegion();
  if (failed(parser.parseOptionalKeyword("stored")))
    return parser.parseRegion(body);
  StringAttr tensor;
  if (parser.parseAttribute(tensor))
    return failure();
  auto weight = dyn_cast<WeightType>(type.getValue());
  if (!weight)
    return parser.emitError(parser.getNameLoc())
           << "expects an '!nn.weight' type, but got " << type.getValue();
  OpBuilder builder(parser.getContext());
  builder.createBlock(&body);
  Location loc = parser.getEncodedSourceLoc(parser.getNameLoc());
  YieldOp::create(builder, loc, StoredOp::create(builder, loc, weight, tensor));
  return mlir::success();
}

/// The tensor that a weight is as it is stored; null where it is made of more.
static StringAttr onlyStored(WeightOp weight) {
  Block &block = weight.getBlock();
  if (!llvm::hasNItems(block, 2))
    return {};
  auto stored = dyn_cast<StoredOp>(block.front());
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!stored || !yield || yield.getValue() != stored.getResult() ||
      stored.getType() != weight.getType() || stored->getAttrs().size() != 1 ||
      !yield->getAttrs().empty())
    return {};
  return stored.getNameAttr();
}

void WeightOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  if (getIndices())
    printer << '[' << getCount() << ']';
  printer << " : ";
  printer.printAttribute(getTypeAttr());
  if (getIndices()) {
    printer << " indices = ";
    getIndicesAttr().print(printer);
  }
  if (getLayers()) {
    printer << " layers = ";
    printLayers(printer, *this, getLayersAttr());
  }
  printer.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getSymNameAttrName(), getTypeAttrName(),
                            getIndicesAttrName(), getLayersAttrName()});
  if (StringAttr tensor = onlyStored(*this)) {
    printer << " stored " << tensor;
    return;
  }
  printer << ' ';
  printer.printRegion(getBody());
}

LogicalResult WeightOp::verify() {
  if (getIndices() && getLayers()) // C4
    return emitOpError("expects either 'indices' or 'layers'");
  if (getLayers())
    return verifyLayers(*this, *getLayers()); // C4
  if (!isFamily())
    return mlir::success();
  if (getCount() == 0 || *llvm::min_element(*getIndices()) < 0) // C3
    return emitOpError("expects indices that are not negative, one or more");
  return mlir::success();
}

std::optional<int64_t> WeightOp::getLayerAt(int64_t index) {
  if (getLayers())
    return llvm::is_contained(*getLayers(), index) ? std::optional(index)
                                                   : std::nullopt;
  if (index < 0 || index >= getCount())
    return std::nullopt;
  return getIndices() ? (*getIndices())[index] : 0;
}

LogicalResult WeightOp::verifyRegions() {
  for (Operation &op : getBlock().without_terminator()) {
    auto constant = dyn_cast<arith::ConstantOp>(op);
    if (!op.hasTrait<OnWeights>() &&
        !(constant && constant.getType().isF32())) // C1
      return op.emitOpError("does not work on stored weights, but stands in "
                            "the region of 'nn.weight'");
    for (Type type : op.getOperandTypes())
      if (!isa<WeightType>(type) && !type.isF32()) // C1
        return op.emitOpError("expects weights in the region of 'nn.weight', "
                              "but got ")
               << type;
  }
  auto yield = dyn_cast<YieldOp>(getBlock().getTerminator());
  if (!yield)
    return emitOpError("expects its region to end in 'nn.yield'");
  if (yield.getValue().getType() != getType()) // C2
    return yield.emitOpError("expects a value of the weight's type ")
           << getType() << ", but got " << yield.getValue().getType();
  if (getBlock().getNumArguments() != 0)
    return emitOpError("expects a region without arguments");
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// nn.stored
//===----------------------------------------------------------------------===//

LogicalResult StoredOp::verify() {
  auto weight = cast<WeightOp>((*this)->getParentOp());
  if (!weight.isFamily() && getName().contains(kLayerPlaceholder)) // C1
    return emitOpError("expects a name without '{layer}' in a weight without "
                       "indices, but got '")
           << getName() << "'";
  if (getName().empty())
    return emitOpError("expects the name of a tensor, but it is empty");
  if (isStack() && getType().getRank() == 0) // C2
    return emitOpError("expects a dimension to stack along, as '")
           << getName() << "' says '{expert}', but got " << getType();
  return mlir::success();
}

bool StoredOp::isStack() { return getName().contains(kExpertPlaceholder); }

static void replaceAll(std::string &name, StringRef placeholder,
                       int64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = 0;
       (at = name.find(placeholder.str(), at)) != std::string::npos;
       at += digits.size())
    name.replace(at, placeholder.size(), digits);
}

std::string StoredOp::getTensorName(int64_t layer, int64_t expert) {
  std::string name = getName().str();
  replaceAll(name, kLayerPlaceholder, layer);
  replaceAll(name, kExpertPlaceholder, expert);
  return name;
}

//===----------------------------------------------------------------------===//
// Symbol uses
//===----------------------------------------------------------------------===//

LogicalResult nn::verifyInstance(Operation *op, StringRef symbol,
                                 std::optional<int64_t> count,
                                 std::optional<ArrayRef<int64_t>> layers,
                                 Value index) {
  bool isFamily = count || layers;
  if (isFamily != static_cast<bool>(index))
    return op->emitOpError("expects ")
           << (isFamily ? "an index, as '@" : "no index, as '@") << symbol
           << (isFamily ? "' is a family" : "' is not a family");
  IntegerAttr constant;
  if (!index || !matchPattern(index, m_Constant(&constant)))
    return mlir::success();
  if (layers && !llvm::is_contained(*layers, constant.getInt()))
    return op->emitOpError("expects a layer of '@")
           << symbol << "', but got " << constant.getInt();
  if (count && (constant.getInt() < 0 || constant.getInt() >= *count))
    return op->emitOpError("expects an index below ")
           << *count << ", the size of '@" << symbol << "', but got "
           << constant.getInt();
  return mlir::success();
}

LogicalResult GetWeightOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto weight =
      tables.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight) // C1
    return emitOpError("expects '@")
           << getWeight() << "' to be an 'nn.weight' of this module";
  if (weight.getType() != getType()) { // C1
    InFlightDiagnostic error = emitOpError("expects the type of '@")
                               << getWeight() << "', " << weight.getType()
                               << ", but got " << getType();
    error.attachNote(weight.getLoc()) << "the weight is declared here";
    return error;
  }
  std::optional<int64_t> count;
  if (weight.getIndices())
    count = weight.getCount();
  return verifyInstance(*this, getWeight(), count, weight.getLayers(),
                        getIndex()); // C2, C3
}

LogicalResult LayerOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto function =
      tables.lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  if (!function) // C1
    return emitOpError("expects '@")
           << getCallee() << "' to be a function of this module";
  SmallVector<Type> inputs{IndexType::get(getContext())};
  llvm::append_range(inputs, getArguments().getTypes());
  auto type = FunctionType::get(getContext(), inputs, getResultTypes());
  if (function.getFunctionType() == type) // C1, C2
    return mlir::success();
  InFlightDiagnostic error = emitOpError("expects '@")
                             << getCallee() << "' to be " << type
                             << ", but got " << function.getFunctionType();
  error.attachNote(function.getLoc()) << "the function is here";
  return error;
}

LogicalResult HistoryOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto state = tables.lookupNearestSymbolFrom<StateOp>(*this, getStateAttr());
  if (!state) // C2
    return emitOpError("expects '@")
           << getState() << "' to be an 'nn.state' of this module";
  if (state.getType() != getType()) { // C2
    InFlightDiagnostic error = emitOpError("expects the type of '@")
                               << getState() << "', " << state.getType()
                               << ", but got " << getType();
    error.attachNote(state.getLoc()) << "the state is declared here";
    return error;
  }
  return verifyInstance(*this, getState(), state.getCount(), state.getLayers(),
                        getIndex()); // C3
}

void HistoryOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), StateResource::get());
  effects.emplace_back(MemoryEffects::Write::get(), StateResource::get());
}

LogicalResult RopeOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto table =
      tables.lookupNearestSymbolFrom<RopeTableOp>(*this, getTableAttr());
  if (!table) // C2
    return emitOpError("expects '@")
           << getTable() << "' to be an 'nn.rope_table' of this module";
  int64_t width = getX().getType().getShape().back();
  int64_t turned = 2 * table.getFreqs().size(), at = getAt();
  if (turned > width || at > width - turned) // C3
    return emitOpError("expects the ")
           << turned << " channels from " << at
           << " on to be within a row of 'x' of " << width;
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// nn.state
//===----------------------------------------------------------------------===//

LogicalResult StateOp::verify() {
  Encoding storage = getStorageEncoding();
  if (storage != Encoding::F32 && storage != Encoding::F16 &&
      storage != Encoding::BF16 && storage != Encoding::Q8_0) // C1
    return emitOpError("expects storage f32, f16, bf16 or q8_0, but got '")
           << infoOf(storage).name << "'";
  int64_t columns = getType().getShape().back();
  int64_t block = infoOf(storage).blockElements;
  if (columns % block) // C3
    return emitOpError("expects rows of a multiple of ")
           << block << " for storage '" << infoOf(storage).name
           << "', but got rows of " << columns;
  if (failed(verifyFamily(*this, getCount(), getLayers()))) // C2, C5
    return failure();
  if (getType().getPicks()) // C4
    return emitOpError("expects rows without 'picks', which belong to a query, "
                       "but got ")
           << getType();
  return mlir::success();
}

int64_t StateOp::getStateCount() {
  return getLayers() ? getLayers()->size() : getCount().value_or(1);
}

int64_t StateOp::getRowBytes() {
  const EncodingInfo &info = infoOf(getStorageEncoding());
  return getType().getRowElements() / info.blockElements * info.blockBytes;
}

int64_t StateOp::getTokensPerRow() { return getType().getClock(); }

int64_t StateOp::getFixedBytes() { return 0; }

int64_t StateOp::getPageRows() { return kPageRows; }

std::optional<int64_t> StateOp::getStateWindow() {
  return getType().getWindow();
}

/// Rows are kept by position, so the last ones can be dropped; with a window
/// the rows that would be seen again may be gone.
bool StateOp::isTruncatable() { return !getType().getWindow(); }

//===----------------------------------------------------------------------===//
// nn.rope_table
//===----------------------------------------------------------------------===//

void RopeTableOp::build(OpBuilder &builder, OperationState &state,
                        StringRef name, ArrayRef<double> freqs, double scale,
                        StringRef divisors, ArrayRef<double> longFreqs,
                        StringRef longDivisors,
                        std::optional<int64_t> longFrom) {
  auto symbol = [&](StringRef name) {
    return name.empty() ? FlatSymbolRefAttr()
                        : FlatSymbolRefAttr::get(builder.getContext(), name);
  };
  build(builder, state, builder.getStringAttr(name),
        builder.getF64ArrayAttr(freqs), builder.getF64FloatAttr(scale),
        symbol(divisors),
        longFreqs.empty() ? ArrayAttr() : builder.getF64ArrayAttr(longFreqs),
        symbol(longDivisors),
        longFrom ? builder.getI64IntegerAttr(*longFrom) : IntegerAttr());
}

static SmallVector<double> numbersOf(ArrayAttr values) {
  SmallVector<double> numbers;
  if (values)
    for (FloatAttr value : values.getAsRange<FloatAttr>())
      numbers.push_back(value.getValueAsDouble());
  return numbers;
}

SmallVector<double> RopeTableOp::getFrequencies() {
  return numbersOf(getFreqs());
}
SmallVector<double> RopeTableOp::getLongFrequencies() {
  return numbersOf(getLongFreqsAttr());
}

LogicalResult RopeTableOp::verify() {
  SmallVector<double> freqs = getFrequencies();
  auto finite = [](double freq) { return std::isfinite(freq); };
  if (freqs.empty() || !llvm::all_of(freqs, finite)) // C1
    return emitOpError("expects finite frequencies, one or more");
  SmallVector<double> longFreqs = getLongFrequencies();
  if (getLongFreqs() && (longFreqs.size() != freqs.size() ||
                         !llvm::all_of(longFreqs, finite))) // C1
    return emitOpError("expects as many finite long frequencies as short ones "
                       "(")
           << freqs.size() << "), but got " << longFreqs.size();
  if (getLongFrom().has_value() !=
      (getLongFreqs().has_value() || getLongDivisors().has_value())) // C3
    return emitOpError("expects 'long_from' if and only if there are long "
                       "frequencies or divisors");
  return mlir::success();
}

LogicalResult RopeTableOp::verifySymbolUses(SymbolTableCollection &tables) {
  for (FlatSymbolRefAttr name : {getDivisorsAttr(), getLongDivisorsAttr()}) {
    if (!name)
      continue;
    auto weight = tables.lookupNearestSymbolFrom<WeightOp>(*this, name);
    int64_t size = getFreqs().size();
    if (!weight || weight.isFamily() ||
        weight.getType().getShape() != ArrayRef(size)) // C2
      return emitOpError("expects '")
             << name << "' to be one weight of shape [" << size << "]";
  }
  return mlir::success();
}
