//===- Import.h - From a checkpoint to an nn module -------------*- C++ -*-===//
//
// Finds the family that serves a checkpoint, reads its keys, binds its tensors
// and elaborates its formulas into `nn`. Weight bytes are never read.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_IMPORT_IMPORT_H
#define FRONTENDS_IMPORT_IMPORT_H

#include "frontends/arch/Description.h"
#include "frontends/arch/WeightBinder.h"
#include "frontends/checkpoint/Checkpoint.h"
#include "frontends/tokenizer/Defaults.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tombolo {

struct ImportOptions {
  /// Descriptions asked before the built-in ones.
  std::vector<std::string> archFiles;
};

/// What an import looked at, for `inspect`. Filled as far as the import came,
/// also where it failed.
struct ImportReport {
  struct Key {
    std::string name;
    /// As the description's language writes it.
    std::string value;
    /// The spelling in config.json, "GGUF" or "default".
    std::string place;
  };
  struct Tensor {
    std::string name, reason;
  };
  std::string family;
  /// The column of the weights table.
  std::string scheme;
  std::vector<Key> keys;
  std::vector<std::string> unreadKeys;
  std::vector<Tensor> unusedTensors;
  /// Stored tensors that rows bind, and those that none binds, though it
  /// should.
  int64_t boundTensors = 0;
  std::vector<arch::Leftover> unbound;
  int64_t contextLength = 0;
  int64_t layers = 0;
  /// Bodies among them that differ.
  int64_t distinctLayers = 0;
  /// Of each layer the number of its body.
  std::vector<int64_t> bodyOfLayer;
};

/// The family that serves `checkpoint`, or why there is none.
Result<std::shared_ptr<const arch::Family>>
findFamily(const arch::Catalog &catalog, const Checkpoint &checkpoint);

/// The nn module of a checkpoint, verified. Errors name the checkpoint's files
/// and the description's lines; all of a stage are returned.
Result<mlir::OwningOpRef<mlir::ModuleOp>>
importModel(mlir::MLIRContext &context, const Checkpoint &checkpoint,
            const ImportOptions &options = {}, ImportReport *report = nullptr);

/// The same by one family, whatever the checkpoint calls itself.
Result<mlir::OwningOpRef<mlir::ModuleOp>>
importAs(mlir::MLIRContext &context, const arch::Catalog &catalog,
         const arch::Family &family, const Checkpoint &checkpoint,
         ImportReport *report = nullptr);

/// What the description of a module's family says of its tokenizer. The module
/// may come from a file: its `nn.model` has it as `tokenizer`.
Result<TokenizerDefaults> tokenizerDefaults(mlir::ModuleOp module);

} // namespace tombolo

#endif // FRONTENDS_IMPORT_IMPORT_H
