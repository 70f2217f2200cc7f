//===- PlanOps.cpp - Verifiers of the plan dialect ------------------------===//

#include "dialects/plan/IR/Plan.h"
#include "support/Encoding.h"

using namespace mlir;
using namespace tombolo::plan;

#define GET_OP_CLASSES
#include "dialects/plan/IR/PlanOps.cpp.inc"

/// Names of encodings are strings here: lowerings may rely on them.
static LogicalResult verifyEncoding(Operation *op, StringRef name) {
  if (tombolo::encodingNamed(name))
    return mlir::success();
  return op->emitOpError("expects the name of an encoding, but got '")
         << name << "'";
}

LogicalResult PackOp::verify() {
  if (static_cast<int64_t>(getCount()) < 1)
    return emitOpError("expects at least one weight, but got ") << getCount();
  return verifyEncoding(*this, getEncoding());
}
LogicalResult QuantizeRowsOp::verify() {
  return verifyEncoding(*this, getEncoding());
}
LogicalResult AppendRowsOp::verify() {
  return verifyEncoding(*this, getStorage());
}
LogicalResult AttentionOp::verify() {
  return verifyEncoding(*this, getStorage());
}
LogicalResult EmbeddingOp::verify() {
  return verifyEncoding(*this, getEncoding());
}

LogicalResult StateGroupOp::verify() {
  if (getMembers().size() != getCounts().size())
    return emitOpError("expects one count per member, but got ")
           << getCounts().size() << " for " << getMembers().size();
  int64_t instances = 0;
  for (int64_t count : getCounts())
    instances += count;
  if (instances != static_cast<int64_t>(getOffsets().size()))
    return emitOpError("expects one offset per instance (")
           << instances << "), but got " << getOffsets().size();
  return mlir::success();
}

LogicalResult InputOp::verify() {
  bool named =
      llvm::is_contained({"rope_table", "pool", "page_table"}, getKind());
  bool plain = llvm::is_contained({"tokens", "positions"}, getKind());
  if (!named && !plain)
    return emitOpError("expects 'kind' to be one of tokens, positions, "
                       "rope_table, pool, page_table, but got '")
           << getKind() << "'";
  if (named != getSource().has_value())
    return emitOpError("expects '")
           << getKind()
           << (named ? "' to name its source" : "' to have no source");
  return mlir::success();
}

LogicalResult LinearOp::verify() {
  if (failed(verifyEncoding(*this, getEncoding())))
    return failure();
  size_t accumulators = getPaired() ? 2 : 1;
  Block &block = getEpilogue().front();
  if (block.getNumArguments() != accumulators + getExtras().size())
    return emitOpError("expects an epilogue of ")
           << accumulators + getExtras().size() << " arguments, but got "
           << block.getNumArguments();
  if (getPaired() && getOutRows() % 32 != 0)
    return emitOpError(
               "expects paired matrices of a multiple of 16 rows, but got ")
           << getOutRows() / 2;
  return mlir::success();
}
