//===- IQuants.cpp - Super-blocks of 256 over codebooks -------------------===//

#include "support/decode/Decoders.h"
#include "support/decode/IQGrids.h"

namespace tombolo::decoders {
namespace {

/// Eight values of a codebook with explicit signs: bit k set negates value k.
inline void put8(float *out, float scale, const std::array<int8_t, 8> &grid,
                 unsigned signs) {
  for (int k = 0; k < 8; ++k)
    out[k] = scale * grid[k] * (1 - 2 * int(signs >> k & 1));
}

inline void put4and4(float *out, float scale, const std::array<int8_t, 4> &low,
                     const std::array<int8_t, 4> &high, unsigned signs) {
  for (int k = 0; k < 4; ++k) {
    out[k] = scale * low[k] * (1 - 2 * int(signs >> k & 1));
    out[k + 4] = scale * high[k] * (1 - 2 * int(signs >> (k + 4) & 1));
  }
}

/// Seven stored signs; the eighth makes the number of negatives even.
inline unsigned evenSigns(unsigned seven) {
  return seven | unsigned(__builtin_parity(seven)) << 7;
}

/// Eight values of the ternary codebook, moved by `delta`.
inline void putTernary(float *out, float scale, unsigned index, float delta) {
  const std::array<int8_t, 8> &grid = iq1sGrid[index];
  for (int k = 0; k < 8; ++k)
    out[k] = scale * (grid[k] + delta);
}

} // namespace

TOMBOLO_DECODER(iq2_xxs) {
  for (size_t block = 0; block < blocks; ++block, in += 66) {
    float d = loadHalf(in);
    for (int part = 0; part < 8; ++part) {
      const uint8_t *index = in + 2 + 8 * part;
      uint32_t packed = load<uint32_t>(index + 4);
      float scale = d * (0.5f + (packed >> 28)) * 0.25f;
      for (int l = 0; l < 4; ++l, out += 8)
        put8(out, scale, iq2xxsGrid[index[l]],
             evenSigns(packed >> 7 * l & 127));
    }
  }
}

TOMBOLO_DECODER(iq2_xs) {
  for (size_t block = 0; block < blocks; ++block, in += 74) {
    float d = loadHalf(in);
    const uint8_t *scales = in + 66;
    for (int i = 0; i < 32; ++i, out += 8) {
      unsigned packed = load<uint16_t>(in + 2 + 2 * i);
      unsigned code = scales[i / 4] >> 4 * (i / 2 % 2) & 15;
      put8(out, d * (0.5f + code) * 0.25f, iq2xsGrid[packed & 511],
           evenSigns(packed >> 9));
    }
  }
}

TOMBOLO_DECODER(iq2_s) {
  for (size_t block = 0; block < blocks; ++block, in += 82) {
    float d = loadHalf(in);
    const uint8_t *low = in + 2, *signs = in + 34, *high = in + 66,
                  *scales = in + 74;
    for (int i = 0; i < 32; ++i, out += 8) {
      unsigned index = low[i] | (high[i / 4] >> 2 * (i % 4) & 3) << 8;
      unsigned code = scales[i / 4] >> 4 * (i / 2 % 2) & 15;
      put8(out, d * (0.5f + code) * 0.25f, iq2sGrid[index], signs[i]);
    }
  }
}

TOMBOLO_DECODER(iq3_xxs) {
  for (size_t block = 0; block < blocks; ++block, in += 98) {
    float d = loadHalf(in);
    for (int part = 0; part < 8; ++part) {
      const uint8_t *index = in + 2 + 8 * part;
      uint32_t packed = load<uint32_t>(in + 66 + 4 * part);
      float scale = d * (0.5f + (packed >> 28)) * 0.5f;
      for (int l = 0; l < 4; ++l, out += 8)
        put4and4(out, scale, iq3xxsGrid[index[2 * l]],
                 iq3xxsGrid[index[2 * l + 1]],
                 evenSigns(packed >> 7 * l & 127));
    }
  }
}

TOMBOLO_DECODER(iq3_s) {
  for (size_t block = 0; block < blocks; ++block, in += 110) {
    float d = loadHalf(in);
    const uint8_t *low = in + 2, *high = in + 66, *signs = in + 74,
                  *scales = in + 106;
    for (int part = 0; part < 8; ++part) {
      unsigned code = scales[part / 2] >> 4 * (part % 2) & 15;
      float scale = d * (1 + 2 * code);
      for (int l = 0; l < 4; ++l, out += 8) {
        const uint8_t *pair = low + 8 * part + 2 * l;
        unsigned first = pair[0] | (high[part] >> 2 * l & 1) << 8;
        unsigned second = pair[1] | (high[part] >> (2 * l + 1) & 1) << 8;
        put4and4(out, scale, iq3sGrid[first], iq3sGrid[second],
                 signs[4 * part + l]);
      }
    }
  }
}

TOMBOLO_DECODER(iq1_s) {
  for (size_t block = 0; block < blocks; ++block, in += 50) {
    float d = loadHalf(in);
    for (int part = 0; part < 8; ++part) {
      unsigned high = load<uint16_t>(in + 34 + 2 * part);
      float scale = d * (2 * (high >> 12 & 7) + 1);
      float delta = high & 0x8000 ? -0.125f : 0.125f;
      for (int l = 0; l < 4; ++l, out += 8)
        putTernary(out, scale, in[2 + 4 * part + l] | (high >> 3 * l & 7) << 8,
                   delta);
    }
  }
}

TOMBOLO_DECODER(iq1_m) {
  for (size_t block = 0; block < blocks; ++block, in += 56) {
    const uint8_t *low = in, *high = in + 32, *scales = in + 48;
    // The f16 scale is spread over the top nibbles of the four scale words.
    unsigned bits = 0;
    for (int word = 0; word < 4; ++word)
      bits |= unsigned(load<uint16_t>(scales + 2 * word) >> 12) << 4 * word;
    float d = half(uint16_t(bits));
    for (int i = 0; i < 32; ++i, out += 8) {
      unsigned word = load<uint16_t>(scales + 2 * (i / 8));
      float scale = d * (2 * (word >> 3 * (i / 2 % 4) & 7) + 1);
      unsigned nibble = high[i / 2] >> 4 * (i % 2) & 15;
      putTernary(out, scale, low[i] | (nibble & 7) << 8,
                 nibble & 8 ? -0.125f : 0.125f);
    }
  }
}

} // namespace tombolo::decoders
