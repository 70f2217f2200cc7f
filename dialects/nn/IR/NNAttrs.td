//===- NNAttrs.td - Attributes and enums of the nn dialect -----*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNATTRS
#define DIALECTS_NN_IR_NNATTRS

include "dialects/nn/IR/NNBase.td"

def NN_PairsEnum : I32EnumAttr<"Pairs", "which channels of a row turn together", [
    I32EnumAttrCase<"Half", 0, "half">,          // i and i + n/2
    I32EnumAttrCase<"Adjacent", 1, "adjacent">   // 2i and 2i + 1
  ]> {
  let cppNamespace = "::tombolo::nn";
  let genSpecializedAttr = 0;
}
def NN_PairsAttr : EnumAttr<NN_Dialect, NN_PairsEnum, "pairs">;

def NN_EncodingAttr : AttrDef<NN_Dialect, "Encoding"> {
  let summary = "a name of the encodings' table";
  let description = "`#nn.encoding<f16>`; the names are those of support/Encoding.h.";
  let mnemonic = "encoding";
  let parameters = (ins "::tombolo::Encoding":$encoding);
  let hasCustomAssemblyFormat = 1;
}

#endif // DIALECTS_NN_IR_NNATTRS
