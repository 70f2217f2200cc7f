//===- OnigurumaPattern.cpp -----------------------------------------------===//

#include "frontends/tokenizer/OnigurumaPattern.h"
#include "runtime/text/Regex.h"
#include "support/Text.h"
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace tombolo {

static constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
static constexpr size_t kMaxNestedClasses = 32;

static constexpr std::array<std::pair<std::string_view, std::string_view>, 38>
    kCategoryNames = {{
        {"letter", "L"},
        {"casedletter", "L&"},
        {"uppercaseletter", "Lu"},
        {"lowercaseletter", "Ll"},
        {"titlecaseletter", "Lt"},
        {"modifierletter", "Lm"},
        {"otherletter", "Lo"},
        {"mark", "M"},
        {"nonspacingmark", "Mn"},
        {"spacingmark", "Mc"},
        {"enclosingmark", "Me"},
        {"number", "N"},
        {"decimalnumber", "Nd"},
        {"letternumber", "Nl"},
        {"othernumber", "No"},
        {"punctuation", "P"},
        {"connectorpunctuation", "Pc"},
        {"dashpunctuation", "Pd"},
        {"openpunctuation", "Ps"},
        {"closepunctuation", "Pe"},
        {"initialpunctuation", "Pi"},
        {"finalpunctuation", "Pf"},
        {"otherpunctuation", "Po"},
        {"symbol", "S"},
        {"mathsymbol", "Sm"},
        {"currencysymbol", "Sc"},
        {"modifiersymbol", "Sk"},
        {"othersymbol", "So"},
        {"separator", "Z"},
        {"spaceseparator", "Zs"},
        {"lineseparator", "Zl"},
        {"paragraphseparator", "Zp"},
        {"other", "C"},
        {"control", "Cc"},
        {"format", "Cf"},
        {"surrogate", "Cs"},
        {"privateuse", "Co"},
        {"unassigned", "Cn"},
    }};

static constexpr std::array<std::string_view, 30> kCategories = {
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl",
    "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc",
    "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"};

namespace {

/// A bracket class as PCRE2 reads it: `[items]` or `[^items]`.
struct Class {
  bool negated = false;
  std::string items;
  /// The general categories, where the class has nothing else.
  std::optional<std::vector<std::string>> categories =
      std::vector<std::string>();
};

class Translator {
public:
  explicit Translator(std::string_view pattern) : pattern(pattern) {}

  Result<std::string> run();

private:
  bool atEnd() const { return at >= pattern.size(); }
  bool looksAt(std::string_view text) const {
    return !atEnd() && pattern.substr(at).starts_with(text);
  }
  void fail(std::string message) {
    if (!error)
      error =
          Error("", "pattern " + quote(pattern) + ": " + std::move(message) +
                        " at byte " + std::to_string(at));
    at = pattern.size();
  }

  void group();
  void quantifier();
  void escape();
  /// After `\p` or `\P`: the property as PCRE2 spells it, with the letter.
  std::string property(char letter, Class *inside);
  std::optional<std::string> hex4();
  void bracket();
  Class parseClass(size_t depth);
  void classEscape(Class &result);
  Class intersect(const Class &left, const Class &right);
  /// The items of everything that is not in the class, where that is a list.
  std::optional<std::string> complement(const Class &value) const;

  std::string_view pattern;
  size_t at = 0;
  std::string out;
  std::optional<Error> error;
};

std::string canonical(std::string_view name) {
  std::string plain;
  for (char c : name)
    if (c != ' ' && c != '_' && c != '-')
      plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return plain;
}

std::string Translator::property(char letter, Class *inside) {
  size_t close = pattern.find('}', at);
  if (atEnd() || pattern[at] != '{' || close == std::string_view::npos) {
    fail(std::string("expects '{' and '}' after '\\") + letter + "'");
    return "";
  }
  std::string name(pattern.substr(at + 1, close - at - 1));
  at = close + 1;
  bool negated = letter == 'P';
  if (name.starts_with('^')) {
    negated = !negated;
    name.erase(0, 1);
  }
  auto isCategory = [&] {
    if (name.empty() || name.size() > 2)
      return false;
    return std::any_of(kCategories.begin(), kCategories.end(), [&](auto c) {
      return c.starts_with(name) || name == "L&";
    });
  };
  for (auto [longName, shortName] : kCategoryNames)
    if (canonical(name) == longName)
      name = shortName;
  if (inside && inside->categories && isCategory() && !negated && name != "L&")
    inside->categories->push_back(name);
  else if (inside)
    inside->categories.reset();
  if (!isCategory()) {
    // A name that is a script means the script itself, as before PCRE2 10.40.
    std::string script = "sc:" + name;
    if (text::Regex::compile("\\p{" + script + "}"))
      name = script;
    else if (!text::Regex::compile("\\p{" + name + "}"))
      fail("knows no property " + quote(name));
  }
  return std::string(negated ? "\\P{" : "\\p{") + name + "}";
}

std::optional<std::string> Translator::hex4() {
  std::string digits(pattern.substr(at, 4));
  if (digits.size() != 4 ||
      digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    fail("expects four hexadecimal digits after '\\u'");
    return std::nullopt;
  }
  at += 4;
  return "\\x{" + digits + "}";
}

/// `at` stands behind the backslash.
void Translator::escape() {
  if (atEnd())
    return fail("ends with a backslash");
  char c = pattern[at++];
  switch (c) {
  case 's':
    out += "\\p{White_Space}";
    return;
  case 'S':
    out += "\\P{White_Space}";
    return;
  case 'w':
    out += "[" + std::string(kWord) + "]";
    return;
  case 'W':
    out += "[^" + std::string(kWord) + "]";
    return;
  case 'h':
    out += "[0-9a-fA-F]";
    return;
  case 'H':
    out += "[^0-9a-fA-F]";
    return;
  case 'p':
  case 'P':
    out += property(c, nullptr);
    return;
  case 'u':
    if (std::optional<std::string> code = hex4())
      out += *code;
    return;
  // The same in both.
  case 'd':
  case 'D':
  case 't':
  case 'n':
  case 'r':
  case 'f':
  case 'a':
  case 'e':
  case 'x':
  case 'A':
  case 'z':
  case 'R':
  case 'X':
    out += '\\';
    out += c;
    return;
  case 'v': // Oniguruma: one character; PCRE2: a set
    out += "\\x{b}";
    return;
  default:
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9');
    if (letter)
      return fail("does not know '\\" + std::string(1, c) + "'");
    // What is escaped may be any character: the rest of it is copied later.
    out += '\\';
    out += c;
  }
}

void Translator::classEscape(Class &result) {
  if (atEnd())
    return fail("ends with a backslash");
  char c = pattern[at];
  if (c == 'p' || c == 'P') {
    ++at;
    result.items += property(c, &result);
    return;
  }
  result.categories.reset();
  switch (c) {
  case 'w':
    ++at;
    result.items += kWord;
    return;
  case 'h':
    ++at;
    result.items += "0-9a-fA-F";
    return;
  case 'W':
  case 'H':
  case 'R':
  case 'X':
  case 'A':
  case 'z':
    return fail("does not know '\\" + std::string(1, c) + "' in a class");
  case 'b':
    ++at;
    result.items += "\\x{8}";
    return;
  default: {
    std::string before = std::move(out);
    out.clear();
    escape();
    result.items += out;
    out = std::move(before);
  }
  }
}

std::optional<std::string> Translator::complement(const Class &value) const {
  if (value.negated)
    return value.items;
  if (!value.categories || value.categories->empty())
    return std::nullopt;
  std::string items;
  for (std::string_view category : kCategories)
    if (std::none_of(
            value.categories->begin(), value.categories->end(),
            [&](const std::string &c) { return category.starts_with(c); }))
      items += "\\p{" + std::string(category) + "}";
  return items;
}

/// By De Morgan: what is in neither complement. A single class keeps matching
/// linear, which a look-ahead before each character does not.
Class Translator::intersect(const Class &left, const Class &right) {
  std::optional<std::string> a = complement(left), b = complement(right);
  if (!a || !b) {
    fail("expects intersections of negated classes and of general categories");
    return {};
  }
  Class result;
  result.negated = true;
  result.items = *a + *b;
  result.categories.reset();
  return result;
}

/// `at` stands behind the opening bracket.
Class Translator::parseClass(size_t depth) {
  Class result;
  if (depth > kMaxNestedClasses) {
    fail("expects at most " + std::to_string(kMaxNestedClasses) +
         " nested classes");
    return result;
  }
  if (looksAt("^")) {
    result.negated = true;
    ++at;
  }
  bool negated = result.negated;
  result.negated = false;
  std::optional<Class> left;
  std::optional<Class> nested;
  auto finishOperand = [&] {
    // An operand is one nested class or a list of items.
    if (nested && !result.items.empty())
      fail("does not know a class inside of a class");
    Class operand = nested ? *nested : std::move(result);
    if (operand.items.empty())
      fail("expects a class that is not empty");
    left = left ? intersect(*left, operand) : std::move(operand);
    result = Class();
    nested.reset();
  };
  if (looksAt("]"))
    fail("expects a class that is not empty");
  while (!atEnd() && !looksAt("]")) {
    if (looksAt("&&")) {
      at += 2;
      finishOperand();
    } else if (looksAt("[:")) {
      size_t close = pattern.find(":]", at);
      if (close == std::string_view::npos) {
        fail("expects ':]'");
        break;
      }
      result.items += pattern.substr(at, close + 2 - at);
      result.categories.reset();
      at = close + 2;
    } else if (looksAt("[")) {
      if (nested || !result.items.empty()) {
        fail("does not know a class inside of a class");
        break;
      }
      ++at;
      nested = parseClass(depth + 1);
    } else if (looksAt("\\")) {
      ++at;
      classEscape(result);
    } else {
      result.items += pattern[at++];
      result.categories.reset();
    }
  }
  if (atEnd()) {
    fail("expects ']'");
    return result;
  }
  ++at;
  finishOperand();
  if (left)
    result = std::move(*left);
  if (negated) {
    result.negated = !result.negated;
    // Not a list of categories any more, but `complement` only asks that of
    // classes that are not negated.
    if (!result.negated)
      result.categories.reset();
  }
  return result;
}

void Translator::bracket() {
  Class result = parseClass(0);
  if (!error)
    out += (result.negated ? "[^" : "[") + result.items + "]";
}

/// `at` stands at the opening parenthesis.
void Translator::group() {
  for (std::string_view known : {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>",
                                 "(?i:", "(?-i:", "(?i)", "(?-i)"})
    if (looksAt(known)) {
      out += known;
      at += known.size();
      return;
    }
  if (looksAt("(?"))
    return fail("does not know this kind of group");
  out += '(';
  ++at;
}

/// `at` stands at a brace.
void Translator::quantifier() {
  size_t close = pattern.find('}', at);
  std::string_view inside = close == std::string_view::npos
                                ? ""
                                : pattern.substr(at + 1, close - at - 1);
  size_t comma = inside.find(',');
  std::string_view low = inside.substr(0, comma);
  std::string_view high =
      comma == std::string_view::npos ? "" : inside.substr(comma + 1);
  auto digits = [](std::string_view text) {
    return text.size() < 5 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (inside.empty() || inside == "," || !digits(low) || !digits(high)) {
    out += "\\{"; // a literal brace
    ++at;
    return;
  }
  out += "{" + (low.empty() ? "0" : std::string(low));
  if (comma != std::string_view::npos)
    out += "," + std::string(high);
  out += "}";
  at = close + 1;
  if (looksAt("+"))
    fail("does not know '+' after a count");
}

Result<std::string> Translator::run() {
  while (!atEnd()) {
    switch (pattern[at]) {
    case '\\':
      ++at;
      escape();
      break;
    case '[':
      ++at;
      bracket();
      break;
    case '(':
      group();
      break;
    case '{':
      quantifier();
      break;
    case '^':
      out += "(?m:^)";
      ++at;
      break;
    case '$':
      out += "(?m:$)";
      ++at;
      break;
    default:
      out += pattern[at++];
    }
  }
  if (error)
    return std::move(*error);
  if (Result<text::Regex> regex = text::Regex::compile(out); !regex)
    return regex.takeErrors();
  return std::move(out);
}

} // namespace

Result<std::string> translateOnigurumaPattern(std::string_view pattern) {
  return Translator(pattern).run();
}

} // namespace tombolo
