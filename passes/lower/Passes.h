//===- Passes.h - From nn to upstream dialects ------------------*- C++ -*-===//

#ifndef PASSES_LOWER_PASSES_H
#define PASSES_LOWER_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace tombolo {

#define GEN_PASS_DECL
#include "passes/lower/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/lower/Passes.h.inc"

/// Conversion patterns of all nn ops that compute on tensors.
void populateNNToLinalgPatterns(mlir::RewritePatternSet &patterns);

} // namespace tombolo

#endif // PASSES_LOWER_PASSES_H
