//===- GgufFuzzer.cpp - Bytes as a GGUF file ------------------------------===//

#include "frontends/gguf/Gguf.h"
#include "test/fuzz/CheckWeights.h"

using namespace tombolo;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto file = MappedFile::fromBytes("f", std::as_bytes(std::span(data, size)));
  for (bool headerOnlyOk : {false, true}) {
    WeightSource weights;
    nlohmann::ordered_json metadata;
    if (!readGgufFile(file, weights, metadata, headerOnlyOk))
      continue;
    checkWeights(weights, headerOnlyOk);
    // Throws where a string is not UTF-8, which the reader must have refused.
    metadata.dump();
  }
  return 0;
}
