//===- Safetensors.cpp - One file of the safetensors container ------------===//

#include "frontends/safetensors/Safetensors.h"
#include "frontends/safetensors/Header.h"
#include "support/Text.h"
#include <algorithm>
#include <cstring>
#include <tuple>

namespace tombolo {
namespace {

using safetensors::Entry;

/// The format's own limit.
constexpr uint64_t maxHeaderBytes = 100'000'000;

/// The text of the header; its first 8 bytes are its length.
Result<std::string_view> headerText(const MappedFile &file) {
  std::string_view text = file.text();
  if (text.size() < 8)
    return Error(file.path(),
                 "expects 8 bytes for the length of the header, but the file "
                 "has " +
                     std::to_string(text.size()));
  uint64_t length;
  std::memcpy(&length, text.data(), 8);
  if (length > maxHeaderBytes)
    return Error(file.path(), "expects a header of at most " +
                                  std::to_string(maxHeaderBytes) +
                                  " bytes, but got " + std::to_string(length) +
                                  "; is this a safetensors file");
  if (length > text.size() - 8)
    return Error(file.path(), "expects a header of " + std::to_string(length) +
                                  " bytes, but the file ends after " +
                                  std::to_string(text.size() - 8));
  std::string_view header = text.substr(8, length);
  if (header.empty() || header[0] != '{')
    return Error(
        file.path(),
        "expects a header that starts with '{', but got " +
            (header.empty() ? "an empty one" : quote(header.substr(0, 1))));
  return header;
}

/// Encoding and size of what the header says, checked against each other.
Result<TensorInfo> checkEntry(Entry &entry, const MappedFile &file) {
  auto fail = [&](const std::string &message) {
    return Error(file.path(), "tensor " + quote(entry.name) + ": " + message);
  };
  std::optional<Encoding> encoding = safetensors::encodingOfDtype(entry.dtype);
  if (!encoding)
    return fail("expects a dtype of the format, but got " + quote(entry.dtype));
  if (entry.end < entry.begin)
    return fail("expects 'data_offsets' in order, but got [" +
                std::to_string(entry.begin) + ", " + std::to_string(entry.end) +
                "]");
  std::optional<int64_t> elements = elementsOf(entry.shape);
  if (!elements)
    return fail("expects elements that can be counted in 63 bits, but got "
                "shape " +
                shapeText(entry.shape));
  std::optional<uint64_t> bytes = encodedBytes(*encoding, *elements);
  EncodingInfo info = infoOf(*encoding);
  if (!bytes && *elements % info.blockElements)
    return fail("expects a multiple of " + std::to_string(info.blockElements) +
                " elements of '" + entry.dtype + "', but got shape " +
                shapeText(entry.shape));
  if (bytes != entry.end - entry.begin)
    return fail("expects " + (bytes ? std::to_string(*bytes) : "more") +
                " bytes for shape " + shapeText(entry.shape) + " of '" +
                entry.dtype + "', but got " +
                std::to_string(entry.end - entry.begin));
  TensorInfo tensor;
  tensor.name = std::move(entry.name);
  tensor.encoding = *encoding;
  tensor.shape = std::move(entry.shape);
  tensor.bytes = *bytes;
  return tensor;
}

} // namespace

Status readSafetensorsFile(std::shared_ptr<MappedFile> file,
                           WeightSource &weights, bool headerOnlyOk) {
  Result<std::string_view> header = headerText(*file);
  if (!header)
    return header.takeErrors();
  Result<std::vector<Entry>> parsed =
      safetensors::parseHeader(*header, file->path());
  if (!parsed)
    return parsed.takeErrors();
  std::vector<Entry> &entries = *parsed;

  // Without gaps or overlaps when sorted, whatever order the header has.
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  const uint64_t data = 8 + header->size();
  const uint64_t available = file->bytes().size() - data;
  const std::string path = file->path();
  uint32_t index = weights.addFile(file);
  uint64_t next = 0;
  for (Entry &entry : entries) {
    uint64_t begin = entry.begin, end = entry.end;
    Result<TensorInfo> tensor = checkEntry(entry, *file);
    if (!tensor)
      return tensor.takeErrors();
    auto fail = [&](const std::string &message) {
      return Error(path, "tensor " + quote(tensor->name) + ": " + message);
    };
    if (begin != next)
      return fail("expects its data at byte " + std::to_string(next) +
                  " of the data, without " +
                  (begin > next ? "a gap" : "an overlap") +
                  ", but it begins at " + std::to_string(begin));
    next = end;
    if (end > available && !headerOnlyOk)
      return fail("expects data up to byte " + std::to_string(end) +
                  " behind the header, but the file has only " +
                  std::to_string(available));
    if (__builtin_add_overflow(data, begin, &tensor->offset))
      return fail("begins beyond any file");
    tensor->file = index;
    if (Status added = weights.addTensor(std::move(*tensor)); !added)
      return added;
  }
  if (available > next)
    return Error(path,
                 "expects " + std::to_string(next) +
                     " bytes of data behind the header, but the file has " +
                     std::to_string(available));
  return success();
}

} // namespace tombolo
