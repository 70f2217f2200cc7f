#include "runtime/core/Executor.h"
#include "runtime/core/ControlGroup.h"
#include <algorithm>
#include <atomic>
#include <climits>
#include <cstring>
#include <linux/futex.h>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <sstream>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace tombolo;

Executor::~Executor() = default;

/// A worker that waits this many turns for the next region costs 0.1 us to
/// wake; one that sleeps, 30 us.
static constexpr int kSpins = 2000;

static inline void pauseProcessor() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

namespace {
/// A counter that threads wait on to move.
struct alignas(64) Gate {
  std::atomic<uint32_t> count{0};
  std::atomic<uint32_t> sleepers{0};

  void open() {
    // Ordered against waitBeyond: either this sees the sleeper, or the sleeper
    // sees the new count when it goes to sleep.
    count.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers.load(std::memory_order_seq_cst) != 0)
      syscall(SYS_futex, &count, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr,
              0);
  }
  void waitBeyond(uint32_t old, int spins) {
    for (int i = 0; i < spins; ++i) {
      if (count.load(std::memory_order_acquire) != old)
        return;
      pauseProcessor();
    }
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    while (count.load(std::memory_order_seq_cst) == old)
      syscall(SYS_futex, &count, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
    sleepers.fetch_sub(1, std::memory_order_relaxed);
  }
};

class ThreadPool final : public Executor {
public:
  explicit ThreadPool(int threads)
      : count(threads),
        // With fewer processors than threads, whoever spins keeps another from
        // its work.
        spins(threads <= availableProcessors() ? kSpins : 0) {}
  ~ThreadPool() override;
  Status start();

  int threads() const override { return count; }
  void run(int phases, const PhaseFunction &work) override;

private:
  struct Worker {
    ThreadPool *pool;
    int thread;
  };
  static void *workerMain(void *argument);
  void walk(int thread);
  void barrier();

  const int count, spins;
  std::mutex oneAtATime;
  // The region that is running; read by workers after `region` opens.
  int phases = 0;
  const PhaseFunction *work = nullptr;
  bool stopping = false;

  Gate region, meeting;
  alignas(64) std::atomic<int> arrived{0};
  std::vector<Worker> workers;
  std::vector<pthread_t> handles;
};
} // namespace

Status ThreadPool::start() {
  workers.reserve(count);
  for (int thread = 1; thread < count; ++thread) {
    workers.push_back({this, thread});
    pthread_t handle;
    if (int error =
            pthread_create(&handle, nullptr, workerMain, &workers.back()))
      return Error("", "could not start thread " + std::to_string(thread) +
                           " of " + std::to_string(count) + ": " +
                           std::strerror(error));
    handles.push_back(handle);
  }
  return success();
}

ThreadPool::~ThreadPool() {
  stopping = true;
  region.open();
  for (pthread_t handle : handles)
    pthread_join(handle, nullptr);
}

void *ThreadPool::workerMain(void *argument) {
  auto [pool, thread] = *static_cast<Worker *>(argument);
  for (uint32_t seen = 0;; ++seen) {
    pool->region.waitBeyond(seen, pool->spins);
    if (pool->stopping)
      return nullptr;
    pool->walk(thread);
  }
}

void ThreadPool::barrier() {
  uint32_t old = meeting.count.load(std::memory_order_relaxed);
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived.store(0, std::memory_order_relaxed);
    meeting.open();
  } else {
    meeting.waitBeyond(old, spins);
  }
}

void ThreadPool::walk(int thread) {
  // Behind the last barrier the caller may already start another run: neither
  // member is read from there on.
  int end = phases;
  const PhaseFunction &call = *work;
  for (int phase = 0; phase < end; ++phase) {
    call(phase, thread);
    barrier();
  }
}

void ThreadPool::run(int phases, const PhaseFunction &work) {
  std::lock_guard<std::mutex> lock(oneAtATime);
  if (phases == 0)
    return;
  if (count == 1) {
    for (int phase = 0; phase < phases; ++phase)
      work(phase, 0);
    return;
  }
  this->phases = phases;
  this->work = &work;
  region.open();
  walk(0);
}

Result<std::shared_ptr<Executor>> tombolo::createThreadPool(int threads) {
  if (threads < 1 || threads > kMaxThreads)
    return Error("", "expects 1 to " + std::to_string(kMaxThreads) +
                         " threads, but got " + std::to_string(threads));
  auto pool = std::make_shared<ThreadPool>(threads);
  if (Status status = pool->start(); !status)
    return status.takeErrors();
  return std::shared_ptr<Executor>(std::move(pool));
}

namespace {
class ForeignExecutor final : public Executor {
public:
  ForeignExecutor(int threads, ParallelFor parallelFor)
      : count(threads), parallelFor(std::move(parallelFor)) {}
  int threads() const override { return count; }
  void run(int phases, const PhaseFunction &work) override {
    std::lock_guard<std::mutex> lock(oneAtATime);
    for (int phase = 0; phase < phases; ++phase)
      parallelFor(count, [&](int thread) { work(phase, thread); });
  }

private:
  int count;
  ParallelFor parallelFor;
  std::mutex oneAtATime;
};
} // namespace

std::shared_ptr<Executor>
tombolo::createForeignExecutor(int threads, ParallelFor parallelFor) {
  return std::make_shared<ForeignExecutor>(std::clamp(threads, 1, kMaxThreads),
                                           std::move(parallelFor));
}

static int affinityCount() {
  // Machines with more processors than cpu_set_t holds need a larger mask.
  for (int size = CPU_SETSIZE; size <= 1 << 16; size *= 2) {
    cpu_set_t *mask = CPU_ALLOC(size);
    size_t bytes = CPU_ALLOC_SIZE(size);
    int result = sched_getaffinity(0, bytes, mask);
    int count = result == 0 ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (count > 0)
      return count;
  }
  return std::max(1L, sysconf(_SC_NPROCESSORS_ONLN));
}

int tombolo::availableProcessors(const std::string &root) {
  int64_t processors = affinityCount();
  forEachControlGroup(
      root, "cpu", [&](const std::string &folder, bool isVersion1) {
        int64_t quota = -1, period = 0;
        if (isVersion1) {
          if (auto text = readSmallFile(folder + "/cpu.cfs_quota_us"))
            std::istringstream(*text) >> quota;
          if (auto text = readSmallFile(folder + "/cpu.cfs_period_us"))
            std::istringstream(*text) >> period;
        } else if (auto text = readSmallFile(folder + "/cpu.max")) {
          std::istringstream fields(*text);
          if (!(fields >> quota >> period)) // "max 100000"
            quota = -1;
        }
        if (quota > 0 && period > 0)
          processors = std::min(processors,
                                std::max<int64_t>(1, (quota - 1) / period + 1));
      });
  return static_cast<int>(std::clamp<int64_t>(processors, 1, kMaxThreads));
}
