//===- FromJson.cpp - Values from JSON text -------------------------------===//

#include "runtime/text/jinja/Evaluator.h"
#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

namespace tombolo::text::jinja {

/// What nlohmann's parser calls. Each value is paid for when it comes, so that
/// a long text stops early, and no document is kept beside the values.
struct Evaluator::JsonBuilder {
  struct Open {
    bool isDict;
    std::vector<std::string> keys = {}; ///< of a dict: one for each item
    std::vector<Value> items = {};
  };

  bool add(Value value) {
    if (!evaluator.produce(2 * sizeof(Value)))
      return false;
    if (open.empty())
      result = std::move(value);
    else
      open.back().items.push_back(std::move(value));
    return true;
  }
  bool start(bool isDict) {
    if (!evaluator.produce(sizeof(Open)) ||
        !evaluator.checkDepth(static_cast<unsigned>(open.size()) + 1))
      return false;
    open.push_back({isDict});
    return true;
  }

  bool null() { return add(Value::none()); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(int64_t value) { return add(value); }
  bool number_unsigned(uint64_t value) {
    if (value <= static_cast<uint64_t>(INT64_MAX))
      return add(static_cast<int64_t>(value));
    evaluator.fail("expects integers of at most 64 bits, but got " +
                   std::to_string(value));
    return false;
  }
  bool number_float(double value, const std::string &) { return add(value); }
  bool string(std::string &value) {
    return add(evaluator.makeString(std::move(value)));
  }
  bool binary(std::vector<uint8_t> &) { return false; }
  bool start_array(size_t) { return start(false); }
  bool start_object(size_t) { return start(true); }
  bool key(std::string &key) {
    if (!evaluator.produce(sizeof key + key.size()))
      return false;
    open.back().keys.push_back(std::move(key));
    return true;
  }
  bool end_array() {
    std::vector<Value> items = std::move(open.back().items);
    open.pop_back();
    return add(evaluator.makeList(std::move(items)));
  }
  bool end_object();
  bool parse_error(size_t, const std::string &, const std::exception &) {
    return false;
  }

  Evaluator &evaluator;
  std::vector<Open> open = {};
  Value result = {};
};

bool Evaluator::JsonBuilder::end_object() {
  Open last = std::move(open.back());
  open.pop_back();
  size_t count = last.keys.size();
  if (!evaluator.produce(count, sizeof(size_t) + sizeof(Value)))
    return false;
  // Of equal keys the last gives the value and the first the place.
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    int sign = last.keys[a].compare(last.keys[b]);
    return sign != 0 ? sign < 0 : a < b;
  });
  std::vector<bool> repeats(count);
  for (size_t i = 0, end = 0; i < count; i = end) {
    for (end = i + 1;
         end < count && last.keys[order[end]] == last.keys[order[i]]; ++end)
      repeats[order[end]] = true;
    if (end > i + 1)
      last.items[order[i]] = std::move(last.items[order[end - 1]]);
  }
  auto dict = std::make_shared<DictData>();
  for (size_t i = 0; i < count; ++i) {
    if (repeats[i])
      continue;
    dict->depth = std::max(dict->depth, last.items[i].depth() + 1);
    dict->members.emplace_back(std::move(last.keys[i]),
                               std::move(last.items[i]));
  }
  return add(Value(std::shared_ptr<const DictData>(std::move(dict))));
}

Value Evaluator::parseJson(const std::string &source,
                           const std::string &filter) {
  if (!produce(source.size()))
    return Value();
  JsonBuilder builder{*this};
  bool complete = nlohmann::json::sax_parse(source, &builder);
  if (!complete)
    return fail("'" + filter + "' expects JSON");
  return builder.result;
}

} // namespace tombolo::text::jinja
