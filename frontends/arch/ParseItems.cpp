#include "frontends/arch/Parser.h"

using namespace tombolo;
using namespace tombolo::arch;

/// Columns of the tables that the formatter aligns.
namespace {
enum Column : unsigned { AtType = 1, AtGguf = 2, AtShape = 1, AtCell = 2 };
} // namespace

/// Whether `name` may be added to the definitions of one kind.
template <typename List>
static bool isNew(const List &list, const std::string &name, Loc loc,
                  Diagnostics &diagnostics) {
  if (list.size() >= Parser::maxDefinitions) {
    if (list.size() == Parser::maxDefinitions)
      diagnostics.error(loc, "expects at most " +
                                 std::to_string(Parser::maxDefinitions) +
                                 " definitions of one kind");
    return false;
  }
  for (const auto &other : list)
    if (other->name == name) {
      addNote(diagnostics.error(loc, "'" + name + "' is defined twice"),
              other->loc, "here first");
      return false;
    }
  return true;
}

void Parser::parsePrelude(Prelude &prelude) {
  newlines();
  while (token().kind != TokenKind::End) {
    Loc loc = token().loc;
    bool good = true;
    if (accept("op")) {
      std::optional<OpDecl> decl = op();
      good = decl.has_value();
      if (good && !prelude.ops.emplace(decl->name, *decl).second)
        diagnostics.error(loc, "'" + decl->name + "' is defined twice");
    } else if (accept("def")) {
      std::shared_ptr<const FunctionDecl> decl = function(true, false);
      good = decl != nullptr;
      if (good && !prelude.functions.emplace(decl->name, decl).second)
        diagnostics.error(loc, "'" + decl->name + "' is defined twice");
    } else if (accept("group")) {
      Family group;
      group.loc = token().loc;
      std::optional<std::string> groupName = name();
      good = groupName && items(group, true);
      if (good) {
        group.name = *groupName;
        if (!prelude.groups.emplace(group.name, std::move(group)).second)
          diagnostics.error(loc, "'" + *groupName + "' is defined twice");
      }
    } else {
      good = fail("'op', 'def' or 'group'");
    }
    if (good && token().kind != TokenKind::Newline &&
        token().kind != TokenKind::End)
      good = fail("the end of the line");
    if (!good) {
      if (token().kind == TokenKind::Newline || at("}"))
        advance();
      recover(0);
      if (at("}"))
        advance();
    }
    newlines();
  }
}

void Parser::parseFamily(Family &family) {
  newlines();
  if (!expect("family"))
    return;
  family.loc = token().loc;
  std::optional<std::string> familyName = name();
  if (!familyName)
    return;
  family.name = *familyName;
  if (!items(family, false))
    return;
  newlines();
  if (token().kind != TokenKind::End)
    fail("the end of the file: a file describes one family");
}

bool Parser::items(Family &family, bool ofGroup) {
  return lines("line", [&] { return item(family, ofGroup); });
}

bool Parser::definitions(std::vector<std::shared_ptr<const Definition>> &list) {
  do {
    Definition definition;
    definition.loc = token().loc;
    std::optional<std::string> defined = name();
    if (!defined || !expect("="))
      return false;
    definition.name = *defined;
    definition.value = expression();
    if (!definition.value)
      return false;
    if (isNew(list, definition.name, definition.loc, diagnostics))
      list.push_back(std::make_shared<const Definition>(std::move(definition)));
  } while (accept(","));
  return true;
}

bool Parser::item(Family &family, bool ofGroup) {
  Loc loc = token().loc;
  if (accept("serves")) {
    do {
      Loc place = token().loc;
      std::optional<std::string> text = string();
      if (!text)
        return false;
      family.serves.push_back({*text, place});
    } while (accept(","));
    return true;
  }
  if (accept("gguf")) {
    GgufName gguf;
    gguf.loc = token().loc;
    std::optional<std::string> text = string();
    if (!text)
      return false;
    gguf.name = *text;
    if (accept("if") && !(gguf.condition = expression()))
      return false;
    family.gguf.push_back(std::move(gguf));
    return true;
  }
  if (accept("use")) {
    Loc place = token().loc;
    std::optional<std::string> group = name();
    if (group)
      family.uses.push_back({*group, place});
    return group.has_value();
  }
  if (accept("tokenizer")) {
    do {
      Definition setting;
      setting.loc = token().loc;
      std::optional<std::string> settingName = name();
      if (!settingName || !expect("=") || !(setting.value = expression()))
        return false;
      setting.name = *settingName;
      family.tokenizer.push_back(std::move(setting));
    } while (accept(","));
    return true;
  }
  if (at("config"))
    return config(family, ofGroup);
  if (accept("ignore"))
    return ignoreItem(family);
  if (accept("require")) {
    Requirement requirement;
    requirement.loc = loc;
    requirement.condition = expression();
    if (!requirement.condition || !expect(","))
      return false;
    requirement.message = expression();
    if (!requirement.message)
      return false;
    family.requirements.push_back(std::move(requirement));
    return true;
  }
  if (accept("let"))
    return definitions(family.lets);
  if (accept("axis"))
    return definitions(family.axes);
  if (accept("context")) {
    family.context = expression();
    return family.context != nullptr;
  }
  if (accept("def")) {
    std::shared_ptr<const FunctionDecl> decl = function(false, ofGroup);
    if (decl && isNew(family.functions, decl->name, decl->loc, diagnostics))
      family.functions.push_back(decl);
    return decl != nullptr;
  }
  if (accept("unused"))
    return unusedItem(family);
  if (accept("weights")) {
    if (!family.schemes.empty()) {
      diagnostics.error(loc, "a family has one 'weights'");
      return false;
    }
    while (!at("{")) {
      Loc place = token().loc;
      std::optional<std::string> scheme = name();
      if (!scheme)
        return false;
      family.schemes.push_back({*scheme, place});
    }
    if (family.schemes.empty())
      return fail("the name of a scheme");
    return rows(family, {});
  }
  return fail("an item of a family (serves, gguf, use, tokenizer, config, "
              "ignore, require, let, axis, context, weights, unused or def)");
}

//===----------------------------------------------------------------------===//
// Configuration
//===----------------------------------------------------------------------===//

bool Parser::config(Family &family, bool ofGroup) {
  family.configLoc = token().loc;
  advance();
  if (accept("in")) {
    std::optional<std::string> nested = string();
    if (!nested)
      return false;
    family.nested = *nested;
  }
  return lines("key", [&] { return key(family, ofGroup); });
}

bool Parser::key(Family &family, bool ofGroup) {
  if (ahead().is("=")) { // Other defaults for keys of the group.
    do {
      Definition value;
      value.loc = token().loc;
      std::optional<std::string> keyName = name();
      if (!keyName || !expect("="))
        return false;
      value.name = *keyName;
      value.value = expression();
      if (!value.value)
        return false;
      family.defaults.push_back(std::move(value));
    } while (accept(","));
    return true;
  }
  KeyDecl decl;
  decl.loc = token().loc;
  decl.ofGroup = ofGroup;
  std::optional<std::string> keyName = name();
  if (!keyName)
    return false;
  decl.name = *keyName;
  while (accept("|")) {
    std::optional<std::string> spelling = name();
    if (!spelling)
      return false;
    decl.spellings.push_back(*spelling);
  }
  column(AtType);
  if (!expect(":") || !types(decl))
    return false;
  if (accept("=") && !(decl.fallback = expression()))
    return false;
  if (at("gguf")) {
    column(AtGguf);
    advance();
    decl.gguf = expression();
    if (!decl.gguf)
      return false;
  }
  if (isNew(family.keys, decl.name, decl.loc, diagnostics))
    family.keys.push_back(std::make_shared<const KeyDecl>(std::move(decl)));
  return true;
}

bool Parser::types(KeyDecl &decl) {
  static const std::pair<const char *, KeyType::Kind> kinds[] = {
      {"int", KeyType::Kind::Int},   {"float", KeyType::Kind::Float},
      {"bool", KeyType::Kind::Bool}, {"string", KeyType::Kind::String},
      {"list", KeyType::Kind::List}, {"record", KeyType::Kind::Record}};
  do {
    KeyType type{KeyType::Kind::Literal, false, {}};
    Token first = token();
    if (first.kind == TokenKind::String) {
      type.literal = *string();
    } else if (first.kind == TokenKind::Number || at("-")) {
      bool negative = at("-");
      if (negative) {
        if (layout)
          layout->signs.insert(first.loc.offset);
        advance();
      }
      if (token().kind != TokenKind::Number)
        return fail("a number");
      ExprPtr value = number(token());
      if (!value)
        return false;
      advance();
      if (const int64_t *integer = std::get_if<int64_t>(&value->literal))
        type.literal = negative ? -*integer : *integer;
      else
        type.literal =
            (negative ? -1.0 : 1.0) * std::get<double>(value->literal);
    } else if (at("true") || at("false")) {
      type.literal = at("true");
      advance();
    } else if (!accept("none")) {
      bool found = false;
      for (auto [text, kind] : kinds)
        if (accept(text)) {
          type.kind = kind;
          found = true;
          break;
        }
      if (!found)
        return fail("a type (int, float, bool, string, list, record or a "
                    "literal)");
      if (accept("per")) {
        if (!expect("layer"))
          return false;
        type.perLayer = true;
      }
    }
    decl.types.push_back(std::move(type));
    if (at("?"))
      tight();
    if (accept("?"))
      decl.types.push_back({KeyType::Kind::Literal, false, {}});
  } while (accept("|"));
  return true;
}

bool Parser::ignoreItem(Family &family) {
  bool gguf = accept("gguf");
  do {
    Loc loc = token().loc;
    std::optional<std::string> text =
        token().kind == TokenKind::String ? string() : name();
    if (!text)
      return false;
    family.ignored.push_back({*text, loc, gguf});
  } while (accept(","));
  return true;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

bool Parser::unusedItem(Family &family) {
  UnusedDecl unused;
  unused.loc = token().loc;
  unused.gguf = accept("gguf");
  do {
    ExprPtr pattern = primary();
    if (!pattern)
      return false;
    unused.patterns.push_back(std::move(pattern));
    if (accept("for")) {
      std::optional<std::string> variable = name();
      if (!variable || !expect("in") || !(unused.over = expression()))
        return false;
      unused.variable = *variable;
    }
  } while (accept(","));
  if (unused.patterns.size() < 2) {
    diagnostics.error(unused.loc, "'unused' ends with its reason");
    return false;
  }
  unused.reason = unused.patterns.back();
  unused.patterns.pop_back();
  family.unused.push_back(std::move(unused));
  return true;
}

bool Parser::renames(Family &family) {
  do {
    Rename rename;
    rename.loc = token().loc;
    std::optional<std::string> before = string();
    if (!before || !expect("->"))
      return false;
    std::optional<std::string> after = string();
    if (!after)
      return false;
    rename.before = *before;
    rename.after = *after;
    family.renames.push_back(std::move(rename));
  } while (accept(","));
  return true;
}

bool Parser::rows(Family &family, const RowContext &context) {
  Nested guard(*this);
  if (guard.tooDeep())
    return false;
  return lines("row", [&] { return rowItem(family, context); });
}

bool Parser::rowItem(Family &family, const RowContext &context) {
  if (at("per") && ahead().is("layer")) {
    if (context.perLayer) {
      diagnostics.error(token().loc, "'per layer' inside 'per layer'");
      return false;
    }
    advance();
    advance();
    RowContext inner = context;
    inner.perLayer = true;
    inner.prefixes.clear();
    for (size_t i = 0; i < family.schemes.size(); ++i) {
      column(AtCell + i);
      inner.prefixes.push_back(primary());
      if (!inner.prefixes.back())
        return false;
    }
    return rows(family, inner);
  }
  if (at("when"))
    return whenRows(family, context);
  if (accept("rename"))
    return renames(family);
  if (accept("unused"))
    return unusedItem(family);
  return row(family, context);
}

bool Parser::whenRows(Family &family, const RowContext &context) {
  RowContext inner = context;
  size_t outer = context.guards.size();
  auto alternative = [&] {
    ExprPtr condition = expression();
    if (!condition)
      return false;
    inner.guards.push_back({condition, false});
    if (!rows(family, inner))
      return false;
    inner.guards.back().negated = true;
    return true;
  };
  advance();
  if (!alternative())
    return false;
  while (accept("else")) {
    if (inner.guards.size() - outer > maxNesting)
      return fail("fewer alternatives");
    if (!accept("when"))
      return rows(family, inner);
    if (!alternative())
      return false;
  }
  return true;
}

bool Parser::row(Family &family, const RowContext &context) {
  RowDecl row;
  row.loc = token().loc;
  row.perLayer = context.perLayer;
  row.prefixes = context.prefixes;
  row.guards = context.guards;
  std::optional<std::string> part = name();
  if (!part)
    return false;
  row.name = *part;
  tight();
  while (accept(".")) {
    part = name();
    if (!part)
      return false;
    row.name += "." + *part;
    tight();
  }
  if (layout) // Only the dots of the name are tight, not the shape.
    layout->tight.erase(token().loc.offset);
  column(AtShape);
  if (!expect("["))
    return false;
  while (!at("]")) {
    row.shape.push_back(expression());
    if (!row.shape.back())
      return false;
    if (!accept(","))
      break;
  }
  if (!expect("]"))
    return false;
  row.integers = accept("of");
  if (row.integers && !expect("int"))
    return false;
  for (size_t i = 0; i < family.schemes.size(); ++i) {
    column(AtCell + i);
    std::vector<ExprPtr> alternatives;
    do {
      alternatives.push_back(expression());
      if (!alternatives.back())
        return false;
    } while (accept("|"));
    row.cells.push_back(std::move(alternatives));
  }
  column(AtCell + family.schemes.size());
  for (;;) {
    if (accept("tied")) {
      std::optional<std::string> other = name();
      if (!other || !expect("if") || !(row.tiedIf = expression()))
        return false;
      row.tiedTo = *other;
    } else if (accept("optional")) {
      row.optional = true;
    } else {
      break;
    }
  }
  if (family.rows.size() >= maxDefinitions) {
    diagnostics.error(row.loc, "expects at most " +
                                   std::to_string(maxDefinitions) + " rows");
    return false;
  }
  family.rows.push_back(std::make_shared<const RowDecl>(std::move(row)));
  return true;
}
