#include "frontends/arch/Description.h"
#include "ArchFixture.h"
#include "frontends/architectures/Embedded.h"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::arch;

TEST(Description, TheBuiltInFamiliesAreGood) {
  Result<Catalog> catalog = loadCatalog({});
  ASSERT_TRUE(catalog.ok()) << catalog.error().str();
  std::vector<std::string> names;
  for (const auto &family : catalog->families)
    names.push_back(family->name);
  for (const char *name :
       {"gemma3", "llama", "mistral", "phi3", "qwen2", "qwen3"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
}

TEST(Description, TheBuiltInFilesAreThoseOfTheSource) {
  size_t files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(
           TOMBOLO_SOURCE_DIR "/frontends/architectures"))
    files += entry.path().extension() == ".arch";
  EXPECT_EQ(embeddedDescriptions().size(), files);
  for (const EmbeddedDescription &embedded : embeddedDescriptions()) {
    std::ifstream file(TOMBOLO_SOURCE_DIR "/frontends/architectures/" +
                       std::string(embedded.name));
    std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(embedded.text, text) << embedded.name;
  }
}

TEST(Description, FilesThatAreGivenComeFirst) {
  Result<Catalog> catalog =
      loadCatalog({TOMBOLO_SOURCE_DIR "/test/frontends/arch/tiny.arch"});
  ASSERT_TRUE(catalog.ok());
  EXPECT_EQ(catalog->families.front()->name, "tiny");
}

TEST(Description, RefusesWhatIsNoText) {
  EXPECT_EQ(test::errorsOf("family \xff"),
            "t.arch: expects a description in UTF-8\n");
  EXPECT_EQ(test::errorsOf(std::string((1 << 20) + 1, ' ')),
            "t.arch: expects a description of at most 1048576 bytes, but got "
            "1048577\n");
  EXPECT_EQ(test::errorsOf(""),
            "t.arch:1:1: expects 'family', but got the end of the file\n");
  Result<Catalog> missing = loadCatalog({"no-such-file.arch"});
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().str().find("no-such-file.arch"), std::string::npos);
}

TEST(Description, ErrorsAreBounded) {
  std::string text = "family t {\n";
  for (int i = 0; i < 1000; ++i)
    text += "  what\n";
  auto family = readFamily("t.arch", text + "}\n", test::prelude());
  ASSERT_FALSE(family.ok());
  EXPECT_EQ(family.errors().size(), Diagnostics::kept);
}
