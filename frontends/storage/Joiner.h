//===- Joiner.h - What the readers of storage work with ---------*- C++ -*-===//

#ifndef FRONTENDS_STORAGE_JOINER_H
#define FRONTENDS_STORAGE_JOINER_H

#include "frontends/storage/Method.h"
#include "support/WeightSource.h"
#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <unordered_map>
#include <unordered_set>

namespace tombolo::storage {

using Bytes = JoinedParts::Bytes;
using Shape = std::vector<int64_t>;

/// Looks up companions, says what is wrong with them, and collects what was
/// joined.
class Joiner {
public:
  Joiner(const Method &method, const WeightSource &stored)
      : method(method), stored(stored) {}

  const Method &method;
  const WeightSource &stored;

  /// The companion of `head`, with one of these encodings and this shape; null
  /// after an error, which says what was expected.
  const TensorInfo *companion(const TensorInfo &head, const std::string &name,
                              std::initializer_list<Encoding> encodings,
                              const Shape &shape);
  /// The same of any shape.
  const TensorInfo *companion(const TensorInfo &head, const std::string &name,
                              std::initializer_list<Encoding> encodings);
  /// The error is about `tensor`. Returns false, for readers to return.
  void fail(const TensorInfo &tensor, const std::string &message);

  /// `head` becomes the logical tensor `name`; `parts` are not seen any more.
  void join(const TensorInfo &head, std::string name, Shape shape,
            Encoding encoding, const std::vector<const TensorInfo *> &parts,
            decltype(JoinedParts::join) join);
  /// Without a companion that would say more: not part of the model.
  void consume(const TensorInfo &tensor) { parts.insert(&tensor); }

  std::unordered_map<const TensorInfo *, TensorInfo> joined;
  std::unordered_set<const TensorInfo *> parts;
  std::vector<Error> errors;
};

/// Takes `tensor` as the first of those that it knows; false if it is none of
/// them.
using Reader = bool (*)(Joiner &joiner, const TensorInfo &tensor);

bool readFp8(Joiner &joiner, const TensorInfo &tensor);
bool readFp4Experts(Joiner &joiner, const TensorInfo &tensor);
bool readMxfp4(Joiner &joiner, const TensorInfo &tensor);
bool readAwq(Joiner &joiner, const TensorInfo &tensor);
bool readGptq(Joiner &joiner, const TensorInfo &tensor);
bool readPacked(Joiner &joiner, const TensorInfo &tensor);
bool readInt8(Joiner &joiner, const TensorInfo &tensor);
bool readModelOptFp4(Joiner &joiner, const TensorInfo &tensor);
bool readNvfp4Blocks(Joiner &joiner, const TensorInfo &tensor);

// --- What they share -------------------------------------------------------

/// `name` without `ending`; nothing if it ends otherwise.
std::optional<std::string> without(const std::string &name,
                                   std::string_view ending);
/// "f16, bf16 or f32"
std::string namesOf(std::initializer_list<Encoding> encodings);
/// The product of all sizes but the last.
int64_t rowsOf(const Shape &shape);

/// For `Encoding::Groups`; one that is too large is refused there.
inline uint32_t groupSize(int64_t elements) {
  return uint32_t(std::min<int64_t>(elements, UINT32_MAX));
}

/// How a matrix (or a stack of them) is cut into blocks of one scale.
struct Scales {
  BlockSize block;
  /// Scales of the last two axes.
  int64_t rows, columns;

  /// Elements of a row that share a scale, so that rows are whole groups.
  uint32_t group(int64_t rowLength) const;
};

/// The blocks that `scale` cuts `shape` into: one for all, one a row, or one
/// for each rectangle, of the size that `hint` says where it fits.
std::optional<Scales> scalesOf(const Shape &shape, const Shape &scale,
                               std::optional<BlockSize> hint);

/// Calls `each(matrix, row)` for each row of a stack of matrices.
template <typename Function>
void forEachRow(const Shape &shape, Function each) {
  int64_t rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
  for (int64_t i = 0; i < rowsOf(shape); ++i)
    each(i / rows, i % rows);
}

/// Unsigned little-endian words.
inline uint32_t wordAt(const std::byte *bytes, int64_t index) {
  uint32_t word;
  std::memcpy(&word, bytes + 4 * index, 4);
  return word;
}

} // namespace tombolo::storage

#endif // FRONTENDS_STORAGE_JOINER_H
