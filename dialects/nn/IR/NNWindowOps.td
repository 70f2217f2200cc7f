//===- NNWindowOps.td - Windows of tokens, and their clock -----*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNWINDOWOPS
#define DIALECTS_NN_IR_NNWINDOWOPS

include "dialects/nn/IR/NNAttrs.td"
include "dialects/nn/IR/NNInterfaces.td"
include "dialects/nn/IR/NNTypes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_WindowStateOp : NN_Op<"window_state", [Symbol, HasParent<"::mlir::ModuleOp">,
                                              DeclareOpInterfaceMethods<NN_StateOpInterface>]> {
  let summary = "what `nn.windows` remembers, or one such state per layer";
  let description = [{
    The rows of the window that is open, and the `before` rows ahead of it:
    `before + size - 1` at most, whatever the length of the sequence. They are
    kept as they are. Rows of a window that is complete are gone, so the state
    of fewer tokens can be had from a copy only.

    - (C1) `count`, where given, is positive; `layers` are not negative and ascend, and there is no `count`.
    - (C2) The type is that of a row for each token: no `window`, `clock` or `picks`.
    - (C3) `size > 0`, `before >= 0`, and the bytes of the state fit 61 bits.

    Example:
    ```mlir
    nn.window_state @layer0.gate[20] : !nn.rows<1024xf32> size = 4 before = 4
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<NN_I64Attr>:$count, TypeAttrOf<NN_RowsType>:$type,
                       NN_PositiveI64Attr:$size, DefaultValuedAttr<NN_NonNegativeI64Attr, "0">:$before,
                       OptionalAttr<DenseI64ArrayAttr>:$layers);
  let assemblyFormat = [{
    $sym_name (`[` $count^ `]`)? `:` qualified($type) `size` `=` $size (`before` `=` $before^)?
    (`layers` `=` custom<Layers>($layers)^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isFamily() { return getCount() || getLayers(); }
    /// Rows that it has at most.
    int64_t getMostRows() { return getBefore() + getSize() - 1; }
  }];
}

def NN_WindowsOp : NN_Op<"windows", [NN_InfersTypes, NN_StateUserOpInterface,
                                     DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                                     DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "the rows of each window of tokens that is complete";
  let description = [{
    Windows do not overlap: window w is of the tokens `w * size` to
    `w * size + size - 1`. For each window that the step completes, in order,
    the result has the `before` rows ahead of it and its own:

        result[m, j] = x(w * size - before + j)      for j < before + size
        x(p)         = fill                          for p < 0

    with w the m-th of them and x(p) the row of position p since the sequence
    began. How many they are is that of `nn.window_positions`; there may be
    none. The rows of the result have the clock `size`: only values of that
    clock belong with them.

    Feeding a sequence in pieces gives the same windows as feeding it at once.
    One step runs one `nn.windows` per state.

    | Name        | Shape                    | Element type       |
    |-------------|--------------------------|--------------------|
    | `x`         | `[T, ..]`                | f16, bf16, f32     |
    | `positions` | `[T]`                    | i32, rising by one |
    | `result`    | `[M, before + size, ..]` | that of `x`        |

    - (C1) `x` has a dimension, the first of the size of `positions`, the others static.
    - (C2) `state` names an `nn.window_state` of the rows of `x`, of the same `size` and `before`.
    - (C3) `index` is there if and only if that state is a family; a constant one is within it.
    - (C4) `fill` is not NaN.

    Example:
    ```mlir
    %g = nn.windows %gate, %positions state = @layer0.gate[%layer] size = 4 before = 4 fill = 0xFF800000 : tensor<?x1024xf32>, tensor<?xi32> -> tensor<?x8x1024xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, NN_Positions:$positions, Optional<Index>:$index, FlatSymbolRefAttr:$state,
                       NN_PositiveI64Attr:$size, DefaultValuedAttr<NN_NonNegativeI64Attr, "0">:$before,
                       DefaultValuedAttr<NN_NumberF32Attr, "0.0f">:$fill);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = [{
    $x `,` $positions `state` `=` $state (`[` $index^ `]`)? `size` `=` $size (`before` `=` $before^)?
    (`fill` `=` $fill^)? attr-dict `:` type($x) `,` type($positions) `->` type($result)
  }];
}

def NN_WindowPositionsOp : NN_Op<"window_positions", [Pure, NN_InfersTypes]> {
  let summary = "where the windows begin that a step completes";
  let description = [{
    For each position p of the step with `(p + 1) % size = 0`, in order,
    `p + 1 - size`: the position of the first token of the window that p
    completes. It is the position of the window's row, and whoever runs the
    step knows it beforehand.

    | Name        | Shape | Element type       |
    |-------------|-------|--------------------|
    | `positions` | `[T]` | i32, rising by one |
    | `result`    | `[M]` | i32                |

    - (C1) `size > 0`.

    Example:
    ```mlir
    %starts = nn.window_positions %positions size = 4 : tensor<?xi32> -> tensor<?xi32>
    ```
  }];
  let arguments = (ins NN_Positions:$positions, NN_PositiveI64Attr:$size);
  let results = (outs NN_Positions:$result);
  let assemblyFormat = "$positions `size` `=` $size attr-dict `:` type($positions) `->` type($result)";
}

#endif // DIALECTS_NN_IR_NNWINDOWOPS
