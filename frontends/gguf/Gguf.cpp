//===- Gguf.cpp - One file of the GGUF container --------------------------===//

#include "frontends/gguf/Gguf.h"
#include "frontends/gguf/Metadata.h"
#include <algorithm>
#include <bit>
#include <unordered_set>

namespace tombolo {
namespace {

using gguf::ByteReader;
using Json = nlohmann::ordered_json;

/// ggml keeps names in 64 bytes with a terminator.
constexpr size_t maxNameBytes = 63;
constexpr uint32_t maxDimensions = 4;
/// Least bytes of a key with its value, and of a tensor's description.
constexpr uint64_t leastKeyBytes = 8 + 1 + 4 + 1,
                   leastTensorBytes = 8 + 4 + 4 + 8;

struct Header {
  uint64_t tensors = 0, keys = 0;
};

Header readHeader(ByteReader &reader) {
  reader.reading([] { return std::string("header"); });
  Header header;
  uint32_t magic = reader.number<uint32_t>("the magic number");
  if (reader.ok() && magic != 0x46554747) // "GGUF"
    reader.fail("expects a file that starts with 'GGUF'");
  uint32_t version = reader.number<uint32_t>("the version");
  if (reader.ok() && (version & 0xffff) == 0)
    reader.fail("expects a little-endian file, but the version " +
                std::to_string(version) + " is big-endian");
  if (reader.ok() && version != 2 && version != 3)
    reader.fail("expects version 2 or 3, but got " + std::to_string(version));
  header.tensors = reader.number<uint64_t>("the number of tensors");
  header.keys = reader.number<uint64_t>("the number of metadata keys");
  auto checkCount = [&](uint64_t count, uint64_t least, const char *what) {
    if (reader.ok() && count > reader.left() / least)
      reader.fail("expects " + std::to_string(count) + " " + what +
                  " of at least " + std::to_string(least) +
                  " bytes, but the file has " + std::to_string(reader.left()) +
                  " bytes left");
  };
  checkCount(header.keys, leastKeyBytes, "metadata keys");
  checkCount(header.tensors, leastTensorBytes, "tensors");
  return header;
}

/// `general.alignment`, or the default.
Result<uint64_t> alignmentOf(const Json &metadata, const std::string &path) {
  auto at = metadata.find("general.alignment");
  if (at == metadata.end())
    return uint64_t(32);
  if (!at->is_number_unsigned() || !std::has_single_bit(at->get<uint64_t>()) ||
      at->get<uint64_t>() > UINT32_MAX)
    return Error(path, "metadata key 'general.alignment': expects a power of "
                       "two, but got " +
                           printable(at->dump(-1, ' ', true,
                                              Json::error_handler_t::replace),
                                     60));
  return at->get<uint64_t>();
}

/// `value` rounded up to a multiple of `alignment`, a power of two; nothing
/// past the range.
std::optional<uint64_t> alignUp(uint64_t value, uint64_t alignment) {
  uint64_t sum;
  if (__builtin_add_overflow(value, alignment - 1, &sum))
    return std::nullopt;
  return sum & ~(alignment - 1);
}

class TensorReader {
public:
  TensorReader(ByteReader &reader, uint64_t alignment)
      : reader(reader), alignment(alignment) {}

  /// Descriptions with offsets relative to the data section.
  std::vector<TensorInfo> read(uint64_t count) {
    std::vector<TensorInfo> tensors;
    tensors.reserve(count);
    for (uint64_t i = 0; i < count && reader.ok(); ++i)
      tensors.push_back(readOne(i));
    return tensors;
  }

private:
  TensorInfo readOne(uint64_t index) {
    TensorInfo tensor{};
    reader.reading([index] { return "tensor " + std::to_string(index); });
    std::string_view name = reader.string("the name");
    if (reader.ok() && name.empty())
      reader.fail("expects a name that is not empty");
    if (reader.ok() && name.size() > maxNameBytes)
      reader.fail("expects a name of at most " + std::to_string(maxNameBytes) +
                  " bytes, but " + quote(name, 80) + " has " +
                  std::to_string(name.size()));
    reader.reading([name] { return "tensor " + quote(name); });
    if (reader.ok() && !names.insert(name).second)
      reader.fail("is given twice");
    tensor.name = name;

    uint32_t dimensions = reader.number<uint32_t>("the number of dimensions");
    if (reader.ok() && dimensions > maxDimensions)
      reader.fail("expects at most " + std::to_string(maxDimensions) +
                  " dimensions, but got " + std::to_string(dimensions));
    for (uint32_t i = 0; i < dimensions && reader.ok(); ++i) {
      int64_t size = reader.number<int64_t>("a dimension");
      if (reader.ok() && size <= 0)
        reader.fail("expects dimensions above 0, but dimension " +
                    std::to_string(i) + " is " + std::to_string(size));
      tensor.shape.push_back(size);
    }
    std::reverse(tensor.shape.begin(), tensor.shape.end());
    uint32_t type = reader.number<uint32_t>("the type");
    tensor.offset = reader.number<uint64_t>("the offset");
    if (reader.ok())
      checkLayout(tensor, type);
    return tensor;
  }

  /// Type, size and place; data follows data without gaps but for alignment.
  void checkLayout(TensorInfo &tensor, uint32_t type) {
    std::optional<Encoding> encoding = encodingOfGgmlType(type);
    if (!encoding)
      return reader.fail("expects a type of ggml that is in use, but got " +
                         std::to_string(type));
    tensor.encoding = *encoding;
    EncodingInfo info = infoOf(*encoding);
    int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
    if (row % info.blockElements)
      return reader.fail("expects rows of a multiple of " +
                         std::to_string(info.blockElements) +
                         " elements for '" + std::string(info.name) +
                         "', but got " + std::to_string(row));
    std::optional<int64_t> elements = elementsOf(tensor.shape);
    std::optional<uint64_t> bytes =
        elements ? encodedBytes(*encoding, *elements) : std::nullopt;
    if (!bytes)
      return reader.fail("expects a size of less than 2^63 elements, but got "
                         "shape " +
                         shapeText(tensor.shape));
    tensor.bytes = *bytes;
    if (tensor.offset % alignment)
      return reader.fail("expects an offset that is a multiple of " +
                         std::to_string(alignment) + ", but got " +
                         std::to_string(tensor.offset));
    if (tensor.offset != next)
      return reader.fail("expects offset " + std::to_string(next) +
                         ", where the tensors before it end, but got " +
                         std::to_string(tensor.offset));
    std::optional<uint64_t> end;
    if (uint64_t sum; !__builtin_add_overflow(next, *bytes, &sum))
      end = alignUp(sum, alignment);
    if (!end)
      return reader.fail("ends beyond any file");
    next = *end;
  }

  ByteReader &reader;
  uint64_t alignment;
  uint64_t next = 0;
  std::unordered_set<std::string_view> names;
};

} // namespace

Status readGgufFile(std::shared_ptr<MappedFile> file, WeightSource &weights,
                    Json &metadata, bool headerOnlyOk) {
  ByteReader reader(*file);
  Header header = readHeader(reader);
  if (reader.ok())
    metadata = gguf::readMetadata(reader, header.keys);
  if (!reader.ok())
    return reader.takeError();
  Result<uint64_t> alignment = alignmentOf(metadata, file->path());
  if (!alignment)
    return alignment.takeErrors();
  std::vector<TensorInfo> tensors =
      TensorReader(reader, *alignment).read(header.tensors);
  if (!reader.ok())
    return reader.takeError();

  const uint64_t size = file->bytes().size();
  const std::string path = file->path();
  std::optional<uint64_t> data = alignUp(reader.offset(), *alignment);
  uint32_t index = weights.addFile(std::move(file));
  for (TensorInfo &tensor : tensors) {
    uint64_t end;
    if (!data || __builtin_add_overflow(*data, tensor.offset, &tensor.offset) ||
        __builtin_add_overflow(tensor.offset, tensor.bytes, &end))
      return Error(path,
                   "tensor " + quote(tensor.name) + ": ends beyond any file");
    if (end > size && !headerOnlyOk)
      return Error(path, "tensor " + quote(tensor.name) + ": expects " +
                             std::to_string(tensor.bytes) + " bytes at byte " +
                             std::to_string(tensor.offset) +
                             ", but the file ends at byte " +
                             std::to_string(size));
    tensor.file = index;
    if (Status added = weights.addTensor(std::move(tensor)); !added)
      return added;
  }
  return success();
}

} // namespace tombolo
