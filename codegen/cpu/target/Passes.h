//===- Passes.h - Strategies of CPUs ----------------------------*- C++ -*-===//

#ifndef CODEGEN_CPU_TARGET_PASSES_H
#define CODEGEN_CPU_TARGET_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tombolo::cpu {

#define GEN_PASS_DECL_LOWERSTRATEGIESPASS
#define GEN_PASS_REGISTRATION
#include "codegen/cpu/target/Passes.h.inc"

} // namespace tombolo::cpu

#endif // CODEGEN_CPU_TARGET_PASSES_H
