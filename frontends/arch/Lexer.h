//===- Lexer.h - Tokens of the architecture language ------------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_LEXER_H
#define FRONTENDS_ARCH_LEXER_H

#include "frontends/arch/Diagnostics.h"
#include <string_view>

namespace tombolo::arch {

enum class TokenKind : uint8_t {
  End,
  Newline,
  Name,
  Number,
  /// With its quotes; what `{..}` holds is lexed again by the parser.
  String,
  Mark,
  /// Only where comments are asked for.
  Comment,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;
  Loc loc;

  bool is(std::string_view mark) const {
    return (kind == TokenKind::Mark || kind == TokenKind::Name) && text == mark;
  }
  /// For error messages: the text, or what stands in its place.
  std::string shown() const;
};

/// The tokens of `source` between two offsets, an End token last. Characters
/// that start no token are reported and skipped.
///
/// Without `everything`, comments are left out and a newline stays only where
/// it ends a statement: no ( or [ is open, and neither side of it continues an
/// expression.
std::vector<Token> lex(const Source &source, Diagnostics &diagnostics,
                       bool everything = false);
std::vector<Token> lexPart(const Source &source, Loc begin, uint32_t end,
                           Diagnostics &diagnostics);

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_LEXER_H
