//===- NNSequenceOps.td - Ops that look along the sequence -----*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNSEQUENCEOPS
#define DIALECTS_NN_IR_NNSEQUENCEOPS

include "dialects/nn/IR/NNAttrs.td"
include "dialects/nn/IR/NNInterfaces.td"
include "dialects/nn/IR/NNTypes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_RopeOp : NN_Op<"rope", [Pure, NN_InfersTypes, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "rotary embedding: turns pairs of channels by the position";
  let description = [{
    With n frequencies in `table`, channels `at .. at + 2n` of each innermost
    row turn, the others stay. For pair i of a row at position p

        angle = p * freq(i) / divisor(i)                       in f64
        c     = f32(cos(angle) * scale),  s = f32(sin(angle) * scale),  s = -s where `inverse`
        result[first(i)]  = x[first(i)] * c - x[second(i)] * s
        result[second(i)] = x[second(i)] * c + x[first(i)] * s

    where pair i is channels `at + i` and `at + n + i` (`pairs = half`), or
    `at + 2i` and `at + 2i + 1` (`pairs = adjacent`). The products are taken in
    f32 and the result is rounded once. Which frequencies a long sequence uses
    is told at `nn.rope_table`.

    | Name          | Shape        | Element type   |
    |---------------|--------------|----------------|
    | `x`, `result` | `[T, .., C]` | f16, bf16, f32 |
    | `positions`   | `[T]`        | i32            |

    - (C1) `x` has two dimensions or more, the first of the size of `positions`.
    - (C2) `table` names an `nn.rope_table`.
    - (C3) `at >= 0`, and the channels that turn are within the row.

    Example:
    ```mlir
    %r = nn.rope %q, %positions table = @rope0 pairs = half : tensor<?x9x64xf32>, tensor<?xi32>
    %s = nn.rope %q, %positions table = @rope0 pairs = adjacent at = 32 inverse = true : tensor<?x9x64xf32>, tensor<?xi32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_Positions:$positions, FlatSymbolRefAttr:$table, NN_PairsAttr:$pairs,
                       DefaultValuedAttr<NN_NonNegativeI64Attr, "0">:$at,
                       DefaultValuedAttr<BoolAttr, "false">:$inverse);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $x `,` $positions `table` `=` $table `pairs` `=` $pairs (`at` `=` $at^)? (`inverse` `=` $inverse^)? attr-dict
    `:` type(operands)
  }];
}

def NN_HistoryOp : NN_Op<"history", [NN_InfersTypes, NN_StateUserOpInterface,
                                     DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                                     DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "all rows of a value since the sequence began";
  let description = [{
    Keeps the rows of `x`, each under its position, in the state, rounded to
    the state's storage. The result stands for all rows kept so far, these
    included; with a `window` W a query at position t sees only those at
    positions above `t - W`, and rows that no later query can see may be
    dropped. With a `clock` r, `x` has a row for each window of r tokens that
    is complete (see `nn.windows`), and a query sees those that are complete at
    its position.

    Feeding a sequence in pieces gives every query the same rows as feeding it
    at once. One step runs one `nn.history` per state.

    | Name        | Shape     | Element type        |
    |-------------|-----------|---------------------|
    | `x`         | `[T, ..]` | f16, bf16, f32      |
    | `positions` | `[T]`     | i32, rising by `clock` |
    | `result`    | rows `[..]` | that of `x`       |

    - (C1) `x` has a dimension, the first of the size of `positions`, the others static.
    - (C2) `state` names an `nn.state` of the result's type.
    - (C3) `index` is there if and only if that state is a family; a constant one is within it.

    Example:
    ```mlir
    %k = nn.history %x, %positions state = @layer0.k[%layer] window = 16 : tensor<?x3x64xf32>, tensor<?xi32> -> !nn.rows<3x64xf32, window = 16>
    %e = nn.history %entry, %starts state = @layer0.entry[%layer] clock = 4 : tensor<?x64xf32>, tensor<?xi32> -> !nn.rows<64xf32, clock = 4>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, NN_Positions:$positions, Optional<Index>:$index,
                       FlatSymbolRefAttr:$state, OptionalAttr<NN_PositiveI64Attr>:$window,
                       DefaultValuedAttr<NN_PositiveI64Attr, "1">:$clock);
  let results = (outs NN_RowsType:$result);
  let assemblyFormat = [{
    $x `,` $positions `state` `=` $state (`[` $index^ `]`)? (`window` `=` $window^)? (`clock` `=` $clock^)? attr-dict
    `:` type($x) `,` type($positions) `->` qualified(type($result))
  }];
}

def NN_AttentionOp : NN_Op<"attention", [Pure, AttrSizedOperandSegments, NN_InfersTypes]> {
  let summary = "softmax-weighted sum of the visible rows";
  let description = [{
    For the query of token t (at position p) and head h, over the rows n of all
    row sets together that are visible at p (see `!nn.rows`):

        a[n]            = sum_c(q[t, h, c] * k[n, h * K / H, c]) * scale
        a[n]            = softcap * tanh(a[n] / softcap)             where `softcap` is given
        w[n]            = exp(a[n] - m) / (sum_n(exp(a[n] - m)) + exp(sink[h] - m))
        result[t, h, d] = sum_n(w[n] * v[n, h * K / H, d])

    with m the largest of a and sink[h]; without `sink` its term is absent.
    Rows of one dimension `[c]` are one head for all. In f32; the result is
    rounded once. A query that sees no row and has no sink gives 0.

    | Name        | Shape                  | Element type                 |
    |-------------|------------------------|------------------------------|
    | `q`         | `[T, H, c]`            | f16, bf16, f32               |
    | `positions` | `[T]`                  | i32                          |
    | `k`         | rows `[K, c]` or `[c]` | f16, bf16, f32               |
    | `v`         | rows `[K, d]` or `[d]` | f16, bf16, f32               |
    | `sink`      | `[H]`                  | any encoding; f16, bf16, f32 |
    | `result`    | `[T, H, d]`            | that of `q`                  |

    - (C1) `q` has three dimensions, the first of the size of `positions`.
    - (C2) There is a set of keys, and as many of values; pair by pair they are seen alike: with
      the same window, clock and picks, and by the same ids.
    - (C3) Rows have one or two dimensions; keys end in `c`, values all in the same `d`.
    - (C4) `K` divides `H`.
    - (C5) `sink` has one element per head.
    - (C6) `scale` is finite; `softcap` is positive and finite.
    - (C7) Keys and their values have as many heads: one `K` for both.

    Example:
    ```mlir
    %o = nn.attention %q, %positions keys(%k) values(%v) scale = 0.125 : tensor<?x9x64xf32>, tensor<?xi32>, !nn.rows<3x64xf32>, !nn.rows<3x64xf32> -> tensor<?x9x64xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$q, NN_Positions:$positions, Variadic<NN_RowsType>:$k, Variadic<NN_RowsType>:$v,
                       Optional<NN_WeightOrTensor>:$sink, NN_FiniteF32Attr:$scale,
                       OptionalAttr<NN_PositiveF32Attr>:$softcap);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $q `,` $positions `keys` `(` $k `)` `values` `(` $v `)` (`sink` `(` $sink^ `)`)? `scale` `=` $scale
    (`softcap` `=` $softcap^)? attr-dict `:` type(operands) `->` type($result)
  }];
}

#endif // DIALECTS_NN_IR_NNSEQUENCEOPS
