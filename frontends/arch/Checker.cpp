//===- Checker.cpp - What can be checked without a checkpoint -------------===//

#include "frontends/arch/Description.h"
#include "support/Spelling.h"
#include <algorithm>
#include <set>

using namespace tombolo;
using namespace tombolo::arch;

static constexpr std::string_view builtins[] = {
    "floor", "ceil",  "int",   "len", "sqrt",    "log",     "exp", "min",
    "max",   "clamp", "touch", "key", "present", "missing", "dim", "tokenizer"};

bool tombolo::arch::isBuiltin(std::string_view name) {
  return std::find(std::begin(builtins), std::end(builtins), name) !=
         std::end(builtins);
}

bool tombolo::arch::isConstant(std::string_view name) {
  return name == "pi" || name == "inf" || name == "container";
}

namespace {
struct Checker {
  const Family &family;
  const Prelude &prelude;
  Diagnostics &diagnostics;

  /// Names that an expression may use beside the family's.
  struct Names {
    std::set<std::string, std::less<>> local;
    bool layer = false;
  };

  void run() {
    checkNames();
    checkEntryPoints();
    for (const auto &function : family.functions)
      checkFunction(*function);
    checkDefinitions();
    for (const auto &row : family.rows)
      checkRow(*row);
    checkRecursion();
    checkUse();
  }

  /// What kind of value `name` is and where; empty if none.
  std::pair<const char *, Loc> valueNamed(std::string_view name) const {
    if (const Definition *let = family.let(name))
      return {"a value", let->loc};
    if (const KeyDecl *key = family.key(name))
      return {"a key", key->loc};
    if (const Definition *axis = family.axis(name))
      return {"an axis", axis->loc};
    for (const auto &row : family.rows)
      if (row->root() == name)
        return {"a weight", row->loc};
    return {nullptr, {}};
  }

  //===--------------------------------------------------------------------===//
  // Declarations
  //===--------------------------------------------------------------------===//

  void taken(Loc loc, const std::string &name, const char *what) {
    if (isConstant(name))
      diagnostics.error(loc, std::string(what) + " '" + name +
                                 "' is a constant of the language");
  }

  void checkNames() {
    std::map<std::string, Loc> seen;
    auto once = [&](const std::string &name, Loc loc, const char *what) {
      taken(loc, name, what);
      auto [place, fresh] = seen.emplace(name, loc);
      if (!fresh)
        addNote(diagnostics.error(loc, "'" + name + "' is defined twice"),
                place->second, "here first");
    };
    for (const auto &key : family.keys)
      once(key->name, key->loc, "key");
    for (const auto &let : family.lets)
      once(let->name, let->loc, "value");
    for (const auto &axis : family.axes)
      once(axis->name, axis->loc, "axis");
    std::set<std::string> roots;
    for (const auto &row : family.rows)
      if (roots.insert(row->root()).second)
        once(row->root(), row->loc, "weight");
    for (const auto &function : family.functions) {
      const char *what = prelude.ops.count(function->name) ? "an operation"
                         : prelude.functions.count(function->name)
                             ? "a function"
                         : isBuiltin(function->name) ? "a function"
                                                     : nullptr;
      if (what)
        diagnostics.error(function->loc, "function '" + function->name +
                                             "' is " + what +
                                             " of the prelude");
    }
    std::set<std::string> schemes;
    for (const Named &scheme : family.schemes)
      if (!schemes.insert(scheme.name).second)
        diagnostics.error(scheme.loc,
                          "scheme '" + scheme.name + "' is named twice");
    for (const Definition &setting : family.tokenizer)
      if (setting.name != "pre" && setting.name != "add_bos" &&
          setting.name != "rstrip_except")
        diagnostics.error(setting.loc, "tokenizer: unknown setting '" +
                                           setting.name +
                                           "'; it has pre, add_bos, "
                                           "rstrip_except");
    std::set<std::string> spellings;
    for (const auto &key : family.keys)
      for (const std::string &spelling : key->spellings)
        if (spelling == key->name || !spellings.insert(spelling).second)
          diagnostics.error(key->loc,
                            "spelling '" + spelling + "' is given twice");
  }

  void checkEntryPoints() {
    for (const char *needed : {"hidden", "logits"}) {
      const FunctionDecl *function = family.function(needed);
      if (!function)
        diagnostics.error(family.loc,
                          "expects a function '" + std::string(needed) + "(" +
                              (needed[0] == 'h' ? "tokens" : "x") + ")'");
      else if (function->parameters.size() != 1 ||
               function->parameters[0].fallback)
        diagnostics.error(function->loc, "expects '" + std::string(needed) +
                                             "' to take one value");
    }
    if (!family.axis("layer"))
      diagnostics.error(family.loc, "expects an axis 'layer'");
    if (family.rows.empty())
      diagnostics.error(family.loc, "expects 'weights' with at least one row");
    const FunctionDecl *hidden = family.function("hidden");
    if (!hidden)
      return;
    const Stmt *last =
        hidden->body.empty() ? nullptr : hidden->body.back().get();
    if (!last || last->kind != Stmt::Kind::Return || last->values.size() != 1 ||
        last->values[0]->kind != Expr::Kind::Name)
      diagnostics.error(hidden->loc, "'hidden' ends with 'return' of the "
                                     "variable that layers pass on");
  }

  void checkFunction(const FunctionDecl &function) {
    Names names;
    names.layer = true;
    std::map<std::string, Loc> locals;
    for (const Parameter &parameter : function.parameters)
      locals.emplace(parameter.name, parameter.loc);
    walkStatements(function.body, [&](const Stmt &stmt) {
      if (stmt.kind == Stmt::Kind::Assign)
        for (const std::string &name : stmt.names)
          locals.emplace(name, stmt.loc);
      if (stmt.kind == Stmt::Kind::For && !family.axis(stmt.names[0]))
        diagnostics.error(stmt.loc, "'" + stmt.names[0] + "' is not an axis");
    });
    for (const auto &[name, loc] : locals) {
      names.local.insert(name);
      taken(loc, name, "variable");
      // A group cannot know the names of the families that will use it.
      if (function.ofGroup)
        continue;
      if (auto [what, place] = valueNamed(name); what)
        diagnostics.error(loc, "'" + name + "' in '" + function.name +
                                   "' is also " + what + " (" + place.brief() +
                                   ")");
    }
    for (const Parameter &parameter : function.parameters)
      if (parameter.fallback)
        checkExpr(*parameter.fallback, Names{{}, true});
    checkBody(function.body, names);
  }

  void checkBody(const std::vector<StmtPtr> &body, const Names &names) {
    for (const StmtPtr &stmt : body) {
      for (const ExprPtr &value : stmt->values)
        checkExpr(*value, names);
      checkBody(stmt->body, names);
      checkBody(stmt->otherwise, names);
    }
  }

  void checkDefinitions() {
    Names none;
    auto check = [&](const ExprPtr &expr) {
      if (expr)
        checkExpr(*expr, none);
    };
    for (const auto &let : family.lets)
      check(let->value);
    for (const auto &axis : family.axes)
      check(axis->value);
    for (const auto &key : family.keys) {
      check(key->fallback);
      check(key->gguf);
    }
    for (const GgufName &gguf : family.gguf)
      check(gguf.condition);
    for (const Requirement &requirement : family.requirements) {
      check(requirement.condition);
      check(requirement.message);
    }
    for (const Definition &setting : family.tokenizer)
      check(setting.value);
    check(family.context);
    for (const UnusedDecl &unused : family.unused) {
      check(unused.over);
      check(unused.reason);
      Names inside;
      if (!unused.variable.empty())
        inside.local.insert(unused.variable);
      for (const ExprPtr &pattern : unused.patterns)
        checkExpr(*pattern, inside);
    }
  }

  void checkRow(const RowDecl &row) {
    Names names;
    names.layer = row.perLayer;
    auto check = [&](const ExprPtr &expr) {
      if (expr)
        checkExpr(*expr, names);
    };
    for (const ExprPtr &size : row.shape)
      check(size);
    for (const auto &alternatives : row.cells)
      for (const ExprPtr &cell : alternatives)
        check(cell);
    for (const ExprPtr &prefix : row.prefixes)
      check(prefix);
    for (const Guard &guard : row.guards)
      check(guard.condition);
    check(row.tiedIf);
    if (row.tiedTo.empty())
      return;
    bool found = false;
    for (const auto &other : family.rows)
      if (other->name == row.tiedTo) {
        found = true;
        if (other->perLayer != row.perLayer || !other->tiedTo.empty())
          diagnostics.error(row.loc, "'" + row.name + "' cannot be tied to '" +
                                         row.tiedTo + "' (" +
                                         other->loc.brief() + ")");
      }
    if (!found)
      diagnostics.error(row.loc,
                        "'" + row.tiedTo + "' is not a weight to be tied to");
  }

  //===--------------------------------------------------------------------===//
  // Expressions
  //===--------------------------------------------------------------------===//

  void checkExpr(const Expr &expr, const Names &names) {
    if (expr.kind == Expr::Kind::Name)
      return checkName(expr, names);
    if (expr.kind == Expr::Kind::Call)
      checkCall(expr);
    if (expr.kind == Expr::Kind::Each) {
      Names inside = names;
      inside.local.insert(expr.text);
      checkExpr(*expr.children[0], inside);
      checkExpr(*expr.children[1], names);
      return;
    }
    for (const ExprPtr &child : expr.children)
      if (child)
        checkExpr(*child, names);
  }

  void checkName(const Expr &expr, const Names &names) {
    const std::string &name = expr.text;
    if (names.local.count(name) || isConstant(name))
      return;
    if (name == "layer" && family.axis("layer")) {
      if (!names.layer)
        diagnostics.error(expr.loc, "there is no 'layer' here");
      return;
    }
    if (valueNamed(name).first)
      return;
    std::vector<std::string> known(names.local.begin(), names.local.end());
    for (const auto &key : family.keys)
      known.push_back(key->name);
    for (const auto &let : family.lets)
      known.push_back(let->name);
    for (const auto &row : family.rows)
      known.push_back(row->root());
    diagnostics.error(expr.loc,
                      "'" + name + "' is not a name here" + hint(name, known));
  }

  static std::string hint(const std::string &name,
                          const std::vector<std::string> &known) {
    // Any letter is near a name of one or two.
    std::optional<std::string> near =
        name.size() > 2 ? nearest(name, known) : std::nullopt;
    return near ? "; did you mean '" + *near + "'?" : "";
  }

  static std::string joined(const std::vector<std::string> &names) {
    std::string text;
    for (const std::string &name : names)
      text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "none" : text;
  }

  void checkCall(const Expr &call) {
    const FunctionDecl *function = family.function(call.text);
    if (!function)
      if (auto found = prelude.functions.find(call.text);
          found != prelude.functions.end())
        function = found->second.get();
    if (function)
      return checkFunctionCall(call, *function);
    // min, max, clamp and exp are builtins on numbers and operations on
    // tensors.
    if (isBuiltin(call.text) && call.names.empty())
      return;
    if (auto op = prelude.ops.find(call.text); op != prelude.ops.end())
      return checkOpCall(call, op->second);
    std::vector<std::string> known(std::begin(builtins), std::end(builtins));
    for (const auto &[name, op] : prelude.ops)
      known.push_back(name);
    for (const auto &[name, decl] : prelude.functions)
      known.push_back(name);
    for (const auto &decl : family.functions)
      known.push_back(decl->name);
    diagnostics.error(call.loc, "'" + call.text +
                                    "' is not an operation or function" +
                                    hint(call.text, known));
  }

  void checkFunctionCall(const Expr &call, const FunctionDecl &function) {
    std::vector<std::string> parameters;
    for (const Parameter &parameter : function.parameters)
      parameters.push_back(parameter.name);
    size_t count = call.operandCount();
    if (count > parameters.size()) {
      diagnostics.error(
          call.loc, call.text + ": takes " + std::to_string(parameters.size()) +
                        " values, but got " + std::to_string(count));
      return;
    }
    for (const std::string &name : call.names) {
      auto place = std::find(parameters.begin(), parameters.end(), name);
      if (place == parameters.end())
        diagnostics.error(call.loc, call.text + ": unknown parameter '" + name +
                                        "'; it has " + joined(parameters));
      else if (size_t(place - parameters.begin()) < count)
        diagnostics.error(call.loc,
                          call.text + ": '" + name + "' is given twice");
    }
    for (size_t i = count; i < parameters.size(); ++i)
      if (!function.parameters[i].fallback &&
          std::find(call.names.begin(), call.names.end(), parameters[i]) ==
              call.names.end())
        diagnostics.error(call.loc,
                          call.text + ": '" + parameters[i] + "' is missing");
  }

  void checkOpCall(const Expr &call, const OpDecl &op) {
    size_t least = 0, count = call.operandCount();
    for (const OpDecl::Operand &operand : op.operands)
      least += operand.arity != OpDecl::Arity::Optional;
    if (count < least || count > op.operands.size()) {
      std::string wanted = std::to_string(least);
      if (least != op.operands.size())
        wanted += " to " + std::to_string(op.operands.size());
      diagnostics.error(call.loc, call.text + ": takes " + wanted +
                                      " operands, but got " +
                                      std::to_string(count));
    }
    std::vector<std::string> attributes;
    for (const OpDecl::Attribute &attribute : op.attributes)
      attributes.push_back(attribute.name);
    for (const std::string &name : call.names)
      if (!op.attribute(name) && !op.open)
        diagnostics.error(call.loc, call.text + ": unknown attribute '" + name +
                                        "'; it has " + joined(attributes));
    for (const OpDecl::Attribute &attribute : op.attributes)
      if (attribute.required && std::find(call.names.begin(), call.names.end(),
                                          attribute.name) == call.names.end())
        diagnostics.error(call.loc, call.text + ": attribute '" +
                                        attribute.name + "' is missing");
  }

  //===--------------------------------------------------------------------===//
  // The whole
  //===--------------------------------------------------------------------===//

  /// A definition that can reach itself, whatever the config says. Values and
  /// functions have separate names, so functions are marked with "()".
  void checkRecursion() {
    struct Node {
      Loc loc;
      std::vector<std::string> reaches;
      int state = 0; // 0 new, 1 on the path, 2 done
    };
    std::map<std::string, Node> nodes;
    auto add = [&](const std::string &name, Loc loc) -> Node & {
      Node &node = nodes[name];
      node.loc = loc;
      return node;
    };
    auto collect = [&](Node &node) {
      return [this, &node](const Expr &expr) {
        if (expr.kind == Expr::Kind::Name)
          node.reaches.push_back(expr.text);
        else if (expr.kind == Expr::Kind::Call && family.function(expr.text))
          node.reaches.push_back(expr.text + "()");
      };
    };
    for (const auto &let : family.lets)
      walk(let->value, collect(add(let->name, let->loc)));
    for (const auto &key : family.keys) {
      Node &node = add(key->name, key->loc);
      walk(key->fallback, collect(node));
      walk(key->gguf, collect(node));
      // Its length is the number of layers.
      if (key->perLayer())
        node.reaches.push_back("axis layer");
    }
    for (const auto &axis : family.axes) {
      Node &node = add("axis " + axis->name, axis->loc);
      walk(axis->value, collect(node));
      add(axis->name, axis->loc).reaches.push_back("axis " + axis->name);
    }
    for (const auto &row : family.rows)
      walk(*row, collect(add(row->root(), row->loc)));
    for (const auto &function : family.functions) {
      Node &node = add(function->name + "()", function->loc);
      std::set<std::string, std::less<>> local;
      for (const Parameter &parameter : function->parameters) {
        local.insert(parameter.name);
        walk(parameter.fallback, collect(node));
      }
      walkStatements(function->body, [&](const Stmt &stmt) {
        if (stmt.kind == Stmt::Kind::Assign)
          local.insert(stmt.names.begin(), stmt.names.end());
        if (stmt.kind == Stmt::Kind::For)
          node.reaches.push_back("axis " + stmt.names[0]);
      });
      walk(function->body, [&](const Expr &expr) {
        if (expr.kind != Expr::Kind::Name || !local.count(expr.text))
          collect(node)(expr);
      });
    }

    // Depth first with a stack of our own: chains can be long.
    std::vector<std::pair<std::string, size_t>> path;
    for (auto &[start, first] : nodes) {
      if (first.state)
        continue;
      path.emplace_back(start, 0);
      first.state = 1;
      while (!path.empty()) {
        auto &[name, next] = path.back();
        Node &node = nodes[name];
        if (next == node.reaches.size()) {
          node.state = 2;
          path.pop_back();
          continue;
        }
        const std::string other = node.reaches[next++];
        auto found = nodes.find(other);
        if (found == nodes.end() || found->second.state == 2)
          continue;
        if (found->second.state == 1) {
          reportCircle(path, other, found->second.loc, nodes);
          continue;
        }
        found->second.state = 1;
        path.emplace_back(other, 0);
      }
    }
  }

  template <typename Nodes>
  void reportCircle(const std::vector<std::pair<std::string, size_t>> &path,
                    const std::string &name, Loc loc, const Nodes &nodes) {
    auto plain = [](std::string_view text) {
      if (text.ends_with("()"))
        text.remove_suffix(2);
      if (text.starts_with("axis "))
        text.remove_prefix(5);
      return std::string(text);
    };
    std::string circle;
    bool inside = false;
    size_t shown = 0;
    for (const auto &[step, unused] : path) {
      inside |= step == name;
      if (!inside)
        continue;
      if (++shown > 8) {
        circle += ".. -> ";
        break;
      }
      circle += plain(step) + " (" + std::to_string(nodes.at(step).loc.line) +
                ") -> ";
    }
    diagnostics.error(loc, "'" + plain(name) + "' needs itself: " + circle +
                               plain(name));
  }

  /// Keys that nothing reads, weights that no formula uses, and definitions of
  /// this file (not of the groups it shares) that nothing needs.
  void checkUse() {
    std::set<std::string> used, usedInFormulas, called;
    auto note = [&](const Expr &expr) {
      if (expr.kind == Expr::Kind::Name)
        used.insert(expr.text);
      if (expr.kind == Expr::Kind::Call)
        called.insert(expr.text);
    };
    for (const GgufName &name : family.gguf)
      walk(name.condition, note);
    for (const Definition &setting : family.tokenizer)
      walk(setting.value, note);
    for (const Definition &fallback : family.defaults)
      walk(fallback.value, note);
    for (const auto &let : family.lets)
      walk(let->value, note);
    for (const auto &function : family.functions) {
      walk(function->body, note);
      for (const Parameter &parameter : function->parameters)
        walk(parameter.fallback, note);
    }
    for (const auto &row : family.rows)
      if (!row->tiedTo.empty())
        used.insert(row->tiedTo.substr(0, row->tiedTo.find('.')));
    usedInFormulas = used;
    for (const auto &axis : family.axes)
      walk(axis->value, note);
    for (const auto &key : family.keys) {
      walk(key->fallback, note);
      walk(key->gguf, note);
    }
    for (const Requirement &requirement : family.requirements) {
      walk(requirement.condition, note);
      walk(requirement.message, note);
    }
    for (const auto &row : family.rows)
      walk(*row, note);
    for (const UnusedDecl &unused : family.unused) {
      walk(unused.over, note);
      for (const ExprPtr &pattern : unused.patterns)
        walk(pattern, note);
    }
    walk(family.context, note);
    for (const auto &key : family.keys)
      if (!key->ofGroup && !key->onlyLiterals() && !used.count(key->name))
        diagnostics.error(key->loc, "'" + key->name +
                                        "' is declared, but nothing uses it; "
                                        "'ignore' it if it changes nothing");
    std::set<std::string> reported;
    for (const auto &row : family.rows)
      if (!usedInFormulas.count(row->root()) &&
          reported.insert(row->root()).second)
        diagnostics.error(row->loc, "'" + row->name +
                                        "' is bound but no formula reads it");
    // A misspelt use leaves its definition unused: that was said already.
    if (diagnostics.any())
      return;
    for (const auto &key : family.keys)
      if (!key->ofGroup && family.unreadKeys.contains(key->name))
        diagnostics.error(key->loc, "'" + key->name +
                                        "' is declared, but nothing uses it; "
                                        "'ignore' it if it changes nothing");
    for (const Definition &fallback : family.defaults)
      if (fallback.loc.source == family.loc.source &&
          family.key(fallback.name)->ofGroup &&
          family.unreadKeys.contains(fallback.name))
        diagnostics.error(fallback.loc, "'" + fallback.name +
                                            "' has a default here, but "
                                            "nothing uses it");
    for (const auto &let : family.lets)
      if (let->loc.source == family.loc.source && !used.count(let->name))
        diagnostics.error(let->loc, "'" + let->name +
                                        "' is defined, but nothing uses it");
    for (const auto &function : family.functions)
      if (function->loc.source == family.loc.source &&
          !called.count(function->name) && function->name != "hidden" &&
          function->name != "logits")
        diagnostics.error(function->loc, "function '" + function->name +
                                             "' is defined, but nothing calls "
                                             "it");
  }
};
} // namespace

void tombolo::arch::checkFamily(const Family &family, const Prelude &prelude,
                                Diagnostics &diagnostics) {
  Checker{family, prelude, diagnostics}.run();
}
