//===- ModuleFile.h - Modules as files between phases -----------*- C++ -*-===//
//
// A `.mlir` file may stand at any phase boundary. Attributes of the module say
// which phase it came through last, with which options, and from which
// checkpoint, so that compiling goes on where it stopped.
//
//===----------------------------------------------------------------------===//

#ifndef COMPILER_MODULEFILE_H
#define COMPILER_MODULEFILE_H

#include "compiler/Compiler.h"
#include "frontends/checkpoint/Checkpoint.h"
#include "mlir/IR/BuiltinOps.h"

namespace tombolo {

/// The phases in their order: `import` to `lower`.
llvm::ArrayRef<llvm::StringRef> phaseNames();
/// The place of a phase in phaseNames().
std::optional<size_t> phaseNumber(llvm::StringRef name);

/// Records that `module` came through `phase` with `options`.
void recordPhase(mlir::ModuleOp module, llvm::StringRef phase,
                 const CompileOptions &options);

/// The phase that a module read from `path` came through, and in `options` what
/// it fixed; an error where `options` asks for something else.
Result<size_t> takePhase(mlir::ModuleOp module, const std::string &path,
                         CompileOptions &options);

/// Names the checkpoint `source` in a module that is to be written to `path`:
/// its path relative to the module's folder where it lies below, and size and
/// the hash of the header of each file.
void nameCheckpoint(mlir::ModuleOp module, const Checkpoint &checkpoint,
                    const std::string &source, const std::string &path);
void forgetCheckpoint(mlir::ModuleOp module);

/// The checkpoint of a module read from `path`, or `instead` where that is not
/// empty; an error if its files are not those that the module names.
Result<Checkpoint> openNamedCheckpoint(mlir::ModuleOp module,
                                       const std::string &path,
                                       const std::string &instead);

/// Hash of a checkpoint file's first MiB: the header of every published file
/// but huge ones.
uint64_t headerHash(const MappedFile &file);

/// Writes `module` as text to `path` (`-`: stdout); the old file stays until
/// the new one is whole.
Status writeModule(mlir::ModuleOp module, const std::string &path);

} // namespace tombolo

#endif // COMPILER_MODULEFILE_H
