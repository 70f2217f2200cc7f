//===- JsonTest.cpp - Strict JSON from a user's file ----------------------===//

#include "support/Json.h"
#include "test/unit/support/TestFolder.h"
#include <chrono>

using namespace tombolo;

namespace {

std::string failureOf(std::string_view text) {
  return errorOf(parseJson(text, "x.json"));
}

TEST(Json, KeepsOrderAndKinds) {
  auto value = parseJson(
      R"({"z": [1, -2, 2.5, 18446744073709551615], "a": {"t": true, "n": null},
          "s": "gr\u00fc\ud83d\ude00"})",
      "x.json");
  ASSERT_TRUE(value.ok()) << errorOf(value);
  EXPECT_EQ(value->dump(), R"({"z":[1,-2,2.5,18446744073709551615],)"
                           R"("a":{"t":true,"n":null},"s":"grü😀"})");
  EXPECT_TRUE((*value)["z"][0].is_number_unsigned());
  EXPECT_TRUE((*value)["z"][1].is_number_integer());
}

TEST(Json, TakesAnyValueAtTheTop) {
  EXPECT_EQ(parseJson(" 3 ", "")->dump(), "3");
  EXPECT_EQ(parseJson("\"a\"", "")->dump(), "\"a\"");
  EXPECT_EQ(parseJson("[]", "")->dump(), "[]");
}

TEST(Json, RefusesBrokenSyntax) {
  EXPECT_EQ(failureOf("{\"a\": 1,\n \"b\" 2}"),
            "x.json:2:6: syntax error while parsing object separator - "
            "unexpected number literal; expected ':'");
  EXPECT_EQ(failureOf(""),
            "x.json:1:1: syntax error while parsing value - unexpected end of "
            "input; expected '[', '{', or a literal");
  EXPECT_EQ(failureOf("{} {}"),
            "x.json:1:4: syntax error while parsing value - unexpected '{'; "
            "expected end of input");
  EXPECT_FALSE(parseJson("[1,]", "").ok());
  EXPECT_FALSE(parseJson("{\"a\":1,}", "").ok());
  EXPECT_FALSE(parseJson("// no\n1", "").ok());
  EXPECT_FALSE(parseJson("NaN", "").ok());
  EXPECT_FALSE(parseJson("01", "").ok());
  EXPECT_FALSE(parseJson("'a'", "").ok());
}

TEST(Json, RefusesAKeyGivenTwice) {
  EXPECT_EQ(failureOf("{\"a\": 1,\n  \"b\": {\"c\": 1, \"c\": 2}}"),
            "x.json:2:17: key 'c' is given twice");
  EXPECT_EQ(failureOf("{\"a\\\"\": 1, \"a\\u0022\" : 2}"),
            "x.json:1:12: key 'a\"' is given twice");
  EXPECT_EQ(failureOf(R"({"\\": 1, "\\": 2})"),
            R"(x.json:1:11: key '\' is given twice)");
  EXPECT_TRUE(
      parseJson(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]})", "").ok());
}

TEST(Json, RefusesAKeyGivenTwiceAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i)
    text += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parseJson(text + "\"l\":0}", "").ok());
  EXPECT_EQ(failureOf(text + "\"k99\":0}"),
            "x.json:1:792: key 'k99' is given twice");
  EXPECT_FALSE(parseJson(text + "\"k3\":0}", "").ok());
}

TEST(Json, RefusesDeepNesting) {
  std::string open(128, '['), close(128, ']');
  EXPECT_TRUE(parseJson(open + close, "").ok());
  EXPECT_EQ(failureOf("[" + open + close + "]"),
            "x.json:1:129: expects at most 128 levels of arrays and objects");
  EXPECT_FALSE(parseJson(std::string(1000000, '['), "").ok());
}

TEST(Json, RefusesBytesThatAreNotUtf8) {
  EXPECT_EQ(failureOf("[\"a\xff\"]"),
            "x.json:1:4: syntax error while parsing value - invalid string: "
            "ill-formed UTF-8 byte; last read: '\"a\\xff'");
  EXPECT_FALSE(parseJson("\"\xed\xa0\x80\"", "").ok()); // a surrogate
  EXPECT_FALSE(parseJson("\"\\ud800\"", "").ok());
}

TEST(Json, RefusesAZeroByte) {
  EXPECT_EQ(failureOf(std::string_view("{}\n\0{", 5)),
            "x.json:2:1: expects JSON text, but got a zero byte");
}

TEST(Json, RefusesNumbersBeyondDoubles) {
  EXPECT_EQ(failureOf("[1e999]"),
            "x.json:1:6: number overflow parsing '1e999'");
}

TEST(Json, CutsLongTextInMessages) {
  EXPECT_LT(failureOf("[\"" + std::string(100000, 'a')).size(), 400u);
}

TEST(Json, ReadsManyMembersFast) {
  std::string text = "{\"k\":0";
  for (int i = 0; i < 200000; ++i)
    text += ",\"token" + std::to_string(i) + "\":" + std::to_string(i);
  auto start = std::chrono::steady_clock::now();
  auto value = parseJson(text + "}", "");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->size(), 200001u);
  // A search for each key would take minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Json, ReadsFiles) {
  TestFolder folder;
  auto value = readJson(folder.write("a.json", "{\"a\": 1}"));
  ASSERT_TRUE(value.ok());
  EXPECT_EQ((*value)["a"], 1);
  EXPECT_EQ(errorOf(readJson(folder.path("b.json"))),
            folder.path("b.json") +
                ": the file cannot be opened: No such file or directory");
  EXPECT_EQ(errorOf(readJson(folder.path("a.json"), 4)),
            folder.path("a.json") +
                ": expects at most 4 bytes of JSON, but got 8");
}

TEST(Json, NamesKinds) {
  using Json = nlohmann::ordered_json;
  EXPECT_EQ(jsonKind(Json::array()), "an array");
  EXPECT_EQ(jsonKind(Json::object()), "an object");
  EXPECT_EQ(jsonKind(Json("a")), "a string");
  EXPECT_EQ(jsonKind(Json(true)), "a boolean");
  EXPECT_EQ(jsonKind(Json(1)), "a number");
  EXPECT_EQ(jsonKind(Json(nullptr)), "null");
}

} // namespace
