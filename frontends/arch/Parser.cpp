#include "frontends/arch/Parser.h"
#include <array>
#include <charconv>

using namespace tombolo;
using namespace tombolo::arch;

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void Parser::advance() {
  if (at("{"))
    ++depth;
  else if (at("}"))
    --depth;
  if (place + 1 < tokens.size())
    ++place;
}

bool Parser::accept(std::string_view mark) {
  if (!at(mark))
    return false;
  advance();
  return true;
}

bool Parser::fail(const std::string &expected) {
  diagnostics.error(token().loc,
                    "expects " + expected + ", but got " + token().shown());
  return false;
}

bool Parser::expect(std::string_view mark) {
  if (accept(mark))
    return true;
  return fail("'" + std::string(mark) + "'");
}

std::optional<std::string> Parser::name() {
  if (token().kind != TokenKind::Name) {
    fail("a name");
    return std::nullopt;
  }
  std::string text(token().text);
  advance();
  return text;
}

static std::string unquoted(const Token &token) {
  std::string_view text = token.text.substr(1);
  if (text.ends_with('"'))
    text.remove_suffix(1);
  return std::string(text);
}

std::optional<std::string> Parser::string() {
  if (token().kind != TokenKind::String) {
    fail("a string");
    return std::nullopt;
  }
  std::string text = unquoted(token());
  advance();
  return text;
}

void Parser::newlines() {
  while (token().kind == TokenKind::Newline)
    advance();
}

void Parser::recover(int target) {
  while (token().kind != TokenKind::End) {
    if (depth <= target && (token().kind == TokenKind::Newline || at("}")))
      return;
    advance();
  }
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// Binary operators, loosest first. `not` and the sign stand between them as
/// prefixes, `**` binds to the right and takes a sign there.
namespace {
enum Level : unsigned {
  Default,
  Or,
  And,
  Not,
  Compare,
  Span,
  Sum,
  Product,
  Negative,
  Power
};
} // namespace

static bool operatorAt(const Token &token, unsigned level) {
  static const std::array<std::vector<std::string_view>, 10> marks = {{
      {"??"},
      {"or"},
      {"and"},
      {},
      {"==", "!=", "<", "<=", ">", ">=", "in"},
      {".."},
      {"+", "-"},
      {"*", "/", "//", "%"},
      {},
      {"**"},
  }};
  for (std::string_view mark : marks[level])
    if (token.is(mark))
      return true;
  return false;
}

static bool isReserved(std::string_view name) {
  for (std::string_view word : {"if", "then", "else", "for", "in", "and", "or",
                                "not", "fail", "return"})
    if (name == word)
      return true;
  return false;
}

bool Parser::Nested::tooDeep() {
  if (parser.nesting <= maxNesting)
    return false;
  parser.diagnostics.error(parser.token().loc, "expects at most " +
                                                   std::to_string(maxNesting) +
                                                   " levels of nesting");
  return true;
}

ExprPtr Parser::make(Expr expr) {
  unsigned height = 0;
  for (const ExprPtr &child : expr.children)
    if (child)
      height = std::max<unsigned>(height, child->height);
  if (++height > maxHeight) {
    diagnostics.error(expr.loc, "expects an expression of at most " +
                                    std::to_string(maxHeight) +
                                    " nested operations");
    return nullptr;
  }
  expr.height = height;
  return std::make_shared<const Expr>(std::move(expr));
}

ExprPtr Parser::expression() {
  Nested guard(*this);
  if (guard.tooDeep())
    return nullptr;
  Loc loc = token().loc;
  if (accept("if")) {
    Expr expr{.kind = Expr::Kind::Choice, .loc = loc};
    for (const char *next : {"then", "else", ""}) {
      expr.children.push_back(expression());
      if (!expr.children.back())
        return nullptr;
      if (!*next)
        break;
      newlines();
      if (!expect(next))
        return nullptr;
    }
    return make(std::move(expr));
  }
  if (accept("fail")) {
    ExprPtr message = expression();
    if (!message)
      return nullptr;
    return make({.kind = Expr::Kind::Fail, .loc = loc, .children = {message}});
  }
  return operators(Default);
}

/// The right operand of an operator may be an `if` without parentheses.
ExprPtr Parser::operatorsOnRight(unsigned level) {
  return at("if") || at("fail") ? expression() : operators(level);
}

/// `not` and the sign; each may be repeated.
ExprPtr Parser::prefixed(unsigned level) {
  Nested guard(*this);
  if (guard.tooDeep())
    return nullptr;
  Loc loc = token().loc;
  std::string mark = level == Not ? "not" : "-";
  if (!at(mark))
    return operators(level + 1);
  if (layout && level == Negative)
    layout->signs.insert(loc.offset);
  advance();
  ExprPtr value = prefixed(level);
  if (!value)
    return nullptr;
  return make({.kind = Expr::Kind::Unary,
               .loc = loc,
               .text = mark,
               .children = {value}});
}

ExprPtr Parser::operators(unsigned level) {
  if (level > Power)
    return postfix();
  if (level == Not || level == Negative)
    return prefixed(level);
  ExprPtr left = operators(level + 1);
  while (left && operatorAt(token(), level)) {
    Loc loc = token().loc;
    std::string mark(token().text);
    if (mark == "..")
      tight();
    advance();
    ExprPtr right =
        level == Power ? operators(Negative) : operatorsOnRight(level + 1);
    if (!right)
      return nullptr;
    left = make({.kind = Expr::Kind::Binary,
                 .loc = loc,
                 .text = mark,
                 .children = {left, right}});
  }
  return left;
}

ExprPtr Parser::postfix() {
  Token first = token();
  ExprPtr value = primary();
  while (value) {
    Loc loc = token().loc;
    if (at(".")) {
      tight();
      advance();
      std::optional<std::string> field = name();
      if (!field)
        return nullptr;
      value = make({.kind = Expr::Kind::Field,
                    .loc = loc,
                    .text = *field,
                    .children = {value}});
    } else if (at("[")) {
      value = subscripts(value);
    } else if (at("(") && value->kind == Expr::Kind::Name &&
               value->loc.offset == first.loc.offset) {
      value = call(first);
    } else {
      return value;
    }
  }
  return nullptr;
}

ExprPtr Parser::subscripts(ExprPtr value) {
  Expr expr{.kind = Expr::Kind::Index, .loc = token().loc};
  expr.children.push_back(std::move(value));
  tight();
  advance();
  do {
    expr.children.push_back(range());
    if (!expr.children.back())
      return nullptr;
  } while (accept(","));
  if (!expect("]"))
    return nullptr;
  return make(std::move(expr));
}

ExprPtr Parser::call(const Token &callee) {
  Expr expr{.kind = Expr::Kind::Call,
            .loc = callee.loc,
            .text = std::string(callee.text)};
  std::vector<ExprPtr> attributes;
  tight();
  advance();
  while (!at(")")) {
    if (token().kind == TokenKind::Name && ahead().is("=")) {
      std::string key(token().text);
      for (const std::string &other : expr.names)
        if (other == key) {
          diagnostics.error(token().loc,
                            expr.text + ": '" + key + "' is given twice");
          return nullptr;
        }
      expr.names.push_back(std::move(key));
      advance();
      advance();
      attributes.push_back(expression());
      if (!attributes.back())
        return nullptr;
    } else if (!attributes.empty()) {
      diagnostics.error(token().loc,
                        expr.text + ": an operand after an attribute");
      return nullptr;
    } else {
      expr.children.push_back(expression());
      if (!expr.children.back())
        return nullptr;
    }
    if (!accept(","))
      break;
  }
  if (!expect(")"))
    return nullptr;
  expr.children.insert(expr.children.end(), attributes.begin(),
                       attributes.end());
  return make(std::move(expr));
}

ExprPtr Parser::range() {
  Loc loc = token().loc;
  Expr expr{.kind = Expr::Kind::Range, .loc = loc};
  expr.children.resize(3);
  auto bound = [&](ExprPtr &into) {
    if (at(":") || at(",") || at("]"))
      return true;
    into = expression();
    return into != nullptr;
  };
  if (!bound(expr.children[0]))
    return nullptr;
  if (!at(":")) {
    if (!expr.children[0])
      fail("an index or a range");
    return expr.children[0];
  }
  for (unsigned part : {1u, 2u}) {
    if (!at(":"))
      break;
    tight();
    advance();
    if (!bound(expr.children[part]))
      return nullptr;
  }
  return make(std::move(expr));
}

ExprPtr Parser::number(const Token &token) {
  Expr expr{.kind = Expr::Kind::Literal, .loc = token.loc};
  const char *begin = token.text.data(), *end = begin + token.text.size();
  if (token.text.find_first_of(".e") == std::string_view::npos) {
    int64_t value = 0;
    if (std::from_chars(begin, end, value).ec != std::errc()) {
      diagnostics.error(token.loc, "expects an integer below 2^63, but got '" +
                                       std::string(token.text.substr(0, 60)) +
                                       "'");
      return nullptr;
    }
    expr.literal = value;
  } else {
    double value = 0;
    if (std::from_chars(begin, end, value).ec != std::errc()) {
      diagnostics.error(token.loc,
                        "expects a number that a double holds, but got '" +
                            std::string(token.text.substr(0, 60)) + "'");
      return nullptr;
    }
    expr.literal = value;
  }
  return make(std::move(expr));
}

ExprPtr Parser::primary() {
  Token first = token();
  Loc loc = first.loc;
  if (first.kind == TokenKind::Number) {
    advance();
    return number(first);
  }
  if (first.kind == TokenKind::String) {
    advance();
    return interpolated(first);
  }
  if (first.kind == TokenKind::Name && !isReserved(first.text)) {
    advance();
    Expr expr{.kind = Expr::Kind::Literal, .loc = loc};
    if (first.text == "true" || first.text == "false")
      expr.literal = first.text == "true";
    else if (first.text != "none") {
      expr.kind = Expr::Kind::Name;
      expr.text = first.text;
    }
    return make(std::move(expr));
  }
  if (accept("(")) {
    ExprPtr value = expression();
    return value && expect(")") ? value : nullptr;
  }
  if (accept("["))
    return list(loc);
  if (at("{"))
    return record(first);
  fail("an expression");
  return nullptr;
}

ExprPtr Parser::list(Loc loc) {
  Expr expr{.kind = Expr::Kind::List, .loc = loc};
  if (accept("]"))
    return make(std::move(expr));
  expr.children.push_back(expression());
  if (!expr.children.back())
    return nullptr;
  if (accept("for")) {
    expr.kind = Expr::Kind::Each;
    std::optional<std::string> variable = name();
    if (!variable || !expect("in"))
      return nullptr;
    expr.text = *variable;
    expr.children.push_back(expression());
    if (!expr.children.back() || !expect("]"))
      return nullptr;
    return make(std::move(expr));
  }
  while (accept(",") && !at("]")) {
    expr.children.push_back(expression());
    if (!expr.children.back())
      return nullptr;
  }
  if (!expect("]"))
    return nullptr;
  return make(std::move(expr));
}

ExprPtr Parser::record(const Token &brace) {
  Expr expr{.kind = Expr::Kind::Record, .loc = brace.loc};
  auto markBrace = [&] {
    if (layout)
      layout->recordBraces.insert(token().loc.offset);
  };
  markBrace();
  advance();
  newlines();
  while (!at("}")) {
    std::optional<std::string> field =
        token().kind == TokenKind::String ? string() : name();
    if (!field || !expect(":"))
      return nullptr;
    newlines();
    for (const std::string &other : expr.names)
      if (other == *field) {
        diagnostics.error(token().loc, "field '" + *field + "' is given twice");
        return nullptr;
      }
    expr.names.push_back(*field);
    expr.children.push_back(expression());
    if (!expr.children.back())
      return nullptr;
    newlines();
    if (!accept(","))
      break;
    newlines();
  }
  markBrace();
  if (!expect("}"))
    return nullptr;
  return make(std::move(expr));
}

/// "blk.{layer}." is the pieces "blk.", layer, ".".
ExprPtr Parser::interpolated(const Token &token) {
  std::string text = unquoted(token);
  Expr expr{.kind = Expr::Kind::Literal, .loc = token.loc};
  if (text.find_first_of("{}") == std::string::npos) {
    expr.literal = std::move(text);
    return make(std::move(expr));
  }
  expr.kind = Expr::Kind::Text;
  auto placeOf = [&](size_t at) {
    Loc loc = token.loc;
    loc.offset += at + 1;
    loc.column += at + 1;
    return loc;
  };
  for (size_t at = 0; at < text.size();) {
    size_t open = text.find_first_of("{}", at);
    size_t stop = std::min(open, text.size());
    if (stop > at)
      expr.children.push_back(make({.kind = Expr::Kind::Literal,
                                    .loc = placeOf(at),
                                    .literal = text.substr(at, stop - at)}));
    if (open == std::string::npos)
      break;
    size_t close = text.find_first_of("{}", open + 1);
    if (text[open] == '}' || close == std::string::npos || text[close] != '}') {
      diagnostics.error(
          placeOf(open),
          "braces in a string hold an expression and do not nest");
      return nullptr;
    }
    Parser inner(
        source, diagnostics,
        lexPart(source, placeOf(open + 1), placeOf(close).offset, diagnostics),
        nesting);
    ExprPtr value = inner.expression();
    if (!value)
      return nullptr;
    if (inner.token().kind != TokenKind::End) {
      inner.fail("'}'");
      return nullptr;
    }
    expr.children.push_back(std::move(value));
    at = close + 1;
  }
  return make(std::move(expr));
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

bool Parser::block(std::vector<StmtPtr> &body) {
  Nested guard(*this);
  if (guard.tooDeep())
    return false;
  return lines("statement", [&] {
    StmtPtr one = statement();
    if (one)
      body.push_back(std::move(one));
    return one != nullptr;
  });
}

StmtPtr Parser::statement() {
  // `else if` recurses here without a block.
  Nested guard(*this);
  if (guard.tooDeep())
    return nullptr;
  Stmt stmt{.kind = Stmt::Kind::Do, .loc = token().loc};
  auto value = [&] {
    stmt.values.push_back(expression());
    return stmt.values.back() != nullptr;
  };
  auto done = [&] { return std::make_shared<const Stmt>(std::move(stmt)); };
  if (accept("return")) {
    stmt.kind = Stmt::Kind::Return;
    do {
      if (!value())
        return nullptr;
    } while (accept(","));
    return done();
  }
  if (accept("for")) {
    stmt.kind = Stmt::Kind::For;
    std::optional<std::string> axis = name();
    if (!axis)
      return nullptr;
    stmt.names.push_back(*axis);
    return block(stmt.body) ? done() : nullptr;
  }
  if (accept("if")) {
    stmt.kind = Stmt::Kind::If;
    if (!value() || !block(stmt.body))
      return nullptr;
    if (accept("else")) {
      if (!at("if"))
        return block(stmt.otherwise) ? done() : nullptr;
      stmt.otherwise.push_back(statement());
      if (!stmt.otherwise.back())
        return nullptr;
    }
    return done();
  }
  if (token().kind == TokenKind::Name &&
      (ahead().is("=") || ahead().is(",") || ahead().is("+="))) {
    stmt.kind = Stmt::Kind::Assign;
    Token first = token();
    do {
      std::optional<std::string> variable = name();
      if (!variable)
        return nullptr;
      stmt.names.push_back(*variable);
    } while (accept(","));
    if (at("+=")) {
      Loc plus = token().loc;
      advance();
      ExprPtr right = expression();
      ExprPtr left = make({.kind = Expr::Kind::Name,
                           .loc = first.loc,
                           .text = stmt.names.front()});
      if (!right || !left)
        return nullptr;
      if (stmt.names.size() > 1) {
        diagnostics.error(plus, "'+=' takes one variable");
        return nullptr;
      }
      stmt.values.push_back(make({.kind = Expr::Kind::Binary,
                                  .loc = plus,
                                  .text = "+",
                                  .children = {left, right}}));
      return stmt.values.back() ? done() : nullptr;
    }
    if (!expect("=") || !value())
      return nullptr;
    return done();
  }
  return value() ? done() : nullptr;
}

std::shared_ptr<const FunctionDecl> Parser::function(bool prelude,
                                                     bool ofGroup) {
  FunctionDecl function;
  function.loc = token().loc;
  function.prelude = prelude;
  function.ofGroup = ofGroup;
  std::optional<std::string> functionName = name();
  tight();
  if (!functionName || !expect("("))
    return nullptr;
  function.name = *functionName;
  while (!at(")")) {
    Parameter parameter;
    parameter.loc = token().loc;
    std::optional<std::string> parameterName = name();
    if (!parameterName)
      return nullptr;
    parameter.name = *parameterName;
    for (const Parameter &other : function.parameters)
      if (other.name == parameter.name) {
        diagnostics.error(parameter.loc, "parameter '" + parameter.name +
                                             "' is defined twice");
        return nullptr;
      }
    if (accept("=") && !(parameter.fallback = expression()))
      return nullptr;
    function.parameters.push_back(std::move(parameter));
    if (!accept(","))
      break;
  }
  if (!expect(")"))
    return nullptr;
  if (at("{")) {
    if (!block(function.body))
      return nullptr;
  } else {
    if (!expect("="))
      return nullptr;
    newlines();
    Stmt result{.kind = Stmt::Kind::Return, .loc = token().loc};
    result.values.push_back(expression());
    if (!result.values.back())
      return nullptr;
    function.body.push_back(std::make_shared<const Stmt>(std::move(result)));
  }
  return std::make_shared<const FunctionDecl>(std::move(function));
}

std::optional<OpDecl> Parser::op() {
  OpDecl op;
  op.loc = token().loc;
  std::optional<std::string> opName = name();
  tight();
  if (!opName || !expect("("))
    return std::nullopt;
  op.name = *opName;
  bool attributes = false;
  while (!at(")")) {
    if (accept(";"))
      attributes = true;
    std::optional<std::string> part = name();
    if (!part)
      return std::nullopt;
    if (at("..") || at("?"))
      tight();
    bool many = accept(".."), optional = !many && accept("?");
    if (!attributes) {
      op.operands.push_back({*part, many       ? OpDecl::Arity::Many
                                    : optional ? OpDecl::Arity::Optional
                                               : OpDecl::Arity::One});
    } else if (many) {
      op.open = true;
    } else {
      OpDecl::Attribute attribute{*part, false, nullptr};
      if (accept("=") && !(attribute.fallback = expression()))
        return std::nullopt;
      attribute.required = !attribute.fallback && !optional;
      op.attributes.push_back(std::move(attribute));
    }
    if (!accept(",") && !at(";"))
      break;
  }
  if (!expect(")"))
    return std::nullopt;
  return op;
}
