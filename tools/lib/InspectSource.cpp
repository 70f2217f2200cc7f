#include "compiler/Estimate.h"
#include "compiler/TextBuilder.h"
#include "dialects/nn/IR/NNOps.h"
#include "dialects/nn/transforms/ExpandLayers.h"
#include "frontends/checkpoint/Checkpoint.h"
#include "frontends/import/Compare.h"
#include "frontends/import/Expected.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include "runtime/core/FixedState.h"
#include "runtime/core/StateGroup.h"
#include "tools/lib/Inspect.h"
#include <algorithm>
#include <map>

namespace tombolo {

/// With the states as a session keeps them.
static uint64_t memoryOf(const TargetEstimate &estimate, int64_t context,
                         int64_t chunk) {
  uint64_t bytes = estimate.weightBytes + estimate.arenaBytes +
                   FixedState::memoryFor(estimate.fixedStateBytes);
  for (const TargetEstimate::States &states : estimate.states)
    bytes += StateGroup::Shape{states.window, states.pageBytes, context, chunk,
                               states.clock}
                 .poolBytes();
  return bytes;
}

static void countTensors(const WeightSource &weights, Inspection &inspection) {
  std::map<std::string, Inspection::Storage> storage;
  for (const TensorInfo &tensor : weights.tensors()) {
    Inspection::Storage &one = storage[infoOf(tensor.encoding).name];
    ++one.tensors;
    one.parameters += tensor.elements();
    one.bytes += tensor.storedBytes();
    ++inspection.tensors;
    inspection.parameters += tensor.elements();
    inspection.bytes += tensor.storedBytes();
  }
  for (auto &[name, one] : storage) {
    one.encoding = name;
    inspection.storage.push_back(std::move(one));
  }
}

static void addUnbound(const std::vector<arch::Leftover> &leftovers,
                       Inspection &inspection) {
  for (const arch::Leftover &one : leftovers)
    inspection.unbound.push_back(
        {one.pattern, std::string(infoOf(one.first->encoding).name),
         static_cast<int64_t>(one.count), one.first->shape});
}

/// What can be said of an architecture that no family serves.
static void compareWithNearest(const arch::Catalog &catalog,
                               const Checkpoint &checkpoint,
                               Inspection &inspection) {
  std::vector<std::string> names = checkpoint.architectures();
  if (names.empty())
    return;
  std::vector<Likeness> ranked =
      rankFamilies(catalog, checkpoint, names.front());
  for (size_t i = 0; i < ranked.size() && i < 2; ++i) {
    const Likeness &like = ranked[i];
    inspection.nearest.push_back({like.family->name, like.serves, like.keys,
                                  like.keysKnown, like.names, like.namesKnown});
  }
  if (ranked.empty())
    return;
  FamilyComparison comparison =
      compareWith(catalog, ranked.front(), checkpoint);
  // Without headers all tensors are missing, which says nothing.
  if (!checkpoint.namesOnly) {
    for (const FamilyComparison::Difference &one : comparison.differences)
      inspection.differences.push_back(one.error.message);
    addUnbound(comparison.unbound, inspection);
  }
  inspection.unreadConfigKeys = std::move(comparison.unreadKeys);
}

/// What is asked of each target of the options.
static void addTargets(mlir::ModuleOp module, const CompileOptions &options,
                       Inspection &inspection) {
  for (size_t begin = 0; begin <= options.target.size();) {
    size_t end =
        std::min(options.target.find(',', begin), options.target.size());
    CompileOptions one = options;
    one.target = options.target.substr(begin, end - begin);
    Result<TargetEstimate> estimate = estimateTarget(module, one);
    if (estimate) {
      if (estimate->status == "ready")
        estimate->memoryBytes =
            memoryOf(*estimate, inspection.memoryContext, options.chunk);
      inspection.targets.push_back(std::move(*estimate));
    } else {
      TargetEstimate none;
      none.name = one.target;
      none.status = estimate.error().message;
      inspection.targets.push_back(std::move(none));
    }
    begin = end + 1;
  }
}

static void refuse(Inspection &inspection, std::vector<Error> reasons) {
  inspection.supported = false;
  inspection.reasons = std::move(reasons);
}

/// A config, and names at most: what follows from the description.
static Result<Inspection> inspectNames(Checkpoint checkpoint,
                                       const CompileOptions &options,
                                       int64_t context, Inspection inspection) {
  const std::string where = checkpoint.path;
  inspection.namesOnly = true;
  inspection.bytes = checkpoint.namesOnly->totalBytes;
  inspection.tensors =
      static_cast<int64_t>(checkpoint.namesOnly->tensors.size());
  Result<arch::Catalog> catalog = arch::loadCatalog(options.archFiles);
  if (!catalog)
    return catalog.takeErrors();
  Result<std::shared_ptr<const arch::Family>> family =
      findFamily(*catalog, checkpoint);
  if (!family) {
    compareWithNearest(*catalog, checkpoint, inspection);
    refuse(inspection, family.takeErrors());
    return inspection;
  }
  inspection.architecture = (*family)->name;
  inspection.confidence = Inspection::Confidence::Named;
  std::vector<std::string> names = checkpoint.namesOnly->tensors;
  Result<Checkpoint> expected =
      withExpectedTensors(*catalog, **family, std::move(checkpoint));
  if (!expected) {
    refuse(inspection, expected.takeErrors());
    return inspection;
  }
  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  ImportOptions importOptions;
  importOptions.archFiles = options.archFiles;
  ImportReport report;
  Result<mlir::OwningOpRef<mlir::ModuleOp>> module =
      importModel(mlirContext, *expected, importOptions, &report);
  inspection.context = report.contextLength;
  inspection.unreadConfigKeys = report.unreadKeys;
  if (!module) {
    refuse(inspection, module.takeErrors());
    return inspection;
  }
  inspection.weights = nn::weightSizesOf(module->get());
  inspection.kv = options.value("kv");
  if (auto states = estimateStates(module->get(), options))
    inspection.states = std::move(*states);
  inspection.memoryContext = memoryContext(report.contextLength, context);
  refuse(inspection,
         {Error(where, "has no headers of its weights: which tensors it has, "
                       "of which shapes and in which storage, is not known")
              .note("the first bytes of each .safetensors file up to the end "
                    "of its header are enough")});
  return inspection;
}

Result<Inspection> inspectSource(const std::string &path,
                                 const CompileOptions &options,
                                 int64_t context) {
  OpenOptions open;
  open.headerOnlyOk = open.namesOnlyOk = true;
  Result<Checkpoint> checkpoint = openCheckpoint(path, open);
  if (!checkpoint)
    return checkpoint.takeErrors();
  Inspection inspection;
  inspection.path = path;
  inspection.kind =
      checkpoint->container == Container::Gguf ? "gguf" : "safetensors";
  inspection.tokenizer = !checkpoint->tokenizerJson.empty() ||
                         checkpoint->metadata.contains("tokenizer.ggml.model");
  inspection.chatTemplate = !checkpoint->chatTemplate.empty();
  if (std::vector<std::string> names = checkpoint->architectures();
      !names.empty())
    inspection.architecture = names.front();
  if (checkpoint->namesOnly)
    return inspectNames(std::move(*checkpoint), options, context,
                        std::move(inspection));
  countTensors(checkpoint->weights, inspection);

  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  ImportOptions importOptions;
  importOptions.archFiles = options.archFiles;
  ImportReport report;
  Result<mlir::OwningOpRef<mlir::ModuleOp>> module =
      importModel(mlirContext, *checkpoint, importOptions, &report);
  if (!report.family.empty()) {
    inspection.architecture = report.family;
    inspection.confidence = module ? Inspection::Confidence::Described
                                   : Inspection::Confidence::Named;
  }
  inspection.context = report.contextLength;
  inspection.unreadConfigKeys = report.unreadKeys;
  inspection.boundTensors = report.boundTensors;
  for (const LeftAsideTensor &tensor : checkpoint->leftAside)
    inspection.unusedTensors.emplace_back(tensor.name, tensor.reason);
  for (const ImportReport::Tensor &tensor : report.unusedTensors)
    inspection.unusedTensors.emplace_back(tensor.name, tensor.reason);
  addUnbound(report.unbound, inspection);
  if (!module) {
    refuse(inspection, module.takeErrors());
    if (report.family.empty())
      if (auto catalog = arch::loadCatalog(options.archFiles))
        compareWithNearest(*catalog, *checkpoint, inspection);
    return inspection;
  }
  if (failed(nn::expandLayers(module->get())))
    return Error(path, "internal: the layers' bodies do not expand");
  inspection.weights = nn::weightSizesOf(module->get());
  auto facts = module->get()->getAttrOfType<mlir::DictionaryAttr>(
      nn::NNDialect::kModelAttr);
  auto vocabSize = facts.getAs<mlir::IntegerAttr>("vocab_size");
  Result<TokenizerDefaults> defaults = tokenizerDefaults(module->get());
  if (!defaults)
    return defaults.takeErrors();
  if (auto text =
          buildText(*checkpoint, vocabSize.getInt(), std::move(*defaults));
      !text)
    refuse(inspection, text.takeErrors());
  inspection.kv = options.value("kv");
  // Where this storage does not fit, the targets say so.
  if (auto states = estimateStates(module->get(), options))
    inspection.states = std::move(*states);
  inspection.memoryContext = memoryContext(report.contextLength, context);
  addTargets(module->get(), options, inspection);
  return inspection;
}

} // namespace tombolo
