//===- FamilyModels.h - Small checkpoints of shipped families ---*- C++ -*-===//

#ifndef TEST_UNIT_FRONTENDS_IMPORT_FAMILYMODELS_H
#define TEST_UNIT_FRONTENDS_IMPORT_FAMILYMODELS_H

#include "TinyModel.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"

namespace tombolo::test {

/// A GGUF file of two layers, 4 heads (2 for keys) of 16 channels.
struct GgufModel {
  std::string architecture;
  nlohmann::ordered_json metadata;
  TinyTensors tensors;

  explicit GgufModel(const std::string &name) : architecture(name) {
    metadata["general.architecture"] = name;
    set("block_count", 2);
    set("context_length", 256);
    set("embedding_length", 64);
    set("feed_forward_length", 96);
    set("attention.head_count", 4);
    set("attention.head_count_kv", {2, 2});
    set("attention.layer_norm_rms_epsilon", 1e-5);
    set("rope.freq_base", 10000.0);
    tensors["token_embd.weight"] = {{40, 64}, "q8_0"};
    tensors["output_norm.weight"] = {{64}};
    tensors["output.weight"] = {{40, 64}, "q8_0"};
    each("attn_norm.weight", {{64}});
    each("ffn_norm.weight", {{64}});
    each("attn_q.weight", {{64, 64}, "q4_0"});
    each("attn_k.weight", {{32, 64}, "q4_0"});
    each("attn_v.weight", {{32, 64}, "q4_0"});
    each("attn_output.weight", {{64, 64}, "q4_0"});
    each("ffn_gate.weight", {{96, 64}, "q4_0"});
    each("ffn_up.weight", {{96, 64}, "q4_0"});
    each("ffn_down.weight", {{64, 96}, "q4_0"});
  }

  void set(const std::string &key, nlohmann::ordered_json value) {
    metadata[architecture + "." + key] = std::move(value);
  }
  void each(const std::string &name, const TinyTensor &tensor) {
    for (const char *layer : {"blk.0.", "blk.1."})
      tensors[layer + name] = tensor;
  }
  void drop(const std::string &name) {
    tensors.erase("blk.0." + name);
    tensors.erase("blk.1." + name);
  }

  ImportReport report;
  std::string import() {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    return textOf(
        importModel(context, makeGguf(metadata, tensors), {}, &report));
  }
};

/// Experts stacked, with a shared one where `shared` is its width.
inline void addExperts(GgufModel &model, int64_t shared) {
  model.set("expert_count", 4);
  model.set("expert_used_count", 2);
  model.set("expert_feed_forward_length", 32);
  model.each("ffn_gate_inp.weight", {{4, 64}});
  model.each("ffn_gate_exps.weight", {{4, 32, 64}, "q4_0"});
  model.each("ffn_up_exps.weight", {{4, 32, 64}, "q4_0"});
  model.each("ffn_down_exps.weight", {{4, 64, 32}, "q4_0"});
  for (const char *name :
       {"ffn_gate.weight", "ffn_up.weight", "ffn_down.weight"})
    model.drop(name);
  if (!shared)
    return;
  model.each("ffn_gate_shexp.weight", {{shared, 64}, "q4_0"});
  model.each("ffn_up_shexp.weight", {{shared, 64}, "q4_0"});
  model.each("ffn_down_shexp.weight", {{64, shared}, "q4_0"});
}

/// Config and tensors of files in Hugging Face's layout.
struct HfModel {
  nlohmann::ordered_json config;
  TinyTensors tensors;

  void each(const std::string &prefix, int layers,
            const std::vector<std::pair<std::string, TinyTensor>> &rows) {
    for (int layer = 0; layer < layers; ++layer)
      for (const auto &[name, tensor] : rows)
        tensors[prefix + std::to_string(layer) + "." + name] = tensor;
  }
  std::string import() {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    return textOf(importModel(context, makeCheckpoint(config, tensors)));
  }
};

} // namespace tombolo::test

#endif // TEST_UNIT_FRONTENDS_IMPORT_FAMILYMODELS_H
