//===- NNExpertOps.cpp - Routing of tokens to experts ---------------------===//

#include "dialects/nn/IR/NNInference.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;
using namespace tombolo::nn::inference;

//===----------------------------------------------------------------------===//
// Result types
//===----------------------------------------------------------------------===//

LogicalResult ExpertLinearOp::inferReturnTypes(MLIRContext *,
                                               std::optional<Location> location,
                                               Adaptor adaptor, Types &types) {
  Check check = checkOf<ExpertLinearOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x)
    return failure();
  auto w = check.shape(adaptor.getW(), "w");
  if (!w)
    return failure();
  RankedTensorType ids = check.tensor(adaptor.getIds(), "ids");
  if (!ids)
    return failure();
  ArrayRef<int64_t> rows = x.getShape().drop_back();
  if (ids.getRank() != 2 || ids.isDynamicDim(1) ||
      (rows != ids.getShape() && rows != ids.getShape().take_front(1))) // C1
    return check.fail("expects 'ids' [T, k] with 'x' [T, I] or [T, k, I], but "
                      "got " +
                      shapeText(ids.getShape()) + " and " +
                      shapeText(x.getShape()));
  int64_t inner = x.getShape().back();
  if (w->size() != 3 || ShapedType::isDynamicShape(*w) ||
      w->back() != inner) // C2
    return check.fail("expects 'w' to be [experts, outputs, " + Twine(inner) +
                          "] for rows of 'x', but got " + shapeText(*w),
                      adaptor.getW(), "w");
  int64_t outputs = (*w)[1];
  if (Value bias = adaptor.getBias()) {
    auto shape = check.shape(bias, "bias");
    if (!shape)
      return failure();
    if (*shape != w->take_front(2)) // C3
      return check.fail("expects 'bias' to have one element per row of 'w', " +
                            shapeText(w->take_front(2)) + ", but got " +
                            shapeText(*shape),
                        bias, "bias");
  }
  types.push_back(RankedTensorType::get(
      {ids.getDimSize(0), ids.getDimSize(1), outputs}, x.getElementType()));
  return mlir::success();
}

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor, Types &types) {
  Check check = checkOf<TopKOp>(location);
  RankedTensorType scores = check.tensor(adaptor.getScores(), "scores");
  if (!scores || !check.given(adaptor.getKAttr(), "k"))
    return failure();
  if (scores.getRank() == 0)
    return check.fail("expects 'scores' to have a dimension");
  int64_t k = adaptor.getK(), size = scores.getShape().back();
  if (ShapedType::isDynamic(size))
    size = INT32_MAX;
  if (k <= 0) // C1
    return check.fail("expects 'k' to be positive, but got " + Twine(k));
  if (size > INT32_MAX) // C2
    return check.fail("expects at most " + Twine(INT32_MAX) +
                      " scores in a row, but got " + Twine(size));
  types.push_back(
      RankedTensorType::get(withLast(scores.getShape(), std::min(k, size)),
                            IntegerType::get(context, 32)));
  return mlir::success();
}

LogicalResult KeepGroupsOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> location,
                                             Adaptor adaptor, Types &types) {
  Check check = checkOf<KeepGroupsOp>(location);
  RankedTensorType scores = check.rows(adaptor.getScores(), "scores");
  if (!scores || !check.given(adaptor.getGroupsAttr(), "groups") ||
      !check.given(adaptor.getKeepAttr(), "keep") ||
      !check.given(adaptor.getByAttr(), "by"))
    return failure();
  if (scores.getRank() != 2) // C1
    return check.fail("expects 'scores' [T, E], but got " +
                      shapeText(scores.getShape()));
  int64_t size = scores.getShape().back(), groups = adaptor.getGroups(),
          keep = adaptor.getKeep(), by = adaptor.getBy();
  if (groups <= 0 || size % groups) // C2
    return check.fail("expects 'groups' to divide the " + Twine(size) +
                      " scores of a row, but got " + Twine(groups));
  if (keep <= 0 || keep > groups) // C3
    return check.fail("expects 'keep' to be from 1 to " + Twine(groups) +
                      ", but got " + Twine(keep));
  if (by <= 0 || by > size / groups) // C4
    return check.fail("expects 'by' to be from 1 to " + Twine(size / groups) +
                      ", the scores of a group, but got " + Twine(by));
  types.push_back(scores);
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Folds
//===----------------------------------------------------------------------===//

OpFoldResult KeepGroupsOp::fold(FoldAdaptor) {
  return getKeep() == getGroups() ? OpFoldResult(getScores()) : OpFoldResult();
}
