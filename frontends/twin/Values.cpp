//===- Values.cpp - Values of a twin's tensors ----------------------------===//

#include "frontends/twin/Values.h"
#include "support/Text.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

using namespace tombolo;
using namespace tombolo::twin;

Result<std::vector<StoredPart>> tombolo::twin::storedParts(const Cut &cut) {
  std::vector<StoredPart> parts;
  for (const CutTensor &tensor : cut.tensors) {
    std::vector<const TensorInfo *> sources;
    if (tensor.source->joined)
      for (const TensorInfo &part : tensor.source->joined->parts)
        sources.push_back(&part);
    else
      sources.push_back(tensor.source);
    for (size_t i = 0; i < sources.size(); ++i) {
      StoredPart part{&tensor, sources[i], i, tensor.renamed(sources[i]->name),
                      sources[i]->shape};
      if (tensor.places) {
        if (part.shape.empty() ||
            part.shape.front() != tensor.source->shape.front())
          return Error("",
                       "tensor " + quote(part.source->name) +
                           " cannot be cut: its first axis is not that of " +
                           quote(tensor.source->name));
        part.shape.front() = *tensor.places;
      }
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

bool tombolo::twin::hasValues(const WeightSource &weights,
                              const CutTensor &tensor) {
  if (!tensor.source->joined)
    return weights.read(*tensor.source).ok();
  return std::ranges::all_of(
      tensor.source->joined->parts,
      [&](const TensorInfo &part) { return weights.read(part).ok(); });
}

static uint64_t bytesOf(const StoredPart &part) {
  return encodedBytes(part.source->encoding, elementsOf(part.shape).value_or(0))
      .value_or(0);
}

Status tombolo::twin::copyValues(const WeightSource &weights,
                                 const StoredPart &part, const ByteSink &sink) {
  Result<TensorBytes> read = weights.read(*part.source);
  if (!read)
    return read.takeErrors();
  std::span<const std::byte> bytes = read->bytes.first(bytesOf(part));
  int64_t below = part.tensor->idsBelow;
  size_t width = part.source->encoding == Encoding::I64   ? 8
                 : part.source->encoding == Encoding::I32 ? 4
                                                          : 0;
  if (below == 0 || width == 0)
    return sink(bytes);
  // Ids of experts that the twin does not have become those of others.
  std::vector<std::byte> ids(bytes.begin(), bytes.end());
  for (size_t at = 0; at < ids.size(); at += width) {
    int64_t wide = 0;
    int32_t narrow = 0;
    std::memcpy(width == 8 ? static_cast<void *>(&wide) : &narrow, &ids[at],
                width);
    int64_t id = width == 8 ? wide : narrow;
    wide = narrow = static_cast<int32_t>(id < 0 ? id : id % below);
    std::memcpy(&ids[at],
                width == 8 ? static_cast<const void *>(&wide) : &narrow, width);
  }
  return sink(ids);
}

//===----------------------------------------------------------------------===//
// Random values
//===----------------------------------------------------------------------===//

namespace {

/// A sequence that its seed decides, on any machine.
class Random {
public:
  Random(uint64_t seed, std::string_view name) : state(seed) {
    for (char c : name)
      state = mixed(state ^ static_cast<unsigned char>(c));
  }
  uint64_t bits() {
    state += 0x9e3779b97f4a7c15;
    return mixed(state);
  }
  /// Of deviation 1: four uniform numbers make nearly a normal one.
  float normal() {
    uint64_t b = bits();
    auto sum = static_cast<int64_t>((b & 0xffff) + (b >> 16 & 0xffff) +
                                    (b >> 32 & 0xffff) + (b >> 48)) -
               2 * 0xffff;
    return static_cast<float>(sum) * (1.7320508f / 65536);
  }

private:
  static uint64_t mixed(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
  }
  uint64_t state;
};

/// What makes the next number of a tensor, as bytes.
using Next = std::function<void(Random &, uint64_t index, std::byte *)>;

} // namespace

/// The code of a byte-wide float that is nearest to `value`.
static std::byte codeOf(Encoding encoding, float value) {
  std::array<std::byte, 256> codes;
  std::array<float, 256> values;
  for (size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<std::byte>(i);
  if (!decode(encoding, codes, values))
    return {};
  size_t best = 0;
  float least = INFINITY;
  for (size_t i = 0; i < values.size(); ++i)
    if (float distance = std::abs(values[i] - value); distance < least) {
      least = distance;
      best = i;
    }
  return codes[best];
}

/// `value` in an encoding of one number an element, into its bytes.
static void put(Encoding encoding, float value, std::byte *bytes) {
  switch (encoding.kind()) {
  case Encoding::F64: {
    double wide = value;
    std::memcpy(bytes, &wide, sizeof(wide));
    return;
  }
  case Encoding::F32:
    std::memcpy(bytes, &value, sizeof(value));
    return;
  case Encoding::F16:
  case Encoding::BF16: {
    uint16_t half =
        encoding == Encoding::F16 ? floatToHalf(value) : floatToBfloat(value);
    std::memcpy(bytes, &half, sizeof(half));
    return;
  }
  default:
    *bytes = codeOf(encoding, value);
  }
}

static bool isWide(Encoding encoding) {
  return encoding == Encoding::F64 || encoding == Encoding::F32 ||
         encoding == Encoding::F16 || encoding == Encoding::BF16;
}
static bool isByteFloat(Encoding encoding) {
  return infoOf(encoding).plain && !infoOf(encoding).isInteger &&
         infoOf(encoding).blockBytes == 1 &&
         infoOf(encoding).blockElements == 1;
}

/// Draws from 4096 numbers made before: to find a code takes longer.
static Next drawn(Encoding encoding, float mean, float deviation) {
  constexpr size_t count = 4096;
  size_t width = infoOf(encoding).blockBytes;
  std::vector<std::byte> table(count * width);
  Random random(0, "table");
  for (size_t i = 0; i < count; ++i)
    put(encoding, mean + deviation * random.normal(), &table[i * width]);
  return [table = std::move(table), width](Random &random, uint64_t,
                                           std::byte *bytes) {
    std::memcpy(bytes, &table[random.bits() % count * width], width);
  };
}

/// The root of the mean square of codes drawn from all there are; of floats,
/// what they are made with.
static float spreadOf(Encoding encoding) {
  using Code = Encoding::Code;
  if (encoding.kind() == Encoding::MXFP4)
    return 2.93f;
  switch (encoding.isGrouped() ? encoding.groups().code : Code::I4) {
  case Code::F8E4M3:
  case Code::F8E5M2:
    return 32;
  case Code::F4E2M1:
    return 2.93f;
  case Code::I2:
    return 1.15f;
  case Code::I4:
    return 4.62f;
  case Code::I8:
    return 73.9f;
  }
  return 1;
}

/// What the codes of a joined tensor lie in: the most of its bytes.
static bool isCodes(const StoredPart &part) {
  const auto &parts = part.tensor->source->joined->parts;
  return std::ranges::all_of(parts, [&](const TensorInfo &other) {
    return other.bytes <= part.source->bytes;
  });
}

static Next integers(const StoredPart &part) {
  Encoding encoding = part.source->encoding;
  size_t width = infoOf(encoding).blockBytes;
  const TensorInfo &whole = *part.tensor->source;
  int64_t elements = elementsOf(part.shape).value_or(0);
  auto number = [width](int64_t value, std::byte *bytes) {
    std::memcpy(bytes, &value, width); // the low bytes
  };
  if (!whole.joined) {
    int64_t below = std::max<int64_t>(part.tensor->idsBelow, 1);
    return [=](Random &random, uint64_t, std::byte *bytes) {
      number(static_cast<int64_t>(random.bits() % static_cast<uint64_t>(below)),
             bytes);
    };
  }
  if (!isCodes(part) && elements == static_cast<int64_t>(whole.shape.size()))
    return
        [=, shape = whole.shape](Random &, uint64_t index, std::byte *bytes) {
          number(shape[index], bytes);
        };
  // The group of each column, in order.
  if (!isCodes(part) && part.source->shape.size() == 1 &&
      elements == whole.shape.back()) {
    int64_t groups = 1;
    for (const TensorInfo &other : whole.joined->parts)
      if (!infoOf(other.encoding).isInteger && !other.shape.empty())
        groups = std::max(groups, other.elements() / whole.shape.front());
    return [=](Random &, uint64_t index, std::byte *bytes) {
      number(static_cast<int64_t>(index) * groups / elements, bytes);
    };
  }
  return [=](Random &random, uint64_t, std::byte *bytes) {
    number(static_cast<int64_t>(random.bits()), bytes);
  };
}

static Next nextOf(const StoredPart &part) {
  const TensorInfo &whole = *part.tensor->source;
  Encoding encoding = part.source->encoding;
  const std::vector<int64_t> &shape = whole.shape;
  float deviation = shape.size() < 2
                        ? 0.02f
                        : 1 / std::sqrt(static_cast<float>(
                                  std::max<int64_t>(shape.back(), 1)));
  bool isScale = whole.joined && !isCodes(part);
  bool powers = encoding == Encoding::F8E8M0 ||
                (encoding == Encoding::U8 && isScale &&
                 (whole.encoding.kind() == Encoding::MXFP4 ||
                  (whole.encoding.isGrouped() &&
                   whole.encoding.groups().scale == Encoding::F8E8M0)));
  if (isScale && powers) {
    // Powers of two, of which one is about right.
    int exponent = static_cast<int>(
        std::lround(std::log2(deviation / spreadOf(whole.encoding))) + 127);
    return [exponent](Random &random, uint64_t, std::byte *bytes) {
      int spread = static_cast<int>(random.bits() % 4);
      *bytes = static_cast<std::byte>(
          std::clamp(exponent + (spread == 0) - (spread == 1), 1, 254));
    };
  }
  if (infoOf(encoding).isInteger)
    return integers(part);
  if (isScale && elementsOf(part.shape) == 1 && shape.size() >= 2 &&
      whole.joined->parts.size() > 2)
    // One more factor for all, which may multiply or divide.
    return drawn(encoding, 1, 0);
  if (isScale) {
    float scale = deviation / spreadOf(whole.encoding);
    return drawn(encoding, scale, scale / 8);
  }
  if (whole.joined)
    return drawn(encoding, 0, spreadOf(whole.encoding));
  switch (part.tensor->role) {
  case CutTensor::Role::Norm:
    return drawn(encoding, 1, 0.05f);
  case CutTensor::Role::NormLessOne:
    return drawn(encoding, 0, 0.05f);
  case CutTensor::Role::Other:
    break;
  }
  if (isWide(encoding) && encoding != Encoding::F64)
    return [=](Random &random, uint64_t, std::byte *bytes) {
      put(encoding, deviation * random.normal(), bytes);
    };
  return drawn(encoding, 0, deviation);
}

Status tombolo::twin::randomValues(const StoredPart &part, uint64_t seed,
                                   const ByteSink &sink) {
  EncodingInfo info = infoOf(part.source->encoding);
  uint64_t bytes = bytesOf(part);
  Random random(seed, part.name);
  constexpr uint64_t kPiece = uint64_t(1) << 20;
  std::vector<std::byte> piece;
  // Bits of several numbers in a byte: all codes are numbers.
  bool anyBits = info.blockElements != 1 ||
                 !(isWide(part.source->encoding) || info.isInteger ||
                   isByteFloat(part.source->encoding));
  Next next = anyBits ? Next() : nextOf(part);
  uint64_t width = anyBits ? 1 : info.blockBytes;
  for (uint64_t at = 0; at < bytes; at += piece.size()) {
    piece.resize(std::min(kPiece / width * width, bytes - at));
    for (uint64_t i = 0; i < piece.size(); i += width)
      if (next)
        next(random, (at + i) / width, &piece[i]);
      else
        piece[i] = static_cast<std::byte>(random.bits());
    if (Status written = sink(piece); !written)
      return written;
  }
  return success();
}
