//===- Facts.h - What other files say about a tokenizer ---------*- C++ -*-===//

#ifndef FRONTENDS_TOKENIZER_FACTS_H
#define FRONTENDS_TOKENIZER_FACTS_H

#include "frontends/tokenizer/Import.h"
#include <functional>
#include <string_view>

namespace tombolo {

/// The name of tokenizer_config.json in errors.
inline const std::string kTokenizerConfigName = "tokenizer_config.json";
inline const std::string kSpecialTokensMapName = "special_tokens_map.json";

/// Adds what tokenizer_config.json says, or the older special_tokens_map.json:
/// special tokens, and what is put around a text, for the classes that build it
/// themselves. `idOf` gives a token's id
/// or -1.
Status readTokenizerConfig(const TokenizerSources &sources,
                           const std::function<int32_t(std::string_view)> &idOf,
                           text::TokenizerModel &model);

/// Sets endIds: those of config.json and generation_config.json, `more`, and
/// the model's eos.
Status readEndIds(const TokenizerSources &sources, std::vector<int32_t> more,
                  text::TokenizerModel &model);

/// Whether a Tokenizer can be built from the model.
Result<text::TokenizerModel> finishImport(text::TokenizerModel model,
                                          const std::string &where);

} // namespace tombolo

#endif // FRONTENDS_TOKENIZER_FACTS_H
