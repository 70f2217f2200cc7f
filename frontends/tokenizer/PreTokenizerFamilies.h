//===- PreTokenizerFamilies.h - What `tokenizer.ggml.pre` means -*- C++ -*-===//

#ifndef FRONTENDS_TOKENIZER_PRETOKENIZERFAMILIES_H
#define FRONTENDS_TOKENIZER_PRETOKENIZERFAMILIES_H

#include <span>
#include <string_view>

namespace tombolo {

/// A GGUF file names how its byte-level vocabulary splits text; this is what
/// the original tokenizer.json of such models says.
struct PreTokenizerFamily {
  std::span<const std::string_view> names;
  /// Oniguruma patterns, each splitting the pieces of the one before into its
  /// matches and what lies between.
  std::span<const std::string_view> patterns;
  bool ignoreMerges = false;
  /// Where `tokenizer.ggml.add_bos_token` is absent.
  bool addBos = false;
  bool normalizeNfc = false;
};

std::span<const PreTokenizerFamily> preTokenizerFamilies();

} // namespace tombolo

#endif // FRONTENDS_TOKENIZER_PRETOKENIZERFAMILIES_H
