//===- Json.cpp - Strict JSON from a user's file --------------------------===//

#include "support/Json.h"
#include "support/MappedFile.h"
#include "support/Text.h"
#include <algorithm>
#include <bit>
#include <iterator>

namespace tombolo {
namespace {

using Json = nlohmann::ordered_json;

/// Walks over the text for the parser and tells how far it has come, which the
/// parser's events do not say.
class Cursor {
public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char *;
  using reference = const char &;

  Cursor(const char *at, const char **reached) : at(at), reached(reached) {}
  reference operator*() const { return *at; }
  Cursor &operator++() {
    *reached = ++at;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor &other) const { return at == other.at; }
  bool operator!=(const Cursor &other) const { return at != other.at; }

private:
  const char *at;
  const char **reached;
};

/// The members of a large object by key, without a copy of any key.
class MemberTable {
public:
  using Members = Json::object_t::Container;

  /// Whether no member but the one that is to come has this key.
  bool insert(const Members &members, std::string_view key) {
    if (slots.size() < 2 * (members.size() + 1))
      grow(members);
    return place(members, key, uint32_t(members.size()));
  }

private:
  static constexpr uint32_t empty = UINT32_MAX;

  bool place(const Members &members, std::string_view key, uint32_t number) {
    size_t mask = slots.size() - 1;
    for (size_t at = std::hash<std::string_view>()(key) & mask;;
         at = (at + 1) & mask) {
      if (slots[at] == empty) {
        slots[at] = number;
        return true;
      }
      if (members[slots[at]].first == key)
        return false;
    }
  }

  void grow(const Members &members) {
    slots.assign(std::bit_ceil(4 * (members.size() + 1)), empty);
    for (size_t i = 0; i < members.size(); ++i)
      place(members, members[i].first, uint32_t(i));
  }

  std::vector<uint32_t> slots;
};

/// Builds the value as the parser reports it. The parser keeps no recursion, so
/// depth is ours to limit.
class Builder : public nlohmann::json_sax<Json> {
public:
  Builder(std::string_view text, const std::string &where)
      : text(text), where(where), reached(text.data()) {}

  /// Parses the text; on failure says why.
  std::optional<Error> run() {
    const char *end = text.data() + text.size();
    if (Json::sax_parse(Cursor(text.data(), &reached), Cursor(end, &reached),
                        this))
      return std::nullopt;
    return error ? std::move(error) : Error(where, "is not JSON");
  }

  Json root;

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(int64_t value) override { return put(value); }
  bool number_unsigned(uint64_t value) override { return put(value); }
  bool number_float(double value, const std::string &) override {
    return put(value);
  }
  bool string(std::string &value) override { return put(std::move(value)); }
  bool binary(Json::binary_t &) override { return false; }

  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string &name) override {
    Frame &frame = stack.back();
    if (!frame.isNew(name)) {
      error = errorAt(keyStart(), "key " + quote(name) + " is given twice");
      return false;
    }
    frame.key = std::move(name);
    return true;
  }

  bool parse_error(size_t position, const std::string &,
                   const Json::exception &exception) override {
    error = jsonSyntaxError(text, where, position, exception.what());
    return false;
  }

private:
  struct Frame {
    Json *value;
    std::string key;
    /// Only of an object with many keys; few are compared one by one.
    MemberTable table;

    bool isNew(const std::string &name) {
      const Json::object_t &members = value->get_ref<Json::object_t &>();
      constexpr size_t few = 16;
      if (members.size() >= few)
        return table.insert(members, name);
      return std::none_of(members.begin(), members.end(),
                          [&](auto &member) { return member.first == name; });
    }
  };

  Json *add(Json value) {
    if (stack.empty()) {
      root = std::move(value);
      return &root;
    }
    Frame &frame = stack.back();
    if (frame.value->is_object())
      return &addMember(*frame.value, std::move(frame.key), std::move(value));
    auto &elements = frame.value->get_ref<Json::array_t &>();
    elements.push_back(std::move(value));
    return &elements.back();
  }

  bool put(Json value) {
    add(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (stack.size() == maxJsonDepth) {
      error = errorAt(reached - text.data() - 1,
                      "expects at most " + std::to_string(maxJsonDepth) +
                          " levels of arrays and objects");
      return false;
    }
    stack.push_back({add(std::move(value)), {}, {}});
    return true;
  }

  bool close() {
    stack.pop_back();
    return true;
  }

  Error errorAt(size_t offset, std::string message) const {
    return Error(where + ":" + lineColumn(text, offset), std::move(message));
  }

  /// Offset of the opening quote of the key that the parser has just read.
  size_t keyStart() const {
    size_t at = reached - text.data() - 1;
    for (bool escaped = true; escaped;) {
      at = text.rfind('"', at - 1);
      size_t backslashes = 0;
      while (text[at - 1 - backslashes] == '\\')
        ++backslashes;
      escaped = backslashes % 2;
    }
    return at;
  }

  std::string_view text;
  const std::string &where;
  const char *reached;
  std::optional<Error> error;
  std::vector<Frame> stack;
};

} // namespace

Error jsonSyntaxError(std::string_view text, const std::string &where,
                      size_t position, std::string_view what) {
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax
  // error while parsing ...": the name and the position are not for people.
  if (what.starts_with("[json.exception."))
    what.remove_prefix(std::min(what.find("] "), what.size() - 2) + 2);
  if (what.starts_with("parse error"))
    what.remove_prefix(std::min(what.find(": "), what.size() - 2) + 2);
  size_t offset = position == 0 ? 0 : std::min(position - 1, text.size());
  return Error(where + ":" + lineColumn(text, offset), printable(what, 300));
}

Result<Json> parseJson(std::string_view text, const std::string &where) {
  // The parser would take a zero byte for the end and not look further.
  if (size_t zero = text.find('\0'); zero != text.npos)
    return Error(where + ":" + lineColumn(text, zero),
                 "expects JSON text, but got a zero byte");
  Builder builder(text, where);
  if (std::optional<Error> error = builder.run())
    return std::move(*error);
  return std::move(builder.root);
}

Result<Json> readJson(const std::string &path, uint64_t maxBytes) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeErrors();
  std::string_view text = (*file)->text();
  if (text.size() > maxBytes)
    return Error(path, "expects at most " + std::to_string(maxBytes) +
                           " bytes of JSON, but got " +
                           std::to_string(text.size()));
  return parseJson(text, path);
}

Json &addMember(Json &object, std::string key, Json value) {
  // An ordered object is a vector of its members.
  using Members = Json::object_t::Container;
  Members &members = object.get_ref<Json::object_t &>();
  members.emplace_back(std::move(key), std::move(value));
  return members.back().second;
}

std::string_view jsonKind(const Json &value) {
  switch (value.type()) {
  case Json::value_t::null:
    return "null";
  case Json::value_t::object:
    return "an object";
  case Json::value_t::array:
    return "an array";
  case Json::value_t::string:
    return "a string";
  case Json::value_t::boolean:
    return "a boolean";
  default:
    return "a number";
  }
}

} // namespace tombolo
