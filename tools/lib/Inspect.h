//===- Inspect.h - What a checkpoint or an artifact is ----------*- C++ -*-===//

#ifndef TOOLS_LIB_INSPECT_H
#define TOOLS_LIB_INSPECT_H

#include "compiler/Compiler.h"
#include "dialects/nn/IR/StateSizes.h"
#include <nlohmann/json_fwd.hpp>

namespace tombolo {

struct Inspection {
  std::string path;
  /// "safetensors", "gguf" or "artifact".
  std::string kind;
  /// The family's name where one serves it, else what the checkpoint says.
  std::string architecture;
  bool supported = true;
  /// Why it is not: every error that compiling would end with.
  std::vector<Error> reasons;

  int64_t parameters = 0, tensors = 0;
  /// Of weights in a checkpoint, of the file in an artifact.
  uint64_t bytes = 0;
  int64_t context = 0;
  /// Tokens for which memory is estimated.
  int64_t memoryContext = 0;
  bool tokenizer = false, chatTemplate = false;
  /// Bytes by storage encoding.
  std::vector<std::pair<std::string, uint64_t>> encodings;
  /// With the reason: "inv_freq: computed from the config".
  std::vector<std::pair<std::string, std::string>> unusedTensors;
  std::vector<std::string> unreadConfigKeys;
  /// Of an artifact.
  std::vector<std::pair<std::string, std::string>> options;
  struct Level {
    /// As `--target` takes it: "cpu:x86-64-v3".
    std::string name, triple;
    std::vector<std::string> features;
    uint64_t codeBytes;
    /// Why this machine cannot run it; empty: it can.
    std::string obstacle;
  };
  std::vector<Level> levels;
  std::vector<TargetEstimate> targets;
  /// Of a checkpoint: what a sequence remembers, in the storage `kv`.
  std::vector<nn::StateSize> states;
  std::string kv;
};

/// Headers only: the files may end after them. Memory is estimated for a
/// sequence of `context` tokens; 0: as `run` takes it.
Result<Inspection> inspectSource(const std::string &path,
                                 const CompileOptions &options,
                                 int64_t context = 0);
/// The header and index only.
Result<Inspection> inspectArtifact(const std::string &path,
                                   int64_t context = 0);
/// The tokens of a sequence where `asked` (0: nothing) was asked for, of a
/// model of `longest` (0: it does not say).
int64_t memoryContext(int64_t longest, int64_t asked);

nlohmann::ordered_json toJson(const Inspection &inspection);
std::string toText(const Inspection &inspection);

} // namespace tombolo

#endif // TOOLS_LIB_INSPECT_H
