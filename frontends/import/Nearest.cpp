//===- Nearest.cpp - Families like an unknown one -------------------------===//

#include "frontends/import/Nearest.h"
#include "frontends/arch/Config.h"
#include "frontends/arch/WeightBinder.h"
#include "support/Spelling.h"
#include "support/Text.h"
#include <algorithm>
#include <set>
#include <tuple>

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

namespace {
struct Count {
  int64_t all = 0, known = 0;
  /// Of the known ones those that are no more than ignored.
  int64_t ignored = 0;
  /// The family's that tell something, and of these the ones that are not
  /// there.
  int64_t telling = 0, lacking = 0;
};
} // namespace

/// A key that says something of how the family computes: not one with a single
/// value, nor one that is ignored.
static bool isTelling(const arch::Family &family, const arch::KeyDecl &key) {
  return !key.onlyLiterals() && !family.unreadKeys.contains(key.name) &&
         std::ranges::none_of(
             family.ignored, [&](const arch::IgnoredKey &ignored) {
               return !ignored.gguf && ignored.name == key.name;
             });
}

/// The names that `key` is called with, in functions as well.
static void collectGgufKeys(const arch::Expr &expr, const arch::Family &family,
                            const arch::Prelude &prelude, Names &functions,
                            Names &keys) {
  walk(expr, [&](const arch::Expr &part) {
    if (part.kind != arch::Expr::Kind::Call)
      return;
    if (part.text == "key" && !part.children.empty()) {
      if (std::string name = patternOf(*part.children[0]); !name.empty())
        keys.insert(std::move(name));
      return;
    }
    const arch::FunctionDecl *function = family.function(part.text);
    if (auto shared = prelude.functions.find(part.text);
        !function && shared != prelude.functions.end())
      function = shared->second.get();
    if (function && functions.insert(part.text).second)
      walk(function->body, [&](const arch::Expr &inner) {
        if (inner.kind == arch::Expr::Kind::Call)
          collectGgufKeys(inner, family, prelude, functions, keys);
      });
  });
}

static Count countGgufKeys(const arch::Family &family,
                           const arch::Prelude &prelude,
                           const Checkpoint &checkpoint) {
  Count count;
  std::vector<std::string> architectures = checkpoint.architectures();
  if (architectures.empty())
    return count;
  std::string prefix = architectures.front() + ".";
  Names strings, ignored;
  for (const auto &key : family.keys)
    if (key->gguf && !family.unreadKeys.contains(key->name))
      collectStrings(*key->gguf, strings);
  for (const arch::IgnoredKey &key : family.ignored)
    if (key.gguf)
      ignored.insert(key.name);
  Names present;
  for (const auto &item : checkpoint.metadata.items()) {
    if (!item.key().starts_with(prefix))
      continue;
    std::string name = item.key().substr(prefix.size());
    present.insert(withoutNumbers(name));
    ++count.all;
    bool reads = strings.contains(withoutNumbers(name));
    bool ignores = !reads && ignored.contains(name);
    count.known += reads || ignores;
    count.ignored += ignores;
  }
  for (const auto &key : family.keys) {
    if (!key->gguf || !isTelling(family, *key))
      continue;
    Names own, functions;
    if (key->gguf->plainString())
      own.insert(patternOf(*key->gguf));
    collectGgufKeys(*key->gguf, family, prelude, functions, own);
    if (own.empty())
      continue;
    ++count.telling;
    count.lacking += std::ranges::none_of(
        own, [&](const std::string &name) { return present.contains(name); });
  }
  return count;
}

/// The checkpoint's keys, and those that the family has.
static Count countKeys(const arch::Family &family, const arch::Prelude &prelude,
                       const Checkpoint &checkpoint) {
  if (checkpoint.container == Container::Gguf)
    return countGgufKeys(family, prelude, checkpoint);
  Count count;
  Names names, ignored;
  for (const auto &key : family.keys) {
    if (family.unreadKeys.contains(key->name))
      continue;
    names.insert(key->name);
    names.insert(key->spellings.begin(), key->spellings.end());
  }
  for (const arch::IgnoredKey &key : family.ignored)
    if (!key.gguf)
      ignored.insert(key.name);
  // No family's, and read whichever it is.
  for (std::string_view key : arch::storageKeys())
    ignored.insert(std::string(key));
  Names present;
  auto countIn = [&](const nlohmann::ordered_json &object) {
    for (const auto &item : object.items()) {
      present.insert(item.key());
      bool ignores = ignored.contains(item.key());
      bool reads = !ignores && names.contains(item.key());
      ++count.all;
      count.known += reads || ignores;
      count.ignored += ignores;
    }
  };
  if (!checkpoint.config.is_object())
    return count;
  countIn(checkpoint.config);
  auto nested = checkpoint.config.find(family.nested);
  if (nested != checkpoint.config.end() && nested->is_object()) {
    // The object itself is no key.
    --count.all;
    countIn(*nested);
  }
  for (const auto &key : family.keys) {
    if (!isTelling(family, *key))
      continue;
    ++count.telling;
    count.lacking +=
        !present.contains(key->name) &&
        std::ranges::none_of(key->spellings, [&](const std::string &name) {
          return present.contains(name);
        });
  }
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
                            const Names &stored, int64_t &known) {
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
  known = static_cast<int64_t>(found.size());
  return known - kMissing * missing;
}

/// Stored names that the family leaves out and says so.
static int64_t countUnused(const arch::Family &family, bool gguf,
                           const Names &stored) {
  Names patterns;
  for (const arch::UnusedDecl &unused : family.unused)
    if (!unused.gguf || gguf)
      for (const arch::ExprPtr &pattern : unused.patterns)
        collectStrings(*pattern, patterns);
  return std::ranges::count_if(stored, [&](const std::string &name) {
    return std::ranges::any_of(patterns, [&](const std::string &pattern) {
      return arch::matches(pattern, name);
    });
  });
}

/// Fills in all but the name; the value grows with likeness.
static int64_t compare(const arch::Prelude &prelude,
                       const Checkpoint &checkpoint, Likeness &like) {
  const arch::Family &family = *like.family;
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
  like.names = static_cast<int64_t>(stored.size());
  bool gguf = checkpoint.container == Container::Gguf;
  int64_t unused = countUnused(family, gguf, stored);
  std::optional<int64_t> best;
  for (size_t i = 0; i < family.schemes.size(); ++i) {
    if ((family.schemes[i].name == "gguf") != gguf)
      continue;
    int64_t known = 0;
    int64_t value = countTensors(family, i, stored, known);
    if (best && *best >= value)
      continue;
    best = value;
    like.scheme = i;
    like.namesKnown = std::min(known + unused, like.names);
  }
  Count keys = countKeys(family, prelude, checkpoint);
  like.keys = keys.all;
  like.keysKnown = keys.known;
  like.keysOfFamily = keys.telling;
  like.keysLacking = keys.lacking;
  return keys.known - keys.ignored + best.value_or(0);
}

std::vector<Likeness> tombolo::rankFamilies(const arch::Catalog &catalog,
                                            const Checkpoint &checkpoint,
                                            const std::string &wanted) {
  struct Ranked {
    int64_t value;
    size_t distance;
    Likeness like;
  };
  std::vector<Ranked> ranked;
  for (const auto &family : catalog.families) {
    std::vector<std::string> names;
    if (checkpoint.container == Container::Gguf)
      for (const arch::GgufName &name : family->gguf)
        names.push_back(name.name);
    else
      for (const arch::Named &name : family->serves)
        names.push_back(name.name);
    if (names.empty())
      continue;
    Ranked one{0, SIZE_MAX, {}};
    one.like.family = family;
    for (const std::string &name : names) {
      size_t limit = std::max(wanted.size(), name.size());
      size_t distance = editDistance(wanted, name, limit);
      if (std::tie(distance, name) >= std::tie(one.distance, one.like.serves) &&
          one.distance != SIZE_MAX)
        continue;
      one.distance = distance;
      one.like.serves = name;
    }
    one.value = compare(*catalog.prelude, checkpoint, one.like);
    ranked.push_back(std::move(one));
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked &a, const Ranked &b) {
    return std::tie(b.value, a.like.keysLacking, a.like.keysOfFamily,
                    a.distance, a.like.serves, a.like.family->name) <
           std::tie(a.value, b.like.keysLacking, b.like.keysOfFamily,
                    b.distance, b.like.serves, b.like.family->name);
  });
  std::vector<Likeness> list;
  for (Ranked &one : ranked)
    list.push_back(std::move(one.like));
  return list;
}

std::string tombolo::nearestFamilies(const arch::Catalog &catalog,
                                     const Checkpoint &checkpoint,
                                     const std::string &wanted) {
  std::vector<Likeness> known = rankFamilies(catalog, checkpoint, wanted);
  std::string text;
  for (size_t i = 0; i < known.size() && i < 2; ++i)
    text += (i ? ", " : "") + quote(known[i].serves) + " (" +
            known[i].family->name + ")";
  return "nearest: " + text;
}
