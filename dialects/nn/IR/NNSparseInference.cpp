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

/// Two parts of queries and of the rows that they meet: C1 and C2 of latent and
/// absorbed attention. The type of the first part's queries; null where
/// something was reported.
static RankedTensorType latentQueries(const Check &check,
                                      std::pair<mlir::Value, StringRef> query,
                                      mlir::Value qPe, mlir::Value positions,
                                      mlir::Value latent, mlir::Value kPe) {
  RankedTensorType q =
      headsOf(check, query.first, positions, query.second);        // C1
  RankedTensorType pe = q ? headsOf(check, qPe, positions, "q_pe") // C1
                          : RankedTensorType();
  if (!pe)
    return {};
  int64_t heads = q.getDimSize(1);
  if (pe.getDimSize(1) != heads) { // C1
    (void)check.fail("expects 'q_pe' to have as many heads as '" +
                         query.second + "' (" + Twine(heads) + "), but got " +
                         Twine(pe.getDimSize(1)),
                     qPe, "q_pe");
    return {};
  }
  RowsType latents = vectorRows(check, latent, "latent"); // C2
  RowsType keys = latents ? vectorRows(check, kPe, "k_pe") : RowsType();
  if (!keys || failed(check.seenAlike(latent, kPe, "'latent' and 'k_pe'",
                                      "latent"))) // C2
    return {};
  if (keys.getShape().back() != pe.getDimSize(2)) { // C2
    (void)check.fail("expects 'k_pe' to have as many channels as 'q_pe' (" +
                         Twine(pe.getDimSize(2)) + "), but got " +
                         Twine(keys.getShape().back()),
                     kPe, "k_pe");
    return {};
  }
  return q;
}

LogicalResult
LatentAttentionOp::inferReturnTypes(MLIRContext *,
                                    std::optional<Location> location,
                                    Adaptor adaptor, Types &types) {
  Check check = checkOf<LatentAttentionOp>(location);
  RankedTensorType qNope = latentQueries(
      check, {adaptor.getQNope(), "q_nope"}, adaptor.getQPe(),
      adaptor.getPositions(), adaptor.getLatent(), adaptor.getKPe());
  if (!qNope)
    return failure();
  auto up = check.shape(adaptor.getWUk(), "w_uk");
  auto down = check.shape(adaptor.getWUv(), "w_uv");
  if (!up || !down)
    return failure();
  int64_t heads = qNope.getDimSize(1);
  int64_t rank =
      cast<RowsType>(adaptor.getLatent().getType()).getShape().back();
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

LogicalResult
AbsorbedAttentionOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> location,
                                      Adaptor adaptor, Types &types) {
  Check check = checkOf<AbsorbedAttentionOp>(location);
  RankedTensorType q = latentQueries(check, {adaptor.getQ(), "q"},
                                     adaptor.getQPe(), adaptor.getPositions(),
                                     adaptor.getLatent(), adaptor.getKPe());
  if (!q)
    return failure();
  int64_t rank =
      cast<RowsType>(adaptor.getLatent().getType()).getShape().back();
  if (rank != q.getDimSize(2)) // C2
    return check.fail("expects 'latent' to have as many channels as 'q' (" +
                          Twine(q.getDimSize(2)) + "), but got " + Twine(rank),
                      adaptor.getLatent(), "latent");
  types.push_back(q);
  return mlir::success();
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
