//===- TestFile.h - Files of a test -----------------------------*- C++ -*-===//

#ifndef TEST_UNIT_RUNTIME_CORE_TESTFILE_H
#define TEST_UNIT_RUNTIME_CORE_TESTFILE_H

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

namespace tombolo {

/// A folder that exists as long as this.
class TestFolder {
public:
  TestFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "tombolo-test-XXXXXX")
            .string();
    path = mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
  std::string operator/(const std::string &name) const {
    return (path / name).string();
  }
  std::filesystem::path path;
};

inline std::vector<std::byte> readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  auto *bytes = reinterpret_cast<const std::byte *>(text.data());
  return {bytes, bytes + text.size()};
}

inline void writeFile(const std::string &path, const void *data, size_t size) {
  std::filesystem::create_directories(
      std::filesystem::path(path).parent_path());
  // A new file: some filesystems wait for the disk where one is truncated and
  // written again.
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char *>(data), size);
}
inline void writeFile(const std::string &path,
                      const std::vector<std::byte> &bytes) {
  writeFile(path, bytes.data(), bytes.size());
}
inline void writeFile(const std::string &path, const std::string &text) {
  writeFile(path, text.data(), text.size());
}

} // namespace tombolo

#endif // TEST_UNIT_RUNTIME_CORE_TESTFILE_H
