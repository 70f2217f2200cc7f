#include "support/Json.h"
#include "support/MappedFile.h"
#include "support/Text.h"
#include "tools/lib/BenchCompare.h"
#include <cmath>
#include <fmt/format.h>

namespace tombolo {

using Json = nlohmann::ordered_json;

namespace {
/// Reads members and remembers the first that is not as it must be.
class Reader {
public:
  explicit Reader(const std::string &where) : where(where) {}

  Status status() const { return failed ? Status(*failed) : Status(success()); }
  /// A member, or null: an error where it must be there.
  const Json *member(const Json &object, const std::string &path,
                     const char *key, const char *kind, bool required) {
    auto found = object.find(key);
    if (found == object.end()) {
      if (required)
        fail(path + key, kind, "none");
      return nullptr;
    }
    return &*found;
  }
  Json object(const Json &parent, const std::string &path, const char *key,
              bool required) {
    const Json *value = member(parent, path, key, "an object", required);
    if (value && !value->is_object())
      fail(path + key, "an object", std::string(jsonKind(*value)));
    return value && value->is_object() ? *value : Json::object();
  }
  Json array(const Json &parent, const std::string &path, const char *key) {
    const Json *value = member(parent, path, key, "an array", false);
    if (value && !value->is_array())
      fail(path + key, "an array", std::string(jsonKind(*value)));
    return value && value->is_array() ? *value : Json::array();
  }
  /// At least `least`; nothing where it may lack and does.
  double number(const Json &parent, const std::string &path, const char *key,
                bool required, double least = 0) {
    const Json *value = member(parent, path, key, "a number", required);
    return value ? checked(*value, path + key, least) : 0;
  }
  int64_t count(const Json &parent, const std::string &path, const char *key,
                bool required) {
    const Json *value = member(parent, path, key, "a whole number", required);
    if (!value)
      return 0;
    if (!value->is_number_integer() || *value < 0 || *value > INT32_MAX) {
      fail(path + key, "a whole number",
           value->is_number() ? value->dump() : std::string(jsonKind(*value)));
      return 0;
    }
    return value->get<int64_t>();
  }
  std::string text(const Json &parent, const std::string &path, const char *key,
                   bool required) {
    const Json *value = member(parent, path, key, "a string", required);
    if (value && !value->is_string())
      fail(path + key, "a string", std::string(jsonKind(*value)));
    return value && value->is_string() ? value->get<std::string>() : "";
  }
  std::vector<double> numbers(const Json &parent, const std::string &path,
                              const char *key, double least) {
    std::vector<double> values;
    Json items = array(parent, path, key);
    for (size_t i = 0; i != items.size(); ++i)
      values.push_back(
          checked(items[i], fmt::format("{}{}[{}]", path, key, i), least));
    return values;
  }

private:
  double checked(const Json &value, const std::string &path, double least) {
    if (!value.is_number()) {
      fail(path, "a number", std::string(jsonKind(value)));
      return least;
    }
    double number = value.get<double>();
    if (number < least || !std::isfinite(number)) {
      fail(path, least > 0 ? "a positive number" : "a number of at least 0",
           value.dump());
      return least;
    }
    return number;
  }
  void fail(const std::string &path, const std::string &expected,
            const std::string &got) {
    if (!failed)
      failed = Error(where, fmt::format("{}: expects {}, but got {}",
                                        quote(path), expected, got));
  }

  const std::string &where;
  std::optional<Error> failed;
};
} // namespace

/// No speed is this slow; what is divided by it stays a number.
static constexpr double kLeastRate = 1e-9;

static BenchReport::Phase readPhase(Reader &reader, const Json &parent,
                                    const std::string &path, const char *key) {
  Json json = reader.object(parent, path, key, true);
  std::string inside = path + key + ".";
  BenchReport::Phase phase;
  phase.tokens = reader.count(json, inside, "tokens", true);
  phase.tokensPerSecond =
      reader.number(json, inside, "tokens_per_second", true, kLeastRate);
  phase.limit = reader.text(json, inside, "limit", false);
  Json samples = reader.object(json, inside, "samples", false);
  phase.rates = reader.numbers(samples, inside + "samples.",
                               "tokens_per_second", kLeastRate);
  phase.fractions = reader.numbers(samples, inside + "samples.",
                                   "fraction_of_limit", kLeastRate);
  // What versions before samples wrote.
  if (phase.rates.empty())
    phase.rates = {phase.tokensPerSecond};
  return phase;
}

static std::vector<OpTime> readOps(Reader &reader, const Json &parent,
                                   const char *key) {
  std::vector<OpTime> ops;
  Json items = reader.array(parent, "ops.", key);
  for (size_t i = 0; i != items.size(); ++i) {
    std::string name = fmt::format("{}[{}]", key, i);
    Json entry = Json::object();
    entry[name] = items[i];
    Json json = reader.object(entry, "ops.", name.c_str(), true);
    std::string inside = "ops." + name + ".";
    OpTime &op = ops.emplace_back();
    op.op = reader.text(json, inside, "op", true);
    op.calls = reader.count(json, inside, "calls", false);
    op.seconds = reader.number(json, inside, "seconds", true);
    op.samples = reader.numbers(json, inside, "samples", 0);
  }
  return ops;
}

Result<BenchReport> parseBenchReport(std::string_view text,
                                     const std::string &where) {
  Result<Json> parsed = parseJson(text, where);
  if (!parsed)
    return parsed.takeErrors();
  const Json &json = *parsed;
  if (!json.is_object() || !json.contains("prefill") ||
      !json.contains("decode"))
    return Error(where, "expects what 'bench --json' writes, but it has no "
                        "'prefill' and 'decode'");
  Reader reader(where);
  BenchReport report;
  report.model = reader.text(json, "", "model", false);
  Json options = reader.object(json, "", "options", false);
  for (const auto &[key, value] : options.items())
    report.options.emplace_back(
        key, reader.text(options, "options.", key.c_str(), true));
  report.prefill = readPhase(reader, json, "", "prefill");
  report.decode = readPhase(reader, json, "", "decode");
  report.threads = int(reader.count(json, "", "threads", false));
  Json limits = reader.object(json, "", "limits", false);
  for (auto [key, value] :
       {std::pair("read_bytes_per_second", &report.limits.readBytes),
        {"int8_ops_per_second", &report.limits.int8Operations},
        {"bf16_flops_per_second", &report.limits.bf16Operations},
        {"f32_flops_per_second", &report.limits.f32Operations}})
    *value = reader.number(limits, "limits.", key, false);
  Json ops = reader.object(json, "", "ops", false);
  report.prefillOps = readOps(reader, ops, "prefill");
  report.decodeOps = readOps(reader, ops, "decode");
  Json contexts = reader.array(json, "", "contexts");
  for (size_t i = 0; i != contexts.size(); ++i) {
    std::string name = fmt::format("contexts[{}]", i);
    Json entry = Json::object();
    entry[name] = contexts[i];
    Json point = reader.object(entry, "", name.c_str(), true);
    BenchReport::AtContext &place = report.contexts.emplace_back();
    place.context = reader.count(point, name + ".", "context", true);
    place.prefill = readPhase(reader, point, name + ".", "prefill");
    place.decode = readPhase(reader, point, name + ".", "decode");
  }
  if (Status status = reader.status(); !status)
    return status.takeErrors();
  return report;
}

Result<BenchReport> readBenchReport(const std::string &path) {
  Result<std::shared_ptr<MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.takeErrors();
  constexpr size_t most = size_t(64) << 20;
  if ((*file)->bytes().size() > most)
    return Error(path, fmt::format("expects at most {} bytes, but it has {}",
                                   most, (*file)->bytes().size()));
  return parseBenchReport((*file)->text(), path);
}

} // namespace tombolo
