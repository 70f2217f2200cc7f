#include "runtime/core/Model.h"
#include "codegen/artifact/Artifact_generated.h"
#include "codegen/artifact/Format.h"
#include "runtime/core/CpuFeatures.h"

using namespace tombolo;

std::string tombolo::obstacleTo(const artifact::Executable &executable,
                                const std::string &architecture,
                                const std::set<std::string> &features) {
  std::string triple = executable.triple()->str();
  std::string wanted = triple.substr(0, triple.find('-'));
  if (wanted != architecture)
    return "is for " + wanted + ", but this machine is " + architecture;
  std::string missing;
  if (executable.features())
    for (const flatbuffers::String *feature : *executable.features())
      if (!features.count(feature->str()))
        missing += (missing.empty() ? "" : ", ") + feature->str();
  return missing.empty() ? "" : "needs " + missing;
}

Result<Selection>
tombolo::selectExecutable(const Artifact &artifact, const std::string &target,
                          const std::string &architecture,
                          const std::set<std::string> &features) {
  // This runtime drives CPUs.
  std::string wanted = target == "auto" ? "cpu" : target;
  std::string level;
  if (size_t colon = wanted.find(':'); colon != std::string::npos) {
    level = wanted.substr(colon + 1);
    wanted.resize(colon);
  }
  std::string names;
  const artifact::Target *found = nullptr;
  if (artifact.index().targets())
    for (const artifact::Target *candidate : *artifact.index().targets()) {
      names += (names.empty() ? "'" : ", '") + candidate->name()->str() + "'";
      if (candidate->name()->string_view() == wanted)
        found = candidate;
    }
  if (!found)
    return Error(artifact.path(),
                 "expects code for target '" + wanted + "', but holds " +
                     (names.empty() ? "none" : "only " + names));
  if (wanted != "cpu")
    return Error(artifact.path(), "target '" + wanted +
                                      "' can't be run in this version; "
                                      "expects 'cpu'");
  std::string reasons, levels;
  for (const artifact::Executable *executable : *found->executables()) {
    std::string name = executable->level()->str();
    levels += (levels.empty() ? "'" : ", '") + name + "'";
    if (!level.empty() && name != level)
      continue;
    std::string obstacle = obstacleTo(*executable, architecture, features);
    if (obstacle.empty())
      return Selection{found, executable};
    reasons += (reasons.empty() ? "'" : "; '") + name + "' " + obstacle;
  }
  if (reasons.empty())
    return Error(artifact.path(), "expects code for level '" + level +
                                      "' of target '" + wanted +
                                      "', but holds only " + levels);
  return Error(artifact.path(), "none of the executables of target '" + wanted +
                                    "' runs on this machine: " + reasons);
}

Result<std::shared_ptr<const Model>> Model::open(const std::string &path,
                                                 const ModelOptions &options) {
  auto file = Artifact::open(path, options.artifact);
  if (!file)
    return file.takeErrors();
  Result<Selection> chosen = selectExecutable(
      **file, options.target, hostArchitecture(), hostFeatures());
  if (!chosen)
    return chosen.takeErrors();
  Result<Pages> code =
      mapCode((*file)->segment(chosen->executable->code_segment()), path);
  if (!code)
    return code.takeErrors();
  // The copy once more: the file may have changed since it was checked.
  const artifact::Segment &segment =
      *(*file)->index().segments()->Get(chosen->executable->code_segment());
  if (artifact::hashBytes({code->data(), code->size()}) != segment.hash())
    return Error(path, "the code was changed while it was loaded");
  std::shared_ptr<Executor> threads = options.executor;
  if (!threads) {
    Result<std::shared_ptr<Executor>> pool = createThreadPool(
        options.threads == 0 ? availableProcessors() : options.threads);
    if (!pool)
      return pool.takeErrors();
    threads = std::move(*pool);
  }
  return std::shared_ptr<const Model>(new Model(
      std::move(*file), *chosen, std::move(*code), std::move(threads)));
}

std::string Model::target() const { return chosen.target->name()->str(); }

const artifact::Plan &Model::plan() const { return *chosen.target->plan(); }

KernelFunction Model::kernel(size_t i) const {
  return reinterpret_cast<KernelFunction>(
      code.data() + chosen.executable->kernels()->Get(i)->entry());
}

int64_t Model::vocabSize() const { return index().model()->vocab_size(); }
int64_t Model::hiddenSize() const { return index().model()->hidden_size(); }
int64_t Model::maxContext() const { return index().model()->context(); }

uint64_t Model::weightBytes() const {
  return file->segmentNamed("weights").size();
}
