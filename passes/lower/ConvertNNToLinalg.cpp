//===- ConvertNNToLinalg.cpp - Decompose nn into linalg -------------------===//

#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/Passes.h"
#include "passes/lower/RowBuilder.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

namespace tombolo {
#define GEN_PASS_DEF_CONVERTNNTOLINALGPASS
#include "passes/lower/Passes.h.inc"
} // namespace tombolo

using namespace mlir;

void tombolo::populateNNToLinalgPatterns(RewritePatternSet &patterns) {
  populateElementwisePatterns(patterns);
  populateReductionPatterns(patterns);
  populateProductPatterns(patterns);
  populateExpertPatterns(patterns);
  populateMixPatterns(patterns);
  populateShapePatterns(patterns);
  populateSequencePatterns(patterns);
}

/// Says what a target must have replaced before.
static LogicalResult checkInput(func::FuncOp func) {
  auto isWeight = [](Type type) { return isa<tombolo::nn::WeightType>(type); };
  WalkResult result = func.walk([&](Operation *op) -> WalkResult {
    if (!isa_and_nonnull<tombolo::nn::NNDialect>(op->getDialect()))
      return WalkResult::advance();
    if (llvm::any_of(op->getOperandTypes(), isWeight) ||
        llvm::any_of(op->getResultTypes(), isWeight))
      return op->emitOpError("expects weights to be tensors here");
    if (isa<tombolo::nn::RopeOp>(op))
      return op->emitOpError("expects angles as a table here (nn.rotate)");
    if (isa<tombolo::nn::HistoryOp>(op))
      return op->emitOpError("expects rows of a tensor here (nn.rows)");
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

namespace {

struct ConvertNNToLinalgPass
    : tombolo::impl::ConvertNNToLinalgPassBase<ConvertNNToLinalgPass> {

  void runOnOperation() override {
    if (failed(checkInput(getOperation())))
      return signalPassFailure();
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect, linalg::LinalgDialect,
                           math::MathDialect, scf::SCFDialect,
                           tensor::TensorDialect>();
    target.addIllegalDialect<tombolo::nn::NNDialect>();
    // It computes nothing: attention reads the tensor behind it.
    target.addLegalOp<tombolo::nn::RowsOp>();
    RewritePatternSet patterns(&getContext());
    tombolo::populateNNToLinalgPatterns(patterns);
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](tombolo::nn::RowsOp rows) {
      if (rows->use_empty())
        return rows.erase();
      rows.emitOpError("expects to be read by nn.attention only");
      signalPassFailure();
    });
  }
};

} // namespace
