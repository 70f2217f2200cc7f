//===- Value.cpp ----------------------------------------------------------===//

#include "runtime/text/jinja/Value.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Evaluator.h"
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utf8proc.h>

namespace tombolo::text::jinja {

/// Of an undefined value's name.
static constexpr size_t kMaxNameBytes = 256;

const Value *DictData::find(std::string_view key) const {
  for (const auto &[name, value] : members)
    if (name == key)
      return &value;
  return nullptr;
}

void DictData::set(std::string_view key, Value value) {
  depth = std::max(depth, value.depth() + 1);
  for (auto &[name, old] : members)
    if (name == key) {
      old = std::move(value);
      return;
    }
  members.emplace_back(std::string(key), std::move(value));
}

Value Value::none() {
  Value value;
  value.data = None();
  return value;
}

Value Value::undefined(std::string name) {
  if (name.size() > kMaxNameBytes) {
    size_t end = kMaxNameBytes;
    while (end > 0 && (static_cast<uint8_t>(name[end]) & 0xc0) == 0x80)
      --end;
    name = name.substr(0, end) + "...";
  }
  Value value;
  value.data = Undefined{std::make_shared<const std::string>(std::move(name))};
  return value;
}

const std::string &Value::undefinedName() const {
  static const std::string none;
  const Undefined &undefined = std::get<Undefined>(data);
  return undefined.name ? *undefined.name : none;
}

bool Value::truthy() const {
  switch (kind()) {
  case Kind::Undefined:
  case Kind::None:
    return false;
  case Kind::Bool:
    return asBool();
  case Kind::Int:
    return asInt() != 0;
  case Kind::Float:
    return asDouble() != 0;
  case Kind::String:
    return !asString().empty();
  case Kind::List:
    return !items().empty();
  case Kind::Dict:
    return !dict().members.empty();
  case Kind::Namespace:
  case Kind::Loop:
  case Kind::Function:
    return true;
  }
  return false;
}

unsigned Value::depth() const {
  if (is(Kind::List))
    return listData().depth;
  if (is(Kind::Function) && function().type == Function::Type::Method)
    return function().self.depth() + 1;
  return is(Kind::Dict) ? dict().depth : 0;
}

std::string_view Value::kindName() const {
  static constexpr std::array<std::string_view, 11> names = {
      "an undefined value", "none",   "a boolean", "an integer",  "a float",
      "a string",           "a list", "a dict",    "a namespace", "a loop",
      "a function"};
  return isTuple() ? "a tuple" : names[static_cast<size_t>(kind())];
}

/// In whatever order their members are.
static bool equalDicts(const DictData &a, const DictData &b) {
  if (a.members.size() != b.members.size())
    return false;
  auto sorted = [](const DictData &dict) {
    std::vector<const std::pair<std::string, Value> *> members;
    for (const auto &member : dict.members)
      members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](auto *x, auto *y) { return x->first < y->first; });
    return members;
  };
  auto ofA = sorted(a), ofB = sorted(b);
  return std::equal(ofA.begin(), ofA.end(), ofB.begin(), [](auto *x, auto *y) {
    return x->first == y->first && equal(x->second, y->second);
  });
}

bool equal(const Value &a, const Value &b) {
  if (a.isNumber() && b.isNumber()) {
    if (a.is(Kind::Float) || b.is(Kind::Float))
      return a.asDouble() == b.asDouble();
    return a.asInt() == b.asInt();
  }
  if (a.kind() != b.kind())
    return false;
  switch (a.kind()) {
  case Kind::Undefined:
  case Kind::None:
    return true;
  case Kind::String:
    return a.asString() == b.asString();
  case Kind::List:
    return a.isTuple() == b.isTuple() &&
           std::equal(a.items().begin(), a.items().end(), b.items().begin(),
                      b.items().end(), equal);
  case Kind::Dict:
    return equalDicts(a.dict(), b.dict());
  case Kind::Namespace:
    return &a.nameSpace() == &b.nameSpace();
  case Kind::Loop:
    return &a.loop() == &b.loop();
  case Kind::Function:
    return &a.function() == &b.function();
  default:
    return false;
  }
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string floatText(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[64];
  auto scientific = std::to_chars(buffer, buffer + sizeof buffer, value,
                                  std::chars_format::scientific);
  std::string_view text(buffer, scientific.ptr - buffer);
  size_t e = text.find('e');
  int exponent = 0;
  // from_chars takes no plus sign.
  size_t sign = text[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(text.data() + sign, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16) {
    std::string out(text.substr(0, e));
    std::string digits = std::to_string(std::abs(exponent));
    return out + (exponent < 0 ? "e-" : "e+") + (digits.size() < 2 ? "0" : "") +
           digits;
  }
  auto fixed = std::to_chars(buffer, buffer + sizeof buffer, value,
                             std::chars_format::fixed);
  std::string out(buffer, fixed.ptr);
  if (out.find('.') == std::string::npos)
    out += ".0";
  return out;
}

static void appendHex(std::string &out, uint32_t value, unsigned digits) {
  for (unsigned i = digits; i-- > 0;)
    out += "0123456789abcdef"[value >> (4 * i) & 15];
}

static bool isPrintable(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
  case UTF8PROC_CATEGORY_CC:
  case UTF8PROC_CATEGORY_CF:
  case UTF8PROC_CATEGORY_CS:
  case UTF8PROC_CATEGORY_CO:
  case UTF8PROC_CATEGORY_CN:
  case UTF8PROC_CATEGORY_ZL:
  case UTF8PROC_CATEGORY_ZP:
    return false;
  case UTF8PROC_CATEGORY_ZS:
    return c == ' ';
  default:
    return true;
  }
}

static void appendQuoted(std::string_view text, uint64_t limit,
                         std::string &out) {
  bool hasSingle = text.find('\'') != std::string_view::npos;
  bool hasDouble = text.find('"') != std::string_view::npos;
  char quote = hasSingle && !hasDouble ? '"' : '\'';
  out += quote;
  for (size_t at = 0; at < text.size() && out.size() <= limit;) {
    char32_t c = nextCodePoint(text, at);
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\\' || c == static_cast<char32_t>(quote))
      (out += '\\') += static_cast<char>(c);
    else if (isPrintable(c))
      appendUtf8(out, c);
    else if (c < 0x100)
      appendHex(out += "\\x", c, 2);
    else if (c < 0x10000)
      appendHex(out += "\\u", c, 4);
    else
      appendHex(out += "\\U", c, 8);
  }
  out += quote;
}

void appendRepr(const Value &value, uint64_t limit, std::string &out) {
  switch (value.kind()) {
  case Kind::String:
    return appendQuoted(value.asString(), limit, out);
  case Kind::Undefined:
    out += "Undefined";
    return;
  default:
    return appendStr(value, limit, out);
  }
}

static void appendList(const Value &value, uint64_t limit, std::string &out) {
  bool isTuple = value.isTuple();
  out += isTuple ? '(' : '[';
  bool first = true;
  for (const Value &item : value.items()) {
    if (out.size() > limit)
      return;
    out += first ? "" : ", ";
    appendRepr(item, limit, out);
    first = false;
  }
  if (isTuple && value.items().size() == 1)
    out += ',';
  out += isTuple ? ')' : ']';
}

static void appendDict(const DictData &dict, uint64_t limit, std::string &out) {
  out += '{';
  bool first = true;
  for (const auto &[key, member] : dict.members) {
    if (out.size() > limit)
      return;
    out += first ? "" : ", ";
    appendQuoted(key, limit, out);
    out += ": ";
    appendRepr(member, limit, out);
    first = false;
  }
  out += '}';
}

void appendStr(const Value &value, uint64_t limit, std::string &out) {
  switch (value.kind()) {
  case Kind::Undefined:
    return;
  case Kind::None:
    out += "None";
    return;
  case Kind::Bool:
    out += value.asBool() ? "True" : "False";
    return;
  case Kind::Int:
    out += std::to_string(value.asInt());
    return;
  case Kind::Float:
    out += floatText(value.asDouble());
    return;
  case Kind::String:
    out += value.asString();
    return;
  case Kind::List:
    return appendList(value, limit, out);
  case Kind::Dict:
    return appendDict(value.dict(), limit, out);
  case Kind::Namespace:
    out += "<Namespace>";
    return;
  case Kind::Loop:
    out += "<LoopContext>";
    return;
  case Kind::Function:
    out += "<function>";
    return;
  }
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static void jsonString(std::string_view text, bool ensureAscii, uint64_t limit,
                       std::string &out) {
  out += '"';
  for (size_t at = 0; at < text.size() && out.size() <= limit;) {
    char32_t c = nextCodePoint(text, at);
    switch (c) {
    case '"':
      out += "\\\"";
      continue;
    case '\\':
      out += "\\\\";
      continue;
    case '\n':
      out += "\\n";
      continue;
    case '\r':
      out += "\\r";
      continue;
    case '\t':
      out += "\\t";
      continue;
    case '\b':
      out += "\\b";
      continue;
    case '\f':
      out += "\\f";
      continue;
    default:
      break;
    }
    if (c >= 0x20 && (c < 0x7f || !ensureAscii)) {
      appendUtf8(out, c);
    } else if (c < 0x10000) {
      appendHex(out += "\\u", c, 4);
    } else {
      appendHex(out += "\\u", 0xd800 + ((c - 0x10000) >> 10), 4);
      appendHex(out += "\\u", 0xdc00 + ((c - 0x10000) & 0x3ff), 4);
    }
  }
  out += '"';
}

namespace {
struct JsonWriter {
  const JsonStyle &style;
  uint64_t limit;
  std::string &out;
  std::string &problem;

  void newline(unsigned level) {
    if (!style.indented)
      return;
    out += '\n';
    for (unsigned i = 0; i < level; ++i)
      out += style.indent;
  }

  bool list(const Value &value, unsigned level) {
    if (value.items().empty()) {
      out += "[]";
      return true;
    }
    out += '[';
    for (size_t i = 0; i < value.items().size(); ++i) {
      if (out.size() > limit)
        return true;
      if (i)
        out += style.itemSeparator;
      newline(level + 1);
      if (!write(value.items()[i], level + 1))
        return false;
    }
    newline(level);
    out += ']';
    return true;
  }

  bool dict(const Value &value, unsigned level) {
    std::vector<const std::pair<std::string, Value> *> members;
    for (const auto &member : value.dict().members)
      members.push_back(&member);
    if (style.sortKeys)
      std::sort(members.begin(), members.end(),
                [](auto *a, auto *b) { return a->first < b->first; });
    if (members.empty()) {
      out += "{}";
      return true;
    }
    out += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      if (out.size() > limit)
        return true;
      if (i)
        out += style.itemSeparator;
      newline(level + 1);
      jsonString(members[i]->first, style.ensureAscii, limit, out);
      out += style.keySeparator;
      if (!write(members[i]->second, level + 1))
        return false;
    }
    newline(level);
    out += '}';
    return true;
  }

  bool write(const Value &value, unsigned level) {
    switch (value.kind()) {
    case Kind::None:
      out += "null";
      return true;
    case Kind::Bool:
      out += value.asBool() ? "true" : "false";
      return true;
    case Kind::Int:
      out += std::to_string(value.asInt());
      return true;
    case Kind::Float: {
      double number = value.asDouble();
      out += std::isnan(number)   ? "NaN"
             : std::isinf(number) ? (number < 0 ? "-Infinity" : "Infinity")
                                  : floatText(number);
      return true;
    }
    case Kind::String:
      jsonString(value.asString(), style.ensureAscii, limit, out);
      return true;
    case Kind::List:
      return list(value, level);
    case Kind::Dict:
      return dict(value, level);
    default:
      problem = value.kindName();
      return false;
    }
  }
};
} // namespace

bool toJson(const Value &value, const JsonStyle &style, uint64_t limit,
            std::string &out, std::string &problem) {
  return JsonWriter{style, limit, out, problem}.write(value, 0);
}

} // namespace tombolo::text::jinja
