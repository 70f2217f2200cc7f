//===- Value.h - Values known when a model is imported ----------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_VALUE_H
#define FRONTENDS_ARCH_VALUE_H

#include "frontends/arch/Ast.h"

namespace tombolo::arch {

class Value;

/// Base of the values that only a TensorDomain understands: stored tensors,
/// weights, results of operations.
struct Tensor {
  virtual ~Tensor();
  /// For messages: "weight 'wq'".
  virtual std::string describe() const = 0;
};

using List = std::vector<Value>;

struct Record {
  struct Field;
  std::vector<Field> fields;
  const Field *find(std::string_view name) const;
};

/// A value of the language. Copies are cheap: lists and records are shared and
/// never changed.
class Value {
public:
  /// An error was reported instead of a value; every operation on it gives it
  /// again, silently.
  struct Poison {};
  struct None {};
  using Storage =
      std::variant<None, Poison, bool, int64_t, double, std::string,
                   std::shared_ptr<const List>, std::shared_ptr<const Record>,
                   std::shared_ptr<const Tensor>>;

  Value() = default;
  Value(Storage storage) : storage(std::move(storage)) {}
  static Value poison() { return Value(Poison()); }
  static Value of(bool value) { return Value(Storage(value)); }
  static Value of(int64_t value) { return Value(Storage(value)); }
  static Value of(double value) { return Value(Storage(value)); }
  static Value of(std::string value) {
    return Value(Storage(std::move(value)));
  }
  static Value of(List value) {
    return Value(Storage(std::make_shared<const List>(std::move(value))));
  }
  static Value of(Record value) {
    return Value(Storage(std::make_shared<const Record>(std::move(value))));
  }
  static Value of(std::shared_ptr<const Tensor> value) {
    return Value(Storage(std::move(value)));
  }
  static Value of(const Literal &literal);

  bool isNone() const { return std::holds_alternative<None>(storage); }
  bool isPoison() const { return std::holds_alternative<Poison>(storage); }
  bool isNumber() const { return asInt() || asDouble(); }
  const bool *asBool() const { return std::get_if<bool>(&storage); }
  const int64_t *asInt() const { return std::get_if<int64_t>(&storage); }
  const double *asDouble() const { return std::get_if<double>(&storage); }
  const std::string *asString() const {
    return std::get_if<std::string>(&storage);
  }
  const List *asList() const { return pointee<List>(); }
  const Record *asRecord() const { return pointee<Record>(); }
  std::shared_ptr<const Tensor> asTensor() const {
    auto *held = std::get_if<std::shared_ptr<const Tensor>>(&storage);
    return held ? *held : nullptr;
  }
  /// An integer or a double, as a double.
  double number() const {
    return asInt() ? static_cast<double>(*asInt()) : *asDouble();
  }

  /// Numbers by value, lists and records by element; tensors by identity.
  bool equals(const Value &other) const;
  /// "an integer", "a list": for messages.
  std::string kind() const;
  /// As the language writes it, cut where it is long.
  std::string str() const;
  /// Strings without quotes, for `{..}` in strings.
  std::string interpolated() const;

private:
  template <typename T> const T *pointee() const {
    auto *held = std::get_if<std::shared_ptr<const T>>(&storage);
    return held ? held->get() : nullptr;
  }
  void print(std::string &out, unsigned depth) const;

  Storage storage;
};

struct Record::Field {
  std::string name;
  Value value;
  /// `rope_scaling.factor` where it stood in config.json, so that reading it
  /// can be noted; empty if it was made by an expression.
  std::string origin;
};

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_VALUE_H
