//===- Estimate.h - What a target will do with a model ----------*- C++ -*-===//

#ifndef COMPILER_ESTIMATE_H
#define COMPILER_ESTIMATE_H

#include "compiler/Compiler.h"
#include "mlir/IR/BuiltinOps.h"

namespace tombolo {

/// What `inspect` says about compiling for one target.
struct TargetEstimate {
  /// As the user spelled it: "cpu:x86-64-v3".
  std::string name;
  /// Resident bytes of a run: packed weights, the states of `contextTokens`,
  /// and the activations of one chunk.
  uint64_t memoryBytes = 0;
  /// Each kind of op and how it runs there: ("linear 576x960 q4_1", "strategy
  /// r16, 30 times").
  std::vector<std::pair<std::string, std::string>> ops;
};

/// Plans a copy of the imported `module` for `options.target` (one target), and
/// says what the plan holds. No weight is read, no code is generated.
Result<TargetEstimate> estimateTarget(mlir::ModuleOp module,
                                      const CompileOptions &options,
                                      int64_t contextTokens);

} // namespace tombolo

#endif // COMPILER_ESTIMATE_H
