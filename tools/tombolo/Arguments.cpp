#include "tools/tombolo/Arguments.h"
#include "codegen/artifact/Artifact_generated.h"
#include "support/Spelling.h"
#include "tools/lib/Cache.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tombolo {

int refuse(const std::vector<Error> &errors) {
  printErrors(errors);
  return Refused;
}

void CompileArguments::add(CLI::App &app) {
  auto option = [&](const char *name, auto &value, const char *help) {
    return app.add_option(name, value, help)->group("Compile options");
  };
  option("--target", target,
         "targets, comma-separated: cpu, cpu:x86-64-v3, cpu:znver4, ...");
  option("--activations", activations,
         "operand of products: f32, i16 (default on CPUs)");
  option("--kv", kv, "cached keys and values: f32, f16 (default), bf16");
  option("--compute", compute, "values between operations: f32");
  option("--weights", weights, "where weights are kept: embed");
  option("--quantize", quantize, "not in this version");
  option("--arch", archFiles, "a description to ask before the built-in ones")
      ->type_name("FILE");
  option("--chunk", chunk, "tokens of a prefill step")
      ->check(CLI::Range(1, 4096));
  option("--disable", disabled, "strategies and passes to leave out, by name")
      ->type_name("NAME");
}

/// One of `names`, or an error that proposes the nearest.
static Status checkName(const char *option, const std::string &value,
                        std::vector<std::string> names) {
  if (std::find(names.begin(), names.end(), value) != names.end())
    return success();
  Error error("", fmt::format("'{}': expects one of {}, but got '{}'", option,
                              fmt::join(names, ", "), value));
  if (std::optional<std::string> close =
          nearest(value, std::span<const std::string>(names)))
    return std::move(error).note(fmt::format("did you mean '{}'?", *close));
  return error;
}

static Error notYet(const std::string &what) {
  return Error("", "'" + what + "' is not in this version");
}

Result<CompileOptions> CompileArguments::options() const {
  std::vector<Error> errors;
  auto check = [&](Status status) {
    if (!status)
      for (Error &error : status.takeErrors())
        errors.push_back(std::move(error));
  };
  check(checkName("--activations", activations, {"auto", "f32", "i16", "i8"}));
  check(checkName("--kv", kv, {"auto", "f32", "f16", "bf16", "q8_0"}));
  check(checkName("--compute", compute, {"f32", "f16", "bf16"}));
  check(checkName("--weights", weights, {"embed", "external", "reference"}));
  if (!quantize.empty())
    errors.push_back(notYet("--quantize"));
  if (!errors.empty())
    return errors;

  CompileOptions result;
  result.target = target == "auto" ? "cpu" : target;
  result.compute = compute;
  result.weights = weights;
  if (activations != "auto")
    result.activations = activations == "f32"   ? Activations::F32
                         : activations == "i16" ? Activations::I16
                                                : Activations::I8;
  if (kv != "auto")
    result.kv = kv == "f32"    ? KvType::F32
                : kv == "f16"  ? KvType::F16
                : kv == "bf16" ? KvType::BF16
                               : KvType::Q8_0;
  result.archFiles = archFiles;
  result.disabled = disabled;
  result.chunk = chunk;
  return result;
}

void ModelArguments::add(CLI::App &app, bool withContext) {
  app.add_option("MODEL", model, "a .tbo artifact or a checkpoint")->required();
  compile.add(app);
  app.add_option("--threads", threads, "threads; default: all processors")
      ->check(CLI::Range(0, kMaxThreads));
  if (withContext)
    app.add_option("--context", context,
                   "tokens of the longest sequence; default: the model's or "
                   "4096, the smaller")
        ->check(CLI::NonNegativeNumber);
  app.add_option("--check-weights", checkWeights,
                 "check the weights' hashes at load: always, auto (up to 1 "
                 "GiB), never");
}

Status checkSource(const std::string &path) {
  if (path.ends_with(".onnx"))
    return Error(path, "ONNX files are not in this version");
  return success();
}

Result<std::shared_ptr<const Model>> openModel(const ModelArguments &arguments,
                                               bool exact) {
  if (Status status = checkSource(arguments.model); !status)
    return status.takeErrors();
  Result<CompileOptions> options = arguments.compile.options();
  if (!options)
    return options.takeErrors();
  if (Status status = checkName("--check-weights", arguments.checkWeights,
                                {"auto", "always", "never"});
      !status)
    return status.takeErrors();
  if (exact) {
    if (options->activations == Activations::Auto)
      options->activations = Activations::F32;
    if (options->kv == KvType::Auto)
      options->kv = KvType::F32;
  }
  Progress progress;
  Result<std::string> path = resolveModel(
      arguments.model, *options,
      [](const std::string &source, const CompileOptions &options,
         const std::string &output, const ProgressCallback &progress) {
        return compile(source, options, output, progress);
      },
      [&](const std::string &phase, uint64_t done, uint64_t total) {
        progress.update(phase, done, total);
      });
  progress.clear();
  if (!path)
    return path.takeErrors();

  ModelOptions open;
  open.threads = arguments.threads;
  // `cpu:znver4` names the level to compile for; the artifact's target is cpu.
  if (arguments.compile.target != "auto")
    open.target =
        arguments.compile.target.substr(0, arguments.compile.target.find(':'));
  open.artifact.checkWeights =
      arguments.checkWeights == "always"  ? CheckWeights::Always
      : arguments.checkWeights == "never" ? CheckWeights::Never
                                          : CheckWeights::Auto;
  return Model::open(*path, open);
}

std::string compiledWith(const Model &model, std::string_view option) {
  const artifact::Provenance *provenance = model.index().provenance();
  if (!provenance || !provenance->options())
    return "";
  for (const artifact::Option *entry : *provenance->options())
    if (entry->key() && entry->value() && entry->key()->string_view() == option)
      return entry->value()->str();
  return "";
}

std::string describeOptions(const Model &model) {
  std::string text;
  if (const artifact::Provenance *provenance = model.index().provenance();
      provenance && provenance->options())
    for (const artifact::Option *entry : *provenance->options())
      if (entry->key() && entry->value() && entry->value()->size())
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                            entry->key()->str(), entry->value()->str());
  return text;
}

} // namespace tombolo
