//===- TinyModel.h - A checkpoint of test/frontends/arch/tiny.arch -*- C++ -*-//

#ifndef TEST_UNIT_FRONTENDS_IMPORT_TINYMODEL_H
#define TEST_UNIT_FRONTENDS_IMPORT_TINYMODEL_H

#include "frontends/checkpoint/Checkpoint.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <map>

namespace tombolo::test {

struct TinyTensor {
  std::vector<int64_t> shape;
  std::string encoding = "f32";
};
using TinyTensors = std::map<std::string, TinyTensor>;

/// The text of a file of the repository.
std::string readText(const std::string &path);

/// The tensors of scheme hf for 4 layers of 4 heads (2 for keys) of 8 channels.
TinyTensors tinyTensors();
/// The same in scheme gguf.
TinyTensors tinyGgufTensors();
nlohmann::ordered_json tinyConfig();
/// Metadata of a GGUF file, `general.architecture` included.
nlohmann::ordered_json tinyMetadata();

/// A checkpoint called `model` whose files have no bytes: importing looks at
/// headers only.
Checkpoint makeCheckpoint(const nlohmann::ordered_json &config,
                          const TinyTensors &tensors);
Checkpoint makeGguf(const nlohmann::ordered_json &metadata,
                    const TinyTensors &tensors);

/// One line `error: ..` or `note: ..` for each.
std::string textOf(const std::vector<Error> &errors);
/// The module as text, or the errors: as it was imported, or with a function
/// for each distinct layer as passes see it.
enum class Form { Imported, Expanded };
std::string textOf(Result<mlir::OwningOpRef<mlir::ModuleOp>> module,
                   Form form = Form::Expanded);

} // namespace tombolo::test

#endif // TEST_UNIT_FRONTENDS_IMPORT_TINYMODEL_H
