//===- MalformedTest.cpp - GGUF files that are refused --------------------===//

#include "frontends/gguf/Gguf.h"
#include "test/unit/frontends/gguf/GgufBytes.h"

using namespace tombolo;

namespace {

std::string failureOf(std::string_view bytes, bool headerOnlyOk = false) {
  WeightSource weights;
  nlohmann::ordered_json metadata;
  return errorOf(
      readGgufFile(fileOf(bytes, "f"), weights, metadata, headerOnlyOk));
}

std::string failureOf(const GgufBytes &file) { return failureOf(file.bytes()); }

/// A file of one key with this value.
std::string ofValue(uint32_t type, std::string value) {
  return failureOf(GgufBytes().key("k", type, std::move(value)).header());
}

std::string ofArray(uint32_t type, uint64_t count, std::string elements) {
  return ofValue(gguf::ARRAY, bytesOf(type) + bytesOf(count) + elements);
}

TEST(GgufHeader, RefusesAnotherMagic) {
  EXPECT_EQ(failureOf("GGML" + std::string(100, '\0')),
            "f: header: expects a file that starts with 'GGUF'");
  EXPECT_EQ(failureOf(""), "f: header: the magic number: expects 4 bytes at "
                           "byte 0, but the file ends at byte 0");
}

TEST(GgufHeader, RefusesOtherVersions) {
  GgufBytes file;
  for (uint32_t version : {1u, 4u}) {
    file.version = version;
    EXPECT_EQ(failureOf(file), "f: header: expects version 2 or 3, but got " +
                                   std::to_string(version));
  }
}

TEST(GgufHeader, RefusesBigEndianFiles) {
  GgufBytes file;
  file.version = 0x03000000;
  EXPECT_EQ(failureOf(file), "f: header: expects a little-endian file, but the "
                             "version 50331648 is big-endian");
}

TEST(GgufHeader, RefusesCountsBeyondTheFile) {
  GgufBytes file;
  file.keyCount = uint64_t(1) << 40;
  EXPECT_EQ(failureOf(file.header()),
            "f: header: expects 1099511627776 metadata keys of at least 14 "
            "bytes, but the file has 0 bytes left");
  file.keyCount = 0;
  file.tensorCount = ~uint64_t(0);
  EXPECT_EQ(failureOf(file.header()),
            "f: header: expects 18446744073709551615 tensors of at least 24 "
            "bytes, but the file has 0 bytes left");
}

// Cut at every byte, the file is refused and never read past its end.
TEST(GgufTruncation, IsFoundInEveryField) {
  GgufBytes file;
  file.text("general.architecture", "llama")
      .key("list", gguf::ARRAY,
           bytesOf(uint32_t(gguf::STRING)) + bytesOf(uint64_t(2)) +
               ggufString("a") + ggufString("bc"))
      .number("n", 7)
      .tensor("t", {2, 3}, 0, std::string(24, 'x'));
  std::string header = file.header(), all = file.bytes();
  for (size_t size = 0; size < header.size(); ++size)
    EXPECT_NE(failureOf(all.substr(0, size), true), "no error") << size;
  for (size_t size = header.size(); size < all.size(); ++size) {
    EXPECT_EQ(failureOf(all.substr(0, size), true), "no error") << size;
    bool whole = size >= all.size() - 8; // padding behind 24 bytes
    EXPECT_EQ(failureOf(all.substr(0, size)) == "no error", whole) << size;
  }
}

TEST(GgufTruncation, SaysWhichField) {
  GgufBytes file;
  file.number("some.key", 7).number("other", 8).tensor("t", {2}, 24, "xy");
  std::string bytes = file.header();
  auto cutBy = [&](size_t count) {
    return failureOf(bytes.substr(0, bytes.size() - count));
  };
  EXPECT_EQ(cutBy(1), "f: tensor 't': the offset: expects 8 bytes at byte 94, "
                      "but the file ends at byte 101");
  EXPECT_EQ(cutBy(9), "f: tensor 't': the type: expects 4 bytes at byte 90, "
                      "but the file ends at byte 93");
}

TEST(GgufTruncation, IsFoundInMetadata) {
  // Zeros of enough bytes for the counts, without their keys' ends.
  std::string start = "GGUF" + bytesOf(uint32_t(3)) + bytesOf(uint64_t(0)) +
                      bytesOf(uint64_t(1));
  EXPECT_EQ(failureOf(start + bytesOf(uint64_t(20)) + "abcdefgh"),
            "f: metadata key 0: the key: expects 20 bytes at byte 32, but the "
            "file ends at byte 40");
  EXPECT_EQ(failureOf(start + ggufString("abcdef")),
            "f: metadata key 'abcdef': the type: expects 4 bytes at byte 38, "
            "but the file ends at byte 38");
  EXPECT_EQ(failureOf(start + ggufString("abcd") +
                      bytesOf(uint32_t(gguf::UINT64)) + "1"),
            "f: metadata key 'abcd': the value: expects 8 bytes at byte 40, "
            "but the file ends at byte 41");
}

TEST(GgufMetadata, RefusesUnknownTypes) {
  EXPECT_EQ(ofValue(13, "abcd"), "f: metadata key 'k': expects a value's type "
                                 "(0 to 12), but got 13");
  EXPECT_EQ(ofArray(13, 1, "abcd"),
            "f: metadata key 'k': expects a type of the array's elements (0 to "
            "12), but got 13");
}

TEST(GgufMetadata, RefusesNestedArrays) {
  EXPECT_EQ(ofArray(gguf::ARRAY, 1, "abcd"),
            "f: metadata key 'k': expects an array of plain values, but got "
            "one of arrays");
}

TEST(GgufMetadata, RefusesArraysBeyondTheFile) {
  EXPECT_EQ(ofArray(gguf::STRING, uint64_t(1) << 60, "abcd"),
            "f: metadata key 'k': expects 1152921504606846976 array elements "
            "of at least 8 bytes at byte 49, but the file has 4 bytes left");
  EXPECT_EQ(ofArray(gguf::UINT8, 5, "abcd"),
            "f: metadata key 'k': expects 5 array elements of at least 1 bytes "
            "at byte 49, but the file has 4 bytes left");
}

TEST(GgufMetadata, RefusesMoreArrayElementsThanFitInMemory) {
  auto array = [](uint64_t count) {
    return bytesOf(uint32_t(gguf::UINT8)) + bytesOf(count) +
           std::string(count, 'x');
  };
  GgufBytes file;
  file.key("k", gguf::ARRAY, array(1));
  EXPECT_EQ(failureOf(file.header()), "no error");
  file.key("l", gguf::ARRAY, array(gguf::maxArrayElements));
  EXPECT_EQ(failureOf(file.header()),
            "f: metadata key 'l': expects at most 16777216 array elements in a "
            "file, but this array of 16777216 passes that");
}

TEST(GgufMetadata, RefusesAStringCutInAnArray) {
  EXPECT_EQ(ofArray(gguf::STRING, 1, bytesOf(uint64_t(9)) + "abc"),
            "f: metadata key 'k': the value: expects 9 bytes at byte 57, but "
            "the file ends at byte 60");
}

TEST(GgufMetadata, RefusesStringsBeyondTheLimit) {
  EXPECT_EQ(ofValue(gguf::STRING, bytesOf(uint64_t(1) << 31)),
            "f: metadata key 'k': the value: expects a string of at most "
            "1073741824 bytes, but got 2147483648");
}

TEST(GgufMetadata, RefusesEmptyKeys) {
  EXPECT_EQ(failureOf(GgufBytes().number("a", 1).number("", 1)),
            "f: metadata key 1: expects a key that is not empty");
}

TEST(GgufMetadata, RefusesKeysGivenTwice) {
  EXPECT_EQ(failureOf(GgufBytes().number("a", 1).number("a", 1)),
            "f: metadata key 1: key 'a' is given twice");
}

TEST(GgufMetadata, RefusesKeysAndTextThatAreNotUtf8) {
  EXPECT_EQ(failureOf(GgufBytes().number("a\xff", 1)),
            "f: metadata key 0: the key: expects UTF-8, but got byte \\xff at "
            "byte 33");
  EXPECT_EQ(ofValue(gguf::STRING, ggufString("ab\xc0")),
            "f: metadata key 'k': the value: expects UTF-8, but got byte \\xc0 "
            "at byte 47");
}

TEST(GgufMetadata, RefusesBooleansAbove1) {
  EXPECT_EQ(ofValue(gguf::BOOL, "\x02"),
            "f: metadata key 'k': expects a boolean of 0 or 1, but got 2");
}

TEST(GgufAlignment, MustBeAPowerOfTwo) {
  for (uint32_t value : {0u, 3u, 48u})
    EXPECT_EQ(failureOf(GgufBytes().number("general.alignment", value)),
              "f: metadata key 'general.alignment': expects a power of two, "
              "but got " +
                  std::to_string(value));
  EXPECT_EQ(failureOf(GgufBytes().text("general.alignment", "32")),
            "f: metadata key 'general.alignment': expects a power of two, but "
            "got \"32\"");
  EXPECT_EQ(failureOf(GgufBytes().key("general.alignment", gguf::UINT64,
                                      bytesOf(uint64_t(1) << 40))),
            "f: metadata key 'general.alignment': expects a power of two, but "
            "got 1099511627776");
}

TEST(GgufTensors, RefuseNamesTheyCannotHave) {
  EXPECT_EQ(failureOf(GgufBytes().describe("", {1}, 0, 0)),
            "f: tensor 0: expects a name that is not empty");
  EXPECT_EQ(failureOf(GgufBytes().describe(std::string(64, 'n'), {1}, 0, 0)),
            "f: tensor 0: expects a name of at most 63 bytes, but '" +
                std::string(64, 'n') + "' has 64");
  EXPECT_EQ(failureOf(GgufBytes().describe("\xfe", {1}, 0, 0)),
            "f: tensor 0: the name: expects UTF-8, but got byte \\xfe at byte "
            "32");
  EXPECT_EQ(
      failureOf(
          GgufBytes().tensor("t", {1}, 24, "x").tensor("t", {1}, 24, "x")),
      "f: tensor 't': is given twice");
}

TEST(GgufTensors, RefuseTooManyDimensions) {
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {1, 1, 1, 1, 1}, 0, 0)),
            "f: tensor 't': expects at most 4 dimensions, but got 5");
}

TEST(GgufTensors, RefuseDimensionsOfZeroOrLess) {
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {4, 0}, 0, 0)),
            "f: tensor 't': expects dimensions above 0, but dimension 1 is 0");
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {-4}, 0, 0)),
            "f: tensor 't': expects dimensions above 0, but dimension 0 is -4");
}

TEST(GgufTensors, RefuseUnknownTypes) {
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {1}, 4, 0)),
            "f: tensor 't': expects a type of ggml that is in use, but got 4");
}

TEST(GgufTensors, RefuseRowsOfPartialBlocks) {
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {16, 2}, 2, 0)),
            "f: tensor 't': expects rows of a multiple of 32 elements for "
            "'q4_0', but got 16");
}

TEST(GgufTensors, RefuseSizesThatOverflow) {
  int64_t big = int64_t(1) << 40;
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {big, big}, 0, 0)),
            "f: tensor 't': expects a size of less than 2^63 elements, but got "
            "shape [1099511627776, 1099511627776]");
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {INT64_MAX}, 28, 0)),
            "f: tensor 't': expects a size of less than 2^63 elements, but got "
            "shape [9223372036854775807]");
  // The sum of two sizes that fit does not.
  EXPECT_EQ(
      failureOf(GgufBytes()
                    .describe("a", {int64_t(1) << 62}, 1, 0)
                    .describe("b", {int64_t(1) << 62}, 1, uint64_t(1) << 63)),
      "f: tensor 'b': ends beyond any file");
}

TEST(GgufTensors, RefuseOffsetsOutOfLine) {
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {1}, 0, 4100)),
            "f: tensor 't': expects an offset that is a multiple of 32, but "
            "got 4100");
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {1}, 0, 64)),
            "f: tensor 't': expects offset 0, where the tensors before it end, "
            "but got 64");
  EXPECT_EQ(failureOf(GgufBytes()
                          .tensor("a", {40}, 24, std::string(40, 'x'))
                          .describe("b", {1}, 24, 32)),
            "f: tensor 'b': expects offset 64, where the tensors before it "
            "end, but got 32");
}

TEST(GgufTensors, RefuseMissingData) {
  EXPECT_EQ(failureOf(GgufBytes().describe("t", {100}, 24, 0)),
            "f: tensor 't': expects 100 bytes at byte 64, but the file ends at "
            "byte 64");
}

} // namespace
