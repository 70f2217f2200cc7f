//===- NNRecurrenceOps.cpp - Recurrences along the sequence ---------------===//

#include "dialects/nn/IR/NNInference.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;
using namespace tombolo::nn::inference;

//===----------------------------------------------------------------------===//
// nn.recurrent_state
//===----------------------------------------------------------------------===//

LogicalResult RecurrentStateOp::verify() {
  if (failed(verifyFamily(*this, getCount(), getLayers()))) // C1
    return failure();
  RankedTensorType type = getStateType();
  bool fits = type.hasStaticShape() && type.getElementType().isF32();
  int64_t elements = 1;
  for (int64_t size : type.getShape())
    fits = fits && !llvm::MulOverflow(elements, size, elements) &&
           elements <= INT64_MAX / 16;
  if (!fits) // C2
    return emitOpError("expects a static tensor of f32 whose bytes fit 61 "
                       "bits, but got ")
           << type;
  return mlir::success();
}

int64_t RecurrentStateOp::getStateCount() {
  return getLayers() ? getLayers()->size() : getCount().value_or(1);
}
int64_t RecurrentStateOp::getRowBytes() { return 0; }
int64_t RecurrentStateOp::getTokensPerRow() { return 1; }
int64_t RecurrentStateOp::getFixedBytes() { return getStateBytes(); }
int64_t RecurrentStateOp::getPageRows() { return StateOp::kPageRows; }
std::optional<int64_t> RecurrentStateOp::getStateWindow() {
  return std::nullopt;
}
bool RecurrentStateOp::isTruncatable() { return false; }

/// `op` names a state of `shape`.
template <typename Op>
static LogicalResult verifyState(Op op, SymbolTableCollection &tables,
                                 ArrayRef<int64_t> shape) {
  auto state =
      tables.lookupNearestSymbolFrom<RecurrentStateOp>(op, op.getStateAttr());
  if (!state)
    return op.emitOpError("expects '@")
           << op.getState() << "' to be an 'nn.recurrent_state' of this module";
  if (state.getStateType().getShape() != shape) {
    InFlightDiagnostic error = op.emitOpError("expects a state of ")
                               << shapeText(shape) << ", but '@"
                               << op.getState() << "' is "
                               << state.getStateType();
    error.attachNote(state.getLoc()) << "the state is declared here";
    return error;
  }
  return verifyInstance(op, op.getState(), state.getCount(), state.getLayers(),
                        op.getIndex());
}

static void
addEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
               &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), StateResource::get());
  effects.emplace_back(MemoryEffects::Write::get(), StateResource::get());
}

//===----------------------------------------------------------------------===//
// nn.causal_conv
//===----------------------------------------------------------------------===//

LogicalResult CausalConvOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> location,
                                             Adaptor adaptor, Types &types) {
  Check check = checkOf<CausalConvOp>(location);
  RankedTensorType x = check.rows(adaptor.getX(), "x");
  if (!x)
    return failure();
  if (x.getRank() != 2) // C1
    return check.fail("expects 'x' to be [T, channels], but got shape " +
                      shapeText(x.getShape()));
  if (failed(check.positions(adaptor.getPositions(), x, "x"))) // C1
    return failure();
  std::optional<ArrayRef<int64_t>> w = check.shape(adaptor.getW(), "w");
  if (!w)
    return failure();
  if (w->size() != 2 || w->front() != x.getDimSize(1) || w->back() < 2) // C2
    return check.fail("expects 'w' to be [" + Twine(x.getDimSize(1)) +
                          ", taps] with 2 taps or more, but got " +
                          shapeText(*w),
                      adaptor.getW(), "w");
  types.push_back(x);
  return mlir::success();
}

LogicalResult CausalConvOp::verifySymbolUses(SymbolTableCollection &tables) {
  ArrayRef<int64_t> w = shapeOf(getW().getType());
  return verifyState(*this, tables, {w[1] - 1, w[0]}); // C3, C4
}

void CausalConvOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(effects);
}

//===----------------------------------------------------------------------===//
// nn.gated_delta
//===----------------------------------------------------------------------===//

/// `[T, heads, channels]`, of which the last two are static.
static bool isHeads(RankedTensorType type) {
  return type.getRank() == 3 && !type.isDynamicDim(1);
}

LogicalResult GatedDeltaOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> location,
                                             Adaptor adaptor, Types &types) {
  Check check = checkOf<GatedDeltaOp>(location);
  RankedTensorType q = check.rows(adaptor.getQ(), "q"),
                   k = check.rows(adaptor.getK(), "k"),
                   v = check.rows(adaptor.getV(), "v");
  if (!q || !k || !v)
    return failure();
  if (!isHeads(q)) // C1
    return check.fail("expects 'q' to be [T, heads, channels], but got shape " +
                      shapeText(q.getShape()));
  if (failed(check.positions(adaptor.getPositions(), q, "q"))) // C1
    return failure();
  if (k.getShape() != q.getShape()) // C1
    return check.fail("expects 'k' to have the shape of 'q', " +
                          shapeText(q.getShape()) + ", but got " +
                          shapeText(k.getShape()),
                      adaptor.getK(), "k");
  if (!isHeads(v) || v.getDimSize(0) != q.getDimSize(0) ||
      v.getDimSize(1) % q.getDimSize(1)) // C2
    return check.fail("expects 'v' to be [T, heads, channels] with a multiple "
                      "of the heads of 'q' (" +
                          Twine(q.getDimSize(1)) + "), but got shape " +
                          shapeText(v.getShape()),
                      adaptor.getV(), "v");
  for (auto [value, name] : {std::pair(adaptor.getDecay(), "decay"),
                             std::pair(adaptor.getBeta(), "beta")}) {
    if (!value) // 'beta', which may be left out
      continue;
    RankedTensorType type = check.rows(value, name);
    if (!type)
      return failure();
    if (type.getShape() != v.getShape().drop_back()) // C3
      return check.fail(Twine("expects '") + name +
                            "' to have one number for each token and head of "
                            "'v', " +
                            shapeText(v.getShape().drop_back()) + ", but got " +
                            shapeText(type.getShape()),
                        value, name);
  }
  types.push_back(v);
  return mlir::success();
}

LogicalResult GatedDeltaOp::verifySymbolUses(SymbolTableCollection &tables) {
  ArrayRef<int64_t> k = getK().getType().getShape(),
                    v = getV().getType().getShape();
  return verifyState(*this, tables, {v[1], k[2], v[2]}); // C4, C5
}

void GatedDeltaOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(effects);
}
