#include "compiler/Estimate.h"
#include "compiler/TextBuilder.h"
#include "dialects/nn/IR/NNOps.h"
#include "frontends/checkpoint/Checkpoint.h"
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

Result<Inspection> inspectSource(const std::string &path,
                                 const CompileOptions &options,
                                 int64_t context) {
  OpenOptions open;
  open.headerOnlyOk = true;
  Result<Checkpoint> checkpoint = openCheckpoint(path, open);
  if (!checkpoint)
    return checkpoint.takeErrors();
  Inspection inspection;
  inspection.path = path;
  inspection.kind =
      checkpoint->container == Container::Gguf ? "gguf" : "safetensors";
  std::map<std::string, uint64_t> encodings;
  for (const TensorInfo &tensor : checkpoint->weights.tensors()) {
    ++inspection.tensors;
    inspection.parameters += tensor.elements();
    inspection.bytes += tensor.storedBytes();
    encodings[infoOf(tensor.encoding).name] += tensor.storedBytes();
  }
  inspection.encodings.assign(encodings.begin(), encodings.end());
  inspection.tokenizer = !checkpoint->tokenizerJson.empty() ||
                         checkpoint->metadata.contains("tokenizer.ggml.model");
  inspection.chatTemplate = !checkpoint->chatTemplate.empty();
  if (std::vector<std::string> names = checkpoint->architectures();
      !names.empty())
    inspection.architecture = names.front();

  mlir::MLIRContext mlirContext(mlir::MLIRContext::Threading::DISABLED);
  ImportOptions importOptions;
  importOptions.archFiles = options.archFiles;
  ImportReport report;
  Result<mlir::OwningOpRef<mlir::ModuleOp>> module =
      importModel(mlirContext, *checkpoint, importOptions, &report);
  if (!report.family.empty())
    inspection.architecture = report.family;
  inspection.context = report.contextLength;
  inspection.unreadConfigKeys = report.unreadKeys;
  for (const LeftAsideTensor &tensor : checkpoint->leftAside)
    inspection.unusedTensors.emplace_back(tensor.name, tensor.reason);
  for (const ImportReport::Tensor &tensor : report.unusedTensors)
    inspection.unusedTensors.emplace_back(tensor.name, tensor.reason);
  if (!module) {
    inspection.supported = false;
    inspection.reasons = module.takeErrors();
    return inspection;
  }
  auto facts = module->get()->getAttrOfType<mlir::DictionaryAttr>(
      nn::NNDialect::kModelAttr);
  auto vocabSize = facts.getAs<mlir::IntegerAttr>("vocab_size");
  Result<TokenizerDefaults> defaults = tokenizerDefaults(module->get());
  if (!defaults)
    return defaults.takeErrors();
  if (auto text =
          buildText(*checkpoint, vocabSize.getInt(), std::move(*defaults));
      !text) {
    inspection.supported = false;
    inspection.reasons = text.takeErrors();
    return inspection;
  }
  inspection.kv = options.value("kv");
  // Where this storage does not fit, the targets say so.
  if (auto states = estimateStates(module->get(), options))
    inspection.states = std::move(*states);
  inspection.memoryContext = memoryContext(report.contextLength, context);
  for (size_t begin = 0; begin <= options.target.size();) {
    size_t end =
        std::min(options.target.find(',', begin), options.target.size());
    std::string name = options.target.substr(begin, end - begin);
    CompileOptions one = options;
    one.target = name;
    Result<TargetEstimate> estimate = estimateTarget(module->get(), one);
    if (estimate) {
      estimate->memoryBytes =
          memoryOf(*estimate, inspection.memoryContext, options.chunk);
      inspection.targets.push_back(std::move(*estimate));
    } else {
      TargetEstimate none;
      none.name = name;
      none.status = estimate.error().message;
      inspection.targets.push_back(std::move(none));
    }
    begin = end + 1;
  }
  return inspection;
}

} // namespace tombolo
