//===- Passes.td - Fusion on nn ----------------------------*- tablegen -*-===//

#ifndef PASSES_FUSE_PASSES_TD
#define PASSES_FUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandLayersPass : Pass<"nn-expand-layers", "::mlir::ModuleOp"> {
  let summary = "a body, weights and states of its own for each kind of layer";
  let description = [{
    A model is imported with one family of weights for all its layers, and with
    functions that layers of different kinds share. Passes want a layer's body
    in one piece, and weights that they may change for the layers of that body
    alone. So the function of each `nn.layer` has its calls inlined and gets
    families of its own:
    ```mlir
    nn.weight @layer.wq : !nn.weight<576x576, f32> layers = [0 to 3] stored "{layer}.wq"
    func.func private @mix(%layer: index, %x: tensor<?x576xf32>) -> tensor<?x576xf32> {
      %w = nn.get_weight @layer.wq[%layer] : !nn.weight<576x576, f32>
      ...
    func.func private @layer0(%layer: index, %x: tensor<?x576xf32>) -> tensor<?x576xf32> {
      %0 = call @mix(%layer, %x) : (index, tensor<?x576xf32>) -> tensor<?x576xf32>
      ...
    %1 = nn.layer @layer0[2](%0) : (tensor<?x576xf32>) -> tensor<?x576xf32>
    // becomes
    nn.weight @layer0.wq[2] : !nn.weight<576x576, f32> indices = [0, 2] stored "{layer}.wq"
    func.func private @layer0(%element: index, %x: tensor<?x576xf32>) -> tensor<?x576xf32> {
      %w = nn.get_weight @layer0.wq[%element] : !nn.weight<576x576, f32>
      ...
    %c1 = arith.constant 1 : index
    %1 = call @layer0(%c1, %0) : (index, tensor<?x576xf32>) -> tensor<?x576xf32>
    ```
    After it nothing reads a family with `layers`. It fails where a function of
    a layer calls itself, runs a layer, is called otherwise, uses its first
    argument for something else, or reads what one of its layers does not have;
    and where another function reads a family with `layers`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect"];
}

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

def AbsorbLatentsPass : Pass<"nn-absorb-latents", "::mlir::ModuleOp"> {
  let summary = "latent attention that reads latents only";
  let description = [{
    Keys and values of latent attention are products of the latents that are
    kept. Instead of making them of all rows that a query sees, the matrix of
    the keys goes into the queries, and that of the values into the result, so
    that attention reads the latents as they are kept:
    ```mlir
    %o = nn.latent_attention %q, %p, %q_pe, %latent, %k_pe, %w_uk, %w_uv scale = 0.07 : ...
    // becomes
    %q1 = nn.grouped_linear %q, %w_ukT : tensor<?x128x128xf32>, !nn.weight<128x512x128, bf16> -> tensor<?x128x512xf32>
    %o1 = nn.absorbed_attention %q1, %p, %q_pe, %latent, %k_pe scale = 0.07 : ...
    %o = nn.grouped_linear %o1, %w_uv : tensor<?x128x512xf32>, !nn.weight<128x128x512, bf16> -> tensor<?x128x128xf32>
    ```
    The transposed matrix is a weight of its own, in the encoding of the stored
    one where that has plain numbers, else in f32. It is the form for decoding,
    where each matrix is read once a token however long the sequence; for many
    queries it multiplies more than keys and values made once would.
    Source: the DeepSeek-V2 report, section 2.1.2.
  }];
  let statistics = [Statistic<"absorbed", "absorbed", "attentions rewritten">];
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
