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

/// The files that say how tensors are stored; null where there is none.
struct StorageConfig {
  /// config.json
  nlohmann::ordered_json config;
  std::string where;
  /// hf_quant_config.json
  nlohmann::ordered_json modelOpt;
  std::string modelOptWhere;
};

/// Joins the tensors of `weights` as `config` says; where it says nothing,
/// nothing changes. Numbers are looked at only where shapes leave something
/// open.
Status joinStorage(const StorageConfig &config, WeightSource &weights,
                   std::vector<LeftAsideTensor> &leftAside);

/// Joins what a GGUF file keeps beside blocks: the factors of NVFP4 matrices.
Status joinGgufStorage(WeightSource &weights,
                       std::vector<LeftAsideTensor> &leftAside);

} // namespace tombolo

#endif // FRONTENDS_STORAGE_STORAGE_H
