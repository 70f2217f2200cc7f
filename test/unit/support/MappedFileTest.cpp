//===- MappedFileTest.cpp - A file mapped for reading ---------------------===//

#include "support/MappedFile.h"
#include "test/unit/support/TestFolder.h"
#include <sys/stat.h>

using namespace tombolo;

namespace {

TEST(MappedFile, MapsBytes) {
  TestFolder folder;
  auto file = MappedFile::open(folder.write("a", "hello"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->text(), "hello");
  EXPECT_EQ((*file)->bytes().size(), 5u);
  EXPECT_EQ((*file)->path(), folder.path("a"));
}

TEST(MappedFile, MapsAnEmptyFile) {
  TestFolder folder;
  auto file = MappedFile::open(folder.write("a", ""));
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE((*file)->bytes().empty());
}

TEST(MappedFile, OutlivesTheFilesName) {
  TestFolder folder;
  auto file = MappedFile::open(folder.write("a", "hello"));
  ASSERT_TRUE(file.ok());
  std::filesystem::remove(folder.path("a"));
  EXPECT_EQ((*file)->text(), "hello");
}

TEST(MappedFile, HoldsACopy) {
  std::string bytes = "hello";
  auto file = fileOf(bytes, "name");
  bytes = "other";
  EXPECT_EQ(file->text(), "hello");
  EXPECT_EQ(file->path(), "name");
  EXPECT_TRUE(fileOf("", "empty")->bytes().empty());
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  TestFolder folder;
  EXPECT_EQ(errorOf(MappedFile::open(folder.path())),
            folder.path() + ": expects a file, but got a folder");
  EXPECT_EQ(errorOf(MappedFile::open(folder.path("none"))),
            folder.path("none") +
                ": the file cannot be opened: No such file or directory");
  std::string pipe = folder.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(errorOf(MappedFile::open(pipe)),
            pipe + ": expects a regular file, but got a device or pipe");
}

} // namespace
