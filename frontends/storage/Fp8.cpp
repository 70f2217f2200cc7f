//===- Fp8.cpp - FP8 with scales, and FP4 with power-of-two scales --------===//

#include "frontends/storage/Blocks.h"
#include "frontends/storage/Joiner.h"
#include "support/Text.h"
#include <algorithm>

namespace tombolo::storage {

/// The names that the scale of `tensor` may have.
static std::vector<std::string> scaleNames(const TensorInfo &tensor) {
  std::vector<std::string> names{tensor.name + "_scale_inv",
                                 tensor.name + "_scale"};
  if (auto stem = without(tensor.name, ".weight"))
    names.push_back(*stem + ".scale");
  return names;
}

static const TensorInfo *findScale(Joiner &joiner, const TensorInfo &tensor,
                                   std::initializer_list<Encoding> encodings) {
  std::vector<std::string> names = scaleNames(tensor);
  for (const std::string &name : names)
    if (joiner.stored.find(name))
      return joiner.companion(tensor, name, encodings);
  std::string all;
  for (const std::string &name : names)
    all += (all.empty() ? "" : " or ") + quote(name);
  joiner.fail(tensor,
              "expects tensor " + all + " beside it, but no file has one");
  return nullptr;
}

bool readFp8(Joiner &joiner, const TensorInfo &tensor) {
  bool isE4M3 = tensor.encoding == Encoding::F8E4M3;
  if (!isE4M3 && tensor.encoding != Encoding::F8E5M2)
    return false;
  // Scales of FP4 and of caches are FP8 themselves.
  if (tensor.name.ends_with("_scale"))
    return false;
  const TensorInfo *scale =
      findScale(joiner, tensor,
                {Encoding::F32, Encoding::BF16, Encoding::F16, Encoding::F8E8M0,
                 Encoding::U8});
  if (!scale)
    return true;
  std::optional<Scales> scales =
      scalesOf(tensor.shape, scale->shape, joiner.method.block);
  if (!scales) {
    std::string blocks =
        joiner.method.block
            ? " or one for each block of " + shapeText(*joiner.method.block)
            : " or one for each of equal blocks";
    joiner.fail(*scale, "expects one number, one for each row" + blocks +
                            " of " + quote(tensor.name) + " of " +
                            shapeText(tensor.shape) + ", but got shape " +
                            shapeText(scale->shape));
    return true;
  }
  Encoding::Groups groups;
  groups.code = isE4M3 ? Encoding::Code::F8E4M3 : Encoding::Code::F8E5M2;
  groups.scale = scale->encoding == Encoding::U8 ? Encoding::F8E8M0
                                                 : scale->encoding.kind();
  groups.group = scales->group(tensor.shape.back());
  joinRows(joiner, tensor, tensor.name, tensor.shape, groups, *scales,
           {&tensor, scale});
  return true;
}

/// DeepSeek-V4 keeps the codes of two elements in an int8.
bool readFp4Experts(Joiner &joiner, const TensorInfo &tensor) {
  if (tensor.encoding != Encoding::I8 || tensor.shape.size() < 2)
    return false;
  if (!joiner.method.fp4Experts) {
    joiner.fail(tensor, "expects 'expert_dtype' to be 'fp4' in the config "
                        "where weights are stored as i8");
    return true;
  }
  const TensorInfo *scale =
      findScale(joiner, tensor, {Encoding::F8E8M0, Encoding::U8});
  if (scale)
    joinMxfp4(joiner, tensor, tensor.name, *scale);
  return true;
}

/// gpt-oss keeps 32 codes in the last axis of `_blocks`.
bool readMxfp4(Joiner &joiner, const TensorInfo &tensor) {
  std::optional<std::string> stem = without(tensor.name, "_blocks");
  if (!stem)
    return false;
  if (tensor.encoding != Encoding::U8 || tensor.shape.size() < 2 ||
      tensor.shape.back() != 16) {
    joiner.fail(tensor, "expects u8 with 16 in the last axis, but got " +
                            infoOf(tensor.encoding).name + " of " +
                            shapeText(tensor.shape));
    return true;
  }
  Shape scales(tensor.shape.begin(), tensor.shape.end() - 1);
  const TensorInfo *scale = joiner.companion(
      tensor, *stem + "_scales", {Encoding::U8, Encoding::F8E8M0}, scales);
  if (scale)
    joinMxfp4(joiner, tensor, tensor.name, *scale);
  return true;
}

} // namespace tombolo::storage
