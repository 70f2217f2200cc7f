//===- TinyText.h - A tokenizer for the tiny model --------------*- C++ -*-===//

#ifndef TEST_UNIT_RUNTIME_TINY_TINYTEXT_H
#define TEST_UNIT_RUNTIME_TINY_TINYTEXT_H

#include "test/unit/runtime/tiny/TinyModel.h"

namespace tombolo::tiny {

/// Token b < 256 is the byte b; these follow, then words "w261" to "w271".
enum TinyToken : int32_t {
  kBos = 256,
  kEnd,
  kUser,
  kAssistant,
  kSystem,
};

/// Gives `model` a tokenizer of bytes that begins texts with the bos, and a
/// chat template that writes `<|ROLE|>CONTENT<|end|>`.
void addTinyText(TinyModel &model);

} // namespace tombolo::tiny

#endif // TEST_UNIT_RUNTIME_TINY_TINYTEXT_H
