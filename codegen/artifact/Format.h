//===- Format.h - The bytes of a .tbo file around its index -----*- C++ -*-===//
//
// The header page, the hashes and the rules of the file's layout, shared by the
// writer and the runtime's loader. Artifact.fbs describes the index itself.
//
//===----------------------------------------------------------------------===//

#ifndef CODEGEN_ARTIFACT_FORMAT_H
#define CODEGEN_ARTIFACT_FORMAT_H

#include "support/Result.h"
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tombolo::artifact {

/// The schema version this program writes, and the newest it reads.
inline constexpr uint32_t kSchemaVersion = 3;
/// The header page; segments and the index start at multiples of it.
inline constexpr uint64_t kPageBytes = 4096;
/// Bytes that one hash covers in a segment with chunk hashes.
inline constexpr uint64_t kChunkBytes = 1 << 20;
/// Tensors below kPageBytes are aligned to this, larger ones to a page.
inline constexpr uint64_t kTensorAlignment = 64;
inline constexpr uint64_t kMaxIndexBytes = 512 << 20;

inline uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}
inline uint64_t tensorAlignment(uint64_t bytes) {
  return bytes >= kPageBytes ? kPageBytes : kTensorAlignment;
}

/// The fields of the header page (byte layout: Artifact.fbs).
struct Header {
  uint32_t version = kSchemaVersion;
  uint64_t indexOffset = 0, indexBytes = 0, indexHash = 0;
  uint64_t fileBytes = 0;
};
inline constexpr size_t kHeaderBytes = 56;

/// A whole header page, zero after its kHeaderBytes.
std::vector<std::byte> encodeHeader(const Header &header);

/// Reads and checks the header page of a file of `fileBytes` bytes, of which
/// `page` are the first (up to kPageBytes): magic, version, hash, sizes, and
/// zeros in the rest of the page.
Result<Header> decodeHeader(std::span<const std::byte> page, uint64_t fileBytes,
                            const std::string &where);

uint64_t hashBytes(std::span<const std::byte> bytes);

/// Hashes a stream in pieces of kChunkBytes.
class ChunkHasher {
public:
  ChunkHasher();
  ~ChunkHasher();
  void update(std::span<const std::byte> bytes);
  /// The hashes of all chunks; the last may be shorter. Ends the stream.
  std::vector<uint64_t> finish();

private:
  struct State;
  std::unique_ptr<State> state;
  uint64_t filled = 0;
  std::vector<uint64_t> hashes;
};

struct Index;

/// Runs the FlatBuffers verifier over `bytes`, which must stay, then checks
/// everything that the index says before anybody uses it: every offset, size,
/// count and enum value, for a file whose index starts at `indexOffset`.
Result<const Index *> readIndex(std::span<const std::byte> bytes,
                                uint64_t indexOffset, const std::string &where);

/// The second half of readIndex.
Status checkIndex(const Index &index, uint64_t indexOffset,
                  const std::string &where);

} // namespace tombolo::artifact

#endif // CODEGEN_ARTIFACT_FORMAT_H
