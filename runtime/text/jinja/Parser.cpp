//===- Parser.cpp ---------------------------------------------------------===//

#include "runtime/text/jinja/Parser.h"
#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>

namespace tombolo::text::jinja {

namespace {

class Parser {
public:
  explicit Parser(std::vector<Token> tokens) : tokens(std::move(tokens)) {}

  Result<Body> run();

private:
  // Statements. A body ends before a block that begins with one of `ends`.
  Body body(std::initializer_list<std::string_view> ends);
  std::optional<Stmt> statement();
  Stmt ifStatement();
  Stmt forStatement();
  std::optional<Stmt> setStatement();
  Stmt macroStatement();
  Stmt withStatement();
  Stmt filterStatement();
  Stmt callStatement();
  void parameters(Stmt &stmt);
  std::vector<std::string> targets();
  void endBlock();
  void finish(std::string_view keyword);

  // Expressions, loosest first.
  ExprPtr tuple(bool conditional = true);
  ExprPtr expression();
  ExprPtr disjunction();
  ExprPtr conjunction();
  ExprPtr negation();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concatenation();
  ExprPtr product();
  ExprPtr power();
  ExprPtr unary(bool withFilters);
  ExprPtr primary();
  ExprPtr postfix(ExprPtr expr);
  ExprPtr filters(ExprPtr expr);
  ExprPtr filter(ExprPtr expr);
  ExprPtr test(ExprPtr expr);
  ExprPtr subscript(ExprPtr expr);
  void arguments(Expr &call);
  ExprPtr sequence(std::string_view end, ExprKind kind);
  ExprPtr dictionary();

  const Token &token(size_t ahead = 0) const {
    return tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  bool isOperator(std::string_view text, size_t ahead = 0) const {
    return token(ahead).kind == TokenKind::Operator &&
           token(ahead).text == text;
  }
  bool isName(std::string_view text, size_t ahead = 0) const {
    return token(ahead).kind == TokenKind::Name && token(ahead).text == text;
  }
  bool takeOperator(std::string_view text) {
    if (!isOperator(text))
      return false;
    ++position;
    return true;
  }
  bool takeName(std::string_view text) {
    if (!isName(text))
      return false;
    ++position;
    return true;
  }
  void expectOperator(std::string_view text) {
    if (!takeOperator(text))
      fail("expects '" + std::string(text) + "', but got " + describe());
  }
  std::string expectName() {
    if (token().kind != TokenKind::Name) {
      fail("expects a name, but got " + describe());
      return "";
    }
    return tokens[position++].text;
  }
  std::string describe() const;
  void fail(std::string message) {
    if (!error)
      error = errorAt(token().line, std::move(message));
    position = tokens.size() - 1; // the end, where every loop stops
  }

  ExprPtr make(ExprKind kind, std::vector<ExprPtr> args = {}) {
    auto expr = std::make_unique<Expr>();
    expr->kind = kind;
    expr->line = token().line;
    expr->args = std::move(args);
    for (const ExprPtr &arg : expr->args)
      deepen(*expr, arg);
    return expr;
  }
  template <typename... Args> ExprPtr makeOf(ExprKind kind, Args... given) {
    std::vector<ExprPtr> args;
    (args.push_back(std::move(given)), ...);
    return make(kind, std::move(args));
  }
  void deepen(Expr &expr, const ExprPtr &arg) {
    if (!arg)
      return;
    expr.depth = std::max(expr.depth, arg->depth + 1);
    if (expr.depth > kMaxTreeDepth)
      fail("expects at most " + std::to_string(kMaxTreeDepth) +
           " nested expressions");
  }
  ExprPtr constant(Value value) {
    ExprPtr expr = make(ExprKind::Constant);
    expr->value = std::move(value);
    return expr;
  }

  /// Counts recursion, whose depth is the user's.
  struct Nested {
    explicit Nested(Parser &parser) : parser(parser) {
      if (++parser.nesting > kMaxTreeDepth)
        parser.fail("expects at most " + std::to_string(kMaxTreeDepth) +
                    " nested blocks and expressions");
    }
    ~Nested() { --parser.nesting; }
    Parser &parser;
  };

  std::vector<Token> tokens;
  size_t position = 0;
  unsigned nesting = 0;
  unsigned loops = 0; ///< For bodies around this place
  std::optional<Error> error;
};

std::string Parser::describe() const {
  switch (token().kind) {
  case TokenKind::Text:
  case TokenKind::End:
    return "the end of the template";
  case TokenKind::PrintBegin:
    return "'{{'";
  case TokenKind::PrintEnd:
    return "'}}'";
  case TokenKind::BlockBegin:
    return "'{%'";
  case TokenKind::BlockEnd:
    return "'%}'";
  case TokenKind::String:
    return "a string";
  default:
    return "'" + token().text + "'";
  }
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void Parser::endBlock() {
  if (token().kind != TokenKind::BlockEnd)
    return fail("expects '%}', but got " + describe());
  ++position;
}

/// The block `keyword` that ends a statement.
void Parser::finish(std::string_view keyword) {
  if (token().kind != TokenKind::BlockBegin || !isName(keyword, 1))
    return fail("expects '{% " + std::string(keyword) + " %}', but got " +
                describe());
  position += 2;
  endBlock();
}

Body Parser::body(std::initializer_list<std::string_view> ends) {
  Nested nested(*this);
  Body result;
  while (!error && token().kind != TokenKind::End) {
    if (token().kind == TokenKind::Text) {
      Stmt stmt{StmtKind::Text, token().line, token().text, {}, {}, {}};
      result.push_back(std::move(stmt));
      ++position;
      continue;
    }
    if (token().kind == TokenKind::PrintBegin) {
      Stmt stmt{StmtKind::Print, token().line, "", {}, {}, {}};
      ++position;
      stmt.exprs.push_back(tuple());
      if (token().kind != TokenKind::PrintEnd)
        fail("expects '}}', but got " + describe());
      ++position;
      result.push_back(std::move(stmt));
      continue;
    }
    if (token(1).kind == TokenKind::Name &&
        std::find(ends.begin(), ends.end(), token(1).text) != ends.end())
      return result;
    ++position;
    if (std::optional<Stmt> stmt = statement())
      result.push_back(std::move(*stmt));
  }
  if (!error && ends.size() != 0)
    fail("expects '{% " + std::string(*(ends.end() - 1)) +
         " %}' before the end of the template");
  return result;
}

std::optional<Stmt> Parser::statement() {
  unsigned line = token().line;
  std::string keyword = expectName();
  auto simple = [&](StmtKind kind) {
    endBlock();
    return Stmt{kind, line, "", {}, {}, {}};
  };
  if (error)
    return std::nullopt;
  if (keyword == "if")
    return ifStatement();
  if (keyword == "for")
    return forStatement();
  if (keyword == "set")
    return setStatement();
  if (keyword == "macro")
    return macroStatement();
  if (keyword == "with")
    return withStatement();
  if (keyword == "filter")
    return filterStatement();
  if (keyword == "call")
    return callStatement();
  if (keyword == "break" || keyword == "continue") {
    if (loops == 0)
      fail("'" + keyword + "' stands outside of a loop");
    return simple(keyword == "break" ? StmtKind::Break : StmtKind::Continue);
  }
  if (keyword == "generation") {
    // Marks what an assistant wrote, for training; renders as it is.
    Stmt stmt = simple(StmtKind::Block);
    stmt.bodies.push_back(body({"endgeneration"}));
    finish("endgeneration");
    return stmt;
  }
  if (keyword == "include" || keyword == "import" || keyword == "from" ||
      keyword == "extends")
    fail("'" + keyword + "' reads other files, which a chat template may not");
  else if (keyword.starts_with("end") || keyword == "else" || keyword == "elif")
    fail("does not expect '{% " + keyword + " %}' here");
  else
    fail("statement '" + keyword + "' is not in this version");
  return std::nullopt;
}

Stmt Parser::ifStatement() {
  Stmt stmt{StmtKind::If, token().line, "", {}, {}, {}};
  while (true) {
    stmt.exprs.push_back(tuple(false));
    endBlock();
    stmt.bodies.push_back(body({"elif", "else", "endif"}));
    if (isName("elif", 1)) {
      position += 2;
      continue;
    }
    if (isName("else", 1)) {
      position += 2;
      endBlock();
      stmt.bodies.push_back(body({"endif"}));
    }
    finish("endif");
    return stmt;
  }
}

std::vector<std::string> Parser::targets() {
  std::vector<std::string> names;
  bool parenthesis = takeOperator("(");
  do {
    if (parenthesis && isOperator(")"))
      break;
    names.push_back(expectName());
  } while (!error && takeOperator(","));
  if (parenthesis)
    expectOperator(")");
  for (const std::string &name : names)
    if (name == "true" || name == "false" || name == "none" || name == "True" ||
        name == "False" || name == "None")
      fail("cannot assign to '" + name + "'");
  return names;
}

Stmt Parser::forStatement() {
  Stmt stmt{StmtKind::For, token().line, "", {}, {}, {}};
  stmt.names = targets();
  if (!takeName("in"))
    fail("expects 'in', but got " + describe());
  stmt.exprs.push_back(tuple(false));
  stmt.exprs.push_back(takeName("if") ? expression() : nullptr);
  if (isName("recursive"))
    fail("'recursive' is not in this version");
  endBlock();
  ++loops;
  stmt.bodies.push_back(body({"else", "endfor"}));
  --loops;
  if (isName("else", 1)) {
    position += 2;
    endBlock();
    stmt.bodies.push_back(body({"endfor"}));
  }
  finish("endfor");
  return stmt;
}

std::optional<Stmt> Parser::setStatement() {
  Stmt stmt{StmtKind::Set, token().line, "", {}, {}, {}};
  if (token().kind == TokenKind::Name && isOperator(".", 1)) {
    std::string name = expectName();
    ++position;
    stmt.names = {name + "." + expectName()};
  } else {
    stmt.names = targets();
  }
  if (takeOperator("=")) {
    stmt.exprs.push_back(tuple());
    endBlock();
    return stmt;
  }
  stmt.kind = StmtKind::SetBlock;
  if (stmt.names.size() != 1)
    fail("expects one name before a block that it is set to");
  ExprPtr text = make(ExprKind::Name);
  text->name = kBlockText;
  stmt.exprs.push_back(filters(std::move(text)));
  endBlock();
  stmt.bodies.push_back(body({"endset"}));
  finish("endset");
  return stmt;
}

/// `(a, b=1)`
void Parser::parameters(Stmt &stmt) {
  expectOperator("(");
  bool hasDefaults = false;
  while (!error && !isOperator(")")) {
    stmt.names.push_back(expectName());
    if (takeOperator("=")) {
      hasDefaults = true;
      stmt.exprs.push_back(expression());
    } else if (hasDefaults) {
      fail("expects a default for '" + stmt.names.back() +
           "', because one before it has one");
    }
    if (!takeOperator(","))
      break;
  }
  expectOperator(")");
}

Stmt Parser::macroStatement() {
  Stmt stmt{StmtKind::Macro, token().line, "", {}, {}, {}};
  stmt.names = {expectName()};
  parameters(stmt);
  endBlock();
  unsigned outer = std::exchange(loops, 0);
  stmt.bodies.push_back(body({"endmacro"}));
  loops = outer;
  finish("endmacro");
  return stmt;
}

Stmt Parser::withStatement() {
  Stmt stmt{StmtKind::With, token().line, "", {}, {}, {}};
  while (!error && token().kind != TokenKind::BlockEnd) {
    stmt.names.push_back(expectName());
    expectOperator("=");
    stmt.exprs.push_back(expression());
    if (!takeOperator(","))
      break;
  }
  endBlock();
  stmt.bodies.push_back(body({"endwith"}));
  finish("endwith");
  return stmt;
}

Stmt Parser::filterStatement() {
  Stmt stmt{StmtKind::FilterBlock, token().line, "", {}, {}, {}};
  ExprPtr text = make(ExprKind::Name);
  text->name = kBlockText;
  ExprPtr first = filter(std::move(text));
  stmt.exprs.push_back(filters(std::move(first)));
  endBlock();
  stmt.bodies.push_back(body({"endfilter"}));
  finish("endfilter");
  return stmt;
}

Stmt Parser::callStatement() {
  Stmt stmt{StmtKind::CallBlock, token().line, "", {}, {}, {}};
  if (isOperator("("))
    parameters(stmt);
  if (!stmt.exprs.empty())
    fail("defaults in 'call' are not in this version");
  ExprPtr call = unary(true);
  if (!error && call->kind != ExprKind::Call)
    fail("expects a call");
  stmt.exprs.push_back(std::move(call));
  endBlock();
  unsigned outer = std::exchange(loops, 0);
  stmt.bodies.push_back(body({"endcall"}));
  loops = outer;
  finish("endcall");
  return stmt;
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// One expression, or several with commas between them. Without `conditional`
/// an `if` behind it belongs to the statement.
ExprPtr Parser::tuple(bool conditional) {
  auto one = [&] { return conditional ? expression() : disjunction(); };
  ExprPtr first = one();
  if (!isOperator(","))
    return first;
  ExprPtr result = makeOf(ExprKind::Tuple, std::move(first));
  while (!error && takeOperator(",")) {
    bool ends = token().kind == TokenKind::PrintEnd ||
                token().kind == TokenKind::BlockEnd || isOperator(")") ||
                isOperator("=") || isName("if") || isName("recursive");
    if (ends)
      break;
    result->args.push_back(one());
    deepen(*result, result->args.back());
  }
  return result;
}

ExprPtr Parser::expression() {
  Nested nested(*this);
  if (error)
    return make(ExprKind::Constant);
  ExprPtr value = disjunction();
  while (!error && takeName("if")) {
    ExprPtr condition = disjunction();
    ExprPtr otherwise = takeName("else") ? expression() : nullptr;
    value = makeOf(ExprKind::Conditional, std::move(condition),
                   std::move(value), std::move(otherwise));
  }
  return value;
}

ExprPtr Parser::disjunction() {
  ExprPtr left = conjunction();
  while (!error && takeName("or"))
    left = makeOf(ExprKind::Or, std::move(left), conjunction());
  return left;
}

ExprPtr Parser::conjunction() {
  ExprPtr left = negation();
  while (!error && takeName("and"))
    left = makeOf(ExprKind::And, std::move(left), negation());
  return left;
}

ExprPtr Parser::negation() {
  if (!takeName("not"))
    return comparison();
  Nested nested(*this);
  return makeOf(ExprKind::Not, negation());
}

ExprPtr Parser::comparison() {
  ExprPtr left = sum();
  ExprPtr result;
  while (!error) {
    std::string op;
    for (std::string_view known : {"==", "!=", "<", "<=", ">", ">="})
      if (isOperator(known))
        op = known;
    if (isName("in"))
      op = "in";
    else if (isName("not") && isName("in", 1))
      op = "not in";
    if (op.empty())
      break;
    position += op == "not in" ? 2 : 1;
    if (!result)
      result = makeOf(ExprKind::Compare, std::move(left));
    result->operators.push_back(op);
    result->args.push_back(sum());
    deepen(*result, result->args.back());
  }
  return result ? std::move(result) : std::move(left);
}

ExprPtr Parser::sum() {
  ExprPtr left = concatenation();
  while (!error && (isOperator("+") || isOperator("-"))) {
    std::string op = tokens[position++].text;
    left = makeOf(ExprKind::Binary, std::move(left), concatenation());
    left->name = op;
  }
  return left;
}

ExprPtr Parser::concatenation() {
  ExprPtr left = product();
  while (!error && takeOperator("~")) {
    left = makeOf(ExprKind::Binary, std::move(left), product());
    left->name = "~";
  }
  return left;
}

ExprPtr Parser::product() {
  ExprPtr left = power();
  while (!error && (isOperator("*") || isOperator("/") || isOperator("//") ||
                    isOperator("%"))) {
    std::string op = tokens[position++].text;
    left = makeOf(ExprKind::Binary, std::move(left), power());
    left->name = op;
  }
  return left;
}

ExprPtr Parser::power() {
  ExprPtr left = unary(true);
  while (!error && takeOperator("**")) {
    left = makeOf(ExprKind::Binary, std::move(left), unary(true));
    left->name = "**";
  }
  return left;
}

ExprPtr Parser::unary(bool withFilters) {
  Nested nested(*this);
  if (error)
    return make(ExprKind::Constant);
  ExprPtr expr;
  if (isOperator("-") || isOperator("+")) {
    std::string op = tokens[position++].text;
    expr = makeOf(ExprKind::Unary, unary(false));
    expr->name = op;
  } else {
    expr = primary();
  }
  expr = postfix(std::move(expr));
  return withFilters ? filters(std::move(expr)) : std::move(expr);
}

ExprPtr Parser::primary() {
  switch (token().kind) {
  case TokenKind::Name: {
    std::string name = tokens[position++].text;
    if (name == "true" || name == "True")
      return constant(true);
    if (name == "false" || name == "False")
      return constant(false);
    if (name == "none" || name == "None")
      return constant(Value::none());
    ExprPtr expr = make(ExprKind::Name);
    expr->name = std::move(name);
    return expr;
  }
  case TokenKind::String: {
    std::string text;
    while (token().kind == TokenKind::String)
      text += tokens[position++].text;
    return constant(std::move(text));
  }
  case TokenKind::Integer: {
    const std::string &text = token().text;
    int64_t value = 0;
    auto [end, code] =
        std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size())
      fail("expects an integer of at most 64 bits, but got '" + text + "'");
    ++position;
    return constant(value);
  }
  case TokenKind::Float: {
    const std::string &text = token().text;
    double value = 0;
    auto [end, code] =
        std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size())
      fail("expects a number in a double's range, but got '" + text + "'");
    ++position;
    return constant(value);
  }
  default:
    break;
  }
  if (takeOperator("(")) {
    if (takeOperator(")"))
      return make(ExprKind::Tuple);
    ExprPtr inner = tuple();
    expectOperator(")");
    return inner;
  }
  if (takeOperator("["))
    return sequence("]", ExprKind::List);
  if (takeOperator("{"))
    return dictionary();
  fail("expects an expression, but got " + describe());
  return make(ExprKind::Constant);
}

ExprPtr Parser::sequence(std::string_view end, ExprKind kind) {
  ExprPtr list = make(kind);
  while (!error && !isOperator(end)) {
    list->args.push_back(expression());
    deepen(*list, list->args.back());
    if (!takeOperator(","))
      break;
  }
  expectOperator(end);
  return list;
}

ExprPtr Parser::dictionary() {
  ExprPtr dict = make(ExprKind::Dict);
  while (!error && !isOperator("}")) {
    dict->args.push_back(expression());
    deepen(*dict, dict->args.back());
    expectOperator(":");
    dict->args.push_back(expression());
    deepen(*dict, dict->args.back());
    if (!takeOperator(","))
      break;
  }
  expectOperator("}");
  return dict;
}

ExprPtr Parser::postfix(ExprPtr expr) {
  while (!error) {
    if (isOperator(".") || isOperator("[")) {
      expr = subscript(std::move(expr));
    } else if (isOperator("(")) {
      expr = makeOf(ExprKind::Call, std::move(expr));
      arguments(*expr);
    } else {
      break;
    }
  }
  return expr;
}

ExprPtr Parser::subscript(ExprPtr expr) {
  if (takeOperator(".")) {
    if (token().kind == TokenKind::Integer) {
      ExprPtr index = primary();
      return makeOf(ExprKind::Item, std::move(expr), std::move(index));
    }
    ExprPtr result = makeOf(ExprKind::Attribute, std::move(expr));
    result->name = expectName();
    return result;
  }
  expectOperator("[");
  ExprPtr bounds[3];
  int part = 0;
  bool isSlice = false;
  while (!error && !isOperator("]")) {
    if (takeOperator(":")) {
      isSlice = true;
      if (++part > 2)
        fail("expects at most three parts of a slice");
      continue;
    }
    if (bounds[part]) {
      fail("expects ']', but got " + describe());
      break;
    }
    bounds[part] = expression();
  }
  expectOperator("]");
  if (error)
    return make(ExprKind::Constant);
  if (isSlice)
    return makeOf(ExprKind::Slice, std::move(expr), std::move(bounds[0]),
                  std::move(bounds[1]), std::move(bounds[2]));
  if (!bounds[0])
    fail("expects an index");
  return makeOf(ExprKind::Item, std::move(expr), std::move(bounds[0]));
}

/// `(a, b, name=c)`
void Parser::arguments(Expr &call) {
  expectOperator("(");
  while (!error && !isOperator(")")) {
    if (isOperator("*") || isOperator("**")) {
      fail("arguments after '*' are not in this version");
    } else if (token().kind == TokenKind::Name && isOperator("=", 1)) {
      std::string name = expectName();
      ++position;
      call.named.emplace_back(std::move(name), expression());
      deepen(call, call.named.back().second);
    } else {
      if (!call.named.empty())
        fail("expects a name before an argument that follows a named one");
      call.args.push_back(expression());
      deepen(call, call.args.back());
    }
    if (!takeOperator(","))
      break;
  }
  expectOperator(")");
}

ExprPtr Parser::filters(ExprPtr expr) {
  while (!error) {
    if (takeOperator("|")) {
      expr = filter(std::move(expr));
    } else if (takeName("is")) {
      expr = test(std::move(expr));
    } else if (isOperator("(")) {
      expr = makeOf(ExprKind::Call, std::move(expr));
      arguments(*expr);
    } else {
      break;
    }
  }
  return expr;
}

ExprPtr Parser::filter(ExprPtr expr) {
  ExprPtr result = makeOf(ExprKind::Filter, std::move(expr));
  result->name = expectName();
  if (isOperator("("))
    arguments(*result);
  return result;
}

ExprPtr Parser::test(ExprPtr expr) {
  bool negated = takeName("not");
  ExprPtr result = makeOf(ExprKind::Test, std::move(expr));
  result->name = expectName();
  const Token &next = token();
  bool hasOperand =
      next.kind == TokenKind::String || next.kind == TokenKind::Integer ||
      next.kind == TokenKind::Float || isOperator("[") || isOperator("{") ||
      (next.kind == TokenKind::Name && !isName("else") && !isName("or") &&
       !isName("and") && !isName("is") && !isName("if") && !isName("in") &&
       !isName("not") && !isName("recursive"));
  if (isOperator("(")) {
    arguments(*result);
  } else if (hasOperand) {
    result->args.push_back(postfix(primary()));
    deepen(*result, result->args.back());
  }
  return negated ? makeOf(ExprKind::Not, std::move(result)) : std::move(result);
}

Result<Body> Parser::run() {
  Body result = body({});
  if (error)
    return std::move(*error);
  return std::move(result);
}

} // namespace

Result<Body> parseTemplate(std::string_view source) {
  Result<std::vector<Token>> tokens = tokenize(source);
  if (!tokens)
    return tokens.takeErrors();
  return Parser(std::move(*tokens)).run();
}

} // namespace tombolo::text::jinja
