//===- NNKernelOps.td - Ops that planners put in kernels -------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNKERNELOPS
#define DIALECTS_NN_IR_NNKERNELOPS

include "dialects/nn/IR/NNAttrs.td"
include "dialects/nn/IR/NNTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_Angles : ConfinedType<3DTensorOf<[F32]>, [NN_OnlyTokensDynamic],
    "tensor<Tx2xnxf32> of cosines and sines", "::mlir::RankedTensorType">;

def NN_RotateOp : NN_Op<"rotate", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "rotary embedding by cosines and sines that are given";
  let description = [{
    What `nn.rope` does, with the angles of each token worked out before: for
    pair i of a row of token t

        c = angles[t, 0, i],  s = angles[t, 1, i],  s = -s where `inverse`
        result[first(i)]  = x[first(i)] * c - x[second(i)] * s
        result[second(i)] = x[second(i)] * c + x[first(i)] * s

    where pair i is channels `at + i` and `at + n + i` (`pairs = half`), or
    `at + 2i` and `at + 2i + 1` (`pairs = adjacent`). Other channels stay. The
    products are taken in f32 and the result is rounded once. A planner puts it
    in place of `nn.rope`, whose table it fills once per step: the angles hold
    the scale already.

    | Name          | Shape        | Element type   |
    |---------------|--------------|----------------|
    | `x`, `result` | `[T, .., C]` | f16, bf16, f32 |
    | `angles`      | `[T, 2, n]`  | f32            |

    - (C1) `x` has two dimensions or more, the first of the size of that of `angles`.
    - (C2) `angles` has two rows a token.
    - (C3) `at >= 0`, and channels `at .. at + 2n` are within the row.

    Example:
    ```mlir
    %r = nn.rotate %q, %angles pairs = half : tensor<?x9x64xf32>, tensor<?x2x32xf32>
    %s = nn.rotate %q, %angles pairs = adjacent at = 32 inverse = true : tensor<?x9x64xf32>, tensor<?x2x16xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_Angles:$angles, NN_PairsAttr:$pairs,
                       DefaultValuedAttr<NN_NonNegativeI64Attr, "0">:$at,
                       DefaultValuedAttr<BoolAttr, "false">:$inverse);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $x `,` $angles `pairs` `=` $pairs (`at` `=` $at^)? (`inverse` `=` $inverse^)? attr-dict
    `:` type($x) `,` type($angles)
  }];
  let hasVerifier = 1;
}

def NN_RowsOp : NN_Op<"rows", [Pure]> {
  let summary = "the rows of a tensor, row n at position n";
  let description = [{
    Stands in place of `nn.history` where all rows so far are one tensor: a
    query sees row n as if it had been kept at position n. Nothing is computed.

    | Name     | Shape       | Element type                 |
    |----------|-------------|------------------------------|
    | `x`      | `[N, ..]`   | f16, bf16, f32               |
    | `result` | rows `[..]` | that of `x`                  |

    - (C1) `x` has a dimension, and its others are those of a row of `result`.
    - (C2) The element types agree.

    Example:
    ```mlir
    %k = nn.rows %x : tensor<?x3x64xf32> -> !nn.rows<3x64xf32, window = 16>
    ```
  }];
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_RowsType:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` qualified(type($result))";
  let hasVerifier = 1;
}

#endif // DIALECTS_NN_IR_NNKERNELOPS
