//===- Model.h - An artifact ready to run on this machine -------*- C++ -*-===//

#ifndef RUNTIME_CORE_MODEL_H
#define RUNTIME_CORE_MODEL_H

#include "runtime/core/Artifact.h"
#include "runtime/core/Executor.h"
#include "runtime/core/KernelAbi.h"
#include "runtime/core/Memory.h"
#include <memory>
#include <set>
#include <string>

namespace tombolo::artifact {
struct Executable;
struct Plan;
struct Target;
} // namespace tombolo::artifact

namespace tombolo {

struct ModelOptions {
  ArtifactOptions artifact;
  /// "auto", or a target of the artifact, by its name ("cpu": the best level
  /// that this machine has) or with a level ("cpu:x86-64-v3").
  std::string target = "auto";
  /// 0: as many as the process may use. Not used where `executor` is given.
  int threads = 0;
  std::shared_ptr<Executor> executor;
};

/// What of an artifact runs here.
struct Selection {
  const artifact::Target *target;
  const artifact::Executable *executable;
};

/// Why a machine cannot run `executable` ("needs avx512f"); empty where it can.
std::string obstacleTo(const artifact::Executable &executable,
                       const std::string &architecture,
                       const std::set<std::string> &features);

/// The first executable of the target whose architecture and features are at
/// hand, or the one that the target names; an error names what is missing for
/// each that is not.
Result<Selection> selectExecutable(const Artifact &artifact,
                                   const std::string &target,
                                   const std::string &architecture,
                                   const std::set<std::string> &features);

/// Weights, code and threads: immutable, shared by sessions, also by sessions
/// that run on different threads of the caller (their steps take turns).
class Model {
public:
  static Result<std::shared_ptr<const Model>>
  open(const std::string &path, const ModelOptions &options = {});

  const Artifact &artifact() const { return *file; }
  const artifact::Index &index() const { return file->index(); }
  const artifact::Plan &plan() const;
  /// The name of the target that runs: "cpu".
  std::string target() const;
  const artifact::Executable &executable() const { return *chosen.executable; }
  KernelFunction kernel(size_t i) const;
  Executor &executor() const { return *threads; }

  int64_t vocabSize() const;
  int64_t hiddenSize() const;
  /// The longest sequence the model is made for.
  int64_t maxContext() const;
  /// Bytes of weights, which are mapped from the file.
  uint64_t weightBytes() const;

private:
  Model(std::shared_ptr<const Artifact> file, Selection chosen, Pages code,
        std::shared_ptr<Executor> threads)
      : file(std::move(file)), chosen(chosen), code(std::move(code)),
        threads(std::move(threads)) {}

  std::shared_ptr<const Artifact> file;
  Selection chosen;
  Pages code;
  std::shared_ptr<Executor> threads;
};

} // namespace tombolo

#endif // RUNTIME_CORE_MODEL_H
