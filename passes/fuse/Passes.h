//===- Passes.h - Fusion on nn ----------------------------------*- C++ -*-===//

#ifndef PASSES_FUSE_PASSES_H
#define PASSES_FUSE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tombolo::nn {

#define GEN_PASS_DECL
#include "passes/fuse/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/fuse/Passes.h.inc"

} // namespace tombolo::nn

#endif // PASSES_FUSE_PASSES_H
