//===- NNWindowOps.cpp - Windows of tokens, and their clock ---------------===//

#include "dialects/nn/IR/NNInference.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;
using namespace tombolo::nn::inference;

//===----------------------------------------------------------------------===//
// nn.window_state
//===----------------------------------------------------------------------===//

/// Bytes of a number of `type`, which is f32, f16 or bf16.
static int64_t bytesOf(Type type) { return type.isF32() ? 4 : 2; }

LogicalResult WindowStateOp::verify() {
  RowsType type = getType();
  if (failed(verifyFamily(*this, getCount(), getLayers()))) // C1
    return failure();
  if (type.getWindow() || type.getClock() != 1 || type.getPicks()) // C2
    return emitOpError("expects a row for each token, without window, clock "
                       "and picks, but got ")
           << type;
  int64_t rows, bytes;
  if (llvm::AddOverflow(getBefore(), getSize() - 1, rows) ||
      llvm::MulOverflow(rows, type.getRowElements(), bytes) ||
      bytes > INT64_MAX / 4) // C3
    return emitOpError("expects a state whose bytes fit 61 bits, but got ")
           << "windows of " << getSize() << " tokens and " << getBefore()
           << " before, of " << type;
  return mlir::success();
}

int64_t WindowStateOp::getStateCount() {
  return getLayers() ? getLayers()->size() : getCount().value_or(1);
}
int64_t WindowStateOp::getRowBytes() { return 0; }
int64_t WindowStateOp::getTokensPerRow() { return 1; }
int64_t WindowStateOp::getFixedBytes() {
  return getMostRows() * getType().getRowElements() *
         bytesOf(getType().getElementType());
}
int64_t WindowStateOp::getPageRows() { return StateOp::kPageRows; }
std::optional<int64_t> WindowStateOp::getStateWindow() { return std::nullopt; }
bool WindowStateOp::isTruncatable() { return false; }

//===----------------------------------------------------------------------===//
// nn.windows
//===----------------------------------------------------------------------===//

LogicalResult WindowsOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> location,
                                          Adaptor adaptor, Types &types) {
  Check check = checkOf<WindowsOp>(location);
  RankedTensorType x = check.tensor(adaptor.getX(), "x");
  if (!x || failed(check.positions(adaptor.getPositions(), x, "x")) || // C1
      !check.given(adaptor.getSizeAttr(), "size"))
    return failure();
  ArrayRef<int64_t> row = x.getShape().drop_front();
  if (ShapedType::isDynamicShape(row))
    return check.fail("expects rows of static shape, but got " +
                      shapeText(x.getShape()));
  SmallVector<int64_t> shape = {ShapedType::kDynamic, 0};
  if (adaptor.getSize() <= 0 || adaptor.getBefore() < 0 ||
      llvm::AddOverflow(adaptor.getBefore(), adaptor.getSize(), shape[1]))
    return check.fail("expects 'size' to be positive and 'before' not to be "
                      "negative, but got " +
                      Twine(adaptor.getSize()) + " and " +
                      Twine(adaptor.getBefore()));
  llvm::append_range(shape, row);
  return addLike(location, x, shape, types);
}

LogicalResult WindowsOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto state =
      tables.lookupNearestSymbolFrom<WindowStateOp>(*this, getStateAttr());
  if (!state) // C2
    return emitOpError("expects '@")
           << getState() << "' to be an 'nn.window_state' of this module";
  RankedTensorType x = cast<RankedTensorType>(getX().getType());
  if (state.getType().getShape() != x.getShape().drop_front() ||
      state.getType().getElementType() != x.getElementType() ||
      state.getSize() != getSize() || state.getBefore() != getBefore()) { // C2
    InFlightDiagnostic error =
        emitOpError("expects a state of the rows of 'x', with the same 'size' "
                    "and 'before', but '@")
        << getState() << "' is of " << state.getType() << ", size "
        << state.getSize() << ", before " << state.getBefore();
    error.attachNote(state.getLoc()) << "the state is declared here";
    return error;
  }
  return verifyInstance(*this, getState(), state.getCount(), state.getLayers(),
                        getIndex()); // C3
}

void WindowsOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Read::get(), StateResource::get());
  effects.emplace_back(MemoryEffects::Write::get(), StateResource::get());
}

LogicalResult
WindowPositionsOp::inferReturnTypes(MLIRContext *context,
                                    std::optional<Location> location,
                                    Adaptor adaptor, Types &types) {
  Check check = checkOf<WindowPositionsOp>(location);
  RankedTensorType positions =
      check.tensor(adaptor.getPositions(), "positions");
  if (!positions)
    return failure();
  types.push_back(RankedTensorType::get({ShapedType::kDynamic},
                                        IntegerType::get(context, 32)));
  return mlir::success();
}
