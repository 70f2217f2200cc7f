//===- OnigurumaPattern.h - tokenizer.json's patterns for PCRE2 -*- C++ -*-===//

#ifndef FRONTENDS_TOKENIZER_ONIGURUMAPATTERN_H
#define FRONTENDS_TOKENIZER_ONIGURUMAPATTERN_H

#include "support/Result.h"
#include <string>
#include <string_view>

namespace tombolo {

/// tokenizer.json's patterns are written for Oniguruma. Where PCRE2 reads the
/// same text differently it is rewritten: `\s` and `\w` (other sets), `^` and
/// `$` (every line), `\h` (a hexadecimal digit), `\uHHHH`, long names of
/// general categories, scripts (not their extensions), and intersections
/// `[a&&b]`. What has no counterpart is refused.
Result<std::string> translateOnigurumaPattern(std::string_view pattern);

} // namespace tombolo

#endif // FRONTENDS_TOKENIZER_ONIGURUMAPATTERN_H
