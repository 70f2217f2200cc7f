//===- OnigurumaPatternTest.cpp - Patterns rewritten for PCRE2 ------------===//

#include "frontends/tokenizer/OnigurumaPattern.h"
#include "runtime/text/Regex.h"
#include <gtest/gtest.h>

using namespace tombolo;

namespace {

std::string translated(std::string_view pattern) {
  Result<std::string> result = translateOnigurumaPattern(pattern);
  return result ? *result : "error: " + result.error().str();
}

/// The parts of `text` that the pattern matches, with bars between them.
std::string matched(std::string_view pattern, const std::string &text) {
  Result<text::Regex> regex = text::Regex::compile(translated(pattern));
  EXPECT_TRUE(regex) << pattern;
  if (!regex)
    return "";
  text::RegexScratch scratch(text.size());
  std::vector<text::Range> ranges;
  EXPECT_TRUE(regex->findAll(text, scratch, ranges));
  std::string out;
  for (text::Range range : ranges)
    out += (out.empty() ? "" : "|") +
           text.substr(range.begin, range.end - range.begin);
  return out;
}

TEST(OnigurumaPattern, LeavesWhatIsTheSame) {
  for (const char *pattern :
       {"a|b", "(?:a+?|b*+)", "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+", "\\p{N}{1,3}",
        "(?i:'s|'t)", "x(?!y)", "[!-/:-@]", "\\p{Lu}\\P{L}\\d\\."})
    EXPECT_EQ(translated(pattern), pattern);
}

TEST(OnigurumaPattern, SetsThatDiffer) {
  EXPECT_EQ(translated("\\s+(?!\\S)"), "\\p{White_Space}+(?!\\P{White_Space})");
  EXPECT_EQ(translated("[^\\s\\w]"), "[^\\p{White_Space}\\p{Alphabetic}\\p{M}"
                                     "\\p{Nd}\\p{Pc}]");
  EXPECT_EQ(translated("\\h"), "[0-9a-fA-F]");
  EXPECT_EQ(translated("\\u4e00[\\u4e00-\\u9fa5]"),
            "\\x{4e00}[\\x{4e00}-\\x{9fa5}]");
  EXPECT_EQ(translated("\\p{Letter}\\p{Uppercase_Letter}"), "\\p{L}\\p{Lu}");
  EXPECT_EQ(translated("\\p{Han}\\p{^Greek}"), "\\p{sc:Han}\\P{sc:Greek}");
  // U+180E is no white space any more.
  EXPECT_EQ(matched("\\s", "\u180E\u0085\u00A0"), "\u0085|\u00A0");
  // Each line has a beginning and an end.
  EXPECT_EQ(matched("^.$", "a\nb"), "a|b");
  EXPECT_EQ(translated("a{,3}"), "a{0,3}");
  EXPECT_EQ(translated("a{x}"), "a\\{x}");
}

TEST(OnigurumaPattern, IntersectionsBecomeOneClass) {
  EXPECT_EQ(matched("[\\p{L}&&[^\\p{Han}]]+", "ab\u4E2Dcd"), "ab|cd");
  EXPECT_EQ(matched("[\\p{Lu}\\p{M}&&[^\\p{Han}]]+", "A\u0301a\u4E2DB"),
            "A\u0301|B");
  EXPECT_EQ(matched("[[^\\s]&&[^b]]+", "ab c"), "a|c");
  EXPECT_EQ(translated("[a-z&&[aeiou]]"),
            "error: pattern '[a-z&&[aeiou]]': expects intersections of negated "
            "classes and of general categories at byte 14");
}

TEST(OnigurumaPattern, RefusesWhatHasNoCounterpart) {
  auto refuses = [](const char *pattern, const char *why) {
    EXPECT_NE(translated(pattern).find(why), std::string::npos)
        << translated(pattern);
  };
  refuses("[a[b]]", "does not know a class inside of a class");
  refuses("(?m:.)", "does not know this kind of group");
  refuses("a{1,3}+", "does not know '+' after a count");
  refuses("\\y", "does not know '\\y'");
  refuses("\\1", "does not know '\\1'");
  refuses("[\\W]", "does not know '\\W' in a class");
  refuses("\\p{NoSuch}", "knows no property 'NoSuch'");
  refuses("\\pL", "expects '{' and '}' after '\\p'");
  refuses("[", "expects ']'");
  refuses("[]", "expects a class that is not empty");
  refuses("\\u12", "expects four hexadecimal digits");
  refuses("\\", "ends with a backslash");
}

} // namespace
