#include "frontends/arch/Description.h"
#include "frontends/arch/Formatter.h"
#include "frontends/import/Compare.h"
#include "tools/tombolo/Arguments.h"
#include "tools/tombolo/Verbs.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

namespace {
struct Arguments {
  std::vector<std::string> check, archFiles;
  std::string format, draft;
  bool json = false;
};
} // namespace

/// All errors of all files.
static int checkFiles(const std::vector<std::string> &files) {
  bool failed = false;
  for (const std::string &file : files) {
    Result<arch::Catalog> catalog = arch::loadCatalog({file});
    if (!catalog) {
      printErrors(catalog.errors());
      failed = true;
      continue;
    }
    fmt::print("{}: family '{}' is well formed\n", file,
               catalog->families.front()->name);
  }
  return failed ? Refused : Done;
}

/// The formatted text to stdout; the file stays as it is.
static int formatFile(const std::string &path) {
  Result<std::string> text = readText(path);
  if (!text)
    return refuse(text.errors());
  Result<std::string> formatted = arch::format(path, std::move(*text));
  if (!formatted)
    return refuse(formatted.errors());
  fmt::print("{}", *formatted);
  return Done;
}

/// The draft to stdout.
static int draftFor(const Arguments &arguments) {
  if (Status status = checkSource(arguments.draft); !status)
    return refuse(status.errors());
  OpenOptions open;
  open.headerOnlyOk = true;
  Result<Checkpoint> checkpoint = openCheckpoint(arguments.draft, open);
  if (!checkpoint)
    return refuse(checkpoint.errors());
  Result<arch::Catalog> catalog = arch::loadCatalog(arguments.archFiles);
  if (!catalog)
    return refuse(catalog.errors());
  Result<std::string> text = draftDescription(*catalog, *checkpoint);
  if (!text)
    return refuse(text.errors());
  fmt::print("{}", *text);
  return Done;
}

static std::string names(const auto &list) {
  std::string text;
  for (const auto &entry : list)
    text += (text.empty() ? "" : ", ") + entry.name;
  return text;
}

static int listFamilies(const Arguments &arguments) {
  Result<arch::Catalog> catalog = arch::loadCatalog(arguments.archFiles);
  if (!catalog)
    return refuse(catalog.errors());
  nlohmann::ordered_json json;
  json["architectures"] = nlohmann::ordered_json::array();
  size_t width = 0;
  for (const auto &family : catalog->families)
    width = std::max(width, family->name.size());
  for (const auto &family : catalog->families) {
    std::string serves = names(family->serves), gguf = names(family->gguf);
    if (arguments.json) {
      nlohmann::ordered_json entry = {{"name", family->name},
                                      {"serves", nlohmann::json::array()},
                                      {"gguf", nlohmann::json::array()}};
      for (const auto &name : family->serves)
        entry["serves"].push_back(name.name);
      for (const auto &name : family->gguf)
        entry["gguf"].push_back(name.name);
      json["architectures"].push_back(std::move(entry));
      continue;
    }
    fmt::print("{:<{}}  {}{}\n", family->name, width, serves,
               gguf.empty() ? "" : " (GGUF: " + gguf + ")");
  }
  if (arguments.json)
    printJson(json);
  return Done;
}

static int runArchitectures(const Arguments &arguments) {
  if (!arguments.draft.empty())
    return draftFor(arguments);
  if (!arguments.check.empty())
    return checkFiles(arguments.check);
  if (!arguments.format.empty())
    return formatFile(arguments.format);
  return listFamilies(arguments);
}

Verb addArchitectures(CLI::App &app) {
  CLI::App *verb = app.add_subcommand(
      "architectures", "the model families this build knows; descriptions "
                       "checked and formatted");
  auto arguments = std::make_shared<Arguments>();
  CLI::Option *check =
      verb->add_option("--check", arguments->check, "descriptions to check")
          ->type_name("FILE");
  CLI::Option *format =
      verb->add_option("--format", arguments->format,
                       "a description to print in the usual layout")
          ->excludes(check)
          ->type_name("FILE");
  CLI::Option *draft =
      verb->add_option("--draft", arguments->draft,
                       "a first description of a checkpoint that no family "
                       "serves, from the nearest one")
          ->excludes(check)
          ->excludes(format)
          ->type_name("SRC");
  verb->add_option("--arch", arguments->archFiles,
                   "a description to list with the built-in ones")
      ->type_name("FILE");
  verb->add_flag("--json", arguments->json, "the list as one JSON object")
      ->excludes(check)
      ->excludes(format)
      ->excludes(draft);
  return {verb, [arguments] { return runArchitectures(*arguments); }};
}

} // namespace tombolo
