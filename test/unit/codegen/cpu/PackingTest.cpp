#include "Reference.h"
#include "codegen/cpu/packing/PackR16.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <cstdint>
#include <limits>
#include <random>

using namespace tombolo;
using testing::HasSubstr;

namespace {

std::vector<std::byte> randomBytes(size_t size) {
  std::mt19937 random(size);
  std::vector<std::byte> bytes(size);
  for (std::byte &b : bytes)
    b = std::byte(random());
  return bytes;
}

TEST(PackR16, KeepsEveryBit) {
  std::vector<Encoding> all = {Encoding::F32, Encoding::F16, Encoding::BF16};
  all.insert(all.end(), std::begin(test::kInterleaved),
             std::end(test::kInterleaved));
  for (Encoding encoding : test::groupedEncodings())
    all.push_back(encoding);
  for (Encoding encoding : all)
    for (int64_t rows : {1, 15, 16, 17, 48, 50})
      for (int64_t width : {32, 96, 160}) {
        int64_t columns = test::wholeBlocks(encoding, width);
        std::vector<std::byte> in =
            test::randomWeights(encoding, rows * columns, rows + columns);
        std::vector<std::byte> packed(*packedBytes(encoding, rows, columns));
        std::vector<std::byte> out(in.size());
        ASSERT_TRUE(packR16(encoding, rows, columns, in, packed).ok());
        ASSERT_TRUE(unpackR16(encoding, rows, columns, packed, out).ok());
        EXPECT_EQ(in, out) << infoOf(encoding).name << rows << "x" << columns;
      }
}

TEST(PackR16, KeepsOddColumnsOfPlainRows) {
  for (Encoding encoding : {Encoding::F32, Encoding::F16, Encoding::BF16}) {
    std::vector<std::byte> in = randomBytes(*encodedBytes(encoding, 17 * 7));
    std::vector<std::byte> packed(*packedBytes(encoding, 17, 7));
    std::vector<std::byte> out(in.size());
    ASSERT_TRUE(packR16(encoding, 17, 7, in, packed).ok());
    ASSERT_TRUE(unpackR16(encoding, 17, 7, packed, out).ok());
    EXPECT_EQ(in, out);
  }
}

TEST(PackR16, LaysOutQ4AsDocumented) {
  std::vector<std::byte> packed(2 * 288),
      in = test::randomWeights(Encoding::Q4_0, 16 * 64, 1);
  ASSERT_TRUE(packR16(Encoding::Q4_0, 16, 64, in, packed).ok());
  // Row 5, block 1: the scale, and the byte of k = 9 and k = 25.
  EXPECT_EQ(packed[288 + 10], in[5 * 36 + 18]);
  EXPECT_EQ(packed[288 + 32 + 2 * 64 + 5 * 4 + 1], in[5 * 36 + 18 + 2 + 9]);
}

TEST(PackR16, FillsUpWithZeroRows) {
  std::vector<std::byte> packed(544, std::byte(1)),
      in = test::randomWeights(Encoding::Q8_0, 3 * 32, 1);
  ASSERT_TRUE(packR16(Encoding::Q8_0, 3, 32, in, packed).ok());
  EXPECT_EQ(packed[2 * 3], std::byte(0));
  EXPECT_EQ(packed[32 + 64 * 7 + 4 * 15 + 3], std::byte(0));
  EXPECT_EQ(packed[32 + 4], in[34 + 2] ^ std::byte(0x80));
}

TEST(PackR16, InterleavesPairs) {
  std::vector<std::byte> gate = randomBytes(32 * 4 * 3),
                         up = randomBytes(32 * 4 * 3);
  std::reverse(up.begin(), up.end());
  uint64_t group = *r16GroupBytes(Encoding::F32, 3);
  std::vector<std::byte> packed(4 * group), back(gate.size());
  std::span<std::byte> all(packed);
  ASSERT_TRUE(packR16(Encoding::F32, 32, 3, gate, all, 2 * group).ok());
  ASSERT_TRUE(
      packR16(Encoding::F32, 32, 3, up, all.subspan(group), 2 * group).ok());
  ASSERT_TRUE(unpackR16(Encoding::F32, 32, 3, all, back, 2 * group).ok());
  EXPECT_EQ(back, gate);
  ASSERT_TRUE(
      unpackR16(Encoding::F32, 32, 3, all.subspan(group), back, 2 * group)
          .ok());
  EXPECT_EQ(back, up);
}

TEST(PackR16, RefusesScalesThatAreNotFinite) {
  for (Encoding encoding : {Encoding::Q4_0, Encoding::Q6_K, Encoding::Q4_K}) {
    EncodingInfo info = infoOf(encoding);
    int64_t columns = 2 * info.blockElements;
    auto in = test::randomWeights(encoding, 18 * columns, 1);
    std::vector<std::byte> packed(*packedBytes(encoding, 18, columns));
    // The minimum's scale of q4_k, the scale of the others; row 17, block 1.
    size_t at =
        (2 * 17 + 1) * info.blockBytes + (encoding == Encoding::Q6_K   ? 208
                                          : encoding == Encoding::Q4_K ? 2
                                                                       : 0);
    for (uint8_t high : {0x7c, 0xfe}) {
      in[at + 1] = std::byte(high);
      EXPECT_EQ(packR16(encoding, 18, columns, in, packed).error().message,
                "packing of '" + std::string(info.name) +
                    "': expects finite scales, but got infinity or NaN in row "
                    "17, block 1");
    }
  }
}

TEST(PackR16, RefusesGroupsThatAreNotFinite) {
  auto check = [](const char *name, size_t at, std::vector<uint8_t> bytes,
                  const char *what) {
    Encoding encoding = *encodingNamed(name);
    EncodingInfo info = infoOf(encoding);
    auto in = test::randomWeights(encoding, 18 * 2 * info.blockElements, 1);
    std::vector<std::byte> packed(
        *packedBytes(encoding, 18, 2 * info.blockElements));
    at += (2 * 17 + 1) * info.blockBytes;
    for (uint8_t byte : bytes)
      in[at++] = std::byte(byte);
    EXPECT_EQ(packR16(encoding, 18, 2 * info.blockElements, in, packed)
                  .error()
                  .message,
              "packing of '" + std::string(name) + "': expects finite " + what +
                  ", but got infinity or NaN in row 17, block 1");
  };
  check("i4.bf16x32", 0, {0x80, 0x7f}, "scales");
  check("i8.f32x64", 0, {0, 0, 0x80, 0xff}, "scales");
  check("f4e2m1.f8e8m0x32", 0, {0xff}, "scales");
  check("f4e2m1.f8e4m3x16.f32x256", 0, {0, 0, 0x80, 0x7f}, "scales");
  check("f4e2m1.f8e4m3x16.f32x256", 4 + 15, {0xff}, "scales");
  check("f8e4m3.f32x128", 0, {0, 0, 0xc0, 0x7f}, "numbers");
  check("f8e4m3.f32x128", 4 + 127, {0x7f}, "numbers");
  check("f8e5m2.bf16x96", 2 + 95, {0xfc}, "numbers");
}

TEST(PackR16, RefusesWhatDoesNotFit) {
  std::vector<std::byte> in(100), out(1000);
  EXPECT_THAT(packR16(Encoding::IQ2_S, 1, 256, in, out).error().message,
              HasSubstr("packing of 'iq2_s': expects an encoding"));
  EXPECT_THAT(packR16(Encoding::Q4_0, 1, 33, in, out).error().message,
              HasSubstr("expects rows of whole blocks of 32, but got 1x33"));
  EXPECT_THAT(packR16(Encoding::F32, 1, 24, in, out).error().message,
              HasSubstr("expects a packed buffer of at least 1536 bytes"));
  EXPECT_THAT(packR16(Encoding::F32, 1, 4, in, out).error().message,
              HasSubstr("expects 16 bytes of rows, but got 100"));
  EXPECT_THAT(packR16(Encoding::F32, 1, 25, in, out, 32).error().message,
              HasSubstr("expects a group stride of at least 1600"));
  int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(packedBytes(Encoding::F32, most, 64).has_value());
  EXPECT_FALSE(packedBytes(Encoding::F32, -1, 64).has_value());
  EXPECT_FALSE(r16GroupBytes(Encoding::F32, most).has_value());
  EXPECT_FALSE(hasR16(Encoding::IQ2_S));
  // Groups that chunks of 32 cut, codes of two bits, blocks that are too large,
  // and codes of 8 bits with zeros.
  for (const char *name :
       {"i4.f16x16", "i4.f16x48", "i2.f16x64", "f8e4m3.f32x131072",
        "i8.f32x16.f32x64", "i8.f32x64.z"})
    EXPECT_FALSE(hasR16(*encodingNamed(name))) << name;
  EXPECT_TRUE(hasIntegerCodes(Encoding::Q4_K));
  EXPECT_TRUE(hasIntegerCodes(*encodingNamed("f4e2m1.f8e8m0x32")));
  EXPECT_FALSE(hasIntegerCodes(*encodingNamed("f8e4m3.f32x128")));
  EXPECT_FALSE(hasIntegerCodes(Encoding::BF16));
}

} // namespace
