#include "tools/lib/Bench.h"
#include "codegen/artifact/Artifact_generated.h"
#include "codegen/artifact/OutputFile.h"
#include "tools/lib/BenchCompare.h"
#include "tools/lib/BenchPlots.h"
#include "tools/lib/CommandLine.h"
#include "tools/lib/RuntimeEngine.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

namespace {
struct Arguments {
  ModelArguments model;
  BenchOptions bench;
  std::string roofline, plot, compare;
  bool json = false;

  Status check() const;
};

/// A drawing's file, which must be possible to make before minutes are spent on
/// measuring.
class Drawing {
public:
  static Result<Drawing> create(const std::string &path) {
    Drawing drawing;
    if (path.empty())
      return drawing;
    Result<std::unique_ptr<artifact::OutputFile>> file =
        artifact::OutputFile::create(path);
    if (!file)
      return file.takeErrors();
    drawing.file = std::move(*file);
    return drawing;
  }
  bool isWanted() const { return file != nullptr; }
  Status write(const std::string &svg) {
    if (Status status = file->write(std::as_bytes(std::span(svg))); !status)
      return status;
    return file->commit();
  }

private:
  std::unique_ptr<artifact::OutputFile> file;
};
} // namespace

Status Arguments::check() const {
  if (!plot.empty() && bench.contexts.size() < 2)
    return Error("", "'--plot' draws time over the context: give it at least "
                     "two of '--contexts'");
  return model.check();
}

static Status drawAll(const BenchReport &report, Drawing &roofline,
                      Drawing &plot) {
  if (roofline.isWanted())
    if (Status status = roofline.write(rooflineSvg(report)); !status)
      return status;
  if (plot.isWanted())
    if (Status status = plot.write(contextsSvg(report)); !status)
      return status;
  return success();
}

static int runBench(Arguments &arguments) {
  BenchReport earlier;
  if (!arguments.compare.empty()) {
    Result<BenchReport> read = readBenchReport(arguments.compare);
    if (!read)
      return refuse(read.errors());
    earlier = std::move(*read);
    if (Status status =
            checkComparable(earlier, arguments.compare, arguments.bench.prompt,
                            arguments.bench.generate);
        !status)
      return refuse(status.errors());
  }
  Result<Drawing> roofline = Drawing::create(arguments.roofline);
  if (!roofline)
    return refuse(roofline.errors());
  Result<Drawing> plot = Drawing::create(arguments.plot);
  if (!plot)
    return refuse(plot.errors());

  // Twice: a checkpoint is compiled by the first, loading is the second.
  Result<std::shared_ptr<const Model>> model =
      openModel(arguments.model, /*exact=*/false);
  if (!model)
    return refuse(model.errors());
  auto start = std::chrono::steady_clock::now();
  model = openModel(arguments.model, /*exact=*/false);
  if (!model)
    return refuse(model.errors());
  Result<std::unique_ptr<RuntimeEngine>> engine =
      RuntimeEngine::create(*model, arguments.bench.longest());
  if (!engine)
    return refuse(engine.errors());
  std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;

  arguments.bench.threads = (*model)->executor().threads();
  arguments.bench.perOp |= roofline->isWanted();
  Result<BenchReport> report = bench(**engine, arguments.bench);
  if (!report)
    return refuse(report.errors());
  report->loadSeconds = load.count();
  report->model = std::filesystem::path(arguments.model.model)
                      .lexically_normal()
                      .filename()
                      .string();
  report->options = compiledWith(**model);
  if (Status status = drawAll(*report, *roofline, *plot); !status)
    return refuse(status.errors());

  std::optional<Comparison> comparison;
  if (!arguments.compare.empty())
    comparison = compareReports(earlier, arguments.compare, *report);
  if (arguments.json) {
    nlohmann::ordered_json json = toJson(*report);
    if (comparison)
      json["comparison"] = toJson(*comparison);
    printJson(json);
    return Done;
  }
  fmt::print("model     {}\n{}", describeOptions(**model), toText(*report));
  if (comparison)
    fmt::print("{}", toText(*comparison));
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
  verb->add_option("--contexts", arguments->bench.contexts,
                   "lengths of sequences, comma-separated, behind which the "
                   "prompt and the tokens are timed too")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(wholeNumber(1, 1 << 24));
  verb->add_flag("--report", arguments->bench.perOp,
                 "a table by operation, from as many more rounds");
  verb->add_option("--roofline", arguments->roofline,
                   "draw the operations below the machine's limits")
      ->type_name("FILE.svg");
  verb->add_option("--plot", arguments->plot,
                   "draw time over the length of the sequence, of --contexts")
      ->type_name("FILE.svg");
  verb->add_option("--compare", arguments->compare,
                   "what --json wrote in an earlier run: ratios of the speeds, "
                   "and whether they are noise")
      ->type_name("EARLIER.json");
  verb->add_flag("--json", arguments->json, "one JSON object");
  return {verb, [arguments] { return runBench(*arguments); },
          [arguments] { return arguments->check(); }};
}

} // namespace tombolo
