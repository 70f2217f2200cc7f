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

#endif // DIALECTS_NN_IR_NNFUSEDOPS
