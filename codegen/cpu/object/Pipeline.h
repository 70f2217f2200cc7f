//===- Pipeline.h - Upstream dialects to the LLVM dialect -------*- C++ -*-===//

#ifndef CODEGEN_CPU_OBJECT_PIPELINE_H
#define CODEGEN_CPU_OBJECT_PIPELINE_H

#include "codegen/cpu/object/CpuLevel.h"
#include <memory>

namespace mlir {
class DialectRegistry;
class OpPassManager;
class Pass;
} // namespace mlir

namespace tombolo {

/// Lowers a module of func, scf, cf, affine, arith, math, vector, memref and
/// index to the LLVM dialect. Math functions become polynomials and f16 and
/// bf16 casts integer arithmetic where the level has no instruction, so that
/// nothing is left to call.
void buildCpuLlvmPipeline(mlir::OpPassManager &pm, const CpuLevel &level);

/// Makes the pipeline available as `cpu-to-llvm{level=x86-64-v3}`.
void registerCpuLlvmPipeline();

/// The dialects that kernels are built from, and their translation to LLVM IR.
void registerCpuDialects(mlir::DialectRegistry &registry);

/// Casts between f32 and f16 or bf16 as integer arithmetic, rounding to nearest
/// even, where the level has no instruction for them (bf16: always, because
/// the instruction flushes subnormal numbers).
std::unique_ptr<mlir::Pass> createExpandFloatsPass(bool hasHalf);

} // namespace tombolo

#endif // CODEGEN_CPU_OBJECT_PIPELINE_H
