#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>

namespace tombolo {

namespace {
struct Arguments {
  std::string source, output, checkpoint;
  CompileArguments compile;
  std::string stopAfter, dumpDir = ".";
  std::vector<std::string> dumpAfter;
  bool report = false;
};
} // namespace

static int runCompile(const Arguments &arguments) {
  if (Status status = checkSource(arguments.source); !status)
    return refuse(status.errors());
  Result<CompileOptions> options = arguments.compile.options();
  if (!options)
    return refuse(options.errors());
  options->stopAfter = arguments.stopAfter;
  options->dumpAfter = arguments.dumpAfter;
  options->dumpDir = arguments.dumpDir;
  options->timing = arguments.report;
  options->checkpoint = arguments.checkpoint;

  auto start = std::chrono::steady_clock::now();
  Progress progress;
  Status status =
      compile(arguments.source, *options, arguments.output,
              [&](const std::string &phase, uint64_t done, uint64_t total) {
                progress.update(phase, done, total);
              });
  progress.clear();
  if (!status)
    return refuse(status.errors());
  std::error_code ignored;
  double bytes = double(std::filesystem::file_size(arguments.output, ignored));
  std::chrono::duration<double> taken =
      std::chrono::steady_clock::now() - start;
  fmt::print("{}: {} in {:.1f} s\n", arguments.output, formatBytes(bytes),
             taken.count());
  return Done;
}

Verb addCompile(CLI::App &app) {
  CLI::App *verb =
      app.add_subcommand("compile", "the artifact of a checkpoint");
  auto arguments = std::make_shared<Arguments>();
  verb->add_option("SRC", arguments->source, "a checkpoint, or a .mlir module")
      ->required();
  verb->add_option("-o,--output", arguments->output, "the artifact to write")
      ->required();
  arguments->compile.add(*verb);
  verb->add_option("--stop-after", arguments->stopAfter,
                   "import, fuse, quantize, plan or lower; the module is "
                   "written instead");
  verb->add_option("--dump-after", arguments->dumpAfter,
                   "a pass whose result is written into --dump-dir")
      ->allow_extra_args(false);
  verb->add_option("--dump-dir", arguments->dumpDir, "folder of the dumps");
  verb->add_option("--source", arguments->checkpoint,
                   "where the checkpoint of a .mlir module is now");
  verb->add_flag("--report", arguments->report, "how long each pass took");
  return {verb, [arguments] { return runCompile(*arguments); },
          [arguments]() -> Status {
            if (Status status = arguments->compile.check(); !status)
              return status;
            CompileOptions names;
            names.stopAfter = arguments->stopAfter;
            names.dumpAfter = arguments->dumpAfter;
            return checkNames(names);
          }};
}

} // namespace tombolo
