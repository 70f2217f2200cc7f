//===- Expressions.cpp - The evaluator's expressions ----------------------===//

#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Evaluator.h"
#include <algorithm>
#include <array>
#include <cmath>

namespace tombolo::text::jinja {

Value Evaluator::evaluate(const Expr &expr, Scope &scope) {
  if (failed() || !spend(1))
    return Value();
  if (++nesting > kMaxNesting)
    fail("the template nests too deep");
  line = expr.line;
  Value value = failed() ? Value() : evaluateUncounted(expr, scope);
  --nesting;
  return value;
}

Value Evaluator::evaluateUncounted(const Expr &expr, Scope &scope) {
  auto arg = [&](size_t i) {
    return expr.args[i] ? evaluate(*expr.args[i], scope) : Value();
  };
  switch (expr.kind) {
  case ExprKind::Constant:
    return expr.value;
  case ExprKind::Name:
    return lookUp(expr.name, scope);
  case ExprKind::List:
  case ExprKind::Tuple: {
    std::vector<Value> items;
    for (size_t i = 0; i < expr.args.size(); ++i)
      items.push_back(arg(i));
    return makeList(std::move(items), expr.kind == ExprKind::Tuple);
  }
  case ExprKind::Dict:
    return evaluateDict(expr, scope);
  case ExprKind::Attribute:
    return attribute(arg(0), expr.name);
  case ExprKind::Item: {
    Value object = arg(0);
    return item(object, arg(1));
  }
  case ExprKind::Slice: {
    Value object = arg(0), start = arg(1), stop = arg(2);
    return slice(object, start, stop, arg(3));
  }
  case ExprKind::Call:
    return evaluateCall(expr, scope);
  case ExprKind::Filter: {
    Value input = arg(0);
    Arguments given = arguments(expr, scope);
    line = expr.line;
    return failed() ? Value() : filter(expr.name, input, given);
  }
  case ExprKind::Test: {
    Value input = arg(0);
    Arguments given = arguments(expr, scope);
    line = expr.line;
    return failed() ? Value() : Value(test(expr.name, input, given));
  }
  case ExprKind::Unary:
    return unary(expr.name, arg(0));
  case ExprKind::Binary: {
    Value left = arg(0), right = arg(1);
    line = expr.line;
    return failed() ? Value() : binary(expr.name, left, right);
  }
  case ExprKind::Compare:
    return evaluateCompare(expr, scope);
  case ExprKind::And: {
    Value left = arg(0);
    return left.truthy() ? arg(1) : left;
  }
  case ExprKind::Or: {
    Value left = arg(0);
    return left.truthy() ? left : arg(1);
  }
  case ExprKind::Not:
    return !arg(0).truthy();
  case ExprKind::Conditional:
    return arg(0).truthy() ? arg(1) : arg(2);
  }
  return Value();
}

Value Evaluator::evaluateDict(const Expr &expr, Scope &scope) {
  auto dict = std::make_shared<DictData>();
  for (size_t i = 0; i + 1 < expr.args.size() && !failed(); i += 2) {
    Value key = evaluate(*expr.args[i], scope);
    Value value = evaluate(*expr.args[i + 1], scope);
    std::string name = stringOf(key, "a key of a dict");
    if (!produce(64 + name.size()) || !spend(dict->members.size() / 16))
      return Value();
    dict->set(name, std::move(value));
  }
  if (!checkDepth(dict->depth))
    return Value();
  return Value(std::shared_ptr<const DictData>(std::move(dict)));
}

Value Evaluator::evaluateCompare(const Expr &expr, Scope &scope) {
  Value left = evaluate(*expr.args[0], scope);
  for (size_t i = 0; i < expr.operators.size() && !failed(); ++i) {
    Value right = evaluate(*expr.args[i + 1], scope);
    line = expr.line;
    if (failed() || !compare(expr.operators[i], left, right))
      return false;
    left = std::move(right);
  }
  return !failed();
}

Arguments Evaluator::arguments(const Expr &expr, Scope &scope) {
  Arguments given;
  for (size_t i = 1; i < expr.args.size(); ++i)
    given.positional.push_back(evaluate(*expr.args[i], scope));
  for (const auto &[name, value] : expr.named)
    given.named.emplace_back(name, evaluate(*value, scope));
  return given;
}

Value Evaluator::evaluateCall(const Expr &expr, Scope &scope) {
  Value callee = evaluate(*expr.args[0], scope);
  Arguments given = arguments(expr, scope);
  line = expr.line;
  if (failed())
    return Value();
  if (callee.is(Kind::Function))
    return call(callee.function(), std::move(given));
  if (callee.is(Kind::Undefined))
    return fail("'" + callee.undefinedName() +
                "' is undefined, so it cannot be called");
  return fail(std::string(callee.kindName()) + " cannot be called");
}

//===----------------------------------------------------------------------===//
// Names, attributes, items
//===----------------------------------------------------------------------===//

Value Evaluator::lookUp(const std::string &name, Scope &scope) {
  for (Scope *at = &scope; at; at = at->parent)
    spend(at->variables.size() / 16);
  if (Value *value = scope.find(name))
    return *value;
  static constexpr std::array<std::string_view, 5> kBuiltins = {
      "range", "namespace", "dict", "raise_exception", "strftime_now"};
  if (std::find(kBuiltins.begin(), kBuiltins.end(), name) != kBuiltins.end())
    return Value(std::make_shared<const Function>(
        Function{Function::Type::Builtin, name}));
  return Value::undefined(name);
}

static bool isStringMethod(std::string_view name) {
  static constexpr std::array<std::string_view, 47> kNames = {
      "capitalize",   "casefold",     "center",    "count",     "encode",
      "endswith",     "expandtabs",   "find",      "format",    "format_map",
      "index",        "isalnum",      "isalpha",   "isascii",   "isdecimal",
      "isdigit",      "isidentifier", "islower",   "isnumeric", "isprintable",
      "isspace",      "istitle",      "isupper",   "join",      "ljust",
      "lower",        "lstrip",       "maketrans", "partition", "removeprefix",
      "removesuffix", "replace",      "rfind",     "rindex",    "rjust",
      "rpartition",   "rsplit",       "rstrip",    "split",     "splitlines",
      "startswith",   "strip",        "swapcase",  "title",     "translate",
      "upper",        "zfill"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

static bool isDictMethod(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "clear", "copy",    "fromkeys",   "get",    "items", "keys",
      "pop",   "popitem", "setdefault", "update", "values"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

static bool isListMethod(std::string_view name) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "append", "clear", "copy",   "count",   "extend", "index",
      "insert", "pop",   "remove", "reverse", "sort"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

Value Evaluator::attribute(const Value &object, const std::string &name) {
  if (failed())
    return Value();
  bool isMethod = (object.is(Kind::String) && isStringMethod(name)) ||
                  (object.is(Kind::Dict) && isDictMethod(name)) ||
                  (object.is(Kind::List) && isListMethod(name));
  if (isMethod) {
    if (!produce(128) || !checkDepth(object.depth() + 1))
      return Value();
    return Value(std::make_shared<const Function>(
        Function{Function::Type::Method, name, object}));
  }
  switch (object.kind()) {
  case Kind::Undefined:
    return fail(object.undefinedName().empty()
                    ? "expects a value with an attribute '" + name +
                          "', but got an undefined one"
                    : "'" + object.undefinedName() +
                          "' is undefined, so it has no attribute '" + name +
                          "'");
  case Kind::Dict:
    spend(object.dict().members.size() / 16);
    if (const Value *value = object.dict().find(name))
      return *value;
    break;
  case Kind::Namespace:
    spend(object.nameSpace().members.size() / 16);
    if (const Value *value = object.nameSpace().find(name))
      return *value;
    break;
  case Kind::Loop:
    return loopAttribute(object.loop(), name);
  default:
    break;
  }
  return Value::undefined(name);
}

Value Evaluator::loopAttribute(Loop &loop, const std::string &name) {
  auto size = static_cast<int64_t>(loop.items.size());
  auto index0 = static_cast<int64_t>(loop.index0);
  if (name == "index")
    return index0 + 1;
  if (name == "index0")
    return index0;
  if (name == "revindex")
    return size - index0;
  if (name == "revindex0")
    return size - index0 - 1;
  if (name == "first")
    return index0 == 0;
  if (name == "last")
    return index0 + 1 == size;
  if (name == "length")
    return size;
  if (name == "previtem")
    return index0 > 0 ? loop.items[index0 - 1] : Value::undefined(name);
  if (name == "nextitem")
    return index0 + 1 < size ? loop.items[index0 + 1] : Value::undefined(name);
  if (name == "cycle" || name == "changed")
    return Value(std::make_shared<const Function>(
        Function{Function::Type::Method, name, Value(&loop)}));
  return fail("'loop." + name + "' is not in this version");
}

/// The index of one of `size` items, from the end where it is negative.
static std::optional<size_t> indexOf(int64_t index, size_t size) {
  if (index < 0)
    index += static_cast<int64_t>(size);
  if (index < 0 || index >= static_cast<int64_t>(size))
    return std::nullopt;
  return static_cast<size_t>(index);
}

Value Evaluator::item(const Value &object, const Value &key) {
  if (failed())
    return Value();
  bool isInt = key.is(Kind::Int) || key.is(Kind::Bool);
  switch (object.kind()) {
  case Kind::Undefined:
    return attribute(object,
                     key.is(Kind::String) ? key.asString() : reprText(key));
  case Kind::List:
    if (isInt) {
      if (auto index = indexOf(key.asInt(), object.items().size()))
        return object.items()[*index];
      return Value::undefined("list index " + std::to_string(key.asInt()));
    }
    break;
  case Kind::String:
    if (isInt) {
      std::vector<Value> characters = iterate(object, "an index");
      if (auto index = indexOf(key.asInt(), characters.size()))
        return characters[*index];
      return Value::undefined("string index " + std::to_string(key.asInt()));
    }
    break;
  case Kind::Dict:
    if (!key.is(Kind::String))
      return Value::undefined(reprText(key));
    spend(object.dict().members.size() / 16);
    if (const Value *value = object.dict().find(key.asString()))
      return *value;
    break;
  default:
    break;
  }
  if (key.is(Kind::String))
    return attribute(object, key.asString());
  return Value::undefined("item");
}

Value Evaluator::slice(const Value &object, const Value &start,
                       const Value &stop, const Value &step) {
  if (failed())
    return Value();
  if (!object.is(Kind::List) && !object.is(Kind::String))
    return fail("expects a list or a string to slice, but got " +
                std::string(object.kindName()));
  auto isAbsent = [](const Value &bound) {
    return bound.is(Kind::Undefined) || bound.is(Kind::None);
  };
  std::vector<Value> items = iterate(object, "a slice");
  auto size = static_cast<int64_t>(items.size());
  int64_t by = isAbsent(step) ? 1 : intOf(step, "a slice");
  if (by == 0)
    return fail("expects a slice's step that is not 0");
  auto clamp = [&](const Value &bound, int64_t otherwise) {
    if (isAbsent(bound))
      return otherwise;
    int64_t at = intOf(bound, "a slice");
    // Without overflow: beyond either end is as good as just there.
    if (at < 0)
      at = at < -size ? -1 : at + size;
    else
      at = std::min(at, size);
    if (by < 0)
      return std::min(at, size - 1);
    return std::max<int64_t>(at, 0);
  };
  int64_t from = clamp(start, by > 0 ? 0 : size - 1);
  int64_t to = clamp(stop, by > 0 ? size : -1);
  by = std::clamp<int64_t>(by, -size - 1, size + 1);
  std::vector<Value> taken;
  for (int64_t i = from; by > 0 ? i < to : i > to; i += by)
    taken.push_back(items[static_cast<size_t>(i)]);
  if (object.is(Kind::List))
    return makeList(std::move(taken), object.isTuple());
  std::string text;
  for (const Value &character : taken)
    text += character.asString();
  return makeString(std::move(text));
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

Value Evaluator::unary(const std::string &op, const Value &value) {
  if (failed())
    return Value();
  if (!value.isNumber())
    return fail("'" + op + "' expects a number, but got " +
                std::string(value.kindName()));
  if (value.is(Kind::Float))
    return op == "-" ? -value.asDouble() : value.asDouble();
  if (op == "+")
    return value.asInt();
  int64_t result = 0;
  if (__builtin_sub_overflow(int64_t(0), value.asInt(), &result))
    return fail("'-' leaves the range of 64 bits");
  return result;
}

Value Evaluator::binary(const std::string &op, const Value &left,
                        const Value &right) {
  if (op == "~")
    return makeString(text(left) + text(right));
  if (left.is(Kind::Undefined) || right.is(Kind::Undefined)) {
    const Value &which = left.is(Kind::Undefined) ? left : right;
    return fail("'" + op + "' expects values, but '" + which.undefinedName() +
                "' is undefined");
  }
  if (op == "+" && left.is(Kind::String) && right.is(Kind::String)) {
    if (!produce(left.asString().size() + right.asString().size()))
      return Value();
    return Value(left.asString() + right.asString());
  }
  if (op == "+" && left.is(Kind::List) && right.is(Kind::List) &&
      left.isTuple() == right.isTuple()) {
    if (!produce(sizeof(Value) * (left.items().size() + right.items().size())))
      return Value();
    std::vector<Value> items = left.items();
    items.insert(items.end(), right.items().begin(), right.items().end());
    return makeList(std::move(items), left.isTuple());
  }
  if (op == "%" && left.is(Kind::String))
    return formatPercent(left.asString(), right);
  bool repeats = op == "*" && (left.is(Kind::String) || left.is(Kind::List)) &&
                 right.is(Kind::Int);
  if (repeats) {
    int64_t count = std::max<int64_t>(right.asInt(), 0);
    uint64_t size = left.is(Kind::String) ? left.asString().size()
                                          : sizeof(Value) * left.items().size();
    if (count != 0 && size > options.maxValueBytes / count)
      return fail("'*' makes a value of more than " +
                  std::to_string(options.maxValueBytes) + " bytes");
    if (!produce(size * static_cast<uint64_t>(count)))
      return Value();
    if (left.is(Kind::String)) {
      std::string text;
      for (int64_t i = 0; i < count && size; ++i)
        text += left.asString();
      return Value(std::move(text));
    }
    std::vector<Value> items;
    for (int64_t i = 0; i < count && size; ++i)
      items.insert(items.end(), left.items().begin(), left.items().end());
    return makeList(std::move(items), left.isTuple());
  }
  if (!left.isNumber() || !right.isNumber())
    return fail("'" + op + "' expects two numbers" +
                (op == "+" ? ", strings or lists" : "") + ", but got " +
                std::string(left.kindName()) + " and " +
                std::string(right.kindName()));
  return arithmetic(op == "//" ? 'd' : op == "**" ? 'p' : op[0], left, right);
}

static double floorModulo(double a, double b) {
  double result = std::fmod(a, b);
  return result != 0 && (result < 0) != (b < 0) ? result + b : result;
}

/// `d` is `//`, `p` is `**`.
Value Evaluator::arithmetic(char op, const Value &left, const Value &right) {
  bool isZero = right.asDouble() == 0;
  if (isZero && (op == '/' || op == 'd' || op == '%'))
    return fail("division by zero");
  if (op == '/')
    return left.asDouble() / right.asDouble();
  if (left.is(Kind::Float) || right.is(Kind::Float)) {
    double a = left.asDouble(), b = right.asDouble();
    switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case 'd':
      return std::floor(a / b);
    case '%':
      return floorModulo(a, b);
    default:
      return std::pow(a, b);
    }
  }
  int64_t a = left.asInt(), b = right.asInt(), result = 0;
  bool overflow = false;
  switch (op) {
  case '+':
    overflow = __builtin_add_overflow(a, b, &result);
    break;
  case '-':
    overflow = __builtin_sub_overflow(a, b, &result);
    break;
  case '*':
    overflow = __builtin_mul_overflow(a, b, &result);
    break;
  case 'd':
  case '%':
    if (a == INT64_MIN && b == -1) {
      overflow = op == 'd';
    } else if (op == 'd') {
      result = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
    } else {
      result = a % b;
      if (result != 0 && (result < 0) != (b < 0))
        result += b;
    }
    break;
  default:
    if (b < 0)
      return std::pow(static_cast<double>(a), static_cast<double>(b));
    result = 1;
    // Beyond 63 only 0, 1 and -1 stay in range.
    if (b > 63 && (a > 1 || a < -1))
      overflow = true;
    else if (b > 63)
      result = a == -1 && b % 2 == 0 ? 1 : a;
    else
      for (int64_t i = 0; i < b && !overflow; ++i)
        overflow = __builtin_mul_overflow(result, a, &result);
  }
  if (overflow)
    return fail("an integer leaves the range of 64 bits");
  return result;
}

bool Evaluator::less(const Value &a, const Value &b) {
  if (failed())
    return false;
  if (a.isNumber() && b.isNumber()) {
    if (a.is(Kind::Float) || b.is(Kind::Float))
      return a.asDouble() < b.asDouble();
    return a.asInt() < b.asInt();
  }
  if (a.is(Kind::String) && b.is(Kind::String)) {
    // Bytes of UTF-8 are in the order of code points.
    return spend(std::min(a.asString().size(), b.asString().size()) / 64) &&
           a.asString() < b.asString();
  }
  if (a.is(Kind::List) && b.is(Kind::List)) {
    for (size_t i = 0; i < a.items().size() && i < b.items().size(); ++i) {
      if (!spend(1))
        return false;
      if (!paidEqual(a.items()[i], b.items()[i]))
        return less(a.items()[i], b.items()[i]);
    }
    return a.items().size() < b.items().size();
  }
  fail("expects values that have an order, but got " +
       std::string(a.kindName()) + " and " + std::string(b.kindName()));
  return false;
}

bool Evaluator::contains(const Value &container, const Value &value) {
  switch (container.kind()) {
  case Kind::String:
    if (!value.is(Kind::String))
      break;
    return paySearch(container.asString().size(), value.asString().size()) &&
           container.asString().find(value.asString()) != std::string::npos;
  case Kind::List:
    for (const Value &item : container.items())
      if (spend(1) && paidEqual(item, value))
        return true;
    return false;
  case Kind::Dict:
    spend(container.dict().members.size() / 16);
    return value.is(Kind::String) && container.dict().find(value.asString());
  case Kind::Undefined:
    return false;
  default:
    break;
  }
  fail("'in' expects a string, list or dict to look in, but got " +
       std::string(value.kindName()) + " in " +
       std::string(container.kindName()));
  return false;
}

bool Evaluator::compare(const std::string &op, const Value &left,
                        const Value &right) {
  if (op == "==")
    return paidEqual(left, right);
  if (op == "!=")
    return !paidEqual(left, right);
  if (op == "in")
    return contains(right, left);
  if (op == "not in")
    return !contains(right, left);
  if (op == "<")
    return less(left, right);
  if (op == ">")
    return less(right, left);
  // Not the negation of the other: NaN has no order.
  if (op == "<=")
    return less(left, right) || (!failed() && paidEqual(left, right));
  return less(right, left) || (!failed() && paidEqual(left, right));
}

} // namespace tombolo::text::jinja
