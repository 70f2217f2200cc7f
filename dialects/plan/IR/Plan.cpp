//===- Plan.cpp - The plan dialect ----------------------------------------===//

#include "dialects/plan/IR/Plan.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tombolo::plan;

#include "dialects/plan/IR/PlanDialect.cpp.inc"
#include "dialects/plan/IR/PlanEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/IR/PlanAttrs.cpp.inc"

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/plan/IR/PlanAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/IR/PlanOps.cpp.inc"
      >();
}

LogicalResult SizeAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               Symbol symbol, int64_t mul, int64_t add,
                               int64_t div) {
  if (mul < 0 || add < 0 || div < 1)
    return emitError() << "expects 'mul' and 'add' of at least 0 and 'div' of "
                          "at least 1, but got "
                       << mul << ", " << add << ", " << div;
  return mlir::success();
}
