//===- CompressedTensors.cpp - compressed-tensors, and ModelOpt's FP4 -----===//

#include "frontends/storage/Blocks.h"
#include "frontends/storage/Joiner.h"
#include "support/Text.h"
#include "support/decode/Grouped.h"
#include <cstring>
#include <limits>
#include <numeric>

namespace tombolo::storage {
namespace {

constexpr std::initializer_list<Encoding> scaleTypes = {
    Encoding::F16, Encoding::BF16, Encoding::F32};

/// The numbers of a small tensor of i32 or i64.
Result<std::vector<int64_t>> integersOf(const TensorInfo &tensor,
                                        const Bytes &bytes) {
  std::vector<int64_t> numbers(tensor.elements());
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (tensor.encoding == Encoding::I64) {
      std::memcpy(&numbers[i], bytes.data() + 8 * i, 8);
    } else {
      int32_t narrow;
      std::memcpy(&narrow, bytes.data() + 4 * i, 4);
      numbers[i] = narrow;
    }
  }
  return numbers;
}

/// The width of packed integers: what the groups of the config agree on, else
/// what `weight_shape` leaves; nothing after an error.
std::optional<int64_t> bitsOf(Joiner &joiner, const TensorInfo &packed,
                              const TensorInfo &shape) {
  const std::vector<int64_t> &all = joiner.method.packedBits;
  if (all.size() == 1)
    return all[0];
  if (all.empty()) {
    joiner.fail(packed, "expects 'config_groups' to give the 'num_bits' of "
                        "integers");
    return std::nullopt;
  }
  Result<TensorBytes> read = joiner.stored.read(shape);
  if (!read) {
    joiner.errors.push_back(read.error());
    return std::nullopt;
  }
  Result<std::vector<int64_t>> sizes = integersOf(shape, read->bytes);
  for (int64_t bits : all)
    if ((*sizes)[1] == packed.shape[1] * (32 / bits))
      return bits;
  joiner.fail(shape, "expects columns that fill " + quote(packed.name) +
                         " of " + shapeText(packed.shape) + ", but got " +
                         shapeText(*sizes));
  return std::nullopt;
}

/// The blocks of packed integers. `parts`: codes, shape, scales, then zeros
/// and the group of each column where they are there.
struct PackedIntegers {
  std::string stem;
  int64_t out, in, groups;
  unsigned bits;
  Encoding::Groups form;
  Encoding shapeType;
  bool ordered; ///< by a group for each column

  /// Zeros are packed along the rows.
  uint8_t zero(const Bytes &zeros, int64_t row, int64_t group) const {
    int64_t perWord = 32 / bits;
    uint32_t word = wordAt(zeros.data(), row / perWord * groups + group);
    return uint8_t(word >> bits * (row % perWord) & ((1u << bits) - 1));
  }
  Status checkShape(const Bytes &bytes) const {
    TensorInfo info{"", shapeType, {2}, 0, 0, 0};
    std::vector<int64_t> sizes = *integersOf(info, bytes);
    if (sizes[0] == out && sizes[1] == in)
      return success();
    return Error("", "tensor " + quote(stem + ".weight_shape") +
                         ": expects the sizes " + shapeText(Shape{out, in}) +
                         " of " + quote(stem + ".weight_packed") +
                         ", but got " + shapeText(sizes));
  }
  Status putBlocks(std::span<const Bytes> parts,
                   std::span<std::byte> blocks) const {
    decoders::GroupedLayout layout(form);
    std::byte *block = blocks.data();
    const std::byte *codes = parts[0].data();
    for (int64_t row = 0; row < out; ++row)
      for (int64_t group = 0; group < groups; ++group) {
        std::memcpy(block + layout.scales,
                    parts[2].data() + (row * groups + group) * layout.scale,
                    layout.scale);
        if (form.zeros)
          block[layout.zeros] = std::byte(zero(parts[3], row, group));
        std::memcpy(block + layout.codes, codes, layout.groupBytes);
        codes += layout.groupBytes;
        block += layout.bytes();
      }
    return success();
  }
  Status putNumbers(std::span<const Bytes> parts,
                    std::span<std::byte> blocks) const {
    std::vector<float> scales(out * groups), row(in);
    if (Status decoded = decode(form.scale, parts[2], scales); !decoded)
      return decoded;
    const Bytes &order = parts.back();
    auto *codes = reinterpret_cast<const uint8_t *>(parts[0].data());
    for (int64_t r = 0; r < out; ++r) {
      for (int64_t i = 0; i < in; ++i) {
        int32_t group = int32_t(wordAt(order.data(), i));
        if (group < 0 || group >= groups)
          return Error("", "tensor " + quote(stem + ".weight_g_idx") +
                               ": element " + std::to_string(i) +
                               ": expects a group below " +
                               std::to_string(groups) + ", but got " +
                               std::to_string(group));
        int64_t bit = (r * in + i) * bits;
        int code = codes[bit / 8] >> bit % 8 & ((1u << bits) - 1);
        int middle = form.zeros ? zero(parts[3], r, group) : 1 << (bits - 1);
        row[i] = float(code - middle) * scales[r * groups + group];
      }
      std::memcpy(blocks.data() + r * in * sizeof(float), row.data(),
                  in * sizeof(float));
    }
    return success();
  }
};

void readIntegers(Joiner &joiner, const TensorInfo &packed,
                  const std::string &stem) {
  const TensorInfo *shape = joiner.companion(
      packed, stem + ".weight_shape", {Encoding::I64, Encoding::I32}, {2});
  if (!shape)
    return;
  std::optional<int64_t> bits = bitsOf(joiner, packed, *shape);
  const TensorInfo *scale =
      joiner.companion(packed, stem + ".weight_scale", scaleTypes);
  if (!bits || !scale)
    return;
  int64_t out = packed.shape[0], in = 0;
  if (__builtin_mul_overflow(packed.shape[1], 32 / *bits, &in) || in < 1 ||
      out < 1)
    return joiner.fail(packed, "expects a matrix that is not empty, but got " +
                                   shapeText(packed.shape));
  std::optional<Scales> scales =
      scalesOf({out, in}, scale->shape, std::nullopt);
  if (!scales || scales->rows != out)
    return joiner.fail(*scale, "expects one number for each group of each of " +
                                   std::to_string(out) + " rows of " +
                                   std::to_string(in) + ", but got shape " +
                                   shapeText(scale->shape));
  std::vector<const TensorInfo *> parts{&packed, shape, scale};
  PackedIntegers of{
      stem, out, in, scales->columns, unsigned(*bits), {}, shape->encoding,
      false};
  of.form.code = *bits == 4 ? Encoding::Code::I4 : Encoding::Code::I8;
  of.form.scale = scale->encoding.kind();
  of.form.group = groupSize(in / scales->columns);
  if (joiner.stored.find(stem + ".weight_zero_point")) {
    int64_t perWord = 32 / *bits;
    parts.push_back(
        joiner.companion(packed, stem + ".weight_zero_point", {Encoding::I32},
                         {(out + perWord - 1) / perWord, scales->columns}));
    of.form.zeros = true;
  }
  if (joiner.stored.find(stem + ".weight_g_idx")) {
    parts.push_back(joiner.companion(packed, stem + ".weight_g_idx",
                                     {Encoding::I32}, {in}));
    of.ordered = true;
  }
  if (std::find(parts.begin(), parts.end(), nullptr) != parts.end())
    return;
  std::optional<Encoding> encoding = Encoding::grouped(of.form);
  if (!encoding)
    return joiner.fail(
        packed, "expects groups that fill whole bytes, but got " +
                    std::to_string(of.form.group) + " elements in a group");
  joiner.join(packed, stem + ".weight", {out, in},
              of.ordered ? Encoding(Encoding::F32) : *encoding, parts,
              [of](std::span<const Bytes> parts,
                   std::span<std::byte> blocks) -> Status {
                if (Status fits = of.checkShape(parts[1]); !fits)
                  return fits;
                return of.ordered ? of.putNumbers(parts, blocks)
                                  : of.putBlocks(parts, blocks);
              });
}

/// E2M1 codes with an FP8 scale for 16 and one factor for all. The factor is
/// repeated where a block of the encoding begins.
void joinNvfp4(Joiner &joiner, const TensorInfo &codes, std::string name,
               const TensorInfo &scale, const TensorInfo &global,
               bool divides) {
  constexpr int64_t group = 16, span = 256;
  int64_t out = codes.shape[0], in = 0;
  if (__builtin_mul_overflow(codes.shape[1], 2, &in) || in < 1 ||
      in % group != 0)
    return joiner.fail(codes, "expects rows of whole groups of 16, but got " +
                                  shapeText(codes.shape));
  if (Shape expected{out, in / group}; scale.shape != expected)
    return joiner.fail(scale, "expects shape " + shapeText(expected) + " for " +
                                  quote(codes.name) + " of " +
                                  shapeText(codes.shape) + ", but got " +
                                  shapeText(scale.shape));
  if (global.shape.size() > 1 || global.elements() != 1)
    return joiner.fail(global, "expects one number, but got shape " +
                                   shapeText(global.shape));
  Encoding::Groups form;
  form.code = Encoding::Code::F4E2M1;
  form.scale = Encoding::F8E4M3;
  form.group = group;
  form.span = groupSize(std::gcd(span, in));
  joiner.join(
      codes, std::move(name), {out, in}, *Encoding::grouped(form),
      {&codes, &scale, &global},
      [form, divides, where = global.name](
          std::span<const Bytes> parts, std::span<std::byte> blocks) -> Status {
        float factor;
        std::memcpy(&factor, parts[2].data(), sizeof(float));
        if (divides)
          factor = 1 / factor;
        if (!(factor > 0 && factor < std::numeric_limits<float>::infinity()))
          return Error("", "tensor " + quote(where) +
                               ": expects a positive, finite number");
        decoders::GroupedLayout layout(form);
        const std::byte *codes = parts[0].data(), *scales = parts[1].data();
        for (std::byte *block = blocks.data();
             block != blocks.data() + blocks.size(); block += layout.bytes()) {
          std::memcpy(block, &factor, sizeof(float));
          std::memcpy(block + layout.scales, scales, layout.groups);
          std::memcpy(block + layout.codes, codes, form.span / 2);
          scales += layout.groups;
          codes += form.span / 2;
        }
        return success();
      });
}

} // namespace

bool readPacked(Joiner &joiner, const TensorInfo &packed) {
  std::optional<std::string> stem = without(packed.name, ".weight_packed");
  if (!stem)
    return false;
  if (packed.shape.size() != 2 ||
      (packed.encoding != Encoding::I32 && packed.encoding != Encoding::U8)) {
    joiner.fail(packed, "expects i32 or u8 of two dimensions, but got " +
                            infoOf(packed.encoding).name + " of " +
                            shapeText(packed.shape));
    return true;
  }
  if (packed.encoding == Encoding::I32) {
    readIntegers(joiner, packed, *stem);
    return true;
  }
  const TensorInfo *scale =
      joiner.companion(packed, *stem + ".weight_scale",
                       {Encoding::F8E4M3, Encoding::U8, Encoding::F8E8M0});
  if (!scale)
    return true;
  if (scale->encoding != Encoding::F8E4M3) {
    joinMxfp4(joiner, packed, *stem + ".weight", *scale);
    return true;
  }
  const TensorInfo *global =
      joiner.companion(packed, *stem + ".weight_global_scale", {Encoding::F32});
  if (global)
    joinNvfp4(joiner, packed, *stem + ".weight", *scale, *global,
              /*divides=*/true);
  return true;
}

/// Signed integers of 8 bits as they are.
bool readInt8(Joiner &joiner, const TensorInfo &tensor) {
  if (tensor.encoding != Encoding::I8 || !tensor.name.ends_with(".weight"))
    return false;
  const TensorInfo *scale =
      joiner.companion(tensor, tensor.name + "_scale", scaleTypes);
  if (!scale)
    return true;
  std::optional<Scales> scales =
      scalesOf(tensor.shape, scale->shape, joiner.method.block);
  if (!scales) {
    joiner.fail(*scale, "expects one number, one for each row or one for each "
                        "of equal blocks of " +
                            quote(tensor.name) + " of " +
                            shapeText(tensor.shape) + ", but got shape " +
                            shapeText(scale->shape));
    return true;
  }
  Encoding::Groups groups;
  groups.code = Encoding::Code::I8;
  groups.scale = scale->encoding.kind();
  groups.group = scales->group(tensor.shape.back());
  std::vector<const TensorInfo *> parts{&tensor, scale};
  if (joiner.stored.find(tensor.name + "_zero_point")) {
    parts.push_back(joiner.companion(tensor, tensor.name + "_zero_point",
                                     {Encoding::I8}, scale->shape));
    if (!parts.back())
      return true;
    groups.zeros = true;
  }
  joinRows(joiner, tensor, tensor.name, tensor.shape, groups, *scales, parts,
           0x80);
  return true;
}

bool readModelOptFp4(Joiner &joiner, const TensorInfo &tensor) {
  if (tensor.encoding != Encoding::U8 || tensor.shape.size() != 2 ||
      !tensor.name.ends_with(".weight"))
    return false;
  const TensorInfo *scale =
      joiner.companion(tensor, tensor.name + "_scale", {Encoding::F8E4M3});
  const TensorInfo *global =
      joiner.companion(tensor, tensor.name + "_scale_2", {Encoding::F32});
  if (scale && global)
    joinNvfp4(joiner, tensor, tensor.name, *scale, *global, /*divides=*/false);
  return true;
}

} // namespace tombolo::storage
