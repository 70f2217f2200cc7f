//===- TokenizerSerialization.cpp - A tokenizer as bytes ------------------===//

#include "runtime/text/TokenizerModel.h"
#include <bit>
// Compiled in, so that the runtime needs no shared library for it.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tombolo::text {

static constexpr std::string_view kMagic = "TBTK";
/// Version 1 has no AddedToken::addedOnly.
static constexpr uint64_t kVersion = 3;

namespace {
class Writer {
public:
  void number(uint64_t value) {
    for (; value >= 128; value >>= 7)
      bytes += static_cast<char>(value | 128);
    bytes += static_cast<char>(value);
  }
  void id(int32_t value) { number(static_cast<uint64_t>(int64_t(value) + 1)); }
  void text(std::string_view value) {
    number(value.size());
    bytes += value;
  }
  void pattern(const Pattern &value) {
    number(value.isRegex);
    text(value.text);
  }
  void ids(const std::vector<int32_t> &values) {
    number(values.size());
    for (int32_t value : values)
      id(value);
  }
  std::string bytes;
};

/// Once something is wrong, `failed` is set and everything read is zero.
class Reader {
public:
  explicit Reader(std::string_view bytes) : bytes(bytes) {}

  uint64_t number() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (position == bytes.size())
        break;
      uint64_t byte = static_cast<uint8_t>(bytes[position++]);
      if (shift == 63 && byte > 1)
        break;
      value |= (byte & 127) << shift;
      if (byte < 128)
        return value;
    }
    failed = true;
    return 0;
  }
  uint64_t numberUpTo(uint64_t limit) {
    uint64_t value = number();
    failed |= value > limit;
    return failed ? 0 : value;
  }
  bool boolean() { return numberUpTo(1); }
  int32_t id() {
    return static_cast<int32_t>(int64_t(numberUpTo(INT32_MAX)) - 1);
  }
  /// Of steps; more than a real file has is damage.
  size_t stepCount() { return numberUpTo(1000); }
  std::string_view raw(size_t size) {
    if (size > bytes.size() - position) {
      failed = true;
      return {};
    }
    std::string_view value = bytes.substr(position, size);
    position += size;
    return value;
  }
  /// Of something that takes at least `itemBytes` bytes each.
  size_t count(size_t itemBytes = 1) {
    return numberUpTo((bytes.size() - position) / itemBytes);
  }
  std::string_view text() { return raw(count()); }
  Pattern pattern() {
    bool isRegex = boolean();
    return {isRegex, std::string(text())};
  }
  std::vector<int32_t> ids() {
    std::vector<int32_t> values(count());
    for (int32_t &value : values)
      value = id();
    return values;
  }
  double real() {
    uint64_t bits = 0;
    if (bytes.size() - position < sizeof bits) {
      failed = true;
      return 0;
    }
    for (unsigned i = 0; i < 8; ++i)
      bits |= uint64_t(uint8_t(bytes[position++])) << (8 * i);
    return std::bit_cast<double>(bits);
  }
  template <typename E> E enumerator(E last) {
    return static_cast<E>(numberUpTo(static_cast<uint64_t>(last)));
  }
  bool atEnd() const { return position == bytes.size(); }

  bool failed = false;

private:
  std::string_view bytes;
  size_t position = 0;
};
} // namespace

static void writeSteps(Writer &out, const TokenizerModel &model) {
  out.number(model.normalizer.size());
  for (const NormalizerStep &step : model.normalizer) {
    out.number(static_cast<uint64_t>(step.kind));
    out.pattern(step.pattern);
    out.text(step.content);
    out.number(step.left | step.right << 1);
  }
  out.number(model.preTokenizer.size());
  for (const PreTokenizerStep &step : model.preTokenizer) {
    out.number(static_cast<uint64_t>(step.kind));
    out.pattern(step.pattern);
    out.number(static_cast<uint64_t>(step.behavior));
    out.number(step.invert | step.split << 1);
    out.text(step.content);
    out.number(static_cast<uint64_t>(step.prepend));
  }
  out.number(model.decoder.size());
  for (const DecoderStep &step : model.decoder) {
    out.number(static_cast<uint64_t>(step.kind));
    out.pattern(step.pattern);
    out.text(step.content);
    out.number(step.dropInFirst);
    out.number(step.start);
    out.number(step.stop);
  }
}

static void readSteps(Reader &in, TokenizerModel &model) {
  model.normalizer.resize(in.stepCount());
  for (NormalizerStep &step : model.normalizer) {
    step.kind = in.enumerator(NormalizerStep::Kind::Precompiled);
    step.pattern = in.pattern();
    step.content = in.text();
    uint64_t flags = in.numberUpTo(3);
    step.left = flags & 1;
    step.right = flags & 2;
  }
  model.preTokenizer.resize(in.stepCount());
  for (PreTokenizerStep &step : model.preTokenizer) {
    step.kind = in.enumerator(PreTokenizerStep::Kind::Metaspace);
    step.pattern = in.pattern();
    step.behavior = in.enumerator(SplitBehavior::Contiguous);
    uint64_t flags = in.numberUpTo(3);
    step.invert = flags & 1;
    step.split = flags & 2;
    step.content = in.text();
    step.prepend = in.enumerator(PreTokenizerStep::Prepend::Never);
  }
  model.decoder.resize(in.stepCount());
  for (DecoderStep &step : model.decoder) {
    step.kind = in.enumerator(DecoderStep::Kind::JoinSpaces);
    step.pattern = in.pattern();
    step.content = in.text();
    step.dropInFirst = in.boolean();
    step.start = static_cast<uint32_t>(in.numberUpTo(UINT32_MAX));
    step.stop = static_cast<uint32_t>(in.numberUpTo(UINT32_MAX));
  }
}

static void readVocabulary(Reader &in, uint64_t version,
                           TokenizerModel &model) {
  model.kind = in.enumerator(ModelKind::Unigram);
  size_t count = in.count();
  if (count > kMaxPieces)
    in.failed = true;
  if (in.failed)
    return;
  model.offsets.reserve(count + 1);
  model.types.reserve(count);
  uint64_t total = 0;
  for (size_t i = 0; i < count && !in.failed; ++i) {
    uint64_t value = in.numberUpTo(kMaxBlobBytes * 8 + 7);
    total += value / 8;
    uint64_t type = value % 8;
    if (total > kMaxBlobBytes || type < 1 || type > 6) {
      in.failed = true;
      return;
    }
    model.offsets.push_back(static_cast<uint32_t>(total));
    model.types.push_back(static_cast<PieceType>(type));
  }
  model.blob = in.raw(total);
  if (model.kind != ModelKind::Bpe)
    for (size_t i = 0; i < count && !in.failed; ++i)
      model.scores.push_back(in.real());
  model.merges.resize(in.count(2));
  for (auto &[left, right] : model.merges) {
    left = in.id();
    right = in.id();
  }
  model.addedTokens.resize(in.count(3));
  for (AddedToken &token : model.addedTokens) {
    token.id = in.id();
    token.content = in.text();
    uint64_t flags = in.numberUpTo(version == 1 ? 31 : 63);
    token.lstrip = flags & 1;
    token.rstrip = flags & 2;
    token.singleWord = flags & 4;
    token.normalized = flags & 8;
    token.special = flags & 16;
    token.addedOnly = flags & 32;
  }
}

std::string serialize(const TokenizerModel &model) {
  Writer out;
  out.bytes = kMagic;
  out.number(kVersion);
  out.number(static_cast<uint64_t>(model.kind));
  out.number(model.types.size());
  for (int32_t id = 0; id < model.size(); ++id)
    out.number(model.piece(id).size() * 8 +
               static_cast<uint64_t>(model.types[id]));
  out.bytes += model.blob;
  for (double score : model.scores) {
    uint64_t bits = std::bit_cast<uint64_t>(score);
    for (unsigned i = 0; i < 8; ++i)
      out.bytes += static_cast<char>(bits >> (8 * i));
  }
  out.number(model.merges.size());
  for (auto [left, right] : model.merges) {
    out.id(left);
    out.id(right);
  }
  out.number(model.addedTokens.size());
  for (const AddedToken &token : model.addedTokens) {
    out.id(token.id);
    out.text(token.content);
    out.number(token.lstrip | token.rstrip << 1 | token.singleWord << 2 |
               token.normalized << 3 | token.special << 4 |
               token.addedOnly << 5);
  }
  writeSteps(out, model);
  out.ids(model.prefixIds);
  out.ids(model.suffixIds);
  out.number(model.byteFallback | model.fuseUnknown << 1 |
             model.ignoreMerges << 2 | model.unknownIsError << 3);
  for (int32_t id : {model.unknownId, model.bosId, model.eosId, model.padId})
    out.id(id);
  out.ids(model.endIds);
  out.number(model.specialTokens.size());
  for (const SpecialToken &token : model.specialTokens) {
    out.text(token.name);
    out.text(token.text);
  }
  uint64_t hash = XXH3_64bits(out.bytes.data(), out.bytes.size());
  for (unsigned i = 0; i < 8; ++i)
    out.bytes += static_cast<char>(hash >> (8 * i));
  return std::move(out.bytes);
}

static uint64_t readHash(std::string_view bytes) {
  uint64_t hash = 0;
  for (unsigned i = 0; i < 8; ++i)
    hash |= uint64_t(uint8_t(bytes[i])) << (8 * i);
  return hash;
}

Result<TokenizerModel> deserialize(std::span<const std::byte> data,
                                   std::string_view where) {
  std::string_view bytes(reinterpret_cast<const char *>(data.data()),
                         data.size());
  auto fail = [&](std::string message) {
    return Error(std::string(where), "tokenizer: " + std::move(message));
  };
  if (bytes.size() < kMagic.size() + 8 || !bytes.starts_with(kMagic))
    return fail("expects the magic '" + std::string(kMagic) + "'");
  std::string_view content = bytes.substr(0, bytes.size() - 8);
  if (readHash(bytes.substr(content.size())) !=
      XXH3_64bits(content.data(), content.size()))
    return fail("the bytes do not match their hash");
  Reader in(content.substr(kMagic.size()));
  uint64_t version = in.number();
  if (version < 1 || version > kVersion)
    return fail("expects format version 1 to " + std::to_string(kVersion) +
                ", but got " + std::to_string(version));
  TokenizerModel model;
  readVocabulary(in, version, model);
  readSteps(in, model);
  model.prefixIds = in.ids();
  model.suffixIds = in.ids();
  uint64_t flags = in.numberUpTo(15);
  model.byteFallback = flags & 1;
  model.fuseUnknown = flags & 2;
  model.ignoreMerges = flags & 4;
  model.unknownIsError = flags & 8;
  for (int32_t *id :
       {&model.unknownId, &model.bosId, &model.eosId, &model.padId})
    *id = in.id();
  model.endIds = in.ids();
  model.specialTokens.resize(in.count(2));
  for (SpecialToken &token : model.specialTokens) {
    token.name = in.text();
    token.text = in.text();
  }
  // Chat templates stood here, which the artifact has elsewhere.
  if (version < 3)
    model.specialTokens.clear();
  if (in.failed || !in.atEnd())
    return fail("the bytes are damaged: a field is out of range");
  if (Status status = validate(model); !status)
    return Error(std::string(where), status.error().message);
  return model;
}

} // namespace tombolo::text
