//===- Shards.cpp - Sets of safetensors files -----------------------------===//

#include "frontends/safetensors/Safetensors.h"
#include "support/FileName.h"
#include "support/Json.h"
#include "support/Text.h"
#include <algorithm>
#include <filesystem>
#include <map>

namespace fs = std::filesystem;

namespace tombolo {
namespace {

using Json = nlohmann::ordered_json;

/// An index of many tensors takes a few megabytes.
constexpr uint64_t maxIndexBytes = uint64_t(1) << 28;

/// A weight_map's file stays in the index's folder.
bool isPlainName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

Status readFile(const std::string &path, WeightSource &weights,
                bool headerOnlyOk) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeErrors();
  return readSafetensorsFile(std::move(*file), weights, headerOnlyOk);
}

/// The index's `weight_map` by file, in the order of the files' names.
Result<std::map<std::string, std::vector<std::string>>>
readIndex(const std::string &path, uint64_t *totalBytes = nullptr) {
  Result<Json> index = readJson(path, maxIndexBytes);
  if (!index)
    return index.takeErrors();
  if (totalBytes && index->is_object())
    if (auto metadata = index->find("metadata");
        metadata != index->end() && metadata->is_object())
      if (auto size = metadata->find("total_size");
          size != metadata->end() && size->is_number_unsigned())
        *totalBytes = size->get<uint64_t>();
  auto weightMap =
      index->is_object() ? index->find("weight_map") : index->end();
  if (!index->is_object() || weightMap == index->end() ||
      !weightMap->is_object() || weightMap->empty())
    return Error(path, "expects an object 'weight_map' from tensors to files");
  std::map<std::string, std::vector<std::string>> shards;
  for (auto &[tensor, file] : weightMap->items()) {
    if (!file.is_string())
      return Error(path, "tensor " + quote(tensor) +
                             ": expects the name of a file, but got " +
                             std::string(jsonKind(file)));
    const auto &name = file.get_ref<const std::string &>();
    if (!isPlainName(name))
      return Error(path, "tensor " + quote(tensor) +
                             ": expects the plain name of a file beside the "
                             "index, but got " +
                             quote(name));
    shards[name].push_back(tensor);
  }
  return shards;
}

/// Reads every file of the index and checks that both agree on the tensors.
Status readIndexed(const std::string &indexPath, WeightSource &weights,
                   bool headerOnlyOk) {
  auto shards = readIndex(indexPath);
  if (!shards)
    return shards.takeErrors();
  fs::path folder = fs::path(indexPath).parent_path();
  for (auto &[name, tensors] : *shards) {
    std::string path = (folder / name).string();
    size_t before = weights.tensors().size();
    uint32_t file = uint32_t(weights.files().size());
    if (Status read = readFile(path, weights, headerOnlyOk); !read) {
      std::vector<Error> errors = read.takeErrors();
      errors.back().notes.push_back(indexPath + " names this file among " +
                                    std::to_string(shards->size()));
      return errors;
    }
    for (const std::string &tensor : tensors) {
      const TensorInfo *info = weights.find(tensor);
      if (!info || info->file != file)
        return Error(path, "expects tensor " + quote(tensor) +
                               ", which the index says is here, but it is not");
    }
    size_t held = weights.tensors().size() - before;
    if (held == tensors.size())
      continue;
    std::sort(tensors.begin(), tensors.end());
    for (size_t i = before; i < weights.tensors().size(); ++i) {
      const std::string &tensor = weights.tensors()[i].name;
      if (!std::binary_search(tensors.begin(), tensors.end(), tensor))
        return Error(path, "tensor " + quote(tensor) +
                               ": is not listed for this file by the index");
    }
  }
  return success();
}

/// Reads all parts of the set that `part` belongs to, without an index.
Status readNumbered(const std::string &path, const NumberedName &part,
                    WeightSource &weights, bool headerOnlyOk) {
  fs::path folder = fs::path(path).parent_path();
  for (uint32_t number = 1; number <= part.count; ++number) {
    std::string name = (folder / part.name(number)).string();
    if (Status read = readFile(name, weights, headerOnlyOk); !read)
      return std::move(read.takeErrors().front())
          .note("the set has " + std::to_string(part.count) + " files, as " +
                quote(path) + " says");
  }
  return success();
}

Status readFolder(const std::string &folder, WeightSource &weights,
                  bool headerOnlyOk) {
  std::error_code code;
  if (fs::path index = fs::path(folder) / safetensorsIndexName;
      fs::exists(index, code))
    return readIndexed(index.string(), weights, headerOnlyOk);
  if (fs::path file = fs::path(folder) / "model.safetensors";
      fs::exists(file, code))
    return readFile(file.string(), weights, headerOnlyOk);
  Result<std::vector<std::string>> names =
      filesEndingIn(folder, ".safetensors");
  if (!names)
    return names.takeErrors();
  if (names->empty())
    return Error(folder, "expects a folder with '" +
                             std::string(safetensorsIndexName) +
                             "' or a .safetensors file, but it has neither");
  std::string first = (fs::path(folder) / names->front()).string();
  std::optional<NumberedName> part = NumberedName::parse(names->front());
  if (names->size() == 1 && !part)
    return readFile(first, weights, headerOnlyOk);
  if (part && part->ownsAll(*names))
    return readNumbered(first, *part, weights, headerOnlyOk);
  return Error(folder, "expects one .safetensors file or a set with '" +
                           std::string(safetensorsIndexName) + "', but got " +
                           std::to_string(names->size()) +
                           " files that are no set")
      .note("name the file that is meant");
}

} // namespace

Result<std::optional<SafetensorsNames>>
readSafetensorsNames(const std::string &folder) {
  std::error_code code;
  fs::path index = fs::path(folder) / safetensorsIndexName;
  if (!fs::exists(index, code))
    return std::optional<SafetensorsNames>();
  SafetensorsNames names;
  auto shards = readIndex(index.string(), &names.totalBytes);
  if (!shards)
    return shards.takeErrors();
  for (auto &[file, tensors] : *shards) {
    for (std::string &tensor : tensors)
      names.tensors.push_back(std::move(tensor));
  }
  return std::optional(std::move(names));
}

Status readSafetensors(const std::string &path, WeightSource &weights,
                       bool headerOnlyOk) {
  std::error_code code;
  if (fs::is_directory(path, code))
    return readFolder(path, weights, headerOnlyOk);
  fs::path file(path);
  if (file.filename() == safetensorsIndexName ||
      file.filename().string().ends_with(".index.json"))
    return readIndexed(path, weights, headerOnlyOk);
  // A shard brings its set: through the index where that lists it.
  if (auto part = NumberedName::parse(file.filename().string())) {
    fs::path index = file.parent_path() / safetensorsIndexName;
    if (fs::exists(index, code)) {
      auto shards = readIndex(index.string());
      if (!shards)
        return shards.takeErrors();
      if (shards->count(file.filename().string()))
        return readIndexed(index.string(), weights, headerOnlyOk);
    }
    return readNumbered(path, *part, weights, headerOnlyOk);
  }
  return readFile(path, weights, headerOnlyOk);
}

} // namespace tombolo
