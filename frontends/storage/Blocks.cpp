//===- Blocks.cpp - Codes and scales into blocks --------------------------===//

#include "frontends/storage/Blocks.h"
#include "support/Text.h"
#include "support/decode/Grouped.h"
#include <cstring>

namespace tombolo::storage {

void joinRows(Joiner &joiner, const TensorInfo &head, std::string name,
              Shape shape, Encoding::Groups groups, Scales scales,
              std::vector<const TensorInfo *> parts, uint8_t flip) {
  std::optional<Encoding> encoding = Encoding::grouped(groups);
  if (!encoding)
    return joiner.fail(head, "expects rows whose groups fill whole bytes, but "
                             "got " +
                                 shapeText(shape) + " with " +
                                 std::to_string(groups.group) +
                                 " elements in a group");
  auto join = [shape, groups, scales, flip](std::span<const Bytes> parts,
                                            std::span<std::byte> blocks) {
    decoders::GroupedLayout layout(groups);
    const std::byte *codes = parts[0].data();
    std::byte *block = blocks.data();
    int64_t perRow = shape.back() / groups.group;
    forEachRow(shape, [&](int64_t matrix, int64_t row) {
      int64_t scaleRow =
          (matrix * scales.rows + row / scales.block[0]) * scales.columns;
      for (int64_t group = 0; group < perRow; ++group) {
        int64_t at =
            scaleRow +
            (scales.columns == 1 ? 0 : group * groups.group / scales.block[1]);
        std::memcpy(block + layout.scales, parts[1].data() + at * layout.scale,
                    layout.scale);
        if (groups.zeros)
          block[layout.zeros] = parts[2][at] ^ std::byte(flip);
        for (size_t i = 0; i < layout.groupBytes; ++i)
          block[layout.codes + i] = codes[i] ^ std::byte(flip);
        codes += layout.groupBytes;
        block += layout.bytes();
      }
    });
    return success();
  };
  joiner.join(head, std::move(name), std::move(shape), *encoding, parts,
              std::move(join));
}

void joinMxfp4(Joiner &joiner, const TensorInfo &codes, std::string name,
               const TensorInfo &scale) {
  // Bytes of a row, whatever axes they are split into.
  Shape shape = codes.shape;
  int64_t bytes = shape.back();
  bool split = scale.shape.size() + 1 == shape.size();
  if (split) {
    shape.pop_back();
    bytes *= shape.back();
  }
  Shape expected(shape);
  expected.back() = bytes / 16;
  if (bytes % 16 != 0 || scale.shape != expected)
    return joiner.fail(scale, "expects shape " + shapeText(expected) + " for " +
                                  quote(codes.name) + " of " +
                                  shapeText(codes.shape) + ", but got " +
                                  shapeText(scale.shape));
  shape.back() = bytes * 2;
  // The blocks of GGUF: bits of a code as they are, elements j and j + 16 in
  // byte j.
  auto join = [](std::span<const Bytes> parts, std::span<std::byte> blocks) {
    const std::byte *codes = parts[0].data();
    std::byte *block = blocks.data();
    for (std::byte scale : parts[1]) {
      *block++ = scale;
      auto codeOf = [&](int element) {
        return codes[element / 2] >> 4 * (element % 2) & std::byte(15);
      };
      for (int j = 0; j < 16; ++j)
        *block++ = codeOf(j) | codeOf(j + 16) << 4;
      codes += 16;
    }
    return success();
  };
  joiner.join(codes, std::move(name), std::move(shape), Encoding::MXFP4,
              {&codes, &scale}, std::move(join));
}

} // namespace tombolo::storage
