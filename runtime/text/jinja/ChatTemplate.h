//===- ChatTemplate.h - A checkpoint's chat template ------------*- C++ -*-===//
//
// Templates come with checkpoints from anywhere, so this is a subset of Jinja2
// that only turns values into text: it reads no file, runs no code, and every
// template ends within its limits.
//
//===----------------------------------------------------------------------===//

#ifndef RUNTIME_TEXT_JINJA_CHATTEMPLATE_H
#define RUNTIME_TEXT_JINJA_CHATTEMPLATE_H

#include "support/Result.h"
#include <cstdint>
#include <ctime>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace tombolo::text {

struct RenderOptions {
  /// What strftime_now formats; the local time of the call where absent.
  std::optional<std::tm> now;
  /// Evaluated nodes and, for long values, parts of their lengths.
  uint64_t maxSteps = 20'000'000;
  /// Bytes of the result.
  uint64_t maxOutputBytes = uint64_t(64) << 20;
  /// Bytes of all values made on the way, freed or not.
  uint64_t maxValueBytes = uint64_t(512) << 20;
};

/// Jinja2 with trim_blocks, lstrip_blocks and without autoescape, as
/// transformers sets it: raise_exception, strftime_now, tojson without
/// escaping, break and continue, `generation` blocks. What it does not do is
/// an error that names it, with its line.
class ChatTemplate {
public:
  static Result<ChatTemplate> parse(std::string_view source);

  ChatTemplate(ChatTemplate &&) noexcept;
  ChatTemplate &operator=(ChatTemplate &&) noexcept;
  ~ChatTemplate();

  /// The text for `inputs`, an object whose members are the template's
  /// variables: messages, tools, add_generation_prompt, bos_token, ... A
  /// template that refuses them (raise_exception) gives its message as error.
  /// Thread-safe.
  Result<std::string> render(const nlohmann::ordered_json &inputs,
                             const RenderOptions &options = {}) const;

private:
  struct Impl;
  explicit ChatTemplate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace tombolo::text

#endif // RUNTIME_TEXT_JINJA_CHATTEMPLATE_H
