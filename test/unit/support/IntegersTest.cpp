#include "support/Integers.h"
#include "TestFolder.h"
#include <gtest/gtest.h>

namespace tombolo {
namespace {

/// The integers of `bytes`, or the error.
std::string decoded(Encoding encoding, const std::string &bytes) {
  std::vector<int32_t> values(bytes.size() / infoOf(encoding).blockBytes);
  Status status =
      decodeIntegers(encoding, std::as_bytes(std::span(bytes)), values);
  if (!status)
    return status.error().str();
  std::string text;
  for (int32_t value : values)
    text += (text.empty() ? "" : " ") + std::to_string(value);
  return text;
}

TEST(Integers, AreDecodedExactly) {
  EXPECT_EQ(
      decoded(Encoding::I64, bytesOf(int64_t(-5)) + bytesOf(int64_t(16777217))),
      "-5 16777217");
  EXPECT_EQ(decoded(Encoding::U64, bytesOf(uint64_t(2147483647))),
            "2147483647");
  EXPECT_EQ(decoded(Encoding::I32, bytesOf(INT32_MIN) + bytesOf(INT32_MAX)),
            "-2147483648 2147483647");
  EXPECT_EQ(decoded(Encoding::U32, bytesOf(uint32_t(7))), "7");
  EXPECT_EQ(decoded(Encoding::I16, bytesOf(int16_t(-300))), "-300");
  EXPECT_EQ(decoded(Encoding::U16, bytesOf(uint16_t(65535))), "65535");
  EXPECT_EQ(decoded(Encoding::I8, "\x80\x7f"), "-128 127");
  EXPECT_EQ(decoded(Encoding::U8, "\x80\xff"), "128 255");
  EXPECT_EQ(decoded(Encoding::BOOL, std::string("\x00\x01\x02", 3)), "0 1 1");
}

TEST(Integers, NamesTheFirstThatIsNoI32) {
  EXPECT_EQ(decoded(Encoding::I64, bytesOf(int64_t(1)) +
                                       bytesOf(int64_t(1) << 31) +
                                       bytesOf(int64_t(1) << 40)),
            "expects integers that fit i32, but element 1 is 2147483648");
  EXPECT_EQ(decoded(Encoding::U32, bytesOf(~uint32_t(0))),
            "expects integers that fit i32, but element 0 is 4294967295");
  EXPECT_EQ(decoded(Encoding::U64, bytesOf(~uint64_t(0))),
            "expects integers that fit i32, but element 0 is "
            "18446744073709551615");
}

TEST(Integers, RefusesOtherNumbersAndSizes) {
  EXPECT_EQ(decoded(Encoding::F32, bytesOf(1.0f)),
            "expects integers, but got 'f32'");
  std::string bytes(12, '\0');
  int32_t values[2];
  EXPECT_EQ(errorOf(decodeIntegers(Encoding::I64,
                                   std::as_bytes(std::span(bytes)), values)),
            "expects 2 integers of 'i64', but got 12 bytes");
}

} // namespace
} // namespace tombolo
