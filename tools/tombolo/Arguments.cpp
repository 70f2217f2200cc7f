#include "tools/tombolo/Arguments.h"
#include "codegen/artifact/Artifact_generated.h"
#include "tools/lib/Cache.h"
#include "tools/lib/CommandLine.h"
#include <algorithm>
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
         "operand of products and attention: f32, i16 (default on CPUs), i8");
  option("--kv", kv, "cached keys and values: f32, f16 (default), bf16, q8_0");
  option("--compute", compute, "values between operations: f32");
  option("--weights", weights, "where weights are kept: embed");
  option("--quantize", quantize, "not in this version");
  option("--arch", archFiles, "a description to ask before the built-in ones")
      ->allow_extra_args(false)
      ->type_name("FILE");
  option("--chunk", chunk, "tokens of a prefill step")
      ->check(wholeNumber(2, 4096));
  option("--disable", disabled, "strategies and passes to leave out, by name")
      ->allow_extra_args(false)
      ->type_name("NAME");
  app.add_flag("--no-kernel-cache", noKernelCache,
               "compile every kernel anew, and keep none for later runs")
      ->group("Compile options");
}

static Error notYet(const std::string &what) {
  return Error("", "'" + what + "' is not in this version");
}

Status CompileArguments::check() const {
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
  if (target != "auto" || !disabled.empty()) {
    CompileOptions names;
    names.target = target == "auto" ? "cpu" : target;
    names.disabled = disabled;
    check(checkNames(names));
  }
  if (!errors.empty())
    return errors;
  return success();
}

Result<CompileOptions> CompileArguments::options() const {
  if (!quantize.empty())
    return notYet("--quantize");
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
  if (!noKernelCache)
    if (Result<std::string> folder = cacheFolder())
      result.kernelCache = *folder + "/kernels";
  return result;
}

/// Whether `levels` has every target of the list: `cpu` is any level of it.
bool CompileArguments::isAmong(const std::vector<std::string> &levels) const {
  for (size_t begin = 0; begin <= target.size();) {
    size_t end = std::min(target.find(',', begin), target.size());
    std::string one = target.substr(begin, end - begin);
    begin = end + 1;
    if (one != "auto" &&
        std::ranges::none_of(levels, [&](const std::string &level) {
          return level == one || level.starts_with(one + ":");
        }))
      return false;
  }
  return true;
}

Status CompileArguments::checkAgainst(
    const std::string &path,
    const std::vector<std::pair<std::string, std::string>> &fixed,
    const std::vector<std::string> &levels) const {
  for (auto [option, given] : {std::pair("--arch", !archFiles.empty()),
                               std::pair("--disable", !disabled.empty())})
    if (given)
      return Error(path, fmt::format("is an artifact, for which '{}' comes too "
                                     "late: compile the checkpoint with it",
                                     option));
  const CompileArguments defaults;
  std::pair<const char *, std::string> given[] = {
      {"target", isAmong(levels) ? "" : target},
      {"activations", activations == defaults.activations ? "" : activations},
      {"kv", kv == defaults.kv ? "" : kv},
      {"compute", compute == defaults.compute ? "" : compute},
      {"weights", weights == defaults.weights ? "" : weights},
      {"chunk", chunk == defaults.chunk ? "" : std::to_string(chunk)}};
  for (const auto &[option, value] : given)
    for (const auto &[key, was] : fixed)
      if (key == option && !value.empty() && value != was)
        return Error(path, fmt::format("was compiled with {} {}, which '--{} "
                                       "{}' comes too late to change: compile "
                                       "the checkpoint again",
                                       key, was, option, value));
  return success();
}

Status ModelArguments::check() const {
  Status status = compile.check();
  return status ? checkName("--check-weights", checkWeights,
                            {"auto", "always", "never"})
                : std::move(status);
}

void ModelArguments::add(CLI::App &app, bool withContext) {
  app.add_option("MODEL", model, "a .tbo artifact or a checkpoint")->required();
  compile.add(app);
  app.add_option("--threads", threads, "threads; default: all processors")
      ->check(wholeNumber(0, kMaxThreads));
  if (withContext)
    app.add_option("--context", context,
                   "tokens of the longest sequence; default: the model's or "
                   "4096, the smaller")
        ->check(wholeNumber(0));
  app.add_option("--check-weights", checkWeights,
                 "check the weights' hashes at load: always, auto (up to 1 "
                 "GiB), never");
}

Status checkSource(const std::string &path) {
  if (path.ends_with(".onnx"))
    return Error(path, "ONNX files are not in this version");
  return success();
}

/// As `--target` takes them.
static std::vector<std::string> levelsOf(const Model &model) {
  std::vector<std::string> levels;
  for (const artifact::Target *target : *model.index().targets())
    for (const artifact::Executable *executable : *target->executables())
      levels.push_back(target->name()->str() + ":" +
                       executable->level()->str());
  return levels;
}

Result<std::shared_ptr<const Model>> openModel(const ModelArguments &arguments,
                                               bool exact) {
  if (Status status = checkSource(arguments.model); !status)
    return status.takeErrors();
  Result<CompileOptions> options = arguments.compile.options();
  if (!options)
    return options.takeErrors();
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

  bool artifact = *path == arguments.model;
  ModelOptions open;
  open.threads = arguments.threads;
  // A level, or the best one of those that a target's name or a list stands
  // for. What was compiled just now has those that were asked for.
  const std::string &target = arguments.compile.target;
  if (target != "auto")
    open.target = artifact && target.find(',') == std::string::npos
                      ? target
                      : target.substr(0, target.find(':'));
  open.artifact.checkWeights =
      arguments.checkWeights == "always"  ? CheckWeights::Always
      : arguments.checkWeights == "never" ? CheckWeights::Never
                                          : CheckWeights::Auto;
  Result<std::shared_ptr<const Model>> model = Model::open(*path, open);
  if (!model || !artifact)
    return model;
  if (Status status = arguments.compile.checkAgainst(
          *path, compiledWith(**model), levelsOf(**model));
      !status)
    return status.takeErrors();
  return model;
}

std::vector<std::pair<std::string, std::string>>
compiledWith(const Model &model) {
  std::vector<std::pair<std::string, std::string>> options;
  if (const artifact::Provenance *provenance = model.index().provenance();
      provenance && provenance->options())
    for (const artifact::Option *entry : *provenance->options())
      if (entry->key() && entry->value())
        options.emplace_back(entry->key()->str(), entry->value()->str());
  return options;
}

std::string compiledWith(const Model &model, std::string_view option) {
  for (auto &[key, value] : compiledWith(model))
    if (key == option)
      return value;
  return "";
}

std::string describeOptions(const Model &model) {
  std::string text;
  for (auto &[key, value] : compiledWith(model)) {
    if (key == "target")
      value = model.target() + ":" + model.executable().level()->str();
    if (!value.empty())
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, value);
  }
  return text;
}

} // namespace tombolo
