//===- TableBlocks.cpp - Blocks of 4-bit table codes and of ternary digits ===//

#include "support/decode/Decoders.h"

namespace tombolo::decoders {
namespace {

constexpr int8_t nonLinear[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                  1,    13,   25,  38,  53,  69,  89,  113};
/// The values of E2M1 doubled, so that they are integers.
constexpr int8_t doubledE2M1[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                    0, -1, -2, -3, -4, -6, -8, -12};

/// `2 * Half` values: low nibbles of `Half` bytes first, then the high ones.
template <int Half>
inline void putNibbles(float *__restrict out, const uint8_t *__restrict bytes,
                       float scale, const int8_t (&table)[16]) {
  for (int j = 0; j < Half; ++j) {
    out[j] = scale * table[bytes[j] & 15];
    out[j + Half] = scale * table[bytes[j] >> 4];
  }
}

/// 2^(code - 128): E8M0 halved to make up for the doubled table. The two
/// smallest are subnormal.
inline float halvedE8M0(uint8_t code) {
  return std::bit_cast<float>(code < 2 ? 0x00200000u << code
                                       : uint32_t(code - 1) << 23);
}

/// Half of an unsigned E4M3; the code of its NaN stands for zero.
inline float halvedUE4M3(uint8_t code) {
  int exponent = code >> 3 & 15, mantissa = code & 7;
  if (code == 0x7f)
    return 0;
  if (exponent == 0)
    return mantissa * 0x1p-10f;
  return (8 + mantissa) * std::bit_cast<float>(uint32_t(exponent + 116) << 23);
}

/// Ternary digit `n` of `byte`, which holds a base-3 fraction of 256.
template <int Count, int Digits>
inline void putDigits(float *__restrict out, const uint8_t *__restrict bytes,
                      float scale) {
  int power = 1;
  for (int n = 0; n < Digits; ++n, power *= 3)
    for (int m = 0; m < Count; ++m) {
      int digit = uint8_t(bytes[m] * power) * 3 >> 8;
      out[n * Count + m] = scale * (digit - 1);
    }
}

} // namespace

TOMBOLO_DECODER(iq4_nl) {
  for (size_t block = 0; block < blocks; ++block, in += 18, out += 32)
    putNibbles<16>(out, in + 2, loadHalf(in), nonLinear);
}

TOMBOLO_DECODER(iq4_xs) {
  for (size_t block = 0; block < blocks; ++block, in += 136, out += 256) {
    float d = loadHalf(in);
    unsigned high = load<uint16_t>(in + 2);
    for (int part = 0; part < 8; ++part) {
      int scale = (in[4 + part / 2] >> 4 * (part % 2) & 15) |
                  (high >> 2 * part & 3) << 4;
      putNibbles<16>(out + 32 * part, in + 8 + 16 * part, d * (scale - 32),
                     nonLinear);
    }
  }
}

TOMBOLO_DECODER(mxfp4) {
  for (size_t block = 0; block < blocks; ++block, in += 17, out += 32)
    putNibbles<16>(out, in + 1, halvedE8M0(in[0]), doubledE2M1);
}

TOMBOLO_DECODER(nvfp4) {
  for (size_t block = 0; block < blocks; ++block, in += 36, out += 64)
    for (int part = 0; part < 4; ++part)
      putNibbles<8>(out + 16 * part, in + 4 + 8 * part, halvedUE4M3(in[part]),
                    doubledE2M1);
}

TOMBOLO_DECODER(tq1_0) {
  for (size_t block = 0; block < blocks; ++block, in += 54, out += 256) {
    float d = loadHalf(in + 52);
    putDigits<32, 5>(out, in, d);
    putDigits<16, 5>(out + 160, in + 32, d);
    putDigits<4, 4>(out + 240, in + 48, d);
  }
}

TOMBOLO_DECODER(tq2_0) {
  for (size_t block = 0; block < blocks; ++block, in += 66, out += 256) {
    float d = loadHalf(in + 64);
    for (int half = 0; half < 2; ++half)
      for (int l = 0; l < 4; ++l)
        for (int m = 0; m < 32; ++m)
          out[128 * half + 32 * l + m] =
              d * ((in[32 * half + m] >> 2 * l & 3) - 1);
  }
}

} // namespace tombolo::decoders
