//===- NNModuleOps.td - Symbols of a model and ops on weights --*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNMODULEOPS
#define DIALECTS_NN_IR_NNMODULEOPS

include "dialects/nn/IR/NNAttrs.td"
include "dialects/nn/IR/NNInterfaces.td"
include "dialects/nn/IR/NNTypes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class NN_SymbolOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, [Symbol, HasParent<"::mlir::ModuleOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>] # traits>;

def NN_WeightOp : NN_Op<"weight", [Symbol, IsolatedFromAbove, SingleBlock, HasParent<"::mlir::ModuleOp">]> {
  let summary = "a weight, or one weight per layer, by the names of stored tensors";
  let description = [{
    The region says how the weight is made from tensors of the checkpoint. It
    runs when an artifact is written, once for each element of `indices`, as a
    stream over mapped files: a movement of whole storage blocks is a copy of
    bytes, all else happens on decoded f32.

    With `indices` the symbol is a family of weights of one type; element `i`
    stands for layer `indices[i]`, and `{layer}` in the names of stored tensors
    is that number. `nn.get_weight` counts elements, not layers.

    With `layers` the symbol is a family too, with an element for each of these
    layers, and `nn.get_weight` says which layer's it is: the form that a model
    is imported in, where one symbol serves all layers and the functions that
    several of them share. `nn-expand-layers` makes `indices` of it. Lists of
    layers are written with `to` and `by`: `[0, 3 to 59 by 2]`.

    A weight that is one tensor as it is stored has a short form, `stored` and
    the tensor's name for the region.

    - (C1) The region has only ops that work on weights, and scalar f32 `arith.constant`.
    - (C2) It yields one weight of type `type`.
    - (C3) `indices` are not negative, and there is at least one.
    - (C4) `layers` are not negative and ascend, there is at least one, and no `indices`.

    Example:
    ```mlir
    nn.weight @layer0.wq[2] : !nn.weight<576x576, q4_1> indices = [0, 1] {
      %0 = nn.stored "blk.{layer}.attn_q.weight" : !nn.weight<576x576, q4_1>
      %1 = nn.rearrange %0, "(n r two) c -> (n two r) c" {n = 9 : i64, two = 2 : i64} : !nn.weight<576x576, q4_1> -> !nn.weight<576x576, q4_1>
      nn.yield %1 : !nn.weight<576x576, q4_1>
    }
    nn.weight @norm[2] : !nn.weight<576, f32> indices = [0, 1] stored "blk.{layer}.attn_norm.weight"
    nn.weight @layer.wo : !nn.weight<576x576, f32> layers = [0 to 29] stored "blk.{layer}.attn_output.weight"
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<NN_WeightType>:$type,
                       OptionalAttr<DenseI64ArrayAttr>:$indices, OptionalAttr<DenseI64ArrayAttr>:$layers);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let builders = [
    /// Makes the op with an empty block; no `indices`: one weight.
    OpBuilder<(ins "::llvm::StringRef":$name, "::tombolo::nn::WeightType":$type,
                   "std::optional<::llvm::ArrayRef<int64_t>>":$indices)>
  ];
  let extraClassDeclaration = [{
    bool isFamily() { return getIndices() || getLayers(); }
    /// Of each element its layer; empty for a single weight.
    ::llvm::ArrayRef<int64_t> getElementLayers() { return getIndices().value_or(getLayers().value_or(::llvm::ArrayRef<int64_t>())); }
    /// Elements of the family, 1 for a single weight.
    int64_t getCount() { return isFamily() ? getElementLayers().size() : 1; }
    /// The layer of what an index names, 0 for a single weight; nothing where
    /// the index names none.
    std::optional<int64_t> getLayerAt(int64_t index);
    ::mlir::Block &getBlock() { return getBody().front(); }
  }];
}

def NN_YieldOp : NN_Op<"yield", [Pure, Terminator, HasParent<"WeightOp">]> {
  let summary = "the value of a weight's region";
  let arguments = (ins NN_WeightType:$value);
  let assemblyFormat = "$value attr-dict `:` qualified(type($value))";
}

def NN_StoredOp : NN_Op<"stored", [Pure, NN_OnWeights, HasParent<"WeightOp">]> {
  let summary = "a tensor of the checkpoint, as it is stored";
  let description = [{
    `{layer}` in `name` stands for the layer of the weight's element. The shape
    and encoding of the tensor found under that name must be those of the type.

    A name with `{expert}` is a stack: place e of the first dimension is the
    tensor whose name has e there, of the type's other dimensions.

    - (C1) Only a family (a weight with `indices`) says `{layer}`.
    - (C2) The result of a name with `{expert}` has a dimension.

    Example:
    ```mlir
    %0 = nn.stored "model.norm.weight" : !nn.weight<576, bf16>
    %1 = nn.stored "layers.{layer}.experts.{expert}.w1.weight" : !nn.weight<256x2048x4096, bf16>
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs NN_WeightType:$result);
  let assemblyFormat = "$name attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Whether it is a tensor for each place of the first dimension.
    bool isStack();
    /// The name with `{layer}`, and of a stack `{expert}`, replaced.
    std::string getTensorName(int64_t layer, int64_t expert = 0);
  }];
}

def NN_DecodeOp : NN_Op<"decode", [Pure, NN_OnWeights, NN_InfersTypes]> {
  let summary = "a weight's numbers as f32";
  let description = [{
    Each number is exact up to one rounding of each product of the encoding's
    formula (64-bit floats and integers round to the nearest f32).

    - (C1) The encoding has f32 values (complex numbers have none).

    Example:
    ```mlir
    %1 = nn.decode %0 : !nn.weight<576, bf16> -> !nn.weight<576, f32>
    ```
  }];
  let arguments = (ins NN_WeightType:$x);
  let results = (outs NN_WeightType:$result);
  let assemblyFormat = "$x attr-dict `:` qualified(type($x)) `->` qualified(type($result))";
  let hasFolder = 1;
}

def NN_InterleaveOp : NN_Op<"interleave", [Pure, NN_OnWeights, NN_InfersTypes]> {
  let summary = "rows of several weights, alternating in groups";
  let description = [{
    With `r = rows` and n parts of R rows each, row `(g * n + p) * r + i` of the
    result is row `g * r + i` of part p, for `i < r`, `g < R / r`. Encoded rows
    are copied.

    | Name     | Shape          |
    |----------|----------------|
    | `parts`  | `[R, ..]` each |
    | `result` | `[n * R, ..]`  |

    - (C1) There are at least two parts, all of one type, with a dimension.
    - (C2) `R` is a multiple of `rows`.

    Example:
    ```mlir
    %2 = nn.interleave %0, %1 rows = 16 : !nn.weight<64x32, f16>, !nn.weight<64x32, f16> -> !nn.weight<128x32, f16>
    ```
  }];
  let arguments = (ins Variadic<NN_WeightType>:$parts, NN_PositiveI64Attr:$rows);
  let results = (outs NN_WeightType:$result);
  let assemblyFormat = "$parts `rows` `=` $rows attr-dict `:` qualified(type($parts)) `->` qualified(type($result))";
}

def NN_GetWeightOp : NN_Op<"get_weight", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "reads a weight";
  let description = [{
    `index` counts the elements of a family from 0; it is not a layer number,
    but where the weight says `layers`.

    - (C1) `weight` names an `nn.weight` of the result's type.
    - (C2) `index` is there if and only if that weight is a family.
    - (C3) A constant `index` is within the family.

    Example:
    ```mlir
    %wq = nn.get_weight @layer0.wq[%layer] : !nn.weight<576x576, q4_1>
    %embed = nn.get_weight @embed : !nn.weight<49152x576, q8_0>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight, Optional<Index>:$index);
  let results = (outs NN_WeightType:$result);
  let assemblyFormat = "$weight (`[` $index^ `]`)? attr-dict `:` qualified(type($result))";
}

def NN_StateOp : NN_Op<"state", [Symbol, HasParent<"::mlir::ModuleOp">,
                                 DeclareOpInterfaceMethods<NN_StateOpInterface>]> {
  let summary = "what `nn.history` remembers, or one such state per layer";
  let description = [{
    Rows of the given type, kept by position in pages of 128. `storage` is the
    encoding that rows are rounded to when they are kept: every row is seen
    through it, the newest included.

    - (C1) `storage` is f32, f16, bf16 or q8_0 (blocks of 32 columns, each with a
      scale of f16: a 127th of its largest magnitude, rounded).
    - (C2) `count`, where given, is positive.
    - (C3) The innermost size is a multiple of the storage's block.
    - (C4) The type has no `picks`: which rows a query sees is the query's.
    - (C5) `layers` are not negative and ascend, there is at least one, and no `count`.

    Example:
    ```mlir
    nn.state @layer0.k[30] : !nn.rows<3x64xf32> storage = f16
    nn.state @shared : !nn.rows<512xf32, window = 128> storage = f32
    nn.state @entries : !nn.rows<512xf32, clock = 4> storage = f16
    nn.state @attend.k : !nn.rows<3x64xf32> storage = f16 layers = [0 to 29]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<NN_I64Attr>:$count, TypeAttrOf<NN_RowsType>:$type,
                       NN_EncodingAttr:$storage, OptionalAttr<DenseI64ArrayAttr>:$layers);
  let assemblyFormat = [{
    $sym_name (`[` $count^ `]`)? `:` qualified($type) `storage` `=` custom<EncodingName>($storage)
    (`layers` `=` custom<Layers>($layers)^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isFamily() { return getCount() || getLayers(); }
    ::tombolo::Encoding getStorageEncoding() { return getStorage().getEncoding(); }
    /// Rows of a page of every state that grows.
    static constexpr int64_t kPageRows = 128;
  }];
}

def NN_RopeTableOp : NN_SymbolOp<"rope_table"> {
  let summary = "the frequencies of a rotary embedding";
  let description = [{
    `freqs[i]` is the angle, in radians per position, of the i-th pair of
    channels; it may be 0 (a pair that does not turn). Where `divisors` names a
    weight, angle i is divided by its i-th element. `scale` multiplies cosines
    and sines.

    A sequence longer than `long_from` tokens uses `long_freqs` for `freqs` and
    `long_divisors` for `divisors`, each where it is there. Which set is used
    is decided once per sequence, from the length its caller announces, so that
    tokens already kept stay comparable.

    - (C1) `freqs` has at least one element; frequencies are finite; `long_freqs` has as many.
    - (C2) `divisors` and `long_divisors` name single weights of shape `[size(freqs)]`.
    - (C3) `long_from` is there, and not negative, if and only if `long_freqs` or `long_divisors` is.
    - (C4) `scale` is finite.

    Example:
    ```mlir
    nn.rope_table @rope0 freqs = [1.0, 0.01] scale = 1.0
    nn.rope_table @rope1 freqs = [1.0, 0.01] scale = 1.19 long_freqs = [0.5, 0.001] long_from = 4096
    nn.rope_table @rope2 freqs = [1.0, 0.01] scale = 1.0 divisors = @rope_divisors
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, F64ArrayAttr:$freqs, ConfinedAttr<F64Attr, [NN_Finite]>:$scale,
                       OptionalAttr<FlatSymbolRefAttr>:$divisors, OptionalAttr<F64ArrayAttr>:$long_freqs,
                       OptionalAttr<FlatSymbolRefAttr>:$long_divisors,
                       OptionalAttr<NN_NonNegativeI64Attr>:$long_from);
  let assemblyFormat = [{
    $sym_name `freqs` `=` $freqs `scale` `=` $scale (`divisors` `=` $divisors^)? (`long_freqs` `=` $long_freqs^)?
    (`long_divisors` `=` $long_divisors^)? (`long_from` `=` $long_from^)? attr-dict
  }];
  let hasVerifier = 1;
  let builders = [
    /// No `longFreqs` or `longDivisors`: one set for all lengths. Empty names: no divisors.
    OpBuilder<(ins "::llvm::StringRef":$name, "::llvm::ArrayRef<double>":$freqs, "double":$scale,
                   CArg<"::llvm::StringRef", "{}">:$divisors, CArg<"::llvm::ArrayRef<double>", "{}">:$longFreqs,
                   CArg<"::llvm::StringRef", "{}">:$longDivisors,
                   CArg<"std::optional<int64_t>", "{}">:$longFrom)>
  ];
  let extraClassDeclaration = [{
    ::llvm::SmallVector<double> getFrequencies();
    /// Empty where there are none.
    ::llvm::SmallVector<double> getLongFrequencies();
  }];
}

def NN_LayerOp : NN_Op<"layer", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a layer by the function that it shares with others";
  let description = [{
    A call of `callee` with the number of the layer in front of the arguments.
    `nn-expand-layers` makes an `arith.constant` and a `func.call` of it.

    - (C1) `callee` names a function of this module that takes an `index` and then the arguments.
    - (C2) Its results are of the types of the op's.
    - (C3) `layer` is not negative.

    Example:
    ```mlir
    %1 = nn.layer @layer0[3](%positions, %0) {nn.tap = 4 : i64} : (tensor<?xi32>, tensor<?x576xf32>) -> tensor<?x576xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, NN_NonNegativeI64Attr:$layer, Variadic<AnyType>:$arguments);
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = "$callee `[` $layer `]` `` `(` $arguments `)` attr-dict `:` functional-type($arguments, $results)";
}

#endif // DIALECTS_NN_IR_NNMODULEOPS
