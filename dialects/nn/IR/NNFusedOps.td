//===- NNFusedOps.td - Ops that passes make --------------------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNFUSEDOPS
#define DIALECTS_NN_IR_NNFUSEDOPS

include "dialects/nn/IR/NNTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_GluOp : NN_Op<"glu", [Pure, NN_InfersTypes]> {
  let summary = "gated activation of gate and up values that alternate";
  let description = [{
    The innermost axis holds gate and up values in turns of `group`, as the
    product with two interleaved matrices gives them (`nn.interleave`):

        result[.., g * group + r] = f(x[.., 2 * g * group + r]) * x[.., (2 * g + 1) * group + r]

    for `r < group`, where f is `silu`, `gelu`, `gelu_tanh` or `relu` as the ops
    of these names define it. In f32; the result is rounded once.

    | Name     | Shape         | Element type   |
    |----------|---------------|----------------|
    | `x`      | `[.., 2 * I]` | f16, bf16, f32 |
    | `result` | `[.., I]`     | that of `x`    |

    - (C1) `activation` is one of the four.
    - (C2) `group` is positive, and the innermost size is a multiple of `2 * group`.

    Example:
    ```mlir
    %h = nn.glu %x activation = "silu" group = 16 : tensor<?x3072xf32> -> tensor<?x1536xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, StrAttr:$activation, NN_PositiveI64Attr:$group);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $x `activation` `=` $activation `group` `=` $group attr-dict `:` type($x) `->` type($result)
  }];
}

def NN_AbsorbedAttentionOp : NN_Op<"absorbed_attention", [Pure, NN_InfersTypes]> {
  let summary = "attention of many heads over one small row, which is key and value";
  let description = [{
    What remains of `nn.latent_attention` once its matrices are taken into the
    queries and the results: each row is a latent of r numbers, which is key
    and value of all heads, and p numbers that are key only.

        a[n]         = (q[t, h] · latent[n] + q_pe[t, h] · k_pe[n]) * scale
        result[t, h] = sum_n(softmax(a)[n] * latent[n])

    over the rows n that are visible at the position of token t. In f32; the
    result is rounded once. A query that sees no row gives 0.

    | Name          | Shape       | Element type   |
    |---------------|-------------|----------------|
    | `q`, `result` | `[T, H, r]` | f16, bf16, f32 |
    | `positions`   | `[T]`       | i32            |
    | `q_pe`        | `[T, H, p]` | f16, bf16, f32 |
    | `latent`      | rows `[r]`  | f16, bf16, f32 |
    | `k_pe`        | rows `[p]`  | f16, bf16, f32 |

    - (C1) `q` and `q_pe` have three dimensions, the first of the size of `positions`, and as many heads.
    - (C2) `latent` and `k_pe` have one dimension, that of `q` and of `q_pe`, and are seen alike: with the
      same window, clock and picks, and by the same ids.
    - (C3) `scale` is finite.

    Example:
    ```mlir
    %o = nn.absorbed_attention %q, %positions, %q_pe, %latent, %k_pe scale = 0.0721687824 : tensor<?x128x512xf32>, tensor<?xi32>, tensor<?x128x64xf32>, !nn.rows<512xf32>, !nn.rows<64xf32> -> tensor<?x128x512xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$q, NN_Positions:$positions, NN_RowTensor:$q_pe, NN_RowsType:$latent,
                       NN_RowsType:$k_pe, NN_FiniteF32Attr:$scale);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $q `,` $positions `,` $q_pe `,` $latent `,` $k_pe `scale` `=` $scale attr-dict
    `:` type(operands) `->` type($result)
  }];
}

#endif // DIALECTS_NN_IR_NNFUSEDOPS
