//===- Reference.h - Data and errors for kernel tests -----------*- C++ -*-===//

#ifndef TEST_UNIT_CODEGEN_CPU_REFERENCE_H
#define TEST_UNIT_CODEGEN_CPU_REFERENCE_H

#include "support/Encoding.h"
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace tombolo::test {

inline std::vector<float> randomFloats(size_t count, unsigned seed,
                                       float scale = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> values(count);
  for (float &v : values)
    v = normal(random);
  return values;
}

/// A scale between 0.01 and 0.03 (of powers of two: 2^-9 to 2^-2; of e4m3: 0.5
/// to 2) in its plain kind.
inline void putScale(std::byte *to, Encoding::Kind kind, std::mt19937 &random) {
  float value = 0.01f * (1 + random() % 100 / 50.0f);
  uint16_t word =
      kind == Encoding::BF16 ? floatToBfloat(value) : floatToHalf(value);
  if (kind == Encoding::F32)
    std::memcpy(to, &value, 4);
  else if (kind == Encoding::F8E8M0)
    *to = std::byte(118 + random() % 8);
  else if (kind == Encoding::F8E4M3)
    *to = std::byte(0x30 + random() % 16);
  else
    std::memcpy(to, &word, 2);
}

/// The blocks of codes in groups, all of them finite.
inline void fillGroups(Encoding encoding, std::vector<std::byte> &bytes,
                       std::mt19937 &random, bool largest) {
  const Encoding::Groups &groups = encoding.groups();
  EncodingInfo info = infoOf(encoding);
  size_t scaleBytes = infoOf(groups.scale).blockBytes;
  size_t count = info.blockElements / groups.group;
  for (size_t block = 0; block < bytes.size(); block += info.blockBytes) {
    std::byte *at = &bytes[block], *end = at + info.blockBytes;
    if (groups.span) {
      putScale(at, Encoding::F32, random);
      at += 4;
    }
    for (size_t i = 0; i < count; ++i, at += scaleBytes)
      putScale(at, groups.scale, random);
    for (size_t i = 0; groups.zeros && i < count; ++i)
      *at++ = std::byte(random() % 16);
    for (; at < end; ++at) {
      uint8_t code = largest ? (random() % 8 ? 0xff : 0) : random() >> 7;
      if (groups.code == Encoding::Code::F8E4M3 && (code & 0x7f) == 0x7f)
        code ^= 1;
      if (groups.code == Encoding::Code::F8E5M2 && (code & 0x7c) == 0x7c)
        code ^= 0x40;
      *at = std::byte(code);
    }
  }
}

/// Row-major bytes of an encoding, as a quantizer could have made them.
/// `largest`: nearly all codes are the largest or the smallest.
inline std::vector<std::byte> randomWeights(Encoding encoding, int64_t elements,
                                            unsigned seed,
                                            bool largest = false) {
  std::mt19937 random(seed);
  EncodingInfo info = infoOf(encoding);
  std::vector<std::byte> bytes(*encodedBytes(encoding, elements));
  std::vector<float> values = randomFloats(elements, seed);
  auto put16 = [&](size_t at, uint16_t v) {
    bytes[at] = std::byte(v & 255);
    bytes[at + 1] = std::byte(v >> 8);
  };
  if (encoding == Encoding::F32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  if (info.plain) {
    for (int64_t i = 0; i < elements; ++i)
      put16(2 * i, encoding == Encoding::F16 ? floatToHalf(values[i])
                                             : floatToBfloat(values[i]));
    return bytes;
  }
  if (encoding.isGrouped()) {
    fillGroups(encoding, bytes, random, largest);
    return bytes;
  }
  for (std::byte &b : bytes)
    b = largest ? std::byte(random() % 8 ? 0xff : 0x00)
                : std::byte(random() >> 7);
  // The f16 fields of a block: its scale, and that of its minima or its
  // minimum.
  struct Fields {
    Encoding encoding;
    int scale, minimum;
    float minimumSize;
  };
  constexpr Fields kFields[] = {
      {Encoding::Q4_1, 0, 2, -0.08f},  {Encoding::Q5_1, 0, 2, -0.16f},
      {Encoding::Q2_K, 80, 82, 0.01f}, {Encoding::Q3_K, 108, -1, 0},
      {Encoding::Q4_K, 0, 2, 0.05f},   {Encoding::Q5_K, 0, 2, 0.1f},
      {Encoding::Q6_K, 208, -1, 0},
  };
  Fields fields{encoding, 0, -1, 0};
  for (const Fields &entry : kFields)
    if (entry.encoding == encoding)
      fields = entry;
  for (size_t at = 0; at < bytes.size(); at += info.blockBytes) {
    if (encoding == Encoding::MXFP4) {
      bytes[at] = std::byte(118 + random() % 8);
      continue;
    }
    put16(at + fields.scale, floatToHalf(0.01f * (1 + random() % 100 / 50.0f)));
    if (fields.minimum >= 0)
      put16(at + fields.minimum,
            floatToHalf(fields.minimumSize * (1 + random() % 100 / 50.0f)));
  }
  return bytes;
}

/// Quantized encodings that have an interleaved form.
inline constexpr Encoding kInterleaved[] = {
    Encoding::Q8_0, Encoding::Q4_0, Encoding::Q4_1,   Encoding::Q5_0,
    Encoding::Q5_1, Encoding::Q2_K, Encoding::Q3_K,   Encoding::Q4_K,
    Encoding::Q5_K, Encoding::Q6_K, Encoding::IQ4_NL, Encoding::IQ4_XS,
    Encoding::MXFP4};

/// Codes in groups that have one: each kind of code, of scale and of block.
inline std::vector<Encoding> groupedEncodings() {
  std::vector<Encoding> encodings;
  for (const char *name :
       {"f8e4m3.f32x128", "f8e5m2.bf16x96", "f8e4m3.f8e8m0x2080", "i4.bf16x32",
        "i4.f16x128.z", "i8.f32x64", "f4e2m1.f8e8m0x32",
        "f4e2m1.f8e4m3x16.f32x256"})
    encodings.push_back(*encodingNamed(name));
  return encodings;
}

/// The smallest number of whole blocks that holds `columns`.
inline int64_t wholeBlocks(Encoding encoding, int64_t columns) {
  int64_t block = infoOf(encoding).blockElements;
  return (columns + block - 1) / block * block;
}

inline std::vector<float> decoded(Encoding encoding,
                                  const std::vector<std::byte> &bytes) {
  EncodingInfo info = infoOf(encoding);
  std::vector<float> values(bytes.size() / info.blockBytes *
                            info.blockElements);
  (void)decode(encoding, bytes, values).ok();
  return values;
}

/// What a history in `storage` keeps of one number; of q8_0, see roundBlocks.
inline float rounded(Encoding storage, float value) {
  if (storage == Encoding::F16)
    return halfToFloat(floatToHalf(value));
  if (storage == Encoding::BF16)
    return bfloatToFloat(floatToBfloat(value));
  return value;
}

/// Makes `elements` values what pages of q8_0 keep of them.
inline void roundBlocks(float *row, int64_t elements) {
  for (int64_t at = 0; at < elements; at += 32) {
    float largest = 0;
    for (int64_t i = at; i < at + 32; ++i)
      largest = std::max(largest, std::abs(row[i]));
    float scale = halfToFloat(floatToHalf(largest * float(1.0 / 127)));
    float inverse = scale == 0 ? 0 : 1 / scale;
    for (int64_t i = at; i < at + 32; ++i)
      row[i] =
          scale * std::clamp(std::nearbyint(row[i] * inverse), -127.0f, 127.0f);
  }
}

/// Collects ||x - reference|| / ||reference||.
class RelativeError {
public:
  void add(double value, double reference) {
    difference += (value - reference) * (value - reference);
    size += reference * reference;
    bad |= !std::isfinite(value);
  }
  double value() const {
    return bad ? INFINITY : std::sqrt(difference / (size + 1e-300));
  }

private:
  double difference = 0, size = 0;
  bool bad = false;
};

} // namespace tombolo::test

#endif // TEST_UNIT_CODEGEN_CPU_REFERENCE_H
