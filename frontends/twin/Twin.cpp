//===- Twin.cpp - A small checkpoint like a giant one ---------------------===//

#include "frontends/twin/Twin.h"
#include "frontends/import/Expected.h"
#include "frontends/import/Import.h"
#include "frontends/twin/Values.h"
#include "support/Text.h"
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

using namespace tombolo;
using namespace tombolo::twin;

/// Files beside the weights that a twin takes along as they are.
static constexpr const char *companions[] = {"generation_config.json",
                                             "hf_quant_config.json",
                                             "tokenizer.json",
                                             "tokenizer_config.json",
                                             "special_tokens_map.json",
                                             "chat_template.jinja",
                                             "vocab.json",
                                             "merges.txt",
                                             "added_tokens.json"};

/// The folder, made where it is not there; one that holds something is refused.
static Status makeFolder(const std::string &output) {
  std::error_code code;
  if (fs::exists(output, code) && !fs::is_directory(output, code))
    return Error(output, "expects a folder to write to, but it is a file");
  if (fs::is_directory(output, code) && !fs::is_empty(output, code))
    return Error(output, "expects an empty folder to write to, but there is "
                         "something in it");
  fs::create_directories(output, code);
  if (code)
    return Error(output, "cannot be made: " + code.message());
  return success();
}

static Status writeConfig(const fs::path &path,
                          const nlohmann::ordered_json &config) {
  std::ofstream file(path);
  using Handler = nlohmann::ordered_json::error_handler_t;
  file << config.dump(2, ' ', false, Handler::replace) << "\n";
  file.close();
  if (!file)
    return Error(path.string(), "cannot be written");
  return success();
}

static Result<Checkpoint> openSource(const std::string &source,
                                     const arch::Catalog &catalog) {
  OpenOptions open;
  open.headerOnlyOk = open.namesOnlyOk = true;
  Result<Checkpoint> checkpoint = openCheckpoint(source, open);
  if (!checkpoint)
    return checkpoint;
  if (checkpoint->container == Container::Gguf)
    return Error(source, "expects a checkpoint for safetensors: twins of GGUF "
                         "files are not in this version");
  if (!checkpoint->namesOnly)
    return checkpoint;
  Result<std::shared_ptr<const arch::Family>> family =
      findFamily(catalog, *checkpoint);
  if (!family)
    return family.takeErrors();
  return withExpectedTensors(catalog, **family, std::move(*checkpoint));
}

Result<TwinReport> tombolo::writeTwin(const std::string &source,
                                      const std::string &output,
                                      const TwinOptions &options) {
  Result<arch::Catalog> catalog = arch::loadCatalog(options.archFiles);
  if (!catalog)
    return catalog.takeErrors();
  Result<Checkpoint> checkpoint = openSource(source, *catalog);
  if (!checkpoint)
    return checkpoint.takeErrors();
  Result<std::shared_ptr<const arch::Family>> family =
      findFamily(*catalog, *checkpoint);
  if (!family)
    return family.takeErrors();
  Result<Cut> cut = cutOf(*catalog, **family, *checkpoint, options);
  if (!cut)
    return cut.takeErrors();
  Result<std::vector<StoredPart>> parts = storedParts(*cut);
  if (!parts)
    return parts.takeErrors();
  if (Status made = makeFolder(output); !made)
    return made.takeErrors();

  TwinReport report;
  report.family = (*family)->name;
  report.layers = cut->layers;
  report.sourceLayers = cut->sourceLayers;
  report.kinds = cut->kinds;
  report.experts = cut->experts;
  report.sourceExperts = cut->sourceExperts;
  report.changedKeys = cut->changedKeys;
  std::vector<WrittenTensor> tensors;
  std::vector<bool> random;
  for (const StoredPart &part : *parts) {
    tensors.push_back({part.name, part.source->encoding, part.shape});
    random.push_back(!hasValues(checkpoint->weights, *part.tensor));
    report.randomTensors += random.back() ? 1 : 0;
    report.bytes +=
        encodedBytes(part.source->encoding, elementsOf(part.shape).value_or(0))
            .value_or(0);
  }
  report.tensors = static_cast<int64_t>(tensors.size());

  auto values = [&](size_t i, const ByteSink &sink) {
    return random[i] ? randomValues((*parts)[i], options.seed, sink)
                     : copyValues(checkpoint->weights, (*parts)[i], sink);
  };
  fs::path folder = output;
  if (Status written = writeSafetensors(
          (folder / "model.safetensors").string(), tensors,
          options.headersOnly
              ? std::function<Status(size_t, const ByteSink &)>()
              : values);
      !written)
    return written.takeErrors();
  if (Status written = writeConfig(folder / "config.json", cut->config);
      !written)
    return written.takeErrors();
  fs::path from = fs::path(checkpoint->configPath).parent_path();
  for (const char *name : companions) {
    std::error_code code;
    if (fs::exists(from / name, code))
      fs::copy_file(from / name, folder / name, code);
    if (code)
      return Error((folder / name).string(),
                   "cannot be written: " + code.message());
  }
  return report;
}
