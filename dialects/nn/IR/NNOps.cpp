//===- NNOps.cpp - Building, printing and verifying nn ops ----------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

//===----------------------------------------------------------------------===//
// Parts of the syntax
//===----------------------------------------------------------------------===//

static ParseResult parseEncodingName(OpAsmParser &parser,
                                     EncodingAttr &encoding) {
  FailureOr<Encoding> found = parseEncoding(parser);
  if (failed(found))
    return failure();
  encoding = EncodingAttr::get(parser.getContext(), *found);
  return mlir::success();
}

static void printEncodingName(OpAsmPrinter &printer, Operation *,
                              EncodingAttr encoding) {
  printer << infoOf(encoding.getEncoding()).name;
}

/// `[4:8, 1::2, :, 3]`; see nn.slice.
static ParseResult parseRanges(OpAsmParser &parser, DenseI64ArrayAttr &begins,
                               DenseI64ArrayAttr &ends,
                               DenseI64ArrayAttr &steps) {
  SmallVector<int64_t> b, e, s;
  auto parseRange = [&]() -> ParseResult {
    int64_t begin = 0, end = ShapedType::kDynamic, step = 1;
    OptionalParseResult number = parser.parseOptionalInteger(begin);
    if (number.has_value() && failed(*number))
      return failure();
    if (succeeded(parser.parseOptionalColon())) {
      OptionalParseResult bound = parser.parseOptionalInteger(end);
      if (bound.has_value() && failed(*bound))
        return failure();
      if (succeeded(parser.parseOptionalColon()) && parser.parseInteger(step))
        return failure();
    } else if (number.has_value()) {
      end = begin + (begin != INT64_MAX);
      step = 0;
    } else {
      return parser.emitError(parser.getCurrentLocation(),
                              "expects a range or a place");
    }
    b.push_back(begin);
    e.push_back(end);
    s.push_back(step);
    return mlir::success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseRange))
    return failure();
  begins = DenseI64ArrayAttr::get(parser.getContext(), b);
  ends = DenseI64ArrayAttr::get(parser.getContext(), e);
  steps = DenseI64ArrayAttr::get(parser.getContext(), s);
  return mlir::success();
}

static void printRanges(OpAsmPrinter &printer, Operation *,
                        DenseI64ArrayAttr begins, DenseI64ArrayAttr ends,
                        DenseI64ArrayAttr steps) {
  printer << '[';
  llvm::interleaveComma(llvm::seq<size_t>(0, begins.size()), printer,
                        [&](size_t axis) {
                          int64_t begin = begins[axis], end = ends[axis];
                          if (begin != 0 || steps[axis] == 0)
                            printer << begin;
                          if (steps[axis] == 0)
                            return;
                          printer << ':';
                          if (!ShapedType::isDynamic(end))
                            printer << end;
                          if (steps[axis] != 1)
                            printer << ':' << steps[axis];
                        });
  printer << ']';
}

#include "dialects/nn/IR/NNInterfaces.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/nn/IR/NNOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

Result<SliceBounds> nn::resolveRanges(ArrayRef<SliceRange> ranges,
                                      ArrayRef<int64_t> shape) {
  auto fail = [](const Twine &what) { return Error("", what.str()); };
  if (ranges.size() > shape.size())
    return fail("expects at most a range for each axis of " + shapeText(shape) +
                ", but got " + Twine(ranges.size()));
  SliceBounds bounds;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    SliceRange range = axis < ranges.size() ? ranges[axis] : SliceRange();
    bool whole = !range.isIndex && range.begin.value_or(0) == 0 && !range.end &&
                 range.step == 1;
    if (ShapedType::isDynamic(size) || whole) {
      if (!whole)
        return fail("expects the dynamic axis " + Twine(axis) +
                    " to be taken whole");
      bounds.begins.push_back(0);
      bounds.ends.push_back(size); // kDynamic says the same of a dynamic axis.
      bounds.steps.push_back(1);
      continue;
    }
    auto fromFront = [&](int64_t at) { return at < 0 ? at + size : at; };
    int64_t begin = fromFront(range.begin.value_or(0));
    int64_t end =
        range.isIndex ? begin + 1 : fromFront(range.end.value_or(size));
    if (begin < 0 || begin >= end || end > size ||
        (!range.isIndex && range.step < 1))
      return fail("expects a range within axis " + Twine(axis) + " of " +
                  Twine(size) + ", but got " +
                  (range.isIndex ? Twine(*range.begin).str()
                                 : (Twine(begin) + ":" + Twine(end) + ":" +
                                    Twine(range.step))
                                       .str()));
    bounds.begins.push_back(begin);
    bounds.ends.push_back(end);
    bounds.steps.push_back(range.isIndex ? 0 : range.step);
  }
  return bounds;
}

void SliceOp::build(OpBuilder &builder, OperationState &state, Value x,
                    ArrayRef<SliceRange> ranges) {
  Result<SliceBounds> bounds = resolveRanges(ranges, shapeOf(x.getType()));
  assert(bounds && "ranges must fit");
  build(builder, state, x, bounds->begins, bounds->ends, bounds->steps);
}

Rearrangement RearrangeOp::getRearrangement() {
  Result<Rearrangement> movement = parseRearrangement(
      getPattern(), getSizesAttr(), shapeOf(getX().getType()));
  assert(movement && "only on a verified op");
  return std::move(*movement);
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult ClampOp::verify() {
  if (!(getLow() <= getHigh())) // C2
    return emitOpError("expects 'low' to be at most 'high', but got ")
           << getLowAttr() << " and " << getHighAttr();
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// createOp
//===----------------------------------------------------------------------===//

namespace {
/// The properties of an op that is not there yet.
class Properties {
public:
  Properties(RegisteredOperationName name)
      : name(name), bytes(new char[std::max(name.getOpPropertyByteSize(), 1)]) {
    name.initOpProperties(get(), nullptr);
  }
  ~Properties() { name.destroyOpProperties(get()); }
  OpaqueProperties get() { return OpaqueProperties(bytes.get()); }

private:
  RegisteredOperationName name;
  std::unique_ptr<char[]> bytes;
};
} // namespace

/// The least number of operands that the traits of an op promise.
static size_t leastOperands(RegisteredOperationName name) {
  if (name.hasTrait<OpTrait::NOperands<3>::Impl>() ||
      name.hasTrait<OpTrait::AtLeastNOperands<3>::Impl>())
    return 3;
  if (name.hasTrait<OpTrait::NOperands<2>::Impl>() ||
      name.hasTrait<OpTrait::AtLeastNOperands<2>::Impl>())
    return 2;
  return name.hasTrait<OpTrait::OneOperand>() ||
         name.hasTrait<OpTrait::AtLeastNOperands<1>::Impl>();
}

FailureOr<Operation *> nn::createOp(OpBuilder &builder, Location loc,
                                    StringRef name,
                                    ArrayRef<SmallVector<Value, 2>> operands,
                                    ArrayRef<NamedAttribute> attributes) {
  MLIRContext *context = builder.getContext();
  std::string fullName = ("nn." + name).str();
  std::optional<RegisteredOperationName> registered =
      RegisteredOperationName::lookup(fullName, context);
  auto *inference =
      registered ? registered->getInterface<InferTypeOpInterface>() : nullptr;
  if (!inference)
    return emitError(loc, "'nn' has no operation '") << name << "'";

  for (NamedAttribute attribute : attributes)
    if (!llvm::is_contained(registered->getAttributeNames(),
                            attribute.getName()))
      return emitError(loc, "'" + fullName + "' op has no attribute '")
             << attribute.getName().getValue() << "'";
  OperationState state(loc, *registered);
  NamedAttrList attrs(attributes);
  SmallVector<int32_t> segments;
  for (const auto &group : operands) {
    llvm::append_range(state.operands, group);
    segments.push_back(group.size());
  }
  if (state.operands.size() < leastOperands(*registered))
    return emitError(loc, "'" + fullName + "' op expects ")
           << leastOperands(*registered) << " operands or more, but got "
           << state.operands.size();
  if (registered->hasTrait<OpTrait::AttrSizedOperandSegments>()) {
    attrs.set("operandSegmentSizes", builder.getDenseI32ArrayAttr(segments));
  }
  Properties properties(*registered);
  DictionaryAttr dictionary = attrs.getDictionary(context);
  auto error = [&] { return emitError(loc, "'" + fullName + "' op "); };
  // An op without attributes has no properties to set.
  if ((registered->getOpPropertyByteSize() != 0 &&
       failed(registered->setOpPropertiesFromAttribute(
           *registered, properties.get(), dictionary, error))) ||
      failed(registered->verifyInherentAttrs(attrs, error)))
    return failure();
  registered->populateDefaultProperties(properties.get());
  if (failed(inference->inferReturnTypes(context, loc, state.operands,
                                         dictionary, properties.get(), {},
                                         state.types)))
    return failure();
  state.addAttributes(attrs);
  Operation *op = builder.create(state);
  if (succeeded(op->getName().verifyInvariants(op)))
    return op;
  op->erase();
  return failure();
}
