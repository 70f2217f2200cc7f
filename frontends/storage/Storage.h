//===- Storage.h - Logical tensors of quantized checkpoints -----*- C++ -*-===//
//
// Published quantizations keep a matrix as several tensors: codes, scales,
// zeros, an order of columns. The readers here join them, so that whoever reads
// a checkpoint sees one tensor with a name, a shape and an encoding.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_STORAGE_STORAGE_H
#define FRONTENDS_STORAGE_STORAGE_H

#include "support/WeightSource.h"
#include <nlohmann/json.hpp>

namespace tombolo {

/// A stored tensor that says nothing of the weights.
struct LeftAsideTensor {
  std::string name, reason;
};

/// Joins the tensors of `weights` as the `quantization_config` of `config`
/// says; where there is none, nothing changes. Numbers are looked at only where
/// shapes leave something open. `where` is the file of `config`.
Status joinStorage(const nlohmann::ordered_json &config,
                   const std::string &where, WeightSource &weights,
                   std::vector<LeftAsideTensor> &leftAside);

} // namespace tombolo

#endif // FRONTENDS_STORAGE_STORAGE_H
