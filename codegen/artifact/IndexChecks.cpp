#include "codegen/artifact/IndexChecks.h"
#include "codegen/artifact/Format.h"
#include <algorithm>
#include <cmath>
#include <set>

using namespace tombolo;
using namespace tombolo::artifact;

Status Place::inRange(std::string_view field, int64_t value, int64_t least,
                      int64_t most) const {
  if (value >= least && value <= most)
    return success();
  return error("expects '" + std::string(field) + "' between " +
               std::to_string(least) + " and " + std::to_string(most) +
               ", but got " + std::to_string(value));
}

Status Place::alignedData(std::string_view field, const void *data) const {
  if (reinterpret_cast<uintptr_t>(data) % 8 == 0)
    return success();
  return error("expects '" + std::string(field) +
               "' at a multiple of 8 bytes in the index");
}

static Status checkModel(const Index &index, const Place &place) {
  const Model *model = index.model();
  if (!model)
    return place.error("expects a 'model'");
  TOMBOLO_CHECK(place.inRange("vocab_size", model->vocab_size(), 1, INT32_MAX));
  TOMBOLO_CHECK(place.inRange("hidden_size", model->hidden_size(), 1, 1 << 24));
  TOMBOLO_CHECK(place.inRange("layers", model->layers(), 0, 1 << 20));
  TOMBOLO_CHECK(place.inRange("context", model->context(), 1, INT32_MAX));
  const Text *text = index.text();
  if (!text)
    return success();
  int64_t last = model->vocab_size() - 1;
  TOMBOLO_CHECK(place.inRange("bos_token", text->bos_token(), -1, last));
  if (text->end_tokens())
    for (int32_t token : *text->end_tokens())
      TOMBOLO_CHECK(place.inRange("end_tokens", token, 0, last));
  return success();
}

/// Segments follow each other at page boundaries up to the index, so that no
/// byte of the file lies outside of them but padding.
static Status checkSegments(const Index &index, uint64_t indexOffset,
                            const Place &place) {
  uint64_t end = kPageBytes;
  std::set<std::string_view> names;
  size_t count = index.segments() ? index.segments()->size() : 0;
  for (size_t i = 0; i != count; ++i) {
    const Segment &segment = *index.segments()->Get(i);
    if (!segment.name())
      return place.in("segment", i).error("expects a name");
    Place here = place.in("segment '" + segment.name()->str() + "'");
    if (!names.insert(segment.name()->string_view()).second)
      return here.error("stands twice");
    if (uint64_t(segment.offset()) != end)
      return here.error("expects offset " + std::to_string(end) + ", but got " +
                        std::to_string(segment.offset()));
    // What is left before the index, so that no sum of sizes can wrap around.
    uint64_t left = indexOffset - std::min(indexOffset, end);
    TOMBOLO_CHECK(here.inRange("bytes", segment.bytes(), 0,
                               std::min<uint64_t>(left, kMaxBytes)));
    uint64_t bytes = segment.bytes();
    end = alignUp(end + bytes, kPageBytes);
    TOMBOLO_CHECK(here.aligned("chunk_hashes", segment.chunk_hashes()));
    uint64_t hashes =
        segment.chunk_hashes() ? segment.chunk_hashes()->size() : 0;
    if (segment.chunk_bytes() == 0) {
      if (hashes != 0)
        return here.error("has chunk hashes but no 'chunk_bytes'");
      continue;
    }
    TOMBOLO_CHECK(
        here.inRange("chunk_bytes", segment.chunk_bytes(), 4096, 1 << 30));
    uint64_t chunk = segment.chunk_bytes();
    uint64_t expected = bytes / chunk + (bytes % chunk != 0);
    if (hashes != expected)
      return here.error("expects " + std::to_string(expected) +
                        " chunk hashes, but got " + std::to_string(hashes));
  }
  if (end != indexOffset)
    return place.error("expects segments up to the index at offset " +
                       std::to_string(indexOffset) + ", but they end at " +
                       std::to_string(end));
  return success();
}

static Status checkTensors(const Index &index, const Place &place) {
  size_t count = index.tensors() ? index.tensors()->size() : 0;
  if (count == 0)
    return success();
  const Segment *weights = nullptr;
  if (index.segments())
    for (const Segment *segment : *index.segments())
      if (segment->name()->string_view() == "weights")
        weights = segment;
  if (!weights)
    return place.error("has tensors but no segment 'weights'");
  int64_t free = weights->offset();
  int64_t end = weights->offset() + weights->bytes();
  for (size_t i = 0; i != count; ++i) {
    const Tensor &tensor = *index.tensors()->Get(i);
    Place here = tensor.name()
                     ? place.in("tensor '" + tensor.name()->str() + "'")
                     : place.in("tensor", i);
    TOMBOLO_CHECK(here.inRange("offset", tensor.offset(), free, end));
    TOMBOLO_CHECK(
        here.inRange("bytes", tensor.bytes(), 0, end - tensor.offset()));
    if (uint64_t alignment = tensorAlignment(tensor.bytes());
        tensor.offset() % alignment != 0)
      return here.error("expects an offset that is a multiple of " +
                        std::to_string(alignment) + ", but got " +
                        std::to_string(tensor.offset()));
    free = tensor.offset() + tensor.bytes();
    TOMBOLO_CHECK(here.aligned("shape", tensor.shape()));
    if (tensor.shape())
      for (int64_t size : *tensor.shape())
        TOMBOLO_CHECK(here.inRange("shape", size, 0, kMaxBytes));
  }
  return success();
}

static bool allFinite(const flatbuffers::Vector<double> &values) {
  for (double value : values)
    if (!std::isfinite(value))
      return false;
  return true;
}

static Status checkStates(const Index &index, const Place &place) {
  size_t groups = index.state_groups() ? index.state_groups()->size() : 0;
  TOMBOLO_CHECK(place.inRange("state_groups", groups, 0, 4096));
  for (size_t i = 0; i != groups; ++i) {
    const StateGroup &group = *index.state_groups()->Get(i);
    Place here = place.in("state group", i);
    TOMBOLO_CHECK(here.inRange("page_rows", group.page_rows(), 128, 128));
    TOMBOLO_CHECK(here.inRange("window", group.window(), -1, INT32_MAX));
    if (group.window() == 0)
      return here.error("expects a 'window' of at least 1, or -1 for none");
    TOMBOLO_CHECK(here.inRange("clock", group.clock(), 1, INT32_MAX));
    if (group.clock() != 1 && group.window() != -1)
      return here.error("expects no 'window' of rows of a clock");
    TOMBOLO_CHECK(
        here.inRange("slot_bytes", group.slot_bytes(), 1, int64_t(1) << 36));
    TOMBOLO_CHECK(here.inRange("bytes_per_token", group.bytes_per_token(), 0,
                               int64_t(1) << 36));
  }
  TOMBOLO_CHECK(place.inRange("fixed_state_bytes", index.fixed_state_bytes(), 0,
                              int64_t(1) << 40));
  size_t tables = index.rope_tables() ? index.rope_tables()->size() : 0;
  TOMBOLO_CHECK(place.inRange("rope_tables", tables, 0, 4096));
  for (size_t i = 0; i != tables; ++i) {
    const RopeTable &table = *index.rope_tables()->Get(i);
    Place here = place.in("rope table", i);
    if (!table.freqs())
      return here.error("expects 'freqs'");
    TOMBOLO_CHECK(here.aligned("freqs", table.freqs()));
    TOMBOLO_CHECK(here.aligned("long_freqs", table.long_freqs()));
    TOMBOLO_CHECK(
        here.inRange("size of 'freqs'", table.freqs()->size(), 1, 1 << 16));
    if (!allFinite(*table.freqs()) || !std::isfinite(table.scale()))
      return here.error("expects finite numbers");
    TOMBOLO_CHECK(here.inRange("long_from", table.long_from(), 0, INT64_MAX));
    TOMBOLO_CHECK(here.inRange("clock", table.clock(), 1, INT32_MAX));
    size_t longs = table.long_freqs() ? table.long_freqs()->size() : 0;
    if (longs == 0)
      continue;
    if (longs != table.freqs()->size())
      return here.error("expects as many 'long_freqs' as 'freqs' (" +
                        std::to_string(table.freqs()->size()) + "), but got " +
                        std::to_string(longs));
    if (!allFinite(*table.long_freqs()))
      return here.error("expects finite numbers");
  }
  return success();
}

Status artifact::checkIndex(const Index &index, uint64_t indexOffset,
                            const std::string &where) {
  Place place{where, "index: "};
  TOMBOLO_CHECK(checkModel(index, place));
  TOMBOLO_CHECK(checkSegments(index, indexOffset, place));
  TOMBOLO_CHECK(checkTensors(index, place));
  TOMBOLO_CHECK(checkStates(index, place));
  size_t targets = index.targets() ? index.targets()->size() : 0;
  TOMBOLO_CHECK(place.inRange("targets", targets, 0, 256));
  for (size_t i = 0; i != targets; ++i) {
    const Target &target = *index.targets()->Get(i);
    if (!target.name())
      return place.in("target", i).error("expects a name");
    TOMBOLO_CHECK(checkTarget(
        index, target, place.in("target '" + target.name()->str() + "'")));
  }
  return success();
}

Result<const Index *> artifact::readIndex(std::span<const std::byte> bytes,
                                          uint64_t indexOffset,
                                          const std::string &where) {
  if (bytes.size() < 16 || bytes.size() > kMaxIndexBytes)
    return Error(where,
                 "expects an index of 16 to " + std::to_string(kMaxIndexBytes) +
                     " bytes, but it has " + std::to_string(bytes.size()));
  auto *data = reinterpret_cast<const uint8_t *>(bytes.data());
  flatbuffers::Verifier::Options options;
  options.max_depth = 16;
  options.max_tables = 4'000'000;
  flatbuffers::Verifier verifier(data, bytes.size(), options);
  if (!VerifyIndexBuffer(verifier))
    return Error(where, "the index is not a FlatBuffers table of kind 'TBO1'");
  const Index *index = GetIndex(data);
  TOMBOLO_CHECK(checkIndex(*index, indexOffset, where));
  return index;
}
