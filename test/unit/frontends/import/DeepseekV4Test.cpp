// DeepSeek-V4 from its published headers.

#include "PublishedHeaders.h"
#include "TinyModel.h"
#include "dialects/nn/IR/StateSizes.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::test;
namespace fs = std::filesystem;

namespace {

std::string folderFor(const std::string &name) {
  return (fs::path(testing::TempDir()) /
          (name + "-" + std::to_string(::getpid())))
      .string();
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
  Imported imported(headers.write(folderFor("v4-flash"), 46, headers.config()));
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
  Imported imported(headers.write(folderFor("v4-flash-dspark"), 48, config));
  ASSERT_TRUE(imported.module);
  imported.expectOnlyDraftsLeftAside();
}

TEST(DeepseekV4, DecodedMatricesAreBoundAlike) {
  Headers headers(flash(), Storage::Bf16);
  headers.addMtp();
  Imported imported(
      headers.write(folderFor("v4-decoded"), 46, headers.config()));
  ASSERT_TRUE(imported.module);
  imported.expectOnlyDraftsLeftAside();
}

TEST(DeepseekV4, ProAsItWasPublished) {
  Headers headers(pro(), Storage::Published);
  headers.addMtp();
  Imported imported(headers.write(folderFor("v4-pro"), 64, headers.config()));
  ASSERT_TRUE(imported.module);
  imported.expectOnlyDraftsLeftAside();
  EXPECT_EQ(imported.report.distinctLayers, 4);
  std::string text;
  llvm::raw_string_ostream stream(text);
  imported.module->print(stream);
  // However many layers and experts.
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 500);
}

TEST(DeepseekV4, AnotherRatioIsRefused) {
  Release release = flash();
  release.ratios[5] = 8;
  Headers headers(release, Storage::Bf16);
  std::string folder =
      headers.write(folderFor("v4-ratio"), 1, headers.config());
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
