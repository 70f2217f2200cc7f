//===- Writer.cpp - Writes a safetensors file -----------------------------===//

#include "frontends/safetensors/Writer.h"
#include "frontends/safetensors/Header.h"
#include "support/Text.h"
#include "support/WeightSource.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace tombolo {

/// The header, padded so that the data begins at a multiple of 8.
static Result<std::string> headerOf(const std::string &path,
                                    const std::vector<WrittenTensor> &tensors) {
  std::string text = R"({"__metadata__":{"format":"pt"})";
  uint64_t offset = 0;
  for (const WrittenTensor &tensor : tensors) {
    std::optional<std::string_view> dtype =
        safetensors::dtypeOfEncoding(tensor.encoding);
    std::optional<int64_t> elements = elementsOf(tensor.shape);
    std::optional<uint64_t> bytes =
        elements ? encodedBytes(tensor.encoding, *elements) : std::nullopt;
    uint64_t end = 0;
    if (!dtype || !bytes || __builtin_add_overflow(offset, *bytes, &end))
      return Error(path, "tensor " + quote(tensor.name) + ": '" +
                             infoOf(tensor.encoding).name + "' of " +
                             shapeText(tensor.shape) +
                             " cannot be written to a safetensors file");
    text += "," + nlohmann::json(tensor.name).dump() + ":" +
            nlohmann::json{{"dtype", *dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, end}}}
                .dump();
    offset = end;
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

Status writeSafetensors(
    const std::string &path, const std::vector<WrittenTensor> &tensors,
    const std::function<Status(size_t, const ByteSink &)> &values) {
  Result<std::string> header = headerOf(path, tensors);
  if (!header)
    return header.takeErrors();
  std::string part = path + ".part";
  Error failed(path, "cannot be written");
  std::ofstream file(part, std::ios::binary);
  uint64_t length = header->size();
  char size[8];
  std::memcpy(size, &length, sizeof(size));
  file.write(size, sizeof(size));
  file.write(header->data(), static_cast<std::streamsize>(header->size()));
  Status status = success();
  for (size_t i = 0; values && i < tensors.size() && status && file; ++i)
    status = values(i, [&](std::span<const std::byte> bytes) -> Status {
      if (!file.write(reinterpret_cast<const char *>(bytes.data()),
                      static_cast<std::streamsize>(bytes.size())))
        return failed;
      return success();
    });
  file.close();
  std::error_code code;
  if (status && !file)
    status = failed;
  if (status)
    std::filesystem::rename(part, path, code);
  if (status && code)
    status = Error(path, "cannot be written: " + code.message());
  if (!status)
    std::filesystem::remove(part, code);
  return status;
}

} // namespace tombolo
