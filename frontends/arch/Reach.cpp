//===- Reach.cpp - The names that a family comes to read ------------------===//

#include "frontends/arch/Description.h"

using namespace tombolo;
using namespace tombolo::arch;

using Names = std::set<std::string, std::less<>>;

namespace {
/// Goes from what an import evaluates to all that this can read, whatever the
/// config says. Definitions of a group that nothing needs are not gone through.
class Reach {
public:
  explicit Reach(const Family &family) : family(family) {}

  Names run() {
    readDeclarations();
    callFunction("hidden");
    callFunction("logits");
    // Lists of our own: chains of definitions can be long.
    while (!newNames.empty() || !newFunctions.empty()) {
      if (!newNames.empty()) {
        std::string name = std::move(newNames.back());
        newNames.pop_back();
        readDefinition(name);
        continue;
      }
      const FunctionDecl *function = newFunctions.back();
      newFunctions.pop_back();
      readFunction(*function);
    }
    return std::move(names);
  }

private:
  void read(const Expr &expr, const Names &local) {
    if (expr.kind == Expr::Kind::Name) {
      if (!local.contains(expr.text) && names.insert(expr.text).second)
        newNames.push_back(expr.text);
      return;
    }
    if (expr.kind == Expr::Kind::Call)
      callFunction(expr.text);
    if (expr.kind == Expr::Kind::Each) {
      Names inside = local;
      inside.insert(expr.text);
      read(*expr.children[0], inside);
      read(*expr.children[1], local);
      return;
    }
    for (const ExprPtr &child : expr.children)
      if (child)
        read(*child, local);
  }
  void read(const ExprPtr &expr, const Names &local = {}) {
    if (expr)
      read(*expr, local);
  }

  void readDeclarations() {
    for (const GgufName &name : family.gguf)
      read(name.condition);
    for (const Definition &setting : family.tokenizer)
      read(setting.value);
    for (const Requirement &requirement : family.requirements) {
      read(requirement.condition);
      read(requirement.message);
    }
    for (const auto &axis : family.axes)
      read(axis->value);
    read(family.context);
    for (const UnusedDecl &unused : family.unused) {
      read(unused.over);
      read(unused.reason);
      for (const ExprPtr &pattern : unused.patterns)
        read(pattern, {unused.variable});
    }
    for (const auto &row : family.rows)
      readRow(*row);
  }

  void readRow(const RowDecl &row) {
    for (const ExprPtr &size : row.shape)
      read(size);
    for (const auto &alternatives : row.cells)
      for (const ExprPtr &cell : alternatives)
        read(cell);
    for (const ExprPtr &prefix : row.prefixes)
      read(prefix);
    for (const Guard &guard : row.guards)
      read(guard.condition);
    read(row.tiedIf);
  }

  void readDefinition(const std::string &name) {
    if (const Definition *let = family.let(name))
      read(let->value);
    if (const KeyDecl *key = family.key(name)) {
      read(key->fallback);
      read(key->gguf);
    }
  }

  void callFunction(const std::string &name) {
    if (const FunctionDecl *function = family.function(name))
      if (called.insert(function).second)
        newFunctions.push_back(function);
  }

  void readFunction(const FunctionDecl &function) {
    Names local;
    for (const Parameter &parameter : function.parameters) {
      local.insert(parameter.name);
      read(parameter.fallback);
    }
    walkStatements(function.body, [&](const Stmt &stmt) {
      if (stmt.kind == Stmt::Kind::Assign)
        local.insert(stmt.names.begin(), stmt.names.end());
    });
    walkStatements(function.body, [&](const Stmt &stmt) {
      for (const ExprPtr &value : stmt.values)
        read(value, local);
    });
  }

  const Family &family;
  Names names;
  std::set<const FunctionDecl *> called;
  std::vector<std::string> newNames;
  std::vector<const FunctionDecl *> newFunctions;
};
} // namespace

Names tombolo::arch::keysThatNothingReads(const Family &family) {
  Names read = Reach(family).run(), unread;
  for (const auto &key : family.keys)
    if (!key->onlyLiterals() && !read.contains(key->name))
      unread.insert(key->name);
  // Such a key is looked at all the same: it has a type, and is listed.
  for (const IgnoredKey &ignored : family.ignored)
    if (!ignored.gguf)
      unread.erase(ignored.name);
  return unread;
}
