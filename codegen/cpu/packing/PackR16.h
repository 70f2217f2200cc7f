//===- PackR16.h - The weight layout of CPU kernels -------------*- C++ -*-===//
//
// R16 interleaves sixteen rows, so that lane n of a 512-bit vector (or of two
// or four narrower ones) belongs to row n: one layout serves products with one
// row of activations and with many, gathers of single rows, and every ISA.
// Groups of sixteen rows lie one after the other; the last one is filled up
// with zero rows. Inside a group, blocks of k lie one after the other:
//
//   f32, f16, bf16  for each k: 16 elements
//   q8_0, 544 B     16 f16 scales | v = 0..7: 64 B
//   q4_0, 288 B     16 f16 scales | v = 0..3: 64 B
//   q4_1, 320 B     16 f16 scales | 16 f16 minima | v = 0..3: 64 B
//
// Dword n of a 64-byte vector belongs to row n. q8_0: codes + 128 of k = 4v..
// 4v+3. q4: low nibbles k = 4v..4v+3, high nibbles k = 16+4v..16+4v+3, which
// is ggml's own byte order. No stored bit is changed but q8_0's sign bits.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_CPU_PACKING_PACKR16_H
#define CODEGEN_CPU_PACKING_PACKR16_H

#include "support/Encoding.h"
#include "support/Result.h"
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tombolo {

/// Rows of one group.
inline constexpr int64_t kR16Rows = 16;

/// Whether R16 has a form for `encoding`; others are decoded to f32 first.
bool hasR16(Encoding encoding);

/// Bytes of one group of 16 rows. Nothing where R16 has no form, a row does
/// not fill whole blocks, or on overflow.
std::optional<uint64_t> r16GroupBytes(Encoding encoding, int64_t columns);

/// Bytes of `rows` rows: all their groups.
std::optional<uint64_t> packedBytes(Encoding encoding, int64_t rows,
                                    int64_t columns);

/// Packs `rows` row-major encoded rows. Group g goes to
/// `packed[g * groupStride, ...)`; a stride of 0 means adjacent groups. Two
/// calls with twice the group's bytes as the stride make a paired form. A
/// matrix may be packed in pieces of a multiple of 16 rows.
Status packR16(Encoding encoding, int64_t rows, int64_t columns,
               std::span<const std::byte> rowMajor, std::span<std::byte> packed,
               uint64_t groupStride = 0);

/// The inverse: every stored bit of `rows` rows.
Status unpackR16(Encoding encoding, int64_t rows, int64_t columns,
                 std::span<const std::byte> packed,
                 std::span<std::byte> rowMajor, uint64_t groupStride = 0);

} // namespace tombolo

#endif // CODEGEN_CPU_PACKING_PACKR16_H
