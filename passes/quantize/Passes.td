//===- Passes.td - What is rounded on the way --------------*- tablegen -*-===//

#ifndef PASSES_QUANTIZE_PASSES_TD
#define PASSES_QUANTIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def SetKvStoragePass : Pass<"nn-set-kv-storage", "::mlir::ModuleOp"> {
  let summary = "choose what keys and values are kept in";
  let description = [{
    Sets the storage of every state (`--kv` of the command line):
    ```mlir
    nn.state @layer0.k[30] : !nn.rows<3x64xf32> storage = f32
    // becomes, with storage=f16
    nn.state @layer0.k[30] : !nn.rows<3x64xf32> storage = f16
    ```
  }];
  let options = [Option<"storage", "storage", "std::string", "\"f16\"",
                        "f32, f16, bf16 or q8_0">];
  let statistics = [Statistic<"changed", "changed", "states whose storage changed">];
}

#endif // PASSES_QUANTIZE_PASSES_TD
