#include "tools/lib/Engine.h"
#include <algorithm>

namespace tombolo {

Status checkIds(const Engine &engine, std::span<const int32_t> ids,
                const std::string &what) {
  for (size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || ids[i] >= engine.vocabSize())
      return Error("", "'" + what + "' [" + std::to_string(i) +
                           "]: expects a token id below " +
                           std::to_string(engine.vocabSize()) + ", but got " +
                           std::to_string(ids[i]));
  return success();
}

double ModelCosts::decodeBytes(double context) const {
  double bytes = bytesPerDecode;
  for (const States &group : states)
    bytes +=
        group.bytesPerToken *
        (group.window < 0 ? context : std::min(context, double(group.window)));
  return bytes;
}

Status Engine::skip(int64_t) {
  return Error("", "the " + name() + " cannot skip tokens");
}

} // namespace tombolo
