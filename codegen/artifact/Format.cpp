#include "codegen/artifact/Format.h"
#include <algorithm>
#include <cstring>

// Compiled in, so that the runtime needs no shared library for it.
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace tombolo;
using namespace tombolo::artifact;

static constexpr char kMagic[8] = {'T', 'O', 'M', 'B', 'O', 'L', 'O', '\0'};

template <typename T> static void put(std::byte *page, size_t offset, T value) {
  for (size_t i = 0; i != sizeof(T); ++i)
    page[offset + i] = std::byte(value >> (8 * i));
}
template <typename T> static T get(const std::byte *page, size_t offset) {
  T value = 0;
  for (size_t i = 0; i != sizeof(T); ++i)
    value |= T(page[offset + i]) << (8 * i);
  return value;
}

std::vector<std::byte> artifact::encodeHeader(const Header &header) {
  std::vector<std::byte> page(kPageBytes);
  std::memcpy(page.data(), kMagic, sizeof(kMagic));
  put<uint32_t>(page.data(), 8, header.version);
  put<uint32_t>(page.data(), 12, 0);
  put<uint64_t>(page.data(), 16, header.indexOffset);
  put<uint64_t>(page.data(), 24, header.indexBytes);
  put<uint64_t>(page.data(), 32, header.indexHash);
  put<uint64_t>(page.data(), 40, header.fileBytes);
  put<uint64_t>(page.data(), 48, hashBytes({page.data(), 48}));
  return page;
}

Result<Header> artifact::decodeHeader(std::span<const std::byte> page,
                                      uint64_t fileBytes,
                                      const std::string &where) {
  if (page.size() < sizeof(kMagic) ||
      std::memcmp(page.data(), kMagic, sizeof(kMagic)) != 0)
    return Error(where, "expects a Tombolo artifact (.tbo), but the file does "
                        "not start with 'TOMBOLO'");
  if (page.size() < kPageBytes)
    return Error(where, "expects a header page of " +
                            std::to_string(kPageBytes) +
                            " bytes, but the file ends after " +
                            std::to_string(page.size()));
  // The version comes before the hash: a newer format may hash differently.
  Header header;
  header.version = get<uint32_t>(page.data(), 8);
  if (header.version > kSchemaVersion)
    return Error(where, "was written with format version " +
                            std::to_string(header.version) +
                            ", but this runtime reads versions up to " +
                            std::to_string(kSchemaVersion) +
                            "; use a newer runtime");
  if (get<uint64_t>(page.data(), 48) != hashBytes(page.first(48)))
    return Error(where, "the header does not have the hash it names; the file "
                        "was altered or damaged");
  if (header.version == 0)
    return Error(where, "names format version 0, but versions start at 1");
  if (uint32_t flags = get<uint32_t>(page.data(), 12))
    return Error(where, "has header flags " + std::to_string(flags) +
                            ", but format version " +
                            std::to_string(header.version) + " has none");
  if (std::any_of(page.begin() + kHeaderBytes, page.begin() + kPageBytes,
                  [](std::byte byte) { return byte != std::byte(0); }))
    return Error(where, "expects zeros in the header page after byte " +
                            std::to_string(kHeaderBytes));
  header.indexOffset = get<uint64_t>(page.data(), 16);
  header.indexBytes = get<uint64_t>(page.data(), 24);
  header.indexHash = get<uint64_t>(page.data(), 32);
  header.fileBytes = get<uint64_t>(page.data(), 40);
  if (header.fileBytes != fileBytes)
    return Error(where, "expects a file of " +
                            std::to_string(header.fileBytes) +
                            " bytes, but it has " + std::to_string(fileBytes));
  if (header.indexOffset < kPageBytes || header.indexOffset % kPageBytes != 0 ||
      header.indexOffset > fileBytes ||
      header.indexBytes != fileBytes - header.indexOffset)
    return Error(where, "expects the index at the end of the file, but the "
                        "header names " +
                            std::to_string(header.indexBytes) +
                            " bytes at offset " +
                            std::to_string(header.indexOffset));
  if (header.indexBytes > kMaxIndexBytes)
    return Error(
        where, "expects an index of at most " + std::to_string(kMaxIndexBytes) +
                   " bytes, but it has " + std::to_string(header.indexBytes));
  return header;
}

uint64_t artifact::hashBytes(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

struct ChunkHasher::State {
  XXH3_state_t xxh;
};

ChunkHasher::ChunkHasher() : state(std::make_unique<State>()) {
  XXH3_64bits_reset(&state->xxh);
}
ChunkHasher::~ChunkHasher() = default;

void ChunkHasher::update(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    size_t count = std::min<uint64_t>(bytes.size(), kChunkBytes - filled);
    XXH3_64bits_update(&state->xxh, bytes.data(), count);
    bytes = bytes.subspan(count);
    filled += count;
    if (filled == kChunkBytes) {
      hashes.push_back(XXH3_64bits_digest(&state->xxh));
      XXH3_64bits_reset(&state->xxh);
      filled = 0;
    }
  }
}

std::vector<uint64_t> ChunkHasher::finish() {
  if (filled != 0)
    hashes.push_back(XXH3_64bits_digest(&state->xxh));
  return std::move(hashes);
}
