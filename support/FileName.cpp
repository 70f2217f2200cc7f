//===- FileName.cpp - Names of checkpoint files ---------------------------===//

#include "support/FileName.h"
#include <algorithm>
#include <charconv>
#include <filesystem>

namespace fs = std::filesystem;

namespace tombolo {

std::optional<NumberedName> NumberedName::parse(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == name.npos)
    return std::nullopt;
  size_t of = name.substr(0, dot).rfind("-of-");
  if (of == name.npos || of == 0)
    return std::nullopt;
  size_t dash = name.rfind('-', of - 1);
  if (dash == name.npos)
    return std::nullopt;
  auto read = [](std::string_view digits) -> std::optional<uint32_t> {
    uint32_t value;
    const char *end = digits.data() + digits.size();
    auto [at, status] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || status != std::errc() || at != end)
      return std::nullopt;
    return value;
  };
  std::string_view number = name.substr(dash + 1, of - dash - 1);
  std::string_view count = name.substr(of + 4, dot - of - 4);
  std::optional<uint32_t> part = read(number), parts = read(count);
  if (!part || !parts || number.size() != count.size() || *part == 0 ||
      *part > *parts)
    return std::nullopt;
  return NumberedName{std::string(name.substr(0, dash)),
                      std::string(name.substr(dot)), *part, *parts,
                      number.size()};
}

std::string NumberedName::name(uint32_t number) const {
  auto padded = [this](uint32_t value) {
    std::string digits = std::to_string(value);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  };
  return stem + "-" + padded(number) + "-of-" + padded(count) + extension;
}

bool NumberedName::ownsAll(const std::vector<std::string> &names) const {
  return std::all_of(names.begin(), names.end(), [&](const std::string &name) {
    std::optional<NumberedName> other = parse(name);
    return other && other->stem == stem && other->extension == extension &&
           other->count == count && other->width == width;
  });
}

Result<std::vector<std::string>> filesEndingIn(const std::string &folder,
                                               std::string_view ending) {
  std::vector<std::string> names;
  std::error_code code;
  fs::directory_iterator at(folder, code);
  for (; !code && at != fs::directory_iterator(); at.increment(code)) {
    std::string name = at->path().filename().string();
    std::error_code ignored;
    if (name.ends_with(ending) && !at->is_directory(ignored))
      names.push_back(std::move(name));
  }
  if (code)
    return Error(folder, "the folder cannot be read: " + code.message());
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace tombolo
