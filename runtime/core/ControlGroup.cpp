#include "runtime/core/ControlGroup.h"
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

using namespace tombolo;

std::optional<std::string> tombolo::readSmallFile(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<uint64_t> tombolo::parseNumber(const std::string &text) {
  uint64_t value;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc())
    return std::nullopt;
  return value;
}

std::optional<uint64_t> tombolo::valueInLines(const std::string &text,
                                              const std::string &key) {
  std::istringstream lines(text);
  std::string name, value, line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    if (fields >> name >> value && name == key)
      return parseNumber(value);
  }
  return std::nullopt;
}

static bool listHolds(const std::string &list, const std::string &item) {
  return ("," + list + ",").find("," + item + ",") != std::string::npos;
}

void tombolo::forEachControlGroup(
    const std::string &root, const std::string &controller,
    const std::function<void(const std::string &, bool)> &visit) {
  std::optional<std::string> groups = readSmallFile(root + "/proc/self/cgroup");
  if (!groups)
    return;
  std::istringstream lines(*groups);
  std::string line;
  // Lines are HIERARCHY:CONTROLLERS:PATH; version 2 is `0::PATH`.
  while (std::getline(lines, line)) {
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? std::string::npos
                                               : line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    bool isVersion1 = !controllers.empty();
    if (isVersion1 && !listHolds(controllers, controller))
      continue;
    std::string mount = root + "/sys/fs/cgroup";
    if (isVersion1)
      mount += "/" + controllers;
    // Inside a container the path may be one of the host's, which is not there:
    // then only the mount's own root tells.
    while (true) {
      visit(mount + path, isVersion1);
      if (path.empty() || path == "/")
        break;
      path.erase(path.rfind('/'));
    }
  }
}
