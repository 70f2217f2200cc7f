//===- NNElementwiseOps.td - Elementwise families --------------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNELEMENTWISEOPS
#define DIALECTS_NN_IR_NNELEMENTWISEOPS

include "dialects/nn/IR/NNTypes.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// One formula on each element.
class NN_UnaryOp<string mnemonic, string text, string formula>
    : NN_Op<mnemonic, [Pure, Elementwise, NN_OnWeights, NN_InfersTypes]> {
  let summary = text;
  let description = "    result[..] = " # formula # [{

    In f32; the result is rounded once.

    | Name          | Shape  | Element type                          |
    |---------------|--------|---------------------------------------|
    | `x`, `result` | `[..]` | f16, bf16, f32; or both f32 weights   |

    - (C1) A weight is f32 (`nn.decode` makes it so).

    Example:
    ```mlir
    %y = nn.}] # mnemonic # [{ %x : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins NN_WeightOrTensor:$x);
  let results = (outs NN_WeightOrTensor:$result);
  let assemblyFormat = "$x attr-dict `:` type(operands)";
}

/// One formula on each pair of elements, with broadcasting.
class NN_BinaryOp<string mnemonic, string text, string formula, list<Trait> traits = []>
    : NN_Op<mnemonic, [Pure, NN_OnWeights, NN_InfersTypes] # traits> {
  let summary = text;
  let description = "    result[..] = " # formula # [{

    In f32; the result is rounded once.

    Shapes broadcast from the last axis on: an axis of size 1, or one that is
    missing in front, is as if repeated. An operand may also be one `f32`
    value (an `arith.constant`, for instance): it has no part in the type of the
    result, in contrast to a tensor without dimensions.

    | Operands                         | Result                               |
    |----------------------------------|--------------------------------------|
    | tensors of one element type      | that element type                    |
    | tensors of different types       | f32                                  |
    | a tensor and a weight            | the tensor's element type            |
    | f32 weights only                 | an f32 weight                        |
    | any of these and an `f32`        | as without the `f32`                 |

    - (C1) At least one operand is a tensor or weight.
    - (C2) Shapes broadcast; a dynamic axis meets a dynamic axis or size 1, and stays first.
    - (C3) Without a tensor operand, weights are f32 (`nn.decode` makes them so).

    Example:
    ```mlir
    %r = nn.}] # mnemonic # [{ %x, %y : tensor<?x4x64xf32>, tensor<64xf32> -> tensor<?x4x64xf32>
    %s = nn.}] # mnemonic # [{ %x, %c : tensor<?x4x64xbf16>, f32 -> tensor<?x4x64xbf16>
    ```
  }];
  let arguments = (ins NN_WeightOrF32:$x, NN_WeightOrF32:$y);
  let results = (outs NN_WeightOrTensor:$result);
  let assemblyFormat = "$x `,` $y attr-dict `:` type(operands) `->` type($result)";
  let hasFolder = 1;
}

def NN_AddOp : NN_BinaryOp<"add", "sum", "x[..] + y[..]", [Commutative]>;
def NN_SubOp : NN_BinaryOp<"sub", "difference", "x[..] - y[..]">;
def NN_MulOp : NN_BinaryOp<"mul", "product", "x[..] * y[..]", [Commutative]>;
def NN_DivOp : NN_BinaryOp<"div", "quotient", "x[..] / y[..]">;
def NN_MinOp : NN_BinaryOp<"min", "the smaller; NaN where one is NaN", "min(x[..], y[..])", [Commutative]>;
def NN_MaxOp : NN_BinaryOp<"max", "the larger; NaN where one is NaN", "max(x[..], y[..])", [Commutative]>;

def NN_NegOp : NN_UnaryOp<"neg", "the negative", "-x[..]"> { let hasFolder = 1; }
def NN_SiluOp : NN_UnaryOp<"silu", "sigmoid linear unit", "x[..] / (1 + exp(-x[..]))">;
def NN_GeluOp : NN_UnaryOp<"gelu", "Gaussian error linear unit", "x[..] * (1 + erf(x[..] / sqrt(2))) / 2">;
def NN_GeluTanhOp : NN_UnaryOp<"gelu_tanh", "Gaussian error linear unit, by tanh",
    "x[..] * (1 + tanh(sqrt(2 / pi) * (x[..] + 0.044715 * x[..]^3))) / 2">;
def NN_SigmoidOp : NN_UnaryOp<"sigmoid", "logistic function", "1 / (1 + exp(-x[..]))">;
def NN_SoftplusOp : NN_UnaryOp<"softplus", "smooth maximum of 0 and the value, without overflow",
    "max(x[..], 0) + log1p(exp(-abs(x[..])))">;
def NN_ReluOp : NN_UnaryOp<"relu", "maximum of 0 and the value; NaN stays", "max(x[..], 0)"> { let hasFolder = 1; }
def NN_TanhOp : NN_UnaryOp<"tanh", "hyperbolic tangent", "tanh(x[..])">;
def NN_ExpOp : NN_UnaryOp<"exp", "exponential", "exp(x[..])">;
def NN_SqrtOp : NN_UnaryOp<"sqrt", "square root", "sqrt(x[..])">;

def NN_ClampOp : NN_Op<"clamp", [Pure, Elementwise, NN_OnWeights, NN_InfersTypes]> {
  let summary = "each element held between two bounds";
  let description = [{
        result[..] = min(max(x[..], low), high)

    NaN stays. The result is rounded once. A bound may be infinite.

    | Name          | Shape  | Element type                        |
    |---------------|--------|-------------------------------------|
    | `x`, `result` | `[..]` | f16, bf16, f32; or both f32 weights |

    - (C1) A weight is f32 (`nn.decode` makes it so).
    - (C2) `low <= high`, and neither is NaN.

    Example:
    ```mlir
    %y = nn.clamp %x low = -7.0 high = 7.0 : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins NN_WeightOrTensor:$x, NN_NumberF32Attr:$low, NN_NumberF32Attr:$high);
  let results = (outs NN_WeightOrTensor:$result);
  let assemblyFormat = "$x `low` `=` $low `high` `=` $high attr-dict `:` type(operands)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def NN_CastOp : NN_Op<"cast", [Pure, NN_InfersTypes]> {
  let summary = "the same numbers in another element type";
  let description = [{
    Rounds to nearest even. A weight becomes a tensor of its decoded values,
    integers become the nearest value.

    | Name     | Shape  | Element type                                  |
    |----------|--------|-----------------------------------------------|
    | `x`      | `[..]` | i32, f16, bf16, f32; a weight of any encoding |
    | `result` | `[..]` | `to`: f16, bf16 or f32                        |

    Example:
    ```mlir
    %y = nn.cast %x to bf16 : tensor<?x64xf32> -> tensor<?x64xbf16>
    %p = nn.cast %positions to f32 : tensor<?xi32> -> tensor<?xf32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[NN_WeightType, NN_Tensor, NN_Ids]>:$x, TypeAttrOf<NN_Float>:$to);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$x `to` $to attr-dict `:` type($x) `->` type($result)";
  let hasFolder = 1;
}

#endif // DIALECTS_NN_IR_NNELEMENTWISEOPS
