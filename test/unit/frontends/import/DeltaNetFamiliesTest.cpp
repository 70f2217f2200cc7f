// Columns and configurations of the families with gated delta nets that no
// golden has.

#include "FamilyModels.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

/// One layer of linear attention, 2 key heads of 16 and 4 value heads, and one
/// of attention.
void addDeltaNet(GgufModel &model) {
  model.set("attention.head_count_kv", 2);
  model.set("attention.key_length", 16);
  model.set("attention.value_length", 16);
  model.set("rope.dimension_count", 4);
  model.set("full_attention_interval", 2);
  model.set("ssm.conv_kernel", 4);
  model.set("ssm.state_size", 16);
  model.set("ssm.group_count", 2);
  model.set("ssm.time_step_rank", 4);
  model.set("ssm.inner_size", 64);
  model.drop("ffn_norm.weight");
  model.each("post_attention_norm.weight", {{64}});
  for (const char *name : {"attn_q.weight", "attn_k.weight", "attn_v.weight",
                           "attn_output.weight"})
    model.tensors.erase("blk.0." + std::string(name));
  TinyTensors more = {{"0.attn_qkv.weight", {{128, 64}, "q4_0"}},
                      {"0.attn_gate.weight", {{64, 64}, "q4_0"}},
                      {"0.ssm_beta.weight", {{4, 64}, "q8_0"}},
                      {"0.ssm_alpha.weight", {{4, 64}, "q8_0"}},
                      {"0.ssm_conv1d.weight", {{128, 4}}},
                      {"0.ssm_a", {{4}}},
                      {"0.ssm_dt.bias", {{4}}},
                      {"0.ssm_norm.weight", {{16}}},
                      {"0.ssm_out.weight", {{64, 64}, "q4_0"}},
                      {"1.attn_q.weight", {{128, 64}, "q4_0"}},
                      {"1.attn_q_norm.weight", {{16}}},
                      {"1.attn_k_norm.weight", {{16}}}};
  for (const auto &[name, tensor] : more)
    model.tensors["blk." + name] = tensor;
}

/// The blocks of the last matrix are wider than a head: its columns stay.
TEST(DeltaNetFamilies, Qwen35GgufReordersHeadsInTheirEncoding) {
  GgufModel model("qwen35");
  addDeltaNet(model);
  model.set("rope.dimension_sections", {1, 1, 0, 0});
  std::string text = model.import();
  EXPECT_EQ(model.report.family, "qwen3_5") << text;
  EXPECT_THAT(text, HasSubstr("nn.weight @layer0.gdn.qkv[1] : "
                              "!nn.weight<128x64, q4_0>"));
  EXPECT_THAT(text, HasSubstr("nn.weight @layer0.gdn.z[1] : "
                              "!nn.weight<64x64, q4_0>"));
  EXPECT_THAT(text, HasSubstr("nn.weight @layer0.gdn.b[1] : "
                              "!nn.weight<4x64, q8_0>"));
  EXPECT_THAT(text, HasSubstr("nn.weight @layer0.gdn.out[1] : "
                              "!nn.weight<64x64, q4_0>"));
  EXPECT_THAT(text, HasSubstr("\"t (g share) c -> t (share g) c\""));
  // Which layers are of which kind may be said one by one.
  model.set("attention.recurrent_layers", {false, true});
  EXPECT_THAT(model.import(),
              HasSubstr("expects tensor 'blk.0.attn_output."
                        "weight' for 'wo', but no file has it"));
}

TEST(DeltaNetFamilies, Qwen35MoeGgufRefusesOtherScores) {
  GgufModel model("qwen35moe");
  addDeltaNet(model);
  addExperts(model, 96);
  model.each("ffn_gate_inp_shexp.weight", {{64}});
  model.set("expert_shared_feed_forward_length", 96);
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("nn.weight @layer0.moe.up[1] : "
                              "!nn.weight<4x32x64, q4_0>"))
      << text;
  EXPECT_EQ(model.report.family, "qwen3_5_moe");
  model.set("expert_gating_func", 2);
  EXPECT_THAT(model.import(),
              HasSubstr("expert_gating_func 2 is not 1, softmax"));
}

/// A few of the oldest files keep the projections as published.
TEST(DeltaNetFamilies, Qwen3NextGgufMayHaveOneProjection) {
  GgufModel model("qwen3next");
  addDeltaNet(model);
  addExperts(model, 96);
  model.each("ffn_gate_inp_shexp.weight", {{64}});
  model.set("expert_shared_feed_forward_length", 96);
  model.tensors["blk.0.ssm_ba.weight"] = {{8, 64}, "q8_0"};
  model.tensors.erase("blk.0.ssm_alpha.weight");
  model.tensors.erase("blk.0.ssm_beta.weight");
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr(" stored \"blk.{layer}.attn_gate.weight\""))
      << text;
  EXPECT_EQ(model.report.family, "qwen3_next");
  model.tensors.erase("blk.0.attn_qkv.weight");
  model.tensors.erase("blk.0.attn_gate.weight");
  model.tensors["blk.0.ssm_in.weight"] = {{192, 64}, "q4_0"};
  EXPECT_THAT(model.import(), HasSubstr("nn.weight @layer0.gdn.v[1] : "
                                        "!nn.weight<64x64, q4_0>"));
  model.set("expert_gating_func", 2);
  EXPECT_THAT(model.import(),
              HasSubstr("expert_gating_func 2 is not 1, softmax"));
}

/// One layer of attention, its experts fused or one by one.
TEST(DeltaNetFamilies, Qwen35MoeExpertsMayBeOneByOne) {
  for (bool fused : {true, false}) {
    HfModel model;
    model.config = {{"architectures", {"Qwen3_5MoeForCausalLM"}},
                    {"vocab_size", 40},
                    {"hidden_size", 16},
                    {"num_hidden_layers", 1},
                    {"num_attention_heads", 2},
                    {"num_key_value_heads", 1},
                    {"head_dim", 8},
                    {"layer_types", {"full_attention"}},
                    {"num_experts", 3},
                    {"num_experts_per_tok", 2},
                    {"moe_intermediate_size", 8},
                    {"shared_expert_intermediate_size", 12},
                    {"mlp_only_layers", nlohmann::ordered_json::array()}};
    model.tensors["model.embed_tokens.weight"] = {{40, 16}};
    model.tensors["model.norm.weight"] = {{16}};
    model.tensors["lm_head.weight"] = {{40, 16}};
    model.tensors["mtp.fc.weight"] = {{16, 32}};
    model.each("model.layers.", 1,
               {{"input_layernorm.weight", {{16}}},
                {"post_attention_layernorm.weight", {{16}}},
                {"self_attn.q_proj.weight", {{32, 16}}},
                {"self_attn.k_proj.weight", {{8, 16}}},
                {"self_attn.v_proj.weight", {{8, 16}}},
                {"self_attn.o_proj.weight", {{16, 16}}},
                {"self_attn.q_norm.weight", {{8}}},
                {"self_attn.k_norm.weight", {{8}}},
                {"mlp.gate.weight", {{3, 16}}},
                {"mlp.shared_expert.gate_proj.weight", {{12, 16}}},
                {"mlp.shared_expert.up_proj.weight", {{12, 16}}},
                {"mlp.shared_expert.down_proj.weight", {{16, 12}}},
                {"mlp.shared_expert_gate.weight", {{1, 16}}}});
    if (fused)
      model.each("model.layers.", 1,
                 {{"mlp.experts.gate_up_proj", {{3, 16, 16}}},
                  {"mlp.experts.down_proj", {{3, 16, 8}}}});
    for (int expert = 0; expert < 3 && !fused; ++expert) {
      std::string name = "mlp.experts." + std::to_string(expert) + ".";
      model.each("model.layers.", 1,
                 {{name + "gate_proj.weight", {{8, 16}}},
                  {name + "up_proj.weight", {{8, 16}}},
                  {name + "down_proj.weight", {{16, 8}}}});
    }
    EXPECT_THAT(model.import(), HasSubstr("nn.weight @layer0.moe.up[1] : "
                                          "!nn.weight<3x8x16, f32>"));
    model.config["mlp_only_layers"] = {0};
    EXPECT_THAT(model.import(), HasSubstr("mlp_only_layers: every layer of "
                                          "this family has experts"));
  }
}

} // namespace
