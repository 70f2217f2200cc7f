//===- Defaults.h - What a family says of its tokenizer ---------*- C++ -*-===//

#ifndef FRONTENDS_TOKENIZER_DEFAULTS_H
#define FRONTENDS_TOKENIZER_DEFAULTS_H

#include <optional>
#include <string>
#include <vector>

namespace tombolo {

/// The `tokenizer` settings of a description, for what a GGUF file leaves out;
/// a tokenizer.json leaves nothing out.
struct TokenizerDefaults {
  /// Stands for `tokenizer.ggml.pre`; empty: nothing is said.
  std::string pre;
  /// Whether texts begin with the bos.
  std::optional<bool> addBos;
  /// Special tokens take the white space behind them, other than these.
  std::optional<std::vector<std::string>> rstripExcept;
};

} // namespace tombolo

#endif // FRONTENDS_TOKENIZER_DEFAULTS_H
