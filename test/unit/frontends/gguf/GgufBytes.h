//===- GgufBytes.h - GGUF files built field by field ------------*- C++ -*-===//

#ifndef TEST_UNIT_FRONTENDS_GGUF_GGUFBYTES_H
#define TEST_UNIT_FRONTENDS_GGUF_GGUFBYTES_H

#include "frontends/gguf/Metadata.h"
#include "test/unit/support/TestFolder.h"

namespace tombolo {

inline std::string ggufString(std::string_view text) {
  return bytesOf(uint64_t(text.size())) + std::string(text);
}

/// A file put together from its fields; what a test wants wrong it sets.
struct GgufBytes {
  uint32_t version = 3;
  uint64_t tensorCount = 0, keyCount = 0;
  uint64_t alignment = 32;
  std::string keys, tensors, data;

  /// A key with a value of any type, as its bytes.
  GgufBytes &key(std::string_view name, uint32_t type, std::string value) {
    keys += ggufString(name) + bytesOf(type) + value;
    ++keyCount;
    return *this;
  }
  GgufBytes &text(std::string_view name, std::string_view value) {
    return key(name, gguf::STRING, ggufString(value));
  }
  GgufBytes &number(std::string_view name, uint32_t value) {
    return key(name, gguf::UINT32, bytesOf(value));
  }

  /// A tensor's description alone.
  GgufBytes &describe(std::string_view name, std::vector<int64_t> sizes,
                      uint32_t type, uint64_t offset) {
    tensors += ggufString(name) + bytesOf(uint32_t(sizes.size()));
    for (int64_t size : sizes)
      tensors += bytesOf(size);
    tensors += bytesOf(type) + bytesOf(offset);
    ++tensorCount;
    return *this;
  }
  /// A tensor with its data.
  GgufBytes &tensor(std::string_view name, std::vector<int64_t> sizes,
                    uint32_t type, std::string_view bytes) {
    describe(name, std::move(sizes), type, data.size());
    data += bytes;
    pad(data);
    return *this;
  }

  std::string header() const {
    return "GGUF" + bytesOf(version) + bytesOf(tensorCount) +
           bytesOf(keyCount) + keys + tensors;
  }
  std::string bytes() const {
    std::string all = header();
    pad(all);
    return all + data;
  }

private:
  void pad(std::string &text) const {
    text.resize((text.size() + alignment - 1) / alignment * alignment);
  }
};

} // namespace tombolo

#endif // TEST_UNIT_FRONTENDS_GGUF_GGUFBYTES_H
