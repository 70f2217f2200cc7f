//===- Registry.cpp - The targets of this build ---------------------------===//

#include "codegen/cpu/target/CpuTarget.h"
#include "codegen/target/Target.h"
#include "support/Spelling.h"

using namespace tombolo;

const std::vector<TargetEntry> &tombolo::targetEntries() {
  static const std::vector<TargetEntry> entries = {
      {"cpu",
       "CPUs, by LLVM's name of one or x86-64-v2 to -v4; plain: this machine",
       "executed on this machine", createCpuTarget, registerCpuTargetDialects,
       registerCpuTargetPasses},
  };
  return entries;
}

Result<std::unique_ptr<Target>>
tombolo::createTarget(const std::string &spec, const TargetOptions &options) {
  size_t colon = spec.find(':');
  std::string name = spec.substr(0, colon);
  std::string level = colon == std::string::npos ? "" : spec.substr(colon + 1);
  for (const TargetEntry &entry : targetEntries())
    if (entry.name == name)
      return entry.create(level, options);
  for (const char *later : {"cuda", "rocm", "ascend"})
    if (name == later)
      return Error("", "target '" + spec + "' is not in this version");
  std::vector<std::string> names;
  for (const TargetEntry &entry : targetEntries())
    names.push_back(entry.name);
  Error error("", "target '" + spec + "' is not known");
  if (auto near = nearest(name, names))
    return std::move(error).note("did you mean '" + *near + "'?");
  return error;
}
