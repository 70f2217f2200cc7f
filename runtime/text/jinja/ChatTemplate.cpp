//===- ChatTemplate.cpp ---------------------------------------------------===//

#include "runtime/text/jinja/ChatTemplate.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/jinja/Evaluator.h"
#include "runtime/text/jinja/Parser.h"
#include <nlohmann/json.hpp>

namespace tombolo::text {

static constexpr size_t kMaxSourceBytes = 4 << 20;

struct ChatTemplate::Impl {
  jinja::Body body;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Impl> impl)
    : impl(std::move(impl)) {}
ChatTemplate::ChatTemplate(ChatTemplate &&) noexcept = default;
ChatTemplate &ChatTemplate::operator=(ChatTemplate &&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::parse(std::string_view source) {
  if (source.size() > kMaxSourceBytes)
    return Error("chat template",
                 "expects at most " + std::to_string(kMaxSourceBytes) +
                     " bytes, but got " + std::to_string(source.size()));
  if (!isValidUtf8(source))
    return Error("chat template", "expects UTF-8");
  Result<jinja::Body> body = jinja::parseTemplate(source);
  if (!body)
    return body.takeErrors();
  auto impl = std::make_unique<Impl>();
  impl->body = std::move(*body);
  return ChatTemplate(std::move(impl));
}

Result<std::string> ChatTemplate::render(const nlohmann::ordered_json &inputs,
                                         const RenderOptions &options) const {
  return jinja::Evaluator(options).run(impl->body, inputs);
}

} // namespace tombolo::text
