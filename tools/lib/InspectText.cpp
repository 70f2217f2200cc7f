//===- InspectText.cpp - What a checkpoint is, for people -----------------===//

#include "support/Text.h"
#include "tools/lib/Inspect.h"
#include "tools/lib/Terminal.h"
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tombolo {

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

/// "1.6 trillion", "49.2 billion", "0.3 million".
static std::string formatCount(double count) {
  if (count >= 999.95e9)
    return fmt::format("{:.2f} trillion", count / 1e12);
  if (count >= 999.95e6)
    return fmt::format("{:.1f} billion", count / 1e9);
  return fmt::format("{:.1f} million", count / 1e6);
}

namespace {
/// The page, line by line.
class Page {
public:
  void line(const std::string &name, const std::string &value) {
    text += fmt::format("{:<14}{}\n", name, value);
  }
  void row(const std::string &name, const std::string &value) {
    text += fmt::format("  {:<44}{}\n", name, value);
  }
  void note(const std::string &value) { text += "  " + value + "\n"; }
  void more(const std::string &value) { text += "    " + value + "\n"; }

  std::string text;
};
} // namespace

static void addDescription(Page &page, const Inspection &inspection) {
  const char *known = "";
  switch (inspection.confidence) {
  case Inspection::Confidence::Described:
    known = " (described: every key is read, every tensor bound or left out by "
            "name)";
    break;
  case Inspection::Confidence::Named:
    known = inspection.namesOnly
                ? " (described by this name; its tensors are not known)"
                : " (described by this name, but this checkpoint differs)";
    break;
  case Inspection::Confidence::Resembling:
    known = " (not described)";
    break;
  }
  page.line("architecture", inspection.architecture + known);
  for (const Inspection::Resemblance &one : inspection.nearest)
    page.line("nearest",
              fmt::format("{} ({}): reads or ignores {} of {} keys, binds or "
                          "leaves out {} of {} kinds of tensors",
                          one.family, one.serves, one.keysKnown, one.keys,
                          one.tensorsKnown, one.tensors));
}

static void addStorage(Page &page, const Inspection &inspection) {
  if (inspection.namesOnly) {
    page.line("size", inspection.tensors == 0
                          ? "not known: there are neither weights nor an index"
                          : fmt::format("{} in {} tensors, as the index says",
                                        formatBytes(double(inspection.bytes)),
                                        inspection.tensors));
    if (inspection.weights)
      page.line("parameters",
                fmt::format(
                    "{}, of which a token reads {}, as the "
                    "description has them",
                    formatCount(double(inspection.weights->parameters)),
                    formatCount(double(inspection.weights->activeParameters))));
    return;
  }
  page.line("size", fmt::format("{}, {} parameters in {} tensors",
                                formatBytes(double(inspection.bytes)),
                                formatCount(double(inspection.parameters)),
                                inspection.tensors));
  if (inspection.weights) {
    const nn::WeightSizes &weights = *inspection.weights;
    page.line("bound", fmt::format("{}, {} parameters in {} tensors",
                                   formatBytes(double(weights.bytes)),
                                   formatCount(double(weights.parameters)),
                                   inspection.boundTensors));
    page.line("a token reads",
              fmt::format("{}, {} parameters",
                          formatBytes(double(weights.activeBytes)),
                          formatCount(double(weights.activeParameters))));
  }
  std::string storage;
  for (const Inspection::Storage &one : inspection.storage)
    storage +=
        fmt::format("{}{} {} in {}", storage.empty() ? "" : ", ", one.encoding,
                    formatBytes(double(one.bytes)), one.tensors);
  if (!storage.empty())
    page.line("storage", storage);
}

static void addStates(Page &page, const Inspection &inspection) {
  if (inspection.states.empty())
    return;
  page.line("state",
            fmt::format("{:.4g} bytes a token of context and {} in all, with "
                        "keys and values in {}",
                        bytesPerToken(inspection.states),
                        formatBytes(double(boundedBytes(inspection.states))),
                        inspection.kv));
  for (const nn::StateSize &size : inspection.states)
    page.row(fmt::format("{}[{}]", size.name, size.count), describe(size));
}

/// Tensors that are left out for one reason take one line.
static void addUnused(Page &page, const Inspection &inspection) {
  std::vector<std::pair<std::string, std::vector<std::string>>> byReason;
  for (const auto &[name, reason] : inspection.unusedTensors) {
    auto known = std::ranges::find(byReason, reason,
                                   &decltype(byReason)::value_type::first);
    if (known == byReason.end())
      known = byReason.insert(byReason.end(), {reason, {}});
    known->second.push_back(name);
  }
  for (const auto &[reason, names] : byReason)
    page.line("unused",
              names.front() + (reason.empty() ? "" : ": " + reason) +
                  (names.size() == 1
                       ? ""
                       : fmt::format("; and {} more", names.size() - 1)));
  for (const std::string &key : inspection.unreadConfigKeys)
    page.line("unread key", key);
  for (const Inspection::Unbound &unbound : inspection.unbound)
    page.line("unbound",
              fmt::format("{} {} {}{}", unbound.pattern,
                          shapeText(unbound.shape), unbound.encoding,
                          unbound.count == 1
                              ? ""
                              : fmt::format("; {} of them", unbound.count)));
  for (const std::string &difference : inspection.differences)
    page.line("differs", difference);
}

static void addCoverage(Page &page, const TargetEstimate &target) {
  struct Kind {
    const char *name;
    int64_t TargetEstimate::Coverage::*count;
  };
  for (const Kind &kind :
       {Kind{"tuned kernel", &TargetEstimate::Coverage::tuned},
        Kind{"general path", &TargetEstimate::Coverage::general},
        Kind{"none", &TargetEstimate::Coverage::none}}) {
    int64_t all = 0;
    std::vector<std::string> ops;
    for (const TargetEstimate::Coverage &op : target.coverage)
      if (int64_t count = op.*kind.count) {
        all += count;
        ops.push_back(fmt::format("{} {}", op.op, count));
      }
    if (all)
      page.note(fmt::format("{:<13} {} a token: {}", kind.name, all,
                            fmt::join(ops, ", ")));
  }
}

static void addTargets(Page &page, const Inspection &inspection) {
  for (const TargetEstimate &target : inspection.targets) {
    page.line(
        "target",
        fmt::format("{}: {}{}", target.name, target.status,
                    target.memoryBytes
                        ? fmt::format(", {} of memory for {} tokens",
                                      formatBytes(double(target.memoryBytes)),
                                      inspection.memoryContext)
                        : ""));
    if (inspection.kind != "artifact" && !target.coverage.empty()) {
      page.note(fmt::format(
          "{:<13} {}, about {} to write at {}/s, as measured", "artifact",
          formatBytes(double(target.weightBytes)),
          formatDuration(double(target.weightBytes) / kWriteBytesPerSecond),
          formatBytes(kWriteBytesPerSecond)));
      addCoverage(page, target);
    }
    for (const auto &[op, how] : target.ops)
      page.row(op, how);
  }
}

static void addChips(Page &page, const Inspection &inspection) {
  if (!inspection.weights || inspection.namesOnly)
    return;
  const nn::WeightSizes &weights = *inspection.weights;
  int64_t states = stateBytes(inspection.states, inspection.memoryContext);
  page.line("memory",
            fmt::format("{} of weights, {} of states for {} tokens",
                        formatBytes(double(weights.bytes)),
                        formatBytes(double(states)), inspection.memoryContext));
  page.line("decode", "at most, by reading the weights a token reads, on the "
                      "chips that hold it:");
  for (const ChipEstimate &one : estimateChips(double(weights.bytes + states),
                                               double(weights.activeBytes)))
    page.row(
        fmt::format("{} x {}", one.count, one.chip->name),
        fmt::format("{:.4g} tokens/s ({} at {}/s each; {})",
                    one.tokensPerSecond, formatBytes(one.chip->memoryBytes),
                    formatBytes(one.chip->bytesPerSecond), one.chip->source));
}

std::string toText(const Inspection &inspection) {
  Page page;
  page.line("kind", inspection.kind);
  if (inspection.kind == "artifact")
    page.line("architecture", inspection.architecture);
  else
    addDescription(page, inspection);
  addStorage(page, inspection);
  if (inspection.context)
    page.line("context", fmt::format("{} tokens", inspection.context));
  page.line("text",
            fmt::format("{}, {}",
                        inspection.tokenizer ? "tokenizer" : "no tokenizer",
                        inspection.chatTemplate ? "chat template"
                                                : "no chat template"));
  for (const auto &[key, value] : inspection.options)
    if (!value.empty())
      page.line(key, value);
  for (const Inspection::Level &level : inspection.levels)
    page.line("level", fmt::format("{}: {} of code, {}", level.name,
                                   formatBytes(double(level.codeBytes)),
                                   level.obstacle.empty() ? "runs here"
                                                          : level.obstacle));
  addStates(page, inspection);
  addUnused(page, inspection);
  if (!inspection.supported)
    page.line("supported", "no:");
  for (const Error &error : inspection.reasons) {
    page.note(error.str());
    for (const std::string &note : error.notes)
      page.more(note);
  }
  addTargets(page, inspection);
  addChips(page, inspection);
  return std::move(page.text);
}

} // namespace tombolo
