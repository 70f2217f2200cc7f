//===- Fields.h - Strict reading of a JSON object ---------------*- C++ -*-===//

#ifndef FRONTENDS_TOKENIZER_FIELDS_H
#define FRONTENDS_TOKENIZER_FIELDS_H

#include "support/Result.h"
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo {

/// Reads members of one object. The first thing that is wrong is kept, and
/// done() reports it; what is read after it are defaults.
class Fields {
public:
  /// `path` names the object in errors: `decoder[1]`.
  Fields(const nlohmann::ordered_json &object, std::string where,
         std::string path);

  /// Null and absent are the same.
  const nlohmann::ordered_json *find(std::string_view key);

  std::string string(std::string_view key);
  std::string string(std::string_view key, std::string_view otherwise);
  bool boolean(std::string_view key, bool otherwise);
  bool boolean(std::string_view key);
  /// Within [low, high].
  int64_t integer(std::string_view key, int64_t low, int64_t high);
  std::optional<int64_t> optionalInteger(std::string_view key, int64_t low,
                                         int64_t high);
  const nlohmann::ordered_json &array(std::string_view key);
  const nlohmann::ordered_json &object(std::string_view key);

  void fail(std::string message);
  /// Takes over the failure of a part of the object, which names its place.
  void fail(const Status &part) {
    if (!part && !error)
      error = part.error();
  }
  bool ok() const { return !error; }

  /// The first failure, or an error about a member that was not asked for and
  /// is not in `harmless`.
  Status done(std::initializer_list<std::string_view> harmless = {});
  /// The first failure; other members are none of our business.
  Status status();

private:
  const nlohmann::ordered_json *expect(std::string_view key);
  void wrongKind(std::string_view key, std::string_view wanted,
                 const nlohmann::ordered_json &value);

  const nlohmann::ordered_json &value;
  std::string where, path;
  std::vector<std::string_view> asked;
  std::optional<Error> error;
};

} // namespace tombolo

#endif // FRONTENDS_TOKENIZER_FIELDS_H
