//===- Pipeline.cpp - The general path of a CPU ---------------------------===//

#include "codegen/cpu/general/Passes.h"
#include "passes/lower/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void tombolo::cpu::buildCpuGeneralPipeline(OpPassManager &pm,
                                           const CpuGeneralOptions &options) {
  OpPassManager &func = pm.nest<func::FuncOp>();
  func.addPass(createConvertNNToLinalgPass());
  // Folds slices of slices and drops what no one reads, so that fusion sees the
  // true number of readers.
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
  func.addPass(createFuseRows());
  BufferizeRowsOptions bufferize;
  bufferize.stackBytes = options.stackBytes;
  func.addPass(createBufferizeRows(bufferize));
  // Copies of a buffer to itself go before they become loops; the two views of
  // it become one first.
  func.addPass(createCSEPass());
  func.addPass(createCanonicalizerPass());
  VectorizeRowsOptions vectorize;
  vectorize.vectorBytes = options.vectorBytes;
  func.addPass(createVectorizeRows(vectorize));
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass());
  // What is the same for all vectors of a row leaves their loop.
  func.addPass(createLoopInvariantCodeMotionPass());
  func.addPass(createCheckRows());
}

void tombolo::cpu::registerCpuGeneral() {
  registerCpuGeneralPasses();
  PassPipelineRegistration<CpuGeneralOptions>(
      "cpu-general",
      "kernels over rows in nn, to loops over vectors and memory",
      buildCpuGeneralPipeline);
}
