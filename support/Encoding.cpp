//===- Encoding.cpp - How the numbers of a stored tensor are kept ---------===//

#include "support/Encoding.h"
#include "support/decode/Decoders.h"
#include "support/decode/Grouped.h"
#include <algorithm>
#include <bit>
#include <charconv>
#include <iterator>
#include <vector>

namespace tombolo {
namespace {

struct Row {
  struct {
    Encoding::Kind encoding;
    std::string_view name;
    uint32_t blockElements, blockBytes;
    bool plain, isInteger;
  } info;
  decoders::Function decode;
};

namespace dec = decoders;
// In the order of the enum: rows are found by index.
constexpr Row rows[] = {
    {{Encoding::F64, "f64", 1, 8, true, false}, dec::f64},
    {{Encoding::F32, "f32", 1, 4, true, false}, dec::f32},
    {{Encoding::F16, "f16", 1, 2, true, false}, dec::f16},
    {{Encoding::BF16, "bf16", 1, 2, true, false}, dec::bf16},
    {{Encoding::F8E4M3, "f8e4m3", 1, 1, true, false}, dec::f8e4m3},
    {{Encoding::F8E5M2, "f8e5m2", 1, 1, true, false}, dec::f8e5m2},
    {{Encoding::F8E8M0, "f8e8m0", 1, 1, true, false}, dec::f8e8m0},
    {{Encoding::F8E4M3FNUZ, "f8e4m3fnuz", 1, 1, true, false}, dec::f8e4m3fnuz},
    {{Encoding::F8E5M2FNUZ, "f8e5m2fnuz", 1, 1, true, false}, dec::f8e5m2fnuz},
    {{Encoding::F6E2M3, "f6e2m3", 4, 3, true, false}, dec::f6e2m3},
    {{Encoding::F6E3M2, "f6e3m2", 4, 3, true, false}, dec::f6e3m2},
    {{Encoding::F4E2M1, "f4e2m1", 2, 1, true, false}, dec::f4e2m1},
    {{Encoding::C64, "c64", 1, 8, true, false}, nullptr},
    {{Encoding::I64, "i64", 1, 8, true, true}, dec::i64},
    {{Encoding::U64, "u64", 1, 8, true, true}, dec::u64},
    {{Encoding::I32, "i32", 1, 4, true, true}, dec::i32},
    {{Encoding::U32, "u32", 1, 4, true, true}, dec::u32},
    {{Encoding::I16, "i16", 1, 2, true, true}, dec::i16},
    {{Encoding::U16, "u16", 1, 2, true, true}, dec::u16},
    {{Encoding::I8, "i8", 1, 1, true, true}, dec::i8},
    {{Encoding::U8, "u8", 1, 1, true, true}, dec::u8},
    {{Encoding::BOOL, "bool", 1, 1, true, true}, dec::boolean},
    {{Encoding::Q4_0, "q4_0", 32, 18, false, false}, dec::q4_0},
    {{Encoding::Q4_1, "q4_1", 32, 20, false, false}, dec::q4_1},
    {{Encoding::Q5_0, "q5_0", 32, 22, false, false}, dec::q5_0},
    {{Encoding::Q5_1, "q5_1", 32, 24, false, false}, dec::q5_1},
    {{Encoding::Q8_0, "q8_0", 32, 34, false, false}, dec::q8_0},
    {{Encoding::Q8_1, "q8_1", 32, 36, false, false}, dec::q8_1},
    {{Encoding::Q2_K, "q2_k", 256, 84, false, false}, dec::q2_k},
    {{Encoding::Q3_K, "q3_k", 256, 110, false, false}, dec::q3_k},
    {{Encoding::Q4_K, "q4_k", 256, 144, false, false}, dec::q4_k},
    {{Encoding::Q5_K, "q5_k", 256, 176, false, false}, dec::q5_k},
    {{Encoding::Q6_K, "q6_k", 256, 210, false, false}, dec::q6_k},
    {{Encoding::Q8_K, "q8_k", 256, 292, false, false}, dec::q8_k},
    {{Encoding::IQ2_XXS, "iq2_xxs", 256, 66, false, false}, dec::iq2_xxs},
    {{Encoding::IQ2_XS, "iq2_xs", 256, 74, false, false}, dec::iq2_xs},
    {{Encoding::IQ2_S, "iq2_s", 256, 82, false, false}, dec::iq2_s},
    {{Encoding::IQ3_XXS, "iq3_xxs", 256, 98, false, false}, dec::iq3_xxs},
    {{Encoding::IQ3_S, "iq3_s", 256, 110, false, false}, dec::iq3_s},
    {{Encoding::IQ1_S, "iq1_s", 256, 50, false, false}, dec::iq1_s},
    {{Encoding::IQ1_M, "iq1_m", 256, 56, false, false}, dec::iq1_m},
    {{Encoding::IQ4_NL, "iq4_nl", 32, 18, false, false}, dec::iq4_nl},
    {{Encoding::IQ4_XS, "iq4_xs", 256, 136, false, false}, dec::iq4_xs},
    {{Encoding::TQ1_0, "tq1_0", 256, 54, false, false}, dec::tq1_0},
    {{Encoding::TQ2_0, "tq2_0", 256, 66, false, false}, dec::tq2_0},
    {{Encoding::MXFP4, "mxfp4", 32, 17, false, false}, dec::mxfp4},
    {{Encoding::NVFP4, "nvfp4", 64, 36, false, false}, dec::nvfp4},
    {{Encoding::Q1_0, "q1_0", 128, 18, false, false}, dec::q1_0},
    {{Encoding::Q2_0, "q2_0", 64, 18, false, false}, dec::q2_0},
};

constexpr bool inOrder() {
  for (size_t i = 0; i < std::size(rows); ++i)
    if (size_t(rows[i].info.encoding) != i)
      return false;
  return std::size(rows) == size_t(Encoding::Q2_0) + 1;
}
static_assert(inOrder(), "one row for each encoding, in the enum's order");

constexpr std::pair<Encoding::Code, std::string_view> codeNames[] = {
    {Encoding::Code::F8E4M3, "f8e4m3"}, {Encoding::Code::F8E5M2, "f8e5m2"},
    {Encoding::Code::F4E2M1, "f4e2m1"}, {Encoding::Code::I2, "i2"},
    {Encoding::Code::I4, "i4"},         {Encoding::Code::I8, "i8"}};
constexpr Encoding::Kind scaleKinds[] = {Encoding::F32, Encoding::F16,
                                         Encoding::BF16, Encoding::F8E8M0,
                                         Encoding::F8E4M3};
constexpr uint32_t largestBlock = 1 << 24;

EncodingInfo groupedInfo(Encoding encoding) {
  const Encoding::Groups &groups = encoding.groups();
  EncodingInfo info{encoding, "", 0, 0, false, false};
  for (auto [code, name] : codeNames)
    if (code == groups.code)
      info.name = name;
  info.name += "." + std::string(rows[groups.scale].info.name) + "x" +
               std::to_string(groups.group);
  if (groups.zeros)
    info.name += ".z";
  if (groups.span)
    info.name += ".f32x" + std::to_string(groups.span);
  info.blockElements = groups.span ? groups.span : groups.group;
  info.blockBytes = uint32_t(decoders::GroupedLayout(groups).bytes());
  return info;
}

/// A size of a name: digits without a leading zero.
std::optional<uint32_t> sizeIn(std::string_view text) {
  uint32_t size = 0;
  auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), size);
  if (code != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return size;
}

std::optional<Encoding> groupedNamed(std::string_view name) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= name.size();) {
    size_t dot = std::min(name.find('.', at), name.size());
    parts.push_back(name.substr(at, dot - at));
    at = dot + 1;
  }
  if (parts.size() < 2 || parts.size() > 4)
    return std::nullopt;
  Encoding::Groups groups;
  bool known = false;
  for (auto [code, codeName] : codeNames)
    if (codeName == parts[0]) {
      groups.code = code;
      known = true;
    }
  if (!known)
    return std::nullopt;
  size_t x = parts[1].rfind('x');
  std::optional<Encoding> scale = encodingNamed(parts[1].substr(0, x));
  if (x == std::string_view::npos || !scale)
    return std::nullopt;
  groups.scale = scale->kind();
  groups.group = sizeIn(parts[1].substr(x + 1)).value_or(0);
  size_t next = 2;
  if (next < parts.size() && parts[next] == "z") {
    groups.zeros = true;
    ++next;
  }
  if (next < parts.size() && parts[next].starts_with("f32x"))
    groups.span = sizeIn(parts[next++].substr(4)).value_or(0);
  std::optional<Encoding> encoding = Encoding::grouped(groups);
  // An encoding has one name.
  if (!encoding || infoOf(*encoding).name != name)
    return std::nullopt;
  return encoding;
}

} // namespace

std::optional<Encoding> Encoding::grouped(Groups groups) {
  uint64_t elements = groups.span ? groups.span : groups.group;
  unsigned bits = decoders::codeBits(groups.code);
  bool isFloat = groups.code <= Code::F4E2M1;
  if (groups.group == 0 || elements > largestBlock ||
      elements % groups.group != 0 || uint64_t(groups.group) * bits % 8 != 0 ||
      (isFloat && groups.zeros) ||
      std::find(std::begin(scaleKinds), std::end(scaleKinds), groups.scale) ==
          std::end(scaleKinds))
    return std::nullopt;
  Encoding encoding(Grouped);
  encoding.parameters = groups;
  return encoding;
}

EncodingInfo infoOf(Encoding encoding) {
  if (encoding.isGrouped())
    return groupedInfo(encoding);
  const auto &info = rows[encoding.kind()].info;
  return {encoding,           std::string(info.name),
          info.blockElements, info.blockBytes,
          info.plain,         info.isInteger};
}

std::optional<Encoding> encodingNamed(std::string_view name) {
  for (const Row &row : rows)
    if (row.info.name == name)
      return row.info.encoding;
  return groupedNamed(name);
}

std::optional<uint64_t> encodedBytes(Encoding encoding, uint64_t elements) {
  EncodingInfo info = infoOf(encoding);
  uint64_t bytes;
  if (elements % info.blockElements ||
      __builtin_mul_overflow(elements / info.blockElements,
                             uint64_t(info.blockBytes), &bytes))
    return std::nullopt;
  return bytes;
}

Status decode(Encoding encoding, std::span<const std::byte> bytes,
              std::span<float> values) {
  EncodingInfo info = infoOf(encoding);
  decoders::Function function =
      encoding.isGrouped() ? nullptr : rows[encoding.kind()].decode;
  if (!function && !encoding.isGrouped())
    return Error("",
                 "expects numbers that are real, but got '" + info.name + "'");
  std::optional<uint64_t> expected = encodedBytes(encoding, values.size());
  if (!expected || *expected != bytes.size())
    return Error("", "expects whole blocks of '" + info.name + "' (" +
                         std::to_string(info.blockElements) + " values in " +
                         std::to_string(info.blockBytes) + " bytes), but got " +
                         std::to_string(values.size()) + " values in " +
                         std::to_string(bytes.size()) + " bytes");
  auto *in = reinterpret_cast<const uint8_t *>(bytes.data());
  size_t blocks = values.size() / info.blockElements;
  if (encoding.isGrouped())
    decoders::grouped(encoding.groups(), in, values.data(), blocks);
  else
    function(in, values.data(), blocks);
  return success();
}

float halfToFloat(uint16_t bits) { return decoders::half(bits); }

uint16_t floatToHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t sign = bits >> 16 & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) // a NaN stays one: keep its quiet bit
    return uint16_t(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  if (magnitude >= 0x477ff000) // 65520 and above round to infinity
    return uint16_t(sign | 0x7c00);
  if (magnitude < 0x38800000) { // below 2^-14: a multiple of 2^-24
    // The sum's last bit is worth 2^-24, so the addition rounds as wanted.
    float sum = std::bit_cast<float>(magnitude) + 0.5f;
    return uint16_t(sign | (std::bit_cast<uint32_t>(sum) - 0x3f000000));
  }
  uint32_t odd = magnitude >> 13 & 1;
  return uint16_t(sign | (magnitude - (112u << 23) + 0xfff + odd) >> 13);
}

float bfloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}

uint16_t floatToBfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

} // namespace tombolo
