//===- TemplateFuzzer.cpp - Text as a chat template -----------------------===//

#include "runtime/text/jinja/ChatTemplate.h"
#include "support/Text.h"
#include <cstdlib>
#include <nlohmann/json.hpp>

using namespace tombolo;
using text::ChatTemplate;

static void check(bool holds) {
  if (!holds)
    std::abort();
}

static const nlohmann::ordered_json &inputs() {
  static const auto json = nlohmann::ordered_json::parse(R"({
    "messages": [
      {"role": "system", "content": "Be brief."},
      {"role": "user", "content": " What is 2+2?\n"},
      {"role": "assistant", "content": null, "reasoning_content": "sum",
       "tool_calls": [{"id": "abcdefghi", "type": "function", "function":
         {"name": "add", "arguments": {"a": 2, "b": 2.5, "c": [true, "é"]}}}]},
      {"role": "tool", "name": "add", "content": [{"type": "text",
                                                    "text": "4"}]}],
    "tools": [{"type": "function", "function": {"name": "add", "parameters":
      {"type": "object", "properties": {"a": {"type": "number"}}}}}],
    "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": true})");
  return json;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view source(reinterpret_cast<const char *>(data), size);
  Result<ChatTemplate> parsed = ChatTemplate::parse(source);
  if (!parsed) {
    check(isUtf8(parsed.error().str()));
    return 0;
  }
  text::RenderOptions options;
  options.now = std::tm{};
  options.maxSteps = 20'000;
  options.maxOutputBytes = 1 << 16;
  options.maxValueBytes = 1 << 20;
  Result<std::string> first = parsed->render(inputs(), options);
  Result<std::string> second = parsed->render(inputs(), options);
  check(first.ok() == second.ok());
  check(isUtf8(first ? *first : first.error().str()));
  check(!first || *first == *second);
  return 0;
}
