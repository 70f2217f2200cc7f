#include "tools/lib/Terminal.h"
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace tombolo {

void printError(const std::string &message) {
  fmt::print(stderr, "tombolo: error: {}\n", message);
}

void printNote(const std::string &message) {
  fmt::print(stderr, "tombolo: note: {}\n", message);
}

void printErrors(const std::vector<Error> &errors) {
  for (const Error &error : errors) {
    printError(error.str());
    for (const std::string &note : error.notes)
      printNote(note);
  }
}

void printJson(const nlohmann::ordered_json &json) {
  fmt::print("{}\n",
             json.dump(2, ' ', false,
                       nlohmann::ordered_json::error_handler_t::replace));
}

bool flushOutput() {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && !std::ferror(stdout) && std::cout)
    return true;
  printError(fmt::format("stdout: could not be written: {}",
                         std::strerror(errno ? errno : EIO)));
  return false;
}

/// A device may never end.
static constexpr size_t kMostText = size_t(1) << 28;

Result<std::string> readText(const std::string &path) {
  int file = path.empty() ? STDIN_FILENO : open(path.c_str(), O_RDONLY);
  auto failure = [&] {
    Error error(path.empty() ? "stdin" : path,
                errno == EISDIR
                    ? "is a folder; expects a file"
                    : std::string("cannot be read: ") + std::strerror(errno));
    if (!path.empty() && file >= 0)
      close(file);
    return error;
  };
  if (file < 0)
    return failure();
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    ssize_t count = read(file, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return failure();
    if (count == 0)
      break;
    text.append(buffer, size_t(count));
    if (text.size() > kMostText) {
      if (!path.empty())
        close(file);
      return Error(path.empty() ? "stdin" : path,
                   fmt::format("expects at most {} bytes, but there are more",
                               kMostText));
    }
  }
  if (!path.empty())
    close(file);
  return text;
}

std::string formatBytes(double bytes) {
  const char *units[] = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  while (unit + 1 < std::size(units) && bytes >= 999.95) {
    bytes /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes)
                   : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string formatDuration(double seconds) {
  int64_t whole = int64_t(std::ceil(seconds));
  if (whole < 60)
    return fmt::format("{} s", whole);
  if (whole < 3600)
    return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

Progress::Progress()
    : terminal(isatty(STDERR_FILENO)), start(Clock::now()), phaseStart(start),
      lastShown(start) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (shown)
    fmt::print(stderr, "\r\033[K");
  shown = false;
}

std::string Progress::line(const std::string &phase, uint64_t done,
                           uint64_t total, const std::string &unit,
                           double seconds) {
  std::string text = phase;
  if (total == 0)
    return text;
  text += fmt::format(" {:.0f}%", 100 * double(done) / double(total));
  if (seconds <= 0 || done == 0)
    return text;
  double rate = double(done) / seconds;
  text += unit == "B" ? fmt::format(", {}/s", formatBytes(rate))
                      : fmt::format(", {:.1f} {}/s", rate, unit);
  if (done < total)
    text += ", " + formatDuration(double(total - done) / rate) + " left";
  return text;
}

void Progress::update(const std::string &newPhase, uint64_t done,
                      uint64_t total, const std::string &unit) {
  if (!terminal)
    return;
  Clock::time_point now = Clock::now();
  auto seconds = [&](Clock::time_point since) {
    return std::chrono::duration<double>(now - since).count();
  };
  if (newPhase != phase) {
    phase = newPhase;
    phaseStart = now;
    // A phase that starts late shows at once; otherwise ten times a second.
    lastShown = start;
  }
  if (seconds(start) < 1 || (shown && seconds(lastShown) < 0.1))
    return;
  lastShown = now;
  shown = true;
  fmt::print(stderr, "\r\033[K{}",
             line(phase, done, total, unit, seconds(phaseStart)));
  std::fflush(stderr);
}

} // namespace tombolo
