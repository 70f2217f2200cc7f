//===- CheckInput.cpp - What the planner can hold -------------------------===//

#include "passes/plan/CheckInput.h"
#include "dialects/nn/IR/NNOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

/// Rows of more numbers would overflow the bytes of a buffer.
static constexpr int64_t kMaxRowElements = INT32_MAX;

bool plan::isActivation(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() >= 2 && tensor.isDynamicDim(0) &&
         tensor.getElementType().isF32() &&
         !ShapedType::isDynamicShape(tensor.getShape().drop_front());
}

/// Ids that tokens chose, as `nn.top_k` makes them.
static bool isChoice(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 2 && tensor.isDynamicDim(0) &&
         !tensor.isDynamicDim(1) && tensor.getElementType().isInteger(32);
}

static bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

static bool isStored(Value value) {
  return value.getDefiningOp<nn::GetWeightOp>() != nullptr;
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
    if (isStored(operand) || (isConstant(operand) && operand.getType().isF32()))
      continue;
    if (failed(
            checkActivation(op, "operand " + Twine(index), operand.getType())))
      return failure();
  }
  return mlir::success();
}

/// What an op reads was made by an op that passed: weights come from
/// nn.get_weight, ids and positions from the caller.
static LogicalResult checkOp(Operation *op) {
  if (isa<nn::GetWeightOp>(op))
    return mlir::success();
  if (isa<func::ReturnOp>(op)) {
    for (auto [index, type] : llvm::enumerate(op->getOperandTypes()))
      if (failed(checkActivation(op, "result " + Twine(index), type)))
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
  if (isa<nn::WeightType>(result))
    return op->emitError("expects what is done to weights to stand in the "
                         "region of an nn.weight");
  if (isa<nn::HistoryOp>(op))
    return mlir::success();
  if (auto linear = dyn_cast<nn::LinearOp>(op)) {
    if (failed(checkLinear(linear)))
      return failure();
  } else if (auto embedding = dyn_cast<nn::EmbeddingOp>(op)) {
    if (failed(checkEmbedding(embedding)))
      return failure();
  } else if (!isa<nn::AttentionOp, nn::RopeOp>(op) && failed(checkRow(op))) {
    return failure();
  }
  return checkActivation(op, "its result", result);
}

/// What of an op the interpreter runs and no target compiles yet; empty:
/// nothing.
static std::string interpretedOnly(Operation *op) {
  std::string name = "'" + op->getName().getStringRef().str() + "'";
  if (auto history = dyn_cast<nn::HistoryOp>(op))
    return history.getClock() == 1 ? "" : name + " of a clock";
  if (auto embedding = dyn_cast<nn::EmbeddingOp>(op))
    return getElementTypeOrSelf(embedding.getType()).isInteger()
               ? name + " of integers"
               : "";
  return isa<nn::CausalConvOp, nn::EinsumOp, nn::GatedDeltaOp,
             nn::GroupedLinearOp, nn::IndexScoresOp, nn::LatentAttentionOp,
             nn::PickOp, nn::SinkhornOp, nn::WindowPositionsOp, nn::WindowsOp>(
             op)
             ? name
             : "";
}

std::string plan::whyNotCompiled(Operation *op) {
  if (std::string what = interpretedOnly(op); !what.empty())
    return what + " is not compiled in this version";
  std::string message;
  ScopedDiagnosticHandler handler(
      op->getContext(), [&](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          message = diagnostic.str();
      });
  return failed(checkOp(op)) ? message : "";
}

LogicalResult plan::checkCompiled(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) -> WalkResult {
    std::string what = interpretedOnly(op);
    if (what.empty())
      return WalkResult::advance();
    return op->emitError(what) << " is not compiled in this version; the "
                                  "interpreter runs it ('tombolo verify "
                                  "--engine interpreter')";
  });
  return failure(result.wasInterrupted());
}

LogicalResult plan::checkInput(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitError("expects a body of one block to plan it, but '")
           << function.getSymName() << "' has "
           << function.getBody().getBlocks().size();
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isIds = tensor && tensor.getRank() == 1 && tensor.isDynamicDim(0) &&
                 tensor.getElementType().isInteger(32);
    if (!isIds && !type.isIndex() &&
        failed(checkActivation(function, "argument " + Twine(index), type)))
      return failure();
  }
  for (Operation &op : function.getBody().front())
    if (failed(checkOp(&op)))
      return failure();
  return mlir::success();
}
