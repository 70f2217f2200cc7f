#include "frontends/arch/Description.h"
#include "frontends/arch/Parser.h"
#include "frontends/architectures/Embedded.h"
#include "support/MappedFile.h"
#include "support/Text.h"
#include <algorithm>

using namespace tombolo;
using namespace tombolo::arch;

//===----------------------------------------------------------------------===//
// Look-ups in the tree
//===----------------------------------------------------------------------===//

const OpDecl::Attribute *OpDecl::attribute(std::string_view wanted) const {
  for (const Attribute &attribute : attributes)
    if (attribute.name == wanted)
      return &attribute;
  return nullptr;
}

bool KeyDecl::perLayer() const {
  return std::any_of(types.begin(), types.end(),
                     [](const KeyType &type) { return type.perLayer; });
}

bool KeyDecl::onlyLiterals() const {
  return std::all_of(types.begin(), types.end(), [](const KeyType &type) {
    return type.kind == KeyType::Kind::Literal;
  });
}

template <typename List>
static auto *named(const List &list, std::string_view name) {
  for (const auto &entry : list)
    if (entry->name == name)
      return entry.get();
  return decltype(list.front().get())(nullptr);
}

const KeyDecl *Family::key(std::string_view wanted) const {
  return named(keys, wanted);
}
const Definition *Family::let(std::string_view wanted) const {
  return named(lets, wanted);
}
const Definition *Family::axis(std::string_view wanted) const {
  return named(axes, wanted);
}
const FunctionDecl *Family::function(std::string_view wanted) const {
  return named(functions, wanted);
}
bool Family::isWeight(std::string_view wanted) const {
  for (const auto &row : rows)
    if (row->name == wanted ||
        (row->name.size() > wanted.size() && row->name.starts_with(wanted) &&
         row->name[wanted.size()] == '.'))
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

Result<std::shared_ptr<const Source>>
tombolo::arch::makeSource(std::string name, std::string text) {
  if (text.size() > maxSourceBytes)
    return Error(name, "expects a description of at most " +
                           std::to_string(maxSourceBytes) + " bytes, but got " +
                           std::to_string(text.size()));
  if (!isUtf8(text))
    return Error(name, "expects a description in UTF-8");
  return std::make_shared<const Source>(
      Source{std::move(name), std::move(text)});
}

Result<std::shared_ptr<const Prelude>>
tombolo::arch::readPrelude(std::string name, std::string text) {
  Result<std::shared_ptr<const Source>> source =
      makeSource(std::move(name), std::move(text));
  if (!source)
    return source.takeErrors();
  Diagnostics diagnostics;
  Prelude prelude;
  prelude.source = *source;
  Parser(**source, diagnostics).parsePrelude(prelude);
  if (diagnostics.any())
    return diagnostics.take();
  return std::make_shared<const Prelude>(std::move(prelude));
}

/// Adds what `group` declares and `family` does not.
template <typename List>
static void inherit(List &mine, const List &theirs, const std::string &group,
                    Diagnostics &diagnostics) {
  List inherited;
  for (const auto &entry : theirs) {
    if (const auto *own = named(mine, entry->name))
      addNote(diagnostics.error(own->loc, "'" + entry->name +
                                              "' is defined in group '" +
                                              group + "'"),
              entry->loc, "there");
    else
      inherited.push_back(entry);
  }
  mine.insert(mine.begin(), inherited.begin(), inherited.end());
}

template <typename List> static void prepend(List &mine, const List &theirs) {
  mine.insert(mine.begin(), theirs.begin(), theirs.end());
}

static void joinGroup(Family &family, const Family &group,
                      Diagnostics &diagnostics) {
  // A key that the family declares replaces the group's.
  std::vector<std::shared_ptr<const KeyDecl>> keys;
  for (const auto &key : group.keys)
    if (!family.key(key->name))
      keys.push_back(key);
  prepend(family.keys, keys);
  prepend(family.ignored, group.ignored);
  prepend(family.requirements, group.requirements);
  prepend(family.unused, group.unused);
  prepend(family.defaults, group.defaults);
  if (!family.context)
    family.context = group.context;
  inherit(family.lets, group.lets, group.name, diagnostics);
  inherit(family.axes, group.axes, group.name, diagnostics);
  inherit(family.functions, group.functions, group.name, diagnostics);
}

static void applyDefaults(Family &family, Diagnostics &diagnostics) {
  for (const Definition &value : family.defaults) {
    auto key = std::find_if(
        family.keys.begin(), family.keys.end(),
        [&](const auto &decl) { return decl->name == value.name; });
    if (key == family.keys.end()) {
      diagnostics.error(value.loc, "'" + value.name +
                                       "' has no type: it is a key of no "
                                       "group that is used here");
      continue;
    }
    KeyDecl changed = **key;
    changed.fallback = value.value;
    *key = std::make_shared<const KeyDecl>(std::move(changed));
  }
}

Result<std::shared_ptr<const Family>>
tombolo::arch::readFamily(std::string name, std::string text,
                          const Prelude &prelude) {
  Result<std::shared_ptr<const Source>> source =
      makeSource(std::move(name), std::move(text));
  if (!source)
    return source.takeErrors();
  Diagnostics diagnostics;
  auto family = std::make_shared<Family>();
  family->sources = {*source, prelude.source};
  Parser(**source, diagnostics).parseFamily(*family);
  if (diagnostics.any())
    return diagnostics.take();
  for (const Named &use : family->uses) {
    auto group = prelude.groups.find(use.name);
    if (group == prelude.groups.end())
      diagnostics.error(use.loc, "the prelude has no group '" + use.name + "'");
    else
      joinGroup(*family, group->second, diagnostics);
  }
  applyDefaults(*family, diagnostics);
  if (diagnostics.any())
    return diagnostics.take();
  family->unreadKeys = keysThatNothingReads(*family);
  checkFamily(*family, prelude, diagnostics);
  if (diagnostics.any())
    return diagnostics.take();
  return std::shared_ptr<const Family>(std::move(family));
}

Result<Catalog>
tombolo::arch::loadCatalog(const std::vector<std::string> &files) {
  Catalog catalog;
  std::vector<Error> errors;
  auto collect = [&](Result<std::shared_ptr<const Family>> family) {
    if (family) {
      catalog.families.push_back(std::move(*family));
      return;
    }
    for (Error &error : family.takeErrors())
      errors.push_back(std::move(error));
  };
  for (const EmbeddedDescription &embedded : embeddedDescriptions())
    if (embedded.name == "std.arch") {
      Result<std::shared_ptr<const Prelude>> prelude =
          readPrelude(std::string(embedded.name), std::string(embedded.text));
      if (!prelude)
        return prelude.takeErrors();
      catalog.prelude = std::move(*prelude);
    }
  assert(catalog.prelude && "the prelude is built in");
  for (const std::string &path : files) {
    Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
    if (!file) {
      for (Error &error : file.takeErrors())
        errors.push_back(std::move(error));
      continue;
    }
    // Before the copy: a file of the wrong kind may be a checkpoint's shard.
    std::span<const std::byte> bytes = (*file)->bytes().first(
        std::min((*file)->bytes().size(), maxSourceBytes + 1));
    collect(readFamily(
        path,
        std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size()),
        *catalog.prelude));
  }
  for (const EmbeddedDescription &embedded : embeddedDescriptions())
    if (embedded.name != "std.arch")
      collect(readFamily(std::string(embedded.name), std::string(embedded.text),
                         *catalog.prelude));
  if (!errors.empty())
    return errors;
  return catalog;
}
