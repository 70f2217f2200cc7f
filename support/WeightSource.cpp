//===- WeightSource.cpp - Named tensors in mapped files -------------------===//

#include "support/WeightSource.h"
#include "support/Text.h"

namespace tombolo {

std::optional<int64_t> elementsOf(std::span<const int64_t> shape) {
  int64_t product = 1;
  for (int64_t size : shape)
    if (size < 0 || __builtin_mul_overflow(product, size, &product))
      return std::nullopt;
  return product;
}

int64_t TensorInfo::elements() const {
  std::optional<int64_t> product = elementsOf(shape);
  assert(product && "the shape of an indexed tensor is checked");
  return product.value_or(0);
}

uint64_t TensorInfo::storedBytes() const {
  if (!joined)
    return bytes;
  uint64_t sum = 0;
  for (const TensorInfo &part : joined->parts)
    sum += part.bytes;
  return sum;
}

uint32_t WeightSource::addFile(std::shared_ptr<MappedFile> file) {
  maps.push_back(std::move(file));
  return uint32_t(maps.size() - 1);
}

Status WeightSource::addTensor(TensorInfo tensor) {
  assert(tensor.file < maps.size() && "the file is added before its tensors");
  const std::string &path = maps[tensor.file]->path();
  std::optional<int64_t> elements = elementsOf(tensor.shape);
  std::optional<uint64_t> bytes =
      elements ? encodedBytes(tensor.encoding, uint64_t(*elements))
               : std::nullopt;
  if (bytes != tensor.bytes)
    return Error(path,
                 "tensor " + quote(tensor.name) + ": expects " +
                     (bytes ? std::to_string(*bytes) + " bytes" : "a size") +
                     " for its shape " + shapeText(tensor.shape) + " of '" +
                     std::string(infoOf(tensor.encoding).name) + "', but got " +
                     std::to_string(tensor.bytes) + " bytes");
  auto [at, isNew] = byName.try_emplace(tensor.name, list.size());
  if (!isNew) {
    const std::string &first = maps[list[at->second].file]->path();
    return Error(path, "tensor " + quote(tensor.name) + ": is given twice" +
                           (first == path ? "" : ", first in " + quote(first)));
  }
  list.push_back(std::move(tensor));
  return success();
}

const TensorInfo *WeightSource::find(std::string_view name) const {
  auto at = byName.find(name);
  return at == byName.end() ? nullptr : &list[at->second];
}

Result<TensorBytes> WeightSource::read(const TensorInfo &tensor) const {
  if (!tensor.joined) {
    Result<std::span<const std::byte>> stored = bytes(tensor);
    if (!stored)
      return stored.takeErrors();
    return TensorBytes{*stored, nullptr};
  }
  std::vector<JoinedParts::Bytes> parts;
  for (const TensorInfo &part : tensor.joined->parts) {
    Result<std::span<const std::byte>> stored = bytes(part);
    if (!stored)
      return stored.takeErrors();
    parts.push_back(*stored);
  }
  auto blocks = std::make_shared<std::vector<std::byte>>(tensor.bytes);
  if (Status joined = tensor.joined->join(parts, *blocks); !joined)
    return Error(maps[tensor.file]->path(), joined.error().message);
  return TensorBytes{*blocks, blocks};
}

Result<std::span<const std::byte>>
WeightSource::bytes(const TensorInfo &tensor) const {
  const MappedFile &file = *maps[tensor.file];
  std::span<const std::byte> all = file.bytes();
  if (tensor.offset > all.size() || tensor.bytes > all.size() - tensor.offset)
    return Error(file.path(), "tensor " + quote(tensor.name) + ": expects " +
                                  std::to_string(tensor.bytes) +
                                  " bytes at byte " +
                                  std::to_string(tensor.offset) +
                                  ", but the file has only " +
                                  std::to_string(all.size()) + " bytes");
  return all.subspan(tensor.offset, tensor.bytes);
}

} // namespace tombolo
