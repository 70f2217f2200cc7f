#include "codegen/cpu/packing/PackR16.h"
#include "codegen/cpu/packing/R16Forms.h"
#include <algorithm>
#include <cassert>
#include <cstring>

namespace tombolo {
namespace {

/// `bits` to the left, or to the right where negative.
uint8_t shifted(uint8_t byte, int bits) {
  return uint8_t(bits >= 0 ? byte << bits : byte >> -bits);
}

/// Where the bytes of a unit of row `n` are in its block of the group.
std::byte *placeOf(std::byte *block, const R16Form::Unit &unit, int64_t n) {
  return block + kR16Rows * unit.at + n * unit.bytes;
}

void packBlock(const R16Form &form, const std::byte *row, std::byte *block,
               int64_t n) {
  for (const R16Form::Unit &unit : form.units) {
    std::byte *to = placeOf(block, unit, n);
    // Scales come first and are never flipped.
    uint8_t flip = unit.bytes == 4 ? form.flip : 0;
    for (int64_t i = 0; i < unit.bytes; ++i) {
      if (unit.copied >= 0) {
        to[i] = row[unit.copied + i] ^ std::byte(flip);
        continue;
      }
      uint8_t byte = 0;
      for (uint32_t p = form.first[unit.at + i];
           p < form.first[unit.at + i + 1]; ++p) {
        const R16Form::Piece &piece = form.pieces[p];
        byte |= shifted(uint8_t(row[piece.from]), piece.shift) & piece.mask;
      }
      to[i] = std::byte(byte);
    }
  }
}

/// Whether the scales and minima of a stored block, and codes that are floats,
/// are finite: the rest of a model cannot be right where they are not.
bool isFinite(const R16Form &form, const std::byte *row) {
  auto bits = [&](int64_t from, int bytes) {
    uint32_t value = 0;
    std::memcpy(&value, row + from, bytes);
    return value;
  };
  auto isFiniteAt = [&](int64_t from, Encoding::Kind kind) {
    switch (kind) {
    case Encoding::F32:
      return (bits(from, 4) & 0x7f800000) != 0x7f800000;
    case Encoding::F16:
      return (bits(from, 2) & 0x7c00) != 0x7c00;
    case Encoding::BF16:
      return (bits(from, 2) & 0x7f80) != 0x7f80;
    case Encoding::F8E8M0:
      return bits(from, 1) != 0xff;
    case Encoding::F8E4M3:
      return (bits(from, 1) & 0x7f) != 0x7f;
    default: // F8E5M2
      return (bits(from, 1) & 0x7c) != 0x7c;
    }
  };
  for (const R16Form::Scale &scale : form.scales)
    if (!isFiniteAt(scale.from, scale.kind))
      return false;
  for (const R16Form::Scale &codes : form.floats)
    for (int64_t i = 0; i < form.blockElements; ++i)
      if (!isFiniteAt(codes.from + i, codes.kind))
        return false;
  return true;
}

/// The inverse; `row` is zero before.
void unpackBlock(const R16Form &form, const std::byte *block, std::byte *row,
                 int64_t n) {
  for (const R16Form::Unit &unit : form.units) {
    const std::byte *from = placeOf(const_cast<std::byte *>(block), unit, n);
    uint8_t flip = unit.bytes == 4 ? form.flip : 0;
    for (int64_t i = 0; i < unit.bytes; ++i) {
      if (unit.copied >= 0) {
        row[unit.copied + i] = from[i] ^ std::byte(flip);
        continue;
      }
      for (uint32_t p = form.first[unit.at + i];
           p < form.first[unit.at + i + 1]; ++p) {
        const R16Form::Piece &piece = form.pieces[p];
        row[piece.from] |=
            std::byte(shifted(uint8_t(from[i]) & piece.mask, -piece.shift));
      }
    }
  }
}

struct Shape {
  const R16Form *form;
  int64_t blocks; ///< of a row
  uint64_t rowBytes, groupBytes, stride, packedBytes;
};

Result<Shape> shapeOf(Encoding encoding, int64_t rows, int64_t columns,
                      uint64_t rowMajorSize, uint64_t packedSize,
                      uint64_t groupStride) {
  std::string name(infoOf(encoding).name);
  auto fail = [&](const std::string &message) {
    return Error("", "packing of '" + name + "': " + message);
  };
  Shape shape{};
  shape.form = r16FormOf(encoding);
  if (!shape.form)
    return fail("expects an encoding that has an interleaved form");
  std::optional<uint64_t> group = r16GroupBytes(encoding, columns);
  std::optional<uint64_t> bytes = packedBytes(encoding, rows, columns);
  if (!group || !bytes)
    return fail("expects rows of whole blocks of " +
                std::to_string(shape.form->blockElements) + ", but got " +
                std::to_string(rows) + "x" + std::to_string(columns));
  shape.blocks = columns / shape.form->blockElements;
  shape.rowBytes = *group / kR16Rows;
  shape.groupBytes = *group;
  shape.stride = groupStride ? groupStride : *group;
  if (shape.stride < *group)
    return fail("expects a group stride of at least " + std::to_string(*group) +
                ", but got " + std::to_string(shape.stride));
  uint64_t groups = (static_cast<uint64_t>(rows) + kR16Rows - 1) / kR16Rows;
  if (groups &&
      __builtin_mul_overflow(groups - 1, shape.stride, &shape.packedBytes))
    return fail("the size overflows");
  shape.packedBytes = groups ? shape.packedBytes + *group : 0;
  if (shape.packedBytes > packedSize)
    return fail("expects a packed buffer of at least " +
                std::to_string(shape.packedBytes) + " bytes, but got " +
                std::to_string(packedSize));
  if (shape.rowBytes * static_cast<uint64_t>(rows) != rowMajorSize)
    return fail("expects " +
                std::to_string(shape.rowBytes * static_cast<uint64_t>(rows)) +
                " bytes of rows, but got " + std::to_string(rowMajorSize));
  return shape;
}

} // namespace

bool hasR16(Encoding encoding) { return r16FormOf(encoding) != nullptr; }

bool hasIntegerCodes(Encoding encoding) {
  const R16Form *form = r16FormOf(encoding);
  return form && form->blockElements > 1 && form->floats.empty();
}

R16Block r16Block(Encoding encoding) {
  const R16Form *form = r16FormOf(encoding);
  assert(form && "the encoding has a form");
  return {kR16Rows * form->headerBytes, form->chunks,
          form->blockElements / form->chunks,
          kR16Rows * (form->blockBytes - form->headerBytes) / form->chunks};
}

std::optional<uint64_t> r16GroupBytes(Encoding encoding, int64_t columns) {
  const R16Form *form = r16FormOf(encoding);
  int64_t bytes = 0;
  if (!form || columns < 0 || columns % form->blockElements != 0 ||
      __builtin_mul_overflow(columns / form->blockElements,
                             form->blockBytes * kR16Rows, &bytes))
    return std::nullopt;
  return bytes;
}

std::optional<uint64_t> packedBytes(Encoding encoding, int64_t rows,
                                    int64_t columns) {
  std::optional<uint64_t> group = r16GroupBytes(encoding, columns);
  int64_t bytes = 0;
  if (!group || rows < 0 ||
      __builtin_mul_overflow(rows / kR16Rows + (rows % kR16Rows != 0),
                             static_cast<int64_t>(*group), &bytes))
    return std::nullopt;
  return bytes;
}

Status packR16(Encoding encoding, int64_t rows, int64_t columns,
               std::span<const std::byte> rowMajor, std::span<std::byte> packed,
               uint64_t groupStride) {
  Result<Shape> shape = shapeOf(encoding, rows, columns, rowMajor.size(),
                                packed.size(), groupStride);
  if (!shape)
    return shape.takeErrors();
  const R16Form &form = *shape->form;
  for (int64_t first = 0; first < rows; first += kR16Rows) {
    std::byte *group = packed.data() + first / kR16Rows * shape->stride;
    int64_t present = std::min(kR16Rows, rows - first);
    if (present < kR16Rows)
      std::memset(group, 0, shape->groupBytes);
    const std::byte *source = rowMajor.data() + first * shape->rowBytes;
    for (int64_t block = 0; block < shape->blocks; ++block)
      for (int64_t n = 0; n < present; ++n) {
        const std::byte *from =
            source + n * shape->rowBytes + block * form.blockBytes;
        if (!isFinite(form, from))
          return Error("", "packing of '" + std::string(infoOf(encoding).name) +
                               "': expects finite " +
                               (form.floats.empty() ? "scales" : "numbers") +
                               ", but got infinity or NaN in row " +
                               std::to_string(first + n) + ", block " +
                               std::to_string(block));
        std::byte *to = group + block * form.blockBytes * kR16Rows;
        packBlock(form, from, to, n);
      }
  }
  return success();
}

Status unpackR16(Encoding encoding, int64_t rows, int64_t columns,
                 std::span<const std::byte> packed,
                 std::span<std::byte> rowMajor, uint64_t groupStride) {
  Result<Shape> shape = shapeOf(encoding, rows, columns, rowMajor.size(),
                                packed.size(), groupStride);
  if (!shape)
    return shape.takeErrors();
  const R16Form &form = *shape->form;
  std::ranges::fill(rowMajor, std::byte(0));
  for (int64_t row = 0; row < rows; ++row) {
    const std::byte *group = packed.data() + row / kR16Rows * shape->stride;
    std::byte *target = rowMajor.data() + row * shape->rowBytes;
    for (int64_t block = 0; block < shape->blocks; ++block)
      unpackBlock(form, group + block * form.blockBytes * kR16Rows,
                  target + block * form.blockBytes, row % kR16Rows);
  }
  return success();
}

} // namespace tombolo
