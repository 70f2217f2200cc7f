//===- KQuants.cpp - Super-blocks of 256 with quantized scales ------------===//

#include "support/decode/Decoders.h"

namespace tombolo::decoders {
namespace {

/// Scale and minimum of sub-block `j`, six bits each, eight of both in twelve
/// bytes (Q4_K and Q5_K).
struct ScaleAndMin {
  int scale, min;

  ScaleAndMin(const uint8_t *b, int j) {
    if (j < 4) {
      scale = b[j] & 63;
      min = b[j + 4] & 63;
    } else {
      scale = (b[j + 4] & 15) | b[j - 4] >> 6 << 4;
      min = b[j + 4] >> 4 | b[j] >> 6 << 4;
    }
  }
};

} // namespace

TOMBOLO_DECODER(q2_k) {
  for (size_t block = 0; block < blocks; ++block, in += 84, out += 256) {
    const uint8_t *scales = in, *codes = in + 16;
    float d = loadHalf(in + 80), dmin = loadHalf(in + 82);
    for (int part = 0; part < 16; ++part) {
      // Each half of 128 holds four bit pairs of 32 bytes, in runs of 16.
      const uint8_t *bytes = codes + 32 * (part / 8) + 16 * (part % 2);
      int shift = 2 * (part % 8 / 2);
      float scale = d * (scales[part] & 15), min = dmin * (scales[part] >> 4);
      for (int j = 0; j < 16; ++j)
        out[16 * part + j] = scale * (bytes[j] >> shift & 3) - min;
    }
  }
}

TOMBOLO_DECODER(q3_k) {
  for (size_t block = 0; block < blocks; ++block, in += 110, out += 256) {
    const uint8_t *high = in, *codes = in + 32, *scales = in + 96;
    float d = loadHalf(in + 108);
    for (int part = 0; part < 16; ++part) {
      const uint8_t *bytes = codes + 32 * (part / 8) + 16 * (part % 2);
      const uint8_t *highBytes = high + 16 * (part % 2);
      int shift = 2 * (part % 8 / 2), highShift = part / 2;
      int low = part < 8 ? scales[part] & 15 : scales[part - 8] >> 4;
      int scale = low | (scales[8 + part % 4] >> 2 * (part / 4) & 3) << 4;
      float factor = d * (scale - 32);
      for (int j = 0; j < 16; ++j) {
        int top = (highBytes[j] >> highShift & 1) << 2;
        out[16 * part + j] = factor * ((bytes[j] >> shift & 3) + top - 4);
      }
    }
  }
}

TOMBOLO_DECODER(q4_k) {
  for (size_t block = 0; block < blocks; ++block, in += 144, out += 256) {
    float d = loadHalf(in), dmin = loadHalf(in + 2);
    for (int pair = 0; pair < 4; ++pair) {
      const uint8_t *bytes = in + 16 + 32 * pair;
      ScaleAndMin low(in + 4, 2 * pair), high(in + 4, 2 * pair + 1);
      float lowScale = d * low.scale, lowMin = dmin * low.min;
      float highScale = d * high.scale, highMin = dmin * high.min;
      float *values = out + 64 * pair;
      for (int j = 0; j < 32; ++j) {
        values[j] = lowScale * (bytes[j] & 15) - lowMin;
        values[j + 32] = highScale * (bytes[j] >> 4) - highMin;
      }
    }
  }
}

TOMBOLO_DECODER(q5_k) {
  for (size_t block = 0; block < blocks; ++block, in += 176, out += 256) {
    float d = loadHalf(in), dmin = loadHalf(in + 2);
    const uint8_t *fifth = in + 16;
    for (int pair = 0; pair < 4; ++pair) {
      const uint8_t *bytes = in + 48 + 32 * pair;
      ScaleAndMin low(in + 4, 2 * pair), high(in + 4, 2 * pair + 1);
      float lowScale = d * low.scale, lowMin = dmin * low.min;
      float highScale = d * high.scale, highMin = dmin * high.min;
      float *values = out + 64 * pair;
      for (int j = 0; j < 32; ++j) {
        int lowCode = (bytes[j] & 15) | (fifth[j] >> 2 * pair & 1) << 4;
        int highCode = bytes[j] >> 4 | (fifth[j] >> (2 * pair + 1) & 1) << 4;
        values[j] = lowScale * lowCode - lowMin;
        values[j + 32] = highScale * highCode - highMin;
      }
    }
  }
}

TOMBOLO_DECODER(q6_k) {
  for (size_t block = 0; block < blocks; ++block, in += 210, out += 256) {
    float d = loadHalf(in + 208);
    for (int half = 0; half < 2; ++half) {
      const uint8_t *low = in + 64 * half, *high = in + 128 + 32 * half;
      const uint8_t *scales = in + 192 + 8 * half;
      for (int quarter = 0; quarter < 4; ++quarter) {
        const uint8_t *bytes = low + 32 * (quarter % 2);
        int shift = 4 * (quarter / 2);
        float *values = out + 128 * half + 32 * quarter;
        for (int part = 0; part < 2; ++part) {
          float scale = d * int8_t(scales[2 * quarter + part]);
          for (int j = 16 * part; j < 16 * part + 16; ++j) {
            int code = (bytes[j] >> shift & 15) | (high[j] >> 2 * quarter & 3)
                                                      << 4;
            values[j] = scale * (code - 32);
          }
        }
      }
    }
  }
}

// The sums of 16 that follow the integers serve products only.
TOMBOLO_DECODER(q8_k) {
  for (size_t block = 0; block < blocks; ++block, in += 292, out += 256) {
    float d = load<float>(in);
    for (int j = 0; j < 256; ++j)
      out[j] = d * int8_t(in[4 + j]);
  }
}

} // namespace tombolo::decoders
