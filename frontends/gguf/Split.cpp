//===- Split.cpp - Sets of GGUF files -------------------------------------===//

#include "frontends/gguf/Gguf.h"
#include "support/FileName.h"
#include "support/Text.h"
#include <filesystem>

namespace fs = std::filesystem;

namespace tombolo {
namespace {

using Json = nlohmann::ordered_json;

/// An unsigned number of the metadata; `absent` where the key is not there.
Result<uint64_t> unsignedKey(const Json &metadata, const char *key,
                             uint64_t absent, const std::string &path) {
  auto at = metadata.find(key);
  if (at == metadata.end())
    return absent;
  if (at->is_number_unsigned())
    return at->get<uint64_t>();
  if (at->is_number_integer() && at->get<int64_t>() >= 0)
    return uint64_t(at->get<int64_t>());
  return Error(path, "metadata key " + quote(key) +
                         ": expects a number that is not negative");
}

Status readPart(const std::string &path, WeightSource &weights, Json &metadata,
                bool headerOnlyOk) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeErrors();
  return readGgufFile(std::move(*file), weights, metadata, headerOnlyOk);
}

/// Checks that the part says of itself what its name says.
Status checkPart(const Json &metadata, const std::string &path,
                 uint64_t expectedNumber, uint64_t expectedCount) {
  Result<uint64_t> number = unsignedKey(metadata, "split.no", 0, path);
  if (!number)
    return number.takeErrors();
  Result<uint64_t> count = unsignedKey(metadata, "split.count", 0, path);
  if (!count)
    return count.takeErrors();
  if (*number != expectedNumber || *count != expectedCount)
    return Error(path, "expects part " + std::to_string(expectedNumber + 1) +
                           " of " + std::to_string(expectedCount) +
                           ", as its name says, but 'split.no' is " +
                           std::to_string(*number) +
                           " (counted from 0) and "
                           "'split.count' is " +
                           std::to_string(*count));
  return success();
}

} // namespace

Status readGguf(const std::string &path, WeightSource &weights, Json &metadata,
                bool headerOnlyOk) {
  fs::path file(path);
  std::optional<NumberedName> name =
      NumberedName::parse(file.filename().string());
  size_t before = weights.tensors().size();
  if (!name) {
    if (Status read = readPart(path, weights, metadata, headerOnlyOk); !read)
      return read;
    Result<uint64_t> count = unsignedKey(metadata, "split.count", 0, path);
    if (!count)
      return count.takeErrors();
    if (*count > 1)
      return Error(path, "expects a name like 'NAME-00001-of-00003.gguf', "
                         "because 'split.count' is " +
                             std::to_string(*count));
    return success();
  }
  for (uint32_t number = 1; number <= name->count; ++number) {
    std::string part = (file.parent_path() / name->name(number)).string();
    Json partMetadata;
    if (Status read = readPart(part, weights, partMetadata, headerOnlyOk);
        !read)
      return std::move(read.takeErrors().front())
          .note("the set has " + std::to_string(name->count) + " files, as " +
                quote(path) + " says");
    // A renamed whole file has no split keys and needs none.
    bool whole = name->count == 1 && !partMetadata.contains("split.count");
    if (!whole)
      if (Status checked =
              checkPart(partMetadata, part, number - 1, name->count);
          !checked)
        return checked;
    if (number == 1)
      metadata = std::move(partMetadata);
  }
  uint64_t held = weights.tensors().size() - before;
  Result<uint64_t> total =
      unsignedKey(metadata, "split.tensors.count", held, path);
  if (!total)
    return total.takeErrors();
  if (*total != held)
    return Error(path, "expects " + std::to_string(*total) +
                           " tensors in all parts, as 'split.tensors.count' "
                           "says, but got " +
                           std::to_string(held));
  return success();
}

} // namespace tombolo
