#include "dialects/nn/IR/NNOps.h"
#include "frontends/checkpoint/Checkpoint.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/lib/Inspect.h"
#include <algorithm>
#include <map>

namespace tombolo {

/// Tokens for which memory is estimated: the default of `run --context`.
static constexpr int64_t estimatedContext = 4096;

/// Bytes of all states of a module for a sequence of `context` tokens.
static uint64_t stateBytes(mlir::ModuleOp module, int64_t context) {
  uint64_t bytes = 0;
  module.walk([&](nn::StateOpInterface state) {
    int64_t rows = context;
    // A window's last page is partly out of sight.
    if (std::optional<int64_t> window = state.getStateWindow())
      rows = std::min(rows, *window + state.getPageRows());
    bytes += uint64_t(state.getStateCount()) *
             uint64_t(state.getBytesPerToken()) * uint64_t(rows);
  });
  return bytes;
}

Result<Inspection> inspectSource(const std::string &path,
                                 const CompileOptions &options) {
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
    inspection.bytes += tensor.bytes;
    encodings[std::string(infoOf(tensor.encoding).name)] += tensor.bytes;
  }
  inspection.encodings.assign(encodings.begin(), encodings.end());
  inspection.tokenizer = !checkpoint->tokenizerJson.empty() ||
                         checkpoint->metadata.contains("tokenizer.ggml.model");
  inspection.chatTemplate = !checkpoint->chatTemplate.empty();
  if (std::vector<std::string> names = checkpoint->architectures();
      !names.empty())
    inspection.architecture = names.front();

  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  ImportOptions importOptions;
  importOptions.archFiles = options.archFiles;
  ImportReport report;
  Result<mlir::OwningOpRef<mlir::ModuleOp>> module =
      importModel(context, *checkpoint, importOptions, &report);
  if (!report.family.empty())
    inspection.architecture = report.family;
  inspection.context = report.contextLength;
  inspection.unreadConfigKeys = report.unreadKeys;
  for (const ImportReport::Tensor &tensor : report.unusedTensors)
    inspection.unusedTensors.emplace_back(tensor.name, tensor.reason);
  if (!module) {
    inspection.supported = false;
    inspection.reasons = module.takeErrors();
    return inspection;
  }
  TargetEstimate estimate;
  estimate.name = options.target;
  estimate.status = "ready";
  estimate.memoryBytes =
      inspection.bytes +
      stateBytes(module->get(),
                 report.contextLength > 0
                     ? std::min(report.contextLength, estimatedContext)
                     : estimatedContext);
  inspection.targets.push_back(std::move(estimate));
  return inspection;
}

} // namespace tombolo
