#include "tools/lib/Terminal.h"
#include <gtest/gtest.h>

namespace tombolo {
namespace {

TEST(Terminal, Bytes) {
  EXPECT_EQ(formatBytes(0), "0 B");
  EXPECT_EQ(formatBytes(999), "999 B");
  EXPECT_EQ(formatBytes(98362432), "98.4 MB");
  EXPECT_EQ(formatBytes(999.96e6), "1.0 GB");
}

TEST(Terminal, Durations) {
  EXPECT_EQ(formatDuration(0.2), "1 s");
  EXPECT_EQ(formatDuration(125), "2 min 5 s");
  EXPECT_EQ(formatDuration(3780), "1 h 3 min");
}

TEST(Terminal, ParsesSizes) {
  auto bytes = [](const char *text) {
    Result<uint64_t> size = parseBytes(text);
    return size ? int64_t(*size) : -1;
  };
  EXPECT_EQ(bytes("512"), 512);
  EXPECT_EQ(bytes("16K"), 16000);
  EXPECT_EQ(bytes("2.5GB"), 2500000000);
  EXPECT_EQ(bytes("1GiB"), 1 << 30);
  EXPECT_EQ(bytes("64Ki"), 65536);
  for (const char *bad : {"", "x", "1..2", ".", "-1", "1X", "1GB2", "1i",
                          "10EB", "9999999999999999999T"})
    EXPECT_EQ(bytes(bad), -1) << bad;
}

TEST(Terminal, ProgressLine) {
  EXPECT_EQ(Progress::line("lower", 0, 0, "B", 2), "lower");
  EXPECT_EQ(Progress::line("write", 50000000, 200000000, "B", 0.5),
            "write 25%, 100.0 MB/s, 2 s left");
  EXPECT_EQ(Progress::line("score", 12, 12, "windows", 6),
            "score 100%, 2.0 windows/s");
}

} // namespace
} // namespace tombolo
