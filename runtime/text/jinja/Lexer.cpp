//===- Lexer.cpp ----------------------------------------------------------===//

#include "runtime/text/jinja/Lexer.h"
#include "runtime/text/Unicode.h"
#include <algorithm>
#include <array>
#include <optional>

namespace tombolo::text::jinja {

/// Of what a template says in an error, by raise_exception for one.
static constexpr size_t kMaxMessageBytes = 4096;

Error errorAt(unsigned line, std::string message) {
  // A message may quote a template byte by byte.
  std::string clean;
  appendLossyUtf8(clean, std::string_view(message).substr(0, kMaxMessageBytes),
                  true);
  return Error("chat template:" + std::to_string(line), std::move(clean));
}

bool isSpace(char32_t c) { return isWhitespace(c) || (c >= 0x1c && c <= 0x1f); }

static std::string_view stripEnd(std::string_view text) {
  while (!text.empty()) {
    char32_t c = lastCodePoint(text);
    if (!isSpace(c))
      break;
    text.remove_suffix(c < 0x80 ? 1 : c < 0x800 ? 2 : 3);
  }
  return text;
}

namespace {

class Lexer {
public:
  explicit Lexer(std::string_view source) : source(source) {}

  Result<std::vector<Token>> run();

private:
  enum class Mark { None, Print, Block, Comment };

  void text();
  void comment();
  void raw();
  /// Tokens up to the mark's end.
  void code(Mark mark);
  void string();
  void number();
  void name();
  void operation();

  /// If the text goes on with the end of a mark, takes it with the white
  /// space it trims.
  bool takeEnd(std::string_view end, bool trimsNewline);
  bool takeRawBegin(size_t &at) const;
  void skipSpace(size_t &at) const;

  bool looksAt(std::string_view wanted) const {
    return source.substr(position).starts_with(wanted);
  }
  char at(size_t offset) const {
    return position + offset < source.size() ? source[position + offset] : 0;
  }
  void add(TokenKind kind, std::string value, unsigned tokenLine) {
    tokens.push_back({kind, std::move(value), tokenLine});
  }
  void fail(std::string message) {
    if (!error)
      error = errorAt(line, std::move(message));
    position = source.size();
  }
  /// Moves on and counts lines.
  void advance(size_t end) {
    line += static_cast<unsigned>(
        std::count(source.begin() + position, source.begin() + end, '\n'));
    position = end;
  }

  std::string_view source;
  size_t position = 0;
  unsigned line = 1;
  /// Whether the last mark took the newline behind it.
  bool lineStarts = true;
  std::vector<Token> tokens;
  std::vector<char> brackets;
  std::optional<Error> error;
};

void Lexer::skipSpace(size_t &at) const {
  while (at < source.size()) {
    size_t next = at;
    if (!isSpace(nextCodePoint(source, next)))
      return;
    at = next;
  }
}

bool Lexer::takeEnd(std::string_view end, bool trimsNewline) {
  char sign = at(0);
  bool hasSign = (sign == '-' || (sign == '+' && trimsNewline)) &&
                 source.substr(position + 1).starts_with(end);
  if (!hasSign && !looksAt(end))
    return false;
  size_t after = position + end.size() + hasSign;
  size_t before = after;
  if (hasSign && sign == '-')
    skipSpace(after);
  else if (!hasSign && trimsNewline && after < source.size() &&
           source[after] == '\n')
    ++after;
  lineStarts = after > before && source[after - 1] == '\n';
  advance(after);
  return true;
}

/// At `{%`: whether this is `{% raw %}`; moves `at` behind it.
bool Lexer::takeRawBegin(size_t &at) const {
  at += 2;
  if (at < source.size() && (source[at] == '-' || source[at] == '+'))
    ++at;
  skipSpace(at);
  if (!source.substr(at).starts_with("raw"))
    return false;
  at += 3;
  skipSpace(at);
  if (source.substr(at).starts_with("%}")) {
    at += 2;
    return true;
  }
  if (!source.substr(at).starts_with("-%}"))
    return false;
  at += 3;
  skipSpace(at);
  return true;
}

void Lexer::text() {
  size_t found = position;
  Mark mark = Mark::None;
  for (; mark == Mark::None; ++found) {
    found = source.find('{', found);
    if (found == std::string_view::npos || found + 1 >= source.size()) {
      found = source.size();
      break;
    }
    char second = source[found + 1];
    mark = second == '{'   ? Mark::Print
           : second == '%' ? Mark::Block
           : second == '#' ? Mark::Comment
                           : Mark::None;
    if (mark != Mark::None)
      break;
  }
  std::string_view content = source.substr(position, found - position);
  char sign = found + 2 < source.size() ? source[found + 2] : 0;
  if (mark != Mark::None && sign == '-') {
    content = stripEnd(content);
  } else if (mark != Mark::None && mark != Mark::Print && sign != '+') {
    size_t lineBegin = content.rfind('\n');
    lineBegin = lineBegin == std::string_view::npos ? 0 : lineBegin + 1;
    if ((lineBegin > 0 || lineStarts) &&
        stripEnd(content.substr(lineBegin)).empty())
      content = content.substr(0, lineBegin);
  }
  unsigned textLine = line;
  advance(found);
  if (!content.empty())
    add(TokenKind::Text, std::string(content), textLine);
  lineStarts = false;
  if (mark == Mark::None)
    return;
  if (mark == Mark::Comment)
    return comment();
  size_t behindRaw = position;
  if (mark == Mark::Block && takeRawBegin(behindRaw)) {
    advance(behindRaw);
    return raw();
  }
  add(mark == Mark::Print ? TokenKind::PrintBegin : TokenKind::BlockBegin, "",
      line);
  position += 2 + (sign == '-' || sign == '+');
  code(mark);
}

void Lexer::comment() {
  // The sign of `{#-#}` belongs to the beginning.
  size_t content = position + 2;
  if (content < source.size() &&
      (source[content] == '-' || source[content] == '+'))
    ++content;
  size_t close = source.find("#}", content);
  if (close == std::string_view::npos)
    return fail("expects '#}' that ends the comment");
  bool hasSign =
      close > content && (source[close - 1] == '-' || source[close - 1] == '+');
  advance(close - hasSign);
  takeEnd("#}", true);
}

void Lexer::raw() {
  for (size_t found = source.find("{%", position);;
       found = source.find("{%", found + 2)) {
    if (found == std::string_view::npos)
      return fail("expects '{% endraw %}'");
    size_t at = found + 2;
    char sign = at < source.size() ? source[at] : 0;
    if (sign == '-' || sign == '+')
      ++at;
    skipSpace(at);
    if (!source.substr(at).starts_with("endraw"))
      continue;
    at += 6;
    skipSpace(at);
    std::string_view rest = source.substr(at);
    if (!rest.starts_with("%}") && !rest.starts_with("-%}") &&
        !rest.starts_with("+%}"))
      continue;
    std::string_view content = source.substr(position, found - position);
    if (sign == '-')
      content = stripEnd(content);
    unsigned textLine = line;
    advance(at);
    if (!content.empty())
      add(TokenKind::Text, std::string(content), textLine);
    takeEnd("%}", true);
    return;
  }
}

void Lexer::code(Mark mark) {
  bool isBlock = mark == Mark::Block;
  while (!error) {
    size_t next = position;
    skipSpace(next);
    advance(next);
    unsigned tokenLine = line;
    if (position == source.size())
      return fail(isBlock ? "expects '%}'" : "expects '}}'");
    if (brackets.empty() && takeEnd(isBlock ? "%}" : "}}", isBlock)) {
      add(isBlock ? TokenKind::BlockEnd : TokenKind::PrintEnd, "", tokenLine);
      return;
    }
    char c = at(0);
    if (c == '"' || c == '\'')
      string();
    else if (c >= '0' && c <= '9')
      number();
    else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
             static_cast<uint8_t>(c) >= 0x80)
      name();
    else
      operation();
  }
}

void Lexer::name() {
  size_t end = position;
  while (end < source.size()) {
    size_t next = end;
    char32_t c = nextCodePoint(source, next);
    if (c != '_' && !isWordCharacter(c))
      break;
    end = next;
  }
  if (end == position)
    return fail(
        "does not know the character '" +
        std::string(source.substr(position, utf8Length(source[position]))) +
        "'");
  add(TokenKind::Name, std::string(source.substr(position, end - position)),
      line);
  position = end;
}

void Lexer::number() {
  auto digit = [&](size_t i) {
    char c = i < source.size() ? source[i] : 0;
    return c >= '0' && c <= '9';
  };
  size_t end = position;
  if (at(0) == '0' && (at(1) == 'x' || at(1) == 'X' || at(1) == 'b' ||
                       at(1) == 'B' || at(1) == 'o' || at(1) == 'O'))
    return fail("expects a decimal number");
  bool isFloat = false;
  auto digits = [&] {
    while (digit(end) ||
           (end < source.size() && source[end] == '_' && digit(end + 1)))
      ++end;
  };
  digits();
  if (end < source.size() && source[end] == '.' && digit(end + 1)) {
    isFloat = true;
    ++end;
    digits();
  }
  if (end < source.size() && (source[end] == 'e' || source[end] == 'E')) {
    size_t exponent = end + 1;
    if (exponent < source.size() &&
        (source[exponent] == '+' || source[exponent] == '-'))
      ++exponent;
    if (digit(exponent)) {
      isFloat = true;
      end = exponent;
      digits();
    }
  }
  std::string value(source.substr(position, end - position));
  std::erase(value, '_');
  add(isFloat ? TokenKind::Float : TokenKind::Integer, std::move(value), line);
  position = end;
}

/// Python's escapes. An unknown one stands for itself.
void Lexer::string() {
  char quote = at(0);
  unsigned tokenLine = line;
  std::string value;
  size_t i = position + 1;
  auto hex = [&](unsigned count) -> std::optional<uint32_t> {
    uint32_t result = 0;
    for (unsigned k = 0; k < count; ++k, ++i) {
      char c = i < source.size() ? source[i] : 0;
      int d = c >= '0' && c <= '9'   ? c - '0'
              : c >= 'a' && c <= 'f' ? c - 'a' + 10
              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                     : -1;
      if (d < 0)
        return std::nullopt;
      result = result << 4 | static_cast<uint32_t>(d);
    }
    return result;
  };
  static constexpr std::array<std::pair<char, char>, 10> kSimple = {
      {{'n', '\n'},
       {'t', '\t'},
       {'r', '\r'},
       {'\\', '\\'},
       {'\'', '\''},
       {'"', '"'},
       {'a', '\a'},
       {'b', '\b'},
       {'f', '\f'},
       {'v', '\v'}}};
  while (i < source.size() && source[i] != quote) {
    if (source[i] != '\\') {
      value += source[i++];
      continue;
    }
    if (++i == source.size())
      break;
    char c = source[i++];
    auto simple = std::find_if(kSimple.begin(), kSimple.end(),
                               [&](auto pair) { return pair.first == c; });
    if (simple != kSimple.end()) {
      value += simple->second;
    } else if (c == '\n') {
    } else if (c == 'x' || c == 'u' || c == 'U') {
      std::optional<uint32_t> code = hex(c == 'x' ? 2 : c == 'u' ? 4 : 8);
      if (!code || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
        return fail("expects a character behind '\\" + std::string(1, c) +
                    "' in a string");
      appendUtf8(value, *code);
    } else if (c >= '0' && c <= '7') {
      uint32_t code = static_cast<uint32_t>(c - '0');
      for (int k = 0;
           k < 2 && i < source.size() && source[i] >= '0' && source[i] <= '7';
           ++k)
        code = code * 8 + static_cast<uint32_t>(source[i++] - '0');
      appendUtf8(value, code);
    } else {
      value += '\\';
      --i; // the character may be several bytes: copied as it is
    }
  }
  if (i >= source.size())
    return fail("expects the end of a string");
  advance(i + 1);
  add(TokenKind::String, std::move(value), tokenLine);
}

void Lexer::operation() {
  static constexpr std::array<std::string_view, 26> kOperators = {
      "//", "**", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[",
      "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
  for (std::string_view text : kOperators) {
    if (!looksAt(text))
      continue;
    char c = text[0];
    if (c == '(' || c == '[' || c == '{') {
      brackets.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
    } else if (c == ')' || c == ']' || c == '}') {
      if (brackets.empty() || brackets.back() != c)
        return fail("does not expect '" + std::string(text) + "'" +
                    (brackets.empty()
                         ? ""
                         : ", but '" + std::string(1, brackets.back()) + "'"));
      brackets.pop_back();
    }
    add(TokenKind::Operator, std::string(text), line);
    position += text.size();
    return;
  }
  fail("does not know the character '" + std::string(1, at(0)) + "'");
}

Result<std::vector<Token>> Lexer::run() {
  while (position < source.size() && !error)
    text();
  if (error)
    return std::move(*error);
  add(TokenKind::End, "", line);
  return std::move(tokens);
}

} // namespace

Result<std::vector<Token>> tokenize(std::string_view given) {
  // Jinja reads every kind of newline as one and drops the last.
  std::string source;
  source.reserve(given.size());
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i] != '\r') {
      source += given[i];
      continue;
    }
    source += '\n';
    if (i + 1 < given.size() && given[i + 1] == '\n')
      ++i;
  }
  if (source.ends_with('\n'))
    source.pop_back();
  return Lexer(source).run();
}

} // namespace tombolo::text::jinja
