//===- Instrumentation.cpp - Modules between passes -----------------------===//

#include "compiler/Instrumentation.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tombolo;

namespace {

class DumpAfter : public PassInstrumentation {
public:
  DumpAfter(std::vector<std::string> passes, std::string folder,
            std::shared_ptr<int> counter)
      : passes(std::move(passes)), folder(std::move(folder)), counter(counter) {
  }

  void runAfterPass(Pass *pass, Operation *op) override {
    if (!llvm::is_contained(passes, pass->getArgument()))
      return;
    std::string path;
    llvm::raw_string_ostream name(path);
    name << folder << "/" << llvm::format("%02d", (*counter)++) << "-"
         << pass->getArgument() << ".mlir";
    std::error_code failed;
    llvm::raw_fd_ostream file(path, failed);
    if (failed) {
      op->emitError("cannot write '") << path << "': " << failed.message();
      return;
    }
    Operation *module = op;
    while (module->getParentOp())
      module = module->getParentOp();
    module->print(file);
    file << "\n";
  }

private:
  std::vector<std::string> passes;
  std::string folder;
  std::shared_ptr<int> counter;
};

} // namespace

std::unique_ptr<PassInstrumentation>
tombolo::createDumpAfter(std::vector<std::string> passes, std::string folder,
                         std::shared_ptr<int> counter) {
  return std::make_unique<DumpAfter>(std::move(passes), std::move(folder),
                                     counter);
}
