//===- Nearest.cpp - Families like an unknown one -------------------------===//

#include "frontends/import/Nearest.h"
#include "support/Spelling.h"
#include "support/Text.h"
#include <algorithm>
#include <set>

using namespace tombolo;

using Names = std::set<std::string, std::less<>>;

/// The name with each number as `#`, so that layers count once.
static std::string withoutNumbers(std::string_view name) {
  std::string text;
  for (char c : name)
    if (c < '0' || c > '9')
      text += c;
    else if (text.empty() || text.back() != '#')
      text += '#';
  return text;
}

/// The text of a string; what stands in its braces may be a layer's number.
static std::string patternOf(const arch::Expr &expr) {
  if (const std::string *plain = expr.plainString())
    return withoutNumbers(*plain);
  std::string text;
  if (expr.kind == arch::Expr::Kind::Text)
    for (const arch::ExprPtr &piece : expr.children) {
      const std::string *plain = piece ? piece->plainString() : nullptr;
      text += plain ? withoutNumbers(*plain) : "#";
    }
  return text;
}

/// All strings of an expression; those inside of another are part of it.
static void collectStrings(const arch::Expr &expr, Names &strings) {
  if (std::string text = patternOf(expr); !text.empty()) {
    strings.insert(std::move(text));
    return;
  }
  for (const arch::ExprPtr &child : expr.children)
    if (child)
      collectStrings(*child, strings);
}

/// The family's keys that the checkpoint has.
static int64_t countKeys(const arch::Family &family,
                         const Checkpoint &checkpoint) {
  int64_t count = 0;
  if (checkpoint.container == Container::Gguf) {
    std::vector<std::string> architectures = checkpoint.architectures();
    if (architectures.empty())
      return 0;
    std::string prefix = architectures.front() + ".";
    Names strings;
    for (const auto &key : family.keys)
      if (key->gguf)
        collectStrings(*key->gguf, strings);
    for (const auto &item : checkpoint.metadata.items())
      count += item.key().starts_with(prefix) &&
               strings.contains(withoutNumbers(
                   std::string_view(item.key()).substr(prefix.size())));
    return count;
  }
  Names names;
  for (const auto &key : family.keys) {
    names.insert(key->name);
    names.insert(key->spellings.begin(), key->spellings.end());
  }
  auto countIn = [&](const nlohmann::ordered_json &object) {
    for (const auto &item : object.items())
      count += names.contains(item.key());
  };
  if (!checkpoint.config.is_object())
    return 0;
  countIn(checkpoint.config);
  auto nested = checkpoint.config.find(family.nested);
  if (nested != checkpoint.config.end() && nested->is_object())
    countIn(*nested);
  return count;
}

/// What a row counts that must be there and finds nothing, in names that are
/// found: a tensor says more of the model than a key.
static constexpr int64_t kMissing = 3;

/// A row of stacked tensors. Though a dense layer may lack it, a model without
/// any experts is not of its family.
static bool isStack(const arch::Family &family, const arch::RowDecl &row) {
  return !row.shape.empty() &&
         row.shape.front()->kind == arch::Expr::Kind::Name &&
         family.axis(row.shape.front()->text);
}

/// Stored names that the rows of a scheme have, less the rows that find none
/// and are always there.
static int64_t countTensors(const arch::Family &family, size_t scheme,
                            const Names &stored) {
  Names found;
  int64_t missing = 0;
  for (const auto &row : family.rows) {
    if (scheme >= row->cells.size())
      continue;
    std::string prefix = scheme < row->prefixes.size() && row->prefixes[scheme]
                             ? patternOf(*row->prefixes[scheme])
                             : std::string();
    Names strings;
    for (const arch::ExprPtr &cell : row->cells[scheme])
      if (cell)
        collectStrings(*cell, strings);
    bool isThere = false;
    for (const std::string &text : strings)
      if (std::string name = prefix + text; stored.contains(name)) {
        isThere = true;
        found.insert(std::move(name));
      }
    bool isNeeded = row->guards.empty() || isStack(family, *row);
    missing += !isThere && !strings.empty() && isNeeded && !row->optional &&
               row->tiedTo.empty();
  }
  return static_cast<int64_t>(found.size()) - kMissing * missing;
}

static int64_t likeness(const arch::Family &family,
                        const Checkpoint &checkpoint) {
  Names stored;
  for (const TensorInfo &tensor : checkpoint.weights.tensors()) {
    std::string name = tensor.name;
    for (const arch::Rename &rename : family.renames)
      if (name.starts_with(rename.before)) {
        name = rename.after + name.substr(rename.before.size());
        break;
      }
    stored.insert(withoutNumbers(name));
  }
  bool gguf = checkpoint.container == Container::Gguf;
  std::optional<int64_t> tensors;
  for (size_t i = 0; i < family.schemes.size(); ++i)
    if ((family.schemes[i].name == "gguf") == gguf)
      tensors = std::max(tensors.value_or(INT64_MIN),
                         countTensors(family, i, stored));
  return countKeys(family, checkpoint) + tensors.value_or(0);
}

std::string tombolo::nearestFamilies(const arch::Catalog &catalog,
                                     const Checkpoint &checkpoint,
                                     const std::string &wanted) {
  struct Known {
    /// Ascending: the most alike is the least.
    int64_t unlikeness;
    size_t distance;
    std::string name, family;
    auto operator<=>(const Known &) const = default;
  };
  std::vector<Known> known;
  for (const auto &family : catalog.families) {
    std::optional<Known> best;
    auto add = [&](const std::string &name) {
      size_t limit = std::max(wanted.size(), name.size());
      Known one{-likeness(*family, checkpoint),
                editDistance(wanted, name, limit), name, family->name};
      if (!best || one < *best)
        best = std::move(one);
    };
    if (checkpoint.container == Container::Gguf)
      for (const arch::GgufName &name : family->gguf)
        add(name.name);
    else
      for (const arch::Named &name : family->serves)
        add(name.name);
    if (best)
      known.push_back(std::move(*best));
  }
  std::sort(known.begin(), known.end());
  std::string text;
  for (size_t i = 0; i < known.size() && i < 2; ++i)
    text +=
        (i ? ", " : "") + quote(known[i].name) + " (" + known[i].family + ")";
  return "nearest: " + text;
}
