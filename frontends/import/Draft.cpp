//===- Draft.cpp - A first description from the nearest family ------------===//

#include "frontends/arch/Formatter.h"
#include "frontends/import/Compare.h"
#include "frontends/import/Import.h"
#include "support/Text.h"
#include <algorithm>
#include <map>
#include <set>
#include <utility>

using namespace tombolo;

namespace {
/// The lines of a text, counted from 1, and what is put in front of them and
/// behind them.
class Lines {
public:
  explicit Lines(const std::string &text) {
    for (size_t begin = 0; begin < text.size();) {
      size_t end = std::min(text.find('\n', begin), text.size());
      lines.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  void comment(uint32_t line, const std::string &text) {
    before[line].push_back(indentOf(line) + "# " + text);
  }
  void commentBehind(uint32_t line, const std::string &text) {
    behind[line].push_back(indentOf(line) + "  # " + text);
  }
  void replace(uint32_t line, const std::string &text) {
    lines[line - 1] = indentOf(line) + text;
  }
  const std::string &at(uint32_t line) const { return lines[line - 1]; }
  std::string text() const {
    std::string all;
    auto add = [&](const std::string &line) { all += line + "\n"; };
    for (uint32_t line = 1; line <= lines.size(); ++line) {
      if (auto more = before.find(line); more != before.end())
        std::ranges::for_each(more->second, add);
      add(lines[line - 1]);
      if (auto more = behind.find(line); more != behind.end())
        std::ranges::for_each(more->second, add);
    }
    return all;
  }

private:
  std::string indentOf(uint32_t line) const {
    size_t blanks = lines[line - 1].find_first_not_of(' ');
    return std::string(blanks == std::string::npos ? 0 : blanks, ' ');
  }
  std::vector<std::string> lines;
  std::map<uint32_t, std::vector<std::string>> before, behind;
};
} // namespace

/// Text of a checkpoint in a comment: on one line, and not too long.
static std::string plain(const std::string &text) {
  return printable(text, 200);
}

/// A name of the language, of one in a checkpoint.
static std::string nameOf(const std::string &architecture) {
  std::string name;
  for (char c : architecture)
    if (std::isalnum(static_cast<unsigned char>(c)))
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else
      name += '_';
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())))
    name = "model_" + name;
  return name;
}

/// `key : int = 3`, as a declaration of the key may begin.
static std::string declarationOf(const std::string &key,
                                 const nlohmann::ordered_json &value) {
  const char *type = value.is_null()             ? "int?"
                     : value.is_boolean()        ? "bool"
                     : value.is_number_integer() ? "int"
                     : value.is_number()         ? "float"
                     : value.is_string()         ? "string"
                     : value.is_array()          ? "list"
                                                 : "record";
  using Handler = nlohmann::ordered_json::error_handler_t;
  std::string text =
      value.is_null() ? "none" : value.dump(-1, ' ', false, Handler::replace);
  return plain(key) + " : " + type + " = " + plain(text);
}

static const nlohmann::ordered_json &valueOf(const Checkpoint &checkpoint,
                                             const std::string &key) {
  static const nlohmann::ordered_json none;
  const nlohmann::ordered_json *at = checkpoint.container == Container::Gguf
                                         ? &checkpoint.metadata
                                         : &checkpoint.config;
  if (auto whole = at->find(key); whole != at->end())
    return *whole;
  // `text_config.x`, `rope_parameters.x`
  for (size_t begin = 0; begin < key.size();) {
    size_t end = std::min(key.find('.', begin), key.size());
    if (!at->is_object())
      return none;
    auto found = at->find(key.substr(begin, end - begin));
    if (found == at->end())
      return none;
    at = &*found;
    begin = end + 1;
  }
  return *at;
}

Result<std::string> tombolo::draftDescription(const arch::Catalog &catalog,
                                              const Checkpoint &checkpoint) {
  std::vector<std::string> architectures = checkpoint.architectures();
  bool gguf = checkpoint.container == Container::Gguf;
  const std::string &where = gguf || checkpoint.configPath.empty()
                                 ? checkpoint.path
                                 : checkpoint.configPath;
  Result<std::shared_ptr<const arch::Family>> served =
      findFamily(catalog, checkpoint);
  if (served)
    return Error(where, "architecture " + quote(architectures.front()) +
                            " is described already, by family '" +
                            (*served)->name + "'");
  if (architectures.empty())
    return served.takeErrors();
  std::string wanted = architectures.front();
  std::vector<Likeness> ranked = rankFamilies(catalog, checkpoint, wanted);
  if (ranked.empty())
    return Error(where, "no family has names for such a checkpoint");
  const Likeness &like = ranked.front();
  const arch::Family &family = *like.family;
  FamilyComparison comparison = compareWith(catalog, like, checkpoint);

  Lines lines(family.loc.source->text);
  lines.comment(1, "Drafted for " + plain(wanted) + " from family " +
                       family.name + ", which reads or ignores " +
                       std::to_string(like.keysKnown) + " of its " +
                       std::to_string(like.keys) + " keys and has rows");
  lines.comment(1, "for " + std::to_string(like.namesKnown) + " of its " +
                       std::to_string(like.names) +
                       " kinds of tensors. What differs stands in comments "
                       "(differs, unread, unbound);");
  lines.comment(1, "what the model computes is to be compared with its "
                   "reference implementation. What follows is the family's:");

  // What it serves.
  std::set<uint32_t> serves, ggufs;
  for (const arch::Named &name : family.serves)
    serves.insert(name.loc.line);
  for (const arch::GgufName &name : family.gguf)
    ggufs.insert(name.loc.line);
  std::string literal = nlohmann::json(wanted).dump();
  bool first = true;
  auto rest = [&](uint32_t line) {
    size_t blanks = lines.at(line).find_first_not_of(' ');
    return "# " + lines.at(line).substr(blanks);
  };
  for (uint32_t line : gguf ? ggufs : serves)
    lines.replace(line, std::exchange(first, false)
                            ? (gguf ? "gguf " : "serves ") + literal
                            : rest(line));
  for (uint32_t line : gguf ? serves : ggufs)
    lines.replace(line, rest(line));
  std::string head = rest(family.loc.line).substr(2);
  if (size_t at = head.find(family.name, head.find("family") + 6);
      at != std::string::npos)
    lines.replace(family.loc.line, head.replace(at, family.name.size(),
                                                nameOf(architectures.back())));

  // What differs.
  uint32_t config =
      family.configLoc.source ? family.configLoc.line : family.loc.line;
  for (const FamilyComparison::Difference &difference : comparison.differences)
    lines.comment(difference.line ? difference.line : config,
                  "differs: " + plain(difference.error.message));
  for (const std::string &key : comparison.unreadKeys)
    lines.commentBehind(
        config, "unread: " + declarationOf(key, valueOf(checkpoint, key)));
  uint32_t weights = family.schemes.empty() ? family.loc.line
                                            : family.schemes.front().loc.line;
  for (const arch::Leftover &unbound : comparison.unbound) {
    std::string text = "unbound: " + shapeText(unbound.first->shape) + " " +
                       quote(unbound.pattern) + ", " +
                       infoOf(unbound.first->encoding).name;
    if (unbound.count > 1)
      text += "; " + std::to_string(unbound.count) + " of them";
    lines.commentBehind(weights, plain(text));
  }

  std::string name = "draft.arch";
  Result<std::string> text = arch::format(name, lines.text());
  if (!text)
    return text.takeErrors();
  if (auto read = arch::readFamily(name, *text, *catalog.prelude); !read)
    return read.takeErrors();
  return text;
}
