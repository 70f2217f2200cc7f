//===- Grouped.cpp - Codes in groups with scales --------------------------===//

#include "support/decode/Grouped.h"
#include "support/decode/Decoders.h"

namespace tombolo::decoders {

unsigned codeBits(Encoding::Code code) {
  switch (code) {
  case Encoding::Code::I2:
    return 2;
  case Encoding::Code::F4E2M1:
  case Encoding::Code::I4:
    return 4;
  case Encoding::Code::F8E4M3:
  case Encoding::Code::F8E5M2:
  case Encoding::Code::I8:
    break;
  }
  return 8;
}

size_t scaleBytes(Encoding::Kind scale) {
  return scale == Encoding::F32                              ? 4
         : scale == Encoding::F16 || scale == Encoding::BF16 ? 2
                                                             : 1;
}

GroupedLayout::GroupedLayout(const Encoding::Groups &of)
    : groups(of.span ? of.span / of.group : 1),
      groupBytes(size_t(of.group) * codeBits(of.code) / 8),
      scale(scaleBytes(of.scale)), scales(of.span ? sizeof(float) : 0),
      zeros(scales + groups * scale), codes(zeros + (of.zeros ? groups : 0)) {}

static float scaleAt(Encoding::Kind kind, const uint8_t *in) {
  float value = 0;
  switch (kind) {
  case Encoding::F16:
    f16(in, &value, 1);
    break;
  case Encoding::BF16:
    bf16(in, &value, 1);
    break;
  case Encoding::F8E8M0:
    f8e8m0(in, &value, 1);
    break;
  case Encoding::F8E4M3:
    f8e4m3(in, &value, 1);
    break;
  default:
    f32(in, &value, 1);
  }
  return value;
}

/// Unsigned integers of `Bits` bits, lowest first, less `zero`.
template <unsigned Bits>
static void integers(const uint8_t *__restrict in, float *__restrict out,
                     size_t count, int zero) {
  constexpr unsigned perByte = 8 / Bits;
  for (size_t i = 0; i < count / perByte; ++i)
    for (unsigned k = 0; k < perByte; ++k)
      out[i * perByte + k] =
          float(int(in[i] >> Bits * k & ((1u << Bits) - 1)) - zero);
}

/// The values of one group's codes before its scale.
static void codesAt(const Encoding::Groups &of, const uint8_t *in, float *out,
                    const uint8_t *zero) {
  unsigned bits = codeBits(of.code);
  int middle = zero ? *zero : 1 << (bits - 1);
  switch (of.code) {
  case Encoding::Code::F8E4M3:
    return f8e4m3(in, out, of.group);
  case Encoding::Code::F8E5M2:
    return f8e5m2(in, out, of.group);
  case Encoding::Code::F4E2M1:
    return f4e2m1(in, out, of.group / 2);
  case Encoding::Code::I2:
    return integers<2>(in, out, of.group, middle);
  case Encoding::Code::I4:
    return integers<4>(in, out, of.group, middle);
  case Encoding::Code::I8:
    return integers<8>(in, out, of.group, middle);
  }
}

void grouped(const Encoding::Groups &of, const uint8_t *in, float *out,
             size_t blocks) {
  GroupedLayout layout(of);
  size_t bytes = layout.bytes();
  for (size_t block = 0; block < blocks; ++block, in += bytes)
    for (size_t group = 0; group < layout.groups; ++group, out += of.group) {
      float scale =
          scaleAt(of.scale, in + layout.scales + group * layout.scale);
      if (of.span)
        scale *= load<float>(in);
      codesAt(of, in + layout.codes + group * layout.groupBytes, out,
              of.zeros ? in + layout.zeros + group : nullptr);
      for (uint32_t i = 0; i < of.group; ++i)
        out[i] *= scale;
    }
}

} // namespace tombolo::decoders
