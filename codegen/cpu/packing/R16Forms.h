//===- R16Forms.h - Where each bit goes -------------------------*- C++ -*-===//

#ifndef CODEGEN_CPU_PACKING_R16FORMS_H
#define CODEGEN_CPU_PACKING_R16FORMS_H

#include "support/Encoding.h"
#include <cstdint>
#include <vector>

namespace tombolo {

/// The form of one encoding: a row's block as a list of units.
struct R16Form {
  /// Bits of the stored block that a packed byte takes, shifted into place.
  struct Piece {
    uint16_t from;
    int8_t shift; ///< to the left; negative: to the right
    uint8_t mask; ///< of the packed byte
  };
  /// 1, 2 or 4 bytes, from `at` on in the row's packed block.
  struct Unit {
    uint16_t at, bytes;
    /// The stored bytes from here on, as they are; -1: pieces.
    int32_t copied;
  };

  Encoding encoding;
  int64_t blockElements = 1, blockBytes = 0;
  int64_t headerBytes = 0, chunks = 1; ///< of one row
  uint8_t flip = 0;                    ///< xor of bytes in units of codes
  /// Scales and minima of a stored block that have to be finite: from which
  /// byte on, and of which plain kind.
  struct Scale {
    uint16_t from;
    Encoding::Kind kind;
  };
  std::vector<Scale> scales;
  /// Codes that are floats of 8 bits have to be finite too: their first byte
  /// and kind.
  std::vector<Scale> floats;
  std::vector<Unit> units;
  /// Pieces of packed byte i: [first[i], first[i + 1]).
  std::vector<uint32_t> first;
  std::vector<Piece> pieces;
};

/// Null: the encoding has no form.
const R16Form *r16FormOf(Encoding encoding);

} // namespace tombolo

#endif // CODEGEN_CPU_PACKING_R16FORMS_H
