#include "frontends/arch/Parser.h"
#include "ArchFixture.h"
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::arch;
using tombolo::test::errorsOf;
using tombolo::test::familyText;

/// The tree of `let v = TEXT` with all its parentheses.
static std::string shown(const Expr &expr) {
  auto child = [&](size_t i) {
    return expr.children[i] ? shown(*expr.children[i]) : std::string();
  };
  std::string all;
  for (size_t i = 0; i < expr.children.size(); ++i)
    all += (i ? " " : "") + child(i);
  switch (expr.kind) {
  case Expr::Kind::Literal:
    if (auto *text = std::get_if<std::string>(&expr.literal))
      return "'" + *text + "'";
    if (auto *integer = std::get_if<int64_t>(&expr.literal))
      return std::to_string(*integer);
    if (auto *truth = std::get_if<bool>(&expr.literal))
      return *truth ? "true" : "false";
    return expr.isNone() ? "none" : "real";
  case Expr::Kind::Name:
    return expr.text;
  case Expr::Kind::Unary:
    return "(" + expr.text + " " + child(0) + ")";
  case Expr::Kind::Binary:
    return "(" + child(0) + " " + expr.text + " " + child(1) + ")";
  case Expr::Kind::Choice:
    return "(if " + all + ")";
  case Expr::Kind::Index:
    return "[" + all + "]";
  case Expr::Kind::Range:
    return child(0) + ":" + child(1) + ":" + child(2);
  case Expr::Kind::Call: {
    std::string out = expr.text + "(";
    size_t operands = expr.operandCount();
    for (size_t i = 0; i < expr.children.size(); ++i)
      out += (i ? ", " : "") +
             (i < operands ? "" : expr.names[i - operands] + "=") + child(i);
    return out + ")";
  }
  case Expr::Kind::Field:
    return child(0) + "." + expr.text;
  case Expr::Kind::Text:
    return "text(" + all + ")";
  case Expr::Kind::Each:
    return "each(" + expr.text + ": " + all + ")";
  case Expr::Kind::List:
    return "list(" + all + ")";
  case Expr::Kind::Record:
    return "record(" + all + ")";
  case Expr::Kind::Fail:
    return "fail(" + all + ")";
  }
  return "";
}

static std::string parsed(const std::string &text) {
  Source source{"t", "family t {\n  let v = " + text + "\n}\n"};
  Diagnostics diagnostics;
  Family family;
  Parser(source, diagnostics).parseFamily(family);
  if (diagnostics.any())
    return diagnostics.errors()[0].str();
  return shown(*family.lets.at(0)->value);
}

TEST(Parser, OperatorsBindAsInPython) {
  EXPECT_EQ(parsed("a + b * c"), "(a + (b * c))");
  EXPECT_EQ(parsed("a - b - c"), "((a - b) - c)");
  EXPECT_EQ(parsed("-a ** 2"), "(- (a ** 2))");
  EXPECT_EQ(parsed("a ** -0.5"), "(a ** (- real))");
  EXPECT_EQ(parsed("a ** b ** c"), "(a ** (b ** c))");
  EXPECT_EQ(parsed("not a == b and c or d"), "(((not (a == b)) and c) or d)");
  EXPECT_EQ(parsed("a ?? b ?? c + 1"), "((a ?? b) ?? (c + 1))");
  EXPECT_EQ(parsed("0..n // 2"), "(0 .. (n // 2))");
  EXPECT_EQ(parsed("a in [1, 2]"), "(a in list(1 2))");
  EXPECT_EQ(parsed("a + if b then c else d"), "(a + (if b c d))");
}

TEST(Parser, SubscriptsAndFields) {
  EXPECT_EQ(parsed("x[a:b, ::2, 3]"), "[x a:b: ::2 3]");
  EXPECT_EQ(parsed("x[:, 1]"), "[x :: 1]");
  EXPECT_EQ(parsed("a.b.c[0]"), "[a.b.c 0]");
}

TEST(Parser, CallsAndStrings) {
  EXPECT_EQ(parsed("f(a, b, c = 1)"), "f(a, b, c=1)");
  EXPECT_EQ(parsed("\"a{b + 1}c\""), "text('a' (b + 1) 'c')");
  EXPECT_EQ(parsed("[f(i) for i in 0..3]"), "each(i: f(i) (0 .. 3))");
  EXPECT_EQ(parsed("{a: 1, \"b c\": 2}"), "record(1 2)");
}

TEST(Parser, RefusesWithAPlace) {
  EXPECT_EQ(parsed("1 +"), "t:3:1: expects an expression, but got '}'");
  EXPECT_EQ(parsed("f(a = 1, b)"), "t:2:20: f: an operand after an attribute");
  EXPECT_EQ(parsed("f(a = 1, a = 2)"), "t:2:20: f: 'a' is given twice");
  EXPECT_EQ(parsed("99999999999999999999"),
            "t:2:11: expects an integer below 2^63, but got "
            "'99999999999999999999'");
  EXPECT_EQ(parsed("\"a{b\""),
            "t:2:13: braces in a string hold an expression and do not nest");
  EXPECT_EQ(parsed("\"a{b c}\""), "t:2:16: expects '}', but got 'c'");
  EXPECT_EQ(parsed("{a: 1, a: 2}"), "t:2:21: field 'a' is given twice");
}

TEST(Parser, DepthAndHeightAreBounded) {
  std::string deep = std::string(100, '(') + "1" + std::string(100, ')');
  EXPECT_NE(parsed(deep).find("at most 64 levels of nesting"),
            std::string::npos);
  std::string signs = std::string(100, '-') + "1";
  EXPECT_NE(parsed(signs).find("at most 64 levels of nesting"),
            std::string::npos);
  std::string chain = "1";
  for (int i = 0; i < 400; ++i)
    chain += " + 1";
  EXPECT_NE(parsed(chain).find("at most 250 nested operations"),
            std::string::npos);
  std::string blocks = "def f(x) {\n";
  for (int i = 0; i < 100; ++i)
    blocks += "if x {\n";
  EXPECT_NE(errorsOf(familyText("", blocks)).find("levels of nesting"),
            std::string::npos);
  std::string elses = "def f(x) {\nif x { return 1 }";
  for (int i = 0; i < 100; ++i)
    elses += " else if x { return 1 }";
  EXPECT_NE(errorsOf(familyText("", elses + "\n}")).find("levels of nesting"),
            std::string::npos);
}

TEST(Parser, GoesOnAfterAMistake) {
  EXPECT_EQ(
      errorsOf(familyText("  let a = \n  axis = 3\n  lat b = 2\n"
                          "  config {\n    x ; int\n    y : real\n  }")),
      "t.arch:5:8: expects the end of the line, but got '='\n"
      "t.arch:6:3: expects an item of a family (serves, gguf, use, "
      "tokenizer, config, ignore, require, let, axis, context, weights, "
      "unused or def), but got 'lat'\n"
      "t.arch:8:7: expects ':', but got ';'\n"
      "t.arch:9:9: expects a type (int, float, bool, string, list, record "
      "or a literal), but got 'real'\n");
}

TEST(Parser, DefinitionsAreUnique) {
  EXPECT_EQ(errorsOf(familyText("  let a = 1, a = 2")),
            "t.arch:4:14: 'a' is defined twice\n"
            "note: t.arch:4:7: here first\n");
}
