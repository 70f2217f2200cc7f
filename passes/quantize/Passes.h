//===- Passes.h - What is rounded on the way --------------------*- C++ -*-===//

#ifndef PASSES_QUANTIZE_PASSES_H
#define PASSES_QUANTIZE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tombolo::nn {

#define GEN_PASS_DECL_SETKVSTORAGEPASS
#define GEN_PASS_REGISTRATION
#include "passes/quantize/Passes.h.inc"

} // namespace tombolo::nn

#endif // PASSES_QUANTIZE_PASSES_H
