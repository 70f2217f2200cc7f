//===- PlanOps.td - Operations of the plan dialect ---------*- tablegen -*-===//

#ifndef DIALECTS_PLAN_IR_PLANOPS_TD
#define DIALECTS_PLAN_IR_PLANOPS_TD

include "dialects/plan/IR/PlanBase.td"
include "dialects/plan/IR/PlanSequenceOps.td"
include "dialects/plan/IR/PlanStateOps.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Module level
//===----------------------------------------------------------------------===//

def Plan_PackOp : Plan_Op<"pack", [Symbol]> {
  let summary = "a weight family as the target keeps it";
  let description = [{
    Says in which layout the elements of the weight family `source` are written
    into the artifact. `encoding` is the storage that is packed: that of the
    family, or `f32` where the target has no layout for it and the weights are
    decoded on the way, or of integers `i32`: one that is no i32 is an error
    when they are written.

    | layout | bytes |
    |--------|-------|
    | `rows` | row-major, as stored in `encoding` |
    | `r16`  | 16 rows interleaved, see `codegen/cpu/packing`; of three dimensions a matrix after the other, each from a multiple of 64 bytes on |

    - (C1) `count` is positive.
    - (C2) `layout` is one of the table.
    - (C3) `encoding` is the name of an encoding.
    - (C4) The sizes of `shape` are positive, and the bytes fit 63 bits.

    Example:
    ```mlir
    plan.pack @wq.r16 of @layer0.wq[30] layout "r16" encoding "q4_1" shape [576, 576]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$source, Plan_Positive:$count,
                       StrAttr:$layout, StrAttr:$encoding, DenseI64ArrayAttr:$shape);
  let assemblyFormat = [{
    $sym_name `of` $source `[` $count `]` `layout` $layout `encoding` $encoding
    `shape` $shape attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_StateGroupOp : Plan_Op<"state_group", [Symbol]> {
  let summary = "states whose pages live and die together";
  let description = [{
    A slot of the group's pool holds 128 rows of every instance of the states in
    `members` (`nn.state` families); instance `i` of member `m` lies at
    `offsets[first(m) + i]` bytes in the slot, where `first` is the running sum
    of the members' counts. `window`: rows a query sees, -1 for all. `clock`:
    tokens that a row stands for; a page is of as many times 128 tokens, and
    `per_token` are the bytes of a row.

    - (C1) There is one count per member, and it is positive.
    - (C2) There is one offset per instance, within the slot.
    - (C3) A group with a clock other than 1 has no window.

    Example:
    ```mlir
    plan.state_group @pages window -1 slot 8192 per_token 64 members [@k, @v] counts [1, 1] offsets [0, 4096]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_Window:$window, Plan_Positive:$slot_bytes,
                       Plan_Positive:$bytes_per_token, FlatSymbolRefArrayAttr:$members,
                       DenseI64ArrayAttr:$counts, DenseI64ArrayAttr:$offsets,
                       DefaultValuedAttr<Plan_Positive, "1">:$clock);
  let assemblyFormat = [{
    $sym_name `window` $window (`clock` $clock^)? `slot` $slot_bytes `per_token` $bytes_per_token
    `members` $members `counts` $counts `offsets` $offsets attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_ProgramOp : Plan_Op<"program", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "a list of dispatches that runs once per step";
  let description = [{
    The body creates buffers and dispatches kernels on them, in order.
    `max_tokens` bounds the symbol `tokens`.

    - (C1) `max_tokens` is positive.
    - (C2) The body has no arguments, and buffers, weights, inputs, dispatches and taps only.

    Example:
    ```mlir
    plan.program @logits_one max_tokens 1 {
      %x = plan.buffer role "logits_in" rows 1 row_bytes 128 : memref<?x32xf32, strided<[32, 1]>>
      %w = plan.weight @head.r16[0] : memref<?xi8>
      %y = plan.buffer role "logits_out" rows 1 row_bytes 64 : memref<?x16xf32, strided<[16, 1]>>
      plan.dispatch @linear grid <one * 1 + 0 ceildiv 1>(%x, %w, %y) writes [2] sizes [#plan.size<tokens * 1 + 0 ceildiv 1>] barrier true "linear 16x32 q8_0" : memref<?x32xf32, strided<[32, 1]>>, memref<?xi8>, memref<?x16xf32, strided<[16, 1]>>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_Positive:$max_tokens);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `max_tokens` $max_tokens attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Inside a program: buffers and dispatches
//===----------------------------------------------------------------------===//

def Plan_BufferOp : Plan_Op<"buffer", [HasParent<"ProgramOp">]> {
  let summary = "an activation buffer of the session's arena";
  let description = [{
    `rows` (padded to what the kernels write) times `row_bytes`, 64-byte aligned.
    `role` names buffers that the host reads or writes (`hidden`, `logits_in`,
    `logits_out`); they have the same place in every program. Of a buffer
    `per_thread` each thread has one of its own, which it alone writes and
    reads. Memory planning sets `offset`: in the arena, or in each thread's. A
    buffer of a `clock` has a row for each window of so many tokens that a step
    completes, not for each token.

    - (C1) `rows` and `row_bytes` are positive, and the whole is at most 2^47 bytes.
    - (C2) `offset` is a multiple of 64.
    - (C3) `role` is one of the three.
    - (C4) The result has one or two dimensions, of which only the first is dynamic; a row fits `row_bytes`.
    - (C5) A buffer with a role is not `per_thread`.

    Example:
    ```mlir
    %0 = plan.buffer rows 72 row_bytes 2304 offset 0 : memref<?x576xf32, strided<[576, 1]>>
    %1 = plan.buffer per_thread rows 1 row_bytes 2304 offset 0 : memref<?x576xf32, strided<[576, 1]>>
    ```
  }];
  let arguments = (ins Plan_Positive:$rows, Plan_Positive:$row_bytes, OptionalAttr<StrAttr>:$role,
                       OptionalAttr<Plan_NonNegative>:$offset, UnitAttr:$per_thread,
                       DefaultValuedAttr<Plan_Positive, "1">:$clock);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = [{
    (`role` $role^)? (`per_thread` $per_thread^)? (`clock` $clock^)? `rows` $rows `row_bytes` $row_bytes (`offset` $offset^)? attr-dict
    `:` type($result)
  }];
  let hasVerifier = 1;
}

def Plan_WeightOp : Plan_Op<"weight", [HasParent<"ProgramOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "an element of a packed weight family";
  let description = [{
    - (C1) `pack` names a `plan.pack`.
    - (C2) `index` is below its count.
    - (C3) The result is `memref<?xi8>`, or, of an f32 pack with the layout `rows`, f32 of the pack's shape.

    Example:
    ```mlir
    %w = plan.weight @wq.r16[3] : memref<?xi8>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$pack, Plan_NonNegative:$index);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$pack `[` $index `]` attr-dict `:` type($result)";
}

def Plan_InputOp : Plan_Op<"input", [HasParent<"ProgramOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "what the host provides in a step";
  let description = [{
    `tokens`, `positions`: i32 per row. `rope_table` @table: cosines and sines
    per row; with a `clock`, per window of so many tokens that the step
    completes, at the position of its first token. `pool` @group, `page_table`
    @group: the pages of a state group. `fixed_state` @fixed: the memory of one
    size.

    | kind                  | source           | result              |
    |-----------------------|------------------|---------------------|
    | `tokens`, `positions` |                  | `memref<?xi32>`     |
    | `rope_table`          | `nn.rope_table`  | `memref<?x2xnxf32>` |
    | `pool`                | plan.state_group | `memref<?xi8>`      |
    | `page_table`          | plan.state_group | `memref<?xi32>`     |
    | `fixed_state`         | plan.fixed_state | `memref<?xi8>`      |

    - (C1) `kind` is one of the table, with its source and result.
    - (C2) Only a `rope_table` has a clock other than 1.

    Example:
    ```mlir
    %t = plan.input "tokens" : memref<?xi32>
    %p = plan.input "pool" @pages : memref<?xi8>
    ```
  }];
  let arguments = (ins StrAttr:$kind, OptionalAttr<FlatSymbolRefAttr>:$source,
                       DefaultValuedAttr<Plan_Positive, "1">:$clock);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$kind ($source^)? (`clock` $clock^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_DispatchOp : Plan_Op<"dispatch", [HasParent<"ProgramOp">,
                                           DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel over a grid";
  let description = [{
    Runs the programs `[0, grid)` of `kernel` on `buffers`; `writes` are the
    positions of those that it writes. Without `barrier` the next dispatch may
    start before this one ends. With `each_thread` every thread runs the whole
    grid, into buffers of its own: work that is too small to be dealt out, and
    that nobody then has to wait for.

    - (C1) `kernel` names a function marked `plan.kernel`.
    - (C2) `writes` are positions of `buffers`, and none is that of a weight.
    - (C3) `weight_bytes`, `flops`, `row_bytes` and `row_flops` are not
      negative.
    - (C4) With `each_thread` only buffers `per_thread` are written, without none of these.

    For reports it says what it costs: `weight_bytes` are read once (states of
    one size, which are read and written, among them), `flops` done for each token (with `integer_flops` by multiplying integers); of a history, `row_bytes` are read for each row that a token
    of the step sees (within `window`, -1: all), and `row_flops` done for each
    token and row that it sees.

    Example:
    ```mlir
    plan.dispatch @rows grid <tokens * 1 + 0 ceildiv 1>(%x, %y) writes [1] sizes [] barrier true "rms_norm" : memref<?x32xf32>, memref<?x32xf32>
    plan.dispatch @rows grid <tokens * 1 + 0 ceildiv 1>(%x, %z) writes [1] sizes [] each_thread barrier false "rms_norm" : memref<?x32xf32>, memref<?x32xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Plan_SizeAttr:$grid,
                       Variadic<AnyMemRef>:$buffers, DenseI64ArrayAttr:$writes,
                       Plan_Sizes:$sizes, BoolAttr:$barrier, StrAttr:$label,
                       DefaultValuedAttr<Plan_NonNegative, "0">:$weight_bytes,
                       DefaultValuedAttr<Plan_NonNegative, "0">:$flops, UnitAttr:$integer_flops,
                       DefaultValuedAttr<Plan_NonNegative, "0">:$row_bytes,
                       DefaultValuedAttr<Plan_NonNegative, "0">:$row_flops,
                       DefaultValuedAttr<I64Attr, "-1">:$window, UnitAttr:$each_thread);
  let assemblyFormat = [{
    $kernel `grid` $grid `(` $buffers `)` `writes` $writes `sizes` $sizes
    (`each_thread` $each_thread^)? `barrier` $barrier $label attr-dict `:` type($buffers)
  }];
  let hasVerifier = 1;
}

def Plan_TapOp : Plan_Op<"tap", [HasParent<"ProgramOp">]> {
  let summary = "here `buffer` holds hidden.N, for verify";
  let description = [{
    - (C1) `buffer` is a `plan.buffer` of f32 rows, and not one `per_thread`.

    Example:
    ```mlir
    plan.tap %x hidden 1 : memref<?x576xf32, strided<[576, 1]>>
    ```
  }];
  let arguments = (ins AnyMemRef:$buffer, Plan_NonNegative:$hidden);
  let assemblyFormat = "$buffer `hidden` $hidden attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Inside kernels: what targets have strategies for
//===----------------------------------------------------------------------===//

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator, HasParent<"LinearOp">]> {
  let summary = "the stored value of an epilogue";
  let arguments = (ins F32:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Plan_LinearOp : Plan_Op<"linear", [SingleBlock, IsolatedFromAbove]> {
  let summary = "product of activation rows with a packed matrix, with an epilogue";
  let description = [{
    Computes `acc[m, n] = sum_k x[m, k] * w[n, k]` in f32 for all `tokens` rows
    and the output groups `[begin, end)` of the grid, and stores what the region
    yields: it maps the accumulator, and one element of each of `extras`, to the
    stored value. An extra with one dimension is indexed by the output column
    (a bias), one with two by row and column (a residual). With `paired` the
    rows of two matrices alternate in groups of 16; the region takes both
    accumulators and yields one value; the output has `out_rows / 2` columns.

    `activations`: "f32" reads f32 rows; "i16" and "i8" the records that
    `plan.quantize_rows` made with the same `row_tile` (1: one row). `many_rows`:
    `tokens` may be more than 1.

    - (C1) `out_rows`, `in_columns` and `row_tile` are positive.
    - (C2) `encoding` is the name of an encoding; `activations` is "f32", "i16" or "i8".
    - (C3) The region takes the accumulators and an element of each extra, all f32.
    - (C4) With `paired`, `out_rows` is a multiple of 32.
    - (C5) Extras are f32 of one dimension or two.
    - (C6) Rows of `y` have the columns of the result, f32 rows of `x` have `in_columns`.

    Example:
    ```mlir
    plan.linear range(%b, %e) tokens(%t) ins(%x, %w : memref<?x32xf32>, memref<?xi8>) outs(%y : memref<?x16xf32>) extras(%r : memref<?x16xf32>) attributes {activations = "f32", encoding = "q8_0", in_columns = 32 : i64, many_rows = true, out_rows = 16 : i64, paired = false, row_tile = 1 : i64} {
    ^bb0(%acc: f32, %residual: f32):
      %0 = arith.addf %acc, %residual : f32
      plan.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, AnyMemRef:$x, AnyMemRef:$w,
                       AnyMemRef:$y, Variadic<AnyMemRef>:$extras, Plan_Positive:$out_rows,
                       Plan_Positive:$in_columns, StrAttr:$encoding, StrAttr:$activations,
                       BoolAttr:$many_rows, Plan_Positive:$row_tile, BoolAttr:$paired);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)`
    `ins` `(` $x `,` $w `:` type($x) `,` type($w) `)` `outs` `(` $y `:` type($y) `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? attr-dict-with-keyword $epilogue
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Plan_GroupChoicesOp : Plan_Op<"group_choices"> {
  let summary = "which choices fall to each expert";
  let description = [{
    Row t of `ids` has the experts that token t chose; choice `t * choices + j`
    is its j-th. Sorts the choices of all `tokens` by expert:

        order[e]                for e <= experts + 1: how many choices belong to experts below e
        order[experts + 2 + i]  the i-th choice, by expert, and of one expert in their order

    Choices of no expert (−1, or anything outside of [0, experts)) stand behind
    all others, as if of expert `experts`.

    - (C1) `choices` and `experts` are positive.
    - (C2) `ids` are rows of `choices` i32, `order` is `memref<?xi32>`.

    Example:
    ```mlir
    plan.group_choices tokens(%t) ins(%ids : memref<?x2xi32>) outs(%order : memref<?xi32>) {choices = 2 : i64, experts = 8 : i64}
    ```
  }];
  let arguments = (ins Index:$tokens, AnyMemRef:$ids, AnyMemRef:$order, Plan_Positive:$choices,
                       Plan_Positive:$experts);
  let assemblyFormat = [{
    `tokens` `(` $tokens `)` `ins` `(` $ids `:` type($ids) `)` `outs` `(` $order `:` type($order) `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_ExpertLinearOp : Plan_Op<"expert_linear", [AttrSizedOperandSegments]> {
  let summary = "product of rows with those of many packed matrices that each chose";
  let description = [{
    For each token t and each of its `choices` j, with the expert e that it
    chose,

        y[t, j, n] = sum_k(x[t, k] * w[e, n, k]) + bias[e, n]

    or `x[t, j, k]` with `per_choice`; zeros where it chose none. Sums are f32.
    A program makes `columns` n for one choice, or with `many_rows` for all
    choices of one expert, so that a matrix is read once however many tokens
    chose it, and one that none chose is not read:

    | `many_rows` | programs                                        | `routes`                                  |
    |-------------|-------------------------------------------------|-------------------------------------------|
    | false       | `block * choices + j`, of one token             | row of its ids                            |
    | true        | `block * (experts + 1) + e`, the last of no expert | what `plan.group_choices` makes of the ids |

    Without `routes` choice j of each token is expert j: a matrix for each group
    of a row (`nn.grouped_linear`). Programs are `block * choices + j`.

    `activations`: "f32", or "i16" and "i8": rows of `x` become integers as
    they are gathered.

    - (C1) The sizes are positive.
    - (C2) `encoding` is the name of an encoding; `activations` is "f32", "i16" or "i8".
    - (C3) `routes` are rows of `choices` i32, or with `many_rows` `memref<?xi32>`; without them there are as many choices as experts.
    - (C4) Rows of `y` have `choices` times `out_rows` numbers, those of `x` `in_columns`, with `per_choice` times `choices`.
    - (C5) `bias` is f32 of `[experts, out_rows]`.

    Example:
    ```mlir
    plan.expert_linear range(%b, %e) tokens(%t) ins(%x, %w, %ids : memref<?x32xf32>, memref<?xi8>, memref<?x2xi32>) outs(%y : memref<?x32xf32>) {activations = "f32", choices = 2 : i64, columns = 16 : i64, encoding = "q8_0", experts = 8 : i64, in_columns = 32 : i64, many_rows = false, out_rows = 16 : i64, per_choice = false}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, AnyMemRef:$x, AnyMemRef:$w,
                       Optional<AnyMemRef>:$routes, AnyMemRef:$y, Optional<AnyMemRef>:$bias, Plan_Positive:$experts,
                       Plan_Positive:$choices, Plan_Positive:$out_rows, Plan_Positive:$in_columns,
                       Plan_Positive:$columns, StrAttr:$encoding, StrAttr:$activations,
                       BoolAttr:$many_rows, BoolAttr:$per_choice);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)`
    `ins` `(` $x `,` $w (`,` $routes^)? `:` type($x) `,` type($w) (`,` type($routes)^)? `)`
    `outs` `(` $y `:` type($y) `)` (`bias` `(` $bias^ `:` type($bias) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_QuantizeRowsOp : Plan_Op<"quantize_rows"> {
  let summary = "an f32 row into the record of integers that products read";
  let description = [{
    What the record holds is the target's business; `activations` and `row_tile`
    are those of the `plan.linear` that reads it. One record serves matrices of
    every encoding.

    - (C1) `columns` and `row_tile` are positive.
    - (C2) Rows of `x` have `columns`.
    - (C3) `activations` is "i16" or "i8".

    Example:
    ```mlir
    plan.quantize_rows row(%i) ins(%x : memref<?x256xf32>) outs(%r : memref<?xi8>) {activations = "i8", columns = 256 : i64, row_tile = 1 : i64}
    ```
  }];
  let arguments = (ins Index:$row, AnyMemRef:$x, AnyMemRef:$record, Plan_Positive:$columns,
                       Plan_Positive:$row_tile,
                       DefaultValuedStrAttr<StrAttr, "i16">:$activations);
  let assemblyFormat = [{
    `row` `(` $row `)` `ins` `(` $x `:` type($x) `)` `outs` `(` $record `:` type($record) `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_AppendRowsOp : Plan_Op<"append_rows"> {
  let summary = "writes a row of a history into its page";
  let description = [{
    Row `row` of the step, f32 in `x` (`heads` times `columns`, at row `row` of
    `x`), goes to position `first_position + row`. `keys`: the page keeps
    [head][column][row], else [head][row][column].

    - (C1) `heads` and `columns` are positive.
    - (C2) `storage` is f32, f16, bf16 or q8_0.
    - (C3) Rows of `x` have `heads` times `columns`.

    Example:
    ```mlir
    plan.append_rows row(%i) ins(%x : memref<?x32xf32>) pages(%pool, %table : memref<?xi8>, memref<?xi32>) at(%first, %offset, %slot) {columns = 16 : i64, heads = 2 : i64, keys = true, storage = "f16"}
    ```
  }];
  let arguments = (ins Index:$row, AnyMemRef:$x, AnyMemRef:$pool, AnyMemRef:$page_table,
                       Index:$first_position, Index:$instance_offset, Index:$slot_bytes,
                       Plan_Positive:$heads, Plan_Positive:$columns, BoolAttr:$keys, StrAttr:$storage);
  let assemblyFormat = [{
    `row` `(` $row `)` `ins` `(` $x `:` type($x) `)`
    `pages` `(` $pool `,` $page_table `:` type($pool) `,` type($page_table) `)`
    `at` `(` $first_position `,` $instance_offset `,` $slot_bytes `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_AttentionOp : Plan_Op<"attention"> {
  let summary = "attention of query rows over paged keys and values";
  let description = [{
    Softmax over the rows that each token's position sees (`nn.attention`), the
    query heads of one key head together. The grid range `[begin, end)` is over
    (key head, token, part) where `row_tile` is 1, else over (key head, tile of
    that many tokens), in as many programs as `getPrograms` says: `ceil((tokens
    + row_tile - 1) * key_heads / row_tile)`, over which the target spreads the
    tiles. With more than one of `splits`, what is visible is
    cut into so many parts, and `y` takes what `plan.merge_attention` makes a
    row of.

    `products` is the least precision of what is multiplied: "f32", "bf16x2"
    (each number as a sum of two bf16; the product of the lesser terms is left
    out) or "bf16" (rounded to it). A target may be more precise. Sums and the
    softmax are f32.

    - (C1) `heads`, `key_heads`, the columns, `row_tile` and `splits` are positive; `key_heads` divides `heads`.
    - (C2) `storage` is f32, f16, bf16 or q8_0.
    - (C3) Rows of `q` and `y` have `heads` times the columns of keys and of values; parts are bytes.
    - (C4) `row_tile` or `splits` is 1.
    - (C5) `products` is "f32", "bf16x2" or "bf16"; where `row_tile` is 1, "f32".

    Example:
    ```mlir
    plan.attention range(%b, %e) tokens(%t) ins(%q : memref<?x32xf32>) pages(%pool, %table : memref<?xi8>, memref<?xi32>) outs(%y : memref<?x32xf32>) at(%first, %k, %v, %slot) {heads = 2 : i64, key_columns = 16 : i64, key_heads = 1 : i64, scale = 2.5e-01 : f32, storage = "f16", value_columns = 16 : i64, window = -1 : i64}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, AnyMemRef:$q, AnyMemRef:$pool,
                       AnyMemRef:$page_table, AnyMemRef:$y, Optional<AnyMemRef>:$sink,
                       Index:$first_position, Index:$key_offset, Index:$value_offset,
                       Index:$slot_bytes, Plan_Positive:$heads, Plan_Positive:$key_heads,
                       Plan_Positive:$key_columns, Plan_Positive:$value_columns, StrAttr:$storage,
                       F32Attr:$scale, OptionalAttr<F32Attr>:$softcap, Plan_Window:$window,
                       DefaultValuedAttr<Plan_Positive, "1">:$row_tile,
                       DefaultValuedAttr<Plan_Positive, "1">:$splits,
                       DefaultValuedStrAttr<StrAttr, "f32">:$products);
  let extraClassDeclaration = [{
    /// The grid of a dispatch of this.
    SizeAttr getPrograms();
  }];
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)` `ins` `(` $q `:` type($q) `)`
    `pages` `(` $pool `,` $page_table `:` type($pool) `,` type($page_table) `)`
    `outs` `(` $y `:` type($y) `)` (`sink` `(` $sink^ `:` type($sink) `)`)?
    `at` `(` $first_position `,` $key_offset `,` $value_offset `,` $slot_bytes `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_MergeAttentionOp : Plan_Op<"merge_attention"> {
  let summary = "a row of attention from its parts";
  let description = [{
    What a `plan.attention` with the same `heads`, `value_columns` and `splits`
    left in `parts` for row `row` becomes row `row` of `y`.

    - (C1) `heads` and `value_columns` are positive, `splits` is more than 1.
    - (C2) Rows of `y` have `heads` times `value_columns`.

    Example:
    ```mlir
    plan.merge_attention row(%i) ins(%p : memref<?xi8>) outs(%y : memref<?x32xf32>) {heads = 2 : i64, splits = 8 : i64, value_columns = 16 : i64}
    ```
  }];
  let arguments = (ins Index:$row, MemRefRankOf<[I8], [1]>:$parts, AnyMemRef:$y,
                       Plan_Positive:$heads, Plan_Positive:$value_columns, Plan_Positive:$splits);
  let assemblyFormat = [{
    `row` `(` $row `)` `ins` `(` $parts `:` type($parts) `)` `outs` `(` $y `:` type($y) `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_EmbeddingOp : Plan_Op<"embedding"> {
  let summary = "rows of a packed table";
  let description = [{
    Row `i` of `y` is row `ids[i]` of the table, decoded, for `i` in `[begin, end)`.
    Rows of integers are copied: the experts of a token, say, by its number.

    - (C1) `table_rows` and `columns` are positive.
    - (C2) `encoding` is the name of an encoding, `layout` one of `plan.pack`; of integers `i32` in `rows`.
    - (C3) Rows of `y` have `columns` f32, or of integers i32.

    Example:
    ```mlir
    plan.embedding range(%b, %e) ins(%ids, %table : memref<?xi32>, memref<?xi8>) outs(%y : memref<?x32xf32>) {columns = 32 : i64, encoding = "q8_0", layout = "r16", table_rows = 64 : i64}
    ```
  }];
  let arguments = (ins Index:$begin, Index:$end, AnyMemRef:$ids, AnyMemRef:$table, AnyMemRef:$y,
                       Plan_Positive:$table_rows, Plan_Positive:$columns, StrAttr:$encoding, StrAttr:$layout);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `ins` `(` $ids `,` $table `:` type($ids) `,` type($table) `)`
    `outs` `(` $y `:` type($y) `)` attr-dict
  }];
  let hasVerifier = 1;
}

#endif // DIALECTS_PLAN_IR_PLANOPS_TD
