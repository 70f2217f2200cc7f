//===- Steps.h - Steps of a tokenizer.json ----------------------*- C++ -*-===//

#ifndef FRONTENDS_TOKENIZER_STEPS_H
#define FRONTENDS_TOKENIZER_STEPS_H

#include "runtime/text/TokenizerModel.h"
#include <functional>
#include <nlohmann/json.hpp>

namespace tombolo {

/// GPT-2's pattern, which ByteLevel means unless told otherwise.
extern const std::string_view kGpt2Pattern;

/// Each appends the steps of `value` (an object with a 'type'; null: none).
Status readNormalizer(const nlohmann::ordered_json &value,
                      const std::string &where, text::TokenizerModel &model);
Status readPreTokenizer(const nlohmann::ordered_json &value,
                        const std::string &where, text::TokenizerModel &model);
Status readDecoder(const nlohmann::ordered_json &value,
                   const std::string &where, text::TokenizerModel &model);

/// Sets prefixIds and suffixIds. The vocabulary must be complete: `idOf` gives
/// a token's id or -1.
Status readPostProcessor(const nlohmann::ordered_json &value,
                         const std::string &where,
                         const std::function<int32_t(std::string_view)> &idOf,
                         text::TokenizerModel &model);

} // namespace tombolo

#endif // FRONTENDS_TOKENIZER_STEPS_H
