#include "frontends/arch/Evaluator.h"
#include "frontends/arch/Config.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace tombolo;
using namespace tombolo::arch;

TensorDomain::~TensorDomain() = default;

const Value &OpCall::attribute(std::string_view wanted) const {
  static const Value none;
  for (const auto &[key, value] : attributes)
    if (key == wanted)
      return value;
  return none;
}

Evaluator::Evaluator(const Family &family, const Prelude &prelude,
                     const Checkpoint &checkpoint, Diagnostics &diagnostics)
    : family(family), prelude(prelude), checkpoint(checkpoint),
      diagnostics(diagnostics) {
  frames.push_back({nullptr, nullptr, {}});
}

//===----------------------------------------------------------------------===//
// Errors and limits
//===----------------------------------------------------------------------===//

Error &Evaluator::error(const Loc &loc, std::string message) {
  std::string where = loc.str();
  message = settled(std::move(message));
  // Every layer makes the same mistake; the first one says so.
  std::string_view alike = message;
  if (size_t at = alike.rfind(" in layer "); at != std::string_view::npos)
    alike = alike.substr(0, at);
  if (!reported.insert(where + ": " + std::string(alike)).second) {
    repeated = Error();
    return repeated;
  }
  Error &error = diagnostics.error(std::move(where), std::move(message));
  unsigned shown = 0;
  for (auto frame = frames.rbegin(); frame != frames.rend() && shown < 4;
       ++frame) {
    if (!frame->function)
      continue;
    std::string note = "in '" + frame->function->name + "'";
    if (!shown++ && layer)
      note += ", layer " + std::to_string(*layer);
    if (frame->call)
      note += ", called at " + frame->call->loc.str();
    error.notes.push_back(std::move(note));
  }
  return error;
}

std::string Evaluator::currentFunction() const {
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
    if (frame->function && !frame->function->prelude &&
        !frame->function->ofGroup)
      return frame->function->name;
  return "";
}

bool Evaluator::spend(const Loc &loc, uint64_t amount) {
  if (exhausted)
    return false;
  if (amount <= maxWork && (work += amount) <= maxWork)
    return true;
  exhausted = true;
  diagnostics.error(loc, "expects a description that is evaluated in at most " +
                             std::to_string(maxWork) + " steps");
  return false;
}

static Loc firstPlace(const Expr &expr) {
  Loc first = expr.loc;
  walk(expr, [&](const Expr &part) {
    if (part.loc.source == first.source && part.loc.offset < first.offset)
      first = part.loc;
  });
  return first;
}

/// The text of a condition, which ends where its block begins.
static std::string writtenCondition(const Expr &condition) {
  Loc loc = firstPlace(condition);
  std::string_view text = std::string_view(loc.source->text).substr(loc.offset);
  text = text.substr(0, text.find('\n'));
  text = text.substr(0, text.rfind('{'));
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return std::string(text);
}

void Evaluator::explainNone(Error &error, const Expr *expr) {
  size_t at = frames.size() - 1;
  for (unsigned step = 0; expr && step < 16; ++step) {
    const Expr *named = nullptr;
    walk(*expr, [&](const Expr &part) {
      if (!named && part.kind == Expr::Kind::Name && part.text != "layer")
        named = &part;
    });
    if (!named)
      return;
    const Frame &inside = frames[at];
    if (inside.passedOn.count(named->text) && layer) {
      auto last = inside.lastAssigned.find(named->text);
      int64_t from = last == inside.lastAssigned.end() ? 0 : last->second + 1;
      addNote(error, inside.loop,
              "'" + named->text +
                  "' is passed on from layer to layer; layers " +
                  std::to_string(from) + ".." + std::to_string(*layer) +
                  " do not assign it");
      return;
    }
    const Expr *argument = nullptr;
    if (inside.function && inside.call) {
      const auto &parameters = inside.function->parameters;
      for (size_t i = 0; i < parameters.size(); ++i)
        if (parameters[i].name == named->text) {
          if (i < inside.call->operandCount())
            argument = inside.call->children[i].get();
          for (size_t n = 0; n < inside.call->names.size(); ++n)
            if (inside.call->names[n] == named->text)
              argument =
                  inside.call->children[inside.call->operandCount() + n].get();
        }
    }
    if (argument && at > 0) {
      expr = argument;
      --at;
      continue;
    }
    for (const auto &row : family.rows) {
      if (row->root() != named->text || row->guards.empty())
        continue;
      const Guard &guard = row->guards.back();
      addNote(error, row->loc,
              "declared " +
                  std::string(guard.negated ? "where not '" : "'when ") +
                  writtenCondition(*guard.condition) + "', which is false");
      return;
    }
    return;
  }
}

std::optional<bool> Evaluator::truth(const Expr &condition) {
  Value value = evaluate(condition);
  if (const bool *truth = value.asBool())
    return *truth;
  if (!value.isPoison())
    error(firstPlace(condition),
          "expects a condition, but got " + value.kind());
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

Value Evaluator::evaluate(const Expr &expr, Variables variables) {
  frames.push_back({nullptr, nullptr, std::move(variables)});
  Value value = evaluate(expr);
  frames.pop_back();
  return value;
}

Value Evaluator::evaluate(const Expr &expr) {
  if (!spend(expr.loc, 1))
    return Value::poison();
  if (depth >= maxDepth)
    return fail(expr.loc, "expects at most " + std::to_string(maxDepth) +
                              " nested evaluations");
  struct Deeper {
    unsigned &depth;
    explicit Deeper(unsigned &depth) : depth(depth) { ++depth; }
    ~Deeper() { --depth; }
  } deeper(depth);

  switch (expr.kind) {
  case Expr::Kind::Literal:
    return Value::of(expr.literal);
  case Expr::Kind::Text:
    return text(expr);
  case Expr::Kind::Name:
    return name(expr);
  case Expr::Kind::List: {
    List list;
    bool poisoned = false;
    for (const ExprPtr &child : expr.children) {
      list.push_back(evaluate(*child));
      poisoned |= list.back().isPoison();
    }
    return poisoned ? Value::poison() : Value::of(std::move(list));
  }
  case Expr::Kind::Record:
    return record(expr);
  case Expr::Kind::Each:
    return each(expr);
  case Expr::Kind::Choice: {
    std::optional<bool> condition = truth(*expr.children[0]);
    return condition ? evaluate(*expr.children[*condition ? 1 : 2])
                     : Value::poison();
  }
  case Expr::Kind::Fail: {
    Value message = evaluate(*expr.children[0]);
    return message.isPoison() ? message
                              : fail(expr.loc, message.interpolated());
  }
  case Expr::Kind::Unary:
    return unary(expr);
  case Expr::Kind::Binary:
    return binary(expr);
  case Expr::Kind::Field:
    return field(expr);
  case Expr::Kind::Index:
    return index(expr);
  case Expr::Kind::Range:
    return fail(expr.loc, "a range stands only in an index");
  case Expr::Kind::Call:
    break;
  }
  if (seesFamily())
    if (const FunctionDecl *function = family.function(expr.text))
      return functionCall(expr, *function);
  if (auto function = prelude.functions.find(expr.text);
      function != prelude.functions.end())
    return functionCall(expr, *function->second);

  auto op = prelude.ops.find(expr.text);
  // Evaluated once: what remembers would do so twice.
  std::vector<Value> operands;
  if (isBuiltin(expr.text) && expr.names.empty()) {
    bool tensors = false;
    for (const ExprPtr &child : expr.children) {
      operands.push_back(evaluate(*child));
      if (operands.back().isPoison())
        return Value::poison();
      tensors |= operands.back().asTensor() != nullptr ||
                 (operands.back().asString() && domain &&
                  domain->namesTensors() && op != prelude.ops.end());
    }
    if (!tensors || op == prelude.ops.end())
      return builtin(expr, std::move(operands));
    return opCall(expr, op->second, &operands);
  }
  if (op == prelude.ops.end())
    return fail(expr.loc,
                "'" + expr.text + "' is not an operation or function");
  return opCall(expr, op->second);
}

Value Evaluator::text(const Expr &expr) {
  std::string out;
  for (const ExprPtr &part : expr.children) {
    if (part->kind == Expr::Kind::Name && !frame().variables.count(part->text))
      if (auto stand = placeholders.find(part->text);
          stand != placeholders.end()) {
        out += stand->second;
        continue;
      }
    Value value = evaluate(*part);
    if (value.isPoison())
      return value;
    out += value.interpolated();
    if (out.size() > maxStringBytes)
      return fail(expr.loc, "expects a string of at most " +
                                std::to_string(maxStringBytes) + " bytes");
  }
  return Value::of(std::move(out));
}

std::string Evaluator::settled(std::string text) const {
  for (const auto &[name, mark] : placeholders) {
    std::string by =
        name == "layer" && layer ? std::to_string(*layer) : "{" + name + "}";
    for (size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + by.size()))
      text.replace(at, mark.size(), by);
  }
  return text;
}

Value Evaluator::settled(const Value &value) const {
  if (placeholders.empty())
    return value;
  if (const std::string *text = value.asString())
    return Value::of(settled(*text));
  const List *list = value.asList();
  if (!list)
    return value;
  List all;
  all.reserve(list->size());
  for (const Value &item : *list)
    all.push_back(settled(item));
  return Value::of(std::move(all));
}

Value Evaluator::name(const Expr &expr) {
  const std::string &wanted = expr.text;
  if (auto variable = frame().variables.find(wanted);
      variable != frame().variables.end())
    return variable->second;
  if (wanted == "pi")
    return Value::of(3.14159265358979323846);
  if (wanted == "inf")
    return Value::of(std::numeric_limits<double>::infinity());
  if (wanted == "container")
    return Value::of(std::string(
        checkpoint.container == Container::Gguf ? "gguf" : "safetensors"));
  if (!seesFamily())
    return fail(expr.loc, "'" + wanted + "' is not a name here");
  if (wanted == "layer") {
    if (!layer)
      return fail(expr.loc, "there is no 'layer' here");
    return Value::of(*layer);
  }
  if (const Definition *let = family.let(wanted)) {
    if (auto known = lets.find(wanted); known != lets.end())
      return known->second;
    // A let has one value for all layers.
    std::optional<int64_t> outer = std::exchange(layer, std::nullopt);
    Value value = evaluate(*let->value, Variables());
    layer = outer;
    lets.emplace(wanted, value);
    return value;
  }
  if (const KeyDecl *key = family.key(wanted)) {
    if (!config)
      return fail(expr.loc, "key '" + wanted + "' is not read yet");
    return config->value(*key);
  }
  if (family.axis(wanted)) {
    std::optional<int64_t> length = axisLength(wanted);
    return length ? Value::of(*length) : Value::poison();
  }
  if (family.isWeight(wanted))
    return weightNamed(wanted, expr.loc);
  return fail(expr.loc,
              "'" + wanted + "' is not a name here, or has no value yet");
}

std::optional<int64_t> Evaluator::axisLength(std::string_view wanted) {
  const Definition *axis = family.axis(wanted);
  if (!axis)
    return std::nullopt;
  std::optional<int64_t> outer = std::exchange(layer, std::nullopt);
  Value value = evaluate(*axis->value, Variables());
  layer = outer;
  if (value.isPoison())
    return std::nullopt;
  constexpr int64_t longest = 100'000;
  const int64_t *length = value.asInt();
  if (!length || *length < 1 || *length > longest) {
    error(axis->loc, "expects axis '" + axis->name +
                         "' to have a length between 1 and " +
                         std::to_string(longest) + ", but got " + value.str());
    return std::nullopt;
  }
  return *length;
}

Value Evaluator::weightNamed(const std::string &wanted, const Loc &loc) {
  std::string prefix = wanted + ".";
  Record fields;
  for (const auto &row : family.rows) {
    bool exact = row->name == wanted;
    if (!exact && !row->name.starts_with(prefix))
      continue;
    if (row->perLayer && !layer)
      return fail(loc, "'" + wanted +
                           "' is declared 'per layer', but there is no layer "
                           "here; inside 'for layer { }' it names the layer's "
                           "weight");
    if (!domain)
      return fail(loc, "weight '" + wanted + "' has no value here");
    if (exact)
      return domain->weight(*this, *row, loc);
    std::string first = row->name.substr(prefix.size());
    first = first.substr(0, first.find('.'));
    if (fields.find(first))
      continue;
    Value value = weightNamed(prefix + first, loc);
    if (value.isPoison())
      return value;
    if (!value.isNone())
      fields.fields.push_back({first, value, ""});
  }
  return Value::of(std::move(fields));
}

Value Evaluator::record(const Expr &expr) {
  Record made;
  bool poisoned = false;
  for (size_t i = 0; i < expr.names.size(); ++i) {
    Value value = evaluate(*expr.children[i]);
    poisoned |= value.isPoison();
    if (!value.isNone())
      made.fields.push_back({expr.names[i], std::move(value), ""});
  }
  return poisoned ? Value::poison() : Value::of(std::move(made));
}

Value Evaluator::each(const Expr &expr) {
  Value over = evaluate(*expr.children[1]);
  if (over.isPoison())
    return over;
  const List *list = over.asList();
  if (!list)
    return fail(expr.loc,
                "expects a list to go through, but got " + over.kind());
  auto old = frame().variables.find(expr.text);
  std::optional<Value> hidden;
  if (old != frame().variables.end())
    hidden = old->second;
  List made;
  bool poisoned = false;
  for (const Value &item : *list) {
    frame().variables[expr.text] = item;
    made.push_back(evaluate(*expr.children[0]));
    poisoned |= made.back().isPoison();
    if (poisoned)
      break;
  }
  if (hidden)
    frame().variables[expr.text] = *hidden;
  else
    frame().variables.erase(expr.text);
  return poisoned ? Value::poison() : Value::of(std::move(made));
}

Value Evaluator::field(const Expr &expr) {
  Value value = evaluate(*expr.children[0]);
  if (value.isPoison())
    return value;
  const Record *fields = value.asRecord();
  if (!fields)
    return fail(expr.loc, "'." + expr.text + "' of " + value.kind() +
                              ", which is not a record");
  return fieldNamed(*fields, expr.text);
}

Value Evaluator::fieldNamed(const Record &fields, const std::string &name) {
  const Record::Field *found = fields.find(name);
  if (!found)
    return Value();
  if (!found->origin.empty())
    originsRead.insert(found->origin);
  return found->value;
}

std::optional<int64_t> Evaluator::bound(const ExprPtr &expr, bool &failed) {
  if (!expr)
    return std::nullopt;
  Value value = evaluate(*expr);
  if (const int64_t *number = value.asInt())
    return *number;
  if (!value.isPoison())
    error(expr->loc, "expects an integer in an index, but got " + value.kind());
  failed = true;
  return std::nullopt;
}

Value Evaluator::index(const Expr &expr) {
  Value value = evaluate(*expr.children[0]);
  if (value.isPoison())
    return value;
  if (const Record *fields = value.asRecord()) {
    if (expr.children.size() != 2 ||
        expr.children[1]->kind == Expr::Kind::Range)
      return fail(expr.loc, "expects one name in an index into a record");
    Value name = evaluate(*expr.children[1]);
    if (const std::string *text = name.asString())
      return fieldNamed(*fields, settled(*text));
    return name.isPoison() ? name
                           : fail(expr.children[1]->loc,
                                  "expects the name of a field in an index "
                                  "into a record, but got " +
                                      name.kind());
  }
  value = asTensor(value, expr.children[0]->loc);
  std::vector<Subscript> subscripts;
  bool failed = false;
  for (size_t i = 1; i < expr.children.size(); ++i) {
    const Expr &part = *expr.children[i];
    Subscript subscript;
    if (part.kind == Expr::Kind::Range) {
      subscript.begin = bound(part.children[0], failed);
      subscript.end = bound(part.children[1], failed);
      subscript.step = bound(part.children[2], failed);
    } else {
      subscript.begin = bound(expr.children[i], failed);
      subscript.isIndex = true;
    }
    subscripts.push_back(subscript);
  }
  if (failed || value.isPoison())
    return Value::poison();
  if (value.asTensor())
    return domain ? domain->slice(*this, expr.loc, value, subscripts)
                  : Value::poison();
  const List *list = value.asList();
  const std::string *string = value.asString();
  if (!list && !string)
    return fail(expr.loc,
                "an index into " + value.kind() + ", which has no elements");
  int64_t size = list ? list->size() : string->size();
  if (subscripts.size() != 1 || !subscripts[0].isIndex)
    return fail(expr.loc, "expects one index into " + value.kind());
  int64_t at = *subscripts[0].begin;
  if (at < -size || at >= size)
    return fail(expr.loc, "index " + std::to_string(at) + " into " +
                              value.kind() + " of " + std::to_string(size));
  at = at < 0 ? at + size : at;
  return list ? (*list)[at] : Value::of(std::string(1, (*string)[at]));
}

Value Evaluator::asTensor(const Value &value, const Loc &loc) {
  if (!domain || !value.asString() || !domain->namesTensors())
    return value;
  return domain->tensorNamed(*this, *value.asString(), loc);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

Value Evaluator::functionCall(const Expr &expr, const FunctionDecl &function) {
  Frame inner{&function, &expr, {}, !function.prelude};
  bool poisoned = false;
  auto give = [&](const std::string &name, const Expr &value) {
    Value given = evaluate(value);
    poisoned |= given.isPoison();
    inner.variables[name] = std::move(given);
  };
  size_t count = expr.operandCount();
  if (count > function.parameters.size())
    return fail(expr.loc, expr.text + ": takes " +
                              std::to_string(function.parameters.size()) +
                              " values, but got " + std::to_string(count));
  for (size_t i = 0; i < count; ++i)
    give(function.parameters[i].name, *expr.children[i]);
  for (size_t i = 0; i < expr.names.size(); ++i)
    give(expr.names[i], *expr.children[count + i]);
  if (poisoned)
    return Value::poison();
  frames.push_back(std::move(inner));
  Value result = Value::poison();
  for (const Parameter &parameter : function.parameters) {
    if (frame().variables.count(parameter.name))
      continue;
    if (!parameter.fallback) {
      fail(expr.loc, expr.text + ": '" + parameter.name + "' is missing");
      frames.pop_back();
      return Value::poison();
    }
    // Defaults see no other parameters.
    Value fallback = evaluate(*parameter.fallback);
    frame().variables[parameter.name] = std::move(fallback);
  }
  TensorDomain *around = function.prelude ? nullptr : domain;
  if (around)
    around->beginFunction(*this, function);
  if (run(function.body, result) != Flow::Returned)
    result = fail(function.loc, "'" + function.name + "' returns nothing");
  if (around)
    around->endFunction(*this, function, result);
  frames.pop_back();
  return result;
}

Value Evaluator::call(const FunctionDecl &function,
                      std::vector<Value> operands) {
  Frame inner{&function, nullptr, {}, !function.prelude};
  for (size_t i = 0; i < operands.size(); ++i)
    inner.variables[function.parameters[i].name] = std::move(operands[i]);
  frames.push_back(std::move(inner));
  Value result = Value::poison();
  if (run(function.body, result) != Flow::Returned)
    result = fail(function.loc, "'" + function.name + "' returns nothing");
  frames.pop_back();
  return result;
}

/// `known`: the values of the operands, where they were evaluated already.
Value Evaluator::opCall(const Expr &expr, const OpDecl &op,
                        const std::vector<Value> *known) {
  OpCall call{expr.loc, op.name, &op, {}, {}, {}};
  bool poisoned = false;
  size_t count = expr.operandCount();
  for (size_t i = 0; i < op.operands.size(); ++i) {
    const Expr *written = i < count ? expr.children[i].get() : nullptr;
    Value value = !written ? Value() : known ? (*known)[i] : evaluate(*written);
    // The pattern of `rearrange` is a string, not the name of a tensor.
    if (op.operands[i].name != "pattern")
      value = asTensor(value, written ? written->loc : expr.loc);
    poisoned |= value.isPoison();
    call.operands.push_back(std::move(value));
    call.written.push_back(written);
  }
  for (size_t i = 0; i < expr.names.size(); ++i) {
    Value value = evaluate(*expr.children[count + i]);
    poisoned |= value.isPoison();
    call.attributes.emplace_back(expr.names[i], std::move(value));
  }
  if (poisoned)
    return Value::poison();
  for (const OpDecl::Attribute &attribute : op.attributes)
    if (attribute.fallback && std::find(expr.names.begin(), expr.names.end(),
                                        attribute.name) == expr.names.end())
      call.attributes.emplace_back(attribute.name,
                                   evaluate(*attribute.fallback, Variables()));
  for (size_t i = 0; i < op.operands.size(); ++i)
    if (call.operands[i].isNone() &&
        op.operands[i].arity != OpDecl::Arity::Optional) {
      Error &none = error(
          expr.loc,
          op.name + ": '" +
              (call.written[i] && call.written[i]->kind == Expr::Kind::Name
                   ? call.written[i]->text
                   : op.operands[i].name) +
              "' is none" +
              (layer ? " in layer " + std::to_string(*layer) : ""));
      explainNone(none, call.written[i]);
      return Value::poison();
    }
  if (!domain)
    return fail(expr.loc, "'" + op.name +
                              "' needs tensors, of which there "
                              "are none here");
  return domain->call(*this, call);
}

//===----------------------------------------------------------------------===//
// The checkpoint's own values
//===----------------------------------------------------------------------===//

Value Evaluator::ggufKey(const std::string &key) {
  if (checkpoint.container != Container::Gguf ||
      !checkpoint.metadata.is_object())
    return Value();
  auto architecture = checkpoint.metadata.find("general.architecture");
  if (architecture == checkpoint.metadata.end() || !architecture->is_string())
    return Value();
  std::string full = architecture->get<std::string>() + "." + key;
  keysRead.insert(full);
  auto found = checkpoint.metadata.find(full);
  if (found == checkpoint.metadata.end())
    return Value();
  return fromJson(*found, "", checkpoint.path);
}

Value Evaluator::fromJson(const nlohmann::ordered_json &json,
                          const std::string &origin, const std::string &where) {
  using Kind = nlohmann::ordered_json::value_t;
  switch (json.type()) {
  case Kind::boolean:
    return Value::of(json.get<bool>());
  case Kind::number_integer:
    return Value::of(json.get<int64_t>());
  case Kind::number_unsigned: {
    uint64_t value = json.get<uint64_t>();
    if (value > uint64_t(std::numeric_limits<int64_t>::max()))
      return Value::of(static_cast<double>(value));
    return Value::of(static_cast<int64_t>(value));
  }
  case Kind::number_float:
    return Value::of(json.get<double>());
  case Kind::string:
    return Value::of(json.get<std::string>());
  case Kind::array: {
    if (!spend(family.loc, json.size()))
      return Value::poison();
    List list;
    list.reserve(json.size());
    for (const auto &item : json)
      list.push_back(fromJson(item, "", where));
    return Value::of(std::move(list));
  }
  case Kind::object: {
    if (!spend(family.loc, json.size()))
      return Value::poison();
    Record made;
    for (const auto &item : json.items()) {
      std::string place =
          origin.empty() ? std::string() : origin + "." + item.key();
      Value value = fromJson(item.value(), place, where);
      if (!value.isNone())
        made.fields.push_back({item.key(), std::move(value), place});
    }
    return Value::of(std::move(made));
  }
  default:
    return Value();
  }
}
