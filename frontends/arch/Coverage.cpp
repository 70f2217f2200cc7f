//===- Coverage.cpp - Each stored element exactly once
//---------------------===//

#include "frontends/arch/WeightBinder.h"
#include "support/Text.h"
#include <algorithm>

using namespace tombolo;
using namespace tombolo::arch;

/// Runs that one use may have along an axis, and uses of one tensor that are
/// compared with each other.
static constexpr size_t maxRuns = 1 << 18, maxUses = 4096;

static bool meet(const IndexRuns &a, const IndexRuns &b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].first < b[j].second && b[j].first < a[i].second)
      return true;
    (a[i].second < b[j].second ? i : j)++;
  }
  return false;
}

static int64_t places(const IndexRuns &runs) {
  int64_t count = 0;
  for (auto [begin, end] : runs)
    count += end - begin;
  return count;
}

static std::string inLayer(const RowDecl &row, std::optional<int64_t> layer) {
  return "'" + row.name + "'" +
         (layer ? " in layer " + std::to_string(*layer) : "");
}

static std::string axisWord(unsigned axis, size_t rank) {
  return rank == 2                ? (axis == 0 ? "rows" : "columns")
         : axis == 0 && rank == 1 ? "elements"
                                  : "places on axis " + std::to_string(axis);
}

void WeightBinder::checkTiles(const StoredTensors &stored,
                              const std::vector<Use> &uses) {
  size_t rank = stored.shape.size();
  if (uses.size() > maxUses) {
    diagnostics.error(fileOf(stored.first()),
                      stored.describe() + " is bound by more than " +
                          std::to_string(maxUses) + " rows");
    return;
  }
  std::vector<std::vector<IndexRuns>> boxes;
  // Shapes come from headers that were checked: their products fit.
  int64_t total = 1, covered = 0;
  for (int64_t size : stored.shape)
    if (__builtin_mul_overflow(total, size, &total)) {
      diagnostics.error(fileOf(stored.first()),
                        "expects " + stored.describe() +
                            " to be of less than 2^63 elements");
      return;
    }
  for (const Use &use : uses) {
    boxes.emplace_back();
    int64_t volume = 1;
    for (unsigned axis = 0; axis < rank; ++axis) {
      std::optional<IndexRuns> runs = runsOf(use.map, axis, maxRuns);
      if (!runs) {
        diagnostics.error(use.row->loc, "'" + use.row->name + "' takes " +
                                            stored.describe() +
                                            " in too many pieces");
        return;
      }
      volume *= places(*runs);
      boxes.back().push_back(std::move(*runs));
    }
    covered += volume;
  }
  bool twice = false;
  for (size_t i = 0; i < uses.size() && !twice; ++i)
    for (size_t j = 0; j < i && !twice; ++j) {
      bool disjoint = false;
      for (unsigned axis = 0; axis < rank && !disjoint; ++axis)
        disjoint = !meet(boxes[i][axis], boxes[j][axis]);
      if (disjoint)
        continue;
      twice = true;
      addNote(evaluator.error(uses[i].row->loc,
                              inLayer(*uses[i].row, uses[i].layer) +
                                  " binds elements of " + stored.describe() +
                                  " " + shapeText(stored.shape) +
                                  " that are bound already"),
              uses[j].row->loc, "by " + inLayer(*uses[j].row, uses[j].layer));
    }
  if (!twice && covered != total && reportedGaps.insert(uses[0].row).second)
    reportGap(stored, uses, boxes);
}

void WeightBinder::reportGap(const StoredTensors &stored,
                             const std::vector<Use> &uses,
                             const std::vector<std::vector<IndexRuns>> &boxes) {
  size_t rank = stored.shape.size();
  // The axis that is cut, if there is only one.
  std::optional<unsigned> cut;
  for (const std::vector<IndexRuns> &box : boxes)
    for (unsigned axis = 0; axis < rank; ++axis)
      if (places(box[axis]) != stored.shape[axis])
        cut = cut && *cut != axis ? unsigned(rank) : axis;
  if (!cut || *cut == rank) {
    evaluator.error(uses[0].row->loc, "some elements of " + stored.describe() +
                                          " " + shapeText(stored.shape) +
                                          " are bound by no row");
    return;
  }
  std::vector<std::pair<std::pair<int64_t, int64_t>, const Use *>> runs;
  for (size_t i = 0; i < uses.size(); ++i)
    for (auto run : boxes[i][*cut])
      runs.push_back({run, &uses[i]});
  std::sort(runs.begin(), runs.end());
  int64_t begin = 0;
  const Use *before = nullptr;
  int64_t end = stored.shape[*cut];
  for (const auto &[run, use] : runs) {
    if (run.first > begin) {
      end = run.first;
      break;
    }
    begin = run.second;
    before = use;
  }
  std::string words = axisWord(*cut, rank);
  const Use &near = before ? *before : uses[0];
  Error &error = evaluator.error(
      near.row->loc, words + " " + std::to_string(begin) + ".." +
                         std::to_string(end) + " of " + stored.describe() +
                         " " + shapeText(stored.shape) +
                         " are bound by no row");
  if (before)
    addNote(error, near.row->loc,
            "'" + near.row->name + "' ends at " + words + " " +
                std::to_string(begin));
}

//===----------------------------------------------------------------------===//
// Tensors that are missing or left over
//===----------------------------------------------------------------------===//

/// `model.layers.3.mlp.down_proj.weight` as `model.layers.*.mlp.down_proj..`,
/// split at the dots.
static std::vector<std::string> starred(const std::string &name) {
  std::vector<std::string> parts(1);
  for (char c : name)
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  for (std::string &part : parts)
    if (!part.empty() &&
        part.find_first_not_of("0123456789") == std::string::npos)
      part = "*";
  return parts;
}

static std::string joined(const std::vector<std::string> &parts) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i)
    text += (i ? "." : "") + parts[i];
  return text;
}

namespace {
/// Tensors whose names differ in numbers, and in one part between dots.
struct Group {
  const TensorInfo *first;
  size_t count = 0;
  std::vector<std::string> pattern;
  /// The part that differs, and what stands there.
  std::optional<size_t> varying;
  std::vector<std::string> words;

  std::string text() const {
    std::vector<std::string> parts = pattern;
    if (varying) {
      std::string all;
      for (const std::string &word : words)
        all += (all.empty() ? "" : ",") + word;
      parts[*varying] = "{" + all + "}";
    }
    return joined(parts);
  }

  bool take(const Group &other) {
    if (other.pattern.size() != pattern.size())
      return false;
    std::optional<size_t> differs;
    for (size_t i = 0; i < pattern.size(); ++i)
      if (pattern[i] != other.pattern[i] && varying != i) {
        if (differs)
          return false;
        differs = i;
      }
    if (varying && (differs || words.size() > 8))
      return false;
    if (!varying) {
      // Names that share nothing but the ending are not of one kind.
      if (!differs || pattern.size() < 3)
        return false;
      varying = differs;
      words = {pattern[*varying]};
    }
    words.push_back(other.pattern[*varying]);
    count += other.count;
    return true;
  }
};
} // namespace

std::map<std::string, std::string> WeightBinder::namesOfOtherSchemes() {
  std::map<std::string, std::string> names;
  for (size_t i = 0; i < family.schemes.size(); ++i) {
    if (i == schemeIndex || family.schemes[i].name == "gguf")
      continue;
    for (const auto &row : family.rows) {
      if (row->perLayer)
        evaluator.layer = 0;
      std::string before;
      if (!row->prefixes.empty()) {
        Value text = evaluator.evaluate(*row->prefixes[i]);
        before = text.asString() ? *text.asString() : "";
      }
      for (const ExprPtr &cell : row->cells[i])
        walk(*cell, [&](const Expr &part) {
          if (const std::string *name = part.plainString())
            names.emplace(before + *name, family.schemes[i].name);
        });
      evaluator.layer.reset();
    }
  }
  return names;
}

static std::vector<Leftover>
grouped(const std::vector<const TensorInfo *> &tensors) {
  std::vector<Group> groups;
  std::map<std::string, size_t> byPattern;
  for (const TensorInfo *tensor : tensors) {
    std::vector<std::string> pattern = starred(tensor->name);
    auto [place, fresh] = byPattern.emplace(joined(pattern), groups.size());
    if (fresh)
      groups.push_back({tensor, 0, std::move(pattern), {}, {}});
    ++groups[place->second].count;
  }
  std::vector<Group> merged;
  for (Group &group : groups) {
    bool taken = false;
    for (Group &earlier : merged)
      if ((taken = earlier.take(group)))
        break;
    if (!taken)
      merged.push_back(std::move(group));
  }
  std::vector<Leftover> leftovers;
  for (const Group &group : merged)
    leftovers.push_back({group.text(), group.first, group.count});
  return leftovers;
}

std::vector<Leftover> WeightBinder::leftovers() const {
  std::vector<const TensorInfo *> unbound;
  for (const TensorInfo &tensor : checkpoint.weights.tensors())
    if (!isBound(tensor) && !aside.count(&tensor) && tensor.idle.empty())
      unbound.push_back(&tensor);
  return grouped(unbound);
}

void WeightBinder::reportUnbound() {
  std::vector<const TensorInfo *> unbound;
  std::map<std::string, std::string> others;
  bool asked = false, mixed = false;
  const std::vector<TensorInfo> &tensors = checkpoint.weights.tensors();
  auto firstUsed =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto &tensor) {
        return usedAs.count(&tensor) != 0;
      });
  for (const TensorInfo &tensor : tensors) {
    if (usedAs.count(&tensor) || aside.count(&tensor))
      continue;
    if (!tensor.idle.empty()) {
      leftAside.push_back({tensor.name, tensor.idle});
      continue;
    }
    if (!std::exchange(asked, true))
      others = namesOfOtherSchemes();
    if (auto other = others.find(tensor.name); other != others.end()) {
      if (!std::exchange(mixed, true))
        diagnostics.error(checkpoint.path,
                          "names follow scheme '" + schemeName + "'" +
                              (firstUsed == tensors.end()
                                   ? ""
                                   : " (" + quote(firstUsed->name) + ")") +
                              ", but " + quote(tensor.name) +
                              " is of scheme '" + other->second + "'");
      continue;
    }
    unbound.push_back(&tensor);
  }
  for (const Leftover &group : grouped(unbound)) {
    std::string message = "tensor " + quote(group.first->name) +
                          " is bound by no row of '" + family.name +
                          "' (scheme " + schemeName + ")";
    if (group.count > 1)
      message += "; " + std::to_string(group.count) + " such tensors match " +
                 quote(group.pattern);
    diagnostics.error(fileOf(*group.first), std::move(message));
  }
}

void WeightBinder::checkCoverage() {
  for (const auto &row : family.rows) {
    auto found = missing.find(row.get());
    if (found == missing.end())
      continue;
    const Missing &tally = found->second;
    Error &error = diagnostics.error(
        checkpoint.path, "expects tensor " + quote(tally.first) + " for '" +
                             row->name + "', but no file has it");
    std::string note = "bound here";
    if (tally.count > 1)
      note += "; " + std::to_string(tally.count) + " such tensors are missing";
    if (tally.present)
      note += "; " + std::to_string(tally.present) + " of " +
              std::to_string(tally.present + tally.count) + " are present";
    addNote(error, row->loc, note);
  }
  if (incomplete)
    return;
  // In the order of the files, whatever the addresses.
  for (const TensorInfo &tensor : checkpoint.weights.tensors())
    if (auto as = usedAs.find(&tensor);
        as != usedAs.end() && &as->second->first() == &tensor)
      checkTiles(*as->second, uses.at(as->second));
  reportUnbound();
}
