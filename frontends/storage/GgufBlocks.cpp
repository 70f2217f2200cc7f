//===- GgufBlocks.cpp - What stands beside blocks of GGUF -----------------===//

#include "frontends/storage/Joiner.h"
#include "support/Text.h"
#include "support/decode/Grouped.h"
#include <limits>
#include <numeric>

namespace tombolo::storage {
namespace {

/// Elements of a block, and of one of its groups.
constexpr int64_t inBlock = 64, inGroup = 16;
constexpr int64_t groupsOfBlock = inBlock / inGroup;
constexpr int64_t blockBytes = groupsOfBlock + inBlock / 2;

/// The scale of a group as a number of 8 bits with a sign. The pattern that is
/// no number counts as zero in GGUF, whose scales have no sign.
std::byte signedScale(std::byte scale) {
  scale &= std::byte(0x7f);
  return scale == std::byte(0x7f) ? std::byte() : scale;
}

/// Byte j of a group has elements j and j + 8; wanted are 2j and 2j + 1.
void putNeighbours(const std::byte *group, std::byte *out) {
  auto codeOf = [&](int64_t element) {
    return group[element % 8] >> (element < 8 ? 0 : 4) & std::byte(15);
  };
  for (int64_t j = 0; j < inGroup / 2; ++j)
    out[j] = codeOf(2 * j) | codeOf(2 * j + 1) << 4;
}

} // namespace

bool readNvfp4Blocks(Joiner &joiner, const TensorInfo &tensor) {
  std::optional<std::string> stem = without(tensor.name, ".weight");
  if (tensor.encoding != Encoding::NVFP4 || !stem ||
      !joiner.stored.find(*stem + ".scale"))
    return false; // a factor of 1 is not stored
  const TensorInfo *factor =
      joiner.companion(tensor, *stem + ".scale", {Encoding::F32});
  if (!factor)
    return true;
  const Shape &shape = tensor.shape;
  int64_t rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
  int64_t matrices = rows == 0 ? 0 : rowsOf(shape) / rows;
  bool one = factor->elements() == 1;
  if (factor->shape.size() > 1 || (!one && factor->elements() != matrices)) {
    joiner.fail(*factor, "expects one number, or one for each of " +
                             std::to_string(matrices) + " matrices of " +
                             quote(tensor.name) + ", but got shape " +
                             shapeText(factor->shape));
    return true;
  }
  Encoding::Groups form;
  form.code = Encoding::Code::F4E2M1;
  form.scale = Encoding::F8E4M3;
  form.group = inGroup;
  form.span = groupSize(std::gcd<int64_t>(256, shape.back()));
  joiner.join(
      tensor, tensor.name, shape, *Encoding::grouped(form), {&tensor, factor},
      [form, shape, one, where = factor->name](
          std::span<const Bytes> parts, std::span<std::byte> blocks) -> Status {
        decoders::GroupedLayout layout(form);
        const std::byte *stored = parts[0].data();
        std::byte *block = blocks.data();
        bool positive = true;
        forEachRow(shape, [&](int64_t matrix, int64_t) {
          float factor;
          std::memcpy(&factor, parts[1].data() + (one ? 0 : 4 * matrix), 4);
          positive &=
              factor > 0 && factor < std::numeric_limits<float>::infinity();
          for (int64_t at = 0; at < shape.back(); at += form.span) {
            std::memcpy(block, &factor, sizeof(float));
            std::byte *scales = block + layout.scales;
            std::byte *codes = block + layout.codes;
            for (int64_t i = 0; i < form.span / inBlock; ++i) {
              for (int64_t group = 0; group < groupsOfBlock; ++group) {
                *scales++ = signedScale(stored[group]);
                putNeighbours(stored + groupsOfBlock + 8 * group, codes);
                codes += inGroup / 2;
              }
              stored += blockBytes;
            }
            block += layout.bytes();
          }
        });
        if (!positive)
          return Error("", "tensor " + quote(where) +
                               ": expects positive, finite numbers");
        return success();
      });
  return true;
}

} // namespace tombolo::storage
