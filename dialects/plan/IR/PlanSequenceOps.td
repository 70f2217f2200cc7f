//===- PlanSequenceOps.td - Windows, and rows that many heads share --*- tablegen -*-===//

#ifndef DIALECTS_PLAN_IR_PLANSEQUENCEOPS_TD
#define DIALECTS_PLAN_IR_PLANSEQUENCEOPS_TD

include "dialects/plan/IR/PlanBase.td"

def Plan_RowAttentionOp : Plan_Op<"row_attention", [AttrSizedOperandSegments]> {
  let summary = "attention of many heads over rows that are key and value";
  let description = [{
    For the query of each token and head, over the rows of all sets together
    that its position sees:

        a[n]    = scale * (q[t, h] · row[n] + q_extra[t, h] · extra[n])
        y[t, h] = sum_n(softmax(a)[n] * row[n])

    Rows have one head for all: `columns` numbers, and `extra_columns` more that
    are key only (0: none). A set is a state and what a query sees of it: rows of
    `clocks` tokens each, those of the last `windows` tokens (-1: of all), and of
    these, with `picks` k, the k that row t of its `ids` names, each at most once
    (−1 names none). `sink` is a further logit of each head. A query that sees no
    row gives 0, or with a sink the zero that it leaves.

    `places` are, of each set, the state's bytes from the start of a slot, the
    same of the state of extra columns where there are any, and the bytes of a
    slot. The grid range `[begin, end)` is over (token, block of `block_heads` heads).

    - (C1) The sizes are positive; `block_heads` and `extra_columns` fit `heads` and `q_extra`.
    - (C2) `storage` is f32, f16, bf16 or q8_0.
    - (C3) Rows of `q` and `y` have `heads` times `columns` numbers, those of `q_extra` `heads` times `extra_columns`.
    - (C4) Each set has a clock, a window, picks, a pool, a page table and its places, and ids if and only if it has picks: rows of so many i32.
    - (C5) A set of a clock other than 1 has no window; no window is 0.
    - (C6) `sink` is f32 of `[heads]`.

    Example:
    ```mlir
    plan.row_attention range(%b, %e) tokens(%t) ins(%q : memref<?x32xf32>) outs(%y : memref<?x32xf32>) pools(%pool : memref<?xi8>) tables(%table : memref<?xi32>) at(%first, [%offset, %slot]) {block_heads = 16 : i64, clocks = array<i64: 1>, columns = 16 : i64, extra_columns = 0 : i64, heads = 2 : i64, picks = array<i64: 0>, scale = 2.5e-01 : f32, storage = "f16", windows = array<i64: -1>}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, AnyMemRef:$q, Optional<AnyMemRef>:$q_extra,
                       AnyMemRef:$y, Optional<AnyMemRef>:$sink, Variadic<AnyMemRef>:$pools,
                       Variadic<AnyMemRef>:$page_tables, Variadic<AnyMemRef>:$ids,
                       Index:$first_position, Variadic<Index>:$places, Plan_Positive:$heads,
                       Plan_Positive:$block_heads, Plan_Positive:$columns, Plan_NonNegative:$extra_columns,
                       StrAttr:$storage, F32Attr:$scale, DenseI64ArrayAttr:$clocks,
                       DenseI64ArrayAttr:$windows, DenseI64ArrayAttr:$picks);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)` `ins` `(` $q `:` type($q) `)`
    (`extra` `(` $q_extra^ `:` type($q_extra) `)`)? `outs` `(` $y `:` type($y) `)`
    (`sink` `(` $sink^ `:` type($sink) `)`)?
    `pools` `(` $pools `:` type($pools) `)` `tables` `(` $page_tables `:` type($page_tables) `)`
    (`ids` `(` $ids^ `:` type($ids) `)`)? `at` `(` $first_position `,` `[` $places `]` `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_IndexTopKOp : Plan_Op<"index_top_k"> {
  let summary = "the rows of a history that each query wants most";
  let description = [{
    `nn.top_k` of `nn.index_scores`, token by token, without the scores of all
    rows ever being there: row t of `ids` becomes the `k` rows of largest score
    among those that token t sees, in their order, and −1 where it sees fewer.
    Of equal scores the first ones win. The grid range `[begin, end)` is over
    tokens.

    - (C1) `heads`, `columns`, `clock` and `k` are positive.
    - (C2) `storage` is f32, f16, bf16 or q8_0.
    - (C3) Rows of `q` have `heads` times `columns` numbers, those of `a` `heads`.
    - (C4) Rows of `ids` are `k` i32.
    - (C5) `pool` is `memref<?xi8>`, `page_table` `memref<?xi32>`.

    Example:
    ```mlir
    plan.index_top_k range(%b, %e) ins(%q, %a : memref<?x32xf32>, memref<?x2xf32>) pages(%pool, %table : memref<?xi8>, memref<?xi32>) outs(%ids : memref<?x8xi32>) at(%first, %offset, %slot) {clock = 4 : i64, columns = 16 : i64, heads = 2 : i64, k = 8 : i64, storage = "f16"}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, AnyMemRef:$q, AnyMemRef:$a, AnyMemRef:$pool,
                       AnyMemRef:$page_table, AnyMemRef:$ids, Index:$first_position, Index:$instance_offset,
                       Index:$slot_bytes, Plan_Positive:$heads, Plan_Positive:$columns, Plan_Positive:$clock,
                       Plan_Positive:$k, StrAttr:$storage);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `ins` `(` $q `,` $a `:` type($q) `,` type($a) `)`
    `pages` `(` $pool `,` $page_table `:` type($pool) `,` type($page_table) `)`
    `outs` `(` $ids `:` type($ids) `)` `at` `(` $first_position `,` $instance_offset `,` $slot_bytes `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_GatherWindowsOp : Plan_Op<"gather_windows"> {
  let summary = "the rows of the windows that a step completes";
  let description = [{
    Row m of `y` becomes the m-th window that the step completes
    (`nn.windows`): the `before` rows ahead of it and its `size` own, `columns`
    numbers each, of which those before the step come from `state`, where
    `plan.keep_rows` left the row of position p at place `p % (before + size - 1)`.
    Rows before the sequence are `fill`. The grid range `[begin, end)` is over
    (window, row of it); of windows that are not complete nothing is done.

    - (C1) `size` and `columns` are positive, `before` is not negative, and both are more than one row.
    - (C2) Rows of `x` have `columns` numbers, those of `y` `before + size` times as many.
    - (C3) `state` is `memref<?xi8>`.

    Example:
    ```mlir
    plan.gather_windows range(%b, %e) tokens(%t) ins(%x : memref<?x16xf32>) state(%s : memref<?xi8>) outs(%y : memref<?x128xf32>) at(%first, %offset) {before = 4 : i64, columns = 16 : i64, fill = 0.0 : f32, size = 4 : i64}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, AnyMemRef:$x, AnyMemRef:$state, AnyMemRef:$y,
                       Index:$first_position, Index:$instance_offset, Plan_Positive:$size,
                       Plan_NonNegative:$before, Plan_Positive:$columns, F32Attr:$fill);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)` `ins` `(` $x `:` type($x) `)`
    `state` `(` $state `:` type($state) `)` `outs` `(` $y `:` type($y) `)`
    `at` `(` $first_position `,` $instance_offset `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_KeepRowsOp : Plan_Op<"keep_rows"> {
  let summary = "keeps a row of the step for later windows";
  let description = [{
    Row `row` of the step, where it is one of its last `rows`, goes to place
    `p % rows` of `state`, with p its position.

    - (C1) `rows` and `columns` are positive.
    - (C2) Rows of `x` have `columns` numbers.
    - (C3) `state` is `memref<?xi8>`.

    Example:
    ```mlir
    plan.keep_rows row(%i) tokens(%t) ins(%x : memref<?x16xf32>) state(%s : memref<?xi8>) at(%first, %offset) {columns = 16 : i64, rows = 7 : i64}
    ```
  }];
  let arguments = (ins Index:$row, Index:$tokens, AnyMemRef:$x, AnyMemRef:$state, Index:$first_position,
                       Index:$instance_offset, Plan_Positive:$rows, Plan_Positive:$columns);
  let assemblyFormat = [{
    `row` `(` $row `)` `tokens` `(` $tokens `)` `ins` `(` $x `:` type($x) `)`
    `state` `(` $state `:` type($state) `)` `at` `(` $first_position `,` $instance_offset `)` attr-dict
  }];
  let hasVerifier = 1;
}

#endif // DIALECTS_PLAN_IR_PLANSEQUENCEOPS_TD
