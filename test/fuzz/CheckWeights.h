//===- CheckWeights.h - What an accepted file promises ----------*- C++ -*-===//

#ifndef TEST_FUZZ_CHECKWEIGHTS_H
#define TEST_FUZZ_CHECKWEIGHTS_H

#include "support/Text.h"
#include "support/WeightSource.h"
#include <cstdlib>

namespace tombolo {

/// Stops the fuzzer where an index breaks its promises: names that are UTF-8
/// and found, sizes that fit the encoding, bytes in the file (unless it may end
/// after its header) that decode.
inline void checkWeights(const WeightSource &weights, bool headerOnlyOk) {
  auto require = [](bool holds) {
    if (!holds)
      std::abort();
  };
  for (const TensorInfo &tensor : weights.tensors()) {
    require(isUtf8(tensor.name));
    require(weights.find(tensor.name) == &tensor);
    uint64_t elements = uint64_t(tensor.elements());
    require(encodedBytes(tensor.encoding, elements) == tensor.bytes);
    auto read = weights.read(tensor);
    require(headerOnlyOk || read.ok());
    if (!read || elements > 1 << 16)
      continue;
    std::vector<float> values(elements);
    require(decode(tensor.encoding, read->bytes, values).ok() ||
            tensor.encoding == Encoding::C64);
  }
}

} // namespace tombolo

#endif // TEST_FUZZ_CHECKWEIGHTS_H
