#include "tools/lib/Inspect.h"
#include "tools/lib/Terminal.h"
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tombolo {

int64_t memoryContext(int64_t longest, int64_t asked) {
  constexpr int64_t usual = 4096;
  if (longest <= 0)
    return asked > 0 ? asked : usual;
  return std::min(longest, asked > 0 ? asked : usual);
}

/// A row of the table of states: what each of `size.count` takes.
static std::string describe(const nn::StateSize &size) {
  if (size.rowBytes == 0)
    return fmt::format("{} bytes", size.fixedBytes);
  std::string text = fmt::format("{} bytes a token", size.rowBytes);
  if (size.tokensPerRow != 1)
    text = fmt::format("{} bytes for every {} tokens", size.rowBytes,
                       size.tokensPerRow);
  return size.window ? fmt::format("{}, of the last {}", text, *size.window)
                     : text;
}

/// Bytes that do not grow, once all windows are full.
static int64_t boundedBytes(const std::vector<nn::StateSize> &states) {
  int64_t bytes = 0;
  for (const nn::StateSize &size : states)
    bytes += size.bytesAt(size.window.value_or(0));
  return bytes;
}

static double bytesPerToken(const std::vector<nn::StateSize> &states) {
  double bytes = 0;
  for (const nn::StateSize &size : states)
    bytes += size.bytesPerToken();
  return bytes;
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
  for (const auto &[name, bytes] : inspection.encodings)
    json["encodings"][name] = bytes;
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
  }
  return json;
}

std::string toText(const Inspection &inspection) {
  std::string text;
  auto line = [&](const char *name, const std::string &value) {
    text += fmt::format("{:<14}{}\n", name, value);
  };
  line("kind", inspection.kind);
  line("architecture", inspection.architecture);
  std::string encodings;
  for (const auto &[name, bytes] : inspection.encodings)
    encodings += fmt::format("{}{} {}", encodings.empty() ? "" : ", ", name,
                             formatBytes(double(bytes)));
  line("size",
       fmt::format("{}, {:.1f} million parameters in {} tensors",
                   formatBytes(double(inspection.bytes)),
                   double(inspection.parameters) / 1e6, inspection.tensors));
  if (!encodings.empty())
    line("storage", encodings);
  if (inspection.context)
    line("context", fmt::format("{} tokens", inspection.context));
  line("text", fmt::format("{}, {}",
                           inspection.tokenizer ? "tokenizer" : "no tokenizer",
                           inspection.chatTemplate ? "chat template"
                                                   : "no chat template"));
  for (const auto &[key, value] : inspection.options)
    if (!value.empty())
      line(key.c_str(), value);
  for (const Inspection::Level &level : inspection.levels)
    line("level",
         fmt::format("{}: {} of code, {}", level.name,
                     formatBytes(double(level.codeBytes)),
                     level.obstacle.empty() ? "runs here" : level.obstacle));
  if (!inspection.states.empty()) {
    line("state",
         fmt::format("{:.4g} bytes a token of context and {} in all, with "
                     "keys and values in {}",
                     bytesPerToken(inspection.states),
                     formatBytes(double(boundedBytes(inspection.states))),
                     inspection.kv));
    for (const nn::StateSize &size : inspection.states)
      text += fmt::format("  {:<44}{}\n",
                          fmt::format("{}[{}]", size.name, size.count),
                          describe(size));
  }
  for (const auto &[name, reason] : inspection.unusedTensors)
    line("unused", reason.empty() ? name : name + ": " + reason);
  for (const std::string &key : inspection.unreadConfigKeys)
    line("unread key", key);
  if (!inspection.supported)
    line("supported", "no:");
  for (const Error &error : inspection.reasons) {
    text += "  " + error.str() + "\n";
    for (const std::string &note : error.notes)
      text += "    " + note + "\n";
  }
  for (const TargetEstimate &target : inspection.targets) {
    line("target",
         fmt::format("{}: {}{}", target.name, target.status,
                     target.memoryBytes
                         ? fmt::format(", {} of memory for {} tokens",
                                       formatBytes(double(target.memoryBytes)),
                                       inspection.memoryContext)
                         : ""));
    for (const auto &[op, how] : target.ops)
      text += fmt::format("  {:<44}{}\n", op, how);
  }
  return text;
}

} // namespace tombolo
