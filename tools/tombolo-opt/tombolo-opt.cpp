//===- tombolo-opt.cpp - Run passes on a module ---------------------------===//

#include "codegen/cpu/general/Passes.h"
#include "dialects/nn/IR/NNOps.h"
#include "passes/lower/Passes.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<tombolo::nn::NNDialect>();
  mlir::registerTransformsPasses();
  tombolo::registerLowerPasses();
  tombolo::cpu::registerCpuGeneral();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Tombolo's optimizer driver\n", registry));
}
