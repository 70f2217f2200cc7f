//===- tombolo.cpp - The command line -------------------------------------===//

#include "support/Spelling.h"
#include "tools/lib/Terminal.h"
#include "tools/tombolo/Verbs.h"
#include <CLI/CLI.hpp>
#include <fmt/format.h>

using namespace tombolo;

/// Verbs of docs/cli.md that come later.
static constexpr std::string_view laterVerbs[] = {"convert", "twin", "serve"};

/// Proposes the nearest of `names`, if one is near.
static void propose(const std::string &name,
                    const std::vector<std::string> &names) {
  if (std::optional<std::string> close =
          nearest(name, std::span<const std::string>(names)))
    printNote("did you mean '" + *close + "'?");
}

static std::vector<std::string> optionNames(const CLI::App &app) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

/// Says what is wrong with the command line in our words.
static int reportUsage(CLI::App &app, const CLI::ParseError &error) {
  CLI::App *verb = &app;
  for (CLI::App *chosen : app.get_subcommands())
    verb = chosen;
  bool unknown = false;
  for (const std::string &argument : verb->remaining()) {
    std::string name = argument.substr(0, argument.find('='));
    if (!name.starts_with("-"))
      continue;
    unknown = true;
    printError(
        fmt::format("'{}' is no option of '{}'", name, verb->get_name()));
    propose(name, optionNames(*verb));
  }
  if (!unknown) {
    std::string message = error.what();
    if (dynamic_cast<const CLI::ExtrasError *>(&error))
      message = fmt::format("expects nothing more, but got '{}'",
                            fmt::join(verb->remaining(), "' '"));
    else if (dynamic_cast<const CLI::RequiredError *>(&error))
      message = fmt::format("expects {}",
                            message.substr(0, message.find(" is required")));
    printError(message);
  }
  printNote(fmt::format("'tombolo {}--help' lists the options",
                        verb == &app ? "" : verb->get_name() + " "));
  return WrongUsage;
}

int main(int argc, char **argv) {
  CLI::App app("Compiles open-weight models to native code and runs them.",
               "tombolo");
  app.set_version_flag("--version", "tombolo " TOMBOLO_VERSION);
  app.require_subcommand(1);
  std::vector<Verb> verbs = {
      addInspect(app), addImport(app),  addCompile(app),
      addRun(app),     addVerify(app),  addEval(app),
      addBench(app),   addTargets(app), addArchitectures(app)};

  if (argc > 1 && argv[1][0] != '-') {
    std::string name = argv[1];
    for (std::string_view later : laterVerbs)
      if (name == later) {
        printError("'" + name + "' is not in this version");
        return Refused;
      }
    std::vector<std::string> names;
    for (const Verb &verb : verbs)
      names.push_back(verb.app->get_name());
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      printError(fmt::format("'{}' is no command: expects one of {}", name,
                             fmt::join(names, ", ")));
      propose(name, names);
      return WrongUsage;
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    // Help and the version come as exceptions, too.
    if (error.get_exit_code() == 0)
      return app.exit(error);
    return reportUsage(app, error);
  }
  for (const Verb &verb : verbs)
    if (verb.app->parsed())
      return verb.run();
  return WrongUsage;
}
