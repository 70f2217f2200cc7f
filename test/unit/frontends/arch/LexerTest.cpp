#include "frontends/arch/Lexer.h"
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::arch;

static std::string lexed(const std::string &text, std::string *errors = nullptr,
                         bool everything = false) {
  Source source{"t", text};
  Diagnostics diagnostics;
  std::string out;
  for (const Token &token : lex(source, diagnostics, everything))
    out += token.kind == TokenKind::Newline ? "|"
           : token.kind == TokenKind::End   ? "."
                                            : std::string(token.text) + " ";
  for (const Error &error : diagnostics.errors())
    if (errors)
      *errors += error.str() + "\n";
  return out;
}

TEST(Lexer, NumbersAndRanges) {
  EXPECT_EQ(lexed("0..n 1.5e-3 2e5 1e-6 3.x"),
            "0 .. n 1.5e-3 2e5 1e-6 3 . x .");
}

TEST(Lexer, MarksAreAsLongAsTheyCanBe) {
  EXPECT_EQ(lexed("a**b//c??d<=e!=f->g+=1"),
            "a ** b // c ?? d <= e != f -> g += 1 .");
}

TEST(Lexer, NewlineEndsAStatementUnlessTheExpressionGoesOn) {
  EXPECT_EQ(lexed("a = 1\nb = 2"), "a = 1 |b = 2 .");
  EXPECT_EQ(lexed("a = 1 +\n2"), "a = 1 + 2 .");
  EXPECT_EQ(lexed("a = 1\n  + 2"), "a = 1 + 2 .");
  EXPECT_EQ(lexed("f(a,\n\n b\n)"), "f ( a , b ) .");
  EXPECT_EQ(lexed("x\n  else y"), "x else y .");
  EXPECT_EQ(lexed("{ x }\nelse y"), "{ x } |else y .");
  EXPECT_EQ(lexed("({\na\n})"), "( { |a |} ) .");
  EXPECT_EQ(lexed("a\n\n\n b"), "a |b .");
}

TEST(Lexer, CommentsAreKeptWhereAskedFor) {
  EXPECT_EQ(lexed("a # one\nb"), "a |b .");
  EXPECT_EQ(lexed("a # one\nb", nullptr, true), "a # one |b .");
}

TEST(Lexer, UnexpectedCharactersAreAllReported) {
  std::string errors;
  EXPECT_EQ(lexed("a $ b\n· c \x01", &errors), "a b |c .");
  EXPECT_EQ(errors, "t:1:3: unexpected character '$'\n"
                    "t:2:1: unexpected character '·'\n"
                    "t:2:6: unexpected control character\n");
}

TEST(Lexer, UnendedAndControlledStrings) {
  std::string errors;
  lexed("\"abc\n\"a\tb\"", &errors);
  EXPECT_EQ(errors, "t:1:1: expects '\"' at the end of the string\n"
                    "t:2:1: a control character in a string\n");
}
