//===- Ast.h - A parsed template --------------------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_JINJA_AST_H
#define RUNTIME_TEXT_JINJA_AST_H

#include "runtime/text/jinja/Value.h"

namespace tombolo::text::jinja {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ExprKind : uint8_t {
  Constant,  ///< value
  Name,      ///< name
  List,      ///< args
  Tuple,     ///< args
  Dict,      ///< args: key, value, key, value, ...
  Attribute, ///< args[0].name
  Item,      ///< args[0][args[1]]
  Slice,     ///< args[0][args[1]:args[2]:args[3]], each bound may be null
  Call,      ///< args[0](args[1], ..., named)
  Filter,    ///< args[0] | name(args[1], ..., named)
  Test,      ///< args[0] is name(args[1], ..., named)
  Unary,     ///< name args[0]
  Binary,    ///< args[0] name args[1]: arithmetic and `~`
  Compare,   ///< args[0] operators[0] args[1] operators[1] args[2] ...
  And,
  Or,
  Not,
  Conditional ///< args[1] if args[0] else args[2], which may be null
};

struct Expr {
  ExprKind kind;
  unsigned line;
  unsigned depth = 1;
  std::string name;
  Value value;
  std::vector<ExprPtr> args;
  std::vector<std::pair<std::string, ExprPtr>> named;
  std::vector<std::string> operators;
};

struct Stmt;
using Body = std::vector<Stmt>;

enum class StmtKind : uint8_t {
  Text,        ///< text
  Print,       ///< exprs[0]
  If,          ///< exprs[i] ? bodies[i]; one more body: the else
  For,         ///< names in exprs[0], if exprs[1]; bodies: loop, else
  Set,         ///< names = exprs[0]
  SetBlock,    ///< names[0] = bodies[0], through the filters of exprs[0]
  Macro,       ///< names[0](names[1], ...), defaults exprs (aligned right)
  With,        ///< names[i] = exprs[i] in bodies[0]
  FilterBlock, ///< exprs[0] around bodies[0]
  CallBlock,   ///< exprs[0], a call whose caller() is bodies[0]; names
  Block,       ///< bodies[0] as it is
  Break,
  Continue
};

struct Stmt {
  StmtKind kind;
  unsigned line;
  std::string text;
  std::vector<ExprPtr> exprs;
  std::vector<Body> bodies;
  /// Targets of For and Set; `namespace.attribute` for Set.
  std::vector<std::string> names;
};

/// Stands for the text of a block in the filters of SetBlock and FilterBlock.
inline constexpr const char *kBlockText = "(block)";

} // namespace tombolo::text::jinja

#endif // RUNTIME_TEXT_JINJA_AST_H
