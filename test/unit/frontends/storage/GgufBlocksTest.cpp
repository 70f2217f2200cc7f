//===- GgufBlocksTest.cpp - Factors beside the blocks of a GGUF file ------===//

#include "test/unit/frontends/storage/StoredFixture.h"

using namespace tombolo;
using testing::ElementsAre;
using testing::ElementsAreArray;

namespace {

/// E4M3 numbers.
constexpr char half = 0x30, one = 0x38, two = 0x40, four = 0x48;

/// A block of 64: scales of its four groups, each of which has all 16 codes in
/// order, element j in the low half of byte j and element j + 8 above it.
std::string block(std::initializer_list<char> scales) {
  std::string bytes(scales);
  for (int group = 0; group < 4; ++group)
    bytes += "\x80\x91\xa2\xb3\xc4\xd5\xe6\xf7";
  return bytes;
}

std::vector<float> numbersOf(std::initializer_list<float> scales) {
  std::vector<float> all;
  for (float scale : scales)
    for (float value : {0.f, .5f, 1.f, 1.5f, 2.f, 3.f, 4.f, 6.f, -0.f, -.5f,
                        -1.f, -1.5f, -2.f, -3.f, -4.f, -6.f})
      all.push_back(scale * value);
  return all;
}

class GgufBlocks : public Stored {
protected:
  Status joinGguf() { return joinGgufStorage(weights, leftAside); }
};

TEST_F(GgufBlocks, AFactorJoinsEachRow) {
  add("a.weight", Encoding::NVFP4, {2, 64},
      block({one, two, half, four}) + block({four, one, one, '\x7f'}));
  add("a.scale", Encoding::F32, {1}, bytesOf(3.f));
  ASSERT_TRUE(joinGguf().ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f4e2m1.f8e4m3x16.f32x64"));
  // The code of no number stands for zero.
  EXPECT_THAT(numbers("a.weight"),
              ElementsAreArray(numbersOf({3, 6, 1.5, 12, 12, 3, 3, 0})));
}

TEST_F(GgufBlocks, BlocksJoinUpTo256) {
  add("a.weight", Encoding::NVFP4, {1, 256},
      block({one, one, one, one}) + block({two, two, two, two}) +
          block({half, half, half, half}) + block({four, two, one, half}));
  add("a.scale", Encoding::F32, {1}, bytesOf(2.f));
  ASSERT_TRUE(joinGguf().ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f4e2m1.f8e4m3x16.f32x256"));
  EXPECT_THAT(numbers("a.weight"),
              ElementsAreArray(
                  numbersOf({2, 2, 2, 2, 4, 4, 4, 4, 1, 1, 1, 1, 8, 4, 2, 1})));
}

TEST_F(GgufBlocks, MatricesOfAStackHaveTheirOwn) {
  add("a.weight", Encoding::NVFP4, {2, 1, 64},
      block({one, one, two, two}) + block({one, one, two, two}));
  add("a.scale", Encoding::F32, {2}, bytesOfAll<float>({2, .5}));
  ASSERT_TRUE(joinGguf().ok());
  EXPECT_THAT(numbers("a.weight"),
              ElementsAreArray(numbersOf({2, 2, 4, 4, .5, .5, 1, 1})));
}

TEST_F(GgufBlocks, OtherTensorsStayAsTheyAre) {
  add("a.weight", Encoding::NVFP4, {1, 64});
  add("a.input_scale", Encoding::F32, {1});
  add("b.weight", Encoding::F32, {2, 2});
  add("b.scale", Encoding::F32, {2});
  ASSERT_TRUE(joinGguf().ok());
  EXPECT_THAT(names(),
              ElementsAre("a.weight nvfp4", "b.weight f32", "b.scale f32"));
  ASSERT_EQ(leftAside.size(), 1u);
  EXPECT_EQ(leftAside[0].name, "a.input_scale");
  EXPECT_EQ(leftAside[0].reason, "activations are not quantized");
}

TEST_F(GgufBlocks, RefusesFactorsThatDoNotFit) {
  add("a.weight", Encoding::NVFP4, {2, 3, 64});
  add("a.scale", Encoding::F32, {3});
  EXPECT_EQ(errorOf(joinGguf()),
            "f: tensor 'a.scale': expects one number, or one for each of 2 "
            "matrices of 'a.weight', but got shape [3]");
  replace("a.scale", Encoding::F16, {2});
  EXPECT_EQ(errorOf(joinGguf()),
            "f: tensor 'a.scale': expects f32, but got f16");
  replace("a.scale", Encoding::F32, {2});
  ASSERT_TRUE(joinGguf().ok());
  EXPECT_EQ(readFailure("a.weight"),
            "f: tensor 'a.scale': expects positive, finite numbers");
}

} // namespace
