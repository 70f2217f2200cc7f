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
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm
namespace mlir {
class ModuleOp;
} // namespace mlir

namespace tombolo {

/// Runs at any address that is a multiple of `alignment`, mapped read and
/// execute.
struct CodeBlob {
  struct Entry {
    std::string name;
    uint64_t offset;
    int64_t scratchBytes;
  };
  std::vector<std::byte> bytes;
  uint64_t alignment = 1;
  /// In the order of the module's functions.
  std::vector<Entry> entries;
};

/// Compiles a module of kernels (entries made by wrapKernel; bodies in the
/// dialects of buildCpuLlvmPipeline) for `level`. The module is consumed: it is
/// lowered in place. Fails, naming the kernels concerned, where code would need
/// a symbol that the module does not define, or writable data.
Result<CodeBlob> emitObject(mlir::ModuleOp module, const CpuLevel &level);

/// The two halves of it. `entries` of the result have no offsets yet.
struct TranslatedKernels {
  std::unique_ptr<llvm::Module> code;
  std::vector<CodeBlob::Entry> entries;
};
Result<TranslatedKernels> translateKernels(mlir::ModuleOp module,
                                           const CpuLevel &level,
                                           llvm::LLVMContext &context);
Result<CodeBlob> compileKernels(TranslatedKernels kernels,
                                const CpuLevel &level);

/// The same for each of the modules in `modules`, side by side on the context's
/// threads.
Result<std::vector<CodeBlob>> emitObjects(mlir::ModuleOp modules,
                                          const CpuLevel &level);

} // namespace tombolo

#endif // CODEGEN_CPU_OBJECT_EMITOBJECT_H
