//===- Parser.h - Text to syntax tree ---------------------------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_PARSER_H
#define FRONTENDS_ARCH_PARSER_H

#include "frontends/arch/Ast.h"
#include "frontends/arch/Lexer.h"
#include <optional>
#include <set>

namespace tombolo::arch {

/// Where the formatter may align: offsets of the parts of table rows, with the
/// number of their column.
struct Layout {
  std::map<uint32_t, unsigned> columns;
  /// `{` and `}` of records, which hug their fields.
  std::set<uint32_t> recordBraces;
  /// `-` with nothing on its left.
  std::set<uint32_t> signs;
  /// `:` and `?` inside an index and a type, and other marks without spaces.
  std::set<uint32_t> tight;
};

/// Recursive descent. A method that fails has reported why and returns null or
/// false; items, statements and rows then go on with the next line, so one run
/// finds the mistakes of a whole file.
class Parser {
public:
  /// Nesting of expressions and blocks that a file may have, and the height of
  /// an expression (`a + b + c + ..` is as high as it is long).
  static constexpr unsigned maxNesting = 64, maxHeight = 250;
  /// Keys, values, functions or rows of one family.
  static constexpr size_t maxDefinitions = 4096;

  Parser(const Source &source, Diagnostics &diagnostics,
         Layout *layout = nullptr)
      : source(source), diagnostics(diagnostics), layout(layout),
        tokens(lex(source, diagnostics)) {}

  void parsePrelude(Prelude &prelude);
  void parseFamily(Family &family);

private:
  Parser(const Source &source, Diagnostics &diagnostics,
         std::vector<Token> tokens, unsigned nesting)
      : source(source), diagnostics(diagnostics), tokens(std::move(tokens)),
        nesting(nesting) {}

  /// One level of nesting, as long as it lives.
  struct Nested {
    Parser &parser;
    explicit Nested(Parser &parser) : parser(parser) { ++parser.nesting; }
    ~Nested() { --parser.nesting; }
    Nested(const Nested &) = delete;
    Nested &operator=(const Nested &) = delete;
    /// Reports that there are too many.
    bool tooDeep();
  };

  // Tokens.
  const Token &token() const { return tokens[place]; }
  const Token &ahead(size_t n = 1) const {
    return tokens[std::min(place + n, tokens.size() - 1)];
  }
  void advance();
  bool at(std::string_view mark) const { return token().is(mark); }
  bool accept(std::string_view mark);
  bool expect(std::string_view mark);
  bool fail(const std::string &expected);
  std::optional<std::string> name();
  std::optional<std::string> string();
  void newlines();
  /// Skips to the end of the line at this depth of braces.
  void recover(int depth);
  /// Parses `one` for each line up to the closing brace.
  template <typename One> bool lines(const char *what, One &&one);

  // Expressions (Parser.cpp).
  ExprPtr expression();
  ExprPtr operators(unsigned level);
  ExprPtr operatorsOnRight(unsigned level);
  ExprPtr prefixed(unsigned level);
  ExprPtr postfix();
  ExprPtr subscripts(ExprPtr value);
  ExprPtr call(const Token &callee);
  ExprPtr range();
  ExprPtr primary();
  ExprPtr number(const Token &token);
  ExprPtr list(Loc loc);
  ExprPtr record(const Token &brace);
  ExprPtr interpolated(const Token &token);
  ExprPtr make(Expr expr);

  // Functions (Parser.cpp).
  bool block(std::vector<StmtPtr> &body);
  StmtPtr statement();
  std::shared_ptr<const FunctionDecl> function(bool prelude, bool ofGroup);
  std::optional<OpDecl> op();

  // Items (ParseItems.cpp).
  bool items(Family &family, bool ofGroup);
  bool item(Family &family, bool ofGroup);
  bool config(Family &family, bool ofGroup);
  bool key(Family &family, bool ofGroup);
  bool types(KeyDecl &key);
  bool definitions(std::vector<std::shared_ptr<const Definition>> &list);
  bool ignoreItem(Family &family);
  bool unusedItem(Family &family);
  bool renames(Family &family);
  struct RowContext {
    bool perLayer = false;
    std::vector<ExprPtr> prefixes;
    std::vector<Guard> guards;
  };
  bool rows(Family &family, const RowContext &context);
  bool rowItem(Family &family, const RowContext &context);
  bool whenRows(Family &family, const RowContext &context);
  bool row(Family &family, const RowContext &context);

  void column(unsigned n) {
    if (layout)
      layout->columns[token().loc.offset] = n;
  }
  void tight() {
    if (layout)
      layout->tight.insert(token().loc.offset);
  }

  const Source &source;
  Diagnostics &diagnostics;
  Layout *layout = nullptr;
  std::vector<Token> tokens;
  size_t place = 0;
  int depth = 0;
  unsigned nesting = 0;
};

template <typename One> bool Parser::lines(const char *what, One &&one) {
  if (!expect("{"))
    return false;
  int inside = depth;
  newlines();
  while (!at("}")) {
    if (token().kind == TokenKind::End)
      return fail("'}'");
    if (!one())
      recover(inside);
    else if (token().kind != TokenKind::Newline && !at("}")) {
      fail(std::string("the end of the ") + what);
      recover(inside);
    }
    newlines();
  }
  advance();
  return true;
}

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_PARSER_H
