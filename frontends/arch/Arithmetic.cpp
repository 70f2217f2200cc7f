//===- Arithmetic.cpp - Operators and builtin functions -------------------===//

#include "frontends/arch/Evaluator.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace tombolo;
using namespace tombolo::arch;

static std::string opName(const std::string &mark) {
  return mark == "+"   ? "add"
         : mark == "-" ? "sub"
         : mark == "*" ? "mul"
         : mark == "/" ? "div"
                       : "";
}

Value Evaluator::unary(const Expr &expr) {
  if (expr.text == "not") {
    Value value = evaluate(*expr.children[0]);
    if (const bool *truth = value.asBool())
      return Value::of(!*truth);
    return value.isPoison() ? value
                            : fail(expr.loc, "'not' of " + value.kind() +
                                                 ", which is no condition");
  }
  Value value = evaluate(*expr.children[0]);
  if (value.isPoison())
    return value;
  value = asTensor(value, expr.children[0]->loc);
  if (value.isPoison())
    return value;
  if (value.asTensor()) {
    OpCall call{expr.loc, "neg", nullptr, {value}, {expr.children[0].get()},
                {}};
    return domain->call(*this, call);
  }
  if (const int64_t *integer = value.asInt()) {
    if (*integer == std::numeric_limits<int64_t>::min())
      return fail(expr.loc, "an integer beyond 64 bits");
    return Value::of(-*integer);
  }
  if (const double *real = value.asDouble())
    return Value::of(-*real);
  return fail(expr.loc, "'-' of " + value.kind());
}

Value Evaluator::binary(const Expr &expr) {
  const std::string &op = expr.text;
  if (op == "and" || op == "or") {
    for (const ExprPtr &side : expr.children) {
      Value value = evaluate(*side);
      if (value.isPoison())
        return value;
      const bool *truth = value.asBool();
      if (!truth)
        return fail(side->loc, "expects a condition beside '" + op +
                                   "', but got " + value.kind());
      if (*truth == (op == "or"))
        return value;
    }
    return Value::of(op == "and");
  }
  Value left = evaluate(*expr.children[0]);
  if (left.isPoison())
    return left;
  if (op == "??")
    return left.isNone() ? evaluate(*expr.children[1]) : left;
  Value right = evaluate(*expr.children[1]);
  if (right.isPoison())
    return right;
  if (op == "==" || op == "!=")
    return Value::of(settled(left).equals(settled(right)) == (op == "=="));
  if (op == "in")
    return contains(expr, settled(left), settled(right));
  if (op == "..")
    return range(expr, left, right);
  if (op == "+")
    return add(expr, left, right);
  return arithmetic(expr, left, right);
}

Value Evaluator::contains(const Expr &expr, const Value &item,
                          const Value &in) {
  if (const List *list = in.asList()) {
    if (!spend(expr.loc, list->size()))
      return Value::poison();
    return Value::of(
        std::any_of(list->begin(), list->end(),
                    [&](const Value &v) { return v.equals(item); }));
  }
  if (const Record *record = in.asRecord(); record && item.asString())
    return Value::of(record->find(*item.asString()) != nullptr);
  if (in.asString() && item.asString())
    return Value::of(in.asString()->find(*item.asString()) !=
                     std::string::npos);
  return fail(expr.loc, "'in' looks for " + item.kind() + " in " + in.kind());
}

Value Evaluator::range(const Expr &expr, const Value &from, const Value &to) {
  if (!from.asInt() || !to.asInt())
    return fail(expr.loc, "'..' goes from an integer to an integer, but got " +
                              from.kind() + " and " + to.kind());
  List list;
  int64_t first = *from.asInt(), last = *to.asInt();
  if (last > first) {
    uint64_t count = static_cast<uint64_t>(last) - static_cast<uint64_t>(first);
    if (!spend(expr.loc, count))
      return Value::poison();
    list.reserve(count);
    for (int64_t i = first; i < last; ++i)
      list.push_back(Value::of(i));
  }
  return Value::of(std::move(list));
}

/// Lists are joined, and records, of which the right one wins.
Value Evaluator::add(const Expr &expr, const Value &left, const Value &right) {
  if (left.asList() && right.asList()) {
    List joined = *left.asList();
    if (!spend(expr.loc, joined.size() + right.asList()->size()))
      return Value::poison();
    joined.insert(joined.end(), right.asList()->begin(), right.asList()->end());
    return Value::of(std::move(joined));
  }
  if (left.asRecord() && right.asRecord()) {
    Record joined;
    if (!spend(expr.loc, left.asRecord()->fields.size() +
                             right.asRecord()->fields.size()))
      return Value::poison();
    for (const Record::Field &field : left.asRecord()->fields)
      if (!right.asRecord()->find(field.name))
        joined.fields.push_back(field);
    for (const Record::Field &field : right.asRecord()->fields)
      joined.fields.push_back(field);
    return Value::of(std::move(joined));
  }
  return arithmetic(expr, left, right);
}

static int64_t floorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return quotient - ((a % b != 0) && ((a < 0) != (b < 0)));
}

/// `base ** exponent` of integers; nothing on overflow.
static std::optional<int64_t> power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  if (base == 0 || base == 1 || base == -1)
    return exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base;
  for (; exponent > 0; --exponent)
    if (__builtin_mul_overflow(result, base, &result))
      return std::nullopt;
  return result;
}

Value Evaluator::arithmetic(const Expr &expr, const Value &leftIn,
                            const Value &rightIn) {
  const std::string &op = expr.text;
  Value left = asTensor(leftIn, expr.children[0]->loc);
  Value right = asTensor(rightIn, expr.children[1]->loc);
  if (left.isPoison() || right.isPoison())
    return Value::poison();
  if (left.isNone() || right.isNone()) {
    const Expr &none = *expr.children[left.isNone() ? 0 : 1];
    Error &error = this->error(
        expr.loc, "'" + op + "' of none" +
                      (layer ? " in layer " + std::to_string(*layer) : ""));
    explainNone(error, &none);
    return Value::poison();
  }
  if (left.asTensor() || right.asTensor()) {
    for (const Value *side : {&left, &right})
      if (!side->asTensor() && !side->isNumber())
        return fail(expr.loc, "'" + op + "' of a tensor and " + side->kind());
    if (opName(op).empty())
      return fail(expr.loc, "'" + op + "' of tensors; they have + - * /");
    OpCall call{expr.loc,
                opName(op),
                nullptr,
                {left, right},
                {expr.children[0].get(), expr.children[1].get()},
                {}};
    return domain->call(*this, call);
  }
  bool comparison = op[0] == '<' || op[0] == '>';
  if (comparison && left.asString() && right.asString())
    return fail(expr.loc, "'" + op + "' of strings, which have no order");
  if (!left.isNumber() || !right.isNumber())
    return fail(expr.loc,
                "'" + op + "' of " + left.kind() + " and " + right.kind());
  if (comparison) {
    bool less, greater;
    if (left.asInt() && right.asInt()) {
      less = *left.asInt() < *right.asInt();
      greater = *left.asInt() > *right.asInt();
    } else {
      less = left.number() < right.number();
      greater = left.number() > right.number();
    }
    return Value::of(op == "<"    ? less
                     : op == ">"  ? greater
                     : op == "<=" ? !greater
                                  : !less);
  }
  if (left.asInt() && right.asInt() && op != "/" &&
      !(op == "**" && *right.asInt() < 0)) {
    int64_t a = *left.asInt(), b = *right.asInt(), result = 0;
    bool overflow = false;
    if (op == "+")
      overflow = __builtin_add_overflow(a, b, &result);
    else if (op == "-")
      overflow = __builtin_sub_overflow(a, b, &result);
    else if (op == "*")
      overflow = __builtin_mul_overflow(a, b, &result);
    else if (op == "**") {
      std::optional<int64_t> raised = power(a, b);
      overflow = !raised;
      result = raised.value_or(0);
    } else if (b == 0) {
      return fail(expr.loc, "'" + op + "' by zero");
    } else if (a == std::numeric_limits<int64_t>::min() && b == -1) {
      overflow = op == "//";
    } else {
      result = op == "//" ? floorDivide(a, b) : a - floorDivide(a, b) * b;
    }
    return overflow ? fail(expr.loc, "an integer beyond 64 bits")
                    : Value::of(result);
  }
  double a = left.number(), b = right.number(), result = 0;
  if ((op == "/" || op == "//" || op == "%") && b == 0)
    return fail(expr.loc, "'" + op + "' by zero");
  if (op == "+")
    result = a + b;
  else if (op == "-")
    result = a - b;
  else if (op == "*")
    result = a * b;
  else if (op == "/")
    result = a / b;
  else if (op == "//")
    result = std::floor(a / b);
  else if (op == "%")
    result = a - std::floor(a / b) * b;
  else
    result = std::pow(a, b);
  if (!std::isfinite(result) && std::isfinite(a) && std::isfinite(b))
    return fail(expr.loc, "the result of '" + op + "' is not a finite number");
  if (std::isnan(result))
    return fail(expr.loc, "the result of '" + op + "' is not a number");
  return Value::of(result);
}

//===----------------------------------------------------------------------===//
// Builtin functions
//===----------------------------------------------------------------------===//

static std::string expectedOperands(const std::string &name, size_t count) {
  return name + ": takes " + std::to_string(count) +
         (count == 1 ? " value" : " values");
}

Value Evaluator::builtin(const Expr &expr, std::vector<Value> operands) {
  const std::string &name = expr.text;
  if (name == "touch")
    return Value();
  for (Value &operand : operands) {
    for (const auto &[open, mark] : placeholders)
      if (open != "layer" && operand.asString() &&
          operand.asString()->find(mark) != std::string::npos)
        return fail(expr.loc, name + ": expects one name, but '{" + open +
                                  "}' stands for many");
    operand = settled(operand);
  }
  if (name == "key" || name == "present" || name == "missing" ||
      name == "dim" || name == "tokenizer")
    return checkpointBuiltin(expr, operands);
  size_t count = name == "clamp" ? 3 : name == "min" || name == "max" ? 2 : 1;
  if (operands.size() != count)
    return fail(expr.loc, expectedOperands(name, count) + ", but got " +
                              std::to_string(operands.size()));
  if (name == "len") {
    if (operands[0].asList())
      return Value::of(static_cast<int64_t>(operands[0].asList()->size()));
    if (operands[0].asString())
      return Value::of(static_cast<int64_t>(operands[0].asString()->size()));
    return fail(expr.loc, "len: expects a list or a string, but got " +
                              operands[0].kind());
  }
  for (size_t i = 0; i < count; ++i)
    if (!operands[i].isNumber()) {
      Error &error = this->error(
          expr.loc, name + ": expects a number, but got " + operands[i].kind());
      if (operands[i].isNone())
        explainNone(error, expr.children[i].get());
      return Value::poison();
    }
  auto less = [](const Value &a, const Value &b) {
    return a.asInt() && b.asInt() ? *a.asInt() < *b.asInt()
                                  : a.number() < b.number();
  };
  if (name == "min")
    return less(operands[1], operands[0]) ? operands[1] : operands[0];
  if (name == "max")
    return less(operands[0], operands[1]) ? operands[1] : operands[0];
  if (name == "clamp") {
    const Value &raised =
        less(operands[0], operands[1]) ? operands[1] : operands[0];
    return less(operands[2], raised) ? operands[2] : raised;
  }
  double x = operands[0].number();
  if (name == "floor" || name == "ceil" || name == "int") {
    if (operands[0].asInt())
      return operands[0];
    double whole = name == "floor"  ? std::floor(x)
                   : name == "ceil" ? std::ceil(x)
                                    : std::trunc(x);
    if (!(std::abs(whole) < 9.2e18))
      return fail(expr.loc, name + ": " + operands[0].str() +
                                " is beyond 64-bit integers");
    return Value::of(static_cast<int64_t>(whole));
  }
  double result = name == "sqrt"  ? std::sqrt(x)
                  : name == "log" ? std::log(x)
                                  : std::exp(x);
  if (!std::isfinite(result))
    return fail(expr.loc,
                name + " of " + operands[0].str() + " is not a finite number");
  return Value::of(result);
}

/// What the checkpoint holds beside config.json.
Value Evaluator::checkpointBuiltin(const Expr &expr,
                                   const std::vector<Value> &operands) {
  const std::string &name = expr.text;
  size_t count = name == "dim" ? 2 : 1;
  if (operands.size() != count)
    return fail(expr.loc, expectedOperands(name, count) + ", but got " +
                              std::to_string(operands.size()));
  const std::string *text = operands[0].asString();
  if (!text)
    return fail(expr.loc,
                name + ": expects a string, but got " + operands[0].kind());
  if (name == "key")
    return ggufKey(*text);
  if (name == "tokenizer") {
    if (checkpoint.container != Container::Gguf ||
        !checkpoint.metadata.is_object())
      return Value();
    auto found = checkpoint.metadata.find("tokenizer.ggml." + *text);
    return found == checkpoint.metadata.end()
               ? Value()
               : fromJson(*found, "", checkpoint.path);
  }
  const TensorInfo *tensor = checkpoint.weights.find(*text);
  if (name == "present" || name == "missing")
    return Value::of((tensor != nullptr) == (name == "present"));
  const int64_t *axis = operands[1].asInt();
  if (!axis)
    return fail(expr.loc, "dim: expects the number of an axis, but got " +
                              operands[1].kind());
  if (!tensor) {
    diagnostics
        .error(checkpoint.path,
               "expects tensor '" + *text + "', but no file has it")
        .notes.push_back(expr.loc.str() + ": its shape is needed here");
    return Value::poison();
  }
  if (*axis < 0 || *axis >= static_cast<int64_t>(tensor->shape.size()))
    return fail(expr.loc,
                "dim: '" + *text + "' has no axis " + std::to_string(*axis));
  return Value::of(tensor->shape[*axis]);
}
