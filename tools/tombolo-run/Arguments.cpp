#include "tools/tombolo-run/Arguments.h"
#include "runtime/include/tombolo/tombolo.h"
#include "tools/lib/CommandLine.h"
#include <cstdio>

using namespace tombolo;
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
  std::optional<std::string> list;
  auto *ids = app.add_option("--ids", list, "the prompt as token ids: 1,2,3")
                  ->type_name("IDS");
  prompt->excludes(file)->excludes(ids);
  file->excludes(ids);
  app.add_option("-n", arguments.maxTokens,
                 "tokens to generate (default: to the end)")
      ->check(wholeNumber(1));
  auto *raw =
      app.add_flag("--raw", arguments.raw, "the prompt without chat template");
  app.add_option("--system", arguments.system, "the system message")
      ->excludes(raw)
      ->excludes(ids);
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
      ->check(wholeNumber(0));
  app.add_option("--threads", arguments.threads, "default: all processors")
      ->check(wholeNumber(0, 1024));
  app.add_option("--check-weights", arguments.checkWeights,
                 "whether to check hashes of weights: always, auto, never");
  app.add_option("--target", arguments.target, "target of the artifact");
  app.add_option("--trace", arguments.trace,
                 "write times of dispatches for trace viewers");
  app.add_flag("--json", arguments.json, "one JSON object on stdout");
  auto refuse = [&](const std::string &message) {
    std::fprintf(stderr, "tombolo-run: error: %s\n", message.c_str());
    status = 2;
    return std::nullopt;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() != 0)
      return refuse(describe(error));
    status = app.exit(error);
    return std::nullopt;
  }
  if (Status known = checkName("--check-weights", arguments.checkWeights,
                               {"auto", "always", "never"});
      !known)
    return refuse(known.error().message);
  if (list) {
    Result<std::vector<int32_t>> parsed = parseIds(*list);
    if (!parsed)
      return refuse(parsed.error().message);
    arguments.ids = std::move(*parsed);
  }
  return arguments;
}
