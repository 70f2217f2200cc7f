#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <CLI/CLI.hpp>

namespace tombolo {

namespace {
struct Arguments {
  std::string source, output;
  CompileOptions options;
};
} // namespace

static int runImport(const Arguments &arguments) {
  if (Status status = checkSource(arguments.source); !status)
    return refuse(status.errors());
  if (Status status =
          importModule(arguments.source, arguments.options, arguments.output);
      !status)
    return refuse(status.errors());
  return Done;
}

Verb addImport(CLI::App &app) {
  CLI::App *verb =
      app.add_subcommand("import", "the nn module of a checkpoint");
  auto arguments = std::make_shared<Arguments>();
  verb->add_option("SRC", arguments->source, "a checkpoint")->required();
  verb->add_option("-o,--output", arguments->output,
                   "the .mlir file to write; '-' for stdout")
      ->required();
  verb->add_option("--arch", arguments->options.archFiles,
                   "a description to ask before the built-in ones")
      ->allow_extra_args(false)
      ->type_name("FILE");
  return {verb, [arguments] { return runImport(*arguments); }};
}

} // namespace tombolo
