//===- NNTypes.td - Types of the nn dialect --------------------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNTYPES
#define DIALECTS_NN_IR_NNTYPES

include "dialects/nn/IR/NNBase.td"

class NN_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<NN_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def NN_WeightType : NN_Type<"Weight", "weight"> {
  let summary = "a stored tensor: its logical shape and how its numbers are kept";
  let description = [{
    The logical tensor is row-major, a matrix of a product `[out, in]`; blocks
    of the encoding run along the innermost dimension and fill it. The encoding
    is a name of the table in support/Encoding.h, or says how codes are grouped:
    `i4.f16x64.z` are 4-bit integers of which 64 share a scale in f16 and a
    zero. Scales that files keep in other tensors are part of the blocks.

    ```mlir
    !nn.weight<576x576, q4_1>
    !nn.weight<4096x7168, f8e4m3.f32x128>
    !nn.weight<f32>            // a scalar
    ```
    - (C1) Sizes are positive, and the bytes of the whole fit 63 bits.
    - (C2) The innermost size is a multiple of the encoding's block.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::tombolo::Encoding":$encoding);
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    int64_t getNumElements() const;
    ::tombolo::EncodingInfo getInfo() const;
    bool isF32() const { return getEncoding() == ::tombolo::Encoding::F32; }
    /// Elements of the innermost dimension that can not be told apart.
    int64_t getBlockElements() const { return getInfo().blockElements; }
    /// Bytes of the whole tensor as it is stored.
    int64_t getByteSize() const;
  }];
}

def NN_RowsType : NN_Type<"Rows", "rows"> {
  let summary = "the rows of a history, as far as a query may see them";
  let description = [{
    One row per token since the sequence began, or with `clock = r` one per
    window of r tokens. Row n has position `n * r` and exists from token
    `n * r + r - 1` on. A query at position t sees the rows that exist then;
    of these, with `window = W`, those at positions above `t - W`; and of
    these, with `picks = k`, those that the ids of the query name, k at most
    (see `nn.pick`). It is not a tensor: what rows are there depends on what
    was fed before, and only ops that look along the sequence take it.

    ```mlir
    !nn.rows<3x64xf32>                          // rows of [3, 64]: 3 heads of 64 channels
    !nn.rows<512xf32, window = 128>             // rows of [512], one head for all
    !nn.rows<512xf32, clock = 4, picks = 512>   // a row for every fourth token; a query sees 512 of them
    ```
    - (C1) Sizes are positive.
    - (C2) `elementType` is f32, f16 or bf16.
    - (C3) `window > 0`, `clock > 0`, `picks > 0`.
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        "std::optional<int64_t>":$window, "int64_t":$clock, "std::optional<int64_t>":$picks);
  let builders = [
    /// A row for each token.
    TypeBuilder<(ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType,
                     "std::optional<int64_t>":$window), [{
      return $_get($_ctxt, shape, elementType, window, int64_t(1), std::optional<int64_t>());
    }]>
  ];
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    int64_t getRowElements() const;
    /// Whether queries see the same rows of both.
    bool isSeenLike(RowsType other) const {
      return getWindow() == other.getWindow() && getClock() == other.getClock() && getPicks() == other.getPicks();
    }
    /// The same rows, of which each query sees those that its ids name.
    RowsType withPicks(std::optional<int64_t> picks) const {
      return get(getContext(), getShape(), getElementType(), getWindow(), getClock(), picks);
    }
  }];
}

// --- Type constraints ------------------------------------------------------------------------------
def NN_Float : AnyTypeOf<[F32, F16, BF16], "f32, f16 or bf16">;
def NN_OnlyTokensDynamic : And<[
    CPred<"!::llvm::is_contained(::llvm::cast<::mlir::RankedTensorType>($_self).getShape(), 0)">,
    CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == 0 || !::llvm::is_contained("
          "::llvm::cast<::mlir::RankedTensorType>($_self).getShape().drop_front(), ::mlir::ShapedType::kDynamic)">]>;
def NN_Tensor : ConfinedType<RankedTensorOf<[F32, F16, BF16]>, [NN_OnlyTokensDynamic],
    "ranked tensor of f32, f16 or bf16 that is not empty, and static past its first dimension", "::mlir::RankedTensorType">;
def NN_HasRow : CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() >= 1 && "
    "!::mlir::ShapedType::isDynamic(::llvm::cast<::mlir::RankedTensorType>($_self).getShape().back())">;
/// A tensor with a static innermost dimension.
def NN_RowTensor : ConfinedType<NN_Tensor, [NN_HasRow],
    "tensor of f32, f16 or bf16 with a static innermost dimension", "::mlir::RankedTensorType">;
def NN_Ids : ConfinedType<RankedTensorOf<[I32]>, [NN_OnlyTokensDynamic],
    "ranked tensor of i32 that is not empty, and static past its first dimension", "::mlir::RankedTensorType">;
def NN_Positions : ConfinedType<1DTensorOf<[I32]>, [], "tensor<Txi32> of positions", "::mlir::RankedTensorType">;
/// Scores of rows, of which there may be any number.
def NN_Scores : ConfinedType<2DTensorOf<[F32]>,
    [CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).isDynamicDim(1)">],
    "tensor<Tx?xf32> of scores", "::mlir::RankedTensorType">;
def NN_TensorOrIds : AnyTypeOf<[NN_Tensor, NN_Ids], "tensor of f32, f16, bf16 or i32", "::mlir::RankedTensorType">;
def NN_WeightOrTensor : AnyTypeOf<[NN_WeightType, NN_Tensor], "weight, or tensor of f32, f16 or bf16">;
def NN_WeightOrF32 : AnyTypeOf<[NN_WeightType, F32, NN_Tensor], "weight, f32, or tensor of f32, f16 or bf16">;

#endif // DIALECTS_NN_IR_NNTYPES
