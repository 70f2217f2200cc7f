//===- TestFolder.h - A folder for one test's files -------------*- C++ -*-===//

#ifndef TEST_UNIT_SUPPORT_TESTFOLDER_H
#define TEST_UNIT_SUPPORT_TESTFOLDER_H

#include "support/MappedFile.h"
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace tombolo {

/// A fresh folder that goes away with the test.
class TestFolder {
public:
  TestFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "tombolo-test-XXXXXX")
            .string();
    const char *made = ::mkdtemp(name.data());
    EXPECT_NE(made, nullptr);
    folder = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  TestFolder(const TestFolder &) = delete;
  TestFolder &operator=(const TestFolder &) = delete;

  std::string path(const std::string &name = "") const {
    return name.empty() ? folder : folder + "/" + name;
  }
  /// Writes a file and gives its path.
  std::string write(const std::string &name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary)
        .write(bytes.data(), std::streamsize(bytes.size()));
    return path(name);
  }

private:
  std::string folder;
};

/// A number's little-endian bytes.
template <typename T> std::string bytesOf(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

/// `bytes` as the file `name` without a file.
inline std::shared_ptr<MappedFile> fileOf(std::string_view bytes,
                                          const std::string &name) {
  return MappedFile::fromBytes(name, std::as_bytes(std::span(bytes)));
}

/// `WHERE: MESSAGE` of a failure, or "no error".
template <typename T> std::string errorOf(const Result<T> &result) {
  return result.ok() ? "no error" : result.error().str();
}

} // namespace tombolo

#endif // TEST_UNIT_SUPPORT_TESTFOLDER_H
