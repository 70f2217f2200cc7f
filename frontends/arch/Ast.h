//===- Ast.h - Syntax tree of the architecture language ---------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_AST_H
#define FRONTENDS_ARCH_AST_H

#include "frontends/arch/Diagnostics.h"
#include <map>
#include <memory>
#include <set>
#include <variant>

namespace tombolo::arch {

struct Expr;
struct Stmt;
/// Trees are never changed once parsed; a family shares its group's.
using ExprPtr = std::shared_ptr<const Expr>;
using StmtPtr = std::shared_ptr<const Stmt>;

/// A number, string, bool or `none` (monostate) written in the text.
using Literal =
    std::variant<std::monostate, bool, int64_t, double, std::string>;

/// One kind of node for all expressions, so that walks are one loop:
///
/// | kind    | text      | names            | children                        |
/// |---------|-----------|------------------|---------------------------------|
/// | Literal | -         | -                | -                               |
/// | Text    | -         | -                | pieces of "a{b}c", in order     |
/// | Name    | the name  | -                | -                               |
/// | List    | -         | -                | elements                        |
/// | Record  | -         | field names      | field values                    |
/// | Each    | variable  | -                | body, list                      |
/// | Choice  | -         | -                | condition, then, else           |
/// | Fail    | -         | -                | message                         |
/// | Unary   | - or not  | -                | operand                         |
/// | Binary  | operator  | -                | left, right                     |
/// | Field   | field     | -                | record                          |
/// | Index   | -         | -                | value, subscripts               |
/// | Range   | -         | -                | start, stop, step (each or null)|
/// | Call    | function  | attribute names  | operands, then attribute values |
struct Expr {
  enum class Kind : uint8_t {
    Literal,
    Text,
    Name,
    List,
    Record,
    Each,
    Choice,
    Fail,
    Unary,
    Binary,
    Field,
    Index,
    Range,
    Call
  };
  Kind kind;
  /// Height of this tree: bounds every recursion over it.
  uint16_t height = 1;
  Loc loc;
  std::string text = {};
  Literal literal = {};
  std::vector<std::string> names = {};
  std::vector<ExprPtr> children = {};

  size_t operandCount() const { return children.size() - names.size(); }
  bool isName(std::string_view name) const {
    return kind == Kind::Name && text == name;
  }
  /// A string without `{..}`.
  const std::string *plainString() const {
    return kind == Kind::Literal ? std::get_if<std::string>(&literal) : nullptr;
  }
  bool isNone() const {
    return kind == Kind::Literal &&
           std::holds_alternative<std::monostate>(literal);
  }
};

/// | kind   | names     | values        | body, otherwise |
/// |--------|-----------|---------------|-----------------|
/// | Assign | variables | one value     | -               |
/// | Return | -         | one or more   | -               |
/// | Do     | -         | an expression | -               |
/// | If     | -         | condition     | both            |
/// | For    | the axis  | -             | body            |
struct Stmt {
  enum class Kind : uint8_t { Assign, Return, Do, If, For };
  Kind kind;
  Loc loc;
  std::vector<std::string> names = {};
  std::vector<ExprPtr> values = {};
  std::vector<StmtPtr> body = {}, otherwise = {};
};

struct Parameter {
  std::string name;
  Loc loc;
  /// Null: must be given.
  ExprPtr fallback;
};

struct FunctionDecl {
  std::string name;
  Loc loc;
  std::vector<Parameter> parameters;
  std::vector<StmtPtr> body;
  /// Of the prelude: sees no names of the family.
  bool prelude = false;
  /// Of a group: its locals may hide the family's names.
  bool ofGroup = false;
};

struct OpDecl {
  enum class Arity : uint8_t { One, Optional, Many };
  struct Operand {
    std::string name;
    Arity arity;
  };
  struct Attribute {
    std::string name;
    bool required;
    ExprPtr fallback;
  };
  std::string name;
  Loc loc;
  std::vector<Operand> operands;
  std::vector<Attribute> attributes;
  /// Takes any further attribute, as the sizes of `rearrange`.
  bool open = false;

  const Attribute *attribute(std::string_view name) const;
};

/// One alternative of a key's type.
struct KeyType {
  enum class Kind : uint8_t { Int, Float, Bool, String, List, Record, Literal };
  Kind kind;
  bool perLayer = false;
  Literal literal;
};

struct KeyDecl {
  std::string name;
  Loc loc;
  std::vector<std::string> spellings;
  std::vector<KeyType> types;
  /// Null: must be there.
  ExprPtr fallback;
  ExprPtr gguf;
  /// Declared by a group: the family need not use it.
  bool ofGroup = false;

  bool perLayer() const;
  bool onlyLiterals() const;
};

struct Guard {
  ExprPtr condition;
  bool negated;
};

struct RowDecl {
  std::string name;
  Loc loc;
  std::vector<ExprPtr> shape;
  bool integers = false;
  /// For each scheme a list of alternatives.
  std::vector<std::vector<ExprPtr>> cells;
  /// The weight this one is when the condition holds; empty if never.
  std::string tiedTo;
  ExprPtr tiedIf;
  bool optional = false;
  bool perLayer = false;
  /// For each scheme; empty outside `per layer`.
  std::vector<ExprPtr> prefixes;
  /// All must hold.
  std::vector<Guard> guards;

  /// `mlp` of `mlp.gate`.
  std::string root() const { return name.substr(0, name.find('.')); }
};

struct Named {
  std::string name;
  Loc loc;
};
struct Definition {
  std::string name;
  Loc loc;
  ExprPtr value;
};
struct GgufName {
  std::string name;
  Loc loc;
  /// Null: always.
  ExprPtr condition;
};
struct IgnoredKey {
  std::string name;
  Loc loc;
  bool gguf;
};
struct Requirement {
  Loc loc;
  ExprPtr condition, message;
};
struct Rename {
  Loc loc;
  std::string before, after;
};
struct UnusedDecl {
  Loc loc;
  bool gguf = false;
  std::vector<ExprPtr> patterns;
  /// `for variable in over`; empty and null without.
  std::string variable;
  ExprPtr over;
  ExprPtr reason;
};

/// What stands between the braces of a family or of a group of the prelude;
/// after `resolve`, a family with the items of its groups.
struct Family {
  std::string name;
  Loc loc;
  std::vector<Named> serves;
  std::vector<GgufName> gguf;
  std::vector<Named> uses;
  std::vector<Definition> tokenizer;
  /// `config in "text_config"`; empty without.
  std::string nested;
  Loc configLoc;
  std::vector<std::shared_ptr<const KeyDecl>> keys;
  std::vector<Definition> defaults;
  std::vector<IgnoredKey> ignored;
  /// Keys, of a group mostly, that no expression of the family comes to read:
  /// as good as not declared. Filled when the family is read.
  std::set<std::string, std::less<>> unreadKeys;
  std::vector<Requirement> requirements;
  std::vector<std::shared_ptr<const Definition>> lets, axes;
  std::vector<std::shared_ptr<const FunctionDecl>> functions;
  std::vector<Named> schemes;
  std::vector<std::shared_ptr<const RowDecl>> rows;
  std::vector<Rename> renames;
  std::vector<UnusedDecl> unused;
  ExprPtr context;
  /// The texts that the trees point into.
  std::vector<std::shared_ptr<const Source>> sources;

  const KeyDecl *key(std::string_view name) const;
  const Definition *let(std::string_view name) const;
  const Definition *axis(std::string_view name) const;
  const FunctionDecl *function(std::string_view name) const;
  /// Whether `name` is a row or the first part of one's name.
  bool isWeight(std::string_view name) const;
};

/// The operations, functions and groups that every description sees.
struct Prelude {
  std::map<std::string, OpDecl, std::less<>> ops;
  std::map<std::string, std::shared_ptr<const FunctionDecl>, std::less<>>
      functions;
  std::map<std::string, Family, std::less<>> groups;
  std::shared_ptr<const Source> source;
};

/// Calls `visit` on every expression of a tree, parents first.
template <typename Visit> void walk(const Expr &expr, Visit &&visit) {
  visit(expr);
  for (const ExprPtr &child : expr.children)
    if (child)
      walk(*child, visit);
}
template <typename Visit> void walk(const ExprPtr &expr, Visit &&visit) {
  if (expr)
    walk(*expr, visit);
}
template <typename Visit>
void walk(const std::vector<StmtPtr> &body, Visit &&visit) {
  for (const StmtPtr &stmt : body) {
    for (const ExprPtr &value : stmt->values)
      walk(*value, visit);
    walk(stmt->body, visit);
    walk(stmt->otherwise, visit);
  }
}
/// Calls `visit` on every statement, outer ones first.
template <typename Visit>
void walkStatements(const std::vector<StmtPtr> &body, Visit &&visit) {
  for (const StmtPtr &stmt : body) {
    visit(*stmt);
    walkStatements(stmt->body, visit);
    walkStatements(stmt->otherwise, visit);
  }
}
template <typename Visit> void walk(const RowDecl &row, Visit &&visit) {
  for (const ExprPtr &size : row.shape)
    walk(size, visit);
  for (const auto &alternatives : row.cells)
    for (const ExprPtr &cell : alternatives)
      walk(cell, visit);
  for (const ExprPtr &prefix : row.prefixes)
    walk(prefix, visit);
  for (const Guard &guard : row.guards)
    walk(guard.condition, visit);
  walk(row.tiedIf, visit);
}

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_AST_H
