//===- NNSparseOps.td - Latent, sparse and compressed attention -*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNSPARSEOPS
#define DIALECTS_NN_IR_NNSPARSEOPS

include "dialects/nn/IR/NNTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_PickOp : NN_Op<"pick", [Pure, NN_InfersTypes]> {
  let summary = "of the rows a query may see, those that its ids name";
  let description = [{
    The query of token t sees row n of the result where it sees row n of `rows`
    and some `ids[t, j]` is n. Rows are counted from 0 since the sequence
    began. The id −1 names none, and it does not matter how often or in which
    order the others stand. No data moves: it is a selection that attention
    reads with the rows.

    | Name     | Shape       | Element type |
    |----------|-------------|--------------|
    | `rows`   | rows `[..]` |              |
    | `ids`    | `[T, k]`    | i32          |
    | `result` | rows `[..]`, with `picks = k` | that of `rows` |

    - (C1) `ids` has two dimensions, the second static.
    - (C2) `rows` have no `picks` yet.

    Example:
    ```mlir
    %p = nn.pick %far, %ids : !nn.rows<512xf32, clock = 4>, tensor<?x512xi32> -> !nn.rows<512xf32, clock = 4, picks = 512>
    ```
  }];
  let arguments = (ins NN_RowsType:$rows, NN_Ids:$ids);
  let results = (outs NN_RowsType:$result);
  let assemblyFormat = "$rows `,` $ids attr-dict `:` qualified(type($rows)) `,` type($ids) `->` qualified(type($result))";
}

def NN_IndexScoresOp : NN_Op<"index_scores", [Pure, NN_InfersTypes]> {
  let summary = "how much each query wants each row, over several small heads";
  let description = [{
    For each row n that the query of token t sees (at position p):

        s[h]         = max(sum_c(q[t, h, c] * rows[n, c]), 0)
        result[t, n] = sum_h(a[t, h] * s[h])

    and −inf where it does not see the row. N is the number of rows kept so
    far; there may be none. In f32. The scores of single heads, `[T, h, N]`,
    need never be there at once.

    | Name        | Shape       | Element type   |
    |-------------|-------------|----------------|
    | `q`         | `[T, h, c]` | f16, bf16, f32 |
    | `positions` | `[T]`       | i32            |
    | `rows`      | rows `[c]`  | f16, bf16, f32 |
    | `a`         | `[T, h]`    | f16, bf16, f32 |
    | `result`    | `[T, N]`    | f32            |

    - (C1) `q` has three dimensions, the first of the size of `positions`.
    - (C2) `rows` have one dimension, `c`, and neither `window` nor `picks`.
    - (C3) `a` is `[T, h]`.

    Example:
    ```mlir
    %s = nn.index_scores %q, %positions, %keys, %a : tensor<?x64x128xf32>, tensor<?xi32>, !nn.rows<128xf32, clock = 4>, tensor<?x64xf32> -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$q, NN_Positions:$positions, NN_RowsType:$rows, NN_RowTensor:$a);
  let results = (outs NN_Scores:$result);
  let assemblyFormat = [{
    $q `,` $positions `,` $rows `,` $a attr-dict
    `:` type($q) `,` type($positions) `,` qualified(type($rows)) `,` type($a) `->` type($result)
  }];
}

def NN_LatentAttentionOp : NN_Op<"latent_attention", [Pure, NN_InfersTypes]> {
  let summary = "attention whose keys and values are products of one small row";
  let description = [{
    Attention of H heads over rows that are kept as a latent of r numbers and a
    rotated key of p numbers, one for all heads:

        k[h, n]   = w_uk[h] · latent[n]      (n of the query: `nope`)
        v[h, n]   = w_uv[h] · latent[n]
        a[n]      = (q_nope[t, h] · k[h, n] + q_pe[t, h] · k_pe[n]) * scale
        result[t, h] = sum_n(softmax(a)[n] * v[h, n])

    over the rows n that are visible at the position of token t. In f32; the
    result is rounded once. A query that sees no row gives 0.

    It can be computed in two ways, and a pass chooses by shape: with the keys
    and values of all rows made once, for many queries; or for few, with `w_uk`
    taken into the queries and `w_uv` applied to the sum, so that only latents
    are read:

        q'[h] = w_ukᵀ[h] · q_nope[h];  a[n] = (q'[h] · latent[n] + ..);  o = w_uv[h] · sum_n(softmax(a)[n] * latent[n])

    | Name        | Shape       | Element type                 |
    |-------------|-------------|------------------------------|
    | `q_nope`    | `[T, H, n]` | f16, bf16, f32               |
    | `positions` | `[T]`       | i32                          |
    | `q_pe`      | `[T, H, p]` | f16, bf16, f32               |
    | `latent`    | rows `[r]`  | f16, bf16, f32               |
    | `k_pe`      | rows `[p]`  | f16, bf16, f32               |
    | `w_uk`      | `[H, n, r]` | any encoding; f16, bf16, f32 |
    | `w_uv`      | `[H, d, r]` | any encoding; f16, bf16, f32 |
    | `result`    | `[T, H, d]` | that of `q_nope`             |

    - (C1) `q_nope` and `q_pe` have three dimensions, the first of the size of `positions`, and as many heads.
    - (C2) `latent` and `k_pe` have one dimension and are seen alike: with the same window, clock and picks, and
      by the same ids; `k_pe` has as many numbers as a head of `q_pe`.
    - (C3) `w_uk` is `[H, n, r]` and `w_uv` `[H, d, r]`.
    - (C4) `scale` is finite.

    Example:
    ```mlir
    %o = nn.latent_attention %q, %positions, %q_pe, %latent, %k_pe, %w_uk, %w_uv scale = 0.0721687824 : tensor<?x128x128xf32>, tensor<?xi32>, tensor<?x128x64xf32>, !nn.rows<512xf32>, !nn.rows<64xf32>, !nn.weight<128x128x512, bf16>, !nn.weight<128x128x512, bf16> -> tensor<?x128x128xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$q_nope, NN_Positions:$positions, NN_RowTensor:$q_pe, NN_RowsType:$latent,
                       NN_RowsType:$k_pe, NN_WeightOrTensor:$w_uk, NN_WeightOrTensor:$w_uv, NN_FiniteF32Attr:$scale);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $q_nope `,` $positions `,` $q_pe `,` $latent `,` $k_pe `,` $w_uk `,` $w_uv `scale` `=` $scale attr-dict
    `:` type(operands) `->` type($result)
  }];
}

#endif // DIALECTS_NN_IR_NNSPARSEOPS
