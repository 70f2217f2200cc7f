//===- Integers.h - Stored integers as i32 ----------------------*- C++ -*-===//

#ifndef SUPPORT_INTEGERS_H
#define SUPPORT_INTEGERS_H

#include "support/Encoding.h"

namespace tombolo {

/// Decodes integers exactly. Fails where `encoding` has none, and where one is
/// no i32, naming the first.
Status decodeIntegers(Encoding encoding, std::span<const std::byte> bytes,
                      std::span<int32_t> values);

} // namespace tombolo

#endif // SUPPORT_INTEGERS_H
