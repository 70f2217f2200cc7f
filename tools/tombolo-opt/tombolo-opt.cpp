//===- tombolo-opt.cpp - Run passes on a module ---------------------------===//

#include "compiler/Pipelines.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  tombolo::registerAllDialects(registry);
  mlir::registerTransformsPasses();
  tombolo::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Tombolo's optimizer driver\n", registry));
}
