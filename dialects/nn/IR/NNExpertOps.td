//===- NNExpertOps.td - Routing of tokens to experts -----------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNEXPERTOPS
#define DIALECTS_NN_IR_NNEXPERTOPS

include "dialects/nn/IR/NNRowOps.td"

def NN_ExpertLinearOp : NN_RowOp<"expert_linear"> {
  let summary = "product of each row with the matrices that its ids choose";
  let description = [{
    With `e = ids[t, j]`:

        result[t, j, o] = sum_i(x[t, i] * w[e, o, i]) + bias[e, o]        x is [T, I]
        result[t, j, o] = sum_i(x[t, j, i] * w[e, o, i]) + bias[e, o]     x is [T, k, I]

    The id −1 stands for none and gives zeros, without a bias; any other id
    outside `w` is an error of what made the ids. Sums are taken in f32 over
    decoded weights; the result is rounded once, after the bias. Matrices that
    no id chooses are not read.

    | Name     | Shape                 | Element type                 |
    |----------|-----------------------|------------------------------|
    | `x`      | `[T, I]`, `[T, k, I]` | f16, bf16, f32               |
    | `w`      | `[E, O, I]`           | any encoding; f16, bf16, f32 |
    | `ids`    | `[T, k]`              | i32                          |
    | `bias`   | `[E, O]`              | any encoding; f16, bf16, f32 |
    | `result` | `[T, k, O]`           | that of `x`                  |

    - (C1) `ids` has two dimensions; `x` has one more row for each of them, or one for all of a token.
    - (C2) `w` has three static dimensions, and its innermost is that of `x`.
    - (C3) `bias` has one element per row of each matrix of `w`.

    Example:
    ```mlir
    %y = nn.expert_linear %x, %w, %ids : tensor<?x64xf32>, !nn.weight<8x32x64, bf16>, tensor<?x2xi32> -> tensor<?x2x32xf32>
    %z = nn.expert_linear %y, %v, %ids, %b : tensor<?x2x32xf32>, !nn.weight<8x64x32, bf16>, tensor<?x2xi32>, !nn.weight<8x64, f32> -> tensor<?x2x64xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_WeightOrTensor:$w, NN_Ids:$ids, Optional<NN_WeightOrTensor>:$bias);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x `,` $w `,` $ids (`,` $bias^)? attr-dict `:` type(operands) `->` type($result)";
}

def NN_TopKOp : NN_RowOp<"top_k"> {
  let summary = "ids of the largest scores of each row";
  let description = [{
    `ids[.., j]` is the place in its row of the j-th largest score, counted from
    0; of equal scores the one with the lower id comes first. A score of −inf is
    never chosen, and NaN counts as −inf: where fewer than k are left, the rest
    of the ids are −1. `E` may be dynamic, as it is of `nn.index_scores`; then
    there are k ids whatever it is.

    | Name     | Shape             | Element type   |
    |----------|-------------------|----------------|
    | `scores` | `[.., E]`         | f16, bf16, f32 |
    | `ids`    | `[.., min(k, E)]` | i32            |

    - (C1) `k` is positive.
    - (C2) `E` is at most 2^31 − 1.

    Example:
    ```mlir
    %ids = nn.top_k %scores k = 8 : tensor<?x256xf32> -> tensor<?x8xi32>
    %far = nn.top_k %all k = 512 : tensor<?x?xf32> -> tensor<?x512xi32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[NN_RowTensor, NN_Scores], "tensor of scores", "::mlir::RankedTensorType">:$scores, NN_I64Attr:$k);
  let results = (outs NN_Ids:$ids);
  let assemblyFormat = "$scores `k` `=` $k attr-dict `:` type($scores) `->` type($ids)";
}

def NN_KeepGroupsOp : NN_RowOp<"keep_groups"> {
  let summary = "scores of the best groups, −inf elsewhere";
  let description = [{
    Each row is cut into `groups` groups of `n = E / groups` neighbours. The
    score of a group is the sum of its `by` largest scores, added from the
    largest on in f32; NaN counts as −inf. The `keep` groups with the largest
    sums stay, of equal ones those that come first; all other scores become −inf.

    | Name     | Shape    | Element type   |
    |----------|----------|----------------|
    | `scores` | `[T, E]` | f16, bf16, f32 |
    | `result` | `[T, E]` | that of `scores` |

    - (C1) `scores` has two dimensions.
    - (C2) `groups` is positive and divides `E`.
    - (C3) `keep` is from 1 to `groups`.
    - (C4) `by` is from 1 to `n`.

    Example:
    ```mlir
    %kept = nn.keep_groups %scores groups = 8 keep = 4 by = 2 : tensor<?x256xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$scores, NN_I64Attr:$groups, NN_I64Attr:$keep,
                       NN_I64Attr:$by);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $scores `groups` `=` $groups `keep` `=` $keep `by` `=` $by attr-dict `:` type($scores)
  }];
  let hasFolder = 1;
}

#endif // DIALECTS_NN_IR_NNEXPERTOPS
