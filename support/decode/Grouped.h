//===- Grouped.h - Codes in groups with scales ------------------*- C++ -*-===//

#ifndef SUPPORT_DECODE_GROUPED_H
#define SUPPORT_DECODE_GROUPED_H

#include "support/Encoding.h"

namespace tombolo::decoders {

unsigned codeBits(Encoding::Code code);
size_t scaleBytes(Encoding::Kind scale);

/// Where the parts of a block are, as bytes from its start.
struct GroupedLayout {
  explicit GroupedLayout(const Encoding::Groups &groups);

  size_t groups;     ///< in a block
  size_t groupBytes; ///< of a group's codes
  size_t scale, scales, zeros, codes;

  size_t bytes() const { return codes + groups * groupBytes; }
};

void grouped(const Encoding::Groups &groups, const uint8_t *in, float *out,
             size_t blocks);

} // namespace tombolo::decoders

#endif // SUPPORT_DECODE_GROUPED_H
