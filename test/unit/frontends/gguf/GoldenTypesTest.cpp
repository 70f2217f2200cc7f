//===- GoldenTypesTest.cpp - Every ggml type against its f32 values -------===//

#include "frontends/gguf/Gguf.h"
#include "frontends/safetensors/Safetensors.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <set>

using namespace tombolo;

namespace {

const std::string folder = TOMBOLO_SOURCE_DIR "/test/goldens/gguf-types/";

std::vector<float> decoded(const WeightSource &weights,
                           const TensorInfo &tensor) {
  std::vector<float> values(tensor.elements());
  auto read = weights.read(tensor);
  EXPECT_TRUE(read.ok());
  Status status = decode(tensor.encoding, read->bytes, values);
  EXPECT_TRUE(status.ok());
  return values;
}

class GoldenTypes : public testing::Test {
protected:
  void SetUp() override {
    Status read = readGguf(folder + "types.gguf", stored, metadata);
    ASSERT_TRUE(read.ok()) << read.error().str();
    read = readSafetensors(folder + "expected.safetensors", expected);
    ASSERT_TRUE(read.ok()) << read.error().str();
  }

  WeightSource stored, expected;
  nlohmann::ordered_json metadata;
};

TEST_F(GoldenTypes, DecodeToTheExpectedValues) {
  ASSERT_EQ(stored.tensors().size(), expected.tensors().size());
  for (const TensorInfo &tensor : stored.tensors()) {
    SCOPED_TRACE(tensor.name);
    const TensorInfo *reference = expected.find(tensor.name);
    ASSERT_NE(reference, nullptr);
    EXPECT_EQ(reference->shape, tensor.shape);
    std::vector<float> got = decoded(stored, tensor);
    std::vector<float> want = decoded(expected, *reference);
    ASSERT_EQ(got.size(), want.size());
    if (infoOf(tensor.encoding).plain) {
      EXPECT_EQ(std::memcmp(got.data(), want.data(), 4 * got.size()), 0);
      continue;
    }
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_LE(std::fabs(got[i] - want[i]),
                std::ldexp(std::fabs(want[i]), -23))
          << "element " << i << ": " << got[i] << " for " << want[i];
  }
}

// Q8_1 and Q8_K are made of activations and never stored.
TEST_F(GoldenTypes, CoverEveryStoredType) {
  std::set<Encoding> seen{Encoding::Q8_1, Encoding::Q8_K};
  for (const TensorInfo &tensor : stored.tensors())
    seen.insert(tensor.encoding);
  for (uint32_t type = 0; type < 64; ++type)
    if (std::optional<Encoding> encoding = encodingOfGgmlType(type))
      EXPECT_TRUE(seen.count(*encoding)) << infoOf(*encoding).name;
}

TEST_F(GoldenTypes, HoldEveryTypeOfMetadata) {
  nlohmann::ordered_json test = nlohmann::ordered_json::parse(R"({
    "general.architecture": "llama",
    "general.description": "one tensor of every type",
    "test.u8": 200, "test.i8": -100, "test.u16": 60000, "test.i16": -30000,
    "test.u32": 4000000000, "test.i32": -2000000000, "test.f32": 0.15625,
    "test.bool": true, "test.string": "gr\u00fc\u00dfe, \u4e16\u754c",
    "test.u64": 9223372036854775809, "test.i64": -4611686018427387904,
    "test.f64": 1e300, "test.array_i32": [1, -2, 3],
    "test.array_string": ["a", "", "\u00e7\u00e9"],
    "test.array_f32": [0.5, -1.5]
  })");
  EXPECT_EQ(metadata, test);
}

} // namespace
