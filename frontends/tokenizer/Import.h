//===- Import.h - Tokenizers of checkpoints ---------------------*- C++ -*-===//
//
// From the files a checkpoint describes its tokenizer with to the one form
// that artifacts store. What a file asks for and we do not do is refused by
// name, so that ids are right or there are none.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_TOKENIZER_IMPORT_H
#define FRONTENDS_TOKENIZER_IMPORT_H

#include "frontends/tokenizer/Defaults.h"
#include "runtime/text/TokenizerModel.h"
#include <nlohmann/json.hpp>

namespace tombolo {

/// The other files of the checkpoint that say something about its tokenizer;
/// null or empty where there is none.
struct TokenizerSources {
  /// tokenizer_config.json: special and added tokens.
  const nlohmann::ordered_json *tokenizerConfig = nullptr;
  /// config.json and generation_config.json: `eos_token_id`.
  const nlohmann::ordered_json *config = nullptr;
  const nlohmann::ordered_json *generationConfig = nullptr;
  TokenizerDefaults defaults = {};
  /// special_tokens_map.json, which has the last word beside a
  /// tokenizer_config.json without `added_tokens_decoder`, as older versions of
  /// transformers wrote them.
  const nlohmann::ordered_json *specialTokensMap = nullptr;
};

/// Reads the text of a Hugging Face tokenizer.json. `where` names the file in
/// errors.
Result<text::TokenizerModel>
importTokenizerJson(std::string_view json, const std::string &where,
                    const TokenizerSources &sources = {});

/// Reads the `tokenizer.*` keys of a GGUF file's metadata.
Result<text::TokenizerModel>
importGgufTokenizer(const nlohmann::ordered_json &metadata,
                    const std::string &where,
                    const TokenizerSources &sources = {});

} // namespace tombolo

#endif // FRONTENDS_TOKENIZER_IMPORT_H
