#include "frontends/arch/Lexer.h"
#include "support/Text.h"
#include <array>

using namespace tombolo::arch;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool isNamePart(char c) { return isNameStart(c) || isDigit(c); }

static constexpr std::array<std::string_view, 10> longMarks = {
    "->", "..", "**", "//", "??", "==", "!=", "<=", ">=", "+="};
static constexpr std::string_view shortMarks = "-+*/%<>=()[]{},.:;|?";

static constexpr std::array<std::string_view, 12> continuesAfter = {
    "+", "-", "*", "/", ",", "=", "??", "|", "and", "or", "then", "else"};
static constexpr std::array<std::string_view, 9> continuesBefore = {
    "+", "-", "*", "/", "??", "|", "and", "or", "then"};

template <size_t N>
static bool oneOf(const Token &token,
                  const std::array<std::string_view, N> &texts) {
  for (std::string_view text : texts)
    if (token.is(text))
      return true;
  return false;
}

std::string Token::shown() const {
  if (kind == TokenKind::End)
    return "the end of the file";
  if (kind == TokenKind::Newline)
    return "the end of the line";
  if (kind == TokenKind::String)
    return printable(text, 60);
  return quote(text, 60);
}

namespace {
struct Scanner {
  const Source &source;
  Diagnostics &diagnostics;
  uint32_t end;
  Loc at;
  std::vector<Token> tokens;

  char peek(uint32_t ahead = 0) const {
    return at.offset + ahead < end ? source.text[at.offset + ahead] : '\0';
  }

  void add(TokenKind kind, uint32_t length) {
    tokens.push_back(
        {kind, std::string_view(source.text).substr(at.offset, length), at});
    at.offset += length;
    at.column += length;
  }

  uint32_t numberLength() const {
    uint32_t n = 0;
    while (isDigit(peek(n)))
      ++n;
    if (peek(n) == '.' && isDigit(peek(n + 1)))
      for (++n; isDigit(peek(n));)
        ++n;
    if (peek(n) == 'e' &&
        (isDigit(peek(n + 1)) || (peek(n + 1) == '-' && isDigit(peek(n + 2)))))
      for (n += 2; isDigit(peek(n));)
        ++n;
    return n;
  }

  void string() {
    uint32_t n = 1;
    while (at.offset + n < end && peek(n) != '"' && peek(n) != '\n')
      ++n;
    if (peek(n) != '"') {
      diagnostics.error(at, "expects '\"' at the end of the string");
      add(TokenKind::String, n);
      return;
    }
    for (uint32_t i = 1; i < n; ++i)
      if (static_cast<unsigned char>(peek(i)) < 0x20 || peek(i) == 0x7f) {
        diagnostics.error(at, "a control character in a string");
        break;
      }
    add(TokenKind::String, n + 1);
  }

  void one(bool everything) {
    char c = peek();
    if (c == ' ' || c == '\t' || c == '\r') {
      ++at.offset;
      ++at.column;
      return;
    }
    if (c == '#') {
      uint32_t n = 0;
      while (at.offset + n < end && peek(n) != '\n')
        ++n;
      add(TokenKind::Comment, n);
      if (!everything)
        tokens.pop_back();
      return;
    }
    if (c == '\n') {
      add(TokenKind::Newline, 1);
      ++at.line;
      at.column = 1;
      return;
    }
    if (c == '"')
      return string();
    if (isDigit(c))
      return add(TokenKind::Number, numberLength());
    if (isNameStart(c)) {
      uint32_t n = 1;
      while (isNamePart(peek(n)))
        ++n;
      return add(TokenKind::Name, n);
    }
    std::string_view rest =
        std::string_view(source.text).substr(at.offset, end - at.offset);
    for (std::string_view mark : longMarks)
      if (rest.starts_with(mark))
        return add(TokenKind::Mark, 2);
    if (shortMarks.find(c) != std::string_view::npos && c != '\0')
      return add(TokenKind::Mark, 1);
    // One report for the whole of a character that takes several bytes.
    uint32_t n = 1;
    while ((static_cast<unsigned char>(peek(n)) & 0xc0) == 0x80)
      ++n;
    bool printable = static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
    diagnostics.error(at, printable ? "unexpected character '" +
                                          std::string(rest.substr(0, n)) + "'"
                                    : "unexpected control character");
    at.offset += n;
    at.column += n;
  }
};
} // namespace

static std::vector<Token> statements(std::vector<Token> raw) {
  std::vector<Token> kept;
  std::vector<char> open;
  for (size_t i = 0; i < raw.size(); ++i) {
    const Token &token = raw[i];
    if (token.kind == TokenKind::Mark && token.text.size() == 1) {
      char c = token.text[0];
      if (c == '(' || c == '[' || c == '{')
        open.push_back(c);
      else if ((c == ')' || c == ']' || c == '}') && !open.empty())
        open.pop_back();
    }
    if (token.kind == TokenKind::Newline) {
      if (!open.empty() && open.back() != '{')
        continue;
      // Runs of newlines are one; the first of a run sees what follows it.
      if (!kept.empty() && kept.back().kind == TokenKind::Newline)
        continue;
      size_t next = i;
      while (raw[next].kind == TokenKind::Newline)
        ++next;
      const Token &after = raw[next];
      if (!kept.empty() && oneOf(kept.back(), continuesAfter))
        continue;
      if (oneOf(after, continuesBefore) ||
          (after.is("else") && !kept.empty() && !kept.back().is("}")))
        continue;
    }
    kept.push_back(token);
  }
  return kept;
}

std::vector<Token> tombolo::arch::lex(const Source &source,
                                      Diagnostics &diagnostics,
                                      bool everything) {
  Scanner scanner{source,
                  diagnostics,
                  static_cast<uint32_t>(source.text.size()),
                  Loc{&source, 0, 1, 1},
                  {}};
  while (scanner.at.offset < scanner.end)
    scanner.one(everything);
  scanner.add(TokenKind::End, 0);
  return everything ? std::move(scanner.tokens)
                    : statements(std::move(scanner.tokens));
}

std::vector<Token> tombolo::arch::lexPart(const Source &source, Loc begin,
                                          uint32_t end,
                                          Diagnostics &diagnostics) {
  Scanner scanner{source, diagnostics, end, begin, {}};
  while (scanner.at.offset < scanner.end)
    scanner.one(false);
  scanner.add(TokenKind::End, 0);
  return scanner.tokens;
}
