//===- PackR16.h - The weight layout of CPU kernels -------------*- C++ -*-===//
//
// R16 interleaves sixteen rows, so that lane n of a 512-bit vector (or of two
// or four narrower ones) belongs to row n: one layout serves products with one
// row of activations and with many, gathers of single rows, and every ISA.
// Groups of sixteen rows lie one after the other; the last one is filled up
// with zero rows. Inside a group, blocks of k lie one after the other. A block
// is a list of units of 1, 2 or 4 bytes a row; unit after unit, the sixteen
// rows' bytes of each lie together. Every stored bit of a row's block has one
// place in its units (q8_0's sign bits are flipped there):
//
//   f32, f16, bf16  one element
//   q8_0   d | 8 code units, + 128
//   q4_0   d | 4 nibble units      iq4_nl  the same, nibbles of a table
//   q4_1   d, m | 4 nibble units   mxfp4   e | 4 nibble units
//   q5_0   d | fifths | 4 nibble units       q5_1  d, m | fifths | ..
//   q4_k   d, dmin | 4 chunks: s, s, t | 8 pair units
//   q5_k   d, dmin | 4 chunks: s, s, t | fifths | 8 pair units | fifths
//   q6_k   d | 4 chunks: 4 scales | 2 two-bit | 8 pair | 2 two-bit units
//   q3_k   d | 4 chunks: 3 x s | twice: thirds | 2 two-bit units
//   q2_k   d, dmin | 4 chunks: 4 scales with minima | 4 two-bit units
//   iq4_xs d | 2 chunks: 3 x s | 4 x 4 nibble units
//   codes in groups (support/Encoding.h), in chunks of 32 k:
//          scale, zero | chunks, or, with a factor, factor | chunks: scales,
//          codes; 8-bit integers are code units, floats of 8 bits a unit for
//          each k, and what has 4 bits nibble units
//
// Units stand in the order in which kernels first need them: one stream that
// only goes forward reads fastest. d, dmin, m: f16. A chunk is what kernels
// unroll: 64 k (iq4_xs: 128), in runs of 32. Byte j of code unit v holds k = 4v
// + j of its 32; of nibble units the low nibble, k = 16 + 4v + j the high one;
// of pair units (one for 64 k) the low nibbles are the first 32 k, the high
// ones the second. Bit 8j + v of fifths (or thirds) is the bit above of k = 4v
// + j; bits 8j + 2i, 8j + 2i + 1 of two-bit unit h those of k = 16h + 4i + j.
// q4_k, q5_k: s is a scale's six bits and its minimum's low two, t the high
// four of both minima. q3_k, iq4_xs: three scales in the low six bits of three
// bytes, the fourth in their high two.
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

/// How a block of a group is made of a header and equal chunks, in bytes of all
/// sixteen rows. Blocks without chunks are one chunk without a header.
struct R16Block {
  int64_t headerBytes, chunks, chunkColumns, chunkBytes;
  int64_t columns() const { return chunks * chunkColumns; }
  int64_t bytes() const { return headerBytes + chunks * chunkBytes; }
};
/// Of an encoding that has a form.
R16Block r16Block(Encoding encoding);
/// Whether its codes are integers, or stand for such: of an encoding that has a
/// form, and is neither plain nor of floats of 8 bits.
bool hasIntegerCodes(Encoding encoding);

/// Bytes of one group of 16 rows. Nothing where R16 has no form, a row does
/// not fill whole blocks, or on overflow.
std::optional<uint64_t> r16GroupBytes(Encoding encoding, int64_t columns);

/// Bytes of `rows` rows: all their groups.
std::optional<uint64_t> packedBytes(Encoding encoding, int64_t rows,
                                    int64_t columns);

/// Packs `rows` row-major encoded rows. Group g goes to
/// `packed[g * groupStride, ...)`; a stride of 0 means adjacent groups. Two
/// calls with twice the group's bytes as the stride make a paired form. A
/// matrix may be packed in pieces of a multiple of 16 rows. Blocks whose scales
/// are not finite are refused.
Status packR16(Encoding encoding, int64_t rows, int64_t columns,
               std::span<const std::byte> rowMajor, std::span<std::byte> packed,
               uint64_t groupStride = 0);

/// The inverse: every stored bit of `rows` rows.
Status unpackR16(Encoding encoding, int64_t rows, int64_t columns,
                 std::span<const std::byte> packed,
                 std::span<std::byte> rowMajor, uint64_t groupStride = 0);

} // namespace tombolo

#endif // CODEGEN_CPU_PACKING_PACKR16_H
