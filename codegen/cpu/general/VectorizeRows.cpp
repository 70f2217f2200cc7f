//===- VectorizeRows.cpp - From linalg on buffers to vector loops ---------===//

#include "codegen/cpu/general/LoopEmitter.h"
#include "codegen/cpu/general/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

namespace tombolo::cpu {
#define GEN_PASS_DEF_VECTORIZEROWS
#include "codegen/cpu/general/Passes.h.inc"
} // namespace tombolo::cpu

using namespace mlir;
using namespace tombolo::cpu;

namespace {

struct VectorizeRowsPass
    : tombolo::cpu::impl::VectorizeRowsBase<VectorizeRowsPass> {
  using VectorizeRowsBase::VectorizeRowsBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (vectorBytes >= 16 && vectorBytes <= 1024 &&
        llvm::isPowerOf2_64(static_cast<uint64_t>(vectorBytes.getValue())))
      return success();
    return emitError(UnknownLoc::get(context))
           << "'vector-bytes' expects a power of two from 16 to 1024, but got "
           << vectorBytes.getValue();
  }

  void runOnOperation() override {
    OpBuilder builder(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies) {
      builder.setInsertionPoint(copy);
      linalg::makeMemRefCopyOp(builder, copy.getLoc(), copy.getSource(),
                               copy.getTarget());
      copy.erase();
    }

    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      if (!op.hasPureBufferSemantics()) {
        op->emitOpError("expects buffers only at this stage");
        return signalPassFailure();
      }
      LoopPlan plan = planLoops(op, vectorBytes);
      LoopEmitter(builder, plan).emit();
      ++(plan.vectorDim ? numVectorized : numScalar);
      op.erase();
    }
  }
};

} // namespace
