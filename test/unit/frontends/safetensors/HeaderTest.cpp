//===- HeaderTest.cpp - The JSON header of a safetensors file -------------===//

#include "frontends/safetensors/Header.h"
#include "test/unit/support/TestFolder.h"

using namespace tombolo;
using namespace tombolo::safetensors;

namespace {

std::string failureOf(std::string_view text) {
  return errorOf(parseHeader(text, "f"));
}

/// A header of one tensor with these fields.
std::string ofFields(const std::string &fields) {
  return failureOf("{\"t\":{" + fields + "}}");
}

TEST(SafetensorsHeader, ReadsEntries) {
  auto entries = parseHeader(
      R"({"__metadata__": {"format": "pt", "x": ""},
          "b": {"data_offsets": [4, 8], "shape": [], "dtype": "F32"},
          "a": {"dtype": "BF16", "shape": [2, 1], "data_offsets": [0, 4]}} )",
      "f");
  ASSERT_TRUE(entries.ok()) << errorOf(entries);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].name, "b");
  EXPECT_EQ((*entries)[0].dtype, "F32");
  EXPECT_TRUE((*entries)[0].shape.empty());
  EXPECT_EQ((*entries)[0].begin, 4u);
  EXPECT_EQ((*entries)[0].end, 8u);
  EXPECT_EQ((*entries)[1].shape, (std::vector<int64_t>{2, 1}));
}

TEST(SafetensorsHeader, RefusesWhatIsNoHeader) {
  EXPECT_EQ(failureOf("[]"), "f: header: expects an object, but got an array");
  EXPECT_EQ(failureOf("3"), "f: header: expects an object, but got 3");
  EXPECT_EQ(failureOf("{\"t\": [1]}"),
            "f: tensor 't': expects an object, but got an array");
  EXPECT_EQ(failureOf("{\"t\": null}"),
            "f: tensor 't': expects an object, but got null");
}

TEST(SafetensorsHeader, RefusesBrokenSyntax) {
  EXPECT_EQ(failureOf("{\"t\""),
            "f: header:1:5: syntax error while parsing object separator - "
            "unexpected end of input; expected ':'");
  EXPECT_EQ(failureOf("{} {"),
            "f: header:1:4: syntax error while parsing value - unexpected "
            "'{'; expected end of input");
}

TEST(SafetensorsHeader, RefusesAZeroByte) {
  EXPECT_EQ(failureOf(std::string_view("{}\0\0", 4)),
            "f: header: expects JSON text, but got a zero byte at byte 10");
}

TEST(SafetensorsHeader, RefusesNamesThatAreNotUtf8) {
  EXPECT_EQ(failureOf("{\"\xff\""),
            "f: header:1:3: syntax error while parsing object key - invalid "
            "string: ill-formed UTF-8 byte; last read: '\"\\xff'; expected "
            "string literal");
}

TEST(SafetensorsHeader, RefusesKeysGivenTwice) {
  std::string t = R"("t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_EQ(failureOf("{" + t + "," + t + "}"),
            "f: header: key 't' is given twice");
  EXPECT_EQ(failureOf(R"({"__metadata__":{},"__metadata__":{}})"),
            "f: header: key '__metadata__' is given twice");
  EXPECT_EQ(failureOf(R"({"__metadata__":{"a":"1","a":"2"}})"),
            "f: '__metadata__': key 'a' is given twice");
  EXPECT_EQ(ofFields(R"("dtype":"U8","dtype":"U8")"),
            "f: tensor 't': key 'dtype' is given twice");
}

TEST(SafetensorsHeader, RefusesMetadataThatIsNotText) {
  EXPECT_EQ(failureOf(R"({"__metadata__":{"a":1}})"),
            "f: '__metadata__': expects strings only, but got 1");
  EXPECT_EQ(failureOf(R"({"__metadata__":{"a":{}}})"),
            "f: '__metadata__': expects strings only, but got an object");
  EXPECT_EQ(failureOf(R"({"__metadata__":"a"})"),
            "f: '__metadata__': expects an object, but got a string");
}

TEST(SafetensorsHeader, RefusesMissingAndUnknownFields) {
  EXPECT_EQ(ofFields(""),
            "f: tensor 't': expects the key 'dtype', but it is absent");
  EXPECT_EQ(ofFields(R"("dtype":"U8","data_offsets":[0,0])"),
            "f: tensor 't': expects the key 'shape', but it is absent");
  EXPECT_EQ(ofFields(R"("dtype":"U8","shape":[0])"),
            "f: tensor 't': expects the key 'data_offsets', but it is absent");
  EXPECT_EQ(ofFields(R"("stride":[1])"),
            "f: tensor 't': expects the keys 'dtype', 'shape' and "
            "'data_offsets', but got 'stride'");
}

TEST(SafetensorsHeader, RefusesFieldsOfAnotherType) {
  EXPECT_EQ(ofFields(R"("dtype":5)"),
            "f: tensor 't': expects a string for 'dtype', but got 5");
  EXPECT_EQ(ofFields(R"("dtype":["U8"])"),
            "f: tensor 't': expects a string for 'dtype', but got an array");
  EXPECT_EQ(ofFields(R"("shape":3)"),
            "f: tensor 't': expects an array for 'shape', but got 3");
  EXPECT_EQ(ofFields(R"("data_offsets":{})"),
            "f: tensor 't': expects an array for 'data_offsets', but got an "
            "object");
}

TEST(SafetensorsHeader, RefusesOddShapes) {
  EXPECT_EQ(ofFields(R"("shape":[-1])"),
            "f: tensor 't': expects dimensions that are unsigned integers, but "
            "got -1");
  EXPECT_EQ(ofFields(R"("shape":[1.5])"),
            "f: tensor 't': expects dimensions that are unsigned integers, but "
            "got 1.5");
  EXPECT_EQ(ofFields(R"("shape":[[1]])"),
            "f: tensor 't': expects dimensions that are unsigned integers, but "
            "got an array");
  EXPECT_EQ(ofFields(R"("shape":[9223372036854775808])"),
            "f: tensor 't': dimension 9223372036854775808 is too large");
  std::string ones = "1";
  for (int i = 0; i < 64; ++i)
    ones += ",1";
  EXPECT_EQ(ofFields("\"shape\":[" + ones + "]"),
            "f: tensor 't': expects at most 64 dimensions");
}

TEST(SafetensorsHeader, RefusesOddOffsets) {
  EXPECT_EQ(ofFields(R"("data_offsets":[0])"),
            "f: tensor 't': expects two 'data_offsets', but got 1");
  EXPECT_EQ(ofFields(R"("data_offsets":[0,1,2])"),
            "f: tensor 't': expects two 'data_offsets', but got more");
  EXPECT_EQ(ofFields(R"("data_offsets":[0,-1])"),
            "f: tensor 't': expects 'data_offsets' that are unsigned integers, "
            "but got -1");
}

TEST(SafetensorsHeader, KnowsTheDtypes) {
  for (const char *dtype :
       {"F64",     "F32",     "F16",         "BF16",        "F8_E4M3",
        "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F6_E2M3",
        "F6_E3M2", "F4",      "C64",         "I64",         "U64",
        "I32",     "U32",     "I16",         "U16",         "I8",
        "U8",      "BOOL"})
    EXPECT_TRUE(encodingOfDtype(dtype)) << dtype;
  EXPECT_EQ(encodingOfDtype("F4"), Encoding::F4E2M1);
  EXPECT_FALSE(encodingOfDtype("f32"));
  EXPECT_FALSE(encodingOfDtype(""));
}

} // namespace
