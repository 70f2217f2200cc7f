#include "runtime/core/Executor.h"
#include "runtime/core/Memory.h"
#include "test/unit/runtime/core/TestFile.h"
#include <atomic>
#include <chrono>
#include <numeric>
#include <pthread.h>
#include <thread>

using namespace tombolo;

TEST(ExecutorTest, PhasesFollowEachOther) {
  for (int threads : {1, 2, 3, 7, 32}) {
    auto pool = *createThreadPool(threads);
    EXPECT_EQ(pool->threads(), threads);
    for (int round = 0; round != 20; ++round) {
      std::atomic<int> done = 0;
      std::atomic<bool> early = false;
      int phases = 10;
      pool->run(phases, [&](int phase, int thread) {
        if (done.load() < phase * threads)
          early = true;
        ++done;
      });
      EXPECT_FALSE(early);
      EXPECT_EQ(done, phases * threads);
    }
  }
}

TEST(ExecutorTest, WorkersSleepAndWake) {
  auto pool = *createThreadPool(4);
  std::atomic<int> calls = 0;
  for (int i = 0; i != 3; ++i) {
    pool->run(1, [&](int, int) { ++calls; });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  // A phase in which one thread is long: the others sleep at the barrier.
  pool->run(2, [&](int phase, int thread) {
    if (phase == 0 && thread == 3)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ++calls;
  });
  EXPECT_EQ(calls, 12 + 8);
}

TEST(ExecutorTest, RunsOfSeveralCallersTakeTurns) {
  auto pool = *createThreadPool(3);
  std::vector<std::thread> callers;
  std::atomic<int> inside = 0, mixed = 0;
  for (int i = 0; i != 4; ++i)
    callers.emplace_back([&, i] {
      for (int round = 0; round != 200; ++round)
        pool->run(2, [&](int, int) {
          int other = inside.exchange(i + 1);
          if (other != 0 && other != i + 1)
            ++mixed;
          inside.compare_exchange_strong(other = i + 1, 0);
        });
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(mixed, 0);
}

TEST(ExecutorTest, RefusesImpossibleCounts) {
  EXPECT_EQ(createThreadPool(0).error().message,
            "expects 1 to 1024 threads, but got 0");
  EXPECT_FALSE(createThreadPool(1025));
}

TEST(ExecutorTest, ThreadsThatCannotStartAreAnError) {
  pthread_attr_t usual, huge;
  ASSERT_EQ(pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(pthread_attr_init(&huge), 0);
  // A stack that no address space holds.
  ASSERT_EQ(pthread_attr_setstacksize(&huge, size_t(1) << 60), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  auto pool = createThreadPool(3);
  ASSERT_EQ(pthread_setattr_default_np(&usual), 0);
  pthread_attr_destroy(&usual);
  pthread_attr_destroy(&huge);
  ASSERT_FALSE(pool);
  EXPECT_TRUE(
      pool.error().message.starts_with("could not start thread 1 of 3: "))
      << pool.error().message;
}

TEST(ExecutorTest, QuotaOfControlGroupsVersion2) {
  TestFolder root;
  writeFile(root / "proc/self/cgroup", "0::/a/b\n");
  std::string path = root.path.string();
  int all = availableProcessors(path);
  EXPECT_GE(all, 1);
  writeFile(root / "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(availableProcessors(path), all);
  // The parent's limit holds as well; less than one processor is one.
  writeFile(root / "sys/fs/cgroup/a/cpu.max", "50000 100000\n");
  EXPECT_EQ(availableProcessors(path), 1);
  writeFile(root / "sys/fs/cgroup/a/cpu.max", "110000 100000\n");
  EXPECT_EQ(availableProcessors(path), std::min(all, 2));
}

TEST(ExecutorTest, QuotaOfControlGroupsVersion1) {
  TestFolder root;
  writeFile(root / "proc/self/cgroup", "5:cpu,cpuacct:/c\n4:memory:/m\n");
  writeFile(root / "sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "100000\n");
  writeFile(root / "sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(availableProcessors(root.path.string()), 1);
  writeFile(root / "sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "-1\n");
  EXPECT_GE(availableProcessors(root.path.string()), 1);
}

TEST(MemoryTest, TheSmallerOfMachineAndControlGroup) {
  TestFolder root;
  std::string path = root.path.string();
  EXPECT_EQ(availableMemory(path), UINT64_MAX);
  writeFile(root / "proc/meminfo",
            "MemTotal:       1000 kB\nMemAvailable:    800 kB\n");
  EXPECT_EQ(availableMemory(path), 800u * 1024);
  writeFile(root / "proc/self/cgroup", "0::/a\n");
  writeFile(root / "sys/fs/cgroup/a/memory.max", "600000\n");
  writeFile(root / "sys/fs/cgroup/a/memory.current", "500000\n");
  EXPECT_EQ(availableMemory(path), 100000u);
  writeFile(root / "sys/fs/cgroup/a/memory.stat",
            "anon 1\ninactive_file 200000\nactive_file 1000\n");
  EXPECT_EQ(availableMemory(path), 301000u);
  writeFile(root / "sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(availableMemory(path), 301000u);
}

TEST(MemoryTest, CodeCannotBeWritten) {
  std::vector<std::byte> code(64, std::byte(0xc3));
  auto pages = mapCode(code, "f.tbo");
  ASSERT_TRUE(pages);
  reinterpret_cast<void (*)()>(pages->data())();
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line))
    EXPECT_EQ(line.find("rwxp"), std::string::npos) << line;
}

TEST(MemoryTest, SizesAreReadable) {
  EXPECT_EQ(binaryBytes(0), "0 bytes");
  EXPECT_EQ(binaryBytes(1023), "1023 bytes");
  EXPECT_EQ(binaryBytes(1536), "1.5 KiB");
  EXPECT_EQ(binaryBytes(uint64_t(5) << 30), "5.0 GiB");
}
