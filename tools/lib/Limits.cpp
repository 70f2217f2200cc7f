#include "tools/lib/Limits.h"
#include "tools/lib/LimitLoops.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace tombolo {

/// Far more than any last-level cache's share of one core, small enough for a
/// machine with a few gigabytes.
static constexpr size_t bufferBytes = size_t(512) << 20;
static constexpr double targetSeconds = 0.05;

struct LimitsMeter::Buffer {
  void *data = nullptr;
  size_t bytes = 0;

  Buffer() {
    size_t free =
        size_t(sysconf(_SC_AVPHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
    bytes = std::clamp(free / 4, size_t(64) << 20, bufferBytes);
    data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
      data = nullptr;
      bytes = 0;
      return;
    }
    madvise(data, bytes, MADV_HUGEPAGE);
    // Written, or every page would be the one zero page.
    auto *words = static_cast<volatile char *>(data);
    for (size_t i = 0; i < bytes; i += 4096)
      words[i] = char(i >> 12);
  }
  ~Buffer() {
    if (data)
      munmap(data, bytes);
  }
};

LimitsMeter::LimitsMeter(int threads) : threads(std::max(threads, 1)) {}
LimitsMeter::~LimitsMeter() = default;

/// Seconds that `body(thread)` takes on all threads, from the common start to
/// the end of the last.
static double timeThreads(int threads, const std::function<void(int)> &body) {
  using Clock = std::chrono::steady_clock;
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::vector<std::thread> workers;
  for (int i = 1; i < threads; ++i)
    workers.emplace_back([&, i] {
      ++ready;
      while (!go.load(std::memory_order_acquire))
        std::this_thread::yield();
      body(i);
    });
  while (ready.load() != threads - 1)
    std::this_thread::yield();
  Clock::time_point start = Clock::now();
  go.store(true, std::memory_order_release);
  body(0);
  for (std::thread &worker : workers)
    worker.join();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Operations per second of a register loop, its round count grown until it
/// takes long enough.
static double arithmetic(int threads, ArithmeticLoop loop) {
  if (!loop.run)
    return 0;
  int64_t rounds = 20000;
  for (;;) {
    double seconds = timeThreads(threads, [&](int) { loop.run(rounds); });
    if (seconds >= targetSeconds)
      return double(rounds) * double(loop.operations) * threads / seconds;
    rounds = int64_t(double(rounds) *
                     std::clamp(1.2 * targetSeconds / seconds, 1.5, 50.0));
  }
}

double LimitsMeter::readBytes() {
  if (!buffer)
    buffer = std::make_unique<Buffer>();
  if (!buffer->data)
    return 0;
  size_t share = buffer->bytes / size_t(threads) / 4096 * 4096;
  ReadLoop loop = readLoop();
  size_t passes = 0;
  double seconds = 0;
  while (seconds < targetSeconds) {
    seconds += timeThreads(threads, [&](int thread) {
      loop(static_cast<const char *>(buffer->data) + size_t(thread) * share,
           share);
    });
    ++passes;
  }
  return double(share) * threads * double(passes) / seconds;
}

double LimitsMeter::int8Operations() { return arithmetic(threads, int8Loop()); }
double LimitsMeter::bf16Operations() { return arithmetic(threads, bf16Loop()); }
double LimitsMeter::f32Operations() { return arithmetic(threads, f32Loop()); }

Limits LimitsMeter::all() {
  return {readBytes(), int8Operations(), bf16Operations(), f32Operations()};
}

nlohmann::ordered_json toJson(const Limits &limits) {
  return {{"read_bytes_per_second", limits.readBytes},
          {"int8_ops_per_second", limits.int8Operations},
          {"bf16_flops_per_second", limits.bf16Operations},
          {"f32_flops_per_second", limits.f32Operations}};
}

} // namespace tombolo
