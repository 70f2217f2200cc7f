//===- Chips.h - Memories of chips that are sold ----------------*- C++ -*-===//

#ifndef TOOLS_LIB_CHIPS_H
#define TOOLS_LIB_CHIPS_H

#include <cstdint>
#include <span>

namespace tombolo {

/// What decides how fast a chip can decode: how much it holds, and how fast it
/// reads that. Decimal units, as vendors give them.
struct Chip {
  const char *name;
  double memoryBytes, bytesPerSecond;
  /// Who says so, where.
  const char *source;
};

std::span<const Chip> chips();

} // namespace tombolo

#endif // TOOLS_LIB_CHIPS_H
