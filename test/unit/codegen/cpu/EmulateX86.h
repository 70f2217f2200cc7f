//===- EmulateX86.h - Code for x86 processors that this one is not --------===//
//
// Kernels of any x86 level, compiled for this machine: LLVM makes its vectors
// of what there is, and each instruction that the generator names and this
// machine lacks becomes a call of a function in C++ that says what it does. So
// what is generated for AVX-512, VNNI, BF16 and AMX is executed in the tests
// wherever they run.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_CODEGEN_CPU_EMULATEX86_H
#define TEST_UNIT_CODEGEN_CPU_EMULATEX86_H

#include "codegen/cpu/object/EmitObject.h"

namespace tombolo::test {

/// As emitObject, to be run by this machine, whether it is of `level` or not.
Result<CodeBlob> emitToRun(mlir::ModuleOp module, const CpuLevel &level);

} // namespace tombolo::test

#endif // TEST_UNIT_CODEGEN_CPU_EMULATEX86_H
