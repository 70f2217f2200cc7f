//===- Config.h - The keys of a checkpoint ----------------------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_CONFIG_H
#define FRONTENDS_ARCH_CONFIG_H

#include "frontends/arch/Evaluator.h"
#include <span>
#include <string_view>

namespace tombolo::arch {

/// Keys that belong to the readers of encodings.
std::span<const std::string_view> storageKeys();

/// Reads the keys that a family declares from config.json or GGUF metadata.
/// Strict both ways: what is declared must be there and fit its type, what is
/// there must be declared or ignored.
class Config {
public:
  struct Entry {
    std::string name;
    Value value;
    /// The spelling in config.json, "GGUF" or "default".
    std::string place;
  };

  explicit Config(Evaluator &evaluator);

  /// The value of one key; poison if it was refused.
  Value value(const KeyDecl &key);
  /// Reads every key that the family uses, checks `require` and reports the
  /// keys of config.json that nothing declares or uses.
  void readAll();
  /// Reports fields of records and GGUF keys that nothing has read. For the
  /// end, when all is evaluated.
  void reportUnread();

  /// In the order of declaration.
  std::vector<Entry> entries() const;
  /// Keys and fields that nothing reads.
  const std::vector<std::string> &unread() const { return unreadKeys; }

private:
  Entry read(const KeyDecl &key);
  bool fromConfigJson(const KeyDecl &key, Entry &entry, bool &refused);
  bool fromGguf(const KeyDecl &key, Entry &entry);
  Value fitted(const KeyDecl &key, const Value &value);
  const nlohmann::ordered_json *find(const std::string &key) const;
  void reportUndeclared();
  void reportFields(const Value &value);
  const std::string &where() const;

  Evaluator &evaluator;
  const Family &family;
  const Checkpoint &checkpoint;
  /// The object that `config in` names, if it is there.
  const nlohmann::ordered_json *nested = nullptr;
  std::map<std::string, Entry, std::less<>> known;
  std::vector<std::string> unreadKeys;
};

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_CONFIG_H
