//===- CompressedTensorsTest.cpp - compressed-tensors and ModelOpt --------===//

#include "test/unit/frontends/storage/StoredFixture.h"

using namespace tombolo;
using testing::ElementsAre;

namespace {

constexpr const char *int4 =
    R"("config_groups": {"g": {"weights": {"num_bits": 4, "type": "int"}}})";
constexpr const char *int8 =
    R"("config_groups": {"g": {"weights": {"num_bits": 8, "type": "int"}}})";
constexpr const char *int4And8 =
    R"("config_groups": {"g": {"weights": {"num_bits": 4, "type": "int"}},
                         "h": {"weights": {"num_bits": 8, "type": "int"}}})";
constexpr const char *anyFloat =
    R"("config_groups": {"g": {"weights": {"num_bits": 8, "type": "float"}}})";

/// Two rows of 8 codes in two groups of 4: 0, 1, .. and 15, 14, ..
class Packed : public Stored {
protected:
  Packed() {
    add("a.weight_packed", Encoding::I32, {2, 1},
        std::string("\x10\x32\x54\x76\xef\xcd\xab\x89", 8));
    add("a.weight_shape", Encoding::I64, {2}, bytesOfAll<int64_t>({2, 8}));
    add("a.weight_scale", Encoding::F16, {2, 2}, bytesOfHalves({1, 2, 4, 8}));
  }
};

TEST_F(Packed, IntegersHaveTheMiddleForZero) {
  ASSERT_TRUE(join("compressed-tensors", int4).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i4.f16x4"));
  EXPECT_THAT(numbers("a.weight"), ElementsAre(-8, -7, -6, -5, -8, -6, -4, -2,
                                               28, 24, 20, 16, 24, 16, 8, 0));
}

TEST_F(Packed, IntegersMayHaveZeros) {
  // Packed along the rows: row 0 has 1 and 2, row 1 has 15 and 0.
  add("a.weight_zero_point", Encoding::I32, {1, 2},
      std::string("\xf1\0\0\0\x02\0\0\0", 8));
  ASSERT_TRUE(join("compressed-tensors", int4).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i4.f16x4.z"));
  EXPECT_THAT(numbers("a.weight"), ElementsAre(-1, 0, 1, 2, 4, 6, 8, 10, 0, -4,
                                               -8, -12, 88, 80, 72, 64));
}

TEST_F(Packed, IntegersOfAnyOrderAreDecoded) {
  add("a.weight_g_idx", Encoding::I32, {8},
      bytesOfAll<int32_t>({1, 0, 1, 0, 1, 0, 1, 0}));
  ASSERT_TRUE(join("compressed-tensors", int4).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f32"));
  EXPECT_THAT(numbers("a.weight"), ElementsAre(-16, -7, -12, -5, -8, -3, -4, -1,
                                               56, 24, 40, 16, 24, 8, 8, 0));
}

TEST_F(Packed, ShapeTellsWidthsApart) {
  add("b.weight_packed", Encoding::I32, {1, 1},
      std::string("\x80\x81\x7f\0", 4));
  add("b.weight_shape", Encoding::I32, {2}, bytesOfAll<int32_t>({1, 4}));
  add("b.weight_scale", Encoding::BF16, {1, 1}, bytesOf(floatToBfloat(2)));
  ASSERT_TRUE(join("compressed-tensors", int4And8).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i4.f16x4", "b.weight i8.bf16x4"));
  EXPECT_THAT(numbers("b.weight"), ElementsAre(0, 2, -2, -256));
}

TEST_F(Packed, RefusesCompanionsThatDoNotFit) {
  const std::string head = "f: tensor 'a.weight_packed': expects ";
  EXPECT_EQ(failure("compressed-tensors"),
            head + "'config_groups' to give the 'num_bits' of integers");
  replace("a.weight_scale", Encoding::F16, {1, 2});
  EXPECT_EQ(failure("compressed-tensors", int4),
            "f: tensor 'a.weight_scale': expects one number for each group of "
            "each of 2 rows of 8, but got shape [1, 2]");
  replace("a.weight_scale", Encoding::I8, {2, 2});
  EXPECT_EQ(failure("compressed-tensors", int4),
            "f: tensor 'a.weight_scale': expects f16, bf16 or f32, but got i8");
  remove("a.weight_scale");
  EXPECT_EQ(failure("compressed-tensors", int4),
            head + "tensor 'a.weight_scale' beside it, but no file has it");
  add("a.weight_scale", Encoding::F16, {2, 8});
  EXPECT_EQ(failure("compressed-tensors", int4),
            head + "groups that fill whole bytes, but got 1 elements in a "
                   "group");
  replace("a.weight_scale", Encoding::F16, {2, 2});
  add("a.weight_zero_point", Encoding::I32, {2, 2});
  add("a.weight_g_idx", Encoding::I32, {4});
  EXPECT_EQ(failure("compressed-tensors", int4),
            "f: tensor 'a.weight_zero_point': expects shape [1, 2] for "
            "'a.weight_packed' of [2, 1], but got [2, 2]\n"
            "f: tensor 'a.weight_g_idx': expects shape [8] for "
            "'a.weight_packed' of [2, 1], but got [4]");
  replace("a.weight_packed", Encoding::I32, {0, 1});
  EXPECT_EQ(failure("compressed-tensors", int4),
            head + "a matrix that is not empty, but got [0, 1]");
  replace("a.weight_packed", Encoding::I16, {2, 1});
  EXPECT_EQ(failure("compressed-tensors", int4),
            head + "i32 or u8 of two dimensions, but got i16 of [2, 1]");
  remove("a.weight_shape");
  replace("a.weight_packed", Encoding::I32, {2, 1});
  EXPECT_EQ(failure("compressed-tensors", int4),
            head + "tensor 'a.weight_shape' beside it, but no file has it");
}

TEST_F(Packed, RefusesNumbersThatDoNotFit) {
  remove("a.weight_shape");
  add("a.weight_shape", Encoding::I64, {2}, bytesOfAll<int64_t>({2, 7}));
  EXPECT_EQ(failure("compressed-tensors", int4And8),
            "f: tensor 'a.weight_shape': expects columns that fill "
            "'a.weight_packed' of [2, 1], but got [2, 7]");
  ASSERT_TRUE(join("compressed-tensors", int4).ok());
  EXPECT_EQ(readFailure("a.weight"),
            "f: tensor 'a.weight_shape': expects the sizes [2, 8] of "
            "'a.weight_packed', but got [2, 7]");
}

TEST_F(Packed, RefusesGroupsThatAreNotThere) {
  add("a.weight_g_idx", Encoding::I32, {8},
      bytesOfAll<int32_t>({0, 0, -1, 0, 0, 0, 0, 0}));
  ASSERT_TRUE(join("compressed-tensors", int4).ok());
  EXPECT_EQ(readFailure("a.weight"),
            "f: tensor 'a.weight_g_idx': element 2: expects a group below 2, "
            "but got -1");
}

TEST_F(Stored, CompressedFloatsAreAsTheyAre) {
  add("a.weight", Encoding::F8E4M3, {2, 2}, "\x38\x40\x38\x40");
  add("a.weight_scale", Encoding::BF16, {2, 1},
      bytesOfAll<uint16_t>({floatToBfloat(2), floatToBfloat(4)}));
  add("a.input_scale", Encoding::F32, {1});
  ASSERT_TRUE(join("compressed-tensors", anyFloat).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f8e4m3.bf16x2"));
  EXPECT_THAT(numbers("a.weight"), ElementsAre(2, 4, 4, 8));
}

TEST_F(Stored, CompressedIntegersOf8BitsAreSigned) {
  add("a.weight", Encoding::I8, {2, 2}, "\x01\xff\x7f\x80");
  add("a.weight_scale", Encoding::F32, {2, 1}, bytesOfAll<float>({1, 2}));
  add("b.weight", Encoding::I8, {1, 2}, "\x01\xff");
  add("b.weight_scale", Encoding::F32, {1}, bytesOf(3.0f));
  add("b.weight_zero_point", Encoding::I8, {1}, "\xfe");
  ASSERT_TRUE(join("compressed-tensors", int8).ok());
  EXPECT_THAT(names(), ElementsAre("a.weight i8.f32x2", "b.weight i8.f32x2.z"));
  EXPECT_THAT(numbers("a.weight"), ElementsAre(1, -1, 254, -256));
  EXPECT_THAT(numbers("b.weight"), ElementsAre(9, 3));
}

TEST_F(Stored, CompressedIntegersRefuseCompanionsThatDoNotFit) {
  add("a.weight", Encoding::I8, {2, 2});
  EXPECT_EQ(failure("compressed-tensors", int8),
            "f: tensor 'a.weight': expects tensor 'a.weight_scale' beside it, "
            "but no file has it");
  add("a.weight_scale", Encoding::F32, {3});
  EXPECT_EQ(failure("compressed-tensors", int8),
            "f: tensor 'a.weight_scale': expects one number, one for each row "
            "or one for each of equal blocks of 'a.weight' of [2, 2], but got "
            "shape [3]");
  replace("a.weight_scale", Encoding::F32, {2});
  add("a.weight_zero_point", Encoding::I8, {1});
  EXPECT_EQ(failure("compressed-tensors", int8),
            "f: tensor 'a.weight_zero_point': expects shape [2] for 'a.weight' "
            "of [2, 2], but got [1]");
}

/// 32 codes of a row: element i has code i % 16, scales 1 and 2.
class Nvfp4 : public Stored {
protected:
  static std::string codes() {
    std::string bytes;
    for (int i = 0; i < 16; ++i)
      bytes += char((2 * i + 1) % 16 << 4 | 2 * i % 16);
    return bytes;
  }
  void check(const std::string &name, float factor) {
    constexpr float values[16] = {0,    0.5f,  1,  1.5f,  2,  3,  4,  6,
                                  -0.f, -0.5f, -1, -1.5f, -2, -3, -4, -6};
    std::vector<float> got = numbers(name);
    ASSERT_EQ(got.size(), 32u);
    for (int i = 0; i < 32; ++i)
      EXPECT_EQ(got[i], values[i % 16] * (i < 16 ? 1 : 2) * factor) << i;
  }
};

TEST_F(Nvfp4, OfCompressedTensorsDividesByItsFactor) {
  add("a.weight_packed", Encoding::U8, {1, 16}, codes());
  add("a.weight_scale", Encoding::F8E4M3, {1, 2}, "\x38\x40");
  add("a.weight_global_scale", Encoding::F32, {1}, bytesOf(4.0f));
  add("a.input_global_scale", Encoding::F32, {1});
  ASSERT_TRUE(join("compressed-tensors").ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f4e2m1.f8e4m3x16.f32x32"));
  check("a.weight", 0.25f);
}

TEST_F(Nvfp4, OfModelOptMultiplies) {
  add("a.weight", Encoding::U8, {1, 16}, codes());
  add("a.weight_scale", Encoding::F8E4M3, {1, 2}, "\x38\x40");
  add("a.weight_scale_2", Encoding::F32, {}, bytesOf(4.0f));
  ASSERT_TRUE(join("modelopt", R"("quant_algo": "NVFP4")").ok());
  EXPECT_THAT(names(), ElementsAre("a.weight f4e2m1.f8e4m3x16.f32x32"));
  check("a.weight", 4);
}

/// NVFP4 and FP8 side by side, under a file of ModelOpt's own.
TEST_F(Nvfp4, OfAFileOfModelOpt) {
  add("a.weight", Encoding::U8, {1, 16}, codes());
  add("a.weight_scale", Encoding::F8E4M3, {1, 2}, "\x38\x40");
  add("a.weight_scale_2", Encoding::F32, {}, bytesOf(4.0f));
  add("b.weight", Encoding::F8E4M3, {2, 2}, "\x38\x40\x38\x30");
  add("b.weight_scale", Encoding::F32, {}, bytesOf(0.5f));
  add("c.weight", Encoding::F8E4M3, {2, 2}, "\x38\x40\x38\x30");
  add("c.weight_scale", Encoding::F32, {2}, bytesOf(0.5f) + bytesOf(3.0f));
  for (const char *name : {"a.input_scale", "b.k_scale", "b.v_scale"})
    add(name, Encoding::F32, {});
  auto file = nlohmann::ordered_json::parse(
      R"({"quantization": {"quant_algo": "MIXED_PRECISION"}})");
  Status joined = joinStorage({{}, "", file, "h"}, weights, leftAside);
  ASSERT_TRUE(joined.ok()) << errorOf(joined);
  EXPECT_THAT(names(),
              ElementsAre("a.weight f4e2m1.f8e4m3x16.f32x32",
                          "b.weight f8e4m3.f32x2", "c.weight f8e4m3.f32x2"));
  check("a.weight", 4);
  EXPECT_THAT(numbers("b.weight"), ElementsAre(0.5f, 1, 0.5f, 0.25f));
  EXPECT_THAT(numbers("c.weight"), ElementsAre(0.5f, 1, 3, 1.5f));
  EXPECT_EQ(leftAside.size(), 3u);
}

TEST_F(Nvfp4, MayHavePowersOfTwoFor32) {
  add("a.weight_packed", Encoding::U8, {1, 16}, codes());
  add("a.weight_scale", Encoding::U8, {1, 1}, "\x80");
  ASSERT_TRUE(join("compressed-tensors").ok());
  EXPECT_THAT(names(), ElementsAre("a.weight mxfp4"));
  EXPECT_EQ(numbers("a.weight")[7], 12);
}

TEST_F(Nvfp4, RefusesCompanionsThatDoNotFit) {
  add("a.weight_packed", Encoding::U8, {1, 16});
  EXPECT_EQ(failure("compressed-tensors"),
            "f: tensor 'a.weight_packed': expects tensor 'a.weight_scale' "
            "beside it, but no file has it");
  add("a.weight_scale", Encoding::F32, {1, 2});
  EXPECT_EQ(failure("compressed-tensors"),
            "f: tensor 'a.weight_scale': expects f8e4m3, u8 or f8e8m0, but got "
            "f32");
  replace("a.weight_scale", Encoding::F8E4M3, {1, 2});
  EXPECT_EQ(failure("compressed-tensors"),
            "f: tensor 'a.weight_packed': expects tensor "
            "'a.weight_global_scale' beside it, but no file has it");
  add("a.weight_global_scale", Encoding::BF16, {1});
  EXPECT_EQ(failure("compressed-tensors"),
            "f: tensor 'a.weight_global_scale': expects f32, but got bf16");
  replace("a.weight_global_scale", Encoding::F32, {2});
  EXPECT_EQ(failure("compressed-tensors"),
            "f: tensor 'a.weight_global_scale': expects one number, but got "
            "shape [2]");
  replace("a.weight_scale", Encoding::F8E4M3, {1, 3});
  EXPECT_EQ(failure("compressed-tensors"),
            "f: tensor 'a.weight_scale': expects shape [1, 2] for "
            "'a.weight_packed' of [1, 16], but got [1, 3]");
  replace("a.weight_packed", Encoding::U8, {1, 12});
  EXPECT_EQ(failure("compressed-tensors"),
            "f: tensor 'a.weight_packed': expects rows of whole groups of 16, "
            "but got [1, 12]");
}

TEST_F(Nvfp4, RefusesAFactorThatIsNoNumber) {
  add("a.weight_packed", Encoding::U8, {1, 16});
  add("a.weight_scale", Encoding::F8E4M3, {1, 2});
  add("a.weight_global_scale", Encoding::F32, {1});
  ASSERT_TRUE(join("compressed-tensors").ok());
  EXPECT_EQ(readFailure("a.weight"), "f: tensor 'a.weight_global_scale': "
                                     "expects a positive, finite number");
}

} // namespace
