#include "tools/lib/SourceCheck.h"
#include "codegen/artifact/Artifact_generated.h"
#include "runtime/core/Artifact.h"
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
  explicit TemporaryFile(const std::string &beside)
      : path(fmt::format("{}.check-{}", beside, getpid())) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  const std::string path;
};
} // namespace

/// Options of the kind that change weights and plan, as
/// CompileOptions::resolved wrote them.
static CompileOptions optionsOf(const artifact::Index &index) {
  CompileOptions options;
  std::map<std::string, std::string> values;
  if (const artifact::Provenance *provenance = index.provenance();
      provenance && provenance->options())
    for (const artifact::Option *option : *provenance->options())
      if (option->key() && option->value())
        values[option->key()->str()] = option->value()->str();
  const std::string &activations = values["activations"];
  options.activations = activations == "i16"  ? Activations::I16
                        : activations == "i8" ? Activations::I8
                                              : Activations::F32;
  const std::string &kv = values["kv"];
  options.kv = kv == "f16"    ? KvType::F16
               : kv == "bf16" ? KvType::BF16
               : kv == "q8_0" ? KvType::Q8_0
                              : KvType::F32;
  if (!values["target"].empty())
    options.target = values["target"];
  const std::string &chunk = values["chunk"];
  std::from_chars(chunk.data(), chunk.data() + chunk.size(), options.chunk);
  std::string &disabled = values["disabled"];
  for (size_t begin = 0; begin < disabled.size();) {
    size_t end = std::min(disabled.find(',', begin), disabled.size());
    options.disabled.push_back(disabled.substr(begin, end - begin));
    begin = end + 1;
  }
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

Result<SourceReport> compareWithSource(const std::string &artifact,
                                       const std::string &source,
                                       const ProgressCallback &progress) {
  Result<std::shared_ptr<const Artifact>> ours = Artifact::open(artifact);
  if (!ours)
    return ours.takeErrors();
  TemporaryFile again(artifact);
  if (Status status =
          compile(source, optionsOf((*ours)->index()), again.path, progress);
      !status)
    return status.takeErrors();
  Result<std::shared_ptr<const Artifact>> theirs = Artifact::open(again.path);
  if (!theirs)
    return theirs.takeErrors();
  return compareTensors(**ours, **theirs);
}

} // namespace tombolo
