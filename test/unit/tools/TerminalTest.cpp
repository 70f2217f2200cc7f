#include "tools/lib/Terminal.h"
#include "test/unit/support/TestFolder.h"
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

TEST(Terminal, ReadsFilesOfAnyKind) {
  TestFolder folder;
  EXPECT_EQ(*readText(folder.write("lines.txt", "one\ntwo")), "one\ntwo");
  EXPECT_EQ(*readText("/dev/null"), "");
  EXPECT_EQ(readText("/dev/zero").error().str(),
            "/dev/zero: expects at most 268435456 bytes, but there are more");
  EXPECT_EQ(readText("/").error().str(), "/: is a folder; expects a file");
  EXPECT_EQ(readText("/nowhere").error().str(),
            "/nowhere: cannot be read: No such file or directory");
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
