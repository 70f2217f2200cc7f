//===- Instrumentation.h - Modules between passes ---------------*- C++ -*-===//

#ifndef COMPILER_INSTRUMENTATION_H
#define COMPILER_INSTRUMENTATION_H

#include "mlir/Pass/PassInstrumentation.h"
#include <memory>
#include <string>
#include <vector>

namespace tombolo {

/// Writes the module after each of `passes` (arguments like `plan-build`) to
/// `folder`/NN-PASS.mlir, numbered in the order of running. `counter` goes on
/// over several pass managers. The context must not run passes in parallel.
std::unique_ptr<mlir::PassInstrumentation>
createDumpAfter(std::vector<std::string> passes, std::string folder,
                std::shared_ptr<int> counter);

} // namespace tombolo

#endif // COMPILER_INSTRUMENTATION_H
