//===- ConfigFuzzer.cpp - Text as a checkpoint's JSON files ---------------===//

#include "frontends/checkpoint/Checkpoint.h"
#include "support/Json.h"
#include "support/Text.h"
#include <cstdlib>

using namespace tombolo;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  Result<nlohmann::ordered_json> value = parseJson(text, "f");
  if (!value) {
    if (!isUtf8(value.error().str()))
      std::abort();
    return 0;
  }
  // What was accepted is written and read again without a difference.
  Result<nlohmann::ordered_json> again = parseJson(value->dump(), "g");
  if (!again || *again != *value)
    std::abort();
  Checkpoint checkpoint{};
  checkpoint.config = *value;
  for (const std::string &name : checkpoint.architectures())
    if (!isUtf8(name))
      std::abort();
  (void)chatTemplateOf(*value, "f");
  return 0;
}
