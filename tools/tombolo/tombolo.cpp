//===- tombolo.cpp - The command line -------------------------------------===//

#include "support/Spelling.h"
#include "tools/lib/CommandLine.h"
#include "tools/lib/Terminal.h"
#include "tools/tombolo/Verbs.h"
#include <algorithm>
#include <fmt/format.h>

using namespace tombolo;

/// Verbs of docs/cli.md that come later.
static constexpr std::string_view laterVerbs[] = {"convert", "serve"};

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
  // What stands in front of a verb is left over in the program itself.
  std::vector<std::string> extra = app.remaining();
  if (verb != &app)
    for (const std::string &argument : verb->remaining())
      extra.push_back(argument);
  for (const std::string &argument : extra) {
    std::string name = argument.substr(0, argument.find('='));
    if (!name.starts_with("-"))
      continue;
    unknown = true;
    bool inFront = std::ranges::count(app.remaining(), argument) > 0 &&
                   std::ranges::count(optionNames(*verb), name) > 0;
    printError(inFront ? fmt::format("'{}' stands in front of '{}': expects it "
                                     "behind",
                                     name, verb->get_name())
                       : fmt::format("'{}' is no option of '{}'", name,
                                     verb->get_name()));
    if (!inFront)
      propose(name, optionNames(*verb));
  }
  if (!unknown)
    printError(dynamic_cast<const CLI::ExtrasError *>(&error)
                   ? fmt::format("expects nothing more, but got '{}'",
                                 fmt::join(extra, "' '"))
                   : describe(error));
  printNote(fmt::format("'tombolo {}--help' lists the options",
                        verb == &app ? "" : verb->get_name() + " "));
  return WrongUsage;
}

static int runVerb(const Verb &verb) {
  if (Status status = verb.check(); !status) {
    printErrors(status.errors());
    return WrongUsage;
  }
  int status = Refused;
  try {
    status = verb.run();
  } catch (const std::exception &error) {
    // Of libraries: memory that is not there, output that cannot be written.
    printError(error.what());
    return Refused;
  }
  return flushOutput() ? status : Refused;
}

int main(int argc, char **argv) {
  CLI::App app("Compiles open-weight models to native code and runs them.",
               "tombolo");
  app.set_version_flag("--version", "tombolo " TOMBOLO_VERSION);
  app.require_subcommand(1);
  std::vector<Verb> verbs = {
      addInspect(app), addImport(app),       addCompile(app), addRun(app),
      addVerify(app),  addEval(app),         addBench(app),   addTwin(app),
      addTargets(app), addArchitectures(app)};

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
      return runVerb(verb);
  return WrongUsage;
}
