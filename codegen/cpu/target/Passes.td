//===- Passes.td - Strategies of CPUs ----------------------*- tablegen -*-===//

#ifndef CODEGEN_CPU_TARGET_PASSES_TD
#define CODEGEN_CPU_TARGET_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerStrategiesPass : Pass<"cpu-lower-strategies", "::mlir::ModuleOp"> {
  let summary = "build the kernels of plan's products, attention, recurrences, pages and tables";
  let description = [{
    Replaces `plan.linear`, `plan.attention`, `plan.embedding`,
    `plan.causal_conv`, `plan.gated_delta`, `plan.quantize_rows`,
    `plan.append_rows` and others by the vector code that the
    generators of codegen/cpu/kernels build for one instruction-set level. The
    epilogue of a product is cloned on vectors of 16 columns. Kernels that need
    scratch get it as their last argument and say how much in
    `plan.scratch_bytes`.
    ```mlir
    plan.linear range(%begin, %end) tokens(%t) ins(%x, %w : ...) outs(%y : ...) {in_columns = 576, ...} {
    ^bb0(%acc: f32):
      plan.yield %acc : f32
    }
    // becomes
    scf.for %group = %begin to %end step %c1 { ... vector.fma ... vector.store ... }
    ```
  }];
  let options = [
    Option<"level", "level", "std::string", "\"host\"", "instruction-set level">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"
  ];
}

#endif // CODEGEN_CPU_TARGET_PASSES_TD
