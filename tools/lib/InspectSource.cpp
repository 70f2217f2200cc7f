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

/// An imported module keeps states as f32; the compiler may narrow them.
static uint64_t stateDivisor(const CompileOptions &options) {
  bool exact =
      options.kv == KvType::F32 ||
      (options.kv == KvType::Auto && options.activations == Activations::F32);
  return exact ? 1 : 2;
}

static std::string statusOf(const std::string &target) {
  std::string family = target.substr(0, target.find(':'));
  for (const TargetDescription &known : targets())
    if (known.name == family)
      return "ready";
  return "not in this version";
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
  int64_t length = report.contextLength > 0
                       ? std::min(report.contextLength, estimatedContext)
                       : estimatedContext;
  uint64_t memory = inspection.bytes +
                    stateBytes(module->get(), length) / stateDivisor(options);
  for (size_t begin = 0; begin <= options.target.size();) {
    size_t end =
        std::min(options.target.find(',', begin), options.target.size());
    std::string name = options.target.substr(begin, end - begin);
    inspection.targets.push_back({.name = name,
                                  .status = statusOf(name),
                                  .memoryBytes = memory,
                                  .ops = {}});
    begin = end + 1;
  }
  return inspection;
}

} // namespace tombolo
