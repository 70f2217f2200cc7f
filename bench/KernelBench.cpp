#include "bench/KernelBench.h"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

using namespace tombolo;
using namespace tombolo::bench;

static std::string levelName = "host";

const CpuLevel &tombolo::bench::level() {
  static const CpuLevel level = [] {
    Result<CpuLevel> found = cpuLevelNamed(levelName);
    if (!found || !runsOnHost(*found)) {
      std::fprintf(stderr, "level '%s' does not run here\n", levelName.c_str());
      std::exit(1);
    }
    return *found;
  }();
  return level;
}

Limits tombolo::bench::measureLimits() {
  static LimitsMeter meter(1);
  return meter.all();
}

void tombolo::bench::measure(benchmark::State &state, const Work &work,
                             const Limits &limits, int64_t copies,
                             const std::function<void(int64_t)> &call) {
  using Clock = std::chrono::steady_clock;
  int64_t next = 0;
  Clock::time_point start = Clock::now();
  for (auto _ : state) {
    call(next);
    next = next + 1 == copies ? 0 : next + 1;
  }
  std::chrono::duration<double> taken = Clock::now() - start;
  double seconds = taken.count() / double(state.iterations());
  state.counters["GOPS"] = work.operations / seconds / 1e9;
  state.counters["GB/s"] = work.bytes / seconds / 1e9;
  double least = work.bytes / limits.readBytes;
  if (work.limit > 0)
    least = std::max(least, work.operations / work.limit);
  state.counters["of_limit"] = least / seconds;
}

int main(int argc, char **argv) {
  auto isLevel = [](const char *argument) {
    return std::strncmp(argument, "--level=", 8) == 0;
  };
  char **end = std::remove_if(argv + 1, argv + argc, [&](char *argument) {
    if (isLevel(argument))
      levelName = argument + 8;
    return isLevel(argument);
  });
  argc = int(end - argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 2;
  Limits limits = measureLimits();
  char text[160];
  std::snprintf(text, sizeof(text),
                "read %.1f GB/s, int8 %.0f GOPS, bf16 %.0f GFLOPS, f32 %.0f "
                "GFLOPS (1 thread)",
                limits.readBytes / 1e9, limits.int8Operations / 1e9,
                limits.bf16Operations / 1e9, limits.f32Operations / 1e9);
  benchmark::AddCustomContext("limits", text);
  benchmark::AddCustomContext("level", level().name);
  registerLinear();
  registerAttention();
  registerRecurrences();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
