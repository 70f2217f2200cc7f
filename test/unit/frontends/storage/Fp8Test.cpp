//===- Fp8Test.cpp - FP8 with scales, and FP4 with powers of two ----------===//

#include "test/unit/frontends/storage/StoredFixture.h"

using namespace tombolo;
using testing::ElementsAre;

namespace {

/// E4M3 codes of 1, 2, 3, ..
std::string codesOf(int count) {
  constexpr char one = 0x38, codes[] = {one,      one + 8,  one + 12,
                                        one + 16, one + 18, one + 20};
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes += codes[i % 6];
  return bytes;
}

constexpr const char *blocks22 = "\"weight_block_size\": [2, 2]";

TEST_F(Stored, Fp8HasAScaleForEachBlock) {
  // Rows of 1 2 3 | 4 5 6 | 1 2 3; blocks at the edges are partial.
  add("a.weight", Encoding::F8E4M3, {3, 3}, codesOf(9));
  add("a.weight_scale_inv", Encoding::F32, {2, 2},
      bytesOfAll<float>({1, 10, 100, 0.5f}));
  ASSERT_TRUE(join("fp8", blocks22).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f8e4m3.f32x1"));
  EXPECT_THAT(numbers("a.weight"),
              ElementsAre(1, 2, 30, 4, 5, 60, 100, 200, 1.5f));
}

TEST_F(Stored, Fp8BlocksThatFillRowsAreKept) {
  add("a.weight", Encoding::F8E4M3, {2, 4}, codesOf(8));
  add("a.weight_scale_inv", Encoding::BF16, {1, 2},
      bytesOfAll<uint16_t>({floatToBfloat(2), floatToBfloat(4)}));
  ASSERT_TRUE(join("fp8", blocks22).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f8e4m3.bf16x2"));
  EXPECT_THAT(numbers("a.weight"), ElementsAre(2, 4, 12, 16, 10, 12, 4, 8));
}

TEST_F(Stored, Fp8ScalesMayBePowersOfTwo) {
  // 2^1 and 2^-1, as F8E8M0 and as bytes, under the name of DeepSeek-V4.
  for (Encoding encoding : {Encoding::F8E8M0, Encoding::U8}) {
    weights = WeightSource();
    add("a.weight", Encoding::F8E4M3, {1, 4}, codesOf(4));
    add("a.scale", encoding, {1, 2}, "\x80\x7e");
    ASSERT_TRUE(join("fp8", blocks22).ok());
    EXPECT_THAT(names(), ElementsAre("a.weight f8e4m3.f8e8m0x2"));
    EXPECT_THAT(numbers("a.weight"), ElementsAre(2, 4, 1.5f, 2));
  }
}

TEST_F(Stored, Fp8MayHaveOneScaleOrOneARow) {
  add("a.weight", Encoding::F8E4M3, {2, 3}, codesOf(6));
  add("a.weight_scale", Encoding::F32, {}, bytesOf(2.0f));
  add("b.weight", Encoding::F8E4M3, {2, 3}, codesOf(6));
  add("b.weight_scale", Encoding::F32, {2, 1}, bytesOfAll<float>({2, 3}));
  add("c.weight", Encoding::F8E5M2, {2, 3}, std::string(6, '\x3c'));
  add("c.weight_scale", Encoding::F16, {2}, bytesOfHalves({4, 5}));
  ASSERT_TRUE(join("fbgemm_fp8").ok());
  EXPECT_THAT(names(),
              ElementsAre("a.weight f8e4m3.f32x3", "b.weight f8e4m3.f32x3",
                          "c.weight f8e5m2.f16x3"));
  EXPECT_THAT(numbers("a.weight"), ElementsAre(2, 4, 6, 8, 10, 12));
  EXPECT_THAT(numbers("b.weight"), ElementsAre(2, 4, 6, 12, 15, 18));
  EXPECT_THAT(numbers("c.weight"), ElementsAre(4, 4, 4, 5, 5, 5));
}

TEST_F(Stored, Fp8MayBeAStackOfMatrices) {
  add("experts.up", Encoding::F8E4M3, {2, 2, 2}, codesOf(8));
  add("experts.up_scale_inv", Encoding::F32, {2, 1, 1},
      bytesOfAll<float>({1, 2}));
  ASSERT_TRUE(join("fp8", blocks22).ok());
  EXPECT_THAT(names(), ElementsAre("experts.up f8e4m3.f32x2"));
  EXPECT_THAT(numbers("experts.up"), ElementsAre(1, 2, 3, 4, 10, 12, 2, 4));
}

TEST_F(Stored, Fp8LeavesScalesOfActivationsAside) {
  add("a.weight", Encoding::F8E4M3, {1, 2}, codesOf(2));
  add("a.weight_scale", Encoding::F32, {1}, bytesOf(1.0f));
  add("a.input_scale", Encoding::F32, {});
  ASSERT_TRUE(join("fp8").ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f8e4m3.f32x2"));
  ASSERT_EQ(leftAside.size(), 1u);
  EXPECT_EQ(leftAside[0].name, "a.input_scale");
  EXPECT_EQ(leftAside[0].reason, "activations are not quantized");
}

TEST_F(Stored, Fp8RefusesCompanionsThatDoNotFit) {
  add("a.weight", Encoding::F8E4M3, {4, 4});
  EXPECT_EQ(failure("fp8", blocks22),
            "f: tensor 'a.weight': expects tensor 'a.weight_scale_inv' or "
            "'a.weight_scale' or 'a.scale' beside it, but no file has one");
  add("a.weight_scale_inv", Encoding::I32, {2, 2});
  EXPECT_EQ(failure("fp8", blocks22),
            "f: tensor 'a.weight_scale_inv': expects f32, bf16, f16, f8e8m0 or "
            "u8, but got i32");
  replace("a.weight_scale_inv", Encoding::F32, {2, 3});
  EXPECT_EQ(failure("fp8", blocks22),
            "f: tensor 'a.weight_scale_inv': expects one number, one for each "
            "row or one for each block of [2, 2] of 'a.weight' of [4, 4], but "
            "got shape [2, 3]");
  EXPECT_EQ(failure("fp8"),
            "f: tensor 'a.weight_scale_inv': expects one number, one for each "
            "row or one for each of equal blocks of 'a.weight' of [4, 4], but "
            "got shape [2, 3]");
  remove("a.weight");
  EXPECT_EQ(failure("fp8"), "f: tensor 'a.weight_scale_inv': stands beside no "
                            "tensor that is quantized");
}

/// 64 codes, two a byte: element i has code i % 16.
std::string nibbles(int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i)
    text += char((2 * i + 1) % 16 << 4 | 2 * i % 16);
  return text;
}
constexpr float e2m1[16] = {0,    0.5f,  1,  1.5f,  2,  3,  4,  6,
                            -0.f, -0.5f, -1, -1.5f, -2, -3, -4, -6};

TEST_F(Stored, Fp4ExpertsAreBlocksOf32) {
  outer = R"(, "expert_dtype": "fp4")";
  add("w1.weight", Encoding::I8, {1, 32}, nibbles(32));
  add("w1.scale", Encoding::F8E8M0, {1, 2}, "\x7f\x81");
  ASSERT_TRUE(join("fp8", blocks22).ok());
  EXPECT_THAT(names(), ElementsAre("w1.weight mxfp4"));
  std::vector<float> values = numbers("w1.weight");
  ASSERT_EQ(values.size(), 64u);
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(values[i], e2m1[i % 16] * (i < 32 ? 1 : 4)) << i;
}

TEST_F(Stored, Fp4RefusesWhatDoesNotFit) {
  add("w1.weight", Encoding::I8, {1, 32});
  EXPECT_EQ(failure("fp8"), "f: tensor 'w1.weight': expects 'expert_dtype' to "
                            "be 'fp4' in the config where weights are stored "
                            "as i8");
  outer = R"(, "expert_dtype": "fp4")";
  EXPECT_EQ(failure("fp8"),
            "f: tensor 'w1.weight': expects tensor 'w1.weight_scale_inv' or "
            "'w1.weight_scale' or 'w1.scale' beside it, but no file has one");
  add("w1.scale", Encoding::F32, {1, 2});
  EXPECT_EQ(failure("fp8"),
            "f: tensor 'w1.scale': expects f8e8m0 or u8, but got f32");
  replace("w1.scale", Encoding::F8E8M0, {1, 3});
  EXPECT_EQ(failure("fp8"), "f: tensor 'w1.scale': expects shape [1, 2] for "
                            "'w1.weight' of [1, 32], but got [1, 3]");
}

TEST_F(Stored, Mxfp4HasBlocksInAnAxisOfTheirOwn) {
  add("x_blocks", Encoding::U8, {2, 1, 1, 16}, nibbles(16) + nibbles(16));
  add("x_scales", Encoding::U8, {2, 1, 1}, "\x7f\x7e");
  ASSERT_TRUE(join("mxfp4").ok());
  EXPECT_THAT(names(), ElementsAre("x_blocks mxfp4"));
  EXPECT_EQ(weights.find("x_blocks")->shape, (std::vector<int64_t>{2, 1, 32}));
  std::vector<float> values = numbers("x_blocks");
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(values[i], e2m1[i % 16] * (i < 32 ? 1 : 0.5f)) << i;
}

TEST_F(Stored, Mxfp4RefusesWhatDoesNotFit) {
  add("x_blocks", Encoding::U8, {2, 2, 16});
  EXPECT_EQ(failure("mxfp4"), "f: tensor 'x_blocks': expects tensor 'x_scales' "
                              "beside it, but no file has it");
  add("x_scales", Encoding::F32, {2, 2});
  EXPECT_EQ(failure("mxfp4"),
            "f: tensor 'x_scales': expects u8 or f8e8m0, but got f32");
  replace("x_scales", Encoding::U8, {2, 3});
  EXPECT_EQ(failure("mxfp4"), "f: tensor 'x_scales': expects shape [2, 2] for "
                              "'x_blocks' of [2, 2, 16], but got [2, 3]");
  replace("x_blocks", Encoding::U8, {2, 2, 8});
  EXPECT_EQ(failure("mxfp4"),
            "f: tensor 'x_blocks': expects u8 with 16 in the last axis, but "
            "got u8 of [2, 2, 8]");
}

} // namespace
