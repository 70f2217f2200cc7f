//===- Passes.td - From nn to upstream dialects ------------*- tablegen -*-===//

#ifndef PASSES_LOWER_PASSES
#define PASSES_LOWER_PASSES

include "mlir/Pass/PassBase.td"

def ConvertNNToLinalgPass : Pass<"convert-nn-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "decompose every nn op into linalg on tensors";
  let description = [{
    The general path of every target: each op of `nn` becomes `linalg.generic`
    ops, slices and reshapes that compute what its description says, in an
    `scf.for` where it iterates (`nn.sinkhorn`). Everything is computed in f32
    and rounded once to the element type of the result.

    ```mlir
    %y = nn.silu %x : tensor<1x576xf32>
    // becomes
    %e = tensor.empty() : tensor<1x576xf32>
    %y = linalg.generic ... ins(%x) outs(%e) { x / (1 + exp(-x)) }
    ```
    What an op leaves to its target is chosen so: norms multiply by a
    reciprocal taken once a row; products and sums of squares may be fused into
    one rounding (`fastmath<contract>`); attention divides after the sum over
    values.

    Before it, a target has replaced what only it can say. These are errors:
    - an operand of type `!nn.weight`, and `nn.get_weight`: weights are tensors;
    - `nn.rope`: its angles are a table (`nn.rotate`);
    - `nn.history`: rows are those of a tensor (`nn.rows`).
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // PASSES_LOWER_PASSES
