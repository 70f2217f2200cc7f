//===- WeightBinder.h - Binds weights to stored tensors ---------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_WEIGHTBINDER_H
#define FRONTENDS_ARCH_WEIGHTBINDER_H

#include "frontends/arch/Evaluator.h"
#include "frontends/arch/View.h"
#include <unordered_map>
#include <unordered_set>

namespace tombolo::arch {

/// A row of the weights table in one layer.
struct BoundWeight {
  const RowDecl *row = nullptr;
  /// Null: `none`, by its cell or because it is optional and absent.
  ViewPtr view;
  /// The weight it is instead, of the same layer; empty if its own.
  std::string tiedTo;
};

/// Shell patterns, as those of `unused`: `*` any text, `?` one character.
bool matches(std::string_view pattern, std::string_view text);

struct UnusedTensor {
  std::string name, reason;
};

/// Tensors that no row binds, with names that differ in numbers and in one part
/// between dots at most.
struct Leftover {
  /// `model.layers.*.mlp.{up,down}.weight`
  std::string pattern;
  const TensorInfo *first;
  size_t count;
};

/// Evaluates every row for every layer and sees to it that each element of each
/// stored tensor is bound exactly once or declared unused. Looks at names,
/// shapes and encodings only.
class WeightBinder : public TensorDomain {
public:
  explicit WeightBinder(Evaluator &evaluator);

  /// False if anything was reported. Of `scheme` (a column), or of the one
  /// whose first name is stored.
  bool bind(std::optional<size_t> scheme = std::nullopt);
  /// What bind() left unbound and did not declare unused, also where it failed.
  std::vector<Leftover> leftovers() const;
  /// Tensors that rows bind.
  size_t boundCount() const { return usedAs.size(); }

  /// The chosen row of that name; null if no `when` chose one.
  const BoundWeight *find(std::string_view name,
                          std::optional<int64_t> layer) const;
  const std::string &scheme() const { return schemeName; }
  const std::vector<UnusedTensor> &unused() const { return leftAside; }

  bool namesTensors() const override { return inCell; }
  Value tensorNamed(Evaluator &evaluator, const std::string &name,
                    const Loc &loc) override;
  Value call(Evaluator &evaluator, const OpCall &call) override;
  Value slice(Evaluator &evaluator, const Loc &loc, const Value &tensor,
              const std::vector<Subscript> &subscripts) override;
  Value weight(Evaluator &evaluator, const RowDecl &row,
               const Loc &loc) override;

private:
  struct Logical {
    const TensorInfo *tensor;
    const Rename *rename;
  };
  struct Use {
    const RowDecl *row;
    std::optional<int64_t> layer;
    ElementMap map;
  };
  /// What is missing for one row, over all layers and experts.
  struct Missing {
    std::string first;
    size_t count = 0, present = 0;
  };

  void indexTensors();
  bool chooseScheme();
  void bindRow(const RowDecl &row);
  std::optional<std::vector<int64_t>> shapeOf(const RowDecl &row);
  ViewPtr cellView(const RowDecl &row, const Expr &cell, bool &isNone);
  bool leaveTied(const RowDecl &row);
  void checkShape(const RowDecl &row, const View &view,
                  const std::vector<int64_t> &shape);
  void use(const RowDecl &row, const View &view);
  /// The tensor of that name in the description; notes where it is absent.
  const Logical *find(const std::string &name);
  /// Its name in the file, written as `shown` in the description.
  static std::string nameInFile(const Logical &logical, std::string shown);
  Value load(const std::string &shown, const Loc &loc);
  Value loadStack(const std::string &shown, const Loc &loc);
  void readUnused();

  // Exactly once (Coverage.cpp).
  void checkCoverage();
  void checkTiles(const StoredTensors &stored, const std::vector<Use> &uses);
  void reportGap(const StoredTensors &stored, const std::vector<Use> &uses,
                 const std::vector<std::vector<IndexRuns>> &boxes);
  void reportUnbound();
  bool isBound(const TensorInfo &tensor) const {
    return usedAs.count(&tensor) != 0;
  }
  /// Names that `row` has in other schemes, for telling mixed files.
  std::map<std::string, std::string> namesOfOtherSchemes();
  const std::string &fileOf(const TensorInfo &tensor) const;

  Evaluator &evaluator;
  const Family &family;
  const Checkpoint &checkpoint;
  Diagnostics &diagnostics;

  std::unordered_map<std::string, Logical> stored;
  size_t schemeIndex = 0;
  std::string schemeName;
  std::map<std::pair<std::string, int64_t>, BoundWeight, std::less<>> bound;
  /// What rows name, by the name in the description, so that all uses of a
  /// stack are of one.
  std::unordered_map<std::string, StoredPtr> named;
  std::unordered_map<const StoredTensors *, std::vector<Use>> uses;
  /// By tensor what of `uses` it is, or is one of.
  std::unordered_map<const TensorInfo *, const StoredTensors *> usedAs;
  std::unordered_set<const TensorInfo *> aside;
  std::vector<UnusedTensor> leftAside;
  std::map<const RowDecl *, Missing> missing;
  /// Rows whose tensors are not tiled; said of the first layer only.
  std::set<const RowDecl *> reportedGaps, reportedShapes;
  /// Some row could not be evaluated: what is left over says nothing.
  bool incomplete = false;

  // While a cell is read.
  bool inCell = false;
  std::string prefix;
  std::string stackAxis;
  int64_t stackCount = 0;
  std::vector<std::string> absent;
  std::vector<const TensorInfo *> loaded;
};

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_WEIGHTBINDER_H
