//===- NNBase.td - The nn dialect, constraints and op classes -*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNBASE
#define DIALECTS_NN_IR_NNBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::tombolo::nn";
  let summary = "what a language model computes, free of any target";
  let description = [{
    A module of `nn` is a whole model: named weights (never their bytes), the
    states it keeps along the sequence, and functions over tensors.

    ```mlir
    module attributes {nn.model = {family = "llama", context = 8192 : i64}} {
      nn.weight @embed : !nn.weight<49152x576, q8_0> {
        %0 = nn.stored "token_embd.weight" : !nn.weight<49152x576, q8_0>
        nn.yield %0 : !nn.weight<49152x576, q8_0>
      }
      nn.weight @layer0.wq[2] : !nn.weight<576x576, q4_1> indices = [0, 1] {
        %0 = nn.stored "blk.{layer}.attn_q.weight" : !nn.weight<576x576, q4_1>
        nn.yield %0 : !nn.weight<576x576, q4_1>
      }
      func.func private @layer0(%layer: index, %positions: tensor<?xi32>, %x: tensor<?x576xf32>) -> tensor<?x576xf32> {
        %wq = nn.get_weight @layer0.wq[%layer] : !nn.weight<576x576, q4_1>
        %q = nn.linear %x, %wq : tensor<?x576xf32>, !nn.weight<576x576, q4_1> -> tensor<?x576xf32>
        return %q : tensor<?x576xf32>
      }
    }
    ```

    **Activations** are ranked tensors of f32, f16 or bf16. Their dimension 0
    may be dynamic: the tokens `T` of a step. All else is static. Row-wise ops
    do not mix tokens, so `T` may be anything, and they also work on values
    without a token dimension.

    **Weights** are values of `!nn.weight`: what `nn.get_weight` reads from a
    symbol. An op that takes a weight also takes a tensor in its place. Ops
    decode it as they go; its encoding has no part in the type of a result.

    **Element types.** An op returns the element type of its activation operand
    (`x`, `q`); an elementwise op on different element types returns f32;
    `softmax` returns f32. Everything is computed in f32 (angles of `rope` in
    f64) and rounded once, to nearest even, to the element type of the result.

    **Attributes of ops** that hold numbers are `f32` or `i64`, so that a
    frontend can make any op from its name, its operands and plain numbers:
    see `createOp` in NNOps.h. Axes count from the end where negative.

    **Attributes of other ops.** `nn.model` on a module: a dictionary of facts
    (`family`, `context`, `vocab_size`, `hidden_size`, `layers`). `nn.tap = N`
    on a call: its first result is `hidden.N` of the model, and the first
    operand of the same type is what went in.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::arith::ArithDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Names of the attributes that this dialect puts on other dialects' ops.
    static constexpr ::llvm::StringLiteral kModelAttr = "nn.model";
    static constexpr ::llvm::StringLiteral kTapAttr = "nn.tap";
  private:
    void registerTypesAndAttrs();
  public:
  }];
}

// --- Attribute constraints -------------------------------------------------------------------------
def NN_Positive : AttrConstraint<
    CPred<"::llvm::cast<::mlir::FloatAttr>($_self).getValue().isFinite() && "
          "::llvm::cast<::mlir::FloatAttr>($_self).getValueAsDouble() > 0">,
    "whose value is positive and finite">;
def NN_Finite : AttrConstraint<
    CPred<"::llvm::cast<::mlir::FloatAttr>($_self).getValue().isFinite()">, "whose value is finite">;
def NN_NotNaN : AttrConstraint<
    CPred<"!::llvm::cast<::mlir::FloatAttr>($_self).getValue().isNaN()">, "whose value is not NaN">;
def NN_PositiveF32Attr : ConfinedAttr<F32Attr, [NN_Positive]>;
def NN_FiniteF32Attr : ConfinedAttr<F32Attr, [NN_Finite]>;
def NN_NumberF32Attr : ConfinedAttr<F32Attr, [NN_NotNaN]>;
/// An i64 whose accessor is signed, as axes are.
def NN_I64Attr : TypedSignlessIntegerAttrBase<I64, "int64_t", "64-bit signless integer attribute"> {
  let convertFromStorage = "$_self.getInt()";
}
def NN_PositiveI64Attr : ConfinedAttr<NN_I64Attr, [IntPositive]>;
def NN_NonNegativeI64Attr : ConfinedAttr<NN_I64Attr, [IntNonNegative]>;

// --- Op classes ------------------------------------------------------------------------------------
/// May stand in the region of an `nn.weight`.
def NN_OnWeights : NativeOpTrait<"OnWeights"> {
  let cppNamespace = "::tombolo::nn";
}

/// Result types follow from operands and attributes; what does not fit is said
/// once, where they are inferred.
def NN_ChecksInference : NativeOpTrait<"ChecksInference"> {
  let cppNamespace = "::tombolo::nn";
}
def NN_InfersTypes : TraitList<[NN_ChecksInference, InferTypeOpAdaptor]>;

class NN_Op<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic, traits>;

#endif // DIALECTS_NN_IR_NNBASE
