//===- Nearest.h - Families like an unknown one -----------------*- C++ -*-===//

#ifndef FRONTENDS_IMPORT_NEAREST_H
#define FRONTENDS_IMPORT_NEAREST_H

#include "frontends/arch/Description.h"
#include "frontends/checkpoint/Checkpoint.h"

namespace tombolo {

/// `nearest: 'Qwen3ForCausalLM' (qwen3), ..`: the two families that read most
/// of the checkpoint's keys and tensors and miss least of their own, and among
/// equals those with a name like `wanted`. A guess from names only: nothing is
/// evaluated.
std::string nearestFamilies(const arch::Catalog &catalog,
                            const Checkpoint &checkpoint,
                            const std::string &wanted);

} // namespace tombolo

#endif // FRONTENDS_IMPORT_NEAREST_H
