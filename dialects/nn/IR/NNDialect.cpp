//===- NNDialect.cpp - The nn dialect -------------------------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/InliningUtils.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

#include "dialects/nn/IR/NNDialect.cpp.inc"

namespace {
/// Ops of nn stand in any function; the region of a weight takes nothing in.
struct NNInliner : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *dest, bool,
                       IRMapping &) const final {
    return !isa<WeightOp>(dest->getParentOp());
  }
};
} // namespace

void NNDialect::initialize() {
  registerTypesAndAttrs();
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/IR/NNOps.cpp.inc"
      >();
  addInterfaces<NNInliner>();
}

/// `nn.model` is a dictionary on a module, whose known facts have known types.
static LogicalResult verifyModel(Operation *op, Attribute value) {
  auto facts = dyn_cast<DictionaryAttr>(value);
  if (!isa<ModuleOp>(op) || !facts)
    return op->emitOpError("expects 'nn.model' to be a dictionary on a module");
  if (Attribute family = facts.get("family");
      family && !isa<StringAttr>(family))
    return op->emitOpError("expects 'family' of 'nn.model' to be a string, but "
                           "got ")
           << family;
  for (StringRef name : {"context", "vocab_size", "hidden_size", "layers"}) {
    Attribute fact = facts.get(name);
    auto number = dyn_cast_or_null<IntegerAttr>(fact);
    if (fact &&
        (!number || !number.getType().isInteger(64) || number.getInt() < 0))
      return op->emitOpError("expects '")
             << name << "' of 'nn.model' to be an i64 that is not negative, "
             << "but got " << fact;
  }
  return mlir::success();
}

static LogicalResult verifyTap(Operation *op, Attribute value) {
  auto number = dyn_cast<IntegerAttr>(value);
  if (!number || !number.getType().isInteger(64) || number.getInt() < 0 ||
      !isa<func::CallOp, LayerOp>(op))
    return op->emitOpError("expects 'nn.tap' to be an i64 that is not "
                           "negative, on a call");
  auto isRows = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && isa<FloatType>(tensor.getElementType());
  };
  if (op->getNumResults() == 0 || !isRows(op->getResult(0).getType()) ||
      !llvm::is_contained(op->getOperandTypes(), op->getResult(0).getType()))
    return op->emitOpError("expects a call with 'nn.tap' to have a result, a "
                           "tensor of floats, and an operand of the type of "
                           "the first");
  return mlir::success();
}

LogicalResult NNDialect::verifyOperationAttribute(Operation *op,
                                                  NamedAttribute attribute) {
  if (attribute.getName() == kModelAttr)
    return verifyModel(op, attribute.getValue());
  if (attribute.getName() == kTapAttr)
    return verifyTap(op, attribute.getValue());
  return op->emitOpError("has the unknown attribute '")
         << attribute.getName().getValue() << "'";
}
