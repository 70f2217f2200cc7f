#include "tools/lib/Inspect.h"
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace tombolo {

int64_t memoryContext(int64_t longest, int64_t asked) {
  constexpr int64_t usual = 4096;
  if (longest <= 0)
    return asked > 0 ? asked : usual;
  return std::min(longest, asked > 0 ? asked : usual);
}

/// Bytes that do not grow, once all windows are full.
int64_t boundedBytes(const std::vector<nn::StateSize> &states) {
  int64_t bytes = 0;
  for (const nn::StateSize &size : states)
    bytes += size.bytesAt(size.window.value_or(0));
  return bytes;
}

double bytesPerToken(const std::vector<nn::StateSize> &states) {
  double bytes = 0;
  for (const nn::StateSize &size : states)
    bytes += size.bytesPerToken();
  return bytes;
}

int64_t stateBytes(const std::vector<nn::StateSize> &states, int64_t tokens) {
  int64_t bytes = 0;
  for (const nn::StateSize &size : states)
    bytes += size.bytesAt(tokens);
  return bytes;
}

std::vector<ChipEstimate> estimateChips(double bytes, double activeBytes) {
  std::vector<ChipEstimate> estimates;
  for (const Chip &chip : chips()) {
    auto count = static_cast<int64_t>(std::ceil(bytes / chip.memoryBytes));
    estimates.push_back({&chip, count,
                         activeBytes > 0
                             ? double(count) * chip.bytesPerSecond / activeBytes
                             : 0});
  }
  return estimates;
}

const char *nameOf(Inspection::Confidence confidence) {
  switch (confidence) {
  case Inspection::Confidence::Described:
    return "described";
  case Inspection::Confidence::Named:
    return "named";
  case Inspection::Confidence::Resembling:
    return "resembling";
  }
  return "";
}

/// What was found out of how far a checkpoint is described.
static void addDescription(nlohmann::ordered_json &json,
                           const Inspection &inspection) {
  json["confidence"] = nameOf(inspection.confidence);
  json["bound_tensors"] = inspection.boundTensors;
  json["unbound_tensors"] = nlohmann::ordered_json::array();
  for (const Inspection::Unbound &unbound : inspection.unbound)
    json["unbound_tensors"].push_back({{"names", unbound.pattern},
                                       {"count", unbound.count},
                                       {"shape", unbound.shape},
                                       {"encoding", unbound.encoding}});
  if (inspection.confidence != Inspection::Confidence::Resembling)
    return;
  json["nearest"] = nlohmann::ordered_json::array();
  for (const Inspection::Resemblance &one : inspection.nearest)
    json["nearest"].push_back({{"family", one.family},
                               {"serves", one.serves},
                               {"keys", one.keys},
                               {"keys_known", one.keysKnown},
                               {"tensors", one.tensors},
                               {"tensors_known", one.tensorsKnown}});
  json["differences"] = inspection.differences;
}

/// What a token reads, and how fast chips can.
static void addWeights(nlohmann::ordered_json &json,
                       const Inspection &inspection) {
  if (!inspection.weights)
    return;
  const nn::WeightSizes &weights = *inspection.weights;
  int64_t states = stateBytes(inspection.states, inspection.memoryContext);
  json["weights"] = {{"parameters", weights.parameters},
                     {"active_parameters", weights.activeParameters}};
  if (inspection.namesOnly)
    return;
  json["weights"]["bytes"] = weights.bytes;
  json["weights"]["active_bytes"] = weights.activeBytes;
  json["memory"] = {{"weight_bytes", weights.bytes},
                    {"state_bytes", states},
                    {"context", inspection.memoryContext}};
  json["chips"] = nlohmann::ordered_json::array();
  for (const ChipEstimate &one : estimateChips(double(weights.bytes + states),
                                               double(weights.activeBytes)))
    json["chips"].push_back(
        {{"name", one.chip->name},
         {"memory_bytes", one.chip->memoryBytes},
         {"read_bytes_per_second", one.chip->bytesPerSecond},
         {"source", one.chip->source},
         {"count", one.count},
         {"decode_tokens_per_second_at_most", one.tokensPerSecond}});
}

nlohmann::ordered_json toJson(const Inspection &inspection) {
  nlohmann::ordered_json json;
  json["kind"] = inspection.kind;
  json["architecture"] = inspection.architecture;
  json["supported"] = inspection.supported;
  json["reason"] = nullptr;
  if (!inspection.reasons.empty()) {
    std::string reason;
    for (const Error &error : inspection.reasons)
      reason += (reason.empty() ? "" : "\n") + error.str();
    json["reason"] = reason;
  }
  json["parameters"] = inspection.parameters;
  json["bytes"] = inspection.bytes;
  json["tensors"] = inspection.tensors;
  json["context"] = inspection.context;
  json["tokenizer"] = inspection.tokenizer;
  json["chat_template"] = inspection.chatTemplate;
  json["encodings"] = nlohmann::ordered_json::object();
  for (const Inspection::Storage &one : inspection.storage)
    json["encodings"][one.encoding] = one.bytes;
  if (inspection.kind != "artifact") {
    json["storage"] = nlohmann::ordered_json::array();
    for (const Inspection::Storage &one : inspection.storage)
      json["storage"].push_back({{"encoding", one.encoding},
                                 {"tensors", one.tensors},
                                 {"parameters", one.parameters},
                                 {"bytes", one.bytes}});
    addDescription(json, inspection);
    addWeights(json, inspection);
  }
  json["unused_tensors"] = nlohmann::ordered_json::array();
  for (const auto &[name, reason] : inspection.unusedTensors)
    json["unused_tensors"].push_back({{"name", name}, {"reason", reason}});
  json["unread_config_keys"] = inspection.unreadConfigKeys;
  if (!inspection.options.empty()) {
    json["options"] = nlohmann::ordered_json::object();
    for (const auto &[key, value] : inspection.options)
      json["options"][key] = value;
  }
  for (const Inspection::Level &level : inspection.levels)
    json["levels"].push_back({{"name", level.name},
                              {"triple", level.triple},
                              {"features", level.features},
                              {"code_bytes", level.codeBytes},
                              {"runs_here", level.obstacle.empty()}});
  if (!inspection.states.empty()) {
    nlohmann::ordered_json states = nlohmann::ordered_json::array();
    for (const nn::StateSize &size : inspection.states)
      states.push_back(
          {{"name", size.name},
           {"count", size.count},
           {"row_bytes", size.rowBytes},
           {"tokens_per_row", size.tokensPerRow},
           {"window", size.window ? nlohmann::ordered_json(*size.window)
                                  : nlohmann::ordered_json()},
           {"fixed_bytes", size.fixedBytes}});
    json["state"] = {{"storage", inspection.kv},
                     {"bytes_per_token", bytesPerToken(inspection.states)},
                     {"bounded_bytes", boundedBytes(inspection.states)},
                     {"states", std::move(states)}};
  }
  json["targets"] = nlohmann::ordered_json::array();
  for (const TargetEstimate &target : inspection.targets) {
    nlohmann::ordered_json ops = nlohmann::ordered_json::array();
    for (const auto &[op, how] : target.ops)
      ops.push_back({{"op", op}, {"how", how}});
    json["targets"].push_back({{"name", target.name},
                               {"status", target.status},
                               {"memory_bytes", target.memoryBytes},
                               {"memory_context", inspection.memoryContext},
                               {"ops", std::move(ops)}});
    if (inspection.kind == "artifact" || target.coverage.empty())
      continue;
    nlohmann::ordered_json &last = json["targets"].back();
    last["artifact_bytes"] = target.weightBytes;
    last["write_seconds"] = double(target.weightBytes) / kWriteBytesPerSecond;
    last["coverage"] = nlohmann::ordered_json::array();
    for (const TargetEstimate::Coverage &op : target.coverage)
      last["coverage"].push_back({{"op", op.op},
                                  {"tuned", op.tuned},
                                  {"general", op.general},
                                  {"none", op.none}});
  }
  return json;
}

} // namespace tombolo
