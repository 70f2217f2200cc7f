//===- Cut.cpp - Which tensors and keys a twin has ------------------------===//

#include "frontends/twin/Cut.h"
#include "frontends/twin/Bodies.h"
#include "frontends/twin/Reading.h"
#include "support/Text.h"
#include <algorithm>
#include <set>

using namespace tombolo;
using namespace tombolo::twin;

using Json = nlohmann::ordered_json;

std::string CutTensor::renamed(const std::string &name) const {
  std::string before = std::to_string(layerBefore);
  if (layerAt == std::string::npos || layerAt > name.size() ||
      name.compare(layerAt, before.size(), before) != 0)
    return name;
  return std::string(name).replace(layerAt, before.size(),
                                   std::to_string(layerNow));
}

namespace {

/// Lengths of the axes that a twin cuts, by their names in the description.
using Lengths = std::map<std::string, int64_t>;

/// Finds the tensors of a cut.
class TensorCutter {
public:
  TensorCutter(const Reading &reading, const Lengths &lengths)
      : reading(reading), lengths(lengths) {}

  /// Those of `layers`, which become layers 0, 1, ..; norms multiply by the
  /// rows of `norms`.
  Result<std::vector<CutTensor>> of(const std::vector<int64_t> &layers,
                                    const std::set<std::string> &norms);

private:
  Status addRow(const arch::RowDecl &row, std::optional<int64_t> layer,
                int64_t now);
  Status addView(const arch::RowDecl &row, const arch::View &top,
                 const arch::View &view, std::optional<int64_t> layer,
                 int64_t now);
  Status add(const arch::RowDecl &row, CutTensor tensor);

  const Reading &reading;
  const Lengths &lengths;
  const std::set<std::string> *norms = nullptr;
  std::vector<CutTensor> tensors;
  std::map<const TensorInfo *, size_t> known;
};

/// The keys of a twin, from those of its source.
class ConfigCutter {
public:
  ConfigCutter(const arch::Family &family, const Checkpoint &checkpoint)
      : family(family), config(checkpoint.config) {}

  void set(const arch::KeyDecl &key, int64_t value);
  /// Lists with an element for each layer keep those of `layers`.
  void keepLayers(const std::vector<int64_t> &layers, int64_t sourceLayers);
  /// Lists of numbers of layers name them by their new ones.
  void renumber(const std::vector<int64_t> &layers);
  const Json &result() const { return config; }

private:
  std::vector<Json *> objects();
  template <typename Visit>
  void eachValue(const arch::KeyDecl &key, Visit visit);

  const arch::Family &family;
  Json config;
};

} // namespace

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

Status TensorCutter::add(const arch::RowDecl &row, CutTensor tensor) {
  auto [place, fresh] = known.emplace(tensor.source, tensors.size());
  if (fresh) {
    tensors.push_back(std::move(tensor));
    return success();
  }
  CutTensor &other = tensors[place->second];
  if (other.places != tensor.places)
    return Error(row.loc.str(), "tensor " + quote(tensor.source->name) +
                                    " cannot be cut: '" + row.name +
                                    "' and others keep different parts");
  return success();
}

Status TensorCutter::addView(const arch::RowDecl &row, const arch::View &top,
                             const arch::View &view,
                             std::optional<int64_t> layer, int64_t now) {
  for (const arch::View::Part &part : view.parts)
    if (part.view)
      if (Status added = addView(row, top, *part.view, layer, now); !added)
        return added;
  if (view.kind != arch::View::Kind::Stored)
    return success();
  CutTensor tensor;
  size_t at = view.name.find("{layer}");
  if (layer && at != std::string::npos && view.name.find('{') == at) {
    tensor.layerAt = at;
    tensor.layerBefore = *layer;
    tensor.layerNow = now;
  }
  if (norms->contains(row.name))
    tensor.role = top.kind == arch::View::Kind::Arithmetic
                      ? CutTensor::Role::NormLessOne
                      : CutTensor::Role::Norm;
  if (row.integers && !lengths.empty())
    tensor.idsBelow = lengths.begin()->second;

  // The axis that is cut, and where it lies in the stored tensors.
  size_t kept = view.stored->tensors.size();
  for (size_t axis = 0; axis < row.shape.size(); ++axis) {
    const arch::Expr &size = *row.shape[axis];
    auto length = size.kind == arch::Expr::Kind::Name ? lengths.find(size.text)
                                                      : lengths.end();
    if (length == lengths.end())
      continue;
    auto map = std::ranges::find_if(top.sources, [&](const auto &source) {
      return source.stored == view.stored;
    });
    bool plain = map != top.sources.end() && axis < map->axes.size() &&
                 map->axes[axis].size() == 1 &&
                 map->axes[axis][0].storedAxis == 0 &&
                 map->axes[axis][0].stride == 1 &&
                 map->axes[axis][0].extent == view.stored->shape.front() &&
                 map->offsets[0] == 0;
    if (!plain)
      return Error(row.loc.str(),
                   "'" + row.name + "' cannot be cut: its axis '" + size.text +
                       "' is not the first of what is stored");
    if (view.stored->stacked)
      kept = static_cast<size_t>(length->second);
    else
      tensor.places = length->second;
  }
  for (size_t i = 0; i < std::min(kept, view.stored->tensors.size()); ++i) {
    CutTensor one = tensor;
    one.source = view.stored->tensors[i];
    one.name = one.renamed(one.source->name);
    if (one.places && *one.places >= one.source->shape.front())
      one.places.reset();
    if (Status added = add(row, std::move(one)); !added)
      return added;
  }
  return success();
}

Status TensorCutter::addRow(const arch::RowDecl &row,
                            std::optional<int64_t> layer, int64_t now) {
  const arch::BoundWeight *bound = reading.binder.find(row.name, layer);
  if (!bound || bound->row != &row || !bound->view || !bound->tiedTo.empty())
    return success();
  return addView(row, *bound->view, *bound->view, layer, now);
}

Result<std::vector<CutTensor>>
TensorCutter::of(const std::vector<int64_t> &layers,
                 const std::set<std::string> &rows) {
  norms = &rows;
  tensors.clear();
  known.clear();
  for (const auto &row : reading.evaluator.family.rows) {
    if (!row->perLayer) {
      if (Status added = addRow(*row, std::nullopt, 0); !added)
        return added.takeErrors();
      continue;
    }
    for (size_t i = 0; i < layers.size(); ++i)
      if (Status added = addRow(*row, layers[i], static_cast<int64_t>(i));
          !added)
        return added.takeErrors();
  }
  return std::move(tensors);
}

//===----------------------------------------------------------------------===//
// Keys
//===----------------------------------------------------------------------===//

/// The object that `config in` names, and the top level.
std::vector<Json *> ConfigCutter::objects() {
  std::vector<Json *> list;
  if (auto nested = config.find(family.nested);
      nested != config.end() && nested->is_object())
    list.push_back(&*nested);
  list.push_back(&config);
  return list;
}

template <typename Visit>
void ConfigCutter::eachValue(const arch::KeyDecl &key, Visit visit) {
  std::vector<std::string> spellings{key.name};
  spellings.insert(spellings.end(), key.spellings.begin(), key.spellings.end());
  for (Json *object : objects())
    for (const std::string &spelling : spellings)
      if (auto at = object->find(spelling); at != object->end())
        visit(*at);
}

void ConfigCutter::set(const arch::KeyDecl &key, int64_t value) {
  bool there = false;
  eachValue(key, [&](Json &at) {
    at = value;
    there = true;
  });
  if (!there)
    (*objects().front())[key.name] = value;
}

void ConfigCutter::keepLayers(const std::vector<int64_t> &layers,
                              int64_t sourceLayers) {
  for (const auto &key : family.keys) {
    if (!key->perLayer())
      continue;
    eachValue(*key, [&](Json &value) {
      if (!value.is_array() ||
          static_cast<int64_t>(value.size()) < sourceLayers)
        return;
      Json kept = Json::array();
      for (int64_t layer : layers)
        kept.push_back(value[static_cast<size_t>(layer)]);
      value = std::move(kept);
    });
  }
}

void ConfigCutter::renumber(const std::vector<int64_t> &layers) {
  for (const auto &key : family.keys) {
    if (key->perLayer() ||
        std::ranges::none_of(key->types, [](const arch::KeyType &type) {
          return type.kind == arch::KeyType::Kind::List;
        }))
      continue;
    eachValue(*key, [&](Json &value) {
      if (!value.is_array())
        return;
      Json kept = Json::array();
      for (const Json &item : value)
        if (item.is_number_integer())
          if (auto at = std::ranges::find(layers, item.get<int64_t>());
              at != layers.end())
            kept.push_back(at - layers.begin());
      value = std::move(kept);
    });
  }
}

/// The keys that the length of an axis is worked out from.
static void keysOf(const arch::Family &family, const arch::Expr &expr,
                   std::set<const arch::KeyDecl *> &keys, int depth = 0) {
  arch::walk(expr, [&](const arch::Expr &part) {
    if (part.kind != arch::Expr::Kind::Name)
      return;
    if (const arch::KeyDecl *key = family.key(part.text))
      keys.insert(key);
    else if (const arch::Definition *let = family.let(part.text);
             let && depth < 8)
      keysOf(family, *let->value, keys, depth + 1);
  });
}

/// `num_hidden_layers = 4`, of what differs.
static void addChanges(const Json &before, const Json &after,
                       const std::string &prefix,
                       std::vector<std::string> &changes) {
  for (const auto &item : after.items()) {
    auto old = before.find(item.key());
    if (old != before.end() && *old == item.value())
      continue;
    if (old != before.end() && old->is_object() && item.value().is_object())
      addChanges(*old, item.value(), prefix + item.key() + ".", changes);
    else
      changes.push_back(prefix + item.key() + " = " +
                        printable(item.value().dump(), 80));
  }
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// The first layers of each kind, in order.
static std::vector<int64_t> pickedLayers(const std::vector<std::string> &bodies,
                                         int64_t each) {
  std::map<std::string, int64_t> taken;
  std::vector<int64_t> layers;
  for (size_t layer = 0; layer < bodies.size(); ++layer)
    if (taken[bodies[layer]]++ < each)
      layers.push_back(static_cast<int64_t>(layer));
  return layers;
}

/// All layers up to where as many of each kind are there.
static std::vector<int64_t> firstLayers(const std::vector<int64_t> &picked) {
  std::vector<int64_t> layers;
  for (int64_t layer = 0; layer <= picked.back(); ++layer)
    layers.push_back(layer);
  return layers;
}

namespace {
/// Looks for keys that give the layers that are wanted.
class Search {
public:
  Search(const arch::Catalog &catalog, const arch::Family &family,
         const Checkpoint &checkpoint, Reading &reading,
         const TwinOptions &options)
      : catalog(catalog), family(family), checkpoint(checkpoint),
        reading(reading), options(options) {}

  Result<Cut> run();

private:
  Status readAxes();
  ConfigCutter startConfig() const;
  /// The cut of `layers` under `config`, if its bodies are those of `layers`.
  std::optional<Cut> tried(const std::vector<int64_t> &layers,
                           const Json &config);
  std::optional<Cut> withLayers(const std::vector<int64_t> &layers);

  const arch::Catalog &catalog;
  const arch::Family &family;
  const Checkpoint &checkpoint;
  Reading &reading;
  const TwinOptions &options;
  int64_t layerCount = 0;
  /// Of axes that the twin cuts; of all.
  Lengths lengths, sourceLengths;
  std::map<const arch::KeyDecl *, int64_t> counts;
  std::set<const arch::KeyDecl *> layerKeys;
  /// Of all layers, with as few experts as the twin has.
  Bodies bodies;
  /// Why the last try did not give what it should.
  std::vector<Error> lastErrors;
};
} // namespace

Status Search::readAxes() {
  arch::Evaluator &evaluator = reading.evaluator;
  std::set<std::string> used;
  for (const auto &row : family.rows)
    for (const arch::ExprPtr &size : row->shape)
      if (size->kind == arch::Expr::Kind::Name && family.axis(size->text))
        used.insert(size->text);
  layerCount = evaluator.axisLength("layer").value_or(0);
  keysOf(family, *family.axis("layer")->value, layerKeys);
  for (const std::string &name : used) {
    // One that this checkpoint's layers have no rows of may have no length.
    bool bound = std::ranges::any_of(family.rows, [&](const auto &row) {
      bool has = std::ranges::any_of(
          row->shape, [&](const auto &size) { return size->isName(name); });
      for (int64_t layer = 0; has && layer < layerCount; ++layer)
        if (const arch::BoundWeight *weight = reading.binder.find(
                row->name, row->perLayer ? std::optional(layer) : std::nullopt))
          if (weight->row == row.get() && weight->view)
            return true;
      return false;
    });
    if (!bound)
      continue;
    std::optional<int64_t> length = evaluator.axisLength(name);
    if (!length)
      return Error(family.loc.str(), "axis '" + name + "' has no length");
    sourceLengths[name] = *length;
    if (*length <= options.experts)
      continue;
    lengths[name] = options.experts;
    std::set<const arch::KeyDecl *> keys;
    keysOf(family, *family.axis(name)->value, keys);
    for (const arch::Config::Entry &entry : reading.config.entries())
      for (const arch::KeyDecl *key : keys)
        if (key->name == entry.name && entry.value.asInt() &&
            *entry.value.asInt() == *length)
          counts[key] = lengths[name];
  }
  return success();
}

ConfigCutter Search::startConfig() const {
  ConfigCutter config(family, checkpoint);
  for (auto [key, count] : counts)
    config.set(*key, count);
  return config;
}

std::optional<Cut> Search::tried(const std::vector<int64_t> &layers,
                                 const Json &config) {
  Result<std::vector<CutTensor>> tensors =
      TensorCutter(reading, lengths).of(layers, bodies.norms);
  if (!tensors) {
    lastErrors = tensors.takeErrors();
    return std::nullopt;
  }
  Result<Bodies> made = bodiesOf(catalog, family, checkpoint, config, *tensors);
  if (!made) {
    lastErrors = made.takeErrors();
    return std::nullopt;
  }
  std::vector<std::string> wanted;
  for (int64_t layer : layers)
    wanted.push_back(bodies.layers[static_cast<size_t>(layer)]);
  if (made->layers != wanted) {
    lastErrors.clear();
    return std::nullopt;
  }
  Cut cut;
  cut.layers = layers;
  cut.config = config;
  cut.tensors = std::move(*tensors);
  return cut;
}

/// As it is, with lists of layers renumbered, and with one key changed, as the
/// number of dense layers in front or the interval of a pattern.
std::optional<Cut> Search::withLayers(const std::vector<int64_t> &layers) {
  ConfigCutter config = startConfig();
  config.keepLayers(layers, layerCount);
  for (const arch::KeyDecl *key : layerKeys)
    config.set(*key, static_cast<int64_t>(layers.size()));
  if (std::optional<Cut> cut = tried(layers, config.result()))
    return cut;
  ConfigCutter renumbered = config;
  renumbered.renumber(layers);
  if (renumbered.result() != config.result())
    if (std::optional<Cut> cut = tried(layers, renumbered.result()))
      return cut;
  for (const arch::Config::Entry &entry : reading.config.entries()) {
    const arch::KeyDecl *key = family.key(entry.name);
    const int64_t *value = entry.value.asInt();
    if (!key || !value || *value < 0 || *value > layerCount ||
        key->onlyLiterals() || key->perLayer() || layerKeys.contains(key) ||
        counts.contains(key))
      continue;
    for (int64_t other = 0; other <= static_cast<int64_t>(layers.size());
         ++other) {
      if (other == *value)
        continue;
      ConfigCutter changed = config;
      changed.set(*key, other);
      if (std::optional<Cut> cut = tried(layers, changed.result()))
        return cut;
    }
  }
  return std::nullopt;
}

Result<Cut> Search::run() {
  if (Status read = readAxes(); !read)
    return read.takeErrors();
  if (layerCount < 1)
    return Error(checkpoint.configPath, "expects a model with layers");
  std::vector<int64_t> all;
  for (int64_t layer = 0; layer < layerCount; ++layer)
    all.push_back(layer);
  Result<std::vector<CutTensor>> tensors =
      TensorCutter(reading, lengths).of(all, {});
  if (!tensors)
    return tensors.takeErrors();
  Result<Bodies> made =
      bodiesOf(catalog, family, checkpoint, startConfig().result(), *tensors);
  if (!made)
    return made.takeErrors();
  bodies = std::move(*made);

  std::vector<int64_t> picked = pickedLayers(bodies.layers, options.layers);
  std::optional<Cut> cut = withLayers(picked);
  if (!cut)
    cut = withLayers(firstLayers(picked));
  if (!cut) {
    Error error(checkpoint.configPath, "no keys were found that keep " +
                                           std::to_string(picked.size()) +
                                           " of " + std::to_string(layerCount) +
                                           " layers as they are");
    for (const Error &last : lastErrors)
      error.notes.push_back(last.str());
    return error;
  }
  cut->sourceLayers = layerCount;
  cut->kinds = static_cast<int64_t>(
      std::set<std::string>(bodies.layers.begin(), bodies.layers.end()).size());
  for (const auto &[name, length] : sourceLengths) {
    cut->experts = std::min(length, options.experts);
    cut->sourceExperts = length;
  }
  addChanges(checkpoint.config, cut->config, "", cut->changedKeys);
  return std::move(*cut);
}

Result<Cut> tombolo::twin::cutOf(const arch::Catalog &catalog,
                                 const arch::Family &family,
                                 const Checkpoint &checkpoint,
                                 const TwinOptions &options) {
  Reading reading(catalog, family, checkpoint);
  if (reading.diagnostics.any())
    return reading.diagnostics.take();
  return Search(catalog, family, checkpoint, reading, options).run();
}
