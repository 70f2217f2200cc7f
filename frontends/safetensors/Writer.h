//===- Writer.h - Writes a safetensors file ---------------------*- C++ -*-===//

#ifndef FRONTENDS_SAFETENSORS_WRITER_H
#define FRONTENDS_SAFETENSORS_WRITER_H

#include "support/Encoding.h"
#include <functional>
#include <string>
#include <vector>

namespace tombolo {

struct WrittenTensor {
  std::string name;
  /// One that the format has a name for.
  Encoding encoding;
  std::vector<int64_t> shape;
};

/// Takes the next bytes of a tensor.
using ByteSink = std::function<Status(std::span<const std::byte>)>;

/// Writes the tensors in this order; `values` gives the bytes of the i-th, all
/// of them, in any pieces. Without `values` the file ends after its header. The
/// file appears under its name when it is complete.
Status writeSafetensors(
    const std::string &path, const std::vector<WrittenTensor> &tensors,
    const std::function<Status(size_t i, const ByteSink &)> &values);

} // namespace tombolo

#endif // FRONTENDS_SAFETENSORS_WRITER_H
