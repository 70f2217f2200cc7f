//===- NNKernelOps.cpp - Ops that planners put in kernels -----------------===//

#include "dialects/nn/IR/NNOps.h"

using namespace mlir;
using namespace tombolo::nn;

LogicalResult RotateOp::verify() {
  RankedTensorType x = getX().getType(), angles = getAngles().getType();
  if (x.getRank() < 2) // C1
    return emitOpError("expects 'x' to have two dimensions or more, but got ")
           << x;
  if (x.getDimSize(0) != angles.getDimSize(0)) // C1
    return emitOpError("expects angles for each token of 'x', but got ")
           << angles << " for " << x;
  if (angles.getDimSize(1) != 2) // C2
    return emitOpError("expects a row of cosines and a row of sines in "
                       "'angles', but got ")
           << angles;
  int64_t columns = x.getShape().back(), pairs = angles.getDimSize(2);
  int64_t at = getAt();
  if (at > columns || pairs > (columns - at) / 2) // C3
    return emitOpError("expects the channels that turn within rows of ")
           << columns << ", but got " << pairs << " pairs at " << at;
  return mlir::success();
}

LogicalResult RowsOp::verify() {
  auto x = cast<RankedTensorType>(getX().getType());
  RowsType rows = getType();
  if (x.getRank() < 1 || x.getShape().drop_front() != rows.getShape()) // C1
    return emitOpError("expects a tensor of rows of ")
           << rows << ", but got " << x;
  if (x.getElementType() != rows.getElementType()) // C2
    return emitOpError("expects rows of the element type of 'x', ")
           << x.getElementType() << ", but got " << rows.getElementType();
  return mlir::success();
}
