//===- PublishedHeaders.cpp - Headers of DeepSeek-V4 ----------------------===//

#include "PublishedHeaders.h"
#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace tombolo;
using namespace tombolo::test;
namespace fs = std::filesystem;

nlohmann::ordered_json Headers::config() const {
  nlohmann::ordered_json made = decodedConfig();
  if (storage == Storage::Bf16)
    return made;
  made["expert_dtype"] = "fp4";
  made["quantization_config"] = {{"activation_scheme", "dynamic"},
                                 {"fmt", "e4m3"},
                                 {"quant_method", "fp8"},
                                 {"scale_fmt", "ue8m0"},
                                 {"weight_block_size", {128, 128}}};
  return made;
}
nlohmann::ordered_json Headers::decodedConfig() const {
  return {{"architectures", {"DeepseekV4ForCausalLM"}},
          {"attention_bias", false},
          {"attention_dropout", 0.0},
          {"bos_token_id", 0},
          {"eos_token_id", 1},
          {"hc_eps", 1e-6},
          {"hc_mult", 4},
          {"hc_sinkhorn_iters", 20},
          {"head_dim", headDim},
          {"hidden_act", "silu"},
          {"hidden_size", r.hidden},
          {"index_head_dim", indexDim},
          {"index_n_heads", indexHeads},
          {"index_topk", r.topk},
          {"initializer_range", 0.02},
          {"max_position_embeddings", 1048576},
          {"model_type", "deepseek_v4"},
          {"moe_intermediate_size", r.expertWidth},
          {"n_routed_experts", r.experts},
          {"n_shared_experts", 1},
          {"norm_topk_prob", true},
          {"num_attention_heads", r.heads},
          {"num_experts_per_tok", 6},
          {"num_hidden_layers", r.layers},
          {"num_hash_layers", hashLayers},
          {"num_key_value_heads", 1},
          {"num_nextn_predict_layers", 1},
          {"o_groups", r.groups},
          {"o_lora_rank", outRank},
          {"q_lora_rank", r.queryRank},
          {"qk_rope_head_dim", 64},
          {"rms_norm_eps", 1e-6},
          {"rope_scaling",
           {{"beta_fast", 32},
            {"beta_slow", 1},
            {"factor", 16},
            {"original_max_position_embeddings", 65536},
            {"type", "yarn"}}},
          {"rope_theta", 10000},
          {"compress_rope_theta", 160000},
          {"compress_ratios", r.ratios},
          {"routed_scaling_factor", r.scaling},
          {"scoring_func", "sqrtsoftplus"},
          {"sliding_window", window},
          {"swiglu_limit", 10.0},
          {"tie_word_embeddings", false},
          {"topk_method", "noaux_tc"},
          {"torch_dtype", "bfloat16"},
          {"transformers_version", "4.57.1"},
          {"use_cache", true},
          {"vocab_size", vocab}};
}

std::string Headers::write(const std::string &path, size_t shards,
                           const nlohmann::ordered_json &config) const {
  fs::path folder = path;
  fs::create_directories(folder);
  std::ofstream(folder / "config.json") << config.dump();
  // Not an ordered one, which looks through all keys for each.
  nlohmann::json map = nlohmann::json::object();
  size_t each = (tensors.size() + shards - 1) / shards;
  for (size_t shard = 0; shard < shards; ++shard) {
    std::string file = "model-" + std::to_string(shard) + ".safetensors";
    nlohmann::json header = nlohmann::json::object();
    int64_t offset = 0;
    for (size_t i = shard * each;
         i < std::min((shard + 1) * each, tensors.size()); ++i) {
      const Tensor &tensor = tensors[i];
      header[tensor.name] = {{"dtype", tensor.type},
                             {"shape", tensor.shape},
                             {"data_offsets", {offset, offset + tensor.bytes}}};
      map[tensor.name] = file;
      offset += tensor.bytes;
    }
    std::string text = header.dump();
    uint64_t size = text.size();
    std::ofstream out(folder / file, std::ios::binary);
    out.write(reinterpret_cast<const char *>(&size), sizeof(size));
    out << text;
  }
  std::ofstream(folder / "model.safetensors.index.json") << nlohmann::json{
      {"metadata", {{"total_size", bytes()}}},
      {"weight_map", std::move(map)}}.dump();
  return folder.string();
}

void Headers::compressor(const std::string &prefix, int64_t ratio,
                         int64_t width) {
  int64_t wide = ratio == 4 ? 2 * width : width;
  f32(prefix + "ape", {ratio, wide});
  bf16(prefix + "wkv.weight", {wide, r.hidden});
  bf16(prefix + "wgate.weight", {wide, r.hidden});
  bf16(prefix + "norm.weight", {width});
}
void Headers::block(const std::string &prefix, int64_t ratio, bool hashed) {
  for (const char *part : {"attn", "ffn"}) {
    std::string hc = prefix + "hc_" + part;
    bf16(prefix + part + "_norm.weight", {r.hidden});
    f32(hc + "_fn", {24, 4 * r.hidden});
    f32(hc + "_base", {24});
    f32(hc + "_scale", {3});
  }
  std::string attn = prefix + "attn.", ffn = prefix + "ffn.";
  fp8(attn + "wq_a", r.queryRank, r.hidden);
  bf16(attn + "q_norm.weight", {r.queryRank});
  fp8(attn + "wq_b", r.heads * headDim, r.queryRank);
  fp8(attn + "wkv", headDim, r.hidden);
  bf16(attn + "kv_norm.weight", {headDim});
  fp8(attn + "wo_a", r.groups * outRank, r.heads * headDim / r.groups);
  fp8(attn + "wo_b", r.hidden, r.groups * outRank);
  f32(attn + "attn_sink", {r.heads});
  if (ratio != 0)
    compressor(attn + "compressor.", ratio, headDim);
  if (ratio == 4) {
    fp8(attn + "indexer.wq_b", indexHeads * indexDim, r.queryRank);
    bf16(attn + "indexer.weights_proj.weight", {indexHeads, r.hidden});
    compressor(attn + "indexer.compressor.", 4, indexDim);
  }
  bf16(ffn + "gate.weight", {r.experts, r.hidden});
  if (hashed)
    add(ffn + "gate.tid2eid", "I64", {vocab, 6}, 8);
  else
    f32(ffn + "gate.bias", {r.experts});
  for (int64_t expert = 0; expert < r.experts; ++expert) {
    std::string name = ffn + "experts." + std::to_string(expert) + ".";
    fp4(name + "w1", r.expertWidth, r.hidden);
    fp4(name + "w2", r.hidden, r.expertWidth);
    fp4(name + "w3", r.expertWidth, r.hidden);
  }
  fp8(ffn + "shared_experts.w1", r.expertWidth, r.hidden);
  fp8(ffn + "shared_experts.w2", r.hidden, r.expertWidth);
  fp8(ffn + "shared_experts.w3", r.expertWidth, r.hidden);
}

/// `first`, then 4 and 128 in turn, the last a 4; then one for each draft
/// stage.
static std::vector<int64_t> ratiosOf(std::vector<int64_t> first, int64_t pairs,
                                     int64_t drafts) {
  for (int64_t i = 0; i < pairs; ++i)
    first.insert(first.end(), {4, 128});
  first.push_back(4);
  first.insert(first.end(), drafts, 0);
  return first;
}

Release test::flash(int64_t drafts) {
  return {43,  4096, 64,  1024, 8,
          256, 2048, 512, 1.5,  ratiosOf({0, 0}, 20, drafts)};
}
Release test::pro() {
  return {61,  7168, 128,  1536, 16,
          384, 3072, 1024, 2.5,  ratiosOf({128, 128}, 29, 1)};
}
