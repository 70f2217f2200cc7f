//===- Checkpoint.h - A published checkpoint, opened ------------*- C++ -*-===//
//
// What a user passes as SRC: a Hugging Face folder, one `.safetensors` file,
// one `.gguf` file or the first of a split set. Knows containers and storage,
// no models.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_CHECKPOINT_CHECKPOINT_H
#define FRONTENDS_CHECKPOINT_CHECKPOINT_H

#include "frontends/storage/Storage.h"
#include "support/WeightSource.h"
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace tombolo {

enum class Container { Safetensors, Gguf };

struct Checkpoint {
  Container container;
  /// The folder, or the file that was given.
  std::string path;
  /// Logical tensors: quantized ones are joined from what files keep apart.
  WeightSource weights;
  /// Stored tensors that say nothing of the weights.
  std::vector<LeftAsideTensor> leftAside;
  /// Where there is a config and no weights: the names that an index lists, and
  /// the bytes of all (0 where it does not say).
  struct Names {
    std::vector<std::string> tensors;
    uint64_t totalBytes = 0;
  };
  std::optional<Names> namesOnly;
  /// `config.json` (safetensors; null where there is none).
  nlohmann::ordered_json config;
  std::string configPath;
  /// GGUF metadata by full key (`llama.block_count`), integers as 64-bit JSON
  /// integers, arrays as JSON arrays; null object for safetensors.
  nlohmann::ordered_json metadata;
  /// `generation_config.json`, `tokenizer_config.json`,
  /// `special_tokens_map.json`: null where absent.
  nlohmann::ordered_json generationConfig, tokenizerConfig, specialTokensMap;
  /// Path of `tokenizer.json`, and the text of `chat_template.jinja` (or the
  /// template in tokenizer_config.json / GGUF metadata); empty where absent.
  std::string tokenizerJson;
  std::string chatTemplate;
  /// The file that has it.
  std::string chatTemplatePath;

  /// config.json's `architectures` then `model_type`, or GGUF's
  /// `general.architecture`.
  std::vector<std::string> architectures() const;
};

/// With `headerOnlyOk`, weight files may end anywhere after their headers:
/// enough for looking at a checkpoint.
struct OpenOptions {
  bool headerOnlyOk = false;
  /// A folder may have a `config.json` and no weights yet, or no more than
  /// their index.
  bool namesOnlyOk = false;
};

/// Opens `path`; a folder given where a file is wanted, or a shard of a set,
/// just works.
Result<Checkpoint> openCheckpoint(const std::string &path,
                                  OpenOptions options = {});

/// The template that a `tokenizer_config.json` holds under `chat_template`: the
/// string, or of a list of {name, template} the one called "default". Empty
/// where there is none. `where` is the file.
Result<std::string>
chatTemplateOf(const nlohmann::ordered_json &tokenizerConfig,
               const std::string &where);

} // namespace tombolo

#endif // FRONTENDS_CHECKPOINT_CHECKPOINT_H
