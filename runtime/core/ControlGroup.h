//===- ControlGroup.h - Limits that a container sets ------------*- C++ -*-===//

#ifndef RUNTIME_CORE_CONTROLGROUP_H
#define RUNTIME_CORE_CONTROLGROUP_H

#include <functional>
#include <optional>
#include <string>

namespace tombolo {

/// The contents of a small file of /proc or /sys.
std::optional<std::string> readSmallFile(const std::string &path);

/// Calls `visit` with the folder of every control group (version 2, then the
/// version 1 hierarchy of `controller`) that this process is in, from its own
/// up to the root: a limit anywhere on the way holds. `root` stands for "/".
void forEachControlGroup(const std::string &root, const std::string &controller,
                         const std::function<void(const std::string &folder,
                                                  bool isVersion1)> &visit);

/// The number that follows `key` in a file of lines `KEY VALUE`.
std::optional<uint64_t> valueInLines(const std::string &text,
                                     const std::string &key);

/// The whole text as a number; nothing for "max".
std::optional<uint64_t> parseNumber(const std::string &text);

} // namespace tombolo

#endif // RUNTIME_CORE_CONTROLGROUP_H
