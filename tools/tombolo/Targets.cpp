#include "compiler/Compiler.h"
#include "tools/lib/Terminal.h"
#include "tools/tombolo/Verbs.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

static int runTargets(bool json) {
  std::vector<TargetDescription> list = targets();
  if (json) {
    nlohmann::ordered_json object;
    object["targets"] = nlohmann::ordered_json::array();
    for (const TargetDescription &target : list) {
      nlohmann::ordered_json levels = nlohmann::ordered_json::array();
      for (const TargetDescription::Level &level : target.levels)
        levels.push_back({{"name", level.name},
                          {"evidence", level.evidence},
                          {"instructions", level.instructions},
                          {"features", level.features}});
      object["targets"].push_back({{"name", target.name},
                                   {"summary", target.summary},
                                   {"state", target.state},
                                   {"levels", std::move(levels)}});
    }
    printJson(object);
    return Done;
  }
  size_t name = 0, state = 0;
  for (const TargetDescription &target : list) {
    name = std::max(name, target.name.size());
    state = std::max(state, target.state.size());
  }
  for (const TargetDescription &target : list) {
    fmt::print("{:<{}}  {:<{}}  {}\n", target.name, name, target.state, state,
               target.summary);
    for (const TargetDescription::Level &level : target.levels)
      fmt::print("  {:<20}  {:<9}  {}\n", level.name, level.evidence,
                 level.instructions);
  }
  if (!list.empty())
    fmt::print("In the tests of this version, code of a level was executed on "
               "such a machine, emulated,\nor only assembled.\n");
  return Done;
}

Verb addTargets(CLI::App &app) {
  CLI::App *verb =
      app.add_subcommand("targets", "what this build can compile for");
  auto json = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "one JSON object");
  return {verb, [json] { return runTargets(*json); }};
}

} // namespace tombolo
