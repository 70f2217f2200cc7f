//===- Parser.h - Templates to trees ----------------------------*- C++ -*-===//

#ifndef RUNTIME_TEXT_JINJA_PARSER_H
#define RUNTIME_TEXT_JINJA_PARSER_H

#include "runtime/text/jinja/Ast.h"
#include "runtime/text/jinja/Lexer.h"

namespace tombolo::text::jinja {

/// Parses a template. Trees are at most kMaxTreeDepth deep.
Result<Body> parseTemplate(std::string_view source);

inline constexpr unsigned kMaxTreeDepth = 200;

} // namespace tombolo::text::jinja

#endif // RUNTIME_TEXT_JINJA_PARSER_H
