#include "frontends/twin/Twin.h"
#include "tools/lib/CommandLine.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace tombolo {

namespace {
struct Arguments {
  std::string source, output;
  TwinOptions options;
  bool json = false;
};
} // namespace

static nlohmann::ordered_json toJson(const TwinReport &report) {
  return {{"family", report.family},   {"kinds", report.kinds},
          {"layers", report.layers},   {"source_layers", report.sourceLayers},
          {"experts", report.experts}, {"source_experts", report.sourceExperts},
          {"tensors", report.tensors}, {"random_tensors", report.randomTensors},
          {"bytes", report.bytes},     {"changed_keys", report.changedKeys}};
}

static int runTwin(const Arguments &arguments) {
  if (Status status = checkSource(arguments.source); !status)
    return refuse(status.errors());
  Result<TwinReport> report =
      writeTwin(arguments.source, arguments.output, arguments.options);
  if (!report)
    return refuse(report.errors());
  if (arguments.json) {
    printJson(toJson(*report));
    return Done;
  }
  fmt::print("{}: {}, {} in {} tensors, {} of them with random values\n",
             arguments.output, report->family,
             formatBytes(double(report->bytes)), report->tensors,
             report->randomTensors);
  fmt::print("layers {} of {}, of {} kinds\n", fmt::join(report->layers, ", "),
             report->sourceLayers, report->kinds);
  if (report->sourceExperts)
    fmt::print("experts {} of {}\n", report->experts, report->sourceExperts);
  for (const std::string &change : report->changedKeys)
    fmt::print("config {}\n", change);
  return Done;
}

Verb addTwin(CLI::App &app) {
  CLI::App *verb = app.add_subcommand(
      "twin", "a small checkpoint like a giant one: fewer layers of each kind "
              "and fewer experts, in the same widths and storage");
  auto arguments = std::make_shared<Arguments>();
  verb->add_option("SRC", arguments->source,
                   "a checkpoint, its headers, or a config.json")
      ->required();
  verb->add_option("-o,--output", arguments->output,
                   "the folder to write; it must be empty or not there")
      ->required()
      ->type_name("DIR");
  verb->add_option("--layers", arguments->options.layers,
                   "layers to keep of each kind")
      ->check(wholeNumber(1))
      ->capture_default_str();
  verb->add_option("--experts", arguments->options.experts,
                   "experts to keep in each layer")
      ->check(wholeNumber(1))
      ->capture_default_str();
  verb->add_option("--seed", arguments->options.seed,
                   "of the values where SRC has none")
      ->capture_default_str();
  verb->add_flag("--headers-only", arguments->options.headersOnly,
                 "end the file after its header");
  verb->add_option("--arch", arguments->options.archFiles,
                   "a description to ask before the built-in ones")
      ->allow_extra_args(false)
      ->type_name("FILE");
  verb->add_flag("--json", arguments->json, "one JSON object");
  return {verb, [arguments] { return runTwin(*arguments); }};
}

} // namespace tombolo
