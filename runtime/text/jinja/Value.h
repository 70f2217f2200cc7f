//===- Value.h - What a template computes with ------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_JINJA_VALUE_H
#define RUNTIME_TEXT_JINJA_VALUE_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tombolo::text::jinja {

class Value;
struct Function;
struct Loop;

/// Nested lists and dicts; what goes deeper is refused where it is made.
inline constexpr unsigned kMaxValueDepth = 128;

struct ListData {
  std::vector<Value> items;
  bool isTuple = false;
  unsigned depth = 1;
};

/// In the order of insertion.
struct DictData {
  std::vector<std::pair<std::string, Value>> members;
  unsigned depth = 1;

  const Value *find(std::string_view key) const;
  void set(std::string_view key, Value value);
};

enum class Kind : uint8_t {
  Undefined,
  None,
  Bool,
  Int,
  Float,
  String,
  List, ///< and tuples
  Dict,
  Namespace,
  Loop,
  Function
};

/// A Python value as templates see it. Strings, lists and dicts never change
/// once they are made and are shared; namespaces, loops and macros belong to
/// the evaluation that made them.
class Value {
public:
  Value() = default;
  static Value none();
  /// A long name is cut: it is for messages, and free of charge.
  static Value undefined(std::string name);
  Value(bool value) : data(value) {}
  Value(int64_t value) : data(value) {}
  Value(double value) : data(value) {}
  Value(std::string value)
      : data(std::make_shared<const std::string>(std::move(value))) {}
  Value(std::string_view value) : Value(std::string(value)) {}
  Value(const char *value) : Value(std::string(value)) {}
  Value(std::shared_ptr<const ListData> list) : data(std::move(list)) {}
  Value(std::shared_ptr<const DictData> dict) : data(std::move(dict)) {}
  Value(std::shared_ptr<const Function> function) : data(std::move(function)) {}
  Value(DictData *nameSpace) : data(nameSpace) {}
  Value(Loop *loop) : data(loop) {}

  Kind kind() const { return static_cast<Kind>(data.index()); }
  bool is(Kind wanted) const { return kind() == wanted; }
  bool isNumber() const {
    return is(Kind::Int) || is(Kind::Float) || is(Kind::Bool);
  }
  bool isTuple() const { return is(Kind::List) && listData().isTuple; }

  bool asBool() const { return std::get<bool>(data); }
  /// Of Int and Bool.
  int64_t asInt() const {
    return is(Kind::Bool) ? asBool() : std::get<int64_t>(data);
  }
  /// Of any number.
  double asDouble() const {
    return is(Kind::Float) ? std::get<double>(data)
                           : static_cast<double>(asInt());
  }
  const std::string &asString() const {
    return *std::get<std::shared_ptr<const std::string>>(data);
  }
  const ListData &listData() const {
    return *std::get<std::shared_ptr<const ListData>>(data);
  }
  const std::vector<Value> &items() const { return listData().items; }
  const DictData &dict() const {
    return *std::get<std::shared_ptr<const DictData>>(data);
  }
  DictData &nameSpace() const { return *std::get<DictData *>(data); }
  Loop &loop() const { return *std::get<Loop *>(data); }
  const Function &function() const {
    return *std::get<std::shared_ptr<const Function>>(data);
  }
  /// What was looked for and not found; empty where there is no name.
  const std::string &undefinedName() const;

  bool truthy() const;
  /// How deep a value's parts nest: of a list or dict, and of a method, which
  /// holds what it is a method of; 0 for others.
  unsigned depth() const;
  /// "a string", "none", ...: for messages.
  std::string_view kindName() const;

private:
  struct Undefined {
    std::shared_ptr<const std::string> name;
  };
  struct None {};
  // In the order of Kind.
  std::variant<Undefined, None, bool, int64_t, double,
               std::shared_ptr<const std::string>,
               std::shared_ptr<const ListData>, std::shared_ptr<const DictData>,
               DictData *, Loop *, std::shared_ptr<const Function>>
      data;
};

/// Python's `==`.
bool equal(const Value &a, const Value &b);

/// Appends Python's `str(value)` or `repr(value)`. A value may hold one part
/// many times, so this stops once `out` is longer than `limit`.
void appendStr(const Value &value, uint64_t limit, std::string &out);
void appendRepr(const Value &value, uint64_t limit, std::string &out);

/// The shortest text that reads back as `value`, as Python writes it.
std::string floatText(double value);

struct JsonStyle {
  bool ensureAscii = false;
  bool sortKeys = false;
  bool indented = false;
  std::string indent;
  std::string itemSeparator = ", ", keySeparator = ": ";
};

/// Appends Python's `json.dumps`, and stops once `out` is longer than `limit`;
/// false for what JSON cannot say, which `problem` then names.
bool toJson(const Value &value, const JsonStyle &style, uint64_t limit,
            std::string &out, std::string &problem);

} // namespace tombolo::text::jinja

#endif // RUNTIME_TEXT_JINJA_VALUE_H
