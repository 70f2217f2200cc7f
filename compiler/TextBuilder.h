//===- TextBuilder.h - The text side of an artifact -------------*- C++ -*-===//

#ifndef COMPILER_TEXTBUILDER_H
#define COMPILER_TEXTBUILDER_H

#include "codegen/artifact/Artifact_generated.h"
#include "frontends/checkpoint/Checkpoint.h"
#include "support/Result.h"
#include <memory>

namespace tombolo {

/// Tokenizer, chat template and sampling defaults of a checkpoint; parts that
/// it does not have stay empty.
Result<std::unique_ptr<artifact::TextT>>
buildText(const Checkpoint &checkpoint);

} // namespace tombolo

#endif // COMPILER_TEXTBUILDER_H
