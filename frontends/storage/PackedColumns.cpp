//===- PackedColumns.cpp - AWQ and GPTQ: transposed matrices in words -----===//
//
// Both keep the matrix [in, out] with several codes in an i32, one scale and
// one zero for `group_size` rows and each column. AWQ packs columns, in an
// order of its own; GPTQ packs rows, and may let `g_idx` say which group a row
// is of.
//
//===----------------------------------------------------------------------===//

#include "frontends/storage/Joiner.h"
#include "support/Text.h"
#include "support/decode/Grouped.h"
#include <algorithm>
#include <cstring>
#include <numeric>

namespace tombolo::storage {
namespace {

/// What both have in common.
struct Packed {
  std::string stem;
  /// Of the logical matrix.
  int64_t out, in;
  /// Rows of the stored matrix with one scale, and how many scales.
  int64_t groupSize, groups;
  const TensorInfo *zeros, *scales;
  Encoding::Groups form;
};

constexpr std::initializer_list<Encoding> columnScaleTypes = {
    Encoding::F16, Encoding::BF16, Encoding::F32};

/// The companions of `qweight`, for a matrix whose sizes are known; nothing
/// after an error.
bool findCompanions(Joiner &joiner, const TensorInfo &qweight, unsigned bits,
                    Packed &packed) {
  int64_t size = joiner.method.groupSize;
  int64_t codes = 32 / bits;
  if (packed.out % codes != 0 || packed.in < 1 || packed.out < 1) {
    joiner.fail(qweight, "expects sizes that are multiples of " +
                             std::to_string(codes) + ", but got " +
                             shapeText(qweight.shape));
    return false;
  }
  packed.groupSize = size == -1 ? packed.in : std::min(size, packed.in);
  packed.groups = (packed.in - 1) / packed.groupSize + 1;
  packed.zeros =
      joiner.companion(qweight, packed.stem + ".qzeros", {Encoding::I32},
                       {packed.groups, packed.out / codes});
  packed.scales =
      joiner.companion(qweight, packed.stem + ".scales", columnScaleTypes,
                       {packed.groups, packed.out});
  if (!packed.zeros || !packed.scales)
    return false;
  packed.form.code = bits == 2   ? Encoding::Code::I2
                     : bits == 4 ? Encoding::Code::I4
                                 : Encoding::Code::I8;
  packed.form.scale = packed.scales->encoding.kind();
  packed.form.zeros = true;
  packed.form.group = groupSize(std::gcd(packed.groupSize, packed.in));
  return true;
}

/// `qweight` is of i32 and two dimensions.
bool isWords(Joiner &joiner, const TensorInfo &qweight) {
  if (qweight.encoding == Encoding::I32 && qweight.shape.size() == 2)
    return true;
  joiner.fail(qweight, "expects i32 of two dimensions, but got " +
                           infoOf(qweight.encoding).name + " of " +
                           shapeText(qweight.shape));
  return false;
}

/// Puts the codes of a block where they belong. `codes` has one code a byte.
void putCodes(const uint8_t *codes, uint32_t count, unsigned bits,
              std::byte *to) {
  unsigned perByte = 8 / bits;
  for (uint32_t i = 0; i < count / perByte; ++i) {
    unsigned byte = 0;
    for (unsigned k = 0; k < perByte; ++k)
      byte |= unsigned(codes[i * perByte + k]) << bits * k;
    to[i] = std::byte(byte);
  }
}

/// Writes blocks from functions for the code of a row and column, and the zero
/// of a group and column, of the stored matrix. Columns are done in strips of
/// `strip`, whose words are neighbours.
template <typename CodeAt, typename ZeroAt>
void putBlocks(const Packed &packed, unsigned bits, CodeAt codeAt,
               ZeroAt zeroAt, const std::byte *scales,
               std::span<std::byte> blocks) {
  constexpr int64_t strip = 16;
  decoders::GroupedLayout layout(packed.form);
  int64_t group = packed.form.group, perRow = packed.in / group;
  std::vector<uint8_t> codes(strip * group);
  for (int64_t first = 0; first < packed.out; first += strip)
    for (int64_t block = 0; block < perRow; ++block) {
      int64_t last = std::min(first + strip, packed.out);
      for (int64_t i = 0; i < group; ++i)
        for (int64_t column = first; column < last; ++column)
          codes[(column - first) * group + i] =
              codeAt(block * group + i, column);
      int64_t scaleRow = block * group / packed.groupSize;
      for (int64_t column = first; column < last; ++column) {
        std::byte *to =
            blocks.data() + (column * perRow + block) * layout.bytes();
        std::memcpy(to + layout.scales,
                    scales + (scaleRow * packed.out + column) * layout.scale,
                    layout.scale);
        to[layout.zeros] = std::byte(zeroAt(scaleRow, column));
        putCodes(codes.data() + (column - first) * group, uint32_t(group), bits,
                 to + layout.codes);
      }
    }
}

void joinPacked(Joiner &joiner, const TensorInfo &qweight, const Packed &packed,
                Encoding encoding, std::vector<const TensorInfo *> parts,
                decltype(JoinedParts::join) join) {
  joiner.join(qweight, packed.stem + ".weight", {packed.out, packed.in},
              encoding, parts, std::move(join));
}

/// The grouped encoding; nothing after an error.
std::optional<Encoding> formOf(Joiner &joiner, const TensorInfo &qweight,
                               const Packed &packed) {
  std::optional<Encoding> encoding = Encoding::grouped(packed.form);
  if (!encoding)
    joiner.fail(qweight, "expects groups that fill whole bytes, but got "
                         "'group_size' " +
                             std::to_string(packed.groupSize) + " for " +
                             std::to_string(packed.in) + " rows");
  return encoding;
}

} // namespace

/// Columns 8 c + order[i] is code i of word c.
bool readAwq(Joiner &joiner, const TensorInfo &qweight) {
  std::optional<std::string> stem = without(qweight.name, ".qweight");
  if (!stem)
    return false;
  Packed packed{*stem, 0, 0, 0, 0, nullptr, nullptr, {}};
  if (!isWords(joiner, qweight))
    return true;
  packed.in = qweight.shape[0];
  if (__builtin_mul_overflow(qweight.shape[1], 8, &packed.out) ||
      !findCompanions(joiner, qweight, 4, packed))
    return true;
  std::optional<Encoding> encoding = formOf(joiner, qweight, packed);
  if (!encoding)
    return true;
  joinPacked(
      joiner, qweight, packed, *encoding,
      {&qweight, packed.zeros, packed.scales},
      [packed](std::span<const Bytes> parts, std::span<std::byte> blocks) {
        // Where the code of a column is in its word.
        constexpr int places[8] = {0, 4, 1, 5, 2, 6, 3, 7};
        auto codeAt = [&](const Bytes &words, int64_t row, int64_t column) {
          uint32_t word =
              wordAt(words.data(), row * (packed.out / 8) + column / 8);
          return uint8_t(word >> 4 * places[column % 8] & 15);
        };
        putBlocks(
            packed, 4,
            [&](int64_t row, int64_t column) {
              return codeAt(parts[0], row, column);
            },
            [&](int64_t group, int64_t column) {
              return codeAt(parts[1], group, column);
            },
            parts[2].data(), blocks);
        return success();
      });
  return true;
}

namespace {
/// Codes of a GPTQ matrix.
struct GptqCodes {
  Packed packed;
  unsigned bits;
  bool zerosLessOne;
  const std::byte *words, *zeros;

  unsigned mask() const { return (1u << bits) - 1; }
  int64_t perWord() const { return 32 / bits; }
  uint8_t code(int64_t row, int64_t column) const {
    uint32_t word = wordAt(words, row / perWord() * packed.out + column);
    return uint8_t(word >> bits * (row % perWord()) & mask());
  }
  uint8_t zero(int64_t group, int64_t column) const {
    int64_t rowWords = packed.out / perWord();
    uint32_t word = wordAt(zeros, group * rowWords + column / perWord());
    unsigned stored = word >> bits * (column % perWord()) & mask();
    return uint8_t((stored + zerosLessOne) & mask());
  }
};

/// The group of each row. Without `desc_act` the groups must be in order.
Result<std::vector<int32_t>> groupsOf(const Packed &packed, const Bytes &bytes,
                                      bool inOrder) {
  std::vector<int32_t> groups(packed.in);
  std::memcpy(groups.data(), bytes.data(), bytes.size());
  auto fail = [&](int64_t row, const std::string &expected) {
    return Error("", "tensor " + quote(packed.stem + ".g_idx") + ": element " +
                         std::to_string(row) + ": expects " + expected +
                         ", but got " + std::to_string(groups[row]));
  };
  for (int64_t row = 0; row < packed.in; ++row) {
    if (inOrder && groups[row] != row / packed.groupSize)
      return fail(row, "group " + std::to_string(row / packed.groupSize) +
                           ", since 'desc_act' is false");
    if (groups[row] < 0 || groups[row] >= packed.groups)
      return fail(row, "a group below " + std::to_string(packed.groups));
  }
  return groups;
}
} // namespace

bool readGptq(Joiner &joiner, const TensorInfo &qweight) {
  std::optional<std::string> stem = without(qweight.name, ".qweight");
  if (!stem)
    return false;
  Packed packed{*stem, 0, 0, 0, 0, nullptr, nullptr, {}};
  unsigned bits = unsigned(joiner.method.bits);
  if (!isWords(joiner, qweight))
    return true;
  packed.out = qweight.shape[1];
  bool tooLarge =
      __builtin_mul_overflow(qweight.shape[0], 32 / bits, &packed.in);
  if (tooLarge || !findCompanions(joiner, qweight, bits, packed))
    return true;
  std::vector<const TensorInfo *> parts{&qweight, packed.zeros, packed.scales};
  if (joiner.stored.find(*stem + ".g_idx") || joiner.method.descAct) {
    parts.push_back(joiner.companion(qweight, *stem + ".g_idx", {Encoding::I32},
                                     {packed.in}));
    if (!parts.back())
      return true;
  }
  bool descAct = joiner.method.descAct;
  std::optional<Encoding> encoding =
      descAct ? Encoding(Encoding::F32) : formOf(joiner, qweight, packed);
  if (!encoding)
    return true;
  GptqCodes codes{packed, bits, joiner.method.zerosLessOne, nullptr, nullptr};
  joinPacked(joiner, qweight, packed, *encoding, parts,
             [codes, descAct](std::span<const Bytes> parts,
                              std::span<std::byte> blocks) -> Status {
               GptqCodes from = codes;
               const Packed &packed = from.packed;
               from.words = parts[0].data();
               from.zeros = parts[1].data();
               std::vector<int32_t> groups;
               if (parts.size() > 3) {
                 auto checked = groupsOf(packed, parts[3], !descAct);
                 if (!checked)
                   return checked.takeErrors();
                 groups = std::move(*checked);
               }
               if (!descAct) {
                 putBlocks(
                     packed, from.bits,
                     [&](int64_t row, int64_t column) {
                       return from.code(row, column);
                     },
                     [&](int64_t group, int64_t column) {
                       return from.zero(group, column);
                     },
                     parts[2].data(), blocks);
                 return success();
               }
               // Neighbours in a row are of any groups: nothing is left to
               // share a scale, so the numbers are decoded.
               std::vector<float> scales(packed.groups * packed.out);
               if (Status decoded = decode(packed.form.scale, parts[2], scales);
                   !decoded)
                 return decoded;
               std::vector<float> row(packed.in);
               for (int64_t column = 0; column < packed.out; ++column) {
                 for (int64_t i = 0; i < packed.in; ++i)
                   row[i] = float(from.code(i, column) -
                                  from.zero(groups[i], column)) *
                            scales[groups[i] * packed.out + column];
                 std::memcpy(blocks.data() + column * packed.in * sizeof(float),
                             row.data(), packed.in * sizeof(float));
               }
               return success();
             });
  return true;
}

} // namespace tombolo::storage
