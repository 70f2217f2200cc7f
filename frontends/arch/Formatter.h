//===- Formatter.h - One layout for descriptions ----------------*- C++ -*-===//

#ifndef FRONTENDS_ARCH_FORMATTER_H
#define FRONTENDS_ARCH_FORMATTER_H

#include "support/Result.h"
#include <string>

namespace tombolo::arch {

/// The same description with the layout of the shipped ones: two blanks for
/// each level, tables of keys and weights in columns, comments at the ends of
/// neighbouring lines in line. Lines stay where they are broken, and comments
/// stay. Formatting what is formatted changes nothing. Fails on a text that
/// does not parse.
Result<std::string> format(std::string name, std::string text);

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_FORMATTER_H
