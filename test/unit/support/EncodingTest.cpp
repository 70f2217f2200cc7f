//===- EncodingTest.cpp - The table of encodings and plain decoders -------===//

#include "support/Encoding.h"
#include "test/unit/support/TestFolder.h"
#include <bit>
#include <cmath>
#include <limits>
#include <set>

using namespace tombolo;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr size_t encodingCount = size_t(Encoding::Q2_0) + 1;

std::vector<float> decodeAll(Encoding encoding, const std::string &bytes) {
  EncodingInfo info = infoOf(encoding);
  std::vector<float> values(bytes.size() / info.blockBytes *
                            info.blockElements);
  Status status = decode(encoding, std::as_bytes(std::span(bytes)), values);
  EXPECT_TRUE(status.ok()) << errorOf(status);
  return values;
}

/// All 256 codes of a one-byte type.
std::vector<float> decodeBytes(Encoding encoding) {
  std::string codes;
  for (int code = 0; code < 256; ++code)
    codes += char(code);
  return decodeAll(encoding, codes);
}

TEST(Encoding, NamesAreUniqueAndFound) {
  std::set<std::string> names;
  for (size_t i = 0; i < encodingCount; ++i) {
    Encoding encoding = Encoding::Kind(i);
    EncodingInfo info = infoOf(encoding);
    EXPECT_EQ(info.encoding, encoding);
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(encodingNamed(info.name), encoding);
  }
  EXPECT_EQ(encodingNamed("q4_1"), Encoding::Q4_1);
  EXPECT_EQ(encodingNamed("bf16"), Encoding::BF16);
  EXPECT_EQ(encodingNamed("Q4_1"), std::nullopt);
  EXPECT_EQ(encodingNamed(""), std::nullopt);
}

TEST(Encoding, EncodedBytesCountWholeBlocks) {
  EXPECT_EQ(encodedBytes(Encoding::F32, 3), 12u);
  EXPECT_EQ(encodedBytes(Encoding::F4E2M1, 6), 3u);
  EXPECT_EQ(encodedBytes(Encoding::F4E2M1, 5), std::nullopt);
  EXPECT_EQ(encodedBytes(Encoding::F6E3M2, 8), 6u);
  EXPECT_EQ(encodedBytes(Encoding::F6E3M2, 6), std::nullopt);
  EXPECT_EQ(encodedBytes(Encoding::Q4_K, 512), 288u);
  EXPECT_EQ(encodedBytes(Encoding::Q4_K, 128), std::nullopt);
  EXPECT_EQ(encodedBytes(Encoding::Q4_K, 0), 0u);
  EXPECT_EQ(encodedBytes(Encoding::F64, uint64_t(1) << 62), std::nullopt);
}

TEST(Encoding, HalfToFloatIsExactForEveryCode) {
  for (uint32_t code = 0; code < 65536; ++code) {
    float want = float(std::bit_cast<_Float16>(uint16_t(code)));
    float got = halfToFloat(uint16_t(code));
    if (std::isnan(want))
      ASSERT_TRUE(std::isnan(got)) << code;
    else
      ASSERT_EQ(std::bit_cast<uint32_t>(got), std::bit_cast<uint32_t>(want))
          << code;
  }
}

TEST(Encoding, FloatToHalfRoundsToNearestEven) {
  // Every f16, the points halfway to the next, and their neighbours.
  for (uint32_t code = 0; code < 0x7c00; ++code) {
    float value = halfToFloat(uint16_t(code));
    float next = code == 0x7bff ? 65536.0f : halfToFloat(uint16_t(code + 1));
    float middle = (value + next) / 2;
    uint16_t even = uint16_t(code % 2 ? code + 1 : code);
    ASSERT_EQ(floatToHalf(value), code);
    ASSERT_EQ(floatToHalf(middle), even);
    ASSERT_EQ(floatToHalf(std::nextafter(middle, 0.0f)), code);
    ASSERT_EQ(floatToHalf(std::nextafter(middle, inf)), code + 1);
    ASSERT_EQ(floatToHalf(-middle), even | 0x8000);
  }
  EXPECT_EQ(floatToHalf(inf), 0x7c00);
  EXPECT_EQ(floatToHalf(-1e30f), 0xfc00);
  EXPECT_EQ(floatToHalf(1e-30f), 0);
  EXPECT_EQ(floatToHalf(-0.0f), 0x8000);
  EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(NAN))));
  // A payload in the low bits only stays a NaN.
  EXPECT_TRUE(
      std::isnan(halfToFloat(floatToHalf(std::bit_cast<float>(0x7f800001u)))));
}

TEST(Encoding, FloatToBfloatRoundsToNearestEven) {
  EXPECT_EQ(floatToBfloat(1.0f), 0x3f80);
  EXPECT_EQ(floatToBfloat(std::bit_cast<float>(0x3f808000u)), 0x3f80);
  EXPECT_EQ(floatToBfloat(std::bit_cast<float>(0x3f808001u)), 0x3f81);
  EXPECT_EQ(floatToBfloat(std::bit_cast<float>(0x3f818000u)), 0x3f82);
  EXPECT_EQ(floatToBfloat(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(floatToBfloat(-inf), 0xff80);
  EXPECT_TRUE(std::isnan(
      bfloatToFloat(floatToBfloat(std::bit_cast<float>(0x7f800001u)))));
  for (uint32_t code = 0; code < 65536; ++code)
    if (!std::isnan(bfloatToFloat(uint16_t(code))))
      ASSERT_EQ(floatToBfloat(bfloatToFloat(uint16_t(code))), code);
}

TEST(Encoding, DecodesWideFloats) {
  EXPECT_EQ(decodeAll(Encoding::F64, bytesOf(0.1) + bytesOf(-2.5)),
            (std::vector<float>{0.1f, -2.5f}));
  EXPECT_EQ(decodeAll(Encoding::F32, bytesOf(0.1f) + bytesOf(-inf)),
            (std::vector<float>{0.1f, -inf}));
  EXPECT_EQ(decodeAll(Encoding::F16, bytesOf(uint16_t(0x3555))),
            (std::vector<float>{0.333251953125f}));
  EXPECT_EQ(decodeAll(Encoding::BF16, bytesOf(uint16_t(0xc020))),
            (std::vector<float>{-2.5f}));
}

TEST(Encoding, DecodesF8E4M3) {
  std::vector<float> values = decodeBytes(Encoding::F8E4M3);
  EXPECT_EQ(values[0], 0.0f);
  EXPECT_TRUE(std::signbit(values[0x80]));
  EXPECT_EQ(values[0x01], std::ldexp(1.0f, -9));
  EXPECT_EQ(values[0x08], std::ldexp(1.0f, -6));
  EXPECT_EQ(values[0x38], 1.0f);
  EXPECT_EQ(values[0x7e], 448.0f);
  EXPECT_EQ(values[0xfe], -448.0f);
  EXPECT_TRUE(std::isnan(values[0x7f]));
  EXPECT_TRUE(std::isnan(values[0xff]));
}

TEST(Encoding, DecodesF8E5M2) {
  std::vector<float> values = decodeBytes(Encoding::F8E5M2);
  EXPECT_EQ(values[0x01], std::ldexp(1.0f, -16));
  EXPECT_EQ(values[0x3c], 1.0f);
  EXPECT_EQ(values[0x7b], 57344.0f);
  EXPECT_EQ(values[0x7c], inf);
  EXPECT_EQ(values[0xfc], -inf);
  EXPECT_TRUE(std::isnan(values[0x7d]));
  // It is the upper half of an f16.
  for (unsigned code = 0; code < 256; ++code)
    if (!std::isnan(values[code]))
      EXPECT_EQ(values[code], halfToFloat(uint16_t(code << 8))) << code;
}

TEST(Encoding, DecodesF8E8M0) {
  std::vector<float> values = decodeBytes(Encoding::F8E8M0);
  EXPECT_EQ(values[0], std::ldexp(1.0f, -127));
  EXPECT_EQ(values[127], 1.0f);
  EXPECT_EQ(values[254], std::ldexp(1.0f, 127));
  EXPECT_TRUE(std::isnan(values[255]));
}

TEST(Encoding, DecodesF8Fnuz) {
  std::vector<float> values = decodeBytes(Encoding::F8E4M3FNUZ);
  EXPECT_EQ(values[0x7f], 240.0f);
  EXPECT_EQ(values[0x40], 1.0f);
  EXPECT_TRUE(std::isnan(values[0x80]));
  values = decodeBytes(Encoding::F8E5M2FNUZ);
  EXPECT_EQ(values[0x7f], 57344.0f);
  EXPECT_EQ(values[0x40], 1.0f);
  EXPECT_TRUE(std::isnan(values[0x80]));
}

TEST(Encoding, DecodesSixBitFloatsLowBitsFirst) {
  // Codes 1, 2, 0x1f and 0x3f.
  uint32_t bits = 1 | 2 << 6 | 0x1f << 12 | 0x3f << 18;
  std::string bytes = bytesOf(bits).substr(0, 3);
  EXPECT_EQ(decodeAll(Encoding::F6E2M3, bytes),
            (std::vector<float>{0.125f, 0.25f, 7.5f, -7.5f}));
  EXPECT_EQ(decodeAll(Encoding::F6E3M2, bytes),
            (std::vector<float>{0.0625f, 0.125f, 28.0f, -28.0f}));
}

TEST(Encoding, DecodesFourBitFloatsLowNibbleFirst) {
  std::string bytes = "\x10\x32\x54\x76\xf8";
  EXPECT_EQ(decodeAll(Encoding::F4E2M1, bytes),
            (std::vector<float>{0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -6}));
}

TEST(Encoding, DecodesIntegers) {
  EXPECT_EQ(decodeAll(Encoding::I64, bytesOf(int64_t(-5))),
            std::vector<float>{-5});
  EXPECT_EQ(decodeAll(Encoding::U64, bytesOf(~uint64_t(0))),
            std::vector<float>{0x1p64f});
  EXPECT_EQ(decodeAll(Encoding::I32, bytesOf(int32_t(-70000))),
            std::vector<float>{-70000});
  EXPECT_EQ(decodeAll(Encoding::U32, bytesOf(uint32_t(4000000000))),
            std::vector<float>{4000000000.0f});
  EXPECT_EQ(decodeAll(Encoding::I16, bytesOf(int16_t(-300))),
            std::vector<float>{-300});
  EXPECT_EQ(decodeAll(Encoding::U16, bytesOf(uint16_t(65535))),
            std::vector<float>{65535});
  EXPECT_EQ(decodeAll(Encoding::I8, "\x80\x7f"),
            (std::vector<float>{-128, 127}));
  EXPECT_EQ(decodeAll(Encoding::U8, "\x80\xff"),
            (std::vector<float>{128, 255}));
  EXPECT_EQ(decodeAll(Encoding::BOOL, std::string("\x00\x01\x02", 3)),
            (std::vector<float>{0, 1, 1}));
}

TEST(Encoding, DecodesActivationBlocks) {
  std::string integers;
  for (int i = 0; i < 256; ++i)
    integers += char(i - 128);
  std::vector<float> values = decodeAll(
      Encoding::Q8_1, bytesOf(floatToHalf(0.5f)) + bytesOf(floatToHalf(99.0f)) +
                          integers.substr(0, 32));
  EXPECT_EQ(values[0], -64.0f);
  EXPECT_EQ(values[31], -48.5f);
  values = decodeAll(Encoding::Q8_K,
                     bytesOf(0.1f) + integers + std::string(32, '\x55'));
  EXPECT_EQ(values[0], 0.1f * -128);
  EXPECT_EQ(values[255], 0.1f * 127);
}

TEST(Encoding, GroupedNamesSayAll) {
  struct {
    const char *name;
    uint32_t elements, bytes;
  } const good[] = {
      {"f8e4m3.f32x128", 128, 4 + 128},
      {"f8e5m2.f8e8m0x32", 32, 1 + 32},
      {"i4.bf16x32", 32, 2 + 16},
      {"i4.f16x64.z", 64, 2 + 1 + 32},
      {"i2.f16x16.z", 16, 2 + 1 + 4},
      {"i8.f32x3", 3, 4 + 3},
      {"f4e2m1.f8e4m3x16.f32x256", 256, 4 + 16 + 128},
      {"i4.f8e8m0x2.z.f32x4", 4, 4 + 2 + 2 + 2},
  };
  for (const auto &[name, elements, bytes] : good) {
    auto encoding = encodingNamed(name);
    ASSERT_TRUE(encoding.has_value()) << name;
    EncodingInfo info = infoOf(*encoding);
    EXPECT_EQ(info.name, name);
    EXPECT_EQ(info.encoding, *encoding);
    EXPECT_EQ(info.blockElements, elements) << name;
    EXPECT_EQ(info.blockBytes, bytes) << name;
    EXPECT_FALSE(info.plain || info.isInteger);
  }
  for (const char *name :
       {"f8e4m3.", "f8e4m3.f32", "f8e4m3.f32x", "f8e4m3.f32x0", "i4.f16x1",
        "f8e4m3.f32x012", "f8e4m3.f32x16777217", "f8e4m3.f32x8.z", "i4.q4_0x32",
        "i4.f16x4.f32x6", "i4.f16x4.f32x8.z", "i4.f16x4.y",
        "i4.f16x4.z.f32x8.z", "i4.f16x4.z.", "x.f16x4", "i4.f16x99999999999"})
    EXPECT_EQ(encodingNamed(name), std::nullopt) << name;
}

TEST(Encoding, GroupedAreDecodedByGroup) {
  auto named = [](const char *name) { return *encodingNamed(name); };
  EXPECT_EQ(decodeAll(named("f8e4m3.f32x2"),
                      bytesOf(2.0f) + "\x38\xb8" + bytesOf(0.5f) + "\x40\x01"),
            (std::vector<float>{2, -2, 1, 0x1p-10f}));
  EXPECT_EQ(decodeAll(named("f8e5m2.f8e8m0x1"), "\x80\x3c"),
            (std::vector<float>{2}));
  EXPECT_EQ(decodeAll(named("i4.bf16x2"), bytesOf(floatToBfloat(3)) + "\x2f"),
            (std::vector<float>{21, -18}));
  EXPECT_EQ(
      decodeAll(named("i4.f16x2.z"), bytesOf(floatToHalf(0.5f)) + "\x03\x2f"),
      (std::vector<float>{6, -0.5f}));
  EXPECT_EQ(decodeAll(named("i2.f32x4"), bytesOf(1.0f) + "\xe4"),
            (std::vector<float>{-2, -1, 0, 1}));
  EXPECT_EQ(decodeAll(named("i8.f32x2"),
                      bytesOf(1.0f) + "\xff" + std::string(1, '\0')),
            (std::vector<float>{127, -128}));
  // A factor for two groups.
  EXPECT_EQ(decodeAll(named("f4e2m1.f8e4m3x2.f32x4"),
                      bytesOf(10.0f) + "\x38\x40\x7f\x21"),
            (std::vector<float>{-60, 60, 10, 20}));
}

TEST(Encoding, DecodeTakesNoBlocks) {
  for (size_t i = 0; i < encodingCount; ++i)
    if (i != Encoding::C64)
      EXPECT_TRUE(decode(Encoding::Kind(i), {}, {}).ok());
}

TEST(Encoding, DecodeRefusesComplexNumbers) {
  std::string bytes(8, '\0');
  float value;
  EXPECT_EQ(errorOf(decode(Encoding::C64, std::as_bytes(std::span(bytes)),
                           std::span(&value, 1))),
            "expects numbers that are real, but got 'c64'");
}

TEST(Encoding, DecodeRefusesSizesThatDoNotMatch) {
  std::string bytes(20, '\0');
  float values[32];
  EXPECT_EQ(
      errorOf(decode(Encoding::Q4_0, std::as_bytes(std::span(bytes)), values)),
      "expects whole blocks of 'q4_0' (32 values in 18 bytes), but got "
      "32 values in 20 bytes");
  EXPECT_FALSE(decode(Encoding::Q4_1, std::as_bytes(std::span(bytes)),
                      std::span(values, 31))
                   .ok());
}

} // namespace
