//===- NNMixOps.td - Products by groups, and of activations ----*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNMIXOPS
#define DIALECTS_NN_IR_NNMIXOPS

include "dialects/nn/IR/NNTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_GroupedLinearOp : NN_Op<"grouped_linear", [Pure, NN_InfersTypes]> {
  let summary = "product of rows with transposed matrices, one for each group";
  let description = [{
        result[.., g, o] = sum_i(x[.., g, i] * w[g, o, i])

    A block-diagonal matrix: each group of a row has its own. Sums are taken in
    f32 over decoded weights; the result is rounded once.

    | Name     | Shape        | Element type                 |
    |----------|--------------|------------------------------|
    | `x`      | `[.., G, I]` | f16, bf16, f32               |
    | `w`      | `[G, O, I]`  | any encoding; f16, bf16, f32 |
    | `result` | `[.., G, O]` | that of `x`                  |

    - (C1) `x` has two static innermost dimensions, `G` and `I`.
    - (C2) `w` is `[G, O, I]`.

    Example:
    ```mlir
    %z = nn.grouped_linear %o, %wo : tensor<?x8x4096xf32>, !nn.weight<8x1024x4096, bf16> -> tensor<?x8x1024xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_WeightOrTensor:$w);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = "$x `,` $w attr-dict `:` type(operands) `->` type($result)";
}

def NN_EinsumOp : NN_Op<"einsum", [Pure, NN_InfersTypes]> {
  let summary = "sums of products of two activations";
  let description = [{
    `pattern` is `axes, axes -> axes`: the names of the axes of `a`, of `b` and
    of the result, in order. With the coordinates of the result, and summed
    over all names that it does not have:

        result[..] = sum(a[..] * b[..])

    In f32; the result is rounded once. It is for what is no weight; a product
    with a weight is `nn.linear`.

    | Name     | Element type                                        |
    |----------|-----------------------------------------------------|
    | `a`, `b` | f16, bf16, f32                                      |
    | `result` | that of `a` and `b` where it is the same, else f32  |

    - (C1) The pattern is well formed: a name for each axis, on each place once; names are of letters and digits.
    - (C2) Axes of one name have one size.
    - (C3) Each name of the result is one of `a` or `b`.
    - (C4) A dynamic axis is first wherever its name stands, and stands in the result.

    Example:
    ```mlir
    %x = nn.einsum %pre, %streams "t n, t n d -> t d" : tensor<?x4xf32>, tensor<?x4x4096xf32> -> tensor<?x4096xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$a, NN_Tensor:$b, StrAttr:$pattern);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$a `,` $b $pattern attr-dict `:` type(operands) `->` type($result)";
  let extraClassDeclaration = [{
    /// The loops, worked out for the shapes of `a` and `b`. Only on a verified op.
    ::tombolo::nn::Contraction getContraction();
  }];
}

def NN_SinkhornOp : NN_Op<"sinkhorn", [Pure, NN_InfersTypes]> {
  let summary = "matrices made doubly stochastic";
  let description = [{
    For each matrix of the two innermost dimensions, columns and rows are
    divided by their sums in turn, columns first and last:

        x[i, j] = x[i, j] / (sum_i(x[i, j]) + eps)
        (iterations − 1) times:
          x[i, j] = x[i, j] / (sum_j(x[i, j]) + eps)
          x[i, j] = x[i, j] / (sum_i(x[i, j]) + eps)

    In f32; the result is rounded once.

    | Name          | Shape        | Element type   |
    |---------------|--------------|----------------|
    | `x`, `result` | `[.., n, n]` | f16, bf16, f32 |

    - (C1) The two innermost dimensions are static and of one size.
    - (C2) `iterations` and `eps` are positive.

    Example:
    ```mlir
    %m = nn.sinkhorn %x iterations = 20 eps = 1.0e-06 : tensor<?x4x4xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_PositiveI64Attr:$iterations, NN_PositiveF32Attr:$eps);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = "$x `iterations` `=` $iterations `eps` `=` $eps attr-dict `:` type($x)";
}

#endif // DIALECTS_NN_IR_NNMIXOPS
