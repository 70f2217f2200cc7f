//===- Passes.h - The general path of a CPU ---------------------*- C++ -*-===//

#ifndef CODEGEN_CPU_GENERAL_PASSES_H
#define CODEGEN_CPU_GENERAL_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace tombolo::cpu {

#define GEN_PASS_DECL
#include "codegen/cpu/general/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "codegen/cpu/general/Passes.h.inc"

/// What the general path is told about the CPU.
struct CpuGeneralOptions : mlir::PassPipelineOptions<CpuGeneralOptions> {
  Option<int64_t> vectorBytes{
      *this, "vector-bytes",
      llvm::cl::desc("bytes of a vector register: a power of two from 16"),
      llvm::cl::init(64)};
  Option<int64_t> stackBytes{
      *this, "stack-bytes",
      llvm::cl::desc("largest total of a kernel's temporaries"),
      llvm::cl::init(262144)};
};

/// From kernels over rows, written in nn between explicit copies, to scf,
/// vector, arith, math and memref. See README.md for what kernels look like.
void buildCpuGeneralPipeline(mlir::OpPassManager &pm,
                             const CpuGeneralOptions &options);

/// Registers the passes of this folder and the pipeline `cpu-general`.
void registerCpuGeneral();

} // namespace tombolo::cpu

#endif // CODEGEN_CPU_GENERAL_PASSES_H
