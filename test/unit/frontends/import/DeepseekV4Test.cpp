// The published headers of DeepSeek-V4: names, shapes, types and config as they
// were released, in files that end after their headers.

#include "TinyModel.h"
#include "dialects/nn/IR/StateSizes.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

using namespace tombolo;
using namespace tombolo::test;
namespace fs = std::filesystem;

namespace {

/// Sizes in which the releases differ.
struct Release {
  int64_t layers, hidden, heads, queryRank, groups, experts, expertWidth, topk;
  double scaling;
  std::vector<int64_t> ratios;
};

/// What matrices are stored in: 8 and 4 bits with scales beside them, as they
/// were published, or decoded.
enum class Storage { Published, Bf16 };

class Headers {
public:
  Headers(const Release &release, Storage storage)
      : r(release), storage(storage) {
    bf16("embed.weight", {vocab, r.hidden});
    bf16("head.weight", {vocab, r.hidden});
    bf16("norm.weight", {r.hidden});
    streams("", 4);
    for (int64_t layer = 0; layer < r.layers; ++layer)
      block("layers." + std::to_string(layer) + ".", r.ratios[layer],
            layer < hashLayers);
  }

  /// The draft head of the first releases.
  void addMtp() {
    block("mtp.0.", 0, false);
    fp8("mtp.0.e_proj", r.hidden, r.hidden);
    fp8("mtp.0.h_proj", r.hidden, r.hidden);
    for (const char *name : {"enorm", "hnorm", "norm"})
      bf16(std::string("mtp.0.") + name + ".weight", {r.hidden});
    streams("mtp.0.", 4);
  }

  /// The three draft stages of the July releases.
  void addDspark() {
    for (const char *stage : {"mtp.0.", "mtp.1.", "mtp.2."})
      block(stage, 0, false);
    fp8("mtp.0.main_proj", r.hidden, 3 * r.hidden);
    bf16("mtp.0.main_norm.weight", {r.hidden});
    bf16("mtp.2.norm.weight", {r.hidden});
    streams("mtp.2.", 4);
    bf16("mtp.2.markov_head.markov_w1.weight", {vocab, 256});
    bf16("mtp.2.markov_head.markov_w2.weight", {vocab, 256});
    bf16("mtp.2.confidence_head.proj.weight", {1, r.hidden + 256});
  }

  nlohmann::ordered_json config() const {
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
  nlohmann::ordered_json decodedConfig() const {
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

  size_t count() const { return tensors.size(); }
  int64_t bytes() const {
    int64_t sum = 0;
    for (const Tensor &tensor : tensors)
      sum += tensor.bytes;
    return sum;
  }

  /// A folder of `shards` files, each nothing but its header.
  std::string write(const std::string &name, size_t shards,
                    const nlohmann::ordered_json &config) const {
    fs::path folder = fs::path(testing::TempDir()) /
                      (name + "-" + std::to_string(::getpid()));
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
        header[tensor.name] = {
            {"dtype", tensor.type},
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

  static constexpr int64_t vocab = 129280, headDim = 512, indexDim = 128,
                           indexHeads = 64, outRank = 1024, hashLayers = 3,
                           window = 128;

private:
  struct Tensor {
    std::string name, type;
    std::vector<int64_t> shape;
    int64_t bytes;
  };

  void add(std::string name, const char *type, std::vector<int64_t> shape,
           int64_t elementBytes) {
    int64_t bytes = std::accumulate(shape.begin(), shape.end(), elementBytes,
                                    std::multiplies<int64_t>());
    tensors.push_back({std::move(name), type, std::move(shape), bytes});
  }
  void bf16(const std::string &name, std::vector<int64_t> shape) {
    add(name, "BF16", std::move(shape), 2);
  }
  void f32(const std::string &name, std::vector<int64_t> shape) {
    add(name, "F32", std::move(shape), 4);
  }
  void fp8(const std::string &name, int64_t out, int64_t in) {
    if (storage == Storage::Bf16)
      return bf16(name + ".weight", {out, in});
    add(name + ".weight", "F8_E4M3", {out, in}, 1);
    add(name + ".scale", "F8_E8M0", {(out + 127) / 128, (in + 127) / 128}, 1);
  }
  void fp4(const std::string &name, int64_t out, int64_t in) {
    if (storage == Storage::Bf16)
      return bf16(name + ".weight", {out, in});
    add(name + ".weight", "I8", {out, in / 2}, 1);
    add(name + ".scale", "F8_E8M0", {out, in / 32}, 1);
  }
  /// What gathers four streams into one.
  void streams(const std::string &prefix, int64_t rows) {
    f32(prefix + "hc_head_fn", {rows, 4 * r.hidden});
    f32(prefix + "hc_head_base", {rows});
    f32(prefix + "hc_head_scale", {1});
  }
  void compressor(const std::string &prefix, int64_t ratio, int64_t width) {
    int64_t wide = ratio == 4 ? 2 * width : width;
    f32(prefix + "ape", {ratio, wide});
    bf16(prefix + "wkv.weight", {wide, r.hidden});
    bf16(prefix + "wgate.weight", {wide, r.hidden});
    bf16(prefix + "norm.weight", {width});
  }
  void block(const std::string &prefix, int64_t ratio, bool hashed) {
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

  Release r;
  Storage storage;
  std::vector<Tensor> tensors;
};

/// `first`, then 4 and 128 in turn, the last a 4; then one for each draft
/// stage.
std::vector<int64_t> ratiosOf(std::vector<int64_t> first, int64_t pairs,
                              int64_t drafts) {
  for (int64_t i = 0; i < pairs; ++i)
    first.insert(first.end(), {4, 128});
  first.push_back(4);
  first.insert(first.end(), drafts, 0);
  return first;
}

Release flash(int64_t drafts = 1) {
  return {43,  4096, 64,  1024, 8,
          256, 2048, 512, 1.5,  ratiosOf({0, 0}, 20, drafts)};
}
Release pro() {
  return {61,  7168, 128,  1536, 16,
          384, 3072, 1024, 2.5,  ratiosOf({128, 128}, 29, 1)};
}

struct Imported {
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  ImportReport report;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  Imported(const std::string &folder) {
    OpenOptions open;
    open.headerOnlyOk = true;
    Result<Checkpoint> checkpoint = openCheckpoint(folder, open);
    EXPECT_TRUE(checkpoint.ok()) << textOf(checkpoint.errors());
    if (!checkpoint)
      return;
    auto made = importModel(context, *checkpoint, {}, &report);
    EXPECT_TRUE(made.ok()) << textOf(made.errors());
    if (made)
      module = std::move(*made);
    fs::remove_all(folder);
  }
  void expectOnlyDraftsLeftAside() const {
    EXPECT_TRUE(report.unreadKeys.empty());
    EXPECT_FALSE(report.unusedTensors.empty());
    for (const ImportReport::Tensor &tensor : report.unusedTensors) {
      EXPECT_THAT(tensor.name, testing::StartsWith("mtp."));
      EXPECT_EQ(tensor.reason, "draft heads (MTP, DSpark) are not imported");
    }
  }
};

TEST(DeepseekV4, FlashAsItWasPublished) {
  Headers headers(flash(), Storage::Published);
  headers.addMtp();
  // What the published index says.
  EXPECT_EQ(headers.count(), 69187u);
  EXPECT_EQ(headers.bytes(), 159609485896);
  Imported imported(headers.write("v4-flash", 46, headers.config()));
  ASSERT_TRUE(imported.module);
  imported.expectOnlyDraftsLeftAside();
  EXPECT_EQ(imported.report.family, "deepseek_v4");
  EXPECT_EQ(imported.report.contextLength, 1048576);
  // Sliding with hash routing; compressed by 4 and by 128, and by 4 with hash
  // routing.
  EXPECT_EQ(imported.report.distinctLayers, 4);

  // The paper's formula, in numbers of 4 bytes: a window of keys that are
  // values in each layer; entries and the indexer's keys for every 4 tokens in
  // 21 layers, entries for every 128 in 20; and what the next entry needs.
  int64_t tokens = 0, windows = 0, open = 0;
  double perToken = 0;
  constexpr int64_t far = 1 << 20, number = 4;
  for (const nn::StateSize &size : nn::stateSizesOf(*imported.module)) {
    perToken += size.bytesPerToken();
    tokens += size.window ? 0 : size.bytesAt(far) - size.bytesAt(0);
    windows += size.window ? size.bytesAt(far) : 0;
    open += size.bytesAt(0);
  }
  EXPECT_EQ(perToken, number * (21 * (512 + 128) / 4.0 + 20 * 512 / 128.0));
  EXPECT_EQ(tokens,
            number * (21 * (512 + 128) * far / 4 + 20 * 512 * far / 128));
  EXPECT_EQ(windows, number * 43 * 128 * 512);
  EXPECT_EQ(open,
            number * (21 * 2 * (4 + 3) * 2 * (512 + 128) + 20 * 2 * 127 * 512));
}

TEST(DeepseekV4, FlashWithDraftStages) {
  Headers headers(flash(3), Storage::Published);
  headers.addDspark();
  EXPECT_EQ(headers.count(), 72317u);
  nlohmann::ordered_json config = headers.config();
  config["dspark_block_size"] = 5;
  config["dspark_noise_token_id"] = 128799;
  config["dspark_target_layer_ids"] = {40, 41, 42};
  config["dspark_markov_rank"] = 256;
  Imported imported(headers.write("v4-flash-dspark", 48, config));
  ASSERT_TRUE(imported.module);
  imported.expectOnlyDraftsLeftAside();
}

TEST(DeepseekV4, DecodedMatricesAreBoundAlike) {
  Headers headers(flash(), Storage::Bf16);
  headers.addMtp();
  Imported imported(headers.write("v4-decoded", 46, headers.config()));
  ASSERT_TRUE(imported.module);
  imported.expectOnlyDraftsLeftAside();
}

TEST(DeepseekV4, ProAsItWasPublished) {
  Headers headers(pro(), Storage::Published);
  headers.addMtp();
  Imported imported(headers.write("v4-pro", 64, headers.config()));
  ASSERT_TRUE(imported.module);
  imported.expectOnlyDraftsLeftAside();
  EXPECT_EQ(imported.report.distinctLayers, 4);
  std::string text;
  llvm::raw_string_ostream stream(text);
  imported.module->print(stream);
  // Four bodies, however many layers and experts.
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 1500);
}

TEST(DeepseekV4, AnotherRatioIsRefused) {
  Release release = flash();
  release.ratios[5] = 8;
  Headers headers(release, Storage::Bf16);
  std::string folder = headers.write("v4-ratio", 1, headers.config());
  OpenOptions open;
  open.headerOnlyOk = true;
  Result<Checkpoint> checkpoint = openCheckpoint(folder, open);
  ASSERT_TRUE(checkpoint.ok()) << textOf(checkpoint.errors());
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  EXPECT_THAT(textOf(importModel(context, *checkpoint)),
              testing::HasSubstr("compress_ratios: 8 is not one of 0, 4, 128"));
  fs::remove_all(folder);
}

/// As transformers saves it: its own names, stacked experts, and kinds of
/// layers and rates by name.
TEST(DeepseekV4, NamesAndSettingsOfTransformers) {
  nlohmann::ordered_json config = {
      {"architectures", {"DeepseekV4ForCausalLM"}},
      {"vocab_size", 40},
      {"hidden_size", 64},
      {"num_hidden_layers", 3},
      {"num_attention_heads", 4},
      {"head_dim", 32},
      {"partial_rotary_factor", 0.5},
      {"q_lora_rank", 32},
      {"o_groups", 2},
      {"o_lora_rank", 16},
      {"sliding_window", 8},
      {"layer_types",
       {"sliding_attention", "compressed_sparse_attention",
        "heavily_compressed_attention"}},
      {"compress_rates",
       {{"compressed_sparse_attention", 2},
        {"heavily_compressed_attention", 8}}},
      {"mlp_layer_types", {"hash_moe", "moe", "moe"}},
      {"rope_parameters",
       {{"main",
         {{"rope_type", "default"},
          {"rope_theta", 10000.0},
          {"partial_rotary_factor", 0.5}}},
        {"compress",
         {{"rope_type", "yarn"},
          {"rope_theta", 160000.0},
          {"factor", 16.0},
          {"original_max_position_embeddings", 64},
          {"partial_rotary_factor", 0.5}}}}},
      {"index_n_heads", 2},
      {"index_head_dim", 32},
      {"index_topk", 4},
      {"hc_mult", 2},
      {"num_local_experts", 4},
      {"intermediate_size", 32},
      {"num_experts_per_tok", 2}};
  TinyTensors tensors;
  auto add = [&](const std::string &name, std::vector<int64_t> shape,
                 const char *encoding = "bf16") {
    tensors["model." + name] = {std::move(shape), encoding};
  };
  tensors["lm_head.weight"] = {{40, 64}, "bf16"};
  add("embed_tokens.weight", {40, 64});
  add("norm.weight", {64});
  add("hc_head.hc_fn", {2, 128}, "f32");
  add("hc_head.hc_base", {2}, "f32");
  add("hc_head.hc_scale", {1}, "f32");
  auto compressor = [&](const std::string &prefix, int64_t rate, int64_t wide,
                        int64_t width) {
    add(prefix + "kv_proj.weight", {wide, 64});
    add(prefix + "gate_proj.weight", {wide, 64});
    add(prefix + "position_bias", {rate, wide}, "f32");
    add(prefix + "kv_norm.weight", {width});
  };
  for (int layer = 0; layer < 3; ++layer) {
    std::string at = "layers." + std::to_string(layer) + ".";
    std::string attn = at + "self_attn.", mlp = at + "mlp.";
    for (const char *hc : {"attn_hc.", "ffn_hc."}) {
      add(at + hc + "fn", {8, 128}, "f32");
      add(at + hc + "base", {8}, "f32");
      add(at + hc + "scale", {3}, "f32");
    }
    add(at + "input_layernorm.weight", {64});
    add(at + "post_attention_layernorm.weight", {64});
    add(attn + "q_a_proj.weight", {32, 64});
    add(attn + "q_a_norm.weight", {32});
    add(attn + "q_b_proj.weight", {128, 32});
    add(attn + "kv_proj.weight", {32, 64});
    add(attn + "kv_norm.weight", {32});
    add(attn + "sinks", {4}, "f32");
    add(attn + "o_a_proj.weight", {32, 64});
    add(attn + "o_b_proj.weight", {64, 32});
    if (layer == 1) {
      compressor(attn + "compressor.", 2, 64, 32);
      std::string indexer = attn + "compressor.indexer.";
      compressor(indexer, 2, 64, 32);
      add(indexer + "q_b_proj.weight", {64, 32});
      add(indexer + "scorer.weights_proj.weight", {2, 64});
    }
    if (layer == 2)
      compressor(attn + "compressor.", 8, 32, 32);
    add(mlp + "gate.weight", {4, 64});
    if (layer == 0)
      add(mlp + "gate.tid2eid", {40, 2}, "i64");
    else
      add(mlp + "gate.e_score_correction_bias", {4}, "f32");
    add(mlp + "experts.gate_up_proj", {4, 64, 64});
    add(mlp + "experts.down_proj", {4, 64, 32});
    add(mlp + "shared_experts.gate_proj.weight", {32, 64});
    add(mlp + "shared_experts.up_proj.weight", {32, 64});
    add(mlp + "shared_experts.down_proj.weight", {64, 32});
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string text =
      textOf(importModel(context, makeCheckpoint(config, tensors)));
  for (const char *part :
       {"@layer1.entry[1] : !nn.rows<32xf32, clock = 2>",
        "@layer1.value[1] : !nn.rows<64xf32> size = 2 before = 2",
        "@layer2.entry[1] : !nn.rows<32xf32, clock = 8>",
        "!nn.rows<32xf32, clock = 2, picks = 4>", "nn.embedding %arg3, %",
        "-> tensor<?x2xi32>",
        "nn.slice %0[:, 32:, :] : !nn.weight<4x64x64, bf16> -> "
        "!nn.weight<4x32x64, bf16>"})
    EXPECT_THAT(text, testing::HasSubstr(part));
}

} // namespace
