#include "codegen/cpu/packing/R16Forms.h"
#include <algorithm>
#include <cassert>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace tombolo {
namespace {

/// Number of a bit in a row's stored block.
using Bit = int;
/// The lowest bit of column k's part of a code.
using BitOf = std::function<Bit(int k)>;

class FormBuilder {
public:
  FormBuilder(Encoding encoding) {
    form.encoding = encoding;
    form.blockElements = infoOf(encoding).blockElements;
    form.blockBytes = infoOf(encoding).blockBytes;
    form.first.push_back(0);
  }

  /// `count` units of `bytes` stored bytes each, from byte `from` on.
  void copy(int from, int bytes, int count = 1) {
    for (int i = 0; i < count; ++i, from += bytes) {
      unit(bytes);
      for (int byte = 0; byte < bytes; ++byte)
        bits(8 * byte, 8 * (from + byte), 8);
      form.units.back().copied = from;
    }
  }
  void unit(int bytes) {
    finishUnit();
    form.units.push_back({uint16_t(packed), uint16_t(bytes), -1});
    packed += bytes;
    pending.assign(bytes, {});
  }
  /// Bits [to, to + width) of this unit are the stored ones from `from` on.
  void bits(int to, Bit from, int width) {
    for (int i = 0; i < width; ++i, ++to, ++from) {
      auto &pieces = pending[to / 8];
      uint16_t byte = uint16_t(from / 8);
      int8_t shift = int8_t(to % 8 - from % 8);
      auto known = std::ranges::find_if(pieces, [&](const auto &piece) {
        return piece.from == byte && piece.shift == shift;
      });
      if (known == pieces.end())
        known = pieces.insert(pieces.end(), {byte, shift, 0});
      known->mask |= uint8_t(1 << to % 8);
    }
  }

  void header() {
    finishUnit();
    form.headerBytes = packed;
  }
  void chunks(int count) { form.chunks = count; }
  void flip(uint8_t mask) { form.flip = mask; }
  void scale(int from, Encoding::Kind kind) {
    form.scales.push_back({uint16_t(from), kind});
  }
  void floats(int from, Encoding::Kind kind) {
    form.floats.push_back({uint16_t(from), kind});
  }

  /// Nibbles of 32 columns in 4 units.
  void nibbles(int base, const BitOf &bitOf) {
    for (int v = 0; v < 4; ++v) {
      unit(4);
      for (int j = 0; j < 4; ++j)
        for (int high = 0; high < 2; ++high)
          bits(8 * j + 4 * high, bitOf(base + 16 * high + 4 * v + j), 4);
    }
  }
  /// Nibbles of 64 columns in 8 units.
  void pairs(int base, const BitOf &bitOf) {
    for (int v = 0; v < 8; ++v) {
      unit(4);
      for (int j = 0; j < 4; ++j)
        for (int high = 0; high < 2; ++high)
          bits(8 * j + 4 * high, bitOf(base + 32 * high + 4 * v + j), 4);
    }
  }
  /// Two bits each of 32 columns in 2 units.
  void twoBits(int base, const BitOf &bitOf) {
    for (int h = 0; h < 2; ++h) {
      unit(4);
      for (int i = 0; i < 4; ++i)
        for (int j = 0; j < 4; ++j)
          bits(8 * j + 2 * i, bitOf(base + 16 * h + 4 * i + j), 2);
    }
  }
  /// One bit each of 32 columns.
  void oneBits(int base, const BitOf &bitOf) {
    unit(4);
    for (int v = 0; v < 8; ++v)
      for (int j = 0; j < 4; ++j)
        bits(8 * j + v, bitOf(base + 4 * v + j), 1);
  }
  /// Four scales of six bits, whose low and high bits are stored apart, in
  /// three units: the fourth is spread over the others' high bits.
  void fourScales(const std::function<Bit(int)> &low, int lowBits,
                  const std::function<Bit(int)> &high) {
    auto part = [&](int scale, int bit) {
      return bit < lowBits ? low(scale) + bit : high(scale) + bit - lowBits;
    };
    for (int i = 0; i < 3; ++i) {
      unit(1);
      for (int bit = 0; bit < 6; ++bit)
        bits(bit, part(i, bit), 1);
      for (int bit = 0; bit < 2; ++bit)
        bits(6 + bit, part(3, 2 * i + bit), 1);
    }
  }
  /// The scales and minima of sub-blocks 2 * pair and 2 * pair + 1 of q4_k and
  /// q5_k, whose twelve bytes begin at byte 4.
  void scalesWithMinima(int pair) {
    auto scale = [](int j, int bit) {
      return j < 4     ? 8 * (4 + j) + bit
             : bit < 4 ? 8 * (8 + j) + bit
                       : 8 * j + 6 + bit - 4;
    };
    auto minimum = [](int j, int bit) {
      return j < 4     ? 8 * (8 + j) + bit
             : bit < 4 ? 8 * (8 + j) + 4 + bit
                       : 8 * (4 + j) + 6 + bit - 4;
    };
    for (int j = 2 * pair; j < 2 * pair + 2; ++j) {
      unit(1);
      for (int bit = 0; bit < 6; ++bit)
        bits(bit, scale(j, bit), 1);
      for (int bit = 0; bit < 2; ++bit)
        bits(6 + bit, minimum(j, bit), 1);
    }
    unit(1);
    for (int half = 0; half < 2; ++half)
      for (int bit = 0; bit < 4; ++bit)
        bits(4 * half + bit, minimum(2 * pair + half, 2 + bit), 1);
  }

  R16Form take() {
    finishUnit();
    if (!form.encoding.isGrouped() && form.blockElements > 1)
      for (const R16Form::Unit &unit : form.units)
        if (unit.bytes == 2) // of ggml's blocks these are f16
          scale(unit.copied, Encoding::F16);
    assert(packed == form.blockBytes && "every bit has one place");
    return std::move(form);
  }

private:
  void finishUnit() {
    for (auto &pieces : pending) {
      form.pieces.insert(form.pieces.end(), pieces.begin(), pieces.end());
      form.first.push_back(uint32_t(form.pieces.size()));
    }
    pending.clear();
  }

  R16Form form;
  int packed = 0;
  std::vector<std::vector<R16Form::Piece>> pending;
};

/// Nibbles of blocks of 32 from byte `from` on: k and k + 16 in one byte.
BitOf nibblesFrom(int from) {
  return [from](int k) { return 8 * (from + k % 16) + 4 * (k / 16 % 2); };
}

void plain(FormBuilder &b, const EncodingInfo &info) {
  b.copy(0, int(info.blockBytes));
}
void q8_0(FormBuilder &b) {
  b.copy(0, 2);
  b.copy(2, 4, 8);
  b.flip(0x80);
}
void q4_0(FormBuilder &b) {
  b.copy(0, 2);
  b.copy(2, 4, 4);
}
void q4_1(FormBuilder &b) {
  b.copy(0, 2, 2);
  b.copy(4, 4, 4);
}
void mxfp4(FormBuilder &b) {
  b.copy(0, 1);
  b.copy(1, 4, 4);
}
void q5_0(FormBuilder &b) {
  b.copy(0, 2);
  b.oneBits(0, [](int k) { return 8 * 2 + k; });
  b.copy(6, 4, 4);
}
void q5_1(FormBuilder &b) {
  b.copy(0, 2, 2);
  b.oneBits(0, [](int k) { return 8 * 4 + k; });
  b.copy(8, 4, 4);
}
void q4_k(FormBuilder &b) {
  b.copy(0, 2, 2);
  b.header();
  b.chunks(4);
  for (int pair = 0; pair < 4; ++pair) {
    b.scalesWithMinima(pair);
    b.copy(16 + 32 * pair, 4, 8);
  }
}
void q5_k(FormBuilder &b) {
  b.copy(0, 2, 2);
  b.header();
  b.chunks(4);
  for (int pair = 0; pair < 4; ++pair) {
    auto fifth = [](int k) { return 8 * (16 + k % 32) + k / 32; };
    b.scalesWithMinima(pair);
    b.oneBits(64 * pair, fifth);
    b.copy(48 + 32 * pair, 4, 8);
    b.oneBits(64 * pair + 32, fifth);
  }
}
void q6_k(FormBuilder &b) {
  b.copy(208, 2);
  b.header();
  b.chunks(4);
  for (int chunk = 0; chunk < 4; ++chunk) {
    auto high = [](int k) {
      return 8 * (128 + 32 * (k / 128) + k % 32) + 2 * (k / 32 % 4);
    };
    b.copy(192 + 4 * chunk, 1, 4);
    b.twoBits(64 * chunk, high);
    b.pairs(64 * chunk, [](int k) {
      int quarter = k / 32 % 4;
      return 8 * (64 * (k / 128) + 32 * (quarter % 2) + k % 32) +
             4 * (quarter / 2);
    });
    b.twoBits(64 * chunk + 32, high);
  }
}
void q3_k(FormBuilder &b) {
  b.copy(108, 2);
  b.header();
  b.chunks(4);
  for (int chunk = 0; chunk < 4; ++chunk) {
    b.fourScales(
        [&](int i) {
          int part = 4 * chunk + i;
          return 8 * (96 + part % 8) + 4 * (part / 8);
        },
        4, [&](int i) { return 8 * (104 + i) + 2 * chunk; });
    for (int half = 0; half < 2; ++half) {
      b.oneBits(64 * chunk + 32 * half,
                [](int k) { return 8 * (k % 32) + k / 32; });
      b.twoBits(64 * chunk + 32 * half, [](int k) {
        return 8 * (32 + 32 * (k / 128) + k % 32) + 2 * (k / 32 % 4);
      });
    }
  }
}
void q2_k(FormBuilder &b) {
  b.copy(80, 2, 2);
  b.header();
  b.chunks(4);
  for (int chunk = 0; chunk < 4; ++chunk) {
    b.copy(4 * chunk, 1, 4);
    for (int half = 0; half < 2; ++half)
      b.twoBits(64 * chunk + 32 * half, [](int k) {
        return 8 * (16 + 32 * (k / 128) + k % 32) + 2 * (k / 32 % 4);
      });
  }
}
void iq4_xs(FormBuilder &b) {
  b.copy(0, 2);
  b.header();
  b.chunks(2);
  for (int chunk = 0; chunk < 2; ++chunk) {
    b.fourScales(
        [&](int i) {
          int part = 4 * chunk + i;
          return 8 * (4 + part / 2) + 4 * (part % 2);
        },
        4, [&](int i) { return 8 * 2 + 2 * (4 * chunk + i); });
    for (int part = 4 * chunk; part < 4 * chunk + 4; ++part)
      b.nibbles(0, nibblesFrom(8 + 16 * part));
  }
}

/// Codes in groups: a factor, scales and zeros, then chunks of 32 columns.
/// Where a block has many scales, each chunk begins with its own.
void grouped(FormBuilder &b, const EncodingInfo &info) {
  const Encoding::Groups &groups = info.encoding.groups();
  int elements = int(info.blockElements), chunks = elements / 32;
  int scaleBytes = int(infoOf(groups.scale).blockBytes);
  int count = elements / int(groups.group), perChunk = count / chunks;
  int scalesAt = groups.span ? 4 : 0, at = scalesAt + count * scaleBytes;
  for (int i = 0; i < count; ++i)
    b.scale(scalesAt + i * scaleBytes, groups.scale);
  if (groups.span) {
    b.scale(0, Encoding::F32);
    b.copy(0, 4);
  } else {
    b.copy(0, scaleBytes);
  }
  if (groups.zeros)
    b.copy(at++, 1);
  if (chunks > 1) {
    b.header();
    b.chunks(chunks);
  }
  for (int chunk = 0; chunk < chunks; ++chunk) {
    if (groups.span)
      b.copy(scalesAt + chunk * perChunk * scaleBytes, scaleBytes, perChunk);
    switch (groups.code) {
    case Encoding::Code::F8E4M3:
    case Encoding::Code::F8E5M2:
      b.copy(at + 32 * chunk, 1, 32);
      break;
    case Encoding::Code::I8:
      b.copy(at + 32 * chunk, 4, 8);
      break;
    default:
      b.nibbles(32 * chunk, [at](int k) { return 8 * at + 4 * k; });
    }
  }
  if (groups.code == Encoding::Code::F8E4M3)
    b.floats(at, Encoding::F8E4M3);
  if (groups.code == Encoding::Code::F8E5M2)
    b.floats(at, Encoding::F8E5M2);
}

/// Whether there is a form for it: blocks of whole chunks, with one scale, or
/// with a factor and one or more scales in each chunk. Codes of 8 bits with
/// zeros have none: where dot products want signed codes, these are less 128,
/// which only a zero of 128 makes good.
bool hasGroupedForm(const EncodingInfo &info) {
  constexpr uint32_t kMostBytes = UINT16_MAX;
  const Encoding::Groups &groups = info.encoding.groups();
  if (groups.code == Encoding::Code::I2 ||
      (groups.code == Encoding::Code::I8 && groups.zeros) ||
      info.blockElements % 32 != 0 || info.blockBytes > kMostBytes)
    return false;
  return groups.span == 0 ||
         (!groups.zeros && (groups.group == 16 || groups.group == 32) &&
          (groups.code == Encoding::Code::F4E2M1 ||
           groups.code == Encoding::Code::I4));
}

std::vector<R16Form> allForms() {
  std::vector<R16Form> forms;
  for (Encoding encoding : {Encoding::F32, Encoding::F16, Encoding::BF16}) {
    FormBuilder b(encoding);
    plain(b, infoOf(encoding));
    forms.push_back(b.take());
  }
  struct {
    Encoding encoding;
    void (*build)(FormBuilder &);
  } const blocks[] = {
      {Encoding::Q8_0, q8_0},   {Encoding::Q4_0, q4_0},
      {Encoding::Q4_1, q4_1},   {Encoding::Q5_0, q5_0},
      {Encoding::Q5_1, q5_1},   {Encoding::Q2_K, q2_k},
      {Encoding::Q3_K, q3_k},   {Encoding::Q4_K, q4_k},
      {Encoding::Q5_K, q5_k},   {Encoding::Q6_K, q6_k},
      {Encoding::IQ4_NL, q4_0}, {Encoding::IQ4_XS, iq4_xs},
      {Encoding::MXFP4, mxfp4},
  };
  for (const auto &entry : blocks) {
    FormBuilder b(entry.encoding);
    entry.build(b);
    forms.push_back(b.take());
  }
  return forms;
}

} // namespace

/// Made as they are asked for: their parameters are those of a checkpoint.
static const R16Form *groupedFormOf(Encoding encoding) {
  static std::mutex mutex;
  static std::map<Encoding, std::unique_ptr<const R16Form>> forms;
  std::lock_guard<std::mutex> lock(mutex);
  auto [at, isNew] = forms.try_emplace(encoding);
  EncodingInfo info = infoOf(encoding);
  if (isNew && hasGroupedForm(info)) {
    FormBuilder b(encoding);
    grouped(b, info);
    at->second = std::make_unique<const R16Form>(b.take());
  }
  return at->second.get();
}

const R16Form *r16FormOf(Encoding encoding) {
  if (encoding.isGrouped())
    return groupedFormOf(encoding);
  static const std::vector<R16Form> forms = allForms();
  auto found = std::ranges::find(forms, encoding, &R16Form::encoding);
  return found == forms.end() ? nullptr : &*found;
}

} // namespace tombolo
