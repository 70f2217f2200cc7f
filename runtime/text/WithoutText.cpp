//===- WithoutText.cpp - A runtime that takes and gives token ids ---------===//
//
// In place of tokenizers and chat templates, and of the libraries they need,
// where TOMBOLO_TEXT is off. Nothing can be made of the classes, so that no
// member is ever called.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/Tokenizer.h"
#include "runtime/text/jinja/ChatTemplate.h"
#include <cstdlib>

namespace tombolo::text {

static Error withoutText() {
  return Error("", "this runtime is built without text (TOMBOLO_TEXT): give "
                   "and take token ids");
}

struct Tokenizer::Impl {};
struct Tokenizer::Stream::State {};
struct ChatTemplate::Impl {};

bool hasTokenizers() { return false; }

Result<Tokenizer> Tokenizer::create(TokenizerModel) { return withoutText(); }
Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer &&) noexcept = default;
Tokenizer &Tokenizer::operator=(Tokenizer &&) noexcept = default;
Tokenizer::~Tokenizer() = default;
Result<std::vector<int32_t>> Tokenizer::encode(std::string_view, bool) const {
  return withoutText();
}
std::string Tokenizer::decode(std::span<const int32_t>, bool) const {
  return {};
}
std::string_view Tokenizer::tokenText(int32_t) const { return {}; }
int32_t Tokenizer::eosId() const { return -1; }
const TokenizerModel &Tokenizer::model() const { std::abort(); }

Tokenizer::Stream::Stream(Stream &&) noexcept = default;
Tokenizer::Stream &Tokenizer::Stream::operator=(Stream &&) noexcept = default;
Tokenizer::Stream::~Stream() = default;
Tokenizer::Stream::Stream(std::unique_ptr<State> state)
    : state(std::move(state)) {}
std::string Tokenizer::Stream::push(int32_t) { return {}; }
std::string Tokenizer::Stream::finish() { return {}; }
Tokenizer::Stream Tokenizer::stream(bool) const { return Stream(nullptr); }

Result<ChatTemplate> ChatTemplate::parse(std::string_view) {
  return withoutText();
}
ChatTemplate::ChatTemplate(std::unique_ptr<Impl> impl)
    : impl(std::move(impl)) {}
ChatTemplate::ChatTemplate(ChatTemplate &&) noexcept = default;
ChatTemplate &ChatTemplate::operator=(ChatTemplate &&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;
Result<std::string> ChatTemplate::render(const nlohmann::ordered_json &,
                                         const RenderOptions &) const {
  return withoutText();
}

} // namespace tombolo::text
