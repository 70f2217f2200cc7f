//===- Diagnostics.h - Places in descriptions, errors found -----*- C++ -*-===//

#ifndef FRONTENDS_ARCH_DIAGNOSTICS_H
#define FRONTENDS_ARCH_DIAGNOSTICS_H

#include "support/Result.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tombolo::arch {

/// The text of one description, alive as long as anything parsed from it.
struct Source {
  /// As errors print it: the path that was given, or the embedded file's name.
  std::string name;
  std::string text;
};

/// A place in a description; lines and columns (in bytes) start at 1.
struct Loc {
  const Source *source = nullptr;
  uint32_t offset = 0, line = 0, column = 0;

  /// `qwen3.arch:31:7`.
  std::string str() const {
    return (source ? source->name : std::string()) + ":" + brief();
  }
  /// `31:7`, for a second place in the same file.
  std::string brief() const {
    return std::to_string(line) + ":" + std::to_string(column);
  }
};

/// Collects the errors of one stage. A hostile file can have one in each byte,
/// so only the first are kept.
class Diagnostics {
public:
  static constexpr size_t kept = 64;

  /// The returned error is valid until the next one is added.
  Error &error(std::string where, std::string message) {
    if (list.size() == kept) {
      dropped = Error();
      return dropped;
    }
    list.emplace_back(std::move(where), std::move(message));
    return list.back();
  }
  Error &error(const Loc &loc, std::string message) {
    return error(loc.str(), std::move(message));
  }
  bool any() const { return !list.empty(); }
  size_t count() const { return list.size(); }
  const std::vector<Error> &errors() const { return list; }
  std::vector<Error> take() { return std::exchange(list, {}); }

private:
  std::vector<Error> list;
  Error dropped;
};

/// `note: WHERE: MESSAGE`.
inline void addNote(Error &error, const Loc &loc, const std::string &message) {
  error.notes.push_back(loc.str() + ": " + message);
}

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_DIAGNOSTICS_H
