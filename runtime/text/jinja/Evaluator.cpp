//===- Evaluator.cpp - Statements, limits, values -------------------------===//

#include "runtime/text/jinja/Evaluator.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Lexer.h"
#include <algorithm>
#include <nlohmann/json.hpp>

namespace tombolo::text::jinja {

Value *Scope::find(std::string_view name) {
  for (Scope *scope = this; scope; scope = scope->parent)
    for (auto &[known, value] : scope->variables)
      if (known == name)
        return &value;
  return nullptr;
}

void Scope::set(std::string_view name, Value value) {
  for (auto &[known, old] : variables)
    if (known == name) {
      old = std::move(value);
      return;
    }
  variables.emplace_back(std::string(name), std::move(value));
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

Value Evaluator::fail(std::string message) {
  if (!error)
    error = errorAt(line, std::move(message));
  return Value();
}

bool Evaluator::spend(uint64_t count) {
  steps += count;
  if (steps > options.maxSteps || steps < count)
    fail("the template takes more than " + std::to_string(options.maxSteps) +
         " steps");
  return !failed();
}

bool Evaluator::produce(uint64_t bytes) {
  valueBytes += bytes;
  if (valueBytes > options.maxValueBytes || valueBytes < bytes)
    fail("the template makes values of more than " +
         std::to_string(options.maxValueBytes) + " bytes");
  return spend(bytes / 16);
}

bool Evaluator::produce(uint64_t count, uint64_t bytes) {
  uint64_t all = 0;
  return produce(__builtin_mul_overflow(count, bytes, &all) ? UINT64_MAX : all);
}

uint64_t Evaluator::stepRoom() const {
  uint64_t left = failed() ? 0 : options.maxSteps - steps;
  return left > UINT64_MAX / 16 - 1 ? UINT64_MAX : 16 * left + 15;
}

uint64_t Evaluator::room() const {
  return failed() ? 0
                  : std::min(options.maxValueBytes - valueBytes, stepRoom());
}

bool Evaluator::checkDepth(unsigned depth) {
  if (depth > kMaxValueDepth)
    fail("expects values of at most " + std::to_string(kMaxValueDepth) +
         " levels");
  return !failed();
}

bool Evaluator::paySearch(size_t haystack, size_t needle) {
  if (needle > haystack)
    return spend(1);
  return spend(haystack / 16 +
               static_cast<uint64_t>(haystack - needle + 1) * needle / 1024);
}

/// Adds to `weight` about the bytes of the value as text, up to `limit`.
static void weigh(const Value &value, uint64_t &weight, uint64_t limit) {
  weight += 16;
  if (weight > limit)
    return;
  if (value.is(Kind::String))
    weight += value.asString().size();
  else if (value.is(Kind::List))
    for (const Value &item : value.items()) {
      if (weight > limit)
        return;
      weigh(item, weight, limit);
    }
  else if (value.is(Kind::Dict))
    for (const auto &[key, member] : value.dict().members) {
      if (weight > limit)
        return;
      weight += key.size();
      weigh(member, weight, limit);
    }
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Evaluator::makeList(std::vector<Value> items, bool isTuple) {
  if (!produce(sizeof(Value) * items.size() + 64))
    return Value();
  auto list = std::make_shared<ListData>();
  for (const Value &item : items)
    list->depth = std::max(list->depth, item.depth() + 1);
  if (!checkDepth(list->depth))
    return Value();
  list->items = std::move(items);
  list->isTuple = isTuple;
  return Value(std::shared_ptr<const ListData>(std::move(list)));
}

Value Evaluator::makeString(std::string made) {
  if (!produce(made.size() + 32))
    return Value();
  return Value(std::move(made));
}

std::string Evaluator::text(const Value &value) {
  if (value.is(Kind::String))
    return produce(value.asString().size()) ? value.asString() : std::string();
  std::string made;
  appendStr(value, room(), made);
  return produce(made.size()) ? made : std::string();
}

std::string Evaluator::reprText(const Value &value) {
  std::string made;
  appendRepr(value, room(), made);
  return produce(made.size()) ? made : std::string();
}

std::string Evaluator::stringOf(const Value &value, std::string_view what) {
  if (value.is(Kind::String))
    return spend(value.asString().size() / 16) ? value.asString() : "";
  fail(std::string(what) + " expects a string, but got " +
       std::string(value.kindName()));
  return "";
}

int64_t Evaluator::intOf(const Value &value, std::string_view what) {
  if (value.is(Kind::Int) || value.is(Kind::Bool))
    return value.asInt();
  fail(std::string(what) + " expects an integer, but got " +
       std::string(value.kindName()));
  return 0;
}

bool Evaluator::paidEqual(const Value &a, const Value &b) {
  if (a.depth() + b.depth() > 0 || a.is(Kind::String)) {
    uint64_t weight = 0;
    weigh(a.kind() == b.kind() ? a : Value(), weight, stepRoom());
    if (!spend(weight / 16))
      return false;
  }
  return equal(a, b);
}

std::vector<Value> Evaluator::iterate(const Value &value,
                                      std::string_view what) {
  std::vector<Value> items;
  switch (value.kind()) {
  case Kind::Undefined:
    return items;
  case Kind::List:
    if (produce(sizeof(Value) * value.items().size()))
      items = value.items();
    return items;
  case Kind::Dict:
    if (produce(sizeof(Value) * value.dict().members.size()))
      for (const auto &[key, member] : value.dict().members)
        items.push_back(makeString(key));
    return items;
  case Kind::String:
    if (!produce(64 * value.asString().size()))
      return items;
    for (size_t at = 0; at < value.asString().size();) {
      size_t length = utf8Length(value.asString()[at]);
      items.push_back(Value(value.asString().substr(at, length)));
      at += length;
    }
    return items;
  default:
    fail(std::string(what) + " expects something to iterate over, but got " +
         std::string(value.kindName()));
    return items;
  }
}

std::vector<Value>
Evaluator::bind(std::string_view what, Arguments &arguments,
                std::initializer_list<std::string_view> names,
                size_t required) {
  std::vector<Value> values(names.size());
  std::vector<bool> given(names.size());
  if (arguments.positional.size() > names.size()) {
    fail(std::string(what) + " expects at most " +
         std::to_string(names.size()) + " arguments, but got " +
         std::to_string(arguments.positional.size()));
    return values;
  }
  for (size_t i = 0; i < arguments.positional.size(); ++i) {
    values[i] = arguments.positional[i];
    given[i] = true;
  }
  for (auto &[name, value] : arguments.named) {
    size_t i = std::find(names.begin(), names.end(), name) - names.begin();
    if (i == names.size() || given[i]) {
      fail(std::string(what) +
           (i == names.size() ? " knows no argument '"
                              : " got twice the argument '") +
           name + "'");
      return values;
    }
    values[i] = value;
    given[i] = true;
  }
  for (size_t i = 0; i < required; ++i)
    if (!given[i])
      fail(std::string(what) + " expects an argument '" +
           std::string(names.begin()[i]) + "'");
  return values;
}

Value Evaluator::fromJson(const nlohmann::ordered_json &json, unsigned depth) {
  if (!produce(32))
    return Value();
  if (!checkDepth(depth))
    return Value();
  switch (json.type()) {
  case nlohmann::json::value_t::boolean:
    return json.get<bool>();
  case nlohmann::json::value_t::number_integer:
    return json.get<int64_t>();
  case nlohmann::json::value_t::number_unsigned:
    if (json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
      return fail("expects integers of at most 64 bits, but got " +
                  json.dump());
    return static_cast<int64_t>(json.get<uint64_t>());
  case nlohmann::json::value_t::number_float:
    return json.get<double>();
  case nlohmann::json::value_t::string: {
    std::string value;
    appendLossyUtf8(value, json.get_ref<const std::string &>(), true);
    return makeString(std::move(value));
  }
  case nlohmann::json::value_t::array: {
    std::vector<Value> items;
    for (const nlohmann::ordered_json &one : json)
      items.push_back(fromJson(one, depth + 1));
    return makeList(std::move(items));
  }
  case nlohmann::json::value_t::object: {
    auto dict = std::make_shared<DictData>();
    for (const auto &[key, member] : json.items()) {
      Value value = fromJson(member, depth + 1);
      std::string name;
      appendLossyUtf8(name, key, true);
      if (!produce(name.size() + 64))
        return Value();
      dict->depth = std::max(dict->depth, value.depth() + 1);
      dict->members.emplace_back(std::move(name), std::move(value));
    }
    return Value(std::shared_ptr<const DictData>(std::move(dict)));
  }
  default:
    return Value::none();
  }
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

bool Evaluator::set(Scope &scope, std::string_view name, Value value) {
  if (!spend(scope.variables.size() / 16))
    return false;
  scope.set(name, std::move(value));
  return true;
}

void Evaluator::capture(Scope &scope) {
  for (Scope *at = &scope; at; at = at->parent)
    at->captured = true;
}

void Evaluator::release(std::unique_ptr<Scope> scope) {
  if (scope->captured)
    scopes.push_back(std::move(scope));
}

void Evaluator::emit(std::string_view text, std::string &out) {
  if (out.size() + text.size() > options.maxOutputBytes)
    fail("the template writes more than " +
         std::to_string(options.maxOutputBytes) + " bytes");
  if (spend(1 + text.size() / 16))
    out += text;
}

Evaluator::Flow Evaluator::execute(const Body &body, Scope &scope,
                                   std::string &out) {
  if (++nesting > kMaxNesting)
    fail("the template nests too deep");
  Flow flow = Flow::Next;
  for (const Stmt &stmt : body) {
    if (failed() || flow != Flow::Next)
      break;
    line = stmt.line;
    if (spend(1))
      flow = executeOne(stmt, scope, out);
  }
  --nesting;
  return flow;
}

std::string Evaluator::render(const Body &body, Scope &scope) {
  std::string out;
  execute(body, scope, out);
  produce(out.size());
  return out;
}

Evaluator::Flow Evaluator::executeOne(const Stmt &stmt, Scope &scope,
                                      std::string &out) {
  switch (stmt.kind) {
  case StmtKind::Text:
    emit(stmt.text, out);
    return Flow::Next;
  case StmtKind::Print:
    emit(text(evaluate(*stmt.exprs[0], scope)), out);
    return Flow::Next;
  case StmtKind::If:
    return executeIf(stmt, scope, out);
  case StmtKind::For:
    return executeFor(stmt, scope, out);
  case StmtKind::Set:
    executeSet(stmt, scope);
    return Flow::Next;
  case StmtKind::SetBlock: {
    auto inner = std::make_unique<Scope>(Scope{&scope, {}, false});
    std::string text = render(stmt.bodies[0], *inner);
    set(scope, stmt.names[0],
        filterText(*stmt.exprs[0], std::move(text), *inner));
    release(std::move(inner));
    return Flow::Next;
  }
  case StmtKind::Macro: {
    capture(scope);
    Function macro{Function::Type::Macro, stmt.names[0], {}, &stmt, &scope};
    if (produce(128))
      set(scope, stmt.names[0],
          Value(std::make_shared<const Function>(std::move(macro))));
    return Flow::Next;
  }
  case StmtKind::With:
    return executeWith(stmt, scope, out);
  case StmtKind::FilterBlock: {
    auto inner = std::make_unique<Scope>(Scope{&scope, {}, false});
    std::string body = render(stmt.bodies[0], *inner);
    emit(text(filterText(*stmt.exprs[0], std::move(body), *inner)), out);
    release(std::move(inner));
    return Flow::Next;
  }
  case StmtKind::CallBlock: {
    capture(scope);
    const Expr &call = *stmt.exprs[0];
    Value callee = evaluate(*call.args[0], scope);
    Arguments given = arguments(call, scope);
    Function caller{Function::Type::Caller, "caller", {}, &stmt, &scope};
    given.named.emplace_back(
        "caller", Value(std::make_shared<const Function>(std::move(caller))));
    if (!callee.is(Kind::Function))
      fail("expects a macro in 'call', but got " +
           std::string(callee.kindName()));
    else if (!failed())
      emit(text(this->call(callee.function(), std::move(given))), out);
    return Flow::Next;
  }
  case StmtKind::Block:
    return execute(stmt.bodies[0], scope, out);
  case StmtKind::Break:
    return Flow::Break;
  case StmtKind::Continue:
    return Flow::Continue;
  }
  return Flow::Next;
}

Evaluator::Flow Evaluator::executeIf(const Stmt &stmt, Scope &scope,
                                     std::string &out) {
  for (size_t i = 0; i < stmt.exprs.size() && !failed(); ++i)
    if (evaluate(*stmt.exprs[i], scope).truthy())
      return failed() ? Flow::Next : execute(stmt.bodies[i], scope, out);
  if (stmt.bodies.size() > stmt.exprs.size() && !failed())
    return execute(stmt.bodies.back(), scope, out);
  return Flow::Next;
}

Evaluator::Flow Evaluator::executeWith(const Stmt &stmt, Scope &scope,
                                       std::string &out) {
  auto inner = std::make_unique<Scope>(Scope{&scope, {}, false});
  for (size_t i = 0; i < stmt.names.size() && !failed(); ++i)
    set(*inner, stmt.names[i], evaluate(*stmt.exprs[i], scope));
  Flow flow = execute(stmt.bodies[0], *inner, out);
  release(std::move(inner));
  return flow;
}

void Evaluator::assign(const std::vector<std::string> &names, Value value,
                       Scope &scope) {
  if (names.size() == 1) {
    set(scope, names[0], std::move(value));
    return;
  }
  std::vector<Value> items = iterate(value, "unpacking");
  if (failed())
    return;
  if (items.size() != names.size()) {
    fail("expects " + std::to_string(names.size()) +
         " values to unpack, but got " + std::to_string(items.size()));
    return;
  }
  for (size_t i = 0; i < names.size() && !failed(); ++i)
    set(scope, names[i], std::move(items[i]));
}

void Evaluator::executeSet(const Stmt &stmt, Scope &scope) {
  Value value = evaluate(*stmt.exprs[0], scope);
  if (failed())
    return;
  size_t dot = stmt.names[0].find('.');
  if (dot == std::string::npos)
    return assign(stmt.names, std::move(value), scope);
  std::string object = stmt.names[0].substr(0, dot);
  Value target = lookUp(object, scope);
  if (failed())
    return;
  if (!target.is(Kind::Namespace)) {
    fail("expects a namespace to set an attribute of, but '" + object +
         "' is " + std::string(target.kindName()));
    return;
  }
  DictData &members = target.nameSpace();
  if (spend(members.members.size() / 16))
    members.set(std::string_view(stmt.names[0]).substr(dot + 1),
                std::move(value));
}

Value Evaluator::filterText(const Expr &filters, std::string text,
                            Scope &scope) {
  Scope inner{&scope, {}, false};
  inner.set(kBlockText, makeString(std::move(text)));
  return evaluate(filters, inner);
}

Evaluator::Flow Evaluator::executeFor(const Stmt &stmt, Scope &scope,
                                      std::string &out) {
  Value sequence = evaluate(*stmt.exprs[0], scope);
  std::vector<Value> items = iterate(sequence, "for");
  if (stmt.exprs[1]) {
    std::vector<Value> kept;
    for (Value &item : items) {
      if (failed())
        break;
      auto inner = std::make_unique<Scope>(Scope{&scope, {}, false});
      assign(stmt.names, item, *inner);
      if (evaluate(*stmt.exprs[1], *inner).truthy())
        kept.push_back(std::move(item));
      release(std::move(inner));
    }
    items = std::move(kept);
  }
  if (failed())
    return Flow::Next;
  if (items.empty())
    return stmt.bodies.size() > 1 ? execute(stmt.bodies[1], scope, out)
                                  : Flow::Next;
  if (!produce(256))
    return Flow::Next;
  loops.push_back(std::make_unique<Loop>());
  Loop &loop = *loops.back();
  loop.items = std::move(items);
  for (; loop.index0 < loop.items.size() && spend(1); ++loop.index0) {
    auto inner = std::make_unique<Scope>(Scope{&scope, {}, false});
    inner->set("loop", Value(&loop));
    assign(stmt.names, loop.items[loop.index0], *inner);
    Flow flow = failed() ? Flow::Break : execute(stmt.bodies[0], *inner, out);
    release(std::move(inner));
    if (flow == Flow::Break)
      break;
  }
  return Flow::Next;
}

Result<std::string> Evaluator::run(const Body &body,
                                   const nlohmann::ordered_json &inputs) {
  // The variables that a template sets stand over those it is given.
  Scope given, scope{&given, {}, false};
  if (!inputs.is_object())
    return Error("chat template", "expects an object as its inputs");
  for (const auto &[name, value] : inputs.items())
    set(given, name, fromJson(value, 0));
  std::string out;
  execute(body, scope, out);
  if (error)
    return std::move(*error);
  return out;
}

} // namespace tombolo::text::jinja
