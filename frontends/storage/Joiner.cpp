//===- Joiner.cpp - What the readers of storage work with -----------------===//

#include "frontends/storage/Joiner.h"
#include "support/Text.h"
#include <algorithm>
#include <numeric>

namespace tombolo::storage {

std::optional<std::string> without(const std::string &name,
                                   std::string_view ending) {
  if (!name.ends_with(ending))
    return std::nullopt;
  return name.substr(0, name.size() - ending.size());
}

std::string namesOf(std::initializer_list<Encoding> encodings) {
  std::string text;
  for (const Encoding *one = encodings.begin(); one != encodings.end(); ++one)
    text += (text.empty()                 ? ""
             : one + 1 == encodings.end() ? " or "
                                          : ", ") +
            infoOf(*one).name;
  return text;
}

int64_t rowsOf(const Shape &shape) {
  return shape.empty() ? 1
                       : std::accumulate(shape.begin(), shape.end() - 1,
                                         int64_t(1), std::multiplies<>());
}

void Joiner::fail(const TensorInfo &tensor, const std::string &message) {
  errors.emplace_back(stored.files()[tensor.file]->path(),
                      "tensor " + quote(tensor.name) + ": " + message);
}

const TensorInfo *Joiner::companion(const TensorInfo &head,
                                    const std::string &name,
                                    std::initializer_list<Encoding> encodings) {
  const TensorInfo *found = stored.find(name);
  if (!found) {
    fail(head,
         "expects tensor " + quote(name) + " beside it, but no file has it");
    return nullptr;
  }
  consume(*found);
  if (std::find(encodings.begin(), encodings.end(), found->encoding) ==
      encodings.end()) {
    fail(*found, "expects " + namesOf(encodings) + ", but got " +
                     infoOf(found->encoding).name);
    return nullptr;
  }
  return found;
}

const TensorInfo *Joiner::companion(const TensorInfo &head,
                                    const std::string &name,
                                    std::initializer_list<Encoding> encodings,
                                    const Shape &shape) {
  const TensorInfo *found = companion(head, name, encodings);
  if (!found || found->shape == shape)
    return found;
  fail(*found, "expects shape " + shapeText(shape) + " for " +
                   quote(head.name) + " of " + shapeText(head.shape) +
                   ", but got " + shapeText(found->shape));
  return nullptr;
}

void Joiner::join(const TensorInfo &head, std::string name, Shape shape,
                  Encoding encoding, const std::vector<const TensorInfo *> &of,
                  decltype(JoinedParts::join) join) {
  TensorInfo logical{std::move(name), encoding,    std::move(shape),
                     head.file,       head.offset, 0};
  std::optional<int64_t> elements = elementsOf(logical.shape);
  std::optional<uint64_t> bytes =
      elements ? encodedBytes(encoding, uint64_t(*elements)) : std::nullopt;
  if (!bytes)
    return fail(head, "expects whole blocks of '" + infoOf(encoding).name +
                          "', but got " + shapeText(logical.shape));
  logical.bytes = *bytes;
  JoinedParts joinedParts;
  for (const TensorInfo *part : of)
    joinedParts.parts.push_back(*part);
  joinedParts.join = std::move(join);
  logical.joined = std::make_shared<const JoinedParts>(std::move(joinedParts));
  joined.emplace(&head, std::move(logical));
}

//===----------------------------------------------------------------------===//
// Scales
//===----------------------------------------------------------------------===//

/// Elements of an axis that share a scale where it has `count`.
static std::optional<int64_t> partOf(int64_t size, int64_t count,
                                     std::optional<int64_t> hint) {
  if (hint && (size - 1) / *hint + 1 == count)
    return *hint;
  if (count < 1 || size % count)
    return std::nullopt;
  return size / count;
}

std::optional<Scales> scalesOf(const Shape &shape, const Shape &scale,
                               std::optional<BlockSize> hint) {
  if (shape.size() < 2 || shape.back() < 1 || shape[shape.size() - 2] < 1)
    return std::nullopt;
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  std::optional<int64_t> all = elementsOf(scale);
  // One for each matrix of a stack is the shape of its outer axes.
  if (scale.size() <= 1 && all == 1 && shape.size() == 2)
    return Scales{{rows, columns}, 1, 1};
  if (scale.size() == 1 && shape.size() == 2 && scale[0] == rows)
    return Scales{{1, columns}, rows, 1};
  if (scale.size() != shape.size() ||
      !std::equal(shape.begin(), shape.end() - 2, scale.begin()))
    return std::nullopt;
  Scales scales{{}, scale[scale.size() - 2], scale.back()};
  std::optional<int64_t> rowPart = partOf(
      rows, scales.rows, hint ? std::optional((*hint)[0]) : std::nullopt);
  std::optional<int64_t> columnPart = partOf(
      columns, scales.columns, hint ? std::optional((*hint)[1]) : std::nullopt);
  if (!rowPart || !columnPart)
    return std::nullopt;
  scales.block = {*rowPart, *columnPart};
  return scales;
}

uint32_t Scales::group(int64_t rowLength) const {
  return groupSize(columns == 1 ? rowLength : std::gcd(block[1], rowLength));
}

} // namespace tombolo::storage
