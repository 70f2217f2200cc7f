//===- Nearest.h - Families like an unknown one -----------------*- C++ -*-===//

#ifndef FRONTENDS_IMPORT_NEAREST_H
#define FRONTENDS_IMPORT_NEAREST_H

#include "frontends/arch/Description.h"
#include "frontends/checkpoint/Checkpoint.h"

namespace tombolo {

/// How much a checkpoint is like a family, by names: nothing is evaluated.
struct Likeness {
  std::shared_ptr<const arch::Family> family;
  /// Of what the family serves the name most like the checkpoint's.
  std::string serves;
  /// The column of the weights table that has most of the tensors' names.
  size_t scheme = 0;
  /// Keys of the checkpoint, and those that the family reads or ignores.
  int64_t keys = 0, keysKnown = 0;
  /// Keys that the family reads in such a container, but for those that have
  /// one value only; and of these the ones that the checkpoint does not have.
  int64_t keysOfFamily = 0, keysLacking = 0;
  /// Names of tensors, where a number stands for all; and those with a row.
  int64_t names = 0, namesKnown = 0;
};

/// All families that have names for such a container, the most alike first.
std::vector<Likeness> rankFamilies(const arch::Catalog &catalog,
                                   const Checkpoint &checkpoint,
                                   const std::string &wanted);

/// `nearest: 'Qwen3ForCausalLM' (qwen3), ..`: the two families that read most
/// of the checkpoint's keys and tensors and miss least of their own. Among
/// equals the plainest: the one that reads fewest keys besides, then the one
/// that has fewest keys, then one with a name like `wanted`. A guess from names
/// only: nothing is evaluated.
std::string nearestFamilies(const arch::Catalog &catalog,
                            const Checkpoint &checkpoint,
                            const std::string &wanted);

} // namespace tombolo

#endif // FRONTENDS_IMPORT_NEAREST_H
