//===- Diagnostics.h - MLIR's diagnostics as errors -------------*- C++ -*-===//

#ifndef COMPILER_DIAGNOSTICS_H
#define COMPILER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "support/Result.h"

namespace tombolo {

/// Collects the errors that MLIR reports while it lives.
class DiagnosticErrors {
public:
  explicit DiagnosticErrors(mlir::MLIRContext *context);

  /// What was collected, or an error about `what` where nothing was.
  std::vector<Error> take(const std::string &what);
  bool any() const { return !errors.empty(); }

private:
  std::vector<Error> errors;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace tombolo

#endif // COMPILER_DIAGNOSTICS_H
