//===- Compiler.h - From a checkpoint to an artifact ------------*- C++ -*-===//
//
// The whole way: import, fuse, quantize, plan, lower, codegen, write. Tools
// call this; every phase is a pass pipeline that tombolo-opt runs too.
//
//===----------------------------------------------------------------------===//

#ifndef COMPILER_COMPILER_H
#define COMPILER_COMPILER_H

#include "support/Result.h"
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tombolo {

enum class Activations { Auto, F32, I16, I8 };
enum class KvType { Auto, F32, F16, BF16, Q8_0 };

/// What every command that compiles takes; fixed in the artifact.
struct CompileOptions {
  /// Comma-separated: `cpu`, `cpu:x86-64-v3`, ...
  std::string target = "cpu";
  Activations activations = Activations::Auto;
  KvType kv = KvType::Auto;
  /// `f32`; f16 and bf16 are refused on CPUs in this version.
  std::string compute = "f32";
  /// `embed`; external and reference are refused in this version.
  std::string weights = "embed";
  /// Must be empty in this version.
  std::string quantize;
  std::vector<std::string> archFiles;
  /// Tokens of a prefill chunk.
  int64_t chunk = 256;
  /// Strategies and passes that are turned off, by name.
  std::vector<std::string> disabled;

  /// Phase after which to stop (`import`, `fuse`, `quantize`, `plan`, `lower`);
  /// the module is then written to the output path.
  std::string stopAfter;
  /// Passes after which the module is written to dumpDir.
  std::vector<std::string> dumpAfter;
  std::string dumpDir = ".";
  /// MLIR's pass timing to stderr.
  bool timing = false;
  /// Folder of machine code that earlier runs made; empty: all is compiled.
  std::string kernelCache;
  /// The checkpoint of a `.mlir` module, where it is not where the module says.
  std::string checkpoint;

  /// (key, value) pairs of what changes the artifact, with defaults filled in,
  /// as they are written into it. Lists are comma-separated.
  std::vector<std::pair<std::string, std::string>> resolved() const;
  /// The value that `resolved` has for `key`.
  std::string value(const std::string &key) const;
  /// Sets the option `key` as `resolved` writes it.
  Status set(const std::string &key, const std::string &value);
};

/// Called with the phase, and done and total bytes where it streams weights.
using ProgressCallback = std::function<void(const std::string &phase,
                                            uint64_t done, uint64_t total)>;

/// What is wrong with names in the options (targets, phases, passes,
/// strategies), without a source. What this version cannot do is not wrong.
Status checkNames(const CompileOptions &options);

/// Compiles SRC (a checkpoint, or a `.mlir` module at a phase boundary) into
/// the artifact `output`; atomic: on failure nothing is left behind.
Status compile(const std::string &source, const CompileOptions &options,
               const std::string &output,
               const ProgressCallback &progress = {});

/// Writes the nn module of the checkpoint to `output`, with the checkpoint's
/// path relative to it; `-`: to stdout. The headers of its files are enough.
Status importModule(const std::string &source, const CompileOptions &options,
                    const std::string &output);

/// What `inspect` says about compiling for one target.
struct TargetEstimate {
  /// As the user spelled it: "cpu:x86-64-v3".
  std::string name;
  /// "ready", or why not. If not, only `weightBytes` and `coverage` are known.
  std::string status;
  /// Resident bytes of a run: packed weights, and the activations of one chunk.
  uint64_t weightBytes = 0, arenaBytes = 0;
  /// States that share a window (-1: none) and a clock: bytes of one page of
  /// theirs.
  struct States {
    int64_t window, pageBytes, clock;
  };
  std::vector<States> states;
  /// Bytes of the states of one size.
  uint64_t fixedStateBytes = 0;
  /// All of it with the states of one sequence; filled in by who knows how the
  /// runtime keeps them.
  uint64_t memoryBytes = 0;
  /// Each kind of op and how it runs there: ("linear 576x960 q4_1", "strategy
  /// r16, 30 times").
  std::vector<std::pair<std::string, std::string>> ops;
  /// How often a step of one token runs an operation by a tuned kernel, on the
  /// general path, and how often it has neither in this version; with the
  /// reason for the first of these. Filled in whether or not all is compiled.
  struct Coverage {
    std::string op;
    int64_t tuned, general, none;
    std::string reason;
  };
  std::vector<Coverage> coverage;
};

/// Targets that this build can compile for, for `tombolo targets`.
struct TargetDescription {
  std::string name;
  std::string summary;
  /// "executed on this machine", "compiled, not executed here", ...
  std::string state;
  /// Levels that the tests know.
  struct Level {
    /// As `--target` takes it.
    std::string name;
    /// What its kernels are built from.
    std::string instructions;
    /// How far its code was taken in the tests: "executed", "emulated" or
    /// "assembled".
    std::string evidence;
    /// What a machine needs to run it.
    std::vector<std::string> features;
  };
  std::vector<Level> levels;
};
std::vector<TargetDescription> targets();
/// Names of targets that later versions have.
std::vector<std::string> targetsToCome();

} // namespace tombolo

#endif // COMPILER_COMPILER_H
