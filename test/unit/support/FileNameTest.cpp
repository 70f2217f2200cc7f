//===- FileNameTest.cpp - Names of checkpoint files -----------------------===//

#include "support/FileName.h"
#include "test/unit/support/TestFolder.h"

using namespace tombolo;

namespace {

TEST(NumberedName, ReadsAndWritesPartNames) {
  auto name = NumberedName::parse("model-00002-of-00005.safetensors");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->stem, "model");
  EXPECT_EQ(name->number, 2u);
  EXPECT_EQ(name->count, 5u);
  EXPECT_EQ(name->name(5), "model-00005-of-00005.safetensors");
  name = NumberedName::parse("a-b-1-of-12-000123-of-000123.gguf");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->stem, "a-b-1-of-12");
  EXPECT_EQ(name->name(1), "a-b-1-of-12-000001-of-000123.gguf");
}

TEST(NumberedName, LeavesOtherNamesAlone) {
  for (const char *name :
       {"model.gguf", "model-00001.gguf", "-of-.gguf", "x-00001-of-.gguf",
        "x-00006-of-00005.gguf", "x-00000-of-00005.gguf", "x-1-of-00005.gguf",
        "x-0000a-of-00005.gguf", "x-00001-of-00005", "-of-00001.gguf",
        "x-99999999999-of-99999999999.gguf", ""})
    EXPECT_FALSE(NumberedName::parse(name)) << name;
}

TEST(NumberedName, KnowsItsOwnParts) {
  auto name = NumberedName::parse("m-00001-of-00002.gguf");
  ASSERT_TRUE(name);
  EXPECT_TRUE(
      name->ownsAll({"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}));
  EXPECT_FALSE(name->ownsAll({"m-00001-of-00002.gguf", "m.gguf"}));
  EXPECT_FALSE(name->ownsAll({"n-00002-of-00002.gguf"}));
}

TEST(FilesEndingIn, ListsFilesInOrder) {
  TestFolder folder;
  folder.write("b.gguf", "");
  folder.write("a.gguf", "");
  folder.write("c.txt", "");
  std::filesystem::create_directory(folder.path("d.gguf"));
  auto names = filesEndingIn(folder.path(), ".gguf");
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(*names, (std::vector<std::string>{"a.gguf", "b.gguf"}));
}

TEST(FilesEndingIn, FailsWithoutTheFolder) {
  EXPECT_EQ(errorOf(filesEndingIn("/no/such/folder", "")),
            "/no/such/folder: the folder cannot be read: No such file or "
            "directory");
}

} // namespace
