//===- TextTest.cpp - UTF-8, and quoting text in messages -----------------===//

#include "support/Text.h"
#include <gtest/gtest.h>
#include <vector>

using namespace tombolo;

namespace {

TEST(Text, AcceptsUtf8) {
  EXPECT_TRUE(isUtf8(""));
  EXPECT_TRUE(isUtf8("plain text, longer than a word"));
  EXPECT_TRUE(isUtf8("grüße, 世界 😀 and some more"));
  EXPECT_TRUE(isUtf8("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"));
  EXPECT_TRUE(isUtf8(std::string_view("\0", 1)));
}

TEST(Text, FindsWhatIsNotUtf8) {
  EXPECT_EQ(findInvalidUtf8("ab\xff"), 2u);
  EXPECT_EQ(findInvalidUtf8("0123456789\x80"), 10u);
  for (const char *text :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", // overlong
        "\xed\xa0\x80", "\xed\xbf\xbf",         // surrogates
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", // above U+10FFFF
        "\xc3", "\xe2\x82", "\xf0\x9f\x98",     // cut off
        "\xc3x", "\xe2\x82x", "\xf0\x9f\x98x", "\xbf"})
    EXPECT_EQ(findInvalidUtf8(text), 0u) << text;
}

TEST(Text, QuotesForMessages) {
  EXPECT_EQ(quote("blk.0"), "'blk.0'");
  EXPECT_EQ(quote("a\n\x1b[0m\x7f\xff"), "'a\\x0a\\x1b[0m\\x7f\\xff'");
  EXPECT_EQ(quote("grüße"), "'grüße'");
  EXPECT_EQ(quote("abcdef", 3), "'abc...'");
  EXPECT_EQ(quote("abc", 3), "'abc'");
}

TEST(Text, WritesShapes) {
  EXPECT_EQ(shapeText(std::vector<int64_t>{4, 64}), "[4, 64]");
  EXPECT_EQ(shapeText({}), "[]");
}

TEST(Text, CountsLinesAndColumns) {
  EXPECT_EQ(lineColumn("", 0), "1:1");
  EXPECT_EQ(lineColumn("ab\ncd", 1), "1:2");
  EXPECT_EQ(lineColumn("ab\ncd", 2), "1:3");
  EXPECT_EQ(lineColumn("ab\ncd", 3), "2:1");
  EXPECT_EQ(lineColumn("ü😀x", 6), "1:3");
  EXPECT_EQ(lineColumn("ab", 99), "1:3");
}

} // namespace
