//===- ListFilters.cpp - Filters of lists, and tests ----------------------===//

#include "runtime/text/jinja/Evaluator.h"
#include "runtime/text/jinja/Strings.h"
#include <algorithm>
#include <cmath>

namespace tombolo::text::jinja {

Value Evaluator::path(const Value &value, const Value &attribute) {
  if (attribute.is(Kind::Int))
    return item(value, attribute);
  std::string names = stringOf(attribute, "an attribute");
  Value at = value;
  for (size_t begin = 0; begin <= names.size() && !failed();) {
    size_t end = std::min(names.find('.', begin), names.size());
    std::string name = names.substr(begin, end - begin);
    begin = end + 1;
    bool isIndex = !name.empty() && name.size() < 10 &&
                   name.find_first_not_of("0123456789") == std::string::npos;
    if (isIndex) {
      int64_t index = 0;
      for (char c : name)
        index = index * 10 + (c - '0');
      at = item(at, index);
    } else {
      at = item(at, makeString(name));
    }
  }
  return at;
}

std::optional<Value> Evaluator::listFilter(const std::string &name,
                                           const Value &input,
                                           Arguments &given) {
  if (name == "list" || name == "first" || name == "last") {
    bind(name, given, {});
    std::vector<Value> items = iterate(input, "'" + name + "'");
    if (name == "list")
      return makeList(std::move(items));
    if (items.empty())
      return Value::undefined(name + " of nothing");
    return name == "first" ? items.front() : items.back();
  }
  if (name == "reverse") {
    bind(name, given, {});
    std::vector<Value> items = iterate(input, "'reverse'");
    std::reverse(items.begin(), items.end());
    if (!input.is(Kind::String))
      return makeList(std::move(items));
    std::string text;
    for (const Value &item : items)
      text += item.asString();
    return makeString(std::move(text));
  }
  if (name == "join") {
    std::vector<Value> values = bind(name, given, {"d", "attribute"});
    std::string separator = text(values[0]);
    std::string out;
    bool first = true;
    for (const Value &item : iterate(input, "'join'")) {
      Value part = values[1].is(Kind::Undefined) ? item : path(item, values[1]);
      std::string one = text(part);
      if (failed() || !produce(one.size() + separator.size()))
        return Value();
      out += first ? "" : separator;
      out += one;
      first = false;
    }
    return makeString(std::move(out));
  }
  if (name == "select" || name == "reject" || name == "selectattr" ||
      name == "rejectattr")
    return selectFilter(name, input, given);
  if (name == "map")
    return mapFilter(input, given);
  if (name == "sort" || name == "unique" || name == "dictsort" ||
      name == "min" || name == "max")
    return sortFilter(name, input, given);
  if (name == "sum") {
    std::vector<Value> values = bind(name, given, {"attribute", "start"});
    Value sum = values[1].is(Kind::Undefined) ? Value(int64_t(0)) : values[1];
    bool hasPath = !values[0].is(Kind::Undefined) && !values[0].is(Kind::None);
    for (const Value &item : iterate(input, "'sum'")) {
      if (failed())
        return Value();
      sum = binary("+", sum, hasPath ? path(item, values[0]) : item);
    }
    return sum;
  }
  return std::nullopt;
}

Value Evaluator::selectFilter(const std::string &name, const Value &input,
                              Arguments &given) {
  bool byAttribute = name.ends_with("attr");
  bool keep = name.starts_with("select");
  std::vector<Value> &positional = given.positional;
  if (byAttribute && positional.empty())
    return fail("'" + name + "' expects an attribute");
  Value attribute = byAttribute ? positional[0] : Value();
  size_t testAt = byAttribute ? 1 : 0;
  std::string testName;
  Arguments testArguments;
  testArguments.named = given.named;
  if (positional.size() > testAt) {
    testName = stringOf(positional[testAt], name);
    testArguments.positional.assign(positional.begin() + testAt + 1,
                                    positional.end());
  }
  std::vector<Value> kept;
  for (const Value &item : iterate(input, "'" + name + "'")) {
    if (failed() || !spend(1 + positional.size() + given.named.size()))
      return Value();
    Value value = byAttribute ? path(item, attribute) : item;
    Arguments copy = testArguments;
    bool passes =
        testName.empty() ? value.truthy() : test(testName, value, copy);
    if (passes == keep)
      kept.push_back(item);
  }
  return makeList(std::move(kept));
}

Value Evaluator::mapFilter(const Value &input, Arguments &given) {
  std::vector<Value> mapped;
  std::vector<Value> items = iterate(input, "'map'");
  if (given.positional.empty()) {
    std::vector<Value> values = bind("map", given, {"attribute", "default"}, 1);
    for (const Value &item : items) {
      if (failed() || !spend(1))
        return Value();
      Value value = path(item, values[0]);
      mapped.push_back(value.is(Kind::Undefined) &&
                               !values[1].is(Kind::Undefined)
                           ? values[1]
                           : value);
    }
    return makeList(std::move(mapped));
  }
  std::string name = stringOf(given.positional[0], "'map'");
  Arguments filterArguments;
  filterArguments.positional.assign(given.positional.begin() + 1,
                                    given.positional.end());
  filterArguments.named = given.named;
  // `map('map', 'map', ...)` would recurse as deep as it has arguments.
  if (name == "map")
    return fail("'map' expects another filter than itself");
  for (const Value &item : items) {
    if (failed() || !spend(given.positional.size() + given.named.size()))
      return Value();
    Arguments copy = filterArguments;
    mapped.push_back(filter(name, item, copy));
  }
  return makeList(std::move(mapped));
}

Value Evaluator::sortFilter(const std::string &name, const Value &input,
                            Arguments &given) {
  struct Entry {
    Value key, item;
  };
  std::vector<Entry> entries;
  bool isDict = name == "dictsort";
  bool byExtreme = name == "min" || name == "max";
  std::vector<Value> values =
      isDict ? bind(name, given, {"case_sensitive", "by", "reverse"})
      : name == "sort"
          ? bind(name, given, {"reverse", "case_sensitive", "attribute"})
          : bind(name, given, {"case_sensitive", "attribute"});
  bool reverse =
      (isDict && values[2].truthy()) || (name == "sort" && values[0].truthy());
  bool caseSensitive = values[name == "sort" ? 1 : 0].truthy();
  Value attribute = isDict ? Value() : values[name == "sort" ? 2 : 1];
  std::string by = isDict && !values[1].is(Kind::Undefined)
                       ? stringOf(values[1], name)
                       : "key";
  if (by != "key" && by != "value")
    return fail("'dictsort' expects to sort by 'key' or 'value', but got '" +
                by + "'");
  if (isDict && !input.is(Kind::Dict))
    return fail("'dictsort' expects a dict, but got " +
                std::string(input.kindName()));
  Arguments none;
  Value source =
      isDict && !failed() ? dictMethod("items", input.dict(), none) : input;
  for (const Value &item : iterate(source, "'" + name + "'")) {
    // Its place among the entries, in the order and its buffer.
    if (failed() || !produce(sizeof(Entry) + 2 * sizeof(size_t)))
      return Value();
    Value key = isDict ? item.items()[by == "key" ? 0 : 1] : item;
    if (!attribute.is(Kind::Undefined) && !attribute.is(Kind::None))
      key = path(item, attribute);
    if (!caseSensitive && key.is(Kind::String))
      key = makeString(lower(key.asString()));
    entries.push_back({std::move(key), item});
  }
  if (name == "unique") {
    std::vector<Value> kept, keys;
    for (const Entry &entry : entries) {
      bool isNew =
          std::none_of(keys.begin(), keys.end(), [&](const Value &key) {
            return failed() || !spend(1) || paidEqual(key, entry.key);
          });
      if (!isNew)
        continue;
      keys.push_back(entry.key);
      kept.push_back(entry.item);
    }
    return makeList(std::move(kept));
  }
  if (byExtreme) {
    if (entries.empty())
      return Value::undefined(name + " of nothing");
    const Entry *best = &entries[0];
    for (const Entry &entry : entries)
      if (name == "min" ? less(entry.key, best->key)
                        : less(best->key, entry.key))
        best = &entry;
    return best->item;
  }
  // A merge sort of indices: std::sort may not see an order that failures or
  // NaN make inconsistent.
  std::vector<size_t> order(entries.size()), buffer(entries.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  for (size_t width = 1; width < order.size() && !failed(); width *= 2) {
    for (size_t begin = 0; begin < order.size(); begin += 2 * width) {
      size_t middle = std::min(begin + width, order.size());
      size_t end = std::min(begin + 2 * width, order.size());
      size_t a = begin, b = middle;
      for (size_t i = begin; i < end; ++i) {
        spend(1);
        bool takesRight =
            a == middle ||
            (b < end &&
             (reverse ? less(entries[order[a]].key, entries[order[b]].key)
                      : less(entries[order[b]].key, entries[order[a]].key)));
        buffer[i] = takesRight ? order[b++] : order[a++];
      }
    }
    std::swap(order, buffer);
  }
  std::vector<Value> sorted;
  for (size_t i : order)
    sorted.push_back(entries[i].item);
  return makeList(std::move(sorted));
}

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

static bool isInteger(const Value &value) { return value.is(Kind::Int); }

bool Evaluator::test(const std::string &name, const Value &input,
                     Arguments &given) {
  using Simple = bool (*)(const Value &);
  static constexpr std::pair<std::string_view, Simple> kSimple[] = {
      {"defined", [](const Value &v) { return !v.is(Kind::Undefined); }},
      {"undefined", [](const Value &v) { return v.is(Kind::Undefined); }},
      {"none", [](const Value &v) { return v.is(Kind::None); }},
      {"string", [](const Value &v) { return v.is(Kind::String); }},
      {"mapping", [](const Value &v) { return v.is(Kind::Dict); }},
      {"number", [](const Value &v) { return v.isNumber(); }},
      {"integer", isInteger},
      {"float", [](const Value &v) { return v.is(Kind::Float); }},
      {"boolean", [](const Value &v) { return v.is(Kind::Bool); }},
      {"true", [](const Value &v) { return v.is(Kind::Bool) && v.asBool(); }},
      {"false", [](const Value &v) { return v.is(Kind::Bool) && !v.asBool(); }},
      {"callable", [](const Value &v) { return v.is(Kind::Function); }},
      {"sequence",
       [](const Value &v) {
         return v.is(Kind::List) || v.is(Kind::String) || v.is(Kind::Dict) ||
                v.is(Kind::Undefined);
       }},
      {"iterable",
       [](const Value &v) {
         return v.is(Kind::List) || v.is(Kind::String) || v.is(Kind::Dict) ||
                v.is(Kind::Undefined);
       }},
  };
  for (auto [known, holds] : kSimple)
    if (name == known) {
      bind(name, given, {});
      return holds(input);
    }
  static constexpr std::pair<std::string_view, std::string_view> kCompare[] = {
      {"eq", "=="},         {"equalto", "=="}, {"==", "=="}, {"ne", "!="},
      {"!=", "!="},         {"lt", "<"},       {"<", "<"},   {"lessthan", "<"},
      {"le", "<="},         {"<=", "<="},      {"gt", ">"},  {">", ">"},
      {"greaterthan", ">"}, {"ge", ">="},      {">=", ">="}, {"in", "in"}};
  for (auto [known, op] : kCompare)
    if (name == known) {
      std::vector<Value> values = bind(name, given, {"other"}, 1);
      return !failed() && compare(std::string(op), input, values[0]);
    }
  if (name == "sameas") {
    std::vector<Value> values = bind(name, given, {"other"}, 1);
    return input.kind() == values[0].kind() && paidEqual(input, values[0]);
  }
  if (name == "even" || name == "odd" || name == "divisibleby") {
    std::vector<Value> values = name == "divisibleby"
                                    ? bind(name, given, {"num"}, 1)
                                    : bind(name, given, {});
    int64_t by = name == "divisibleby" ? intOf(values[0], name) : 2;
    int64_t number = intOf(input, "'" + name + "'");
    if (by == 0)
      fail("division by zero");
    if (failed())
      return false;
    // INT64_MIN % -1 is undefined in C++.
    bool divides = by == -1 || number % by == 0;
    return name == "odd" ? !divides : divides;
  }
  if (name == "lower" || name == "upper") {
    bind(name, given, {});
    std::optional<Value> answer =
        stringPredicate("is" + name, stringOf(input, "'" + name + "'"));
    return answer && answer->truthy();
  }
  fail("test '" + name + "' is not in this version");
  return false;
}

} // namespace tombolo::text::jinja
