//===- Arguments.h - Options that several verbs share -----------*- C++ -*-===//

#ifndef TOOLS_TOMBOLO_ARGUMENTS_H
#define TOOLS_TOMBOLO_ARGUMENTS_H

#include "compiler/Compiler.h"
#include "runtime/core/Model.h"
#include "tools/lib/Terminal.h"

namespace CLI {
class App;
}

namespace tombolo {

/// The compile options as they are written.
struct CompileArguments {
  std::string target = "auto";
  std::string activations = "auto", kv = "auto", compute = "f32";
  std::string weights = "embed", quantize;
  std::vector<std::string> archFiles, disabled;
  int64_t chunk = 256;
  bool noKernelCache = false;

  void add(CLI::App &app);
  /// Whether names are names.
  Status check() const;
  /// What this version cannot do is refused by name.
  Result<CompileOptions> options() const;
  /// The error that an option was given which an artifact that was compiled
  /// with `fixed` (CompileOptions::resolved), for `levels` ("cpu:x86-64-v3"),
  /// is not like.
  Status
  checkAgainst(const std::string &path,
               const std::vector<std::pair<std::string, std::string>> &fixed,
               const std::vector<std::string> &levels) const;

private:
  bool isAmong(const std::vector<std::string> &levels) const;
};

/// A MODEL to run and how.
struct ModelArguments {
  std::string model;
  CompileArguments compile;
  int threads = 0;
  int64_t context = 0;
  std::string checkWeights = "auto";

  /// `withContext`: the verb has `--context` for the length of a sequence.
  void add(CLI::App &app, bool withContext);
  Status check() const;
};

/// `exact`: f32 throughout, where the command line does not say otherwise.
/// Compiles a SRC into the cache and opens the artifact.
Result<std::shared_ptr<const Model>> openModel(const ModelArguments &arguments,
                                               bool exact);

/// The error that `path` is no checkpoint this version reads, if it is none.
Status checkSource(const std::string &path);

/// What an artifact was compiled with: "activations", "kv", ...
std::vector<std::pair<std::string, std::string>>
compiledWith(const Model &model);
/// One of them; empty where it does not say.
std::string compiledWith(const Model &model, std::string_view option);
/// "target cpu:znver4, activations i16, kv f16, compute f32", with the level
/// that runs.
std::string describeOptions(const Model &model);

/// Prints the errors; the exit status for them.
int refuse(const std::vector<Error> &errors);

} // namespace tombolo

#endif // TOOLS_TOMBOLO_ARGUMENTS_H
