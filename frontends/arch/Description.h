//===- Description.h - Families, read and checked ---------------*- C++ -*-===//
//
// A description is a `.arch` file: one family, which uses groups of the prelude
// `std.arch`. Reading one parses it, joins it with its groups and checks what
// can be checked without a checkpoint: names, calls, recursion, what is
// declared and not used.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_ARCH_DESCRIPTION_H
#define FRONTENDS_ARCH_DESCRIPTION_H

#include "frontends/arch/Ast.h"

namespace tombolo::arch {

/// A description is a page or two; more than this is not one.
inline constexpr size_t maxSourceBytes = 1 << 20;

/// A text that may be a description: not too long, and UTF-8.
Result<std::shared_ptr<const Source>> makeSource(std::string name,
                                                 std::string text);

Result<std::shared_ptr<const Prelude>> readPrelude(std::string name,
                                                   std::string text);

/// All errors of the first stage (parsing, joining, checking) that has any.
Result<std::shared_ptr<const Family>>
readFamily(std::string name, std::string text, const Prelude &prelude);

/// The checks of readFamily on a joined family.
void checkFamily(const Family &family, const Prelude &prelude,
                 Diagnostics &diagnostics);

/// Keys that no expression of a joined family can read, whatever the config
/// says, and that it does not ignore. Those of literal types are read by
/// themselves.
std::set<std::string, std::less<>> keysThatNothingReads(const Family &family);

/// The names of functions that the evaluator computes itself.
bool isBuiltin(std::string_view name);
/// `pi`, `inf`, `container`.
bool isConstant(std::string_view name);

/// The families a program knows and the prelude they share.
struct Catalog {
  std::shared_ptr<const Prelude> prelude;
  /// In the order in which they are asked: `--arch` files come first.
  std::vector<std::shared_ptr<const Family>> families;
};

/// Reads `files`, then the descriptions that are built in.
Result<Catalog> loadCatalog(const std::vector<std::string> &files);

} // namespace tombolo::arch

#endif // FRONTENDS_ARCH_DESCRIPTION_H
