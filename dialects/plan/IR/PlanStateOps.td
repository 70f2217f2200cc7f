//===- PlanStateOps.td - Memory of one size, recurrences --------*- tablegen -*-===//

#ifndef DIALECTS_PLAN_IR_PLANSTATEOPS_TD
#define DIALECTS_PLAN_IR_PLANSTATEOPS_TD

include "dialects/plan/IR/PlanBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_FixedStateOp : Plan_Op<"fixed_state", [Symbol]> {
  let summary = "what a sequence remembers in one size, whatever its length";
  let description = [{
    Holds every instance of the states in `members` (families of `nn` states
    with fixed bytes); instance `i` of member `m` lies at
    `offsets[first(m) + i]` bytes, where `first` is the running sum of the
    members' counts. All of it is zeros before the first token of a sequence.
    What tokens did to it cannot be undone: a sequence is cut back to nothing,
    or to where a copy was kept.

    - (C1) There is one count per member, and it is positive.
    - (C2) There is one offset per instance, a multiple of 64 within `bytes`.

    Example:
    ```mlir
    plan.fixed_state @fixed bytes 8192 members [@conv, @s] counts [1, 2] offsets [0, 1024, 4608]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_Positive:$bytes, FlatSymbolRefArrayAttr:$members,
                       DenseI64ArrayAttr:$counts, DenseI64ArrayAttr:$offsets);
  let assemblyFormat = [{
    $sym_name `bytes` $bytes `members` $members `counts` $counts `offsets` $offsets attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_CausalConvOp : Plan_Op<"causal_conv"> {
  let summary = "convolution of channels with their last values";
  let description = [{
    With the rows of `x`, and before them the `taps - 1` rows of f32 that lie at
    byte `offset` of `state`, the oldest first, x(p) being row p:

        y[t, c] = sum_j(w[c, j] * x(t - taps + 1 + j)[c])    for 0 <= j < taps

    for all `tokens` rows t; sums are f32. Then `state` has the last `taps - 1`
    rows. Program i of the grid does so for the channels
    `[i * columns, (i + 1) * columns)` that there are.

    - (C1) `w` is f32 of `[channels, taps]`, and `taps` is 2 or more.
    - (C2) Rows of `x` and `y` have the channels of `w`.
    - (C3) `columns` is positive.

    Example:
    ```mlir
    plan.causal_conv range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<32x4xf32>) state(%s : memref<?xi8>) at(%o) outs(%y : memref<?x32xf32>) {columns = 16 : i64}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, MemRefRankOf<[F32], [2]>:$x,
                       MemRefRankOf<[F32], [2]>:$w, MemRefRankOf<[I8], [1]>:$state, Index:$offset,
                       MemRefRankOf<[F32], [2]>:$y, Plan_Positive:$columns);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)` `ins` `(` $x `,` $w `:` type($x) `,` type($w) `)`
    `state` `(` $state `:` type($state) `)` `at` `(` $offset `)` `outs` `(` $y `:` type($y) `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_GatedDeltaOp : Plan_Op<"gated_delta"> {
  let summary = "gated delta rule, or a selective scan, over the heads of a step";
  let description = [{
    `nn.gated_delta` of all `tokens` rows, one after the other, with a
    correction where there is `beta`. The state of
    value head h, f32 of `[key_columns, value_columns]`, is the h-th at byte
    `offset` of `state`. Columns of values do not meet: program
    `h * ceil(value_columns / columns) + i` of the grid does those of head h
    from `i * columns` on, `columns` where there are as many.

    - (C1) The sizes are positive, and `key_heads` divides `heads`.
    - (C2) Rows of `q` and `k` have `key_heads` times `key_columns` numbers, those of `v` and `y` `heads` times
      `value_columns`, those of `decay` and of `beta`, where it is given, `heads`.
    - (C3) `many_rows`: `tokens` may be more than 1.

    Example:
    ```mlir
    plan.gated_delta range(%b, %e) tokens(%t) ins(%q, %k, %v, %decay, %beta : memref<?x16xf32>, memref<?x16xf32>, memref<?x32xf32>, memref<?x4xf32>, memref<?x4xf32>) state(%s : memref<?xi8>) at(%o) outs(%y : memref<?x32xf32>) {columns = 8 : i64, heads = 4 : i64, key_columns = 8 : i64, key_heads = 2 : i64, many_rows = true, value_columns = 8 : i64}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, MemRefRankOf<[F32], [2]>:$q,
                       MemRefRankOf<[F32], [2]>:$k, MemRefRankOf<[F32], [2]>:$v, MemRefRankOf<[F32], [2]>:$decay,
                       Optional<MemRefRankOf<[F32], [2]>>:$beta, MemRefRankOf<[I8], [1]>:$state, Index:$offset,
                       MemRefRankOf<[F32], [2]>:$y, Plan_Positive:$heads, Plan_Positive:$key_heads,
                       Plan_Positive:$key_columns, Plan_Positive:$value_columns, Plan_Positive:$columns,
                       BoolAttr:$many_rows);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)`
    `ins` `(` $q `,` $k `,` $v `,` $decay (`,` $beta^)? `:` type($q) `,` type($k) `,` type($v) `,` type($decay)
    (`,` type($beta)^)? `)` `state` `(` $state `:` type($state) `)` `at` `(` $offset `)`
    `outs` `(` $y `:` type($y) `)` attr-dict
  }];
  let hasVerifier = 1;
}

#endif // DIALECTS_PLAN_IR_PLANSTATEOPS_TD
