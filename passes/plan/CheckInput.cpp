//===- CheckInput.cpp - What the planner can hold -------------------------===//

#include "passes/plan/CheckInput.h"
#include "dialects/nn/IR/NNOps.h"
#include "mlir/IR/Diagnostics.h"
#include "passes/plan/Graph.h"
#include "passes/plan/Rows.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

/// Rows of more numbers would overflow the bytes of a buffer.
static constexpr int64_t kMaxRowElements = INT32_MAX;

bool plan::isActivation(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() >= 1 && tensor.isDynamicDim(0) &&
         tensor.getElementType().isF32() &&
         !ShapedType::isDynamicShape(tensor.getShape().drop_front());
}

/// Ids that tokens chose, as `nn.top_k` makes them.
static bool isChoice(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 2 && tensor.isDynamicDim(0) &&
         !tensor.isDynamicDim(1) && tensor.getElementType().isInteger(32);
}

/// Tokens or positions, as the host writes them.
static bool isIds(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) &&
         tensor.getElementType().isInteger(32);
}

static bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

static bool isStored(Value value) {
  return value.getDefiningOp<nn::GetWeightOp>() != nullptr;
}

bool plan::isWeightPart(Operation *op) {
  auto slice = dyn_cast<nn::SliceOp>(op);
  if (!slice || !isa<nn::WeightType>(slice.getType()))
    return false;
  Value x = slice.getX();
  return isStored(x) || (x.getDefiningOp() && isWeightPart(x.getDefiningOp()));
}

/// A weight or a part of one: what a row kernel reads beside its rows.
static bool isWeight(Value value) {
  Operation *op = value.getDefiningOp();
  return isStored(value) || (op && isWeightPart(op));
}

/// Why a kernel can not hold values of `type` as rows.
static LogicalResult checkActivation(Operation *op, const Twine &what,
                                     Type type) {
  if (isChoice(type))
    return mlir::success();
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && isa<FloatType>(tensor.getElementType()) &&
      !tensor.getElementType().isF32())
    return op->emitError("expects f32 activations to plan it, but ")
           << what << " is " << type;
  if (!isActivation(type))
    return op->emitError("expects rows of f32 with a dynamic number of tokens "
                         "to plan it, but ")
           << what << " is " << type;
  int64_t elements = 1;
  for (int64_t size : tensor.getShape().drop_front())
    if (llvm::MulOverflow(elements, size, elements) ||
        elements > kMaxRowElements)
      return op->emitError("expects rows of at most ")
             << kMaxRowElements << " numbers to plan it, but " << what << " is "
             << type;
  return mlir::success();
}

static LogicalResult checkLinear(nn::LinearOp op) {
  auto x = cast<RankedTensorType>(op.getX().getType());
  if (x.getRank() != 2)
    return op.emitError("expects one row per token, [T, ")
           << x.getShape().back() << "], but got " << x
           << ": products of several rows of a token are not in this version";
  return mlir::success();
}

/// Rows that functions may hand each other: all of a history.
static bool handsOn(Value value) {
  SeenRows seen = seenRows(value);
  return seen.rows && !seen.ids;
}

/// Attention over rows of one head that are key and value, or over one set of
/// keys and one of values.
static LogicalResult checkAttention(nn::AttentionOp op) {
  if (!sharesRows(op)) {
    bool isAll = op.getK().size() == 1 && handsOn(op.getK()[0]) &&
                 cast<nn::RowsType>(op.getK()[0].getType()).getClock() == 1;
    return isAll ? mlir::success()
                 : op.emitError("expects one set of all keys, a row for each "
                                "token, or sets of rows of one head that are "
                                "key and value; others are not in this "
                                "version");
  }
  if (op.getSoftcap())
    return op.emitError("expects no soft cap over rows that are key and "
                        "value; it is not in this version");
  return mlir::success();
}

/// Scores of all rows are never there: only the best of them are.
static LogicalResult checkIndexScores(nn::IndexScoresOp op) {
  for (Operation *user : op->getUsers())
    if (!isa<nn::TopKOp>(user))
      return op.emitError("expects its scores to be read by 'nn.top_k' only "
                          "to plan it, but '")
             << user->getName() << "' does";
  return mlir::success();
}

/// Ids by which rows are picked name none twice. Those of an argument are
/// looked at where the function is called.
static LogicalResult checkPick(nn::PickOp op) {
  Value ids = op.getIds();
  if (isa<BlockArgument>(ids) || ids.getDefiningOp<nn::TopKOp>())
    return mlir::success();
  return op.emitError("expects ids from 'nn.top_k' to plan it");
}

static LogicalResult checkEmbedding(nn::EmbeddingOp op) {
  auto ids = cast<RankedTensorType>(op.getIds().getType());
  if (ids.getRank() != 1)
    return op.emitError("expects one id per token, but got ")
           << ids << ": tables of several ids are not in this version";
  return mlir::success();
}

/// Ops that become part of a row kernel.
static LogicalResult checkRow(Operation *op) {
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    if (isWeight(operand) || (isConstant(operand) && operand.getType().isF32()))
      continue;
    if (isa<nn::CastOp>(op) && isa<BlockArgument>(operand) &&
        isIds(operand.getType()))
      continue;
    if (failed(
            checkActivation(op, "operand " + Twine(index), operand.getType())))
      return failure();
  }
  return mlir::success();
}

/// Ops that read weights as the target packs them.
static bool readsPacked(Operation *op) {
  return isa<nn::AttentionOp, nn::CausalConvOp, nn::EmbeddingOp,
             nn::ExpertLinearOp, nn::GroupedLinearOp, nn::LatentAttentionOp,
             nn::LinearOp>(op);
}

/// What an op reads was made by an op that passed: weights come from
/// nn.get_weight, ids and positions from the caller.
static LogicalResult checkOp(Operation *op) {
  if (isa<nn::GetWeightOp>(op))
    return mlir::success();
  if (isa<func::ReturnOp>(op)) {
    for (auto [index, value] : llvm::enumerate(op->getOperands()))
      if (!(isa<nn::RowsType>(value.getType()) && handsOn(value)) &&
          failed(
              checkActivation(op, "result " + Twine(index), value.getType())))
        return failure();
    return mlir::success();
  }
  if (isa<func::CallOp>(op))
    return op->emitError("expects calls in '@hidden' only, of functions that "
                         "call nothing");
  if (op->getNumResults() != 1)
    return op->emitError("expects one result to plan it, but got ")
           << op->getNumResults();
  Type result = op->getResult(0).getType();
  if (op->hasTrait<OpTrait::ConstantLike>()) {
    if (result.isF32() || result.isIndex())
      return mlir::success();
    return op->emitError("expects constants to be f32 or index to plan them, "
                         "but got ")
           << result << ": what is a tensor comes from nn.get_weight";
  }
  if (isWeightPart(op)) {
    for (Operation *user : op->getUsers())
      if (readsPacked(user))
        return op->emitError("expects a part of a weight that '")
               << user->getName()
               << "' reads to be taken in the region of an nn.weight";
    return mlir::success();
  }
  if (isa<nn::WeightType>(result))
    return op->emitError("expects what is done to weights to stand in the "
                         "region of an nn.weight");
  if (auto history = dyn_cast<nn::HistoryOp>(op)) {
    if (history.getClock() != 1 && history.getWindow())
      return op->emitError("expects all rows of a clock to plan it; windows of "
                           "them are not in this version");
    return mlir::success();
  }
  if (isa<nn::WindowPositionsOp>(op))
    return mlir::success();
  if (auto pick = dyn_cast<nn::PickOp>(op))
    return checkPick(pick);
  if (auto scores = dyn_cast<nn::IndexScoresOp>(op))
    return checkIndexScores(scores);
  if (auto top = dyn_cast<nn::TopKOp>(op);
      top && top.getScores().getDefiningOp<nn::IndexScoresOp>())
    return checkActivation(op, "its result", result);
  if (auto linear = dyn_cast<nn::LinearOp>(op)) {
    if (failed(checkLinear(linear)))
      return failure();
  } else if (auto embedding = dyn_cast<nn::EmbeddingOp>(op)) {
    if (failed(checkEmbedding(embedding)))
      return failure();
  } else if (auto attention = dyn_cast<nn::AttentionOp>(op)) {
    if (failed(checkAttention(attention)))
      return failure();
  } else if (!isa<nn::AbsorbedAttentionOp, nn::CausalConvOp, nn::GatedDeltaOp,
                  nn::RopeOp, nn::WindowsOp>(op) &&
             failed(checkRow(op))) {
    return failure();
  }
  return checkActivation(op, "its result", result);
}

/// Latent attention is compiled in another form.
static LogicalResult checkAbsorbed(nn::LatentAttentionOp op) {
  return op.emitError("expects latent attention in its absorbed form; "
                      "'nn-absorb-latents' makes it so, of matrices that are "
                      "stored");
}

std::string plan::whyNotCompiled(Operation *op) {
  std::string message;
  ScopedDiagnosticHandler handler(
      op->getContext(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          message = diagnostic.str();
      });
  auto latent = dyn_cast<nn::LatentAttentionOp>(op);
  return failed(latent ? checkAbsorbed(latent) : checkOp(op)) ? message : "";
}

LogicalResult plan::checkCompiled(ModuleOp module) {
  WalkResult result = module.walk(
      [](nn::LatentAttentionOp op) -> WalkResult { return checkAbsorbed(op); });
  return failure(result.wasInterrupted());
}

LogicalResult plan::checkInput(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitError("expects a body of one block to plan it, but '")
           << function.getSymName() << "' has "
           << function.getBody().getBlocks().size();
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (!isIds(type) && !type.isIndex() && !isa<nn::RowsType>(type) &&
        failed(checkActivation(function, "argument " + Twine(index), type)))
      return failure();
  }
  for (Operation &op : function.getBody().front())
    if (failed(checkOp(&op)))
      return failure();
  return mlir::success();
}
