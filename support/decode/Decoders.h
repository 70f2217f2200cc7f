//===- Decoders.h - Stored numbers to f32, one function a format -*- C++
//-*-===//
//
// Every function decodes `blocks` whole blocks (EncodingInfo says how many
// bytes and elements one has). Products of an f16 scale and a small integer are
// exact in f32, so a value is rounded at most once where two terms are added.
//
//===----------------------------------------------------------------------===//

#ifndef SUPPORT_DECODE_DECODERS_H
#define SUPPORT_DECODE_DECODERS_H

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tombolo::decoders {

static_assert(std::endian::native == std::endian::little,
              "checkpoints are little-endian and are read in place");

/// Reads a number that need not be aligned.
template <typename T> inline T load(const uint8_t *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

/// `halfToFloat` where the compiler can see it.
inline float half(uint16_t bits) {
  uint32_t magnitude = uint32_t(bits & 0x7fff) << 13;
  uint32_t exponent = magnitude & 0x0f800000;
  uint32_t normal = magnitude + (112u << 23);
  // Infinities and NaNs take the exponent 255, subnormals are renormalized.
  uint32_t special = normal + (112u << 23);
  uint32_t subnormal =
      std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude + (113u << 23)) -
                              std::bit_cast<float>(113u << 23));
  uint32_t value = exponent == 0            ? subnormal
                   : exponent == 0x0f800000 ? special
                                            : normal;
  return std::bit_cast<float>(value | uint32_t(bits & 0x8000) << 16);
}

inline float loadHalf(const uint8_t *bytes) {
  return half(load<uint16_t>(bytes));
}

using Function = void (*)(const uint8_t *in, float *out, size_t blocks);

#define TOMBOLO_DECODER(NAME)                                                  \
  void NAME(const uint8_t *__restrict in, float *__restrict out, size_t blocks)

// Plain.cpp
TOMBOLO_DECODER(f64);
TOMBOLO_DECODER(f32);
TOMBOLO_DECODER(f16);
TOMBOLO_DECODER(bf16);
TOMBOLO_DECODER(f8e4m3);
TOMBOLO_DECODER(f8e5m2);
TOMBOLO_DECODER(f8e8m0);
TOMBOLO_DECODER(f8e4m3fnuz);
TOMBOLO_DECODER(f8e5m2fnuz);
TOMBOLO_DECODER(f6e2m3);
TOMBOLO_DECODER(f6e3m2);
TOMBOLO_DECODER(f4e2m1);
TOMBOLO_DECODER(i64);
TOMBOLO_DECODER(u64);
TOMBOLO_DECODER(i32);
TOMBOLO_DECODER(u32);
TOMBOLO_DECODER(i16);
TOMBOLO_DECODER(u16);
TOMBOLO_DECODER(i8);
TOMBOLO_DECODER(u8);
TOMBOLO_DECODER(boolean);

// SimpleBlocks.cpp
TOMBOLO_DECODER(q4_0);
TOMBOLO_DECODER(q4_1);
TOMBOLO_DECODER(q5_0);
TOMBOLO_DECODER(q5_1);
TOMBOLO_DECODER(q8_0);
TOMBOLO_DECODER(q8_1);
TOMBOLO_DECODER(q1_0);
TOMBOLO_DECODER(q2_0);

// KQuants.cpp
TOMBOLO_DECODER(q2_k);
TOMBOLO_DECODER(q3_k);
TOMBOLO_DECODER(q4_k);
TOMBOLO_DECODER(q5_k);
TOMBOLO_DECODER(q6_k);
TOMBOLO_DECODER(q8_k);

// IQuants.cpp
TOMBOLO_DECODER(iq2_xxs);
TOMBOLO_DECODER(iq2_xs);
TOMBOLO_DECODER(iq2_s);
TOMBOLO_DECODER(iq3_xxs);
TOMBOLO_DECODER(iq3_s);
TOMBOLO_DECODER(iq1_s);
TOMBOLO_DECODER(iq1_m);

// TableBlocks.cpp
TOMBOLO_DECODER(iq4_nl);
TOMBOLO_DECODER(iq4_xs);
TOMBOLO_DECODER(mxfp4);
TOMBOLO_DECODER(nvfp4);
TOMBOLO_DECODER(tq1_0);
TOMBOLO_DECODER(tq2_0);

} // namespace tombolo::decoders

#endif // SUPPORT_DECODE_DECODERS_H
