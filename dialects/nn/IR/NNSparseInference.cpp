//===- NNSparseInference.cpp - Types of latent and sparse attention -------===//

#include "dialects/nn/IR/NNInference.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;
using namespace tombolo::nn::inference;

/// The type of an operand that is rows of one dimension; reported where it is
/// something else.
static RowsType vectorRows(const Check &check, mlir::Value value,
                           StringRef name) {
  auto rows = value ? dyn_cast<RowsType>(value.getType()) : RowsType();
  if (!rows) {
    (void)check.fail("expects '" + name + "' to be rows");
    return {};
  }
  if (rows.getRank() == 1)
    return rows;
  (void)check.fail("expects rows of '" + name +
                       "' to have one dimension, but got " +
                       shapeText(rows.getShape()),
                   value, name);
  return {};
}

/// `[T, heads, channels]`, a row for each of `positions`.
static RankedTensorType headsOf(const Check &check, mlir::Value value,
                                mlir::Value positions, StringRef name) {
  RankedTensorType type = check.rows(value, name);
  if (!type)
    return {};
  if (type.getRank() != 3 || type.isDynamicDim(1)) {
    (void)check.fail("expects '" + name +
                         "' to be [T, heads, channels], but got shape " +
                         shapeText(type.getShape()),
                     value, name);
    return {};
  }
  return failed(check.positions(positions, type, name)) ? RankedTensorType()
                                                        : type;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

LogicalResult PickOp::inferReturnTypes(MLIRContext *,
                                       std::optional<Location> location,
                                       Adaptor adaptor, Types &types) {
  Check check = checkOf<PickOp>(location);
  auto rows = dyn_cast<RowsType>(adaptor.getRows().getType());
  if (!rows)
    return check.fail("expects 'rows' to be rows");
  RankedTensorType ids = check.tensor(adaptor.getIds(), "ids");
  if (!ids)
    return failure();
  if (ids.getRank() != 2 || ids.isDynamicDim(1)) // C1
    return check.fail("expects 'ids' to be [T, k], but got shape " +
                          shapeText(ids.getShape()),
                      adaptor.getIds(), "ids");
  if (rows.getPicks()) // C2
    return check.fail("expects rows that are not picked yet, but they have "
                      "picks = " +
                          Twine(*rows.getPicks()),
                      adaptor.getRows(), "rows");
  types.push_back(rows.withPicks(ids.getDimSize(1)));
  return mlir::success();
}

LogicalResult IndexScoresOp::inferReturnTypes(MLIRContext *context,
                                              std::optional<Location> location,
                                              Adaptor adaptor, Types &types) {
  Check check = checkOf<IndexScoresOp>(location);
  RankedTensorType q =
      headsOf(check, adaptor.getQ(), adaptor.getPositions(), "q"); // C1
  if (!q)
    return failure();
  RowsType rows = vectorRows(check, adaptor.getRows(), "rows"); // C2
  if (!rows)
    return failure();
  if (rows.getShape().back() != q.getDimSize(2)) // C2
    return check.fail("expects rows of as many channels as 'q' (" +
                          Twine(q.getDimSize(2)) + "), but got " +
                          Twine(rows.getShape().back()),
                      adaptor.getRows(), "rows");
  if (rows.getWindow() || rows.getPicks()) // C2
    return check.fail("expects all rows so far, without window and picks",
                      adaptor.getRows(), "rows");
  RankedTensorType a = check.rows(adaptor.getA(), "a");
  if (!a)
    return failure();
  if (a.getShape() != q.getShape().drop_back()) // C3
    return check.fail("expects 'a' to have a factor for each head of 'q' " +
                          shapeText(q.getShape()) + ", but got shape " +
                          shapeText(a.getShape()),
                      adaptor.getA(), "a");
  types.push_back(f32Tensor({q.getDimSize(0), ShapedType::kDynamic}, context));
  return mlir::success();
}

LogicalResult
LatentAttentionOp::inferReturnTypes(MLIRContext *,
                                    std::optional<Location> location,
                                    Adaptor adaptor, Types &types) {
  Check check = checkOf<LatentAttentionOp>(location);
  mlir::Value positions = adaptor.getPositions();
  RankedTensorType qNope =
      headsOf(check, adaptor.getQNope(), positions, "q_nope"); // C1
  RankedTensorType qPe =
      qNope ? headsOf(check, adaptor.getQPe(), positions, "q_pe") // C1
            : RankedTensorType();
  if (!qPe)
    return failure();
  int64_t heads = qNope.getDimSize(1);
  if (qPe.getDimSize(1) != heads) // C1
    return check.fail("expects 'q_pe' to have as many heads as 'q_nope' (" +
                          Twine(heads) + "), but got " +
                          Twine(qPe.getDimSize(1)),
                      adaptor.getQPe(), "q_pe");
  RowsType latent = vectorRows(check, adaptor.getLatent(), "latent"); // C2
  RowsType kPe =
      latent ? vectorRows(check, adaptor.getKPe(), "k_pe") : RowsType();
  if (!kPe || failed(check.seenAlike(adaptor.getLatent(), adaptor.getKPe(),
                                     "'latent' and 'k_pe'", "latent"))) // C2
    return failure();
  if (kPe.getShape().back() != qPe.getDimSize(2)) // C2
    return check.fail("expects 'k_pe' to have as many channels as 'q_pe' (" +
                          Twine(qPe.getDimSize(2)) + "), but got " +
                          Twine(kPe.getShape().back()),
                      adaptor.getKPe(), "k_pe");
  auto up = check.shape(adaptor.getWUk(), "w_uk");
  auto down = check.shape(adaptor.getWUv(), "w_uv");
  if (!up || !down)
    return failure();
  int64_t rank = latent.getShape().back();
  if (*up != ArrayRef({heads, qNope.getDimSize(2), rank})) // C3
    return check.fail("expects 'w_uk' to be " +
                          shapeText({heads, qNope.getDimSize(2), rank}) +
                          ", but got " + shapeText(*up),
                      adaptor.getWUk(), "w_uk");
  if (down->size() != 3 || (*down)[0] != heads || (*down)[2] != rank ||
      ShapedType::isDynamic((*down)[1])) // C3
    return check.fail("expects 'w_uv' to be [" + Twine(heads) + ", d, " +
                          Twine(rank) + "], but got " + shapeText(*down),
                      adaptor.getWUv(), "w_uv");
  return addLike(location, qNope, withLast(qNope.getShape(), (*down)[1]),
                 types);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

LogicalResult
GroupedLinearOp::inferReturnTypes(MLIRContext *,
                                  std::optional<Location> location,
                                  Adaptor adaptor, Types &types) {
  Check check = checkOf<GroupedLinearOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x)
    return failure();
  auto w = check.shape(adaptor.getW(), "w");
  if (!w)
    return failure();
  int64_t rank = x.getRank();
  if (rank < 2 || x.isDynamicDim(rank - 2)) // C1
    return check.fail("expects 'x' to be [.., groups, inputs], but got shape " +
                          shapeText(x.getShape()),
                      adaptor.getX(), "x");
  int64_t groups = x.getDimSize(rank - 2), inputs = x.getDimSize(rank - 1);
  if (w->size() != 3 || ShapedType::isDynamicShape(*w) ||
      w->front() != groups || w->back() != inputs) // C2
    return check.fail("expects 'w' to be [" + Twine(groups) + ", outputs, " +
                          Twine(inputs) + "] for groups of 'x', but got " +
                          shapeText(*w),
                      adaptor.getW(), "w");
  return addLike(location, x, withLast(x.getShape(), (*w)[1]), types);
}

LogicalResult EinsumOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor, Types &types) {
  Check check = checkOf<EinsumOp>(location);
  RankedTensorType a = check.tensor(adaptor.getA(), "a");
  if (!a)
    return failure();
  RankedTensorType b = check.tensor(adaptor.getB(), "b");
  if (!b || !check.given(adaptor.getPatternAttr(), "pattern"))
    return failure();
  Result<Contraction> loops =
      parseContraction(adaptor.getPattern(), a.getShape(), b.getShape());
  if (!loops) // C1, C2, C3, C4
    return check.fail(loops.error().message);
  Type elementType = a.getElementType() == b.getElementType()
                         ? a.getElementType()
                         : Float32Type::get(context);
  types.push_back(RankedTensorType::get(loops->resultShape(), elementType));
  return mlir::success();
}

Contraction EinsumOp::getContraction() {
  Result<Contraction> loops = parseContraction(
      getPattern(), shapeOf(getA().getType()), shapeOf(getB().getType()));
  assert(loops && "only on a verified op");
  return std::move(*loops);
}

LogicalResult SinkhornOp::inferReturnTypes(MLIRContext *,
                                           std::optional<Location> location,
                                           Adaptor adaptor, Types &types) {
  Check check = checkOf<SinkhornOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x)
    return failure();
  int64_t rank = x.getRank();
  if (rank < 2 || x.getDimSize(rank - 2) != x.getDimSize(rank - 1)) // C1
    return check.fail("expects 'x' to end in square matrices, but got shape " +
                          shapeText(x.getShape()),
                      adaptor.getX(), "x");
  types.push_back(x);
  return mlir::success();
}
