//===- Estimate.h - What a target will do with a model ----------*- C++ -*-===//

#ifndef COMPILER_ESTIMATE_H
#define COMPILER_ESTIMATE_H

#include "compiler/Compiler.h"
#include "dialects/nn/IR/StateSizes.h"
#include "mlir/IR/BuiltinOps.h"

namespace tombolo {

/// Plans a copy of the imported `module` for `options.target` (one target), and
/// says what the plan holds, but for `memoryBytes`. No weight is read, no code
/// is generated. A module that cannot be planned is no failure: the estimate's
/// status says why.
Result<TargetEstimate> estimateTarget(mlir::ModuleOp module,
                                      const CompileOptions &options);

/// What a sequence of the imported `module` remembers, with keys and values in
/// the storage of `options`.
Result<std::vector<nn::StateSize>>
estimateStates(mlir::ModuleOp module, const CompileOptions &options);

} // namespace tombolo

#endif // COMPILER_ESTIMATE_H
