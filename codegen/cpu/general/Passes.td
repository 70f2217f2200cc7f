//===- Passes.td - The general path of a CPU ---------------*- tablegen -*-===//

#ifndef CODEGEN_CPU_GENERAL_PASSES
#define CODEGEN_CPU_GENERAL_PASSES

include "mlir/Pass/PassBase.td"

def FuseRows : Pass<"cpu-fuse-rows", "::mlir::func::FuncOp"> {
  let summary = "fuse elementwise linalg ops into the ops that read them";
  let description = [{
    Walks the `linalg.generic` ops of a block from top to bottom and fuses the
    elementwise producers of each into it:

    - a producer with one reader, unless it would be computed again and again
      there (its result is broadcast) and costs more than a few flops a time;
    - a producer with several readers into the first of them, which then gives
      the producer's result as well, where both run over the same loops. The sum
      of a residual and the sum of its squares become one op:

    ```mlir
    %h = linalg.generic ... ins(%x, %y) { addf }       // also read below
    %s = linalg.generic ... ins(%h) outs(%zero) { mulf, addf }
    // becomes
    %h, %s = linalg.generic ... ins(%x, %y) outs(%empty, %zero) { addf, mulf, addf }
    ```

    - a producer of more than 64 KiB that several read into each of them, where
      nothing else needs it and each reads an element once: what a softmax over
      the 128 rows of a window leaves on its way is made again, not kept.

    A producer that one op reads in several places goes there only if it may by
    all of them. Otherwise nothing is computed twice, and no op moves across one
    with side effects that reads a value of it.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::affine::AffineDialect"];
  let statistics = [Statistic<"numFused", "num-fused", "producers fused">];
}

def BufferizeRows : Pass<"cpu-bufferize-rows", "::mlir::func::FuncOp"> {
  let summary = "turn the tensors of a kernel into buffers, without heap";
  let description = [{
    One-shot bufferization of what stands between `bufferization.to_tensor` and
    `bufferization.materialize_in_destination`. Results are computed in the
    memory they are materialized in; to that end views of memory move up, and
    reshapes of stored values become reshapes of that memory. What is left over becomes a `memref.alloca`
    at the entry of the function; a dynamic size there, or more than
    `stack-bytes` in all, is an error. The total is recorded on the function as
    `cpu.stack_bytes`.
  }];
  let options = [Option<"stackBytes", "stack-bytes", "int64_t", "262144",
                        "largest total of a kernel's temporaries">];
  let statistics = [Statistic<"numBytes", "num-bytes", "bytes of temporaries">];
  let dependentDialects = [
    "::mlir::bufferization::BufferizationDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def VectorizeRows : Pass<"cpu-vectorize-rows", "::mlir::func::FuncOp"> {
  let summary = "turn linalg ops on buffers into loops over vectors";
  let description = [{
    Each linalg op on memrefs (and each `memref.copy`) becomes a nest of
    `scf.for`, of which one dimension is walked in vectors: the one along which
    most operands are contiguous, a parallel or a reduction one.

    - A reduction along the vectors keeps one to four vectors of partial
      results, joins them pairwise, and ends in one `vector.reduction`
      (`fastmath<reassoc>` for sums), to which the initial value is added last.
    - What a static extent has beyond whole vectors is done by shorter vectors
      of 8, 4, 2, 1; of a dynamic extent by single elements.
    - An op that reduces is blocked in up to two of its parallel dimensions
      where blocks share what they load (matrix products).
    - The order of the operations that make one element does not depend on the
      extents of other dimensions: cutting a grid differently changes no bit.

    Operands that are not contiguous are loaded and stored element by element. A
    body that cannot be vectorized becomes plain loops.
  }];
  let options = [Option<"vectorBytes", "vector-bytes", "int64_t", "64", "bytes of a vector register">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::mlir::affine::AffineDialect"
  ];
  let statistics = [
    Statistic<"numVectorized", "num-vectorized", "ops turned into loops over vectors">,
    Statistic<"numScalar", "num-scalar", "ops turned into loops over elements">
  ];
}

def CheckRows : Pass<"cpu-check-rows", "::mlir::func::FuncOp"> {
  let summary = "check that only loops over vectors and memory are left";
  let description = [{
    What leaves the general path holds no tensors, no nn, linalg, tensor, affine
    or bufferization ops, no heap allocation and no copy by library call. Other
    ops on memrefs (calls, say) are none of its business.
  }];
}

#endif // CODEGEN_CPU_GENERAL_PASSES
