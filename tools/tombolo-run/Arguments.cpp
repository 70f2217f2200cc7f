#include "tools/tombolo-run/Arguments.h"
#include "runtime/include/tombolo/tombolo.h"
#include <CLI/CLI.hpp>
#include <cstdio>

using namespace tombolo::run;

std::optional<Arguments> tombolo::run::parseArguments(int argc, char **argv,
                                                      int &status) {
  Arguments arguments;
  CLI::App app("Runs a language model from a .tbo artifact.", "tombolo-run");
  app.set_version_flag("--version",
                       std::string("tombolo-run ") + tombolo_version());
  app.add_option("MODEL", arguments.model, "a .tbo artifact")->required();
  auto *prompt = app.add_option("-p,--prompt", arguments.prompt, "the prompt");
  auto *file =
      app.add_option("-f,--file", arguments.file, "a file with the prompt");
  auto *ids = app.add_option("--ids", arguments.ids, "the prompt as token ids")
                  ->delimiter(',');
  prompt->excludes(file)->excludes(ids);
  file->excludes(ids);
  app.add_option("-n", arguments.maxTokens,
                 "tokens to generate (default: to the end)")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--raw", arguments.raw, "the prompt without chat template");
  app.add_option("--system", arguments.system, "the system message");
  app.add_option("--temperature", arguments.temperature, "0: greedy");
  app.add_option("--top-p", arguments.topP, "of the likeliest tokens, 0 to 1");
  app.add_option("--top-k", arguments.topK, "likeliest tokens, 0: all");
  app.add_option("--min-p", arguments.minP, "relative to the likeliest");
  app.add_option("--repeat-penalty", arguments.repeatPenalty, "1: none");
  app.add_option("--seed", arguments.seed, "of the random numbers");
  app.add_option("--stop", arguments.stop, "a text that ends the answer")
      ->allow_extra_args(false);
  app.add_flag("--ignore-eos", arguments.ignoreEnd, "go on at end tokens");
  app.add_option("--context", arguments.context, "tokens of the sequence")
      ->check(CLI::PositiveNumber);
  app.add_option("--threads", arguments.threads, "default: all processors")
      ->check(CLI::Range(1, 1024));
  app.add_option("--check-weights", arguments.checkWeights,
                 "whether to check hashes of weights")
      ->check(CLI::IsMember({"always", "auto", "never"}));
  app.add_option("--target", arguments.target, "target of the artifact");
  app.add_option("--trace", arguments.trace,
                 "write times of dispatches for trace viewers");
  app.add_flag("--json", arguments.json, "one JSON object on stdout");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0) {
      status = app.exit(error);
    } else {
      std::fprintf(stderr, "tombolo-run: error: %s\n", error.what());
      status = 2;
    }
    return std::nullopt;
  }
  return arguments;
}
