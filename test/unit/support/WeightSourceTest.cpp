//===- WeightSourceTest.cpp - Named tensors in mapped files ---------------===//

#include "support/WeightSource.h"
#include "test/unit/support/TestFolder.h"

using namespace tombolo;

namespace {

TensorInfo tensor(std::string name, std::vector<int64_t> shape, uint64_t offset,
                  uint64_t bytes) {
  return {std::move(name), Encoding::F16, std::move(shape), 0, offset, bytes};
}

TEST(WeightSource, FindsTensorsAndTheirBytes) {
  WeightSource weights;
  EXPECT_EQ(weights.addFile(fileOf("0123456789", "f")), 0u);
  ASSERT_TRUE(weights.addTensor(tensor("a", {2}, 0, 4)).ok());
  ASSERT_TRUE(weights.addTensor(tensor("b", {1, 3}, 4, 6)).ok());
  ASSERT_TRUE(weights.addTensor(tensor("empty", {0, 3}, 10, 0)).ok());
  ASSERT_TRUE(weights.addTensor(tensor("scalar", {}, 8, 2)).ok());
  const TensorInfo *b = weights.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->elements(), 3);
  EXPECT_EQ(weights.find("scalar")->elements(), 1);
  EXPECT_EQ(weights.find("c"), nullptr);
  auto read = weights.read(*b);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(std::string(reinterpret_cast<const char *>(read->bytes.data()),
                        read->bytes.size()),
            "456789");
  EXPECT_TRUE(weights.read(*weights.find("empty"))->bytes.empty());
}

TEST(WeightSource, RefusesANameGivenTwice) {
  WeightSource weights;
  weights.addFile(fileOf("0123", "f"));
  weights.addFile(fileOf("0123", "g"));
  ASSERT_TRUE(weights.addTensor(tensor("a", {2}, 0, 4)).ok());
  EXPECT_EQ(errorOf(weights.addTensor(tensor("a", {2}, 0, 4))),
            "f: tensor 'a': is given twice");
  TensorInfo other = tensor("a", {2}, 0, 4);
  other.file = 1;
  EXPECT_EQ(errorOf(weights.addTensor(other)),
            "g: tensor 'a': is given twice, first in 'f'");
}

TEST(WeightSource, RefusesSizesThatDoNotMatch) {
  WeightSource weights;
  weights.addFile(fileOf("0123", "f"));
  EXPECT_EQ(errorOf(weights.addTensor(tensor("a", {2}, 0, 5))),
            "f: tensor 'a': expects 4 bytes for its shape [2] of 'f16', but "
            "got 5 bytes");
  EXPECT_EQ(errorOf(weights.addTensor(tensor("a", {-2}, 0, 4))),
            "f: tensor 'a': expects a size for its shape [-2] of 'f16', but "
            "got 4 bytes");
  EXPECT_FALSE(
      weights.addTensor(tensor("a", {INT64_MAX, INT64_MAX}, 0, 4)).ok());
}

TEST(WeightSource, FailsWhereAHeaderOnlyFileEnds) {
  WeightSource weights;
  weights.addFile(fileOf("0123", "f"));
  ASSERT_TRUE(weights.addTensor(tensor("a", {2}, 2, 4)).ok());
  ASSERT_TRUE(weights.addTensor(tensor("b", {2}, ~uint64_t(0), 4)).ok());
  EXPECT_EQ(errorOf(weights.read(*weights.find("a"))),
            "f: tensor 'a': expects 4 bytes at byte 2, but the file has only 4 "
            "bytes");
  EXPECT_FALSE(weights.read(*weights.find("b")).ok());
}

} // namespace
