//===- NNTypes.cpp - Types and attributes of the nn dialect ---------------===//

#include "dialects/nn/IR/NNTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

#include "dialects/nn/IR/NNEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/nn/IR/NNTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/nn/IR/NNAttrs.cpp.inc"

void NNDialect::registerTypesAndAttrs() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/nn/IR/NNTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/nn/IR/NNAttrs.cpp.inc"
      >();
}

ArrayRef<int64_t> nn::shapeOf(Type type) {
  if (auto weight = dyn_cast<WeightType>(type))
    return weight.getShape();
  return cast<RankedTensorType>(type).getShape();
}

std::string nn::shapeText(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [i, size] : llvm::enumerate(shape)) {
    text += i ? ", " : "";
    text += ShapedType::isDynamic(size) ? "?" : std::to_string(size);
  }
  return text + "]";
}

static void printShape(AsmPrinter &printer, ArrayRef<int64_t> shape) {
  for (int64_t size : shape)
    printer << size << 'x';
}

FailureOr<Encoding> nn::parseEncoding(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (failed(parser.parseKeyword(&name)))
    return failure();
  std::optional<Encoding> encoding = encodingNamed(name);
  if (!encoding)
    return parser.emitError(loc)
           << "expects the name of an encoding, but got '" << name << "'";
  return *encoding;
}

//===----------------------------------------------------------------------===//
// !nn.weight
//===----------------------------------------------------------------------===//

Type WeightType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false,
                                /*withTrailingX=*/false) ||
      (!shape.empty() && parser.parseComma()))
    return {};
  FailureOr<Encoding> encoding = parseEncoding(parser);
  if (failed(encoding) || parser.parseGreater())
    return {};
  return parser.getChecked<WeightType>(loc, parser.getContext(), shape,
                                       *encoding);
}

void WeightType::print(AsmPrinter &printer) const {
  printer << '<';
  llvm::interleave(getShape(), printer.getStream(), "x");
  printer << (getShape().empty() ? "" : ", ") << getInfo().name << '>';
}

LogicalResult WeightType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> shape, Encoding encoding) {
  EncodingInfo info = infoOf(encoding);
  int64_t count = 1;
  for (int64_t size : shape)
    if (size <= 0 || llvm::MulOverflow(count, size, count)) // C1
      return emitError() << "expects positive sizes whose product fits 63 "
                            "bits, but got "
                         << shapeText(shape);
  int64_t innermost = shape.empty() ? 1 : shape.back();
  if (innermost % info.blockElements) // C2
    return emitError() << "expects the innermost size to be a multiple of "
                       << info.blockElements << ", the block of '" << info.name
                       << "', but got " << innermost;
  std::optional<uint64_t> bytes = encodedBytes(encoding, count);
  if (!bytes || *bytes > uint64_t(INT64_MAX)) // C1
    return emitError() << "expects bytes that fit 63 bits, but got shape "
                       << shapeText(shape) << " of '" << info.name << "'";
  return mlir::success();
}

int64_t WeightType::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : getShape())
    count *= size;
  return count;
}

EncodingInfo WeightType::getInfo() const { return infoOf(getEncoding()); }

int64_t WeightType::getByteSize() const {
  return *encodedBytes(getEncoding(), getNumElements());
}

//===----------------------------------------------------------------------===//
// !nn.rows
//===----------------------------------------------------------------------===//

Type RowsType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type elementType;
  std::optional<int64_t> window, clock, picks;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(elementType))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc place = parser.getCurrentLocation();
    StringRef name;
    int64_t value;
    if (parser.parseKeyword(&name) || parser.parseEqual() ||
        parser.parseInteger(value))
      return {};
    std::optional<int64_t> *known = name == "window"  ? &window
                                    : name == "clock" ? &clock
                                    : name == "picks" ? &picks
                                                      : nullptr;
    if (!known || *known) {
      parser.emitError(place) << "expects 'window', 'clock' and 'picks', each "
                                 "at most once, but got '"
                              << name << "'";
      return {};
    }
    *known = value;
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<RowsType>(loc, parser.getContext(), shape,
                                     elementType, window, clock.value_or(1),
                                     picks);
}

void RowsType::print(AsmPrinter &printer) const {
  printer << '<';
  printShape(printer, getShape());
  printer << getElementType();
  if (getWindow())
    printer << ", window = " << *getWindow();
  if (getClock() != 1)
    printer << ", clock = " << getClock();
  if (getPicks())
    printer << ", picks = " << *getPicks();
  printer << '>';
}

LogicalResult RowsType::verify(function_ref<InFlightDiagnostic()> emitError,
                               ArrayRef<int64_t> shape, Type elementType,
                               std::optional<int64_t> window, int64_t clock,
                               std::optional<int64_t> picks) {
  int64_t count = 1;
  for (int64_t size : shape)
    if (size <= 0 || llvm::MulOverflow(count, size, count) ||
        count > INT64_MAX / 4) // C1
      return emitError() << "expects positive sizes whose product fits 61 "
                            "bits, but got "
                         << shapeText(shape);
  if (!elementType.isF32() && !elementType.isF16() &&
      !elementType.isBF16()) // C2
    return emitError() << "expects rows of f32, f16 or bf16, but got "
                       << elementType;
  if (window && *window <= 0) // C3
    return emitError() << "expects a window of at least 1, but got " << *window;
  if (clock <= 0) // C3
    return emitError() << "expects a clock of at least 1, but got " << clock;
  if (picks && *picks <= 0) // C3
    return emitError() << "expects picks of at least 1, but got " << *picks;
  return mlir::success();
}

int64_t RowsType::getRowElements() const {
  int64_t count = 1;
  for (int64_t size : getShape())
    count *= size;
  return count;
}

//===----------------------------------------------------------------------===//
// #nn.encoding
//===----------------------------------------------------------------------===//

Attribute EncodingAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<Encoding> encoding = parseEncoding(parser);
  if (failed(encoding) || parser.parseGreater())
    return {};
  return EncodingAttr::get(parser.getContext(), *encoding);
}

void EncodingAttr::print(AsmPrinter &printer) const {
  printer << '<' << infoOf(getEncoding()).name << '>';
}
