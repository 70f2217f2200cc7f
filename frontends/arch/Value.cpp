#include "frontends/arch/Value.h"
#include "support/Text.h"
#include <fmt/format.h>

using namespace tombolo;
using namespace tombolo::arch;

Tensor::~Tensor() = default;

const Record::Field *Record::find(std::string_view name) const {
  for (const Field &field : fields)
    if (field.name == name)
      return &field;
  return nullptr;
}

Value Value::of(const Literal &literal) {
  struct Convert {
    Value operator()(std::monostate) const { return Value(); }
    Value operator()(bool value) const { return Value::of(value); }
    Value operator()(int64_t value) const { return Value::of(value); }
    Value operator()(double value) const { return Value::of(value); }
    Value operator()(const std::string &value) const {
      return Value::of(value);
    }
  };
  return std::visit(Convert(), literal);
}

bool Value::equals(const Value &other) const {
  if (isNumber() && other.isNumber()) {
    if (asInt() && other.asInt())
      return *asInt() == *other.asInt();
    return number() == other.number();
  }
  if (storage.index() != other.storage.index())
    return false;
  if (isNone())
    return true;
  if (asBool())
    return *asBool() == *other.asBool();
  if (asString())
    return *asString() == *other.asString();
  if (const List *mine = asList()) {
    const List *theirs = other.asList();
    if (mine->size() != theirs->size())
      return false;
    for (size_t i = 0; i < mine->size(); ++i)
      if (!(*mine)[i].equals((*theirs)[i]))
        return false;
    return true;
  }
  if (const Record *mine = asRecord()) {
    const Record *theirs = other.asRecord();
    if (mine->fields.size() != theirs->fields.size())
      return false;
    for (const Record::Field &field : mine->fields) {
      const Record::Field *match = theirs->find(field.name);
      if (!match || !field.value.equals(match->value))
        return false;
    }
    return true;
  }
  return asTensor() == other.asTensor();
}

std::string Value::kind() const {
  if (isNone())
    return "none";
  if (asBool())
    return "a bool";
  if (asInt())
    return "an integer";
  if (asDouble())
    return "a number";
  if (asString())
    return "a string";
  if (asList())
    return "a list";
  if (asRecord())
    return "a record";
  if (asTensor())
    return "a tensor";
  return "nothing";
}

void Value::print(std::string &out, unsigned depth) const {
  constexpr size_t longest = 120;
  if (out.size() > longest || depth > 4) {
    out += "..";
    return;
  }
  if (isNone())
    out += "none";
  else if (asBool())
    out += *asBool() ? "true" : "false";
  else if (asInt())
    out += std::to_string(*asInt());
  else if (asDouble())
    out += fmt::format("{}", *asDouble());
  else if (asString())
    out += '"' + printable(*asString(), 80) + '"';
  else if (const List *list = asList()) {
    out += '[';
    for (size_t i = 0; i < list->size() && out.size() <= longest; ++i) {
      out += i ? ", " : "";
      (*list)[i].print(out, depth + 1);
    }
    out += out.size() > longest ? "..]" : "]";
  } else if (const Record *record = asRecord()) {
    out += '{';
    for (size_t i = 0; i < record->fields.size() && out.size() <= longest;
         ++i) {
      out += (i ? ", " : "") + record->fields[i].name + ": ";
      record->fields[i].value.print(out, depth + 1);
    }
    out += out.size() > longest ? "..}" : "}";
  } else if (auto tensor = asTensor())
    out += tensor->describe();
}

std::string Value::str() const {
  std::string out;
  print(out, 0);
  return out;
}

std::string Value::interpolated() const {
  return asString() ? *asString() : str();
}
