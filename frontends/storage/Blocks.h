//===- Blocks.h - Codes and scales into blocks ------------------*- C++ -*-===//

#ifndef FRONTENDS_STORAGE_BLOCKS_H
#define FRONTENDS_STORAGE_BLOCKS_H

#include "frontends/storage/Joiner.h"

namespace tombolo::storage {

/// Codes that are stored row-major as they are, with scales beside them:
/// `parts` are the codes, the scales and, where `groups` has zeros, one number
/// of 8 bits for each scale. `flip` is xor-ed to codes and zeros: 0x80 makes
/// them unsigned.
void joinRows(Joiner &joiner, const TensorInfo &head, std::string name,
              Shape shape, Encoding::Groups groups, Scales scales,
              std::vector<const TensorInfo *> parts, uint8_t flip = 0);

/// E2M1 codes, two a byte and the first in the low bits, of which 32 share a
/// power of two. The last axis of `codes` may be split in blocks.
void joinMxfp4(Joiner &joiner, const TensorInfo &codes, std::string name,
               const TensorInfo &scale);

} // namespace tombolo::storage

#endif // FRONTENDS_STORAGE_BLOCKS_H
