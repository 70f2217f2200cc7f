//===- RegexTest.cpp - PCRE2 with limits ----------------------------------===//

#include "runtime/text/Regex.h"
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::text;

namespace {

std::vector<Range> matches(const char *pattern, const std::string &text) {
  Result<Regex> regex = Regex::compile(pattern);
  EXPECT_TRUE(regex) << regex.error().str();
  std::vector<Range> found;
  RegexScratch scratch(text.size());
  Status status = regex->findAll(text, scratch, found);
  EXPECT_TRUE(status) << status.error().str();
  return found;
}

using Ranges = std::vector<Range>;

TEST(Regex, FindsFromLeftToRight) {
  EXPECT_EQ(matches("a+", "aaba"), (Ranges{{0, 2}, {3, 4}}));
  EXPECT_EQ(matches("x", "aaba"), Ranges{});
  EXPECT_EQ(matches("a|ab", "ab"), (Ranges{{0, 1}}));
}

TEST(Regex, EmptyMatchesDoNotTouchTheOneBefore) {
  EXPECT_EQ(matches("a*", "baac"), (Ranges{{0, 0}, {1, 3}, {4, 4}}));
  EXPECT_EQ(matches("", "\u00E9x"), (Ranges{{0, 0}, {2, 2}, {3, 3}}));
  EXPECT_EQ(matches("", ""), (Ranges{{0, 0}}));
}

TEST(Regex, LooksBeyondItsWindow) {
  // Characters of two bytes lie across every window's end.
  std::string gap;
  for (int i = 0; i < 500; ++i)
    gap += "\u00E9";
  auto size = static_cast<uint32_t>(gap.size());
  EXPECT_EQ(matches("x", "a" + gap + "x" + gap + "x"),
            (Ranges{{size + 1, size + 2}, {2 * size + 2, 2 * size + 3}}));
  EXPECT_EQ(matches("(?<=\u00E9)x", gap + "x"), (Ranges{{size, size + 1}}));
  EXPECT_EQ(matches("\u00E9+x", gap + "x"), (Ranges{{0, size + 1}}));
}

TEST(Regex, IsUnicode) {
  EXPECT_EQ(matches("\\p{L}+", "a\u00E9\u4E2D1"), (Ranges{{0, 6}}));
  EXPECT_EQ(matches("(?i:\u00C4)", "\u00E4"), (Ranges{{0, 2}}));
}

TEST(Regex, LongGroupsDoNotNeedTheStack) {
  std::string text(1'000'000, 'a');
  EXPECT_EQ(matches("(?:(?!b)a)+", text), (Ranges{{0, 1'000'000}}));
}

/// What findAll says of a text under which it fails.
std::string failureOf(const char *pattern, const std::string &text) {
  Result<Regex> regex = Regex::compile(pattern);
  EXPECT_TRUE(regex) << regex.error().str();
  std::vector<Range> found;
  RegexScratch scratch(0);
  Status status = regex->findAll(text, scratch, found);
  return status ? "" : status.error().str();
}

TEST(Regex, EndsWhatTakesTooLong) {
  // Ten thousand steps at each character: each attempt is within its limit.
  EXPECT_EQ(failureOf("a{0,99}?a{0,99}?(?:c|d)", std::string(2'000'000, 'a')),
            "matching a pattern of the tokenizer takes too long");
  EXPECT_EQ(failureOf("(?:a+)+(?:c|d)", std::string(1000, 'a')),
            "matching a pattern of the tokenizer: match limit exceeded");
}

TEST(Regex, RefusesToGoBackwards) {
  // A subpattern called from a lookahead moves the beginning past the end.
  EXPECT_EQ(failureOf("(?<x>ab\\K){0}(?=\\g<x>)", "ab"),
            "a pattern of the tokenizer matches backwards");
}

TEST(Regex, RefusesWhatDoesNotCompile) {
  Result<Regex> regex = Regex::compile("a(");
  ASSERT_FALSE(regex);
  EXPECT_EQ(regex.error().str(),
            "pattern 'a(': missing closing parenthesis at byte 2");
  EXPECT_FALSE(Regex::compile(std::string(100'000, 'a')));
  EXPECT_FALSE(Regex::compile(std::string(1000, '(')));
  EXPECT_FALSE(Regex::compile("\\C"));
}

} // namespace
