//===- TextBuilder.h - The text side of an artifact -------------*- C++ -*-===//

#ifndef COMPILER_TEXTBUILDER_H
#define COMPILER_TEXTBUILDER_H

#include "codegen/artifact/Artifact_generated.h"
#include "frontends/checkpoint/Checkpoint.h"
#include "frontends/tokenizer/Defaults.h"
#include "support/Result.h"
#include <memory>

namespace tombolo {

/// Tokenizer, chat template and sampling defaults of a checkpoint; parts that
/// it does not have stay empty. `vocabSize` is the model's: its files may name
/// end tokens beyond it, which are left out. `defaults` is what the model's
/// family says of its tokenizer (tokenizerDefaults of its module). Sampling
/// that the runtime refuses is refused here.
Result<std::unique_ptr<artifact::TextT>>
buildText(const Checkpoint &checkpoint, int64_t vocabSize,
          TokenizerDefaults defaults = {});

} // namespace tombolo

#endif // COMPILER_TEXTBUILDER_H
