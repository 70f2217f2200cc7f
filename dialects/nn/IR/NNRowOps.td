//===- NNRowOps.td - Products, norms, reductions, gathers ------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNROWOPS
#define DIALECTS_NN_IR_NNROWOPS

include "dialects/nn/IR/NNAttrs.td"
include "dialects/nn/IR/NNTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class NN_RowOp<string mnemonic, list<Trait> traits = []> : NN_Op<mnemonic, [Pure, NN_InfersTypes] # traits>;

def NN_EmbeddingOp : NN_RowOp<"embedding"> {
  let summary = "rows of a table";
  let description = [{
        result[.., c] = table[ids[..], c]

    Decoded from a weight the result is f32, from a weight of integers i32, from
    a tensor its element type. Integers of a table are those of `nn.decode`:
    exact up to 2^24. An id outside the table is an error of the caller, refused
    before a step runs.

    | Name     | Shape     | Element type                |
    |----------|-----------|-----------------------------|
    | `ids`    | `[..]`    | i32                         |
    | `table`  | `[V, C]`  | any encoding; f16, bf16, f32 |
    | `result` | `[.., C]` | f32, i32, or of `table`     |

    - (C1) `table` has two dimensions.

    Example:
    ```mlir
    %x = nn.embedding %tokens, %embed : tensor<?xi32>, !nn.weight<49152x576, q8_0> -> tensor<?x576xf32>
    %i = nn.embedding %tokens, %routes : tensor<?xi32>, !nn.weight<129280x6, i64> -> tensor<?x6xi32>
    ```
  }];
  let arguments = (ins NN_Ids:$ids, NN_WeightOrTensor:$table);
  let results = (outs NN_TensorOrIds:$result);
  let assemblyFormat = "$ids `,` $table attr-dict `:` type(operands) `->` type($result)";
}

def NN_LinearOp : NN_RowOp<"linear"> {
  let summary = "product of rows with a transposed matrix";
  let description = [{
        result[.., o] = sum_i(x[.., i] * w[o, i]) + bias[o]

    Sums are taken in f32 over decoded weights; the result is rounded once,
    after the bias. A target may round `x` where it is told to
    (`--activations`).

    | Name     | Shape     | Element type                 |
    |----------|-----------|------------------------------|
    | `x`      | `[.., I]` | f16, bf16, f32               |
    | `w`      | `[O, I]`  | any encoding; f16, bf16, f32 |
    | `bias`   | `[O]`     | any encoding; f16, bf16, f32 |
    | `result` | `[.., O]` | that of `x`                  |

    - (C1) `w` has two dimensions, and its innermost is that of `x`.
    - (C2) `bias` has one element per row of `w`.

    Example:
    ```mlir
    %q = nn.linear %x, %wq : tensor<?x576xf32>, !nn.weight<192x576, q4_1> -> tensor<?x192xf32>
    %k = nn.linear %x, %wk, %bk : tensor<?x576xf32>, !nn.weight<192x576, bf16>, !nn.weight<192, bf16> -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_WeightOrTensor:$w, Optional<NN_WeightOrTensor>:$bias);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x `,` $w (`,` $bias^)? attr-dict `:` type(operands) `->` type($result)";
}

def NN_RmsNormOp : NN_RowOp<"rms_norm"> {
  let summary = "root-mean-square normalization of each row";
  let description = [{
    Divides every innermost row of `x` by its root mean square, then multiplies
    it by `w` where one is given:

        rms          = sqrt(sum_i(x[.., i] * x[.., i]) / C + eps)
        result[.., i] = x[.., i] / rms * w[i]

    The sum and the square root are taken in f32; the result is rounded once.

    | Name          | Shape     | Element type                 |
    |---------------|-----------|------------------------------|
    | `x`, `result` | `[.., C]` | f16, bf16, f32               |
    | `w`           | `[C]`     | any encoding; f16, bf16, f32 |

    - (C1) `w` has one element per element of a row.
    - (C2) `eps` is positive and finite.

    Example:
    ```mlir
    %y = nn.rms_norm %x, %w eps = 1.0e-05 : tensor<?x576xbf16>, !nn.weight<576, f32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, Optional<NN_WeightOrTensor>:$w, NN_PositiveF32Attr:$eps);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = "$x (`,` $w^)? `eps` `=` $eps attr-dict `:` type(operands)";
}

def NN_LayerNormOp : NN_RowOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "normalization of each row to mean 0 and variance 1";
  let description = [{
        mean          = sum_i(x[.., i]) / C
        d[i]          = x[.., i] - mean
        result[.., i] = d[i] / sqrt(sum_i(d[i] * d[i]) / C + eps) * w[i] + bias[i]

    In f32; the result is rounded once. `bias` may be given without `w`.

    | Name          | Shape     | Element type                 |
    |---------------|-----------|------------------------------|
    | `x`, `result` | `[.., C]` | f16, bf16, f32               |
    | `w`, `bias`   | `[C]`     | any encoding; f16, bf16, f32 |

    - (C1) `w` and `bias` have one element per element of a row.
    - (C2) `eps` is positive and finite.

    Example:
    ```mlir
    %y = nn.layer_norm %x, %w bias(%b) eps = 1.0e-05 : tensor<?x64xf32>, !nn.weight<64, f32>, !nn.weight<64, f32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, Optional<NN_WeightOrTensor>:$w, Optional<NN_WeightOrTensor>:$bias,
                       NN_PositiveF32Attr:$eps);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = "$x (`,` $w^)? (`bias` `(` $bias^ `)`)? `eps` `=` $eps attr-dict `:` type(operands)";
}

def NN_L2NormOp : NN_RowOp<"l2_norm"> {
  let summary = "each row divided by its length";
  let description = [{
        result[.., i] = x[.., i] / sqrt(sum_i(x[.., i] * x[.., i]) + eps)

    In f32; the result is rounded once.

    | Name          | Shape     | Element type   |
    |---------------|-----------|----------------|
    | `x`, `result` | `[.., C]` | f16, bf16, f32 |

    - (C1) `eps` is positive and finite.

    Example:
    ```mlir
    %y = nn.l2_norm %x eps = 1.0e-06 : tensor<?x4x64xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_PositiveF32Attr:$eps);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = "$x `eps` `=` $eps attr-dict `:` type(operands)";
}

def NN_SoftmaxOp : NN_RowOp<"softmax"> {
  let summary = "exponentials along an axis, scaled to sum 1";
  let description = [{
        e[.., i, ..]      = exp(x[.., i, ..] - max_i(x[.., i, ..]))
        result[.., i, ..] = e[.., i, ..] / sum_i(e[.., i, ..])

    In f32, and the result is f32. Along an axis that is −inf throughout the
    result is NaN.

    | Name          | Shape  | Element type                 |
    |---------------|--------|------------------------------|
    | `x`, `result` | `[..]` | f16, bf16, f32; result: f32 |

    - (C1) `axis` is an axis of `x`, and static.

    Example:
    ```mlir
    %p = nn.softmax %x : tensor<?x8xbf16> -> tensor<?x8xf32>
    %r = nn.softmax %y axis = 1 : tensor<?x8x4xf32> -> tensor<?x8x4xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, DefaultValuedAttr<NN_I64Attr, "-1">:$axis);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x (`axis` `=` $axis^)? attr-dict `:` type($x) `->` type($result)";
  let hasCanonicalizeMethod = 1;
}

def NN_SumOp : NN_RowOp<"sum"> {
  let summary = "sums along an axis, which stays with size 1";
  let description = [{
        result[.., 0, ..] = sum_i(x[.., i, ..])

    In f32; the result is rounded once.

    | Name     | Shape         | Element type   |
    |----------|---------------|----------------|
    | `x`      | `[.., n, ..]` | f16, bf16, f32 |
    | `result` | `[.., 1, ..]` | that of `x`    |

    - (C1) `axis` is an axis of `x`, and static.

    Example:
    ```mlir
    %s = nn.sum %x axis = -1 : tensor<?x8xf32> -> tensor<?x1xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, NN_I64Attr:$axis);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x `axis` `=` $axis attr-dict `:` type($x) `->` type($result)";
  let hasCanonicalizeMethod = 1;
}

def NN_TakeOp : NN_RowOp<"take"> {
  let summary = "elements of the last axis by id";
  let description = [{
        result[t, j] = x[t, ids[t, j]]      where x is [T, E]
        result[t, j] = x[ids[t, j]]         where x is [E]

    The id −1 stands for none and gives 0; any other id outside `x` is an error
    of what made the ids.

    | Name     | Shape             | Element type                           |
    |----------|-------------------|----------------------------------------|
    | `x`      | `[T, E]` or `[E]` | f16, bf16, f32; `[E]`: also a weight   |
    | `ids`    | `[T, k]`          | i32                                    |
    | `result` | `[T, k]`          | that of `x`; f32 for a weight          |

    - (C1) `ids` has two dimensions; `x` has two, of which the first is that of `ids`, or one.
    - (C2) A weight has one dimension.

    Example:
    ```mlir
    %p = nn.take %scores, %ids : tensor<?x8xf32>, tensor<?x2xi32> -> tensor<?x2xf32>
    ```
  }];
  let arguments = (ins NN_WeightOrTensor:$x, NN_Ids:$ids);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x `,` $ids attr-dict `:` type(operands) `->` type($result)";
}

#endif // DIALECTS_NN_IR_NNROWOPS
