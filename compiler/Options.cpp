//===- Options.cpp - Compile options as text ------------------------------===//

#include "compiler/Compiler.h"
#include "support/Text.h"
#include <algorithm>
#include <charconv>

using namespace tombolo;

template <typename Enum> struct Spelling {
  Enum value;
  const char *name;
};

static constexpr Spelling<Activations> kActivations[] = {
    {Activations::F32, "f32"},
    {Activations::I16, "i16"},
    {Activations::I8, "i8"}};
static constexpr Spelling<KvType> kKvTypes[] = {{KvType::F32, "f32"},
                                                {KvType::F16, "f16"},
                                                {KvType::BF16, "bf16"},
                                                {KvType::Q8_0, "q8_0"}};

template <typename Enum, size_t N>
static std::string nameOf(const Spelling<Enum> (&names)[N], Enum value) {
  for (const Spelling<Enum> &entry : names)
    if (entry.value == value)
      return entry.name;
  return {};
}

template <typename Enum, size_t N>
static bool valueOf(const Spelling<Enum> (&names)[N], const std::string &name,
                    Enum &value) {
  for (const Spelling<Enum> &entry : names)
    if (entry.name == name) {
      value = entry.value;
      return true;
    }
  return false;
}

std::vector<std::pair<std::string, std::string>>
CompileOptions::resolved() const {
  bool exact = activations == Activations::F32;
  std::string list;
  std::vector<std::string> sorted = disabled;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const std::string &name : sorted)
    list += (list.empty() ? "" : ",") + name;
  return {{"target", target},
          {"compute", compute},
          {"activations", nameOf(kActivations, activations == Activations::Auto
                                                   ? Activations::I16
                                                   : activations)},
          {"kv", nameOf(kKvTypes, kv != KvType::Auto ? kv
                                  : exact            ? KvType::F32
                                                     : KvType::F16)},
          {"weights", weights},
          {"chunk", std::to_string(chunk)},
          {"disabled", list}};
}

std::string CompileOptions::value(const std::string &key) const {
  for (auto &[known, value] : resolved())
    if (known == key)
      return value;
  return {};
}

Status CompileOptions::set(const std::string &key, const std::string &value) {
  bool known = true;
  if (key == "target")
    target = value;
  else if (key == "compute")
    compute = value;
  else if (key == "weights")
    weights = value;
  else if (key == "activations")
    known = valueOf(kActivations, value, activations);
  else if (key == "kv")
    known = valueOf(kKvTypes, value, kv);
  else if (key == "chunk") {
    auto [end, failed] =
        std::from_chars(value.data(), value.data() + value.size(), chunk);
    known = failed == std::errc() && end == value.data() + value.size();
  } else if (key == "disabled") {
    disabled.clear();
    for (size_t begin = 0; begin < value.size();) {
      size_t end = std::min(value.find(',', begin), value.size());
      disabled.push_back(value.substr(begin, end - begin));
      begin = end + 1;
    }
  } else {
    return Error("", "option '" + key + "' is not known");
  }
  if (!known)
    return Error("", "option '" + key + "' has no value '" + value + "'");
  return success();
}
