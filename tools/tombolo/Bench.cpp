#include "tools/lib/Bench.h"
#include "tools/lib/CommandLine.h"
#include "tools/lib/RuntimeEngine.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <chrono>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

namespace {
struct Arguments {
  ModelArguments model;
  BenchOptions bench;
  bool json = false;
};
} // namespace

static int runBench(Arguments &arguments) {
  // Twice: a checkpoint is compiled by the first, loading is the second.
  Result<std::shared_ptr<const Model>> model =
      openModel(arguments.model, /*exact=*/false);
  if (!model)
    return refuse(model.errors());
  auto start = std::chrono::steady_clock::now();
  model = openModel(arguments.model, /*exact=*/false);
  if (!model)
    return refuse(model.errors());
  Result<std::unique_ptr<RuntimeEngine>> engine = RuntimeEngine::create(
      *model, arguments.bench.prompt + arguments.bench.generate);
  if (!engine)
    return refuse(engine.errors());
  std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;
  arguments.bench.threads = (*model)->executor().threads();
  Result<BenchReport> report = bench(**engine, arguments.bench);
  if (!report)
    return refuse(report.errors());
  report->loadSeconds = load.count();
  if (arguments.json) {
    printJson(toJson(*report));
    return Done;
  }
  fmt::print("model     {}\n{}", describeOptions(**model), toText(*report));
  return Done;
}

Verb addBench(CLI::App &app) {
  CLI::App *verb = app.add_subcommand(
      "bench", "tokens per second, next to the limits of this machine");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add(*verb, /*withContext=*/false);
  verb->add_option("--prompt", arguments->bench.prompt, "tokens of the prompt")
      ->check(wholeNumber(1));
  verb->add_option("--generate", arguments->bench.generate,
                   "tokens generated one by one")
      ->check(wholeNumber(1));
  verb->add_option("--repeat", arguments->bench.repeat,
                   "repetitions, whose medians are printed")
      ->check(wholeNumber(1));
  verb->add_flag("--report", arguments->bench.perOp,
                 "a table by operation, from one more round");
  verb->add_flag("--json", arguments->json, "one JSON object");
  return {verb, [arguments] { return runBench(*arguments); },
          [arguments] { return arguments->model.check(); }};
}

} // namespace tombolo
