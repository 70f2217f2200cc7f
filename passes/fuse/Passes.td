//===- Passes.td - Fusion on nn ----------------------------*- tablegen -*-===//

#ifndef PASSES_FUSE_PASSES_TD
#define PASSES_FUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def FuseGatedLinearsPass : Pass<"nn-fuse-gated-linears", "::mlir::ModuleOp"> {
  let summary = "one product for the gate and up matrices of a feed-forward block";
  let description = [{
    Two products of one row whose results meet as `f(gate) * up` become one
    product with both matrices, their rows alternating in groups of 16, and an
    `nn.glu`. A target's product then holds a gate and its up value at the same
    time and stores their gated product only:
    ```mlir
    %g = nn.linear %x, %wg : tensor<?x576xf32>, !nn.weight<1536x576, q4_1> -> tensor<?x1536xf32>
    %u = nn.linear %x, %wu : tensor<?x576xf32>, !nn.weight<1536x576, q4_1> -> tensor<?x1536xf32>
    %a = nn.silu %g : tensor<?x1536xf32>
    %r = nn.mul %a, %u : tensor<?x1536xf32>, tensor<?x1536xf32> -> tensor<?x1536xf32>
    // becomes
    %y = nn.linear %x, %wgu : tensor<?x576xf32>, !nn.weight<3072x576, q4_1> -> tensor<?x3072xf32>
    %r = nn.glu %y activation = "silu" group = 16 : tensor<?x3072xf32> -> tensor<?x1536xf32>
    ```
    Left alone: matrices of different encodings or with biases, a row count that
    is no multiple of 16, a result with a second user, a matrix with one.
  }];
  let statistics = [Statistic<"fused", "fused", "pairs of products joined">];
}

def MergeLinearsPass : Pass<"nn-merge-linears", "::mlir::ModuleOp"> {
  let summary = "one product for matrices that multiply the same row";
  let description = [{
    The query, key and value projections read the same row: one product with
    the matrices on top of each other reads it once and is one kernel instead of
    three:
    ```mlir
    %q = nn.linear %x, %wq : tensor<?x576xf32>, !nn.weight<576x576, q4_1> -> tensor<?x576xf32>
    %k = nn.linear %x, %wk : tensor<?x576xf32>, !nn.weight<192x576, q4_1> -> tensor<?x192xf32>
    // becomes
    %y = nn.linear %x, %wqk : tensor<?x576xf32>, !nn.weight<768x576, q4_1> -> tensor<?x768xf32>
    %q = nn.slice %y[:, :576] : tensor<?x768xf32> -> tensor<?x576xf32>
    %k = nn.slice %y[:, 576:768] : tensor<?x768xf32> -> tensor<?x192xf32>
    ```
    The new weight concatenates the bytes of the old ones when the artifact is
    written. Left alone: matrices of different encodings, some with a bias and
    some without, matrices that something else reads too (a tied head), and
    products with gate and up rows that alternate for an `nn.glu`.
  }];
  let statistics = [Statistic<"merged", "merged", "products saved">];
}

def CheckModelPass : Pass<"nn-check", "::mlir::ModuleOp"> {
  let summary = "check the contract of the model level";
  let description = [{
    At the end of import and of every phase on `nn`: `@hidden` and `@logits` are
    there with the types that the planner expects, `nn.model` is set, and every
    function has a body of one block with ops of `nn`, calls and constants only.
    A function appends to an instance of a state once.
  }];
}

#endif // PASSES_FUSE_PASSES_TD
