#include "runtime/core/Trace.h"
#include <cstdio>
#include <fstream>

using namespace tombolo;

/// `text` as a JSON string. What is not ASCII is left out: op names are ours.
static std::string quoted(const char *text) {
  std::string result = "\"";
  for (; *text; ++text) {
    unsigned char c = *text;
    if (c < 0x20 || c > 0x7e)
      continue;
    if (c == '"' || c == '\\')
      result += '\\';
    result += static_cast<char>(c);
  }
  return result + '"';
}

std::string tombolo::toChromeTrace(std::span<const DispatchTime> times) {
  std::string json = "{\"traceEvents\":[";
  char numbers[160];
  for (const DispatchTime &time : times) {
    if (&time != times.data())
      json += ',';
    // Microseconds, as the format has it.
    std::snprintf(numbers, sizeof(numbers),
                  ",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":%.3f,\"dur\":%.3f,"
                  "\"args\":{\"dispatch\":%d,\"tokens\":%lld}}",
                  time.begin * 1e6, (time.end - time.begin) * 1e6,
                  time.dispatch, static_cast<long long>(time.tokens));
    json += "\n{\"name\":" + quoted(time.op) +
            ",\"cat\":" + quoted(time.program) + numbers;
  }
  return json + "\n]}\n";
}

Status tombolo::writeChromeTrace(const std::string &path,
                                 std::span<const DispatchTime> times) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << toChromeTrace(times);
  file.close();
  if (!file)
    return Error(path, "could not write the trace");
  return success();
}
