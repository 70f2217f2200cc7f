//===- StorageFuzzer.cpp - Bytes as a quantized checkpoint ----------------===//

#include "frontends/safetensors/Safetensors.h"
#include "frontends/storage/Storage.h"
#include "support/Json.h"
#include "support/Text.h"
#include <cstdlib>

using namespace tombolo;

static void require(bool holds) {
  if (!holds)
    std::abort();
}

/// Errors are text; blocks that were put together are those of the encoding.
static void check(const WeightSource &weights) {
  for (const TensorInfo &tensor : weights.tensors()) {
    uint64_t elements = uint64_t(tensor.elements());
    require(encodedBytes(tensor.encoding, elements) == tensor.bytes);
    if (elements > 1 << 16)
      continue;
    auto read = weights.read(tensor);
    if (!read) {
      require(isUtf8(read.error().str()));
      continue;
    }
    std::vector<float> values(elements);
    require(decode(tensor.encoding, read->bytes, values).ok() ||
            tensor.encoding == Encoding::C64);
  }
}

/// A line of config.json, in which another file may stand under its name, then
/// the bytes of a safetensors file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view all(reinterpret_cast<const char *>(data), size);
  size_t line = all.find('\n');
  if (line == all.npos)
    return 0;
  Result<nlohmann::ordered_json> config = parseJson(all.substr(0, line), "c");
  if (!config)
    return 0;
  nlohmann::ordered_json modelOpt;
  if (config->is_object() && config->contains("hf_quant_config.json"))
    modelOpt = (*config)["hf_quant_config.json"];
  auto file = MappedFile::fromBytes(
      "f", std::as_bytes(std::span(data, size)).subspan(line + 1));
  for (bool headerOnlyOk : {false, true}) {
    WeightSource weights;
    if (!readSafetensorsFile(file, weights, headerOnlyOk))
      continue;
    std::vector<LeftAsideTensor> leftAside;
    Status joined =
        joinStorage({*config, "c", modelOpt, "h"}, weights, leftAside);
    if (joined)
      check(weights);
    else
      for (const Error &error : joined.errors())
        require(isUtf8(error.str()));
  }
  return 0;
}
