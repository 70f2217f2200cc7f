//===- Inspect.h - What a checkpoint or an artifact is ----------*- C++ -*-===//

#ifndef TOOLS_LIB_INSPECT_H
#define TOOLS_LIB_INSPECT_H

#include "compiler/Compiler.h"
#include "dialects/nn/IR/StateSizes.h"
#include "dialects/nn/IR/WeightSizes.h"
#include "tools/lib/Chips.h"
#include <nlohmann/json_fwd.hpp>
#include <optional>

namespace tombolo {

/// Bytes of an artifact written in a second, weights packed on the way, as
/// docs/performance.md measured it.
inline constexpr double kWriteBytesPerSecond = 150e6;

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
  struct Storage {
    std::string encoding;
    int64_t tensors = 0, parameters = 0;
    uint64_t bytes = 0;
  };
  std::vector<Storage> storage;
  /// With the reason: "inv_freq: computed from the config".
  std::vector<std::pair<std::string, std::string>> unusedTensors;
  std::vector<std::string> unreadConfigKeys;

  // Of a checkpoint: how far it is described.
  enum class Confidence {
    /// Every key is read, every tensor bound or left out by name.
    Described,
    /// A family serves its architecture, but does not fit: see the reasons.
    Named,
    /// No family serves it; what is like it is in `nearest`.
    Resembling,
  };
  Confidence confidence = Confidence::Resembling;
  /// Families that are like one that nobody has described, by names.
  struct Resemblance {
    std::string family, serves;
    int64_t keys, keysKnown, tensors, tensorsKnown;
  };
  std::vector<Resemblance> nearest;
  /// What stands between the checkpoint and the nearest of them.
  std::vector<std::string> differences;
  /// Tensors that no row of the family binds.
  struct Unbound {
    std::string pattern, encoding;
    int64_t count;
    std::vector<int64_t> shape;
  };
  std::vector<Unbound> unbound;
  int64_t boundTensors = 0;
  /// Of the weights that are bound; nothing where they could not be.
  std::optional<nn::WeightSizes> weights;
  /// Of a folder that has no weights yet, only their names: nothing is known
  /// of shapes and storage.
  bool namesOnly = false;
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

/// Of a model whose weights and states take `bytes`: so many chips hold it, and
/// decode so many tokens a second together if they do nothing but read
/// `activeBytes` for each.
struct ChipEstimate {
  const Chip *chip;
  int64_t count;
  double tokensPerSecond;
};
std::vector<ChipEstimate> estimateChips(double bytes, double activeBytes);
/// As JSON has it.
const char *nameOf(Inspection::Confidence confidence);
/// Bytes that a token adds in the long run; and that all windows and open
/// entries take.
double bytesPerToken(const std::vector<nn::StateSize> &states);
int64_t boundedBytes(const std::vector<nn::StateSize> &states);
/// Bytes of all states after so many tokens.
int64_t stateBytes(const std::vector<nn::StateSize> &states, int64_t tokens);

nlohmann::ordered_json toJson(const Inspection &inspection);
std::string toText(const Inspection &inspection);

} // namespace tombolo

#endif // TOOLS_LIB_INSPECT_H
