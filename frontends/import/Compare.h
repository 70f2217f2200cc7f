//===- Compare.h - A checkpoint beside a family that is like it -*- C++ -*-===//

#ifndef FRONTENDS_IMPORT_COMPARE_H
#define FRONTENDS_IMPORT_COMPARE_H

#include "frontends/arch/WeightBinder.h"
#include "frontends/import/Nearest.h"

namespace tombolo {

/// What stands between a checkpoint and a family that does not serve it.
struct FamilyComparison {
  struct Difference {
    Error error;
    /// Of the family's text; 0 where the error names no line of it.
    uint32_t line = 0;
  };
  /// What an import would say, but for keys that nothing reads and tensors
  /// that nothing binds.
  std::vector<Difference> differences;
  /// As `config.json` spells them: `text_config.x`, `rope_parameters.y`. What
  /// stands inside of a record, and the keys of GGUF files, are among them
  /// where the formulas could be followed to their end.
  std::vector<std::string> unreadKeys;
  std::vector<arch::Leftover> unbound;
};

/// Reads the checkpoint's keys, binds its tensors and follows the formulas as
/// if the family served it. No operation is made: tensors have neither shapes
/// nor types.
FamilyComparison compareWith(const arch::Catalog &catalog, const Likeness &like,
                             const Checkpoint &checkpoint);

/// The text of a first description of a checkpoint that no family serves: that
/// of the family most like it, with what differs in comments. It is well
/// formed, and says nothing of what the model computes.
Result<std::string> draftDescription(const arch::Catalog &catalog,
                                     const Checkpoint &checkpoint);

} // namespace tombolo

#endif // FRONTENDS_IMPORT_COMPARE_H
