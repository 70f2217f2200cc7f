#include "frontends/import/Import.h"
#include "dialects/nn/IR/NNOps.h"
#include "frontends/arch/Config.h"
#include "frontends/import/Elaborator.h"
#include "frontends/import/Nearest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "support/Text.h"
#include <algorithm>

using namespace mlir;
using namespace tombolo;

//===----------------------------------------------------------------------===//
// Which family
//===----------------------------------------------------------------------===//

/// Whether a family's `gguf` line takes this file. Keys that the condition
/// reads are noted in `evaluator`.
static bool takesGguf(const arch::Family &family, arch::Evaluator &evaluator,
                      const std::vector<std::string> &architectures) {
  for (const arch::GgufName &name : family.gguf) {
    if (std::find(architectures.begin(), architectures.end(), name.name) ==
        architectures.end())
      continue;
    if (!name.condition || evaluator.truth(*name.condition).value_or(false))
      return true;
  }
  return false;
}

Result<std::shared_ptr<const arch::Family>>
tombolo::findFamily(const arch::Catalog &catalog,
                    const Checkpoint &checkpoint) {
  std::vector<std::string> architectures = checkpoint.architectures();
  bool gguf = checkpoint.container == Container::Gguf;
  const std::string &where = gguf || checkpoint.configPath.empty()
                                 ? checkpoint.path
                                 : checkpoint.configPath;
  if (architectures.empty())
    return Error(where,
                 gguf ? "expects metadata 'general.architecture'"
                 : checkpoint.configPath.empty()
                     ? "has no config.json beside it, which says what the "
                       "model is"
                     : "expects 'architectures' or 'model_type' to say what "
                       "the model is");
  arch::Diagnostics diagnostics;
  bool named = false;
  for (const auto &family : catalog.families) {
    if (gguf) {
      arch::Evaluator evaluator(*family, *catalog.prelude, checkpoint,
                                diagnostics);
      if (takesGguf(*family, evaluator, architectures))
        return family;
      for (const arch::GgufName &name : family->gguf)
        named |= std::find(architectures.begin(), architectures.end(),
                           name.name) != architectures.end();
      continue;
    }
    for (const arch::Named &name : family->serves)
      if (std::find(architectures.begin(), architectures.end(), name.name) !=
          architectures.end())
        return family;
  }
  if (diagnostics.any())
    return diagnostics.take();
  if (named)
    return Error(where, "architecture " + quote(architectures.front()) +
                            " is known, but not with the metadata of this "
                            "file; describe it in a file and pass --arch FILE");
  return Error(where, "architecture " + quote(architectures.front()) +
                          " is not known; describe it in a file and pass "
                          "--arch FILE")
      .note(nearestFamilies(catalog, checkpoint, architectures.front()));
}

//===----------------------------------------------------------------------===//
// Importing
//===----------------------------------------------------------------------===//

static void fillReport(ImportReport &report, const arch::Config &config,
                       const arch::WeightBinder &binder,
                       const Elaborator *elaborator,
                       arch::Evaluator &evaluator) {
  report.scheme = binder.scheme();
  report.keys.clear();
  for (const arch::Config::Entry &entry : config.entries())
    report.keys.push_back({entry.name, entry.value.str(), entry.place});
  report.unreadKeys = config.unread();
  report.unusedTensors.clear();
  for (const arch::UnusedTensor &tensor : binder.unused())
    report.unusedTensors.push_back({tensor.name, tensor.reason});
  report.boundTensors = static_cast<int64_t>(binder.boundCount());
  report.unbound = binder.leftovers();
  if (!elaborator)
    return;
  report.bodyOfLayer = elaborator->bodyOfLayer();
  report.contextLength = elaborator->contextLength();
  report.distinctLayers = elaborator->distinctLayers();
  report.layers = evaluator.axisLength("layer").value_or(0);
}

Result<OwningOpRef<ModuleOp>> tombolo::importModel(MLIRContext &context,
                                                   const Checkpoint &checkpoint,
                                                   const ImportOptions &options,
                                                   ImportReport *report) {
  Result<arch::Catalog> catalog = arch::loadCatalog(options.archFiles);
  if (!catalog)
    return catalog.takeErrors();
  Result<std::shared_ptr<const arch::Family>> family =
      findFamily(*catalog, checkpoint);
  if (!family)
    return family.takeErrors();
  return importAs(context, *catalog, **family, checkpoint, report);
}

Result<OwningOpRef<ModuleOp>> tombolo::importAs(MLIRContext &context,
                                                const arch::Catalog &catalog,
                                                const arch::Family &family,
                                                const Checkpoint &checkpoint,
                                                ImportReport *report) {
  context.loadDialect<nn::NNDialect, func::FuncDialect, arith::ArithDialect>();
  ImportReport ignored;
  ImportReport &facts = report ? *report : ignored;
  facts.family = family.name;
  arch::Diagnostics diagnostics;
  arch::Evaluator evaluator(family, *catalog.prelude, checkpoint, diagnostics);
  // Reading a key to choose the family is reading it.
  if (checkpoint.container == Container::Gguf)
    takesGguf(family, evaluator, checkpoint.architectures());
  arch::Config config(evaluator);
  evaluator.config = &config;
  arch::WeightBinder binder(evaluator);
  config.readAll();
  binder.bind();
  if (diagnostics.any()) {
    fillReport(facts, config, binder, nullptr, evaluator);
    return diagnostics.take();
  }
  Elaborator elaborator(context, evaluator, binder);
  OwningOpRef<ModuleOp> module = elaborator.run();
  if (module)
    config.reportUnread();
  fillReport(facts, config, binder, &elaborator, evaluator);
  if (diagnostics.any())
    return diagnostics.take();
  return module;
}
