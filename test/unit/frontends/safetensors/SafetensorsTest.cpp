//===- SafetensorsTest.cpp - One file of the safetensors container --------===//

#include "frontends/safetensors/Safetensors.h"
#include "test/unit/frontends/safetensors/SafetensorsBytes.h"

using namespace tombolo;

namespace {

const std::string twoTensors =
    R"({"w":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
    R"("b":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})";

std::string failureOf(std::string_view bytes, bool headerOnlyOk = false) {
  WeightSource weights;
  return errorOf(
      readSafetensorsFile(fileOf(bytes, "f"), weights, headerOnlyOk));
}

/// A file of one tensor with these fields and 4 bytes of data.
std::string ofFields(const std::string &fields) {
  return failureOf(safetensorsBytes("{\"t\":{" + fields + "}}", "abcd"));
}

TEST(Safetensors, IndexesTensorsInTheOrderOfTheirData) {
  WeightSource weights;
  std::string bytes = safetensorsBytes(twoTensors, "0123456789abcdef");
  ASSERT_TRUE(readSafetensorsFile(fileOf(bytes, "f"), weights).ok());
  ASSERT_EQ(weights.tensors().size(), 2u);
  EXPECT_EQ(weights.tensors()[0].name, "b");
  EXPECT_EQ(weights.tensors()[0].encoding, Encoding::F32);
  const TensorInfo *w = weights.find("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->encoding, Encoding::BF16);
  EXPECT_EQ(w->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(w->offset, 8 + twoTensors.size() + 4);
  EXPECT_EQ(w->bytes, 12u);
  auto data = weights.read(*w);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(char(data->bytes[0]), '4');
}

TEST(Safetensors, TakesTensorsWithoutElements) {
  WeightSource weights;
  std::string bytes = safetensorsBytes(
      R"({"a":{"dtype":"U8","shape":[0,5],"data_offsets":[0,0]},)"
      R"("b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
      R"("c":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}})",
      "x");
  Status read = readSafetensorsFile(fileOf(bytes, "f"), weights);
  ASSERT_TRUE(read.ok()) << errorOf(read);
  EXPECT_EQ(weights.find("a")->elements(), 0);
}

TEST(Safetensors, TakesAFileWithoutTensorsAndSpacesBehindTheHeader) {
  EXPECT_EQ(failureOf(safetensorsBytes("{}      ")), "no error");
}

TEST(Safetensors, TakesSubByteTypes) {
  WeightSource weights;
  std::string bytes = safetensorsBytes(
      R"({"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]},)"
      R"("b":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[3,6]}})",
      "abcdef");
  Status read = readSafetensorsFile(fileOf(bytes, "f"), weights);
  ASSERT_TRUE(read.ok()) << errorOf(read);
  EXPECT_EQ(weights.find("a")->bytes, 3u);
}

TEST(Safetensors, RefusesAFileThatEndsInItsLength) {
  EXPECT_EQ(failureOf(""), "f: expects 8 bytes for the length of the header, "
                           "but the file has 0");
  EXPECT_EQ(failureOf("1234567"),
            "f: expects 8 bytes for the length of the header, but the file "
            "has 7");
}

TEST(Safetensors, RefusesAHeaderBeyondTheLimit) {
  EXPECT_EQ(failureOf(bytesOf(uint64_t(100'000'001)) + "{}"),
            "f: expects a header of at most 100000000 bytes, but got "
            "100000001; is this a safetensors file");
}

TEST(Safetensors, RefusesAFileThatEndsInItsHeader) {
  EXPECT_EQ(failureOf(bytesOf(uint64_t(100)) + "{}", true),
            "f: expects a header of 100 bytes, but the file ends after 2");
}

TEST(Safetensors, RefusesAHeaderThatIsNoObject) {
  EXPECT_EQ(failureOf(safetensorsBytes("")),
            "f: expects a header that starts with '{', but got an empty one");
  EXPECT_EQ(failureOf(safetensorsBytes(" {}")),
            "f: expects a header that starts with '{', but got ' '");
}

TEST(Safetensors, RefusesUnknownDtypes) {
  EXPECT_EQ(ofFields(R"("dtype":"F31","shape":[1],"data_offsets":[0,4])"),
            "f: tensor 't': expects a dtype of the format, but got 'F31'");
}

TEST(Safetensors, RefusesOffsetsInTheWrongOrder) {
  EXPECT_EQ(ofFields(R"("dtype":"U8","shape":[4],"data_offsets":[4,0])"),
            "f: tensor 't': expects 'data_offsets' in order, but got [4, 0]");
}

TEST(Safetensors, RefusesSizesThatDoNotMatchTheShape) {
  EXPECT_EQ(ofFields(R"("dtype":"F16","shape":[4],"data_offsets":[0,4])"),
            "f: tensor 't': expects 8 bytes for shape [4] of 'F16', but got 4");
}

TEST(Safetensors, RefusesShapesThatOverflow) {
  EXPECT_EQ(ofFields(R"("dtype":"U8","shape":[4294967296,4294967296],)"
                     R"("data_offsets":[0,4])"),
            "f: tensor 't': expects elements that can be counted in 63 bits, "
            "but got shape [4294967296, 4294967296]");
  EXPECT_EQ(ofFields(R"("dtype":"F64","shape":[4611686018427387904],)"
                     R"("data_offsets":[0,4])"),
            "f: tensor 't': expects more bytes for shape "
            "[4611686018427387904] of 'F64', but got 4");
}

TEST(Safetensors, RefusesPartialBytes) {
  EXPECT_EQ(ofFields(R"("dtype":"F4","shape":[3],"data_offsets":[0,2])"),
            "f: tensor 't': expects a multiple of 2 elements of 'F4', but got "
            "shape [3]");
}

TEST(Safetensors, RefusesGaps) {
  EXPECT_EQ(ofFields(R"("dtype":"U8","shape":[3],"data_offsets":[1,4])"),
            "f: tensor 't': expects its data at byte 0 of the data, without a "
            "gap, but it begins at 1");
}

TEST(Safetensors, RefusesOverlaps) {
  EXPECT_EQ(failureOf(safetensorsBytes(
                R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                "abcd")),
            "f: tensor 'b': expects its data at byte 3 of the data, without an "
            "overlap, but it begins at 2");
}

TEST(Safetensors, RefusesMissingData) {
  EXPECT_EQ(failureOf(safetensorsBytes(twoTensors, "012345")),
            "f: tensor 'w': expects data up to byte 16 behind the header, but "
            "the file has only 6");
}

TEST(Safetensors, RefusesTrailingBytes) {
  EXPECT_EQ(failureOf(safetensorsBytes(twoTensors, "0123456789abcdefX")),
            "f: expects 16 bytes of data behind the header, but the file has "
            "17");
  EXPECT_EQ(failureOf(safetensorsBytes(twoTensors, "0123456789abcdefX"), true),
            "f: expects 16 bytes of data behind the header, but the file has "
            "17");
}

TEST(Safetensors, IndexesAHeaderAlone) {
  WeightSource weights;
  std::string bytes = safetensorsBytes(twoTensors);
  ASSERT_TRUE(readSafetensorsFile(fileOf(bytes, "f"), weights, true).ok());
  const TensorInfo *w = weights.find("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->bytes, 12u);
  EXPECT_EQ(errorOf(weights.read(*w)),
            "f: tensor 'w': expects 12 bytes at byte " +
                std::to_string(w->offset) + ", but the file has only " +
                std::to_string(bytes.size()) + " bytes");
}

TEST(Safetensors, RefusesOffsetsBeyondAnyFile) {
  std::string huge = "18446744073709551615";
  EXPECT_FALSE(
      failureOf(safetensorsBytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[" + huge +
                                 "],\"data_offsets\":[0," + huge + "]}}"),
                true) == "no error");
  // Nearly 2^63 bytes twice, then a tensor that begins near 2^64.
  std::string most = "9223372036854775807", twice = "18446744073709551614";
  auto entry = [](const char *name, const std::string &size,
                  const std::string &begin, const std::string &end) {
    return std::string("\"") + name + "\":{\"dtype\":\"U8\",\"shape\":[" +
           size + "],\"data_offsets\":[" + begin + "," + end + "]}";
  };
  EXPECT_EQ(failureOf(safetensorsBytes("{" + entry("a", most, "0", most) + "," +
                                       entry("b", most, most, twice) + "," +
                                       entry("c", "0", twice, twice) + "}"),
                      true),
            "f: tensor 'c': begins beyond any file");
}

} // namespace
