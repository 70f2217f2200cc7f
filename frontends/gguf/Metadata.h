//===- Metadata.h - GGUF's keys and values ----------------------*- C++ -*-===//

#ifndef FRONTENDS_GGUF_METADATA_H
#define FRONTENDS_GGUF_METADATA_H

#include "frontends/gguf/ByteReader.h"
#include <nlohmann/json.hpp>

namespace tombolo::gguf {

/// Array elements in all of a file's metadata. Vocabularies have up to a
/// million; as JSON an element takes sixteen bytes and more.
inline constexpr uint64_t maxArrayElements = uint64_t(1) << 24;

/// Reads `count` keys with their values; what is wrong is left in `reader`.
nlohmann::ordered_json readMetadata(ByteReader &reader, uint64_t count);

/// Type numbers of values.
enum ValueType : uint32_t {
  UINT8,
  INT8,
  UINT16,
  INT16,
  UINT32,
  INT32,
  FLOAT32,
  BOOL,
  STRING,
  ARRAY,
  UINT64,
  INT64,
  FLOAT64,
};

} // namespace tombolo::gguf

#endif // FRONTENDS_GGUF_METADATA_H
