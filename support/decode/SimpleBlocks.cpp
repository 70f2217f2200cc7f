//===- SimpleBlocks.cpp - Blocks with one scale and sometimes a minimum ---===//

#include "support/decode/Decoders.h"

namespace tombolo::decoders {

TOMBOLO_DECODER(q4_0) {
  for (size_t block = 0; block < blocks; ++block, in += 18, out += 32) {
    float d = loadHalf(in);
    for (int j = 0; j < 16; ++j) {
      out[j] = d * ((in[2 + j] & 15) - 8);
      out[j + 16] = d * ((in[2 + j] >> 4) - 8);
    }
  }
}

TOMBOLO_DECODER(q4_1) {
  for (size_t block = 0; block < blocks; ++block, in += 20, out += 32) {
    float d = loadHalf(in), m = loadHalf(in + 2);
    for (int j = 0; j < 16; ++j) {
      out[j] = d * (in[4 + j] & 15) + m;
      out[j + 16] = d * (in[4 + j] >> 4) + m;
    }
  }
}

TOMBOLO_DECODER(q5_0) {
  for (size_t block = 0; block < blocks; ++block, in += 22, out += 32) {
    float d = loadHalf(in);
    uint32_t high = load<uint32_t>(in + 2);
    for (int j = 0; j < 16; ++j) {
      int low = (in[6 + j] & 15) | (high >> j & 1) << 4;
      int upper = in[6 + j] >> 4 | (high >> (j + 16) & 1) << 4;
      out[j] = d * (low - 16);
      out[j + 16] = d * (upper - 16);
    }
  }
}

TOMBOLO_DECODER(q5_1) {
  for (size_t block = 0; block < blocks; ++block, in += 24, out += 32) {
    float d = loadHalf(in), m = loadHalf(in + 2);
    uint32_t high = load<uint32_t>(in + 4);
    for (int j = 0; j < 16; ++j) {
      int low = (in[8 + j] & 15) | (high >> j & 1) << 4;
      int upper = in[8 + j] >> 4 | (high >> (j + 16) & 1) << 4;
      out[j] = d * low + m;
      out[j + 16] = d * upper + m;
    }
  }
}

TOMBOLO_DECODER(q8_0) {
  for (size_t block = 0; block < blocks; ++block, in += 34, out += 32) {
    float d = loadHalf(in);
    for (int j = 0; j < 32; ++j)
      out[j] = d * int8_t(in[2 + j]);
  }
}

// The second f16, d times the sum of the integers, serves products only.
TOMBOLO_DECODER(q8_1) {
  for (size_t block = 0; block < blocks; ++block, in += 36, out += 32) {
    float d = loadHalf(in);
    for (int j = 0; j < 32; ++j)
      out[j] = d * int8_t(in[4 + j]);
  }
}

TOMBOLO_DECODER(q1_0) {
  for (size_t block = 0; block < blocks; ++block, in += 18, out += 128) {
    float d = loadHalf(in);
    for (int j = 0; j < 128; ++j)
      out[j] = in[2 + j / 8] >> j % 8 & 1 ? d : -d;
  }
}

TOMBOLO_DECODER(q2_0) {
  for (size_t block = 0; block < blocks; ++block, in += 18, out += 64) {
    float d = loadHalf(in);
    for (int j = 0; j < 64; ++j)
      out[j] = d * ((in[2 + j / 4] >> 2 * (j % 4) & 3) - 1);
  }
}

} // namespace tombolo::decoders
