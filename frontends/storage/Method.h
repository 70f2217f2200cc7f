//===- Method.h - What a checkpoint says of its storage ---------*- C++ -*-===//

#ifndef FRONTENDS_STORAGE_METHOD_H
#define FRONTENDS_STORAGE_METHOD_H

#include "frontends/storage/Storage.h"
#include "support/Result.h"
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tombolo::storage {

/// Rows and columns of a matrix that share a scale.
using BlockSize = std::array<int64_t, 2>;

struct Method {
  enum class Kind {
    None,
    Fp8, ///< and DeepSeek-V4's FP4 experts
    FbgemmFp8,
    Mxfp4,
    Awq,
    Gptq,
    CompressedTensors,
    ModelOpt
  };
  Kind kind = Kind::None;
  /// The file that says it.
  std::string where;

  // Fp8, CompressedTensors
  std::optional<BlockSize> block;
  bool fp4Experts = false;
  // Awq, Gptq
  int64_t bits = 4;
  /// Rows of the stored, transposed matrix with one scale; -1: all.
  int64_t groupSize = -1;
  // Gptq
  bool descAct = false;
  /// Zeros are stored less one, as its first format does.
  bool zerosLessOne = true;
  /// Widths of the packed integers of CompressedTensors, each once.
  std::vector<int64_t> packedBits;
};

/// Reads `quantization_config` of config.json, of its top level or of
/// `text_config`; where there is none, hf_quant_config.json, which ModelOpt
/// writes beside it. Refuses methods that nothing here reads, by name, and keys
/// and values that are not known.
Result<Method> readMethod(const StorageConfig &config);

} // namespace tombolo::storage

#endif // FRONTENDS_STORAGE_METHOD_H
