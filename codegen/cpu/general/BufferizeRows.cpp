//===- BufferizeRows.cpp - From tensors to memory, without heap -----------===//

#include "codegen/cpu/general/Passes.h"

#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"

namespace tombolo::cpu {
#define GEN_PASS_DEF_BUFFERIZEROWS
#include "codegen/cpu/general/Passes.h.inc"
} // namespace tombolo::cpu

using namespace mlir;
using namespace tombolo::cpu;

/// Moves the reshape of a value that is stored to the memory it is stored in,
/// so that what makes the value can make it there:
///     materialize (collapse_shape t) in m   ->   materialize t in
///     (expand_shape m)
static void reshapeDestinations(func::FuncOp func) {
  SmallVector<bufferization::MaterializeInDestinationOp> stores;
  func.walk([&](bufferization::MaterializeInDestinationOp op) {
    if (isa<MemRefType>(op.getDest().getType()))
      stores.push_back(op);
  });
  for (bufferization::MaterializeInDestinationOp op : stores) {
    OpBuilder builder(op);
    while (Operation *reshape = op.getSource().getDefiningOp()) {
      auto type = cast<MemRefType>(op.getDest().getType());
      Value view;
      if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(reshape)) {
        ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
        if (ShapedType::isDynamicShape(shape))
          break;
        auto groups = collapse.getReassociationIndices();
        FailureOr<MemRefType> expanded =
            memref::ExpandShapeOp::computeExpandedType(type, shape, groups);
        if (failed(expanded))
          break;
        view = memref::ExpandShapeOp::create(builder, op.getLoc(), *expanded,
                                             op.getDest(), groups);
        op.getSourceMutable().assign(collapse.getSrc());
      } else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(reshape)) {
        auto groups = expand.getReassociationIndices();
        if (!memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups))
          break;
        view = memref::CollapseShapeOp::create(builder, op.getLoc(),
                                               op.getDest(), groups);
        op.getSourceMutable().assign(expand.getSrc());
      } else {
        break;
      }
      op.getDestMutable().assign(view);
      if (reshape->use_empty())
        reshape->erase();
    }
  }
}

/// Moves views of memory up to where their operands are known: a value can be
/// made in its destination only if that is known before it.
static void hoistViews(func::FuncOp func) {
  SmallVector<Operation *> views;
  func.walk([&](Operation *op) {
    if (isa<memref::SubViewOp, memref::ExpandShapeOp, memref::CollapseShapeOp,
            bufferization::ToTensorOp>(op))
      views.push_back(op);
  });
  for (Operation *view : views) {
    Operation *last = nullptr;
    for (Value operand : view->getOperands()) {
      Operation *definition = operand.getDefiningOp();
      if (!definition || definition->getBlock() != view->getBlock())
        continue;
      if (definition->hasTrait<OpTrait::ConstantLike>())
        definition->moveBefore(&view->getBlock()->front());
      if (!last || last->isBeforeInBlock(definition))
        last = definition;
    }
    if (last)
      view->moveAfter(last);
    else
      view->moveBefore(&view->getBlock()->front());
  }
}

/// Replaces the empty tensors that values begin as by their destinations: those
/// in memory first, and then the slices of these that parts are put into.
static LogicalResult replaceEmptyTensors(func::FuncOp func,
                                         RewriterBase &rewriter) {
  bufferization::OneShotBufferizationOptions options;
  bufferization::OneShotAnalysisState state(func, options);
  auto onlyMemory = [](RewriterBase &rewriter, SubsetInsertionOpInterface op,
                       tensor::EmptyOp empty, Operation *user) -> Value {
    if (!isa<bufferization::MaterializeInDestinationOp>(op))
      return {};
    return bufferization::buildSubsetExtraction(rewriter, op, empty, user);
  };
  if (failed(bufferization::analyzeOp(func, state)) ||
      failed(bufferization::eliminateEmptyTensors(rewriter, func, state,
                                                  onlyMemory)))
    return failure();
  hoistViews(func);
  return bufferization::eliminateEmptyTensors(rewriter, func);
}

namespace {

/// Rows of caches and the widest vectors.
constexpr int64_t kAlignment = 64;

struct BufferizeRowsPass
    : tombolo::cpu::impl::BufferizeRowsBase<BufferizeRowsPass> {
  using BufferizeRowsBase::BufferizeRowsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    BufferizeRowsBase::getDependentDialects(registry);
    arith::registerBufferizableOpInterfaceExternalModels(registry);
    linalg::registerBufferizableOpInterfaceExternalModels(registry);
    linalg::registerSubsetOpInterfaceExternalModels(registry);
    scf::registerBufferizableOpInterfaceExternalModels(registry);
    tensor::registerBufferizableOpInterfaceExternalModels(registry);
    tensor::registerSubsetOpInterfaceExternalModels(registry);
    tensor::registerInferTypeOpInterfaceExternalModels(registry);
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    reshapeDestinations(func);
    hoistViews(func);
    IRRewriter rewriter(&getContext());
    if (failed(replaceEmptyTensors(func, rewriter)))
      return signalPassFailure();

    int64_t total = 0;
    bufferization::OneShotBufferizationOptions options;
    options.bufferAlignment = kAlignment;
    options.allocationFn = [&](OpBuilder &builder, Location loc,
                               MemRefType type, ValueRange sizes,
                               unsigned alignment) -> FailureOr<Value> {
      if (!type.hasStaticShape())
        return emitError(loc) << "expects temporaries of a static size in a "
                                 "kernel, but got "
                              << type;
      int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8) *
                      type.getNumElements();
      total += llvm::alignTo(bytes, kAlignment);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&func.getBody().front());
      return memref::AllocaOp::create(builder, loc, type,
                                      builder.getI64IntegerAttr(alignment))
          .getResult();
    };
    bufferization::BufferizationState state;
    if (failed(bufferization::runOneShotBufferize(func, options, state)))
      return signalPassFailure();
    if (total > stackBytes) {
      func.emitOpError("expects temporaries of at most ")
          << stackBytes.getValue() << " bytes, but they take " << total;
      return signalPassFailure();
    }
    numBytes += total;
    if (total > 0)
      func->setAttr("cpu.stack_bytes",
                    OpBuilder(&getContext()).getI64IntegerAttr(total));
  }
};

} // namespace
