#include "frontends/arch/Config.h"
#include "support/Text.h"
#include <algorithm>

using namespace tombolo;
using namespace tombolo::arch;

std::span<const std::string_view> tombolo::arch::storageKeys() {
  static constexpr std::string_view keys[] = {"quantization_config",
                                              "expert_dtype"};
  return keys;
}

static std::string shown(const nlohmann::ordered_json &json) {
  using Handler = nlohmann::ordered_json::error_handler_t;
  return printable(json.dump(-1, ' ', false, Handler::replace), 60);
}

Config::Config(Evaluator &evaluator)
    : evaluator(evaluator), family(evaluator.family),
      checkpoint(evaluator.checkpoint) {
  if (family.nested.empty() || !checkpoint.config.is_object())
    return;
  auto found = checkpoint.config.find(family.nested);
  if (found != checkpoint.config.end() && found->is_object())
    nested = &*found;
}

const std::string &Config::where() const {
  return checkpoint.container == Container::Gguf ||
                 checkpoint.configPath.empty()
             ? checkpoint.path
             : checkpoint.configPath;
}

const nlohmann::ordered_json *Config::find(const std::string &key) const {
  if (nested)
    if (auto found = nested->find(key); found != nested->end())
      return &*found;
  if (!checkpoint.config.is_object() || key == family.nested)
    return nullptr;
  auto found = checkpoint.config.find(key);
  return found == checkpoint.config.end() ? nullptr : &*found;
}

Value Config::value(const KeyDecl &key) {
  if (auto entry = known.find(key.name); entry != known.end())
    return entry->second.value;
  return known.emplace(key.name, read(key)).first->second.value;
}

Config::Entry Config::read(const KeyDecl &key) {
  Entry entry{key.name, Value(), ""};
  bool refused = false;
  bool found = checkpoint.container == Container::Gguf
                   ? fromGguf(key, entry)
                   : fromConfigJson(key, entry, refused);
  if (refused) {
    entry.value = Value::poison();
    return entry;
  }
  if (!found) {
    entry.place = "default";
    if (!key.fallback) {
      addNote(evaluator.diagnostics.error(
                  where(), "expects key '" + key.name +
                               "', but the checkpoint does not have it"),
              key.loc, "declared here, without a default");
      entry.value = Value::poison();
      return entry;
    }
    entry.value = evaluator.evaluate(*key.fallback, Variables());
  }
  entry.value = fitted(key, entry.value);
  return entry;
}

bool Config::fromConfigJson(const KeyDecl &key, Entry &entry, bool &refused) {
  const nlohmann::ordered_json *value = nullptr;
  std::vector<std::string> spellings{key.name};
  spellings.insert(spellings.end(), key.spellings.begin(), key.spellings.end());
  for (const std::string &spelling : spellings) {
    const nlohmann::ordered_json *found = find(spelling);
    if (!found)
      continue;
    if (!value) {
      value = found;
      entry.place = spelling;
      continue;
    }
    if (*found == *value)
      continue;
    addNote(evaluator.diagnostics.error(
                where(), "'" + entry.place + "' = " + shown(*value) + " and '" +
                             spelling + "' = " + shown(*found) +
                             " are one key, but differ"),
            key.loc, "declared here");
    refused = true;
    return true;
  }
  if (!value)
    return false;
  entry.value = evaluator.fromJson(*value, key.name, where());
  return true;
}

bool Config::fromGguf(const KeyDecl &key, Entry &entry) {
  if (!key.gguf)
    return false;
  const std::string *lone = key.gguf->plainString();
  Value value = lone ? evaluator.ggufKey(*lone)
                     : evaluator.evaluate(*key.gguf, Variables());
  if (value.isNone())
    return false;
  entry.place = "GGUF";
  entry.value = value;
  // Some writers give a list with one number per layer where all are equal.
  const List *list = value.asList();
  if (list && !list->empty() && !key.perLayer() &&
      std::all_of(list->begin(), list->end(), [&](const Value &item) {
        return item.isNumber() && item.equals(list->front());
      }))
    entry.value = list->front();
  return true;
}

static std::string literalText(const Literal &literal) {
  return Value::of(literal).str();
}

/// The value as `type` has it; nothing if it does not fit.
static std::optional<Value> fit(const Value &value, KeyType::Kind kind,
                                const Literal &literal) {
  switch (kind) {
  case KeyType::Kind::Int:
    return value.asInt() ? std::optional(value) : std::nullopt;
  case KeyType::Kind::Float:
    return value.isNumber() ? std::optional(Value::of(value.number()))
                            : std::nullopt;
  case KeyType::Kind::Bool:
    return value.asBool() ? std::optional(value) : std::nullopt;
  case KeyType::Kind::String:
    return value.asString() ? std::optional(value) : std::nullopt;
  case KeyType::Kind::List:
    return value.asList() ? std::optional(value) : std::nullopt;
  case KeyType::Kind::Record:
    return value.asRecord() ? std::optional(value) : std::nullopt;
  case KeyType::Kind::Literal:
    return value.equals(Value::of(literal)) ? std::optional(value)
                                            : std::nullopt;
  }
  return std::nullopt;
}

static std::string typeText(const KeyType &type) {
  static const char *const names[] = {"an integer", "a number", "a bool",
                                      "a string",   "a list",   "a record"};
  return type.kind == KeyType::Kind::Literal
             ? literalText(type.literal)
             : names[static_cast<unsigned>(type.kind)];
}

Value Config::fitted(const KeyDecl &key, const Value &value) {
  if (value.isPoison())
    return value;
  auto refuse = [&](const std::string &expected, const std::string &got) {
    addNote(evaluator.diagnostics.error(where(), "expects '" + key.name +
                                                     "' to be " + expected +
                                                     ", but got " + got),
            key.loc, "declared here");
    return Value::poison();
  };
  std::optional<int64_t> layers;
  if (key.perLayer() && !value.isNone()) {
    layers = evaluator.axisLength("layer");
    if (!layers)
      return Value::poison();
  }
  for (const KeyType &type : key.types) {
    if (!type.perLayer) {
      if (std::optional<Value> fits = fit(value, type.kind, type.literal))
        return *fits;
      continue;
    }
    if (value.isNone())
      continue;
    List each;
    if (const List *list = value.asList())
      each = *list;
    else if (evaluator.spend(key.loc, *layers))
      each.assign(*layers, value);
    bool good = !each.empty();
    for (Value &item : each) {
      std::optional<Value> fits = fit(item, type.kind, {});
      good &= fits.has_value();
      item = fits.value_or(item);
    }
    if (good && static_cast<int64_t>(each.size()) >= *layers)
      return Value::of(std::move(each));
    if (good)
      return refuse(typeText(type) + " for each of " + std::to_string(*layers) +
                        " layers",
                    std::to_string(each.size()) + " values");
  }
  std::string expected;
  for (const KeyType &type : key.types)
    expected += (expected.empty() ? "" : " or ") + typeText(type) +
                (type.perLayer ? " for each layer" : "");
  return refuse(expected, value.str());
}

void Config::readAll() {
  if (checkpoint.container == Container::Safetensors &&
      !checkpoint.config.is_object())
    evaluator.diagnostics.error(
        checkpoint.path, "expects a config.json beside the tensors, but there "
                         "is none");
  for (const auto &key : family.keys)
    if (!family.unreadKeys.contains(key->name))
      value(*key);
  reportUndeclared();
  for (const Requirement &requirement : family.requirements) {
    std::optional<bool> met = evaluator.truth(*requirement.condition);
    if (!met || *met)
      continue;
    Value message = evaluator.evaluate(*requirement.message);
    if (!message.isPoison())
      addNote(evaluator.diagnostics.error(where(), message.interpolated()),
              requirement.loc, "required here");
  }
}

void Config::reportUndeclared() {
  std::set<std::string, std::less<>> declared(storageKeys().begin(),
                                              storageKeys().end());
  std::map<std::string, const KeyDecl *, std::less<>> unused;
  for (const auto &key : family.keys) {
    bool isRead = !family.unreadKeys.contains(key->name);
    std::vector<std::string> spellings = key->spellings;
    spellings.push_back(key->name);
    for (std::string &spelling : spellings)
      if (isRead)
        declared.insert(std::move(spelling));
      else
        unused.emplace(std::move(spelling), key.get());
  }
  for (const IgnoredKey &ignored : family.ignored)
    if (!ignored.gguf)
      declared.insert(ignored.name);
  auto report = [&](const nlohmann::ordered_json &object,
                    const std::string &prefix) {
    for (const auto &item : object.items()) {
      if (declared.count(item.key()) ||
          (&item.value() == nested && prefix.empty()))
        continue;
      unreadKeys.push_back(prefix + item.key());
      Error &error = evaluator.diagnostics.error(
          where(), "key " + quote(prefix + item.key()) + " = " +
                       shown(item.value()) + " is not read by architecture '" +
                       family.name + "'");
      if (auto found = unused.find(item.key()); found != unused.end())
        addNote(error, found->second->loc,
                "declared here, but nothing of '" + family.name +
                    "' uses it; add it to its 'ignore' if it changes nothing");
      else
        addNote(error, family.configLoc.source ? family.configLoc : family.loc,
                "add it to 'config' if it changes the model, to 'ignore' if it "
                "does not");
    }
  };
  if (checkpoint.container == Container::Gguf || !checkpoint.config.is_object())
    return;
  report(checkpoint.config, "");
  if (nested)
    report(*nested, family.nested + ".");
}

void Config::reportFields(const Value &value) {
  const Record *record = value.asRecord();
  if (!record)
    return;
  for (const Record::Field &field : record->fields) {
    if (!field.origin.empty() && !evaluator.fieldsRead().count(field.origin)) {
      unreadKeys.push_back(field.origin);
      const Record::Field *kind = record->find("rope_type");
      kind = kind ? kind : record->find("type");
      evaluator.diagnostics.error(
          where(),
          quote(field.origin) + " is not read by architecture '" + family.name +
              "'" +
              (kind && kind->value.asString()
                   ? " (rope_type " + quote(*kind->value.asString()) + ")"
                   : ""));
      continue;
    }
    reportFields(field.value);
  }
}

void Config::reportUnread() {
  for (const auto &[name, entry] : known)
    reportFields(entry.value);
  if (checkpoint.container != Container::Gguf ||
      !checkpoint.metadata.is_object())
    return;
  auto architecture = checkpoint.metadata.find("general.architecture");
  if (architecture == checkpoint.metadata.end() || !architecture->is_string())
    return;
  std::string prefix = architecture->get<std::string>() + ".";
  for (const auto &item : checkpoint.metadata.items()) {
    if (!item.key().starts_with(prefix) ||
        evaluator.ggufKeysRead().count(item.key()))
      continue;
    std::string name = item.key().substr(prefix.size());
    if (std::any_of(family.ignored.begin(), family.ignored.end(),
                    [&](const IgnoredKey &ignored) {
                      return ignored.gguf && ignored.name == name;
                    }))
      continue;
    unreadKeys.push_back(item.key());
    addNote(
        evaluator.diagnostics.error(
            where(), "key " + quote(item.key()) + " = " + shown(item.value()) +
                         " is not read by architecture '" + family.name + "'"),
        family.configLoc.source ? family.configLoc : family.loc,
        "give it to a key if it changes the model, 'ignore gguf' it if it "
        "does not");
  }
}

std::vector<Config::Entry> Config::entries() const {
  std::vector<Entry> list;
  for (const auto &key : family.keys)
    if (auto entry = known.find(key->name); entry != known.end())
      list.push_back(entry->second);
  return list;
}
