//===- Expected.h - The tensors that a config asks for ----------*- C++ -*-===//

#ifndef FRONTENDS_IMPORT_EXPECTED_H
#define FRONTENDS_IMPORT_EXPECTED_H

#include "frontends/arch/Description.h"
#include "frontends/checkpoint/Checkpoint.h"

namespace tombolo {

/// `config` (a checkpoint without tensors) with those that the rows of `family`
/// bind, in its first scheme for safetensors: names and shapes, as far as cells
/// let them be worked out, and no bytes. All are of one encoding, that of
/// `torch_dtype` or bf16, for a config does not say which of them are
/// quantized, nor under which names: what it says of that is taken away.
Result<Checkpoint> withExpectedTensors(const arch::Catalog &catalog,
                                       const arch::Family &family,
                                       Checkpoint config);

} // namespace tombolo

#endif // FRONTENDS_IMPORT_EXPECTED_H
