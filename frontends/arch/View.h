//===- View.h - How a weight is made from stored tensors --------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_VIEW_H
#define FRONTENDS_ARCH_VIEW_H

#include "frontends/arch/Value.h"
#include "support/WeightSource.h"

namespace tombolo::arch {

/// What a string of a cell names, seen as one: a tensor, or a stack of tensors
/// that are alike, one for each place on a leading axis (`{expert}`).
struct StoredTensors {
  std::vector<const TensorInfo *> tensors;
  /// Of a tensor; of a stack with its leading axis.
  std::vector<int64_t> shape;
  /// As messages say it: a stack's has `{expert}` for the number.
  std::string name;
  bool stacked = false;

  static std::shared_ptr<const StoredTensors> one(const TensorInfo &tensor);
  /// Tensors of one shape and encoding, at least one.
  static std::shared_ptr<const StoredTensors>
  stack(std::vector<const TensorInfo *> tensors, std::string name);
  const TensorInfo &first() const { return *tensors.front(); }
  /// "tensor 'a'", "tensors 'a.{expert}'".
  std::string describe() const;
};
using StoredPtr = std::shared_ptr<const StoredTensors>;

/// Which elements of stored tensors a value holds, and where: stored index
/// `k` of an element is `offsets[k]` plus the sum over the digits of that
/// stored axis of stride times coordinate. Slices, splits, merges and
/// permutations keep this form, so that nothing is ever listed element by
/// element.
struct ElementMap {
  struct Digit {
    unsigned storedAxis;
    int64_t stride, extent;
  };
  StoredPtr stored;
  std::vector<int64_t> offsets;
  /// For each axis of the value its digits, the slowest first.
  std::vector<std::vector<Digit>> axes;

  static ElementMap whole(StoredPtr stored);
  /// Joins neighbours that run on, so that a merged axis can be sliced.
  void normalize();
  /// Whether blocks of `block` elements along the innermost stored axis stay
  /// whole and in a row.
  bool keepsBlocks(int64_t block) const;
};

/// Stored indices along one axis, as runs [begin, end) in ascending order.
using IndexRuns = std::vector<std::pair<int64_t, int64_t>>;

/// The stored indices of an axis that a map uses; nothing if they are more than
/// `limit` runs.
std::optional<IndexRuns> runsOf(const ElementMap &map, unsigned storedAxis,
                                size_t limit);

/// A node of the small program that a cell is: run when an artifact is written,
/// never while a model is imported.
struct View : Tensor {
  enum class Kind : uint8_t {
    Stored,
    Decode,
    Slice,
    Rearrange,
    Concat,
    Arithmetic,
    Negate,
    Exp
  };
  struct Range {
    int64_t begin, end, step;
    bool drop;
  };
  /// A view or a number.
  struct Part {
    std::shared_ptr<const View> view;
    double number = 0;
  };

  Kind kind = Kind::Stored;
  Loc loc;
  std::vector<int64_t> shape;
  Encoding encoding = Encoding::F32;
  /// Stored: what is stored, and its name with `{layer}` for the layer and
  /// `{expert}` for the number in a stack.
  StoredPtr stored;
  std::string name;
  std::vector<Range> ranges;
  std::string pattern;
  std::vector<std::pair<std::string, int64_t>> sizes;
  int64_t axis = 0;
  /// add, sub, mul or div.
  std::string op;
  std::vector<Part> parts;
  /// What it holds, each of the value's shape; of a Concat the parts'.
  std::vector<ElementMap> sources;

  std::string describe() const override;
  /// The whole program as text, the same for weights that differ in the layer
  /// only.
  std::string key() const;
};

using ViewPtr = std::shared_ptr<const View>;

ViewPtr storedView(StoredPtr stored, std::string name, const Loc &loc);
/// The numbers of a view as f32.
ViewPtr decodedView(const ViewPtr &view);
/// Missing ranges at the end take the whole axis.
Result<ViewPtr> slicedView(const ViewPtr &view,
                           const std::vector<View::Range> &ranges,
                           const Loc &loc);
Result<ViewPtr>
rearrangedView(const ViewPtr &view, const std::string &pattern,
               std::vector<std::pair<std::string, int64_t>> sizes,
               const Loc &loc);
Result<ViewPtr> joinedView(std::vector<ViewPtr> parts, int64_t axis,
                           const Loc &loc);
Result<ViewPtr> arithmeticView(const std::string &op, View::Part left,
                               View::Part right, const Loc &loc);
ViewPtr unaryView(View::Kind kind, const ViewPtr &view, const Loc &loc);

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_VIEW_H
