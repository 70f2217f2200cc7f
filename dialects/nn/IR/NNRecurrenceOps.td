//===- NNRecurrenceOps.td - Recurrences along the sequence -----*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNRECURRENCEOPS
#define DIALECTS_NN_IR_NNRECURRENCEOPS

include "dialects/nn/IR/NNAttrs.td"
include "dialects/nn/IR/NNInterfaces.td"
include "dialects/nn/IR/NNTypes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def NN_RecurrentStateOp : NN_Op<"recurrent_state", [Symbol, HasParent<"::mlir::ModuleOp">,
                                                    DeclareOpInterfaceMethods<NN_StateOpInterface>]> {
  let summary = "what a recurrence remembers, or one such state per layer";
  let description = [{
    A tensor of f32 that each token replaces: zeros before the first, of one
    size whatever the length of the sequence. Tokens cannot be taken back out
    of it, so the state of fewer tokens can be had from a copy only.

    - (C1) `count`, where given, is positive; `layers` are not negative and ascend, and there is no `count`.
    - (C2) The type is a static tensor of f32 that is not empty, whose bytes fit 61 bits.

    Example:
    ```mlir
    nn.recurrent_state @layer0.s[30] : tensor<32x128x128xf32>
    nn.recurrent_state @conv : tensor<3x64xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<NN_I64Attr>:$count,
                       TypeAttrOf<NN_Tensor>:$type, OptionalAttr<DenseI64ArrayAttr>:$layers);
  let assemblyFormat = "$sym_name (`[` $count^ `]`)? `:` $type (`layers` `=` custom<Layers>($layers)^)? attr-dict";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isFamily() { return getCount() || getLayers(); }
    ::mlir::RankedTensorType getStateType() { return ::llvm::cast<::mlir::RankedTensorType>(getType()); }
    /// Bytes of one of the states.
    int64_t getStateBytes() { return getStateType().getNumElements() * 4; }
  }];
}

class NN_RecurrenceOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat([NN_InfersTypes, NN_StateUserOpInterface,
                                   DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                                   DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)>;

def NN_CausalConvOp : NN_RecurrenceOp<"causal_conv"> {
  let summary = "convolution of each channel with its last values";
  let description = [{
    With x(p) the row of position p since the sequence began, and 0 for p < 0,
    the row of the token at position p is

        result[c] = sum_j(w[c, j] * x(p - taps + 1 + j)[c])    for 0 <= j < taps

    The last tap is the token's own. Sums are taken in f32 and rounded once.
    The state keeps the last `taps - 1` rows, the oldest first.

    Feeding a sequence in pieces gives the same rows as feeding it at once. One
    step runs one op per state.

    | Name          | Shape       | Element type       |
    |---------------|-------------|--------------------|
    | `x`, `result` | `[T, C]`    | f16, bf16, f32     |
    | `positions`   | `[T]`       | i32, rising by one |
    | `w`           | `[C, taps]` | any encoding; f16, bf16, f32 |

    - (C1) `x` has two dimensions, the first of the size of `positions`.
    - (C2) `w` has a row for each channel of `x`, and `taps` is 2 or more.
    - (C3) `state` names an `nn.recurrent_state` of `[taps - 1, C]`.
    - (C4) `index` is there if and only if that state is a family; a constant one is within it.

    Example:
    ```mlir
    %y = nn.causal_conv %x, %positions, %w state = @layer0.conv[%layer] : tensor<?x64xf32>, tensor<?xi32>, !nn.weight<64x4, bf16> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$x, NN_Positions:$positions, NN_WeightOrTensor:$w, Optional<Index>:$index,
                       FlatSymbolRefAttr:$state);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $x `,` $positions `,` $w `state` `=` $state (`[` $index^ `]`)? attr-dict
    `:` type($x) `,` type($positions) `,` qualified(type($w)) `->` type($result)
  }];
}

def NN_GatedDeltaOp : NN_RecurrenceOp<"gated_delta", [AttrSizedOperandSegments]> {
  let summary = "gated delta rule, or a selective scan: a matrix per head that each token decays and adds to";
  let description = [{
    Per value head h, with key head g = h * Hk / Hv, each token in turn does to
    the state S of h, in f32:

        S = exp(decay[h]) * S
        d = beta[h] * (v[h] - S^T k[g])
        S = S + k[g] (x) d                    outer product, [dk, dv]
        result[h] = S^T q[g]

    Without `beta` nothing is corrected: d = v[h]. That is linear attention that
    decays, and the selective scan of Mamba-2, whose C, B and dt * x are `q`,
    `k` and `v`, and dt * A is `decay`.

    The result is rounded once. Tokens may be taken in blocks, as long as sums
    stay in f32.

    Feeding a sequence in pieces gives the same rows as feeding it at once. One
    step runs one op per state.

    | Name            | Shape         | Element type       |
    |-----------------|---------------|--------------------|
    | `q`, `k`        | `[T, Hk, dk]` | f16, bf16, f32     |
    | `positions`     | `[T]`         | i32, rising by one |
    | `v`, `result`   | `[T, Hv, dv]` | f16, bf16, f32     |
    | `decay`, `beta` | `[T, Hv]`     | f16, bf16, f32     |

    - (C1) `q` has three dimensions, the first of the size of `positions`; `k` is like it.
    - (C2) `v` has three dimensions, as many tokens, and `Hk` divides `Hv`.
    - (C3) `decay`, and `beta` where it is given, have one number for each token and value head.
    - (C4) `state` names an `nn.recurrent_state` of `[Hv, dk, dv]`.
    - (C5) `index` is there if and only if that state is a family; a constant one is within it.

    Example:
    ```mlir
    %y = nn.gated_delta %q, %positions, %k, %v, %decay, %beta state = @layer0.s[%layer] : tensor<?x2x16xf32>, tensor<?xi32>, tensor<?x2x16xf32>, tensor<?x4x8xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
    %z = nn.gated_delta %q, %positions, %k, %v, %decay state = @layer0.s[%layer] : tensor<?x2x16xf32>, tensor<?xi32>, tensor<?x2x16xf32>, tensor<?x4x8xf32>, tensor<?x4xf32> -> tensor<?x4x8xf32>
    ```
  }];
  let arguments = (ins NN_RowTensor:$q, NN_Positions:$positions, NN_RowTensor:$k, NN_RowTensor:$v,
                       NN_RowTensor:$decay, Optional<NN_RowTensor>:$beta, Optional<Index>:$index,
                       FlatSymbolRefAttr:$state);
  let results = (outs NN_RowTensor:$result);
  let assemblyFormat = [{
    $q `,` $positions `,` $k `,` $v `,` $decay (`,` $beta^)? `state` `=` $state (`[` $index^ `]`)? attr-dict
    `:` type($q) `,` type($positions) `,` type($k) `,` type($v) `,` type($decay) (`,` type($beta)^)? `->` type($result)
  }];
}

#endif // DIALECTS_NN_IR_NNRECURRENCEOPS
