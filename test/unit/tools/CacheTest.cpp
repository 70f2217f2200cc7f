#include "tools/lib/Cache.h"
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tombolo {
namespace {

namespace fs = std::filesystem;

class Cache : public testing::Test {
protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / fmt::format("cache-{}", getpid());
    fs::remove_all(folder);
    fs::create_directories(folder / "model");
    write("model/config.json", "{}");
    write("model/model.safetensors", "weights");
    setenv("TOMBOLO_CACHE", (folder / "cache").c_str(), 1);
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string &name, const std::string &text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  /// Compiles by writing an artifact's first bytes.
  Result<std::string> resolve(const std::string &model,
                              const CompileOptions &options = {}) {
    return resolveModel((folder / model).string(), options,
                        [&](const std::string &, const CompileOptions &,
                            const std::string &output,
                            const ProgressCallback &) -> Status {
                          ++compiled;
                          if (failing)
                            return Error("", "no");
                          std::ofstream(output, std::ios::binary)
                              << std::string("TOMBOLO\0", 8);
                          return success();
                        },
                        {});
  }

  fs::path folder;
  int compiled = 0;
  bool failing = false;
};

TEST_F(Cache, CompilesOnce) {
  Result<std::string> first = resolve("model"), second = resolve("model");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(compiled, 1);
  EXPECT_TRUE(fs::path(*first).filename().string().starts_with("model-"));
  struct stat info;
  ASSERT_EQ(stat((folder / "cache/compiled").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(Cache, AnArtifactIsItself) {
  write("a.tbo", std::string("TOMBOLO\0rest", 12));
  Result<std::string> path = resolve("a.tbo");
  ASSERT_TRUE(path);
  EXPECT_EQ(*path, (folder / "a.tbo").string());
  EXPECT_EQ(compiled, 0);
}

TEST_F(Cache, ContentAndOptionsAreInTheKey) {
  ASSERT_TRUE(resolve("model"));
  CompileOptions exact;
  exact.activations = Activations::F32;
  ASSERT_TRUE(resolve("model", exact));
  EXPECT_EQ(compiled, 2);
  write("model/model.safetensors", "Weights");
  ASSERT_TRUE(resolve("model"));
  EXPECT_EQ(compiled, 3);
  write("model/config.json", "{ }");
  ASSERT_TRUE(resolve("model"));
  EXPECT_EQ(compiled, 4);
}

TEST_F(Cache, AnOlderProgramsEntryIsReplaced) {
  Result<std::string> path = resolve("model");
  ASSERT_TRUE(path);
  std::string older =
      path->substr(0, path->rfind('-')) + "-0123456789abcdef.tbo";
  fs::rename(*path, older);
  ASSERT_TRUE(resolve("model"));
  EXPECT_EQ(compiled, 2);
  EXPECT_FALSE(fs::exists(older));
}

TEST_F(Cache, AFailureLeavesNothing) {
  failing = true;
  EXPECT_FALSE(resolve("model"));
  failing = false;
  EXPECT_TRUE(resolve("model"));
  EXPECT_EQ(compiled, 2);
}

TEST_F(Cache, RefusesAFolderThatOthersCanWrite) {
  fs::create_directories(folder / "cache/compiled");
  chmod((folder / "cache/compiled").c_str(), 0777);
  Result<std::string> path = resolve("model");
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().message,
            "expects a folder that only its owner, this user, can write: "
            "compiled code is kept there");
}

TEST_F(Cache, RefusesWhatIsNotThere) {
  Result<std::string> path = resolve("nothing");
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().str(), (folder / "nothing").string() +
                                    ": cannot be opened: No such file or "
                                    "directory");
}

} // namespace
} // namespace tombolo
