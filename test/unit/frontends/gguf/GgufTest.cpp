//===- GgufTest.cpp - Well-formed GGUF files ------------------------------===//

#include "frontends/gguf/Gguf.h"
#include "test/unit/frontends/gguf/GgufBytes.h"
#include <chrono>

using namespace tombolo;

namespace {

struct Gguf : testing::Test {
  void read(const std::string &bytes, bool headerOnlyOk = false) {
    Status status =
        readGgufFile(fileOf(bytes, "f"), weights, metadata, headerOnlyOk);
    ASSERT_TRUE(status.ok()) << errorOf(status);
  }

  WeightSource weights;
  nlohmann::ordered_json metadata;
};

TEST_F(Gguf, IndexesTensorsWithReversedDimensions) {
  std::string block(18, 'q');
  read(GgufBytes()
           .tensor("a", {3, 2}, 0, std::string(24, 'a'))
           .tensor("b", {64, 3}, 2, std::string(108, 'b'))
           .tensor("c", {2}, 24, "cc")
           .bytes());
  ASSERT_EQ(weights.tensors().size(), 3u);
  const TensorInfo &b = weights.tensors()[1];
  EXPECT_EQ(b.name, "b");
  EXPECT_EQ(b.encoding, Encoding::Q4_0);
  EXPECT_EQ(b.shape, (std::vector<int64_t>{3, 64}));
  EXPECT_EQ(b.bytes, 108u);
  EXPECT_EQ(b.offset % 32, 0u);
  auto read = weights.read(b);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(char(read->bytes.front()), 'b');
  EXPECT_EQ(char(read->bytes.back()), 'b');
  EXPECT_EQ(weights.find("a")->shape, (std::vector<int64_t>{2, 3}));
}

TEST_F(Gguf, ReadsVersion2) {
  GgufBytes file;
  file.version = 2;
  read(file.number("a", 1).tensor("t", {1}, 24, "x").bytes());
  EXPECT_EQ(weights.tensors().size(), 1u);
}

TEST_F(Gguf, ReadsAScalar) {
  read(GgufBytes().tensor("t", {}, 0, "abcd").bytes());
  EXPECT_TRUE(weights.find("t")->shape.empty());
  EXPECT_EQ(weights.find("t")->elements(), 1);
}

TEST_F(Gguf, ReadsAFileWithoutTensors) {
  read(GgufBytes().text("general.architecture", "llama").header());
  EXPECT_EQ(metadata["general.architecture"], "llama");
  EXPECT_TRUE(weights.tensors().empty());
}

TEST_F(Gguf, FollowsItsAlignment) {
  GgufBytes file;
  file.alignment = 128;
  read(file.number("general.alignment", 128)
           .tensor("a", {1}, 24, "a")
           .tensor("b", {1}, 24, "b")
           .bytes());
  EXPECT_EQ(weights.find("b")->offset, weights.find("a")->offset + 128);
  EXPECT_EQ(weights.find("a")->offset % 128, 0u);
}

TEST_F(Gguf, NeedsNoPaddingBehindTheLastTensor) {
  GgufBytes file;
  file.tensor("a", {2}, 24, "ab");
  file.data.resize(2);
  read(file.bytes());
  EXPECT_TRUE(weights.read(*weights.find("a")).ok());
}

TEST_F(Gguf, IndexesAHeaderAlone) {
  GgufBytes file;
  file.tensor("a", {2}, 24, "ab");
  read(file.header(), true);
  EXPECT_FALSE(weights.read(*weights.find("a")).ok());
}

TEST_F(Gguf, ReadsIntegersAs64Bits) {
  read(GgufBytes()
           .key("u", gguf::UINT64, bytesOf(~uint64_t(0)))
           .key("i", gguf::INT8, bytesOf(int8_t(-1)))
           .key("f", gguf::FLOAT32, bytesOf(1e-5f))
           .header());
  EXPECT_EQ(metadata["u"].get<uint64_t>(), ~uint64_t(0));
  EXPECT_EQ(metadata["i"].get<int64_t>(), -1);
  EXPECT_EQ(metadata["f"].get<double>(), double(1e-5f));
}

TEST_F(Gguf, ReadsVocabulariesFast) {
  const uint32_t count = 200000;
  std::string tokens =
      bytesOf(uint32_t(gguf::STRING)) + bytesOf(uint64_t(count));
  std::string scores =
      bytesOf(uint32_t(gguf::FLOAT32)) + bytesOf(uint64_t(count));
  for (uint32_t i = 0; i < count; ++i) {
    tokens += ggufString("▁token" + std::to_string(i));
    scores += bytesOf(float(i));
  }
  std::string bytes = GgufBytes()
                          .key("tokens", gguf::ARRAY, tokens)
                          .key("scores", gguf::ARRAY, scores)
                          .header();
  auto start = std::chrono::steady_clock::now();
  read(bytes);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  EXPECT_EQ(metadata["tokens"].size(), count);
  EXPECT_EQ(metadata["tokens"][199999], "▁token199999");
  EXPECT_EQ(metadata["scores"][3], 3.0);
}

TEST(GgmlTypes, RefuseWhatWasDropped) {
  for (uint32_t type : {4, 5, 31, 32, 33, 36, 37, 38, 43, 1000})
    EXPECT_FALSE(encodingOfGgmlType(type)) << type;
  EXPECT_EQ(encodingOfGgmlType(3), Encoding::Q4_1);
  EXPECT_EQ(encodingOfGgmlType(40), Encoding::NVFP4);
}

TEST(GgmlTypes, GoBothWays) {
  for (uint32_t type = 0; type < 64; ++type)
    if (auto encoding = encodingOfGgmlType(type))
      EXPECT_EQ(ggmlTypeOf(*encoding), type);
  EXPECT_EQ(ggmlTypeOf(Encoding::F8E4M3), std::nullopt);
}

} // namespace
