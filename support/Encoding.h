//===- Encoding.h - How the numbers of a stored tensor are kept -*- C++ -*-===//
//
// Every element type and block format that a checkpoint can hold is one row of
// a table (Encoding.cpp), or one of a family with parameters: codes in groups
// with scales. Readers name encodings, the IR carries their names in
// `!nn.weight` types, decoders turn them into f32.
//
//===----------------------------------------------------------------------===//

#ifndef SUPPORT_ENCODING_H
#define SUPPORT_ENCODING_H

#include "support/Result.h"
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tombolo {

/// A row of the table or, of kind `Grouped`, codes that share scales.
class Encoding {
public:
  enum Kind : uint8_t {
    // Plain: one element a block (F4 and F6 are packed bits).
    F64,
    F32,
    F16,
    BF16,
    F8E4M3,
    F8E5M2,
    F8E8M0,
    F8E4M3FNUZ,
    F8E5M2FNUZ,
    F6E2M3,
    F6E3M2,
    F4E2M1,
    C64,
    I64,
    U64,
    I32,
    U32,
    I16,
    U16,
    I8,
    U8,
    BOOL,
    // ggml blocks.
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q8_1,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    Q8_K,
    IQ2_XXS,
    IQ2_XS,
    IQ2_S,
    IQ3_XXS,
    IQ3_S,
    IQ1_S,
    IQ1_M,
    IQ4_NL,
    IQ4_XS,
    TQ1_0,
    TQ2_0,
    MXFP4,
    NVFP4,
    Q1_0,
    Q2_0,
    Grouped,
  };
  /// What a code of a grouped encoding is: a small float, or an unsigned
  /// integer of 2, 4 or 8 bits less the zero of its group.
  enum class Code : uint8_t { F8E4M3, F8E5M2, F4E2M1, I2, I4, I8 };
  /// How published quantizations that keep scales beside the codes look once
  /// both are joined. A block has, in this order:
  ///
  ///     f32 factor                  if span
  ///     scale of each group
  ///     u8 zero of each group       if zeros
  ///     codes, lowest bits first
  ///
  /// and is `span` elements, or one group where there is no factor. Element i
  /// is `(code - zero) * (scale * factor)`; integers without zeros have the
  /// middle of their range.
  struct Groups {
    Code code = Code::F8E4M3;
    /// F32, F16, BF16, F8E8M0 or F8E4M3.
    Kind scale = F32;
    bool zeros = false;
    /// Elements with one scale; elements with one factor, or 0.
    uint32_t group = 1, span = 0;

    friend constexpr auto operator<=>(const Groups &, const Groups &) = default;
  };

  constexpr Encoding() = default;
  constexpr Encoding(Kind kind) : which(kind) {}
  /// Nothing where a block would have no whole bytes, no whole groups, or more
  /// than 2^24 elements.
  static std::optional<Encoding> grouped(Groups groups);

  constexpr Kind kind() const { return which; }
  constexpr bool isGrouped() const { return which == Grouped; }
  /// Of a grouped encoding.
  constexpr const Groups &groups() const { return parameters; }

  friend constexpr auto operator<=>(const Encoding &,
                                    const Encoding &) = default;

private:
  Kind which = F32;
  Groups parameters;
};

struct EncodingInfo {
  Encoding encoding;
  /// Lower case, as `!nn.weight` prints it: "f32", "bf16", "q4_1", "q4_k".
  /// Grouped: code, scale x group, `z` for zeros, factor x span:
  /// "f8e4m3.f32x128", "i4.f16x64.z", "f4e2m1.f8e4m3x16.f32x256".
  std::string name;
  /// Elements of the innermost dimension in one block, and its bytes. Sub-byte
  /// plain types: the smallest count that fills whole bytes (F4: 2 in 1 byte).
  uint32_t blockElements, blockBytes;
  /// One number per element, without scales.
  bool plain;
  bool isInteger;
};

EncodingInfo infoOf(Encoding encoding);
std::optional<Encoding> encodingNamed(std::string_view name);

/// Bytes of `elements` elements whose innermost rows fill whole blocks; nothing
/// on overflow or a partial block.
std::optional<uint64_t> encodedBytes(Encoding encoding, uint64_t elements);

/// Decodes whole blocks: `bytes.size() / blockBytes * blockElements ==
/// values.size()`. Each value is exact up to one rounding of each product.
/// Integers beyond 2^24 round. Fails for C64 only.
Status decode(Encoding encoding, std::span<const std::byte> bytes,
              std::span<float> values);

float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value); ///< round to nearest even
float bfloatToFloat(uint16_t bits);
uint16_t floatToBfloat(float value); ///< round to nearest even

} // namespace tombolo

#endif // SUPPORT_ENCODING_H
