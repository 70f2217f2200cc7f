//===- PlanStateOps.cpp - Memory of one size, recurrences -----------------===//

#include "dialects/plan/IR/PlanVerifiers.h"

using namespace mlir;
using namespace tombolo::plan;

LogicalResult FixedStateOp::verify() {
  if (failed(verifyMembers(*this))) // C1, C2
    return failure();
  for (int64_t offset : getOffsets())
    if (offset < 0 || offset >= static_cast<int64_t>(getBytes()) ||
        offset % 64 != 0) // C2
      return emitOpError("expects offsets of multiples of 64 within its ")
             << getBytes() << " bytes, but got " << offset;
  return mlir::success();
}

LogicalResult CausalConvOp::verify() {
  MemRefType w = getW().getType();
  if (w.isDynamicDim(0) || w.isDynamicDim(1) || w.getDimSize(1) < 2) // C1
    return emitOpError("expects 'w' to be f32 of [channels, taps] with 2 taps "
                       "or more, but got ")
           << w;
  if (failed(verifyColumns(*this, "x", getX(), w.getDimSize(0)))) // C2
    return failure();
  return verifyColumns(*this, "y", getY(), w.getDimSize(0)); // C2
}

LogicalResult GatedDeltaOp::verify() {
  int64_t heads = getHeads(), keyHeads = getKeyHeads();
  if (heads % keyHeads != 0) // C1
    return emitOpError("expects 'key_heads' to divide 'heads' (")
           << heads << "), but got " << keyHeads;
  int64_t keyColumns = getKeyColumns(), valueColumns = getValueColumns();
  if (failed(verifyColumns(*this, "q", getQ(), keyColumns, keyHeads)) ||
      failed(verifyColumns(*this, "k", getK(), keyColumns, keyHeads)) ||
      failed(verifyColumns(*this, "v", getV(), valueColumns, heads)) ||
      failed(verifyColumns(*this, "y", getY(), valueColumns, heads)) ||
      failed(verifyColumns(*this, "decay", getDecay(), heads))) // C2
    return failure();
  if (!getBeta())
    return mlir::success();
  return verifyColumns(*this, "beta", getBeta(), heads); // C2
}
