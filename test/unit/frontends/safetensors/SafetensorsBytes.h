//===- SafetensorsBytes.h - Safetensors files written as text ---*- C++ -*-===//

#ifndef TEST_UNIT_FRONTENDS_SAFETENSORS_SAFETENSORSBYTES_H
#define TEST_UNIT_FRONTENDS_SAFETENSORS_SAFETENSORSBYTES_H

#include "test/unit/support/TestFolder.h"

namespace tombolo {

/// A file of this header and data.
inline std::string safetensorsBytes(const std::string &header,
                                    const std::string &data = "") {
  return bytesOf(uint64_t(header.size())) + header + data;
}

/// A file of one U8 tensor.
inline std::string oneTensor(const std::string &name,
                             const std::string &data = "abcd") {
  std::string size = std::to_string(data.size());
  return safetensorsBytes("{\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" +
                              size + "],\"data_offsets\":[0," + size + "]}}",
                          data);
}

} // namespace tombolo

#endif // TEST_UNIT_FRONTENDS_SAFETENSORS_SAFETENSORSBYTES_H
