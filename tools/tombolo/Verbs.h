//===- Verbs.h - The subcommands of tombolo ---------------------*- C++ -*-===//

#ifndef TOOLS_TOMBOLO_VERBS_H
#define TOOLS_TOMBOLO_VERBS_H

#include "support/Result.h"
#include <functional>

namespace CLI {
class App;
}

namespace tombolo {

/// A verb: its part of the command line, and what it does when that is given;
/// gives the exit status. `check` is asked first: what it refuses is wrong
/// usage.
struct Verb {
  CLI::App *app;
  std::function<int()> run;
  std::function<Status()> check = [] { return success(); };
};

Verb addInspect(CLI::App &app);
Verb addImport(CLI::App &app);
Verb addCompile(CLI::App &app);
Verb addRun(CLI::App &app);
Verb addVerify(CLI::App &app);
Verb addEval(CLI::App &app);
Verb addBench(CLI::App &app);
Verb addTargets(CLI::App &app);
Verb addArchitectures(CLI::App &app);
Verb addTwin(CLI::App &app);

} // namespace tombolo

#endif // TOOLS_TOMBOLO_VERBS_H
