//===- Json.h - Strict JSON from a user's file ------------------*- C++ -*-===//

#ifndef SUPPORT_JSON_H
#define SUPPORT_JSON_H

#include "support/Result.h"
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace tombolo {

/// Arrays and objects inside each other that parseJson follows.
inline constexpr size_t maxJsonDepth = 128;

/// Parses `text` as RFC 8259 says, one value and nothing behind it. An error,
/// with `where:LINE:COLUMN`, are also: a key given twice in one object, more
/// than maxJsonDepth levels, bytes that are not UTF-8, a number beyond a
/// double's range.
Result<nlohmann::ordered_json> parseJson(std::string_view text,
                                         const std::string &where);

/// Maps and parses a file of at most `maxBytes`.
Result<nlohmann::ordered_json> readJson(const std::string &path,
                                        uint64_t maxBytes = uint64_t(1) << 28);

/// What nlohmann's parser says is wrong at byte `position` (from 1) of `text`,
/// as one of our errors. For SAX handlers' `parse_error`.
Error jsonSyntaxError(std::string_view text, const std::string &where,
                      size_t position, std::string_view what);

/// Adds a member that is known to be new: looking for it, as `operator[]` does,
/// takes time proportional to the members there are.
nlohmann::ordered_json &addMember(nlohmann::ordered_json &object,
                                  std::string key,
                                  nlohmann::ordered_json value);

/// "a number", "an array", ...: for messages.
std::string_view jsonKind(const nlohmann::ordered_json &value);

} // namespace tombolo

#endif // SUPPORT_JSON_H
