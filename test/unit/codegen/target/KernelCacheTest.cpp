#include "codegen/target/KernelCache.h"
#include "support/ContentKey.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tombolo {
namespace {

namespace fs = std::filesystem;

class KernelCacheTest : public testing::Test {
protected:
  void SetUp() override {
    folder = fs::temp_directory_path() /
             ("kernel-cache-" + std::to_string(getpid()));
    fs::remove_all(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  KernelCache open(const std::string &program = "program") {
    Result<KernelCache> cache = KernelCache::open(folder.string(), program);
    EXPECT_TRUE(cache);
    return std::move(*cache);
  }
  static KernelCode someCode() {
    KernelCode code;
    code.name = "linear";
    for (int i = 0; i < 300; ++i)
      code.bytes.push_back(std::byte(i * 7));
    code.alignment = 64;
    code.entry = 16;
    code.scratchBytes = 4096;
    return code;
  }
  /// Bytes of the one entry of `program`.
  std::string entry(const std::string &key = "key") {
    std::ifstream file(folder / "program" / key, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string &bytes, const std::string &key = "key") {
    std::ofstream(folder / "program" / key, std::ios::binary) << bytes;
  }

  fs::path folder;
};

TEST_F(KernelCacheTest, FindsWhatItKept) {
  KernelCache cache = open();
  EXPECT_FALSE(cache.find("key"));
  KernelCode code = someCode();
  cache.keep("key", code);
  for (const KernelCache &again : {cache, open()}) {
    std::optional<KernelCode> found = again.find("key");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes, code.bytes);
    EXPECT_EQ(found->alignment, 64u);
    EXPECT_EQ(found->entry, 16u);
    EXPECT_EQ(found->scratchBytes, 4096);
    EXPECT_EQ(found->name, "");
  }
  EXPECT_FALSE(cache.find("other"));
}

TEST_F(KernelCacheTest, DamagedEntriesAreNotFoundAndWrittenAgain) {
  KernelCache cache = open();
  cache.keep("key", someCode());
  std::string good = entry();
  for (size_t at = 0; at < good.size(); ++at) {
    std::string altered = good;
    altered[at] ^= 1;
    write(altered);
    EXPECT_FALSE(cache.find("key")) << "byte " << at;
  }
  for (size_t size : {size_t(0), size_t(7), size_t(55), good.size() - 1}) {
    write(good.substr(0, size));
    EXPECT_FALSE(cache.find("key")) << size << " bytes";
  }
  write(good + '\0');
  EXPECT_FALSE(cache.find("key"));
  cache.keep("key", someCode());
  EXPECT_TRUE(cache.find("key"));
}

TEST_F(KernelCacheTest, ANewProgramReplacesOlderOnes) {
  open("old").keep("key", someCode());
  KernelCache cache = open("new");
  EXPECT_FALSE(cache.find("key"));
  EXPECT_FALSE(fs::exists(folder / "old"));
}

TEST_F(KernelCacheTest, RefusesAFolderThatOthersWrite) {
  open();
  for (const fs::path &shared : {folder, folder / "program"}) {
    chmod(shared.c_str(), 0777);
    Result<KernelCache> cache = KernelCache::open(folder.string(), "program");
    ASSERT_FALSE(cache);
    EXPECT_EQ(cache.error().str(),
              shared.string() +
                  ": expects a folder that only its owner, this user, can "
                  "write: compiled code is kept there");
    chmod(shared.c_str(), 0700);
  }
}

TEST_F(KernelCacheTest, FoldersAreOfThisUserAlone) {
  open();
  for (const fs::path &own : {folder, folder / "program"}) {
    struct stat info;
    ASSERT_EQ(stat(own.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
  }
}

TEST(ContentKey, DependsOnEachPartAndItsLength) {
  auto key = [](auto... parts) {
    ContentKey key;
    (key.add(parts), ...);
    return key.text();
  };
  std::string_view ab = "ab", a = "a", b = "b", nothing = "";
  EXPECT_EQ(key(a, b), key(a, b));
  EXPECT_NE(key(a, b), key(b, a));
  EXPECT_NE(key(ab, nothing), key(a, b));
  EXPECT_NE(key(uint64_t(1)), key(uint64_t(2)));
  EXPECT_EQ(key(a).size(), 32u);
  EXPECT_EQ(ContentKey().add(a).shortText(), key(a).substr(16));
}

TEST(ContentKey, ProgramsHaveOne) {
  EXPECT_EQ(ContentKey().addProgram().text(), ContentKey().addProgram().text());
  EXPECT_NE(ContentKey().addProgram().text(), ContentKey().text());
}

} // namespace
} // namespace tombolo
