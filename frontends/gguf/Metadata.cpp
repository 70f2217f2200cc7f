//===- Metadata.cpp - GGUF's keys and values ------------------------------===//

#include "frontends/gguf/Metadata.h"
#include "support/Json.h"
#include <unordered_set>

namespace tombolo::gguf {
namespace {

using Json = nlohmann::ordered_json;

/// Bytes that a value takes at least; 0 for what is no type of a value.
uint64_t leastBytes(uint32_t type) {
  switch (type) {
  case UINT8:
  case INT8:
  case BOOL:
    return 1;
  case UINT16:
  case INT16:
    return 2;
  case UINT32:
  case INT32:
  case FLOAT32:
    return 4;
  case UINT64:
  case INT64:
  case FLOAT64:
  case STRING:
    return 8;
  default:
    return 0;
  }
}

class MetadataReader {
public:
  explicit MetadataReader(ByteReader &reader) : reader(reader) {}

  Json read(uint64_t count) {
    Json object = Json::object();
    std::unordered_set<std::string_view> keys;
    for (uint64_t i = 0; i < count && reader.ok(); ++i) {
      reader.reading([i] { return "metadata key " + std::to_string(i); });
      std::string_view key = reader.string("the key");
      if (reader.ok() && key.empty())
        reader.fail("expects a key that is not empty");
      if (reader.ok() && !keys.insert(key).second)
        reader.fail("key " + quote(key) + " is given twice");
      reader.reading([key] { return "metadata key " + quote(key); });
      uint32_t type = reader.number<uint32_t>("the type");
      if (!reader.ok())
        break;
      Json value = type == ARRAY ? array() : scalar(type);
      if (reader.ok())
        addMember(object, std::string(key), std::move(value));
    }
    return object;
  }

private:
  Json scalar(uint32_t type) {
    const char *field = "the value";
    switch (type) {
    case UINT8:
      return uint64_t(reader.number<uint8_t>(field));
    case INT8:
      return int64_t(reader.number<int8_t>(field));
    case UINT16:
      return uint64_t(reader.number<uint16_t>(field));
    case INT16:
      return int64_t(reader.number<int16_t>(field));
    case UINT32:
      return uint64_t(reader.number<uint32_t>(field));
    case INT32:
      return int64_t(reader.number<int32_t>(field));
    case UINT64:
      return reader.number<uint64_t>(field);
    case INT64:
      return reader.number<int64_t>(field);
    case FLOAT32:
      return double(reader.number<float>(field));
    case FLOAT64:
      return reader.number<double>(field);
    case STRING:
      return reader.string(field);
    case BOOL: {
      uint8_t value = reader.number<uint8_t>(field);
      if (value > 1)
        reader.fail("expects a boolean of 0 or 1, but got " +
                    std::to_string(value));
      return value == 1;
    }
    default:
      reader.fail("expects a value's type (0 to 12), but got " +
                  std::to_string(type));
      return nullptr;
    }
  }

  Json array() {
    uint32_t type = reader.number<uint32_t>("the elements' type");
    uint64_t count = reader.number<uint64_t>("the number of elements");
    if (!reader.ok())
      return nullptr;
    if (type == ARRAY) {
      reader.fail("expects an array of plain values, but got one of arrays");
      return nullptr;
    }
    uint64_t least = leastBytes(type);
    if (least == 0) {
      reader.fail("expects a type of the array's elements (0 to 12), but got " +
                  std::to_string(type));
      return nullptr;
    }
    // Before anything is reserved: the file must have room for them.
    if (count > reader.left() / least) {
      reader.fail("expects " + std::to_string(count) +
                  " array elements of at least " + std::to_string(least) +
                  " bytes at byte " + std::to_string(reader.offset()) +
                  ", but the file has " + std::to_string(reader.left()) +
                  " bytes left");
      return nullptr;
    }
    if (count > maxArrayElements - elements) {
      reader.fail("expects at most " + std::to_string(maxArrayElements) +
                  " array elements in a file, but this array of " +
                  std::to_string(count) + " passes that");
      return nullptr;
    }
    elements += count;
    Json values = Json::array();
    auto &list = values.get_ref<Json::array_t &>();
    list.reserve(count);
    for (uint64_t i = 0; i < count && reader.ok(); ++i)
      list.push_back(scalar(type));
    return values;
  }

  ByteReader &reader;
  uint64_t elements = 0;
};

} // namespace

Json readMetadata(ByteReader &reader, uint64_t count) {
  return MetadataReader(reader).read(count);
}

} // namespace tombolo::gguf
