#include "tools/lib/Reference.h"
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace tombolo {
namespace {

struct Tensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};

template <typename T> std::string raw(std::vector<T> values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(T)};
}

/// A safetensors file for the time of a test.
class File {
public:
  explicit File(const std::vector<Tensor> &tensors)
      : path(fmt::format("{}/reference-{}-{}.safetensors",
                         std::filesystem::temp_directory_path().string(),
                         getpid(), ++count)) {
    nlohmann::ordered_json header;
    std::string data;
    for (const Tensor &tensor : tensors) {
      size_t begin = data.size();
      data += tensor.bytes;
      header[tensor.name] = {{"dtype", tensor.dtype},
                             {"shape", tensor.shape},
                             {"data_offsets", {begin, data.size()}}};
    }
    std::string text = header.dump();
    uint64_t size = text.size();
    std::ofstream(path, std::ios::binary)
        << raw<uint64_t>({size}) << text << data;
  }
  ~File() { std::filesystem::remove(path); }
  std::string path;

private:
  static inline int count = 0;
};

std::vector<Tensor> good() {
  return {{"input_ids", "I64", {2}, raw<int64_t>({5, 6})},
          {"logits", "F32", {2, 2}, raw<float>({1, 2, 3, 4})},
          {"hidden.0", "F32", {2, 1, 2}, raw<float>({1, 2, 3, 4})},
          {"hidden.12", "BF16", {2, 1}, raw<uint16_t>({0x3f80, 0x4000})},
          {"generated_ids", "I32", {1}, raw<int32_t>({7})},
          {"generated_logits", "F32", {1, 2}, raw<float>({3, 4})}};
}

std::string message(const std::vector<Tensor> &tensors) {
  File file(tensors);
  Result<Reference> reference = readReference(file.path);
  return reference ? std::string() : reference.error().message;
}

TEST(Reference, ReadsEveryPart) {
  File file(good());
  Result<Reference> reference = readReference(file.path);
  ASSERT_TRUE(reference) << reference.error().str();
  EXPECT_EQ(reference->inputIds, (std::vector<int32_t>{5, 6}));
  EXPECT_EQ(reference->logits.rows, 2);
  EXPECT_EQ(reference->hidden.at(0).columns, 2);
  EXPECT_EQ(reference->hidden.at(12).values, (std::vector<float>{1, 2}));
  EXPECT_EQ(reference->generatedIds, std::vector<int32_t>{7});
  EXPECT_EQ(reference->generatedLogits.row(0)[1], 4);
}

TEST(Reference, NeedsIdsAndLogits) {
  std::vector<Tensor> tensors = good();
  tensors.erase(tensors.begin() + 1);
  EXPECT_EQ(message(tensors),
            "expects a tensor 'logits', but has none: a reference holds "
            "'input_ids' [S] and 'logits' [S, V] or [1, V]");
}

TEST(Reference, ChecksShapes) {
  std::vector<Tensor> tensors = good();
  tensors[1] = {"logits", "F32", {3, 1}, raw<float>({1, 2, 3})};
  EXPECT_EQ(message(tensors),
            "tensor 'logits': expects 2 rows, as 'input_ids' has elements, or "
            "one, but got [3, 1] of f32");
  tensors = good();
  tensors[2] = {"hidden.0", "F32", {1, 2}, raw<float>({1, 2})};
  EXPECT_EQ(message(tensors),
            "tensor 'hidden.0': expects 2 rows, as "
            "'input_ids' has elements, but got [1, 2] of f32");
  tensors = good();
  tensors[5] = {"generated_logits", "F32", {2, 1}, raw<float>({1, 2})};
  EXPECT_EQ(message(tensors),
            "tensor 'generated_logits': expects 1 rows, as 'generated_ids' has "
            "elements, but got [2, 1] of f32");
}

TEST(Reference, ChecksTypesAndIds) {
  std::vector<Tensor> tensors = good();
  tensors[0] = {"input_ids", "F32", {2}, raw<float>({1, 2})};
  EXPECT_EQ(message(tensors),
            "tensor 'input_ids': expects one dimension of i64 or i32 token "
            "ids, but got [2] of f32");
  tensors[0] = {"input_ids", "I64", {2}, raw<int64_t>({1, -2})};
  EXPECT_EQ(message(tensors),
            "tensor 'input_ids': element 1: expects a token id, but got -2");
  tensors[0] = {"input_ids", "I64", {0}, ""};
  EXPECT_EQ(message(tensors),
            "tensor 'input_ids': expects at least one token id");
  tensors = good();
  tensors[1] = {"logits", "I32", {2, 1}, raw<int32_t>({1, 2})};
  EXPECT_EQ(message(tensors), "tensor 'logits': expects rows of floating-point "
                              "numbers, but got [2, 1] of i32");
}

TEST(Reference, ReadsAGolden) {
  Result<Reference> reference = readReference(
      TOMBOLO_SOURCE_DIR "/test/goldens/smollm2/expected.safetensors");
  ASSERT_TRUE(reference) << reference.error().str();
  EXPECT_EQ(reference->inputIds.size(), 64u);
  EXPECT_EQ(reference->hidden.size(), 5u);
  EXPECT_EQ(reference->generatedIds.size(), 24u);
}

} // namespace
} // namespace tombolo
