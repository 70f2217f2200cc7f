//===- Precompiled.h - SentencePiece's compiled normalization ---*- C++ -*-===//
//
// A double-array trie from texts to replacements:
//
//   u32 size; u32 units[size / 4]; then NUL-terminated UTF-8 replacements
//
// all little-endian. A unit is Darts-clone's: bit 31 and bits 0-7 the label,
// bit 8 whether a value stands under it, bits 9 and 10-30 the offset. A value
// is the position of its replacement.
//
//===----------------------------------------------------------------------===//

#ifndef RUNTIME_TEXT_PRECOMPILED_H
#define RUNTIME_TEXT_PRECOMPILED_H

#include "support/Result.h"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tombolo::text {

class Precompiled {
public:
  static Result<Precompiled> create(std::string_view bytes);

  /// Looks each grapheme below six bytes up whole, then the characters of
  /// what was not found (Hugging Face's reading of the map).
  std::string run(std::string_view text) const;

private:
  /// What the shortest beginning of `text` that is in the trie becomes.
  std::optional<std::string_view> lookUp(std::string_view text) const;

  std::vector<uint32_t> units;
  std::string replacements;
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_PRECOMPILED_H
