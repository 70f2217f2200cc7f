//===- Registry.cpp - The targets of this build ---------------------------===//

#include "codegen/cpu/target/CpuTarget.h"
#include "codegen/target/Target.h"
#include "support/Spelling.h"
#include <algorithm>

using namespace tombolo;

const std::vector<TargetEntry> &tombolo::targetEntries() {
  static const std::vector<TargetEntry> entries = {
      {"cpu",
       "CPUs, by a level below or LLVM's name of one; plain: this machine",
       "executed on this machine", createCpuTarget, cpuTargetLevels,
       registerCpuTargetDialects, registerCpuTargetPasses},
  };
  return entries;
}

const std::vector<std::string> &tombolo::laterTargets() {
  static const std::vector<std::string> names = {"cuda", "rocm", "ascend"};
  return names;
}

Result<std::unique_ptr<Target>>
tombolo::createTarget(const std::string &spec, const TargetOptions &options) {
  size_t colon = spec.find(':');
  std::string name = spec.substr(0, colon);
  std::string level = colon == std::string::npos ? "" : spec.substr(colon + 1);
  for (const TargetEntry &entry : targetEntries())
    if (entry.name == name)
      return entry.create(level, options);
  if (std::ranges::count(laterTargets(), name))
    return Error("", "target '" + spec + "' is not in this version");
  std::vector<std::string> names;
  std::string list;
  for (const TargetEntry &entry : targetEntries()) {
    names.push_back(entry.name);
    list += (list.empty() ? "" : ", ") + entry.name;
  }
  Error error("", "target '" + spec + "' is not known: expects " + list +
                      ", or " + list + ":LEVEL");
  if (auto near = nearest(name, names))
    return std::move(error).note("did you mean '" + *near + "'?");
  return error;
}
