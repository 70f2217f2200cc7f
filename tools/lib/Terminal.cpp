#include "tools/lib/Terminal.h"
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
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

Result<uint64_t> parseBytes(const std::string &text) {
  auto refuse = [&] {
    return Error("", "expects a size such as '512', '500M' or '16GiB', but "
                     "got '" +
                         text + "'");
  };
  size_t digits = text.find_first_not_of("0123456789.");
  std::string number = text.substr(0, digits);
  std::string unit = digits == std::string::npos ? "" : text.substr(digits);
  if (number.empty() || number.size() > 18 ||
      number.find('.') != number.rfind('.') || number == ".")
    return refuse();
  double value = std::stod(number);
  if (!unit.empty() && unit.back() == 'B')
    unit.pop_back();
  bool binary = !unit.empty() && unit.back() == 'i';
  if (binary)
    unit.pop_back();
  size_t power = unit.empty() ? 0 : std::string("kMGT").find(unit) + 1;
  if (unit == "K")
    power = 1;
  if (unit.size() > 1 || (binary && unit.empty()) ||
      (power == 0 && !unit.empty()))
    return refuse();
  value *= std::pow(binary ? 1024.0 : 1000.0, double(power));
  if (value >= 9e18)
    return refuse();
  return uint64_t(value);
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
