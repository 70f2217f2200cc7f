#include "tools/lib/SourceCheck.h"
#include "codegen/artifact/Artifact_generated.h"
#include "runtime/core/Artifact.h"
#include "tools/lib/Cache.h"
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <unistd.h>

namespace tombolo {

namespace {
/// A file that is gone when this is.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &folder)
      : path(fmt::format("{}/check-{}.tbo", folder, getpid())) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  const std::string path;
};
} // namespace

/// Options of the kind that change weights and plan, as
/// CompileOptions::resolved wrote them.
static Result<CompileOptions> optionsOf(const artifact::Index &index) {
  CompileOptions options;
  if (const artifact::Provenance *provenance = index.provenance();
      provenance && provenance->options())
    for (const artifact::Option *option : *provenance->options())
      if (option->key() && option->value())
        if (Status status =
                options.set(option->key()->str(), option->value()->str());
            !status)
          return status.takeErrors();
  return options;
}

static std::string nameOf(const artifact::Tensor &tensor) {
  return fmt::format("{}[{}]", tensor.name() ? tensor.name()->str() : "",
                     tensor.index());
}

static SourceReport compareTensors(const Artifact &ours,
                                   const Artifact &theirs) {
  std::map<std::string, size_t> byName;
  const auto *others = theirs.index().tensors();
  for (size_t i = 0; others && i < others->size(); ++i)
    byName[nameOf(*others->Get(unsigned(i)))] = i;
  SourceReport report;
  const auto *tensors = ours.index().tensors();
  for (size_t i = 0; tensors && i < tensors->size(); ++i) {
    std::string name = nameOf(*tensors->Get(unsigned(i)));
    ++report.tensors;
    auto found = byName.find(name);
    if (found != byName.end() &&
        std::ranges::equal(ours.tensor(i), theirs.tensor(found->second)))
      ++report.equal;
    else if (report.firstDifference.empty())
      report.firstDifference =
          name + (found == byName.end() ? " is not in the source" : "");
  }
  return report;
}

Result<SourceReport>
compareWithSource(const std::string &artifact, const std::string &source,
                  const std::vector<std::string> &archFiles,
                  const ProgressCallback &progress) {
  Result<std::shared_ptr<const Artifact>> ours = Artifact::open(artifact);
  if (!ours)
    return ours.takeErrors();
  Result<CompileOptions> options = optionsOf((*ours)->index());
  if (!options)
    return options.takeErrors();
  options->archFiles = archFiles;
  Result<std::string> folder = cacheFolder();
  if (!folder)
    return folder.takeErrors();
  std::error_code failed;
  std::filesystem::create_directories(*folder, failed);
  if (failed)
    return Error(*folder, "cannot be made: " + failed.message());
  TemporaryFile again(*folder);
  if (Status status = compile(source, *options, again.path, progress); !status)
    return status.takeErrors();
  Result<std::shared_ptr<const Artifact>> theirs = Artifact::open(again.path);
  if (!theirs)
    return theirs.takeErrors();
  return compareTensors(**ours, **theirs);
}

} // namespace tombolo
