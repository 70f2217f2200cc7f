//===- Plain.cpp - Element types without scales ---------------------------===//

#include "support/decode/Decoders.h"
#include <array>
#include <limits>

namespace tombolo::decoders {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

constexpr float powerOfTwo(int exponent) {
  float value = 1;
  for (; exponent > 0; --exponent)
    value *= 2;
  for (; exponent < 0; ++exponent)
    value /= 2;
  return value;
}

/// Sign, `ExponentBits`, `MantissaBits`: the value of a small float that has no
/// special codes.
template <int ExponentBits, int MantissaBits, int Bias>
constexpr float smallFloat(unsigned code) {
  unsigned mantissa = code & ((1u << MantissaBits) - 1);
  int exponent = code >> MantissaBits & ((1u << ExponentBits) - 1);
  float value = exponent == 0 ? mantissa * powerOfTwo(1 - Bias - MantissaBits)
                              : (mantissa + (1u << MantissaBits)) *
                                    powerOfTwo(exponent - Bias - MantissaBits);
  return code >> (ExponentBits + MantissaBits) & 1 ? -value : value;
}

template <size_t Codes, typename Function>
constexpr std::array<float, Codes> tabulate(Function valueOf) {
  std::array<float, Codes> table{};
  for (size_t code = 0; code < Codes; ++code)
    table[code] = valueOf(unsigned(code));
  return table;
}

constexpr auto e4m3Table = tabulate<256>([](unsigned code) {
  return (code & 0x7f) == 0x7f ? nan : smallFloat<4, 3, 7>(code);
});
constexpr auto e5m2Table = tabulate<256>([](unsigned code) {
  if ((code & 0x7c) != 0x7c)
    return smallFloat<5, 2, 15>(code);
  return code & 3 ? nan : code & 0x80 ? -infinity : infinity;
});
constexpr auto e8m0Table = tabulate<256>([](unsigned code) {
  return code == 255 ? nan : powerOfTwo(int(code) - 127);
});
// The FNUZ types have no negative zero: its code is their only NaN.
constexpr auto e4m3fnuzTable = tabulate<256>([](unsigned code) {
  return code == 0x80 ? nan : smallFloat<4, 3, 8>(code);
});
constexpr auto e5m2fnuzTable = tabulate<256>([](unsigned code) {
  return code == 0x80 ? nan : smallFloat<5, 2, 16>(code);
});
constexpr auto e2m3Table = tabulate<64>(smallFloat<2, 3, 1>);
constexpr auto e3m2Table = tabulate<64>(smallFloat<3, 2, 3>);
constexpr auto e2m1Table = tabulate<16>(smallFloat<2, 1, 1>);

void lookUp(const std::array<float, 256> &table, const uint8_t *__restrict in,
            float *__restrict out, size_t count) {
  for (size_t i = 0; i < count; ++i)
    out[i] = table[in[i]];
}

/// Four codes of six bits in three bytes, least significant bits first.
void lookUpSixBits(const std::array<float, 64> &table,
                   const uint8_t *__restrict in, float *__restrict out,
                   size_t blocks) {
  for (size_t block = 0; block < blocks; ++block, in += 3, out += 4) {
    uint32_t bits = in[0] | in[1] << 8 | uint32_t(in[2]) << 16;
    for (int k = 0; k < 4; ++k)
      out[k] = table[bits >> 6 * k & 63];
  }
}

template <typename T>
void convert(const uint8_t *__restrict in, float *__restrict out,
             size_t count) {
  for (size_t i = 0; i < count; ++i)
    out[i] = float(load<T>(in + i * sizeof(T)));
}

} // namespace

TOMBOLO_DECODER(f64) { convert<double>(in, out, blocks); }
TOMBOLO_DECODER(i64) { convert<int64_t>(in, out, blocks); }
TOMBOLO_DECODER(u64) { convert<uint64_t>(in, out, blocks); }
TOMBOLO_DECODER(i32) { convert<int32_t>(in, out, blocks); }
TOMBOLO_DECODER(u32) { convert<uint32_t>(in, out, blocks); }
TOMBOLO_DECODER(i16) { convert<int16_t>(in, out, blocks); }
TOMBOLO_DECODER(u16) { convert<uint16_t>(in, out, blocks); }
TOMBOLO_DECODER(i8) { convert<int8_t>(in, out, blocks); }
TOMBOLO_DECODER(u8) { convert<uint8_t>(in, out, blocks); }

TOMBOLO_DECODER(boolean) {
  for (size_t i = 0; i < blocks; ++i)
    out[i] = in[i] ? 1.0f : 0.0f;
}

TOMBOLO_DECODER(f32) {
  if (blocks) // an empty span may have no address
    std::memcpy(out, in, blocks * sizeof(float));
}

TOMBOLO_DECODER(f16) {
  for (size_t i = 0; i < blocks; ++i)
    out[i] = loadHalf(in + 2 * i);
}

TOMBOLO_DECODER(bf16) {
  for (size_t i = 0; i < blocks; ++i)
    out[i] = std::bit_cast<float>(uint32_t(load<uint16_t>(in + 2 * i)) << 16);
}

TOMBOLO_DECODER(f8e4m3) { lookUp(e4m3Table, in, out, blocks); }
TOMBOLO_DECODER(f8e5m2) { lookUp(e5m2Table, in, out, blocks); }
TOMBOLO_DECODER(f8e8m0) { lookUp(e8m0Table, in, out, blocks); }
TOMBOLO_DECODER(f8e4m3fnuz) { lookUp(e4m3fnuzTable, in, out, blocks); }
TOMBOLO_DECODER(f8e5m2fnuz) { lookUp(e5m2fnuzTable, in, out, blocks); }
TOMBOLO_DECODER(f6e2m3) { lookUpSixBits(e2m3Table, in, out, blocks); }
TOMBOLO_DECODER(f6e3m2) { lookUpSixBits(e3m2Table, in, out, blocks); }

TOMBOLO_DECODER(f4e2m1) {
  for (size_t i = 0; i < blocks; ++i) {
    out[2 * i] = e2m1Table[in[i] & 15];
    out[2 * i + 1] = e2m1Table[in[i] >> 4];
  }
}

} // namespace tombolo::decoders
