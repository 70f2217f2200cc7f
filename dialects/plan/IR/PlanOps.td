//===- PlanOps.td - Operations of the plan dialect ---------*- tablegen -*-===//

#ifndef DIALECTS_PLAN_IR_PLANOPS_TD
#define DIALECTS_PLAN_IR_PLANOPS_TD

include "dialects/plan/IR/PlanBase.td"
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
    decoded on the way.

    | layout | bytes |
    |--------|-------|
    | `rows` | row-major, as stored in `encoding` |
    | `r16`  | 16 rows interleaved, see `codegen/cpu/packing` |

    Example:
    ```mlir
    plan.pack @wq.r16 of @layer0.wq[30] layout "r16" encoding "q4_1" shape [576, 576]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, FlatSymbolRefAttr:$source, I64Attr:$count,
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
    of the members' counts. `window`: rows a query sees, -1 for all.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$window, I64Attr:$slot_bytes,
                       I64Attr:$bytes_per_token, ArrayAttr:$members,
                       DenseI64ArrayAttr:$counts, DenseI64ArrayAttr:$offsets);
  let assemblyFormat = [{
    $sym_name `window` $window `slot` $slot_bytes `per_token` $bytes_per_token
    `members` $members `counts` $counts `offsets` $offsets attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_ProgramOp : Plan_Op<"program", [Symbol, NoTerminator, SingleBlock, IsolatedFromAbove]> {
  let summary = "a list of dispatches that runs once per step";
  let description = [{
    The body creates buffers and dispatches kernels on them, in order.
    `max_tokens` bounds the symbol `tokens`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$max_tokens);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `max_tokens` $max_tokens attr-dict-with-keyword $body";
}

//===----------------------------------------------------------------------===//
// Inside a program: buffers and dispatches
//===----------------------------------------------------------------------===//

def Plan_BufferOp : Plan_Op<"buffer", [HasParent<"ProgramOp">]> {
  let summary = "an activation buffer of the session's arena";
  let description = [{
    `rows` (padded to what the kernels write) times `row_bytes`, 64-byte aligned.
    `role` names buffers that the host reads or writes (`hidden`, `logits_in`,
    `logits_out`); they have the same place in every program. Memory planning
    sets `offset`.
  }];
  let arguments = (ins I64Attr:$rows, I64Attr:$row_bytes, OptionalAttr<StrAttr>:$role,
                       OptionalAttr<I64Attr>:$offset);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = [{
    (`role` $role^)? `rows` $rows `row_bytes` $row_bytes (`offset` $offset^)? attr-dict
    `:` type($result)
  }];
}

def Plan_WeightOp : Plan_Op<"weight", [HasParent<"ProgramOp">]> {
  let summary = "an element of a packed weight family";
  let arguments = (ins FlatSymbolRefAttr:$pack, I64Attr:$index);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$pack `[` $index `]` attr-dict `:` type($result)";
}

def Plan_InputOp : Plan_Op<"input", [HasParent<"ProgramOp">]> {
  let summary = "what the host provides in a step";
  let description = [{
    `tokens`, `positions`: i32 per row. `rope_table` @table: cosines and sines
    per row. `pool` @group, `page_table` @group: the pages of a state group.
  }];
  let arguments = (ins StrAttr:$kind, OptionalAttr<FlatSymbolRefAttr>:$source);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$kind ($source^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_DispatchOp : Plan_Op<"dispatch", [HasParent<"ProgramOp">]> {
  let summary = "runs a kernel over a grid";
  let description = [{
    Runs the programs `[0, grid)` of `kernel` on `buffers`; `writes` are the
    positions of those that it writes. Without `barrier` the next dispatch may
    start before this one ends.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Plan_SizeAttr:$grid,
                       Variadic<AnyMemRef>:$buffers, DenseI64ArrayAttr:$writes,
                       ArrayAttr:$sizes, BoolAttr:$barrier, StrAttr:$label,
                       DefaultValuedAttr<I64Attr, "0">:$weight_bytes,
                       DefaultValuedAttr<I64Attr, "0">:$flops);
  let assemblyFormat = [{
    $kernel `grid` $grid `(` $buffers `)` `writes` $writes `sizes` $sizes
    `barrier` $barrier $label attr-dict `:` type($buffers)
  }];
}

def Plan_TapOp : Plan_Op<"tap", [HasParent<"ProgramOp">]> {
  let summary = "here `buffer` holds hidden.N, for verify";
  let arguments = (ins AnyMemRef:$buffer, I64Attr:$hidden);
  let assemblyFormat = "$buffer `hidden` $hidden attr-dict `:` type($buffer)";
}

//===----------------------------------------------------------------------===//
// Inside kernels: what targets have strategies for
//===----------------------------------------------------------------------===//

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator, HasParent<"LinearOp">]> {
  let summary = "the stored value of an epilogue";
  let arguments = (ins AnyFloat:$value);
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

    `activations`: "f32" reads f32 rows; "i16" the records that
    `plan.quantize_rows` made with the same `row_tile` (1: one row). `many_rows`:
    `tokens` may be more than 1.
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, AnyMemRef:$x, AnyMemRef:$w,
                       AnyMemRef:$y, Variadic<AnyMemRef>:$extras, I64Attr:$out_rows,
                       I64Attr:$in_columns, StrAttr:$encoding, StrAttr:$activations,
                       BoolAttr:$many_rows, I64Attr:$row_tile, BoolAttr:$paired);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)`
    `ins` `(` $x `,` $w `:` type($x) `,` type($w) `)` `outs` `(` $y `:` type($y) `)`
    (`extras` `(` $extras^ `:` type($extras) `)`)? attr-dict-with-keyword $epilogue
  }];
  let hasVerifier = 1;
}

def Plan_QuantizeRowsOp : Plan_Op<"quantize_rows"> {
  let summary = "an f32 row into the 16-bit record that products read";
  let arguments = (ins Index:$row, AnyMemRef:$x, AnyMemRef:$record, I64Attr:$columns,
                       I64Attr:$row_tile, StrAttr:$encoding);
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
  }];
  let arguments = (ins Index:$row, AnyMemRef:$x, AnyMemRef:$pool, AnyMemRef:$page_table,
                       Index:$first_position, Index:$instance_offset, Index:$slot_bytes,
                       I64Attr:$heads, I64Attr:$columns, BoolAttr:$keys, StrAttr:$storage);
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
    For the grid range `[begin, end)` over (token, key head): softmax over the
    rows that the token's position sees (`nn.attention`), the query heads of one
    key head together.
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$tokens, AnyMemRef:$q, AnyMemRef:$pool,
                       AnyMemRef:$page_table, AnyMemRef:$y, Optional<AnyMemRef>:$sink,
                       Index:$first_position, Index:$key_offset, Index:$value_offset,
                       Index:$slot_bytes, I64Attr:$heads, I64Attr:$key_heads,
                       I64Attr:$key_columns, I64Attr:$value_columns, StrAttr:$storage,
                       F32Attr:$scale, OptionalAttr<F32Attr>:$softcap, I64Attr:$window);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `tokens` `(` $tokens `)` `ins` `(` $q `:` type($q) `)`
    `pages` `(` $pool `,` $page_table `:` type($pool) `,` type($page_table) `)`
    `outs` `(` $y `:` type($y) `)` (`sink` `(` $sink^ `:` type($sink) `)`)?
    `at` `(` $first_position `,` $key_offset `,` $value_offset `,` $slot_bytes `)` attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_EmbeddingOp : Plan_Op<"embedding"> {
  let summary = "rows of a packed table";
  let arguments = (ins Index:$begin, Index:$end, AnyMemRef:$ids, AnyMemRef:$table, AnyMemRef:$y,
                       I64Attr:$table_rows, I64Attr:$columns, StrAttr:$encoding, StrAttr:$layout);
  let assemblyFormat = [{
    `range` `(` $begin `,` $end `)` `ins` `(` $ids `,` $table `:` type($ids) `,` type($table) `)`
    `outs` `(` $y `:` type($y) `)` attr-dict
  }];
  let hasVerifier = 1;
}

#endif // DIALECTS_PLAN_IR_PLANOPS_TD
