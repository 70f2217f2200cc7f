#include "dialects/nn/transforms/ExpandLayers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/fuse/Passes.h"

namespace tombolo::nn {
#define GEN_PASS_DEF_EXPANDLAYERSPASS
#include "passes/fuse/Passes.h.inc"
} // namespace tombolo::nn

namespace {

struct ExpandLayersPass
    : tombolo::nn::impl::ExpandLayersPassBase<ExpandLayersPass> {
  void runOnOperation() override {
    if (failed(tombolo::nn::expandLayers(getOperation())))
      signalPassFailure();
  }
};

} // namespace
