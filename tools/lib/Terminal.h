//===- Terminal.h - What the tools print ------------------------*- C++ -*-===//

#ifndef TOOLS_LIB_TERMINAL_H
#define TOOLS_LIB_TERMINAL_H

#include "support/Result.h"
#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tombolo {

/// Exit statuses of every verb.
enum ExitStatus { Done = 0, Refused = 1, WrongUsage = 2 };

/// `tombolo: error: WHERE: MESSAGE` and its notes, one per error, to stderr.
void printErrors(const std::vector<Error> &errors);
void printError(const std::string &message);
void printNote(const std::string &message);

/// "98.4 MB", decimal units.
std::string formatBytes(double bytes);
/// "3 s", "2 min 5 s", "1 h 3 min".
std::string formatDuration(double seconds);

/// One object on stdout; text that is not UTF-8 gets replacement characters.
void printJson(const nlohmann::ordered_json &json);
/// Whether all that was printed to stdout got there; else an error is printed.
bool flushOutput();

/// All of a file, a pipe or (`path` empty) stdin.
Result<std::string> readText(const std::string &path);

/// A line on the terminal that says how far a long piece of work is: part done,
/// rate, time left. Nothing where stderr is no terminal, nor in the first
/// second.
class Progress {
public:
  Progress();
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// `unit` is "B" for bytes, else a plural ("windows").
  void update(const std::string &phase, uint64_t done, uint64_t total,
              const std::string &unit = "B");
  /// Removes the line.
  void clear();

  /// The line that `update` would show.
  static std::string line(const std::string &phase, uint64_t done,
                          uint64_t total, const std::string &unit,
                          double seconds);

private:
  using Clock = std::chrono::steady_clock;
  bool terminal;
  bool shown = false;
  std::string phase;
  Clock::time_point start, phaseStart, lastShown;
};

} // namespace tombolo

#endif // TOOLS_LIB_TERMINAL_H
