//===- Fields.cpp ---------------------------------------------------------===//

#include "frontends/tokenizer/Fields.h"
#include "support/Json.h"
#include "support/Text.h"
#include <algorithm>

namespace tombolo {

using Json = nlohmann::ordered_json;

Fields::Fields(const Json &object, std::string where, std::string path)
    : value(object), where(std::move(where)), path(std::move(path)) {
  if (!value.is_object())
    error =
        Error(this->where, "'" + this->path + "': expects an object, but got " +
                               std::string(jsonKind(value)));
}

void Fields::fail(std::string message) {
  if (!error)
    error = Error(where, (path.empty() ? "" : "'" + path + "': ") +
                             std::move(message));
}

void Fields::wrongKind(std::string_view key, std::string_view wanted,
                       const Json &got) {
  fail("'" + std::string(key) + "': expects " + std::string(wanted) +
       ", but got " + std::string(jsonKind(got)));
}

const Json *Fields::find(std::string_view key) {
  asked.push_back(key);
  if (!value.is_object())
    return nullptr;
  auto it = value.find(key);
  return it == value.end() || it->is_null() ? nullptr : &*it;
}

const Json *Fields::expect(std::string_view key) {
  const Json *found = find(key);
  if (!found)
    fail("expects a member '" + std::string(key) + "'");
  return found;
}

std::string Fields::string(std::string_view key) {
  const Json *found = expect(key);
  if (found && !found->is_string())
    wrongKind(key, "a string", *found);
  return ok() ? found->get<std::string>() : std::string();
}

std::string Fields::string(std::string_view key, std::string_view otherwise) {
  const Json *found = find(key);
  if (!found)
    return std::string(otherwise);
  if (!found->is_string())
    wrongKind(key, "a string", *found);
  return ok() ? found->get<std::string>() : std::string();
}

bool Fields::boolean(std::string_view key, bool otherwise) {
  const Json *found = find(key);
  if (!found)
    return otherwise;
  if (!found->is_boolean())
    wrongKind(key, "true or false", *found);
  return ok() ? found->get<bool>() : otherwise;
}

bool Fields::boolean(std::string_view key) {
  const Json *found = expect(key);
  return found && boolean(key, false);
}

std::optional<int64_t> Fields::optionalInteger(std::string_view key,
                                               int64_t low, int64_t high) {
  const Json *found = find(key);
  if (!found)
    return std::nullopt;
  if (!found->is_number_integer()) {
    wrongKind(key, "an integer", *found);
    return std::nullopt;
  }
  bool huge = found->is_number_unsigned() &&
              found->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  int64_t number = huge ? 0 : found->get<int64_t>();
  if (huge || number < low || number > high) {
    fail("'" + std::string(key) + "': expects " + std::to_string(low) + " to " +
         std::to_string(high) + ", but got " + found->dump());
    return std::nullopt;
  }
  return number;
}

int64_t Fields::integer(std::string_view key, int64_t low, int64_t high) {
  expect(key);
  return optionalInteger(key, low, high).value_or(low);
}

const Json &Fields::array(std::string_view key) {
  static const Json none = Json::array();
  const Json *found = expect(key);
  if (found && !found->is_array())
    wrongKind(key, "an array", *found);
  return ok() ? *found : none;
}

const Json &Fields::object(std::string_view key) {
  static const Json none = Json::object();
  const Json *found = expect(key);
  if (found && !found->is_object())
    wrongKind(key, "an object", *found);
  return ok() ? *found : none;
}

Status Fields::done(std::initializer_list<std::string_view> harmless) {
  if (error)
    return *error;
  auto isIn = [](const auto &list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const auto &[name, member] : value.items())
    if (!isIn(asked, name) && !isIn(harmless, name))
      fail("knows no member " + quote(name));
  return status();
}

Status Fields::status() {
  if (error)
    return *error;
  return success();
}

} // namespace tombolo
