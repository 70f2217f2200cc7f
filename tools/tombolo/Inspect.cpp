#include "tools/lib/Inspect.h"
#include "tools/lib/Cache.h"
#include "tools/lib/CommandLine.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

namespace {
struct Arguments {
  std::string source;
  CompileArguments compile;
  int64_t context = 0;
  bool json = false;
};
} // namespace

static int runInspect(const Arguments &arguments) {
  if (Status status = checkSource(arguments.source); !status)
    return refuse(status.errors());
  Result<CompileOptions> options = arguments.compile.options();
  if (!options)
    return refuse(options.errors());
  if (arguments.source.ends_with(".mlir")) {
    printError(arguments.source +
               ": modules are compiled, not inspected, in this version");
    return Refused;
  }
  Result<Inspection> inspection =
      isArtifact(arguments.source)
          ? inspectArtifact(arguments.source, arguments.context)
          : inspectSource(arguments.source, *options, arguments.context);
  if (!inspection)
    return refuse(inspection.errors());
  if (inspection->kind == "artifact") {
    std::vector<std::string> levels;
    for (const Inspection::Level &level : inspection->levels)
      levels.push_back(level.name);
    if (Status status = arguments.compile.checkAgainst(
            arguments.source, inspection->options, levels);
        !status)
      return refuse(status.errors());
  }
  if (arguments.json)
    printJson(toJson(*inspection));
  else
    fmt::print("{}", toText(*inspection));
  return inspection->supported ? Done : Refused;
}

Verb addInspect(CLI::App &app) {
  CLI::App *verb = app.add_subcommand(
      "inspect", "what a checkpoint or an artifact is, and what it will take");
  auto arguments = std::make_shared<Arguments>();
  verb->add_option("SRC", arguments->source, "a checkpoint or an artifact")
      ->required();
  arguments->compile.add(*verb);
  verb->add_option("--context", arguments->context,
                   "tokens of a sequence, for its memory; default: the "
                   "model's or 4096, the smaller")
      ->check(wholeNumber(0));
  verb->add_flag("--json", arguments->json, "one JSON object");
  return {verb, [arguments] { return runInspect(*arguments); },
          [arguments] { return arguments->compile.check(); }};
}

} // namespace tombolo
