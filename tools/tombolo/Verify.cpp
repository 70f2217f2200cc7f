#include "tools/lib/Verify.h"
#include "tools/lib/Cache.h"
#include "tools/lib/CommandLine.h"
#include "tools/lib/InterpreterEngine.h"
#include "tools/lib/RuntimeEngine.h"
#include "tools/lib/SourceCheck.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

namespace {
struct Arguments {
  ModelArguments model;
  std::string reference, engine = "auto", source;
  std::optional<double> tolerance;
  bool integrity = false, json = false;
};
} // namespace

/// What a product's activations cost in error, by the option they are compiled
/// with.
static double defaultTolerance(std::string_view activations) {
  return activations == "i16" ? 1e-3 : activations == "i8" ? 5e-2 : 1e-4;
}

static int report(const Arguments &arguments, const VerifyReport &report) {
  if (arguments.json)
    printJson(toJson(report));
  else
    fmt::print("{}", toText(report));
  return report.passed ? Done : Refused;
}

static int verifyCompiled(const Arguments &arguments,
                          const Reference &reference) {
  bool artifact = isArtifact(arguments.model.model);
  Result<std::shared_ptr<const Model>> model =
      openModel(arguments.model, /*exact=*/!artifact);
  if (!model)
    return refuse(model.errors());
  int64_t length = int64_t(reference.inputIds.size()) +
                   int64_t(reference.generatedIds.size());
  Result<std::unique_ptr<RuntimeEngine>> engine =
      RuntimeEngine::create(*model, length);
  if (!engine)
    return refuse(engine.errors());
  if (arguments.engine != "auto" && arguments.engine != (*engine)->name()) {
    printError(fmt::format("{}: '--engine': expects {}, which the artifact is "
                           "compiled for, or interpreter, but got '{}'",
                           arguments.model.model, (*engine)->name(),
                           arguments.engine));
    return Refused;
  }
  double tolerance = arguments.tolerance.value_or(
      defaultTolerance(compiledWith(**model, "activations")));
  Result<VerifyReport> result = verify(**engine, reference, tolerance);
  if (!result)
    return refuse(result.errors());
  if (!arguments.json)
    fmt::print("compiled with: {}\n", describeOptions(**model));
  return report(arguments, *result);
}

static int verifyInterpreted(const Arguments &arguments,
                             const Reference &reference) {
  if (isArtifact(arguments.model.model)) {
    printError(arguments.model.model +
               ": the interpreter takes a checkpoint, not an artifact");
    return Refused;
  }
  if (Status status = checkSource(arguments.model.model); !status)
    return refuse(status.errors());
  Result<std::unique_ptr<InterpreterEngine>> engine = InterpreterEngine::create(
      arguments.model.model, arguments.model.compile.archFiles);
  if (!engine)
    return refuse(engine.errors());
  Result<VerifyReport> result =
      verify(**engine, reference, arguments.tolerance.value_or(1e-4));
  if (!result)
    return refuse(result.errors());
  return report(arguments, *result);
}

/// The checks of an artifact that need no reference; what they found in `json`.
static Status checkFile(const Arguments &arguments,
                        nlohmann::ordered_json &json) {
  if (arguments.integrity) {
    if (Status status = verifyIntegrity(arguments.model.model); !status)
      return status;
    json["integrity"] = true;
    if (!arguments.json)
      fmt::print("{}: every byte is as it was written\n",
                 arguments.model.model);
  }
  if (arguments.source.empty())
    return success();
  Progress progress;
  Result<SourceReport> result = compareWithSource(
      arguments.model.model, arguments.source,
      arguments.model.compile.archFiles,
      [&](const std::string &phase, uint64_t done, uint64_t total) {
        progress.update(phase, done, total);
      });
  progress.clear();
  if (!result)
    return result.takeErrors();
  json["tensors"] = result->tensors;
  json["tensors_equal"] = result->equal;
  if (!arguments.json)
    fmt::print("{}: {} of {} weights are those of '{}'\n",
               arguments.model.model, result->equal, result->tensors,
               arguments.source);
  if (result->equal != result->tensors) {
    json["passed"] = false;
    json["first_difference"] = result->firstDifference;
    if (!arguments.json)
      fmt::print("first difference: {}\n", result->firstDifference);
  }
  return success();
}

static int verifyFile(const Arguments &arguments) {
  nlohmann::ordered_json json;
  json["passed"] = true;
  if (Status status = checkFile(arguments, json); !status) {
    json["passed"] = false;
    json["error"] = status.error().str();
    printErrors(status.errors());
  }
  if (arguments.json)
    printJson(json);
  return json["passed"] ? Done : Refused;
}

static int runVerify(const Arguments &arguments) {
  if (arguments.integrity || !arguments.source.empty()) {
    if (isArtifact(arguments.model.model))
      return verifyFile(arguments);
    printError(arguments.model.model + ": expects an artifact, which a file "
                                       "that does not begin with 'TOMBOLO' is "
                                       "not");
    return Refused;
  }
  if (arguments.reference.empty()) {
    printError("expects --reference FILE, --integrity or --source SRC");
    return WrongUsage;
  }
  for (const std::string &later : targetsToCome())
    if (arguments.engine == later) {
      printError(fmt::format("'--engine {}' is not in this version", later));
      return Refused;
    }
  Result<Reference> reference = readReference(arguments.reference);
  if (!reference)
    return refuse(reference.errors());
  return arguments.engine == "interpreter"
             ? verifyInterpreted(arguments, *reference)
             : verifyCompiled(arguments, *reference);
}

/// Engines are the interpreter and the targets.
static Status checkEngine(const std::string &engine) {
  std::vector<std::string> names = {"auto", "interpreter"};
  for (const TargetDescription &target : targets())
    names.push_back(target.name);
  for (const std::string &later : targetsToCome())
    names.push_back(later);
  return checkName("--engine", engine, names);
}

Verb addVerify(CLI::App &app) {
  CLI::App *verb = app.add_subcommand(
      "verify", "a model against activations from elsewhere; an artifact "
                "against its hashes or its source");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add(*verb, /*withContext=*/false);
  CLI::Option *reference =
      verb->add_option("--reference", arguments->reference,
                       "safetensors with input_ids, logits, hidden.N, "
                       "generated_ids, generated_logits")
          ->type_name("FILE");
  CLI::Option *engine =
      verb->add_option("--engine", arguments->engine,
                       "interpreter, or the target the model is compiled for");
  verb->add_option("--tolerance", arguments->tolerance,
                   "largest relative error; default: 1e-4 exact, 1e-3 i16, "
                   "5e-2 i8")
      ->check(notNegative());
  verb->add_flag("--integrity", arguments->integrity,
                 "check every hash of an artifact")
      ->excludes(reference)
      ->excludes(engine);
  verb->add_option("--source", arguments->source,
                   "derive an artifact's weights anew from SRC and compare")
      ->excludes(reference)
      ->excludes(engine)
      ->type_name("SRC");
  verb->add_flag("--json", arguments->json, "one JSON object");
  return {verb, [arguments] { return runVerify(*arguments); },
          [arguments] {
            Status status = arguments->model.check();
            return status ? checkEngine(arguments->engine) : std::move(status);
          }};
}

} // namespace tombolo
