//===- Embedded.h - The descriptions that are built in ----------*- C++ -*-===//

#ifndef FRONTENDS_ARCHITECTURES_EMBEDDED_H
#define FRONTENDS_ARCHITECTURES_EMBEDDED_H

#include <span>
#include <string_view>

namespace tombolo::arch {

struct EmbeddedDescription {
  /// `qwen3.arch`; the prelude is `std.arch`.
  std::string_view name;
  std::string_view text;
};

/// In alphabetical order.
std::span<const EmbeddedDescription> embeddedDescriptions();

} // namespace tombolo::arch

#endif // FRONTENDS_ARCHITECTURES_EMBEDDED_H
