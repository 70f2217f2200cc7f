//===- Bodies.h - What the layers of a checkpoint compute -------*- C++ -*-===//

#ifndef FRONTENDS_TWIN_BODIES_H
#define FRONTENDS_TWIN_BODIES_H

#include "frontends/twin/Cut.h"
#include <set>

namespace tombolo::twin {

struct Bodies {
  /// Of each layer the text of its function, the same for layers alike.
  std::vector<std::string> layers;
  /// Rows that norms multiply by.
  std::set<std::string> norms;
};

/// Imports the checkpoint that `tensors` would be, under `config`. No values
/// are read.
Result<Bodies> bodiesOf(const arch::Catalog &catalog,
                        const arch::Family &family, const Checkpoint &source,
                        const nlohmann::ordered_json &config,
                        const std::vector<CutTensor> &tensors);

} // namespace tombolo::twin

#endif // FRONTENDS_TWIN_BODIES_H
