#include "codegen/artifact/Artifact_generated.h"
#include "runtime/core/Artifact.h"
#include "runtime/core/CpuFeatures.h"
#include "runtime/core/Executor.h"
#include "runtime/core/Model.h"
#include "runtime/core/SessionLayout.h"
#include "tools/lib/Inspect.h"
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>

namespace tombolo {

static std::string textOf(const flatbuffers::String *text) {
  return text ? text->str() : std::string();
}

/// Each operation of a decode step, and how often it runs.
static std::vector<std::pair<std::string, std::string>>
opsOf(const artifact::Plan *plan) {
  std::vector<std::string> order;
  std::map<std::string, int> counts;
  for (const artifact::Program *program :
       {plan ? plan->decode() : nullptr, plan ? plan->logits_one() : nullptr})
    if (program && program->dispatches())
      for (const artifact::Dispatch *dispatch : *program->dispatches())
        if (std::string op = textOf(dispatch->op()); counts[op]++ == 0)
          order.push_back(op);
  std::vector<std::pair<std::string, std::string>> ops;
  for (const std::string &op : order)
    ops.emplace_back(op, fmt::format("{} times a token", counts[op]));
  return ops;
}

static Inspection::Level levelOf(const Artifact &artifact,
                                 const artifact::Target &target,
                                 const artifact::Executable &executable) {
  Inspection::Level level;
  level.name = textOf(target.name()) + ":" + textOf(executable.level());
  level.triple = textOf(executable.triple());
  if (const auto *features = executable.features())
    for (const flatbuffers::String *feature : *features)
      level.features.push_back(textOf(feature));
  level.codeBytes = artifact.segment(executable.code_segment()).size();
  level.obstacle = obstacleTo(executable, hostArchitecture(), hostFeatures());
  return level;
}

Result<Inspection> inspectArtifact(const std::string &path, int64_t context) {
  ArtifactOptions open;
  open.checkWeights = CheckWeights::Never;
  Result<std::shared_ptr<const Artifact>> artifact = Artifact::open(path, open);
  if (!artifact)
    return artifact.takeErrors();
  const artifact::Index &index = (*artifact)->index();
  Inspection inspection;
  inspection.path = path;
  inspection.kind = "artifact";
  std::error_code ignored;
  inspection.bytes = std::filesystem::file_size(path, ignored);
  if (const artifact::Model *model = index.model()) {
    inspection.architecture = textOf(model->family());
    inspection.parameters = model->parameters();
    inspection.context = model->context();
  }
  inspection.memoryContext = memoryContext(inspection.context, context);
  if (const artifact::Text *text = index.text()) {
    inspection.tokenizer = text->tokenizer() && text->tokenizer()->size() > 0;
    inspection.chatTemplate =
        text->chat_template() && text->chat_template()->size() > 0;
  }
  std::map<std::string, Inspection::Storage> storage;
  if (const auto *tensors = index.tensors()) {
    inspection.tensors = tensors->size();
    for (const artifact::Tensor *tensor : *tensors) {
      Inspection::Storage &one = storage[textOf(tensor->encoding())];
      ++one.tensors;
      one.bytes += uint64_t(tensor->bytes());
    }
  }
  for (auto &[name, one] : storage) {
    one.encoding = name;
    inspection.storage.push_back(std::move(one));
  }
  if (const artifact::Provenance *provenance = index.provenance()) {
    inspection.options.emplace_back("compiler", textOf(provenance->compiler()));
    if (const auto *options = provenance->options())
      for (const artifact::Option *option : *options)
        inspection.options.emplace_back(textOf(option->key()),
                                        textOf(option->value()));
    if (const auto *sources = provenance->sources())
      for (const artifact::Source *source : *sources)
        inspection.options.emplace_back("source", textOf(source->file()));
  }
  if (const auto *targets = index.targets())
    for (const artifact::Target *target : *targets) {
      TargetEstimate estimate;
      estimate.name = textOf(target->name());
      estimate.status = "ready";
      // As a session takes it, with this machine's threads.
      estimate.memoryBytes =
          SessionLayout(**artifact, *target->plan(),
                        *target->executables()->Get(0), availableProcessors(),
                        inspection.memoryContext)
              .memory()
              .total();
      estimate.ops = opsOf(target->plan());
      inspection.targets.push_back(std::move(estimate));
      if (const auto *executables = target->executables())
        for (const artifact::Executable *executable : *executables)
          inspection.levels.push_back(
              levelOf(**artifact, *target, *executable));
    }
  return inspection;
}

} // namespace tombolo
