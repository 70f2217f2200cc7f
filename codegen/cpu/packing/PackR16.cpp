#include "codegen/cpu/packing/PackR16.h"
#include <algorithm>
#include <cstring>

namespace tombolo {
namespace {

/// One encoding's block of 16 rows: the 16-bit fields each block starts with,
/// then codes, a dword of each row at a time.
struct Form {
  Encoding encoding;
  int64_t blockElements, blockBytes;
  int headerFields;
  uint8_t flip; ///< xor of each code byte
};
constexpr Form kForms[] = {
    {Encoding::F32, 1, 4, 0, 0},    {Encoding::F16, 1, 2, 0, 0},
    {Encoding::BF16, 1, 2, 0, 0},   {Encoding::Q8_0, 32, 34, 1, 0x80},
    {Encoding::Q4_0, 32, 18, 1, 0}, {Encoding::Q4_1, 32, 20, 2, 0},
};

const Form *formOf(Encoding encoding) {
  auto found =
      std::find_if(std::begin(kForms), std::end(kForms),
                   [&](const Form &f) { return f.encoding == encoding; });
  return found == std::end(kForms) ? nullptr : found;
}

/// Calls `move(rowByte, groupByte, bytes, flip)` for each run of bytes of row
/// `n` in a block.
template <typename Move>
void forEachRun(const Form &form, int64_t n, Move move) {
  if (form.blockElements == 1) {
    move(0, n * form.blockBytes, form.blockBytes, uint8_t(0));
    return;
  }
  int64_t header = 2 * form.headerFields;
  for (int field = 0; field < form.headerFields; ++field)
    move(2 * field, kR16Rows * 2 * field + 2 * n, 2, uint8_t(0));
  for (int64_t byte = header; byte < form.blockBytes; byte += 4)
    move(byte, kR16Rows * byte + 4 * n, 4, form.flip);
}

struct Shape {
  const Form *form;
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
  shape.form = formOf(encoding);
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

bool hasR16(Encoding encoding) { return formOf(encoding) != nullptr; }

std::optional<uint64_t> r16GroupBytes(Encoding encoding, int64_t columns) {
  const Form *form = formOf(encoding);
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
  const Form &form = *shape->form;
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
        std::byte *to = group + block * form.blockBytes * kR16Rows;
        forEachRun(form, n,
                   [&](int64_t row, int64_t at, int64_t bytes, uint8_t flip) {
                     for (int64_t i = 0; i < bytes; ++i)
                       to[at + i] = from[row + i] ^ std::byte(flip);
                   });
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
  const Form &form = *shape->form;
  for (int64_t row = 0; row < rows; ++row) {
    const std::byte *group = packed.data() + row / kR16Rows * shape->stride;
    std::byte *target = rowMajor.data() + row * shape->rowBytes;
    for (int64_t block = 0; block < shape->blocks; ++block)
      forEachRun(
          form, row % kR16Rows,
          [&](int64_t at, int64_t packedAt, int64_t bytes, uint8_t flip) {
            const std::byte *from =
                group + block * form.blockBytes * kR16Rows + packedAt;
            for (int64_t i = 0; i < bytes; ++i)
              target[block * form.blockBytes + at + i] =
                  from[i] ^ std::byte(flip);
          });
  }
  return success();
}

} // namespace tombolo
