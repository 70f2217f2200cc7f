//===- Header.h - The JSON header of a safetensors file ---------*- C++ -*-===//

#ifndef FRONTENDS_SAFETENSORS_HEADER_H
#define FRONTENDS_SAFETENSORS_HEADER_H

#include "support/Encoding.h"
#include <string>
#include <vector>

namespace tombolo::safetensors {

/// What the header says of a tensor; `begin` and `end` count from the end of
/// the header.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

/// Reads the header's text without building a tree of it: its size is the
/// file's to choose. Checks its form: keys once, the three fields with their
/// types, strings in `__metadata__`. `where` is the file.
Result<std::vector<Entry>> parseHeader(std::string_view text,
                                       const std::string &where);

/// The encoding that the format calls `dtype`.
std::optional<Encoding> encodingOfDtype(std::string_view dtype);
/// What the format calls an encoding; nothing where it has no name for it.
std::optional<std::string_view> dtypeOfEncoding(Encoding encoding);

} // namespace tombolo::safetensors

#endif // FRONTENDS_SAFETENSORS_HEADER_H
