//===- Lexer.h - A template's text and tokens -------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_JINJA_LEXER_H
#define RUNTIME_TEXT_JINJA_LEXER_H

#include "support/Result.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo::text::jinja {

enum class TokenKind : uint8_t {
  Text, ///< outside of all marks, white space already trimmed
  PrintBegin,
  PrintEnd,
  BlockBegin,
  BlockEnd,
  Name,
  String, ///< its value
  Integer,
  Float,
  Operator,
  End
};

struct Token {
  TokenKind kind;
  std::string text;
  unsigned line;
};

/// Cuts a template into tokens, with trim_blocks and lstrip_blocks as
/// transformers sets them: a newline behind a block or comment is left
/// out, and so are spaces between a line's beginning and one. Comments are
/// gone and `raw` is text.
Result<std::vector<Token>> tokenize(std::string_view source);

/// What Python's str.isspace says of one character.
bool isSpace(char32_t codePoint);

/// An error in a template, by line.
Error errorAt(unsigned line, std::string message);

} // namespace tombolo::text::jinja

#endif // RUNTIME_TEXT_JINJA_LEXER_H
