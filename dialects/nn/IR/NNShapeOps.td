//===- NNShapeOps.td - Ops that move numbers -------------------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNSHAPEOPS
#define DIALECTS_NN_IR_NNSHAPEOPS

include "dialects/nn/IR/NNTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class NN_ShapeOp<string mnemonic, list<Trait> traits = []> : NN_Op<mnemonic, [Pure, NN_InfersTypes] # traits>;

def NN_SliceOp : NN_ShapeOp<"slice", [NN_OnWeights]> {
  let summary = "a range of each axis, or one place of it";
  let description = [{
    Each axis a has a range: `begins[a]`, `ends[a]` (exclusive) and `steps[a]`.
    An end of `ShapedType::kDynamic` (nothing in the syntax) is the size of the
    axis. A step of 0 (no colon in the syntax) takes the place `begins[a]` and
    drops the axis.

    | Syntax  | begin, end, step |
    |---------|------------------|
    | `:`     | 0, size, 1       |
    | `4:8`   | 4, 8, 1          |
    | `1::2`  | 1, size, 2       |
    | `3`     | 3, 4, 0          |

    A weight keeps its encoding.

    - (C1) There is a range for each axis, and it is not empty: `0 <= begin < end <= size`, `step >= 0`.
    - (C2) A dynamic axis is taken whole.
    - (C3) On a weight whose encoding has blocks of more than one element, the
      range of the innermost axis starts and ends at blocks and has step 1.

    Example:
    ```mlir
    %k = nn.slice %qkv[:, 576:768] : tensor<?x960xf32> -> tensor<?x192xf32>
    %w = nn.slice %packed[3, 0:64, :] : !nn.weight<8x128x32, q8_0> -> !nn.weight<64x32, q8_0>
    ```
  }];
  let arguments = (ins NN_WeightOrTensor:$x, DenseI64ArrayAttr:$begins, DenseI64ArrayAttr:$ends,
                       DenseI64ArrayAttr:$steps);
  let results = (outs NN_WeightOrTensor:$result);
  let assemblyFormat = "$x `` custom<Ranges>($begins, $ends, $steps) attr-dict `:` type($x) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let builders = [
    /// Ranges as a description writes them (see SliceRange); they must fit.
    OpBuilder<(ins "::mlir::Value":$x, "::llvm::ArrayRef<::tombolo::nn::SliceRange>":$ranges)>
  ];
}

def NN_ConcatOp : NN_ShapeOp<"concat", [NN_OnWeights]> {
  let summary = "parts one after the other along an axis";
  let description = [{
    | Name     | Shape                         | Element type         |
    |----------|-------------------------------|----------------------|
    | `parts`  | `[.., n_p, ..]` each          | one for all          |
    | `result` | `[.., n_0 + n_1 + .., ..]`    | that of the parts    |

    - (C1) There is a part; all are weights of one encoding, or tensors of one element type.
    - (C2) `axis` is an axis of theirs, and static.
    - (C3) All other axes agree.

    Example:
    ```mlir
    %c = nn.concat %a, %b axis = 1 : tensor<?x8xf32>, tensor<?x4xf32> -> tensor<?x12xf32>
    ```
  }];
  let arguments = (ins Variadic<NN_WeightOrTensor>:$parts, DefaultValuedAttr<NN_I64Attr, "-1">:$axis);
  let results = (outs NN_WeightOrTensor:$result);
  let assemblyFormat = "$parts (`axis` `=` $axis^)? attr-dict `:` type($parts) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizeMethod = 1;
}

def NN_RepeatOp : NN_ShapeOp<"repeat"> {
  let summary = "a new axis of equal copies";
  let description = [{
        result[.., j, ..] = x[.., ..]      for j < times

    The new axis is `axis` of the result.

    - (C1) `axis` is an axis of the result; no dynamic axis moves.
    - (C2) `times` is positive.

    Example:
    ```mlir
    %r = nn.repeat %x axis = 1 times = 4 : tensor<?x64xf32> -> tensor<?x4x64xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, NN_I64Attr:$axis, NN_PositiveI64Attr:$times);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x `axis` `=` $axis `times` `=` $times attr-dict `:` type($x) `->` type($result)";
  let hasCanonicalizeMethod = 1;
}

def NN_RearrangeOp : NN_ShapeOp<"rearrange", [NN_OnWeights]> {
  let summary = "axes split, reordered and merged";
  let description = [{
    `pattern` is `axes -> axes`. On each side stand the axes in order: a name;
    `1`, an axis of size 1; `(a b)`, an axis made of several, the last running
    fastest; or `...`, the leading axes that have no name (on both sides or on
    none). The same names stand on both sides, each once a side. `sizes` gives
    the sizes that the shape of `x` does not: in each group all but one.

    The value with coordinates (a, b, ..) on the left is the value with the
    same coordinates on the right. A weight keeps its encoding.

    - (C1) The pattern is well formed and fits the shape of `x`; `sizes` names only its axes.
    - (C2) A dynamic axis is one name, and first on both sides.
    - (C3) On a weight whose encoding has blocks of more than one element, the
      last name (group or not) is the same on both sides and its size a multiple of the block.

    Example:
    ```mlir
    %h = nn.rearrange %x, "... (n c) -> ... n c" {n = 9 : i64} : tensor<?x576xf32> -> tensor<?x9x64xf32>
    %w = nn.rearrange %s, "(n r two) ... -> (n two r) ..." {n = 9 : i64, two = 2 : i64} : !nn.weight<576x576, q4_1> -> !nn.weight<576x576, q4_1>
    ```
  }];
  let arguments = (ins NN_WeightOrTensor:$x, StrAttr:$pattern,
                       OptionalAttr<DictionaryAttr>:$sizes);
  let results = (outs NN_WeightOrTensor:$result);
  let assemblyFormat = "$x `,` $pattern ($sizes^)? attr-dict-with-keyword `:` type($x) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    /// The movement, worked out for the shape of `x`. Only on a verified op.
    ::tombolo::nn::Rearrangement getRearrangement();
  }];
}

#endif // DIALECTS_NN_IR_NNSHAPEOPS
