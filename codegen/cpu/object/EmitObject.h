//===- EmitObject.h - Kernels to position-independent code ------*- C++ -*-===//
//
// An artifact holds bare machine code: no object file, no dynamic linking, no
// symbol that is not its own. This is the way there from a module of kernels.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_OBJECT_EMITOBJECT_H
#define CODEGEN_CPU_OBJECT_EMITOBJECT_H

#include "codegen/cpu/object/CpuLevel.h"
#include "support/Result.h"
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace tombolo {

/// Runs at any address that is a multiple of kCodeAlignment, mapped read and
/// execute.
struct CodeBlob {
  struct Entry {
    std::string name;
    uint64_t offset;
    int64_t scratchBytes;
  };
  std::vector<std::byte> bytes;
  /// In the order of the module's functions.
  std::vector<Entry> entries;
};

inline constexpr uint64_t kCodeAlignment = 4096;

/// Compiles a module of kernels (entries made by wrapKernel; bodies in the
/// dialects of buildCpuLlvmPipeline) for `level`. The module is consumed: it is
/// lowered in place. Fails, naming the kernels concerned, where code would need
/// a symbol that the module does not define, or writable data.
Result<CodeBlob> emitObject(mlir::ModuleOp module, const CpuLevel &level);

} // namespace tombolo

#endif // CODEGEN_CPU_OBJECT_EMITOBJECT_H
