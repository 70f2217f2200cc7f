//===- Calls.cpp - Macros, functions, methods of lists and dicts ----------===//

#include "runtime/text/jinja/Evaluator.h"
#include <algorithm>
#include <array>

namespace tombolo::text::jinja {

/// What Jinja's sandbox allows too.
static constexpr int64_t kMaxRange = 100'000;

Value Evaluator::call(const Function &function, Arguments given) {
  switch (function.type) {
  case Function::Type::Builtin:
    return callBuiltin(function.name, given);
  case Function::Type::Method:
    return callMethod(function, given);
  case Function::Type::Macro:
  case Function::Type::Caller:
    return callMacro(function, given);
  }
  return Value();
}

Value Evaluator::callMacro(const Function &function, Arguments &given) {
  const Stmt &stmt = *function.stmt;
  bool isMacro = function.type == Function::Type::Macro;
  // A macro's first name is its own, a call block has parameters only.
  size_t first = isMacro ? 1 : 0;
  size_t count = stmt.names.size() - first;
  size_t defaults = isMacro ? stmt.exprs.size() : 0;
  std::string what = isMacro ? "macro '" + function.name + "'" : "'caller'";
  if (given.positional.size() > count)
    return fail(what + " expects at most " + std::to_string(count) +
                " arguments, but got " +
                std::to_string(given.positional.size()));
  // Each argument is looked for among the parameters and the other way round.
  uint64_t searched = count + given.named.size();
  if (!spend(searched * searched / 16))
    return Value();
  auto scope = std::make_unique<Scope>(Scope{function.scope, {}, false});
  for (size_t i = 0; i < count && !failed(); ++i) {
    const std::string &name = stmt.names[first + i];
    auto named =
        std::find_if(given.named.begin(), given.named.end(),
                     [&](const auto &entry) { return entry.first == name; });
    if (i < given.positional.size()) {
      if (named != given.named.end())
        return fail(what + " got twice the argument '" + name + "'");
      scope->set(name, std::move(given.positional[i]));
    } else if (named != given.named.end()) {
      scope->set(name, std::move(named->second));
    } else if (i + defaults >= count) {
      scope->set(name, evaluate(*stmt.exprs[i + defaults - count], *scope));
    } else {
      scope->set(name, Value::undefined(name));
    }
  }
  for (auto &[name, value] : given.named) {
    if (name == "caller" && isMacro)
      scope->set(name, std::move(value));
    else if (std::find(stmt.names.begin() + first, stmt.names.end(), name) ==
             stmt.names.end())
      return fail(what + " knows no argument '" + name + "'");
  }
  unsigned callLine = line;
  std::string out;
  if (!failed())
    out = render(stmt.bodies[0], *scope);
  release(std::move(scope));
  line = callLine;
  return failed() ? Value() : makeString(std::move(out));
}

Value Evaluator::callBuiltin(const std::string &name, Arguments &given) {
  if (name == "raise_exception") {
    std::vector<Value> values = bind(name, given, {"message"}, 1);
    std::string message = text(values[0]);
    return fail("the template refuses its inputs: " + message);
  }
  if (name == "strftime_now") {
    std::vector<Value> values = bind(name, given, {"format"}, 1);
    std::string format = stringOf(values[0], name);
    return failed() ? Value() : strftimeNow(format);
  }
  if (name == "namespace" || name == "dict") {
    auto members = std::make_unique<DictData>();
    if (given.positional.size() > 1)
      return fail("'" + name + "' expects at most one value without a name");
    for (const Value &value : given.positional) {
      if (!value.is(Kind::Dict))
        return fail("'" + name + "' expects a dict, but got " +
                    std::string(value.kindName()));
      for (const auto &[key, member] : value.dict().members)
        if (produce(64 + key.size()) && spend(members->members.size() / 16))
          members->set(key, member);
    }
    for (auto &[key, value] : given.named)
      if (produce(64 + key.size()) && spend(members->members.size() / 16))
        members->set(key, std::move(value));
    if (!produce(128))
      return Value();
    if (!checkDepth(members->depth))
      return Value();
    if (name == "dict")
      return Value(std::shared_ptr<const DictData>(std::move(members)));
    namespaces.push_back(std::move(members));
    return Value(namespaces.back().get());
  }
  // range
  if (!given.named.empty() || given.positional.empty() ||
      given.positional.size() > 3)
    return fail("'range' expects one to three integers");
  int64_t bounds[3] = {0, 0, 1};
  for (size_t i = 0; i < given.positional.size(); ++i)
    bounds[i] = intOf(given.positional[i], "'range'");
  if (given.positional.size() == 1)
    std::swap(bounds[0], bounds[1]);
  auto [start, stop, step] = bounds;
  if (step == 0)
    return fail("'range' expects a step that is not 0");
  std::vector<Value> items;
  // As 128 bits, so that no bound can overflow.
  for (__int128 i = start; (step > 0 ? i < stop : i > stop) && !failed();
       i += step) {
    if (items.size() == kMaxRange)
      return fail("'range' expects at most " + std::to_string(kMaxRange) +
                  " items");
    items.push_back(Value(static_cast<int64_t>(i)));
  }
  return makeList(std::move(items));
}

Value Evaluator::callMethod(const Function &function, Arguments &given) {
  const Value &self = function.self;
  const std::string &name = function.name;
  switch (self.kind()) {
  case Kind::String:
    return stringMethod(name, self.asString(), given);
  case Kind::Dict:
    return dictMethod(name, self.dict(), given);
  case Kind::List:
    return listMethod(name, self, given);
  default:
    break;
  }
  Loop &loop = self.loop();
  if (name == "cycle") {
    if (given.positional.empty())
      return fail("'loop.cycle' expects values");
    return given.positional[loop.index0 % given.positional.size()];
  }
  Value values = makeList(std::move(given.positional), true);
  bool changed = !loop.changed || !paidEqual(*loop.changed, values);
  loop.changed = std::move(values);
  return changed;
}

Value Evaluator::dictMethod(const std::string &name, const DictData &self,
                            Arguments &given) {
  if (name == "get") {
    std::vector<Value> values = bind(name, given, {"key", "default"}, 1);
    spend(self.members.size() / 16);
    const Value *found =
        values[0].is(Kind::String) ? self.find(values[0].asString()) : nullptr;
    if (found)
      return *found;
    bool hasDefault = given.positional.size() > 1 || !given.named.empty();
    return hasDefault ? values[1] : Value::none();
  }
  if (name != "items" && name != "keys" && name != "values" && name != "copy")
    return fail("the method '" + name + "' of dicts is not in this version");
  bind(name, given, {});
  if (name == "copy") {
    if (!produce(64 * self.members.size()))
      return Value();
    return Value(std::make_shared<const DictData>(self));
  }
  std::vector<Value> items;
  for (const auto &[key, member] : self.members) {
    if (!produce(64))
      break;
    if (name == "items")
      items.push_back(makeList({makeString(key), member}, true));
    else
      items.push_back(name == "keys" ? makeString(key) : member);
  }
  return makeList(std::move(items));
}

Value Evaluator::listMethod(const std::string &name, const Value &self,
                            Arguments &given) {
  if (name == "copy") {
    bind(name, given, {});
    return self;
  }
  if (name != "count" && name != "index")
    return fail("the method '" + name +
                "' of lists changes them or is not in this version");
  std::vector<Value> values = bind(name, given, {"value"}, 1);
  int64_t count = 0;
  for (size_t i = 0; i < self.items().size() && spend(1); ++i) {
    if (!paidEqual(self.items()[i], values[0]))
      continue;
    if (name == "index")
      return static_cast<int64_t>(i);
    ++count;
  }
  if (name == "index")
    return fail("'index' expects a value that is in the list");
  return count;
}

/// In English, whatever the locale.
Value Evaluator::strftimeNow(const std::string &format) {
  static constexpr std::array<std::string_view, 7> kDays = {
      "Sunday",   "Monday", "Tuesday", "Wednesday",
      "Thursday", "Friday", "Saturday"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "January", "February", "March",     "April",   "May",      "June",
      "July",    "August",   "September", "October", "November", "December"};
  std::tm now{};
  if (options.now) {
    now = *options.now;
  } else {
    std::time_t seconds = std::time(nullptr);
    localtime_r(&seconds, &now);
  }
  bool isValid =
      now.tm_wday >= 0 && now.tm_wday < 7 && now.tm_mon >= 0 && now.tm_mon < 12;
  if (!isValid)
    return fail("'strftime_now' expects a time with its day of the week");
  auto padded = [](int value, int width) {
    std::string digits = std::to_string(value);
    return std::string(
               std::max<int>(0, width - static_cast<int>(digits.size())), '0') +
           digits;
  };
  int hour12 = now.tm_hour % 12 == 0 ? 12 : now.tm_hour % 12;
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    char c = format[++i];
    bool plain = c == '-' && i + 1 < format.size();
    if (plain)
      c = format[++i];
    auto number = [&](int value, int width) {
      out += padded(value, plain ? 0 : width);
    };
    switch (c) {
    case 'Y':
      number(now.tm_year + 1900, 4);
      break;
    case 'y':
      number((now.tm_year % 100 + 100) % 100, 2);
      break;
    case 'm':
      number(now.tm_mon + 1, 2);
      break;
    case 'd':
      number(now.tm_mday, 2);
      break;
    case 'H':
      number(now.tm_hour, 2);
      break;
    case 'I':
      number(hour12, 2);
      break;
    case 'M':
      number(now.tm_min, 2);
      break;
    case 'S':
      number(now.tm_sec, 2);
      break;
    case 'j':
      number(now.tm_yday + 1, 3);
      break;
    case 'p':
      out += now.tm_hour < 12 ? "AM" : "PM";
      break;
    case 'B':
      out += kMonths[static_cast<size_t>(now.tm_mon)];
      break;
    case 'b':
      out += kMonths[static_cast<size_t>(now.tm_mon)].substr(0, 3);
      break;
    case 'A':
      out += kDays[static_cast<size_t>(now.tm_wday)];
      break;
    case 'a':
      out += kDays[static_cast<size_t>(now.tm_wday)].substr(0, 3);
      break;
    case 'F':
      out += padded(now.tm_year + 1900, 4) + "-" + padded(now.tm_mon + 1, 2) +
             "-" + padded(now.tm_mday, 2);
      break;
    case 'T':
      out += padded(now.tm_hour, 2) + ":" + padded(now.tm_min, 2) + ":" +
             padded(now.tm_sec, 2);
      break;
    case '%':
      out += '%';
      break;
    default:
      return fail("'strftime_now' does not know '%" + std::string(1, c) + "'");
    }
    if (!spend(1))
      return Value();
  }
  return makeString(std::move(out));
}

} // namespace tombolo::text::jinja
