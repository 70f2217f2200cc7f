//===- SafetensorsFuzzer.cpp - Bytes as a safetensors file ----------------===//

#include "frontends/safetensors/Safetensors.h"
#include "test/fuzz/CheckWeights.h"

using namespace tombolo;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto file = MappedFile::fromBytes("f", std::as_bytes(std::span(data, size)));
  for (bool headerOnlyOk : {false, true}) {
    WeightSource weights;
    if (readSafetensorsFile(file, weights, headerOnlyOk))
      checkWeights(weights, headerOnlyOk);
  }
  return 0;
}
