#include "tools/lib/CommandLine.h"
#include "support/Spelling.h"
#include <charconv>
#include <fmt/format.h>

namespace tombolo {

CLI::Validator wholeNumber(int64_t least, int64_t most) {
  return CLI::Validator(
      [=](const std::string &text) -> std::string {
        int64_t value = 0;
        auto [end, failed] =
            std::from_chars(text.data(), text.data() + text.size(), value);
        if (failed == std::errc() && end == text.data() + text.size() &&
            value >= least && value <= most)
          return {};
        return most == INT64_MAX
                   ? fmt::format("expects a whole number of at least {}, but "
                                 "got '{}'",
                                 least, text)
                   : fmt::format("expects a whole number from {} to {}, but "
                                 "got '{}'",
                                 least, most, text);
      },
      "");
}

CLI::Validator notNegative() {
  return CLI::Validator(
      [](const std::string &text) -> std::string {
        double value = 0;
        if (CLI::detail::lexical_cast(text, value) && value >= 0)
          return {};
        return "expects a number of at least 0, but got '" + text + "'";
      },
      "");
}

Status checkName(const char *option, const std::string &value,
                 const std::vector<std::string> &names) {
  if (std::find(names.begin(), names.end(), value) != names.end())
    return success();
  Error error("", fmt::format("'{}': expects one of {}, but got '{}'", option,
                              fmt::join(names, ", "), value));
  if (std::optional<std::string> close =
          nearest(value, std::span<const std::string>(names)))
    return std::move(error).note(fmt::format("did you mean '{}'?", *close));
  return error;
}

Result<std::vector<int32_t>> parseIds(const std::string &text) {
  std::vector<int32_t> ids;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    int32_t id = 0;
    auto [stop, failed] =
        std::from_chars(text.data() + begin, text.data() + end, id);
    if (failed != std::errc() || stop != text.data() + end)
      return Error("", "'--ids': expects numbers separated by commas, but got "
                       "'" +
                           text + "'");
    ids.push_back(id);
    begin = end + 1;
  }
  return ids;
}

std::string describe(const CLI::ParseError &error) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::RequiredError *>(&error)) {
    if (message.find("subcommand") != std::string::npos)
      return "expects a command";
    return "expects " + message.substr(0, message.find(" is required"));
  }
  if (dynamic_cast<const CLI::ValidationError *>(&error))
    if (size_t colon = message.find(": "); colon != std::string::npos)
      return "'" + message.substr(0, colon) + "'" + message.substr(colon);
  if (dynamic_cast<const CLI::ConversionError *>(&error)) {
    // `Could not convert: NAME = VALUE`.
    size_t name = message.find(": "), value = message.find(" = ");
    if (name != std::string::npos && value != std::string::npos)
      return fmt::format("'{}': expects a number, but got '{}'",
                         message.substr(name + 2, value - name - 2),
                         message.substr(value + 3));
  }
  return message;
}

} // namespace tombolo
