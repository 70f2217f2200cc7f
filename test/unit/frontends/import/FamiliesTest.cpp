// Columns and configurations of the shipped families that no golden has.

#include "FamilyModels.h"
#include "llvm/Support/raw_ostream.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(Families, LlamaGgufWithAndWithoutAWindow) {
  GgufModel model("llama");
  model.set("rope.dimension_count", 16);
  EXPECT_THAT(model.import(), HasSubstr("func.func @logits"));
  EXPECT_EQ(model.report.family, "llama");
  model.set("attention.sliding_window", 8);
  EXPECT_THAT(model.import(), HasSubstr("!nn.rows<2x16xf32, window = 8>"));
  EXPECT_EQ(model.report.family, "mistral");
}

/// Mixtral, with its matrices stacked, and as the oldest files have them.
TEST(Families, LlamaGgufWithExperts) {
  for (bool stacked : {true, false}) {
    GgufModel model("llama");
    model.set("expert_count", 3);
    model.set("expert_used_count", 2);
    model.each("ffn_gate_inp.weight", {{3, 64}});
    for (std::string name : {"gate", "up", "down"}) {
      std::vector<int64_t> shape = {96, 64};
      if (name == "down")
        std::swap(shape[0], shape[1]);
      model.drop("ffn_" + name + ".weight");
      for (int expert = 0; expert < 3 && !stacked; ++expert)
        model.each("ffn_" + name + "." + std::to_string(expert) + ".weight",
                   {shape, "q4_0"});
      shape.insert(shape.begin(), 3);
      if (stacked)
        model.each("ffn_" + name + "_exps.weight", {shape, "q4_0"});
    }
    std::string text = model.import();
    EXPECT_THAT(text,
                HasSubstr(stacked ? " stored \"blk.{layer}.ffn_up_exps.weig"
                                  : " stored \"blk.{layer}.ffn_up.{expert}."));
    EXPECT_THAT(text, HasSubstr("!nn.weight<3x64x96, q4_0>"));
    EXPECT_EQ(model.report.family, "mixtral");
  }
}

TEST(Families, Qwen2MoeGguf) {
  GgufModel model("qwen2moe");
  addExperts(model, 96);
  model.each("attn_q.bias", {{64}});
  model.each("attn_k.bias", {{32}});
  model.each("attn_v.bias", {{32}});
  // Older files have a vector, newer ones a matrix of one row.
  for (std::vector<int64_t> shape : {std::vector<int64_t>{64}, {1, 64}}) {
    model.each("ffn_gate_inp_shexp.weight", {shape});
    EXPECT_THAT(model.import(), HasSubstr("nn.weight @layer0.shared_gate[2] : "
                                          "!nn.weight<1x64, f32>"));
    EXPECT_EQ(model.report.family, "qwen2_moe");
  }
}

TEST(Families, Glm4MoeGguf) {
  GgufModel model("glm4moe");
  addExperts(model, 32);
  model.set("block_count", 3);
  model.set("nextn_predict_layers", 1);
  model.set("attention.key_length", 16);
  model.set("attention.value_length", 16);
  model.set("rope.dimension_count", 8);
  model.set("expert_shared_count", 1);
  model.set("expert_gating_func", 2);
  model.set("expert_weights_scale", 2.5);
  model.set("expert_weights_norm", true);
  model.set("leading_dense_block_count", 1);
  model.drop("ffn_norm.weight");
  model.each("post_attention_norm.weight", {{64}});
  model.each("exp_probs_b.bias", {{4}});
  std::erase_if(model.tensors, [](const auto &entry) {
    return entry.first.starts_with("blk.0.ffn") ||
           entry.first == "blk.0.exp_probs_b.bias";
  });
  model.tensors["blk.0.ffn_gate.weight"] = {{96, 64}, "q4_0"};
  model.tensors["blk.0.ffn_up.weight"] = {{96, 64}, "q4_0"};
  model.tensors["blk.0.ffn_down.weight"] = {{64, 96}, "q4_0"};
  model.tensors["blk.2.nextn.eh_proj.weight"] = {{64, 128}, "q4_0"};
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("func.func private @layer1")) << text;
  EXPECT_THAT(text, HasSubstr("nn.keep_groups"));
  EXPECT_THAT(text, HasSubstr("arith.constant 2.500000e+00 : f32"));
  EXPECT_EQ(model.report.unusedTensors.size(), 1u);
  EXPECT_THAT(text, HasSubstr("nn.div"));
  model.metadata.erase("glm4moe.expert_weights_norm");
  EXPECT_THAT(model.import(), testing::Not(HasSubstr("nn.div")));
  model.set("expert_gating_func", 1);
  EXPECT_THAT(model.import(),
              HasSubstr("expert_gating_func 1 is not 2, sigmoid"));
}

TEST(Families, MinimaxM2Gguf) {
  GgufModel model("minimax-m2");
  addExperts(model, 0);
  model.set("attention.key_length", 16);
  model.set("attention.value_length", 16);
  model.set("rope.dimension_count", 8);
  model.set("expert_gating_func", 2);
  model.each("attn_q_norm.weight", {{64}});
  model.each("attn_k_norm.weight", {{32}});
  model.each("exp_probs_b.bias", {{4}});
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("@layer0.q_norm[2] : !nn.weight<64, f32>"));
  EXPECT_THAT(text, HasSubstr("freqs = [1.000000e+00, 1.000000e-01, 1.000000e-"
                              "02, 1.000000e-03] scale"));
  model.set("expert_gating_func", 1);
  EXPECT_THAT(model.import(), HasSubstr("expert_gating_func 1"));
}

TEST(Families, LlamaGgufRotatesAsManyChannelsAsItSays) {
  GgufModel model("llama");
  model.set("rope.dimension_count", 8);
  EXPECT_THAT(model.import(),
              HasSubstr("freqs = [1.000000e+00, 1.000000e-01, 1.000000e-02, "
                        "1.000000e-03] scale"));
}

/// The converter writes the norms' epsilon under both of its names.
TEST(Families, NemotronGgufHasLayerNorms) {
  GgufModel model("nemotron");
  model.set("attention.layer_norm_epsilon", 1e-5);
  model.set("rope.dimension_count", 8);
  model.set("rope.scaling.type", "none");
  model.set("vocab_size", 40);
  model.tensors["output_norm.bias"] = {{64}};
  model.each("attn_norm.bias", {{64}});
  model.each("ffn_norm.bias", {{64}});
  model.drop("ffn_gate.weight");
  std::string text = model.import();
  EXPECT_THAT(text, AllOf(HasSubstr("nn.layer_norm"), Not(HasSubstr("error"))));
}

TEST(Families, Qwen2Gguf) {
  GgufModel model("qwen2");
  model.each("attn_q.bias", {{64}});
  model.each("attn_k.bias", {{32}});
  model.each("attn_v.bias", {{32}});
  EXPECT_THAT(model.import(), HasSubstr(" stored \"blk.{layer}.attn_q.bias"));
  EXPECT_EQ(model.report.family, "qwen2");
}

TEST(Families, Qwen3Gguf) {
  GgufModel model("qwen3");
  model.set("attention.key_length", 16);
  model.set("attention.value_length", 16);
  model.each("attn_q_norm.weight", {{16}});
  model.each("attn_k_norm.weight", {{16}});
  EXPECT_THAT(model.import(), HasSubstr("@layer0.q_norm[2]"));
  model.set("attention.value_length", 8);
  EXPECT_THAT(model.import(), HasSubstr("attention.value_length differs from "
                                        "attention.key_length"));
}

TEST(Families, Phi3GgufKeepsLongropeFactorsAsTensors) {
  GgufModel model("phi3");
  model.set("rope.dimension_count", 12);
  model.set("rope.scaling.original_context_length", 32);
  model.set("rope.scaling.attn_factor", 1.25);
  model.set("attention.sliding_window", 0);
  for (const char *name :
       {"attn_q.weight", "attn_k.weight", "attn_v.weight", "ffn_gate.weight"})
    model.drop(name);
  model.each("attn_qkv.weight", {{128, 64}, "q4_0"});
  model.each("ffn_up.weight", {{192, 64}, "q4_0"});
  model.tensors["rope_factors_short.weight"] = {{6}};
  model.tensors["rope_factors_long.weight"] = {{6}};
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("scale = 1.250000e+00 divisors = @short_factors"))
      << text;
  EXPECT_THAT(text, HasSubstr("long_divisors = @long_factors long_from = 32"));
  EXPECT_THAT(text, HasSubstr("nn.slice %0[:64, :] : !nn.weight<128x64, q4_0> "
                              "-> !nn.weight<64x64, q4_0>"));
  // Without them the frequencies are plain.
  model.tensors.erase("rope_factors_short.weight");
  model.tensors.erase("rope_factors_long.weight");
  model.metadata.erase("phi3.rope.scaling.attn_factor");
  EXPECT_THAT(model.import(), HasSubstr("scale = 1.000000e+00\n"));
}

TEST(Families, GemmaGgufOf62LayersScalesByTheWidthOfItsHeads) {
  GgufModel model("gemma3");
  model.set("attention.key_length", 16);
  model.set("attention.value_length", 16);
  model.set("attention.sliding_window", 8);
  model.set("rope.scaling.type", "linear");
  model.set("rope.scaling.factor", 8.0);
  for (const char *name :
       {"post_attention_norm.weight", "post_ffw_norm.weight"})
    model.each(name, {{64}});
  model.each("attn_q_norm.weight", {{16}});
  model.each("attn_k_norm.weight", {{16}});
  model.tensors.erase("output.weight");
  EXPECT_THAT(model.import(), HasSubstr("scale = 2.500000e-01"));
}

TEST(Families, Gemma2GgufCapsLogitsAndHasAWindowInEvenLayers) {
  GgufModel model("gemma2");
  model.set("attention.key_length", 16);
  model.set("attention.value_length", 16);
  model.set("attention.sliding_window", 8);
  model.set("attn_logit_softcapping", 40.0);
  model.set("final_logit_softcapping", 20.0);
  for (const char *name :
       {"post_attention_norm.weight", "post_ffw_norm.weight"})
    model.each(name, {{64}});
  model.tensors.erase("output.weight");
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("scale = 2.500000e-01 softcap = 4.000000e+01"))
      << text;
  EXPECT_THAT(text, HasSubstr("@layer0.k[1] : !nn.rows<2x16xf32, window = 8>"));
  EXPECT_THAT(text, HasSubstr("@layer1.k[1] : !nn.rows<2x16xf32> storage"));
  EXPECT_THAT(text, HasSubstr("arith.constant 2.000000e+01 : f32"));
}

TEST(Families, Gpt2GgufStoresProductsAsLinearsDo) {
  GgufModel model("gpt2");
  for (const char *key : {"attention.head_count_kv", "rope.freq_base",
                          "attention.layer_norm_rms_epsilon"})
    model.metadata.erase("gpt2." + std::string(key));
  model.set("attention.layer_norm_epsilon", 1e-5);
  for (const char *name :
       {"attn_q.weight", "attn_k.weight", "attn_v.weight", "ffn_gate.weight"})
    model.drop(name);
  model.tensors["position_embd.weight"] = {{256, 64}};
  model.tensors["output_norm.bias"] = {{64}};
  for (const char *name :
       {"attn_norm.bias", "ffn_norm.bias", "attn_output.bias", "ffn_down.bias"})
    model.each(name, {{64}});
  model.each("attn_qkv.weight", {{192, 64}, "q4_0"});
  model.each("attn_qkv.bias", {{192}});
  model.each("ffn_up.bias", {{96}});
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("nn.slice %0[64:128, :] : !nn.weight<192x64, "
                              "q4_0> -> !nn.weight<64x64, q4_0>"))
      << text;
  EXPECT_THAT(text, HasSubstr("nn.weight @lm_head"));
}

TEST(Families, Gpt2MayHaveThePrefixOfItsClass) {
  HfModel model;
  model.config = {{"architectures", {"GPT2LMHeadModel"}},
                  {"vocab_size", 40},
                  {"n_embd", 16},
                  {"n_layer", 1},
                  {"n_head", 2},
                  {"n_positions", 32},
                  {"scale_attn_by_inverse_layer_idx", true},
                  {"scale_attn_weights", false}};
  model.tensors["transformer.wte.weight"] = {{40, 16}};
  model.tensors["transformer.wpe.weight"] = {{32, 16}};
  model.tensors["transformer.ln_f.weight"] = {{16}};
  model.tensors["transformer.ln_f.bias"] = {{16}};
  model.each("transformer.h.", 1,
             {{"ln_1.weight", {{16}}},
              {"ln_1.bias", {{16}}},
              {"ln_2.weight", {{16}}},
              {"ln_2.bias", {{16}}},
              {"attn.bias", {{1, 1, 32, 32}}},
              {"attn.masked_bias", {{}}},
              {"attn.c_attn.weight", {{16, 48}}},
              {"attn.c_attn.bias", {{48}}},
              {"attn.c_proj.weight", {{16, 16}}},
              {"attn.c_proj.bias", {{16}}},
              {"mlp.c_fc.weight", {{16, 64}}},
              {"mlp.c_fc.bias", {{64}}},
              {"mlp.c_proj.weight", {{64, 16}}},
              {"mlp.c_proj.bias", {{16}}}});
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr(" stored \"transformer.wte.weight\"")) << text;
  EXPECT_THAT(text, HasSubstr("scale = 1.000000e+00"));
  EXPECT_THAT(text, HasSubstr("nn.rearrange %1, \"i o -> o i\""));
}

/// Four layers in pairs: a window, then none.
HfModel gemma4() {
  HfModel model;
  model.config = {{"architectures", {"Gemma4ForCausalLM"}},
                  {"vocab_size", 40},
                  {"hidden_size", 16},
                  {"num_hidden_layers", 4},
                  {"num_attention_heads", 2},
                  {"num_key_value_heads", 1},
                  {"head_dim", 8},
                  {"global_head_dim", 16},
                  {"intermediate_size", 32},
                  {"sliding_window", 4},
                  {"hidden_size_per_layer_input", 0},
                  {"layer_types",
                   {"sliding_attention", "full_attention", "sliding_attention",
                    "full_attention"}}};
  model.tensors["model.embed_tokens.weight"] = {{40, 16}};
  model.tensors["model.norm.weight"] = {{16}};
  model.each("model.layers.", 4,
             {{"input_layernorm.weight", {{16}}},
              {"post_attention_layernorm.weight", {{16}}},
              {"pre_feedforward_layernorm.weight", {{16}}},
              {"post_feedforward_layernorm.weight", {{16}}},
              {"layer_scalar", {{1}}},
              {"mlp.gate_proj.weight", {{32, 16}}},
              {"mlp.up_proj.weight", {{32, 16}}},
              {"mlp.down_proj.weight", {{16, 32}}}});
  for (int layer = 0; layer < 4; ++layer) {
    std::string prefix =
        "model.layers." + std::to_string(layer) + ".self_attn.";
    int64_t hd = layer % 2 ? 16 : 8;
    model.tensors[prefix + "q_proj.weight"] = {{2 * hd, 16}};
    model.tensors[prefix + "o_proj.weight"] = {{16, 2 * hd}};
    model.tensors[prefix + "k_proj.weight"] = {{hd, 16}};
    model.tensors[prefix + "v_proj.weight"] = {{hd, 16}};
    model.tensors[prefix + "q_norm.weight"] = {{hd}};
    model.tensors[prefix + "k_norm.weight"] = {{hd}};
  }
  return model;
}

TEST(Families, Gemma4LayersMayReadEarlierRows) {
  HfModel model = gemma4();
  EXPECT_THAT(model.import(), HasSubstr("@layer0.k[2] : !nn.rows<1x8xf32, "
                                        "window = 4>"));
  model.config["num_kv_shared_layers"] = 2;
  for (const char *layer : {"2", "3"})
    for (const char *name : {"k_proj", "v_proj", "k_norm"})
      model.tensors.erase("model.layers." + std::string(layer) + ".self_attn." +
                          name + ".weight");
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("@layer0.k[1] : !nn.rows<1x8xf32, window = 4>"))
      << text;
  // The last two have no states of their own.
  EXPECT_THAT(text, Not(HasSubstr("@layer2.k")));
  EXPECT_THAT(text, HasSubstr("!nn.rows<1x8xf32, window = 4>, "
                              "!nn.rows<1x8xf32, window = 4>"));
}

/// Newer versions of transformers write what full layers have of their own as
/// differences by layer.
TEST(Families, Gemma4LayersMayDifferByNumber) {
  HfModel model = gemma4();
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("@layer1.k[2] : !nn.rows<1x16xf32> storage"));
  model.config.erase("global_head_dim");
  model.config["per_layer_config"] = {{"1", {{"head_dim", 16}}},
                                      {"3", {{"head_dim", 16}}}};
  EXPECT_EQ(model.import(), text);
  model.config["per_layer_config"]["3"]["sliding_window"] = 4;
  EXPECT_THAT(model.import(),
              HasSubstr("'per_layer_config.3.sliding_window' is not read"));
}

TEST(Families, Gemma4SaysWhatItsConfigLacks) {
  HfModel model = gemma4();
  model.config["hidden_size_per_layer_input"] = 8;
  model.config["vocab_size_per_layer_input"] = 39;
  model.config["enable_moe_block"] = true;
  model.config["num_kv_shared_layers"] = 4;
  EXPECT_THAT(
      model.import(),
      AllOf(HasSubstr("vocab_size_per_layer_input 39 leaves tokens of "
                      "vocab_size 40 without an embedding for each layer"),
            HasSubstr("enable_moe_block asks for num_experts, top_k_experts "
                      "and moe_intermediate_size"),
            HasSubstr("num_kv_shared_layers leaves no layer with keys")));
}

/// Full layers have wider heads than those with a window, and experts whose
/// gates and ups are one stack, or two.
TEST(Families, Gemma4Gguf) {
  for (bool joined : {true, false}) {
    GgufModel model("gemma4");
    for (auto [name, value] : {std::pair("attention.key_length", 32),
                               {"attention.value_length", 32},
                               {"attention.key_length_swa", 16},
                               {"attention.value_length_swa", 16},
                               {"rope.dimension_count", 32},
                               {"rope.dimension_count_swa", 16},
                               {"attention.sliding_window", 8},
                               {"attention.shared_kv_layers", 0},
                               {"embedding_length_per_layer_input", 0},
                               {"expert_count", 4},
                               {"expert_used_count", 2},
                               {"expert_feed_forward_length", 48}})
      model.set(name, value);
    model.set("attention.head_count_kv", {2, 1});
    model.set("attention.sliding_window_pattern", {true, false});
    model.set("rope.freq_base", 1e6);
    model.set("rope.freq_base_swa", 1e4);
    model.set("final_logit_softcapping", 30.0);
    model.tensors.erase("output.weight");
    model.tensors["rope_freqs.weight"] = {{16}};
    for (const char *name :
         {"post_attention_norm.weight", "post_ffw_norm.weight",
          "post_ffw_norm_1.weight", "pre_ffw_norm_2.weight",
          "post_ffw_norm_2.weight", "ffn_gate_inp.scale"})
      model.each(name, {{64}});
    model.each("layer_output_scale.weight", {{1}});
    model.each("ffn_gate_inp.weight", {{4, 64}});
    model.each("ffn_down_exps.scale", {{4}});
    if (joined) {
      model.each("ffn_gate_up_exps.weight", {{4, 96, 64}, "q4_0"});
    } else {
      model.each("ffn_gate_exps.weight", {{4, 48, 64}, "q4_0"});
      model.each("ffn_up_exps.weight", {{4, 48, 64}, "q4_0"});
    }
    model.each("ffn_down_exps.weight", {{4, 64, 48}});
    model.tensors["blk.1.attn_q.weight"] = {{128, 64}, "q4_0"};
    model.tensors["blk.1.attn_k.weight"] = {{32, 64}, "q4_0"};
    model.tensors["blk.1.attn_output.weight"] = {{64, 128}, "q4_0"};
    model.tensors.erase("blk.1.attn_v.weight");
    for (const char *name : {"attn_q_norm.weight", "attn_k_norm.weight"}) {
      model.tensors[std::string("blk.0.") + name] = {{16}};
      model.tensors[std::string("blk.1.") + name] = {{32}};
    }
    std::string text = model.import();
    EXPECT_THAT(text,
                HasSubstr("@layer0.k[1] : !nn.rows<2x16xf32, window = 8>"))
        << text;
    EXPECT_THAT(text, HasSubstr("@layer1.v[1] : !nn.rows<1x32xf32> storage"));
    EXPECT_THAT(text, Not(HasSubstr("@layer1.wv")));
    EXPECT_THAT(text, HasSubstr("scale = 1.000000e+00 divisors = "
                                "@rope_divisors"));
    EXPECT_THAT(text,
                HasSubstr(joined ? "[:, :48, :] : !nn.weight<4x96x64, q4_0"
                                 : "ffn_gate_exps.weight\""));
    model.set("attention.value_length_swa", 8);
    EXPECT_THAT(model.import(), HasSubstr("attention.value_length_swa differs "
                                          "from attention.key_length_swa"));
  }
}

/// One layer of 2 heads of 8 channels, with or without its own rows.
HfModel oneLayer(const char *architecture, bool biases) {
  HfModel model;
  model.config = {{"architectures", {architecture}},
                  {"vocab_size", 40},
                  {"hidden_size", 16},
                  {"num_hidden_layers", 1},
                  {"num_attention_heads", 2},
                  {"num_key_value_heads", 1},
                  {"head_dim", 8},
                  {"intermediate_size", 32},
                  {"hidden_act", "gelu"},
                  {"attention_bias", biases}};
  model.tensors["model.embed_tokens.weight"] = {{40, 16}};
  model.tensors["model.norm.weight"] = {{16}};
  model.tensors["lm_head.weight"] = {{40, 16}};
  model.each("model.layers.", 1,
             {{"input_layernorm.weight", {{16}}},
              {"post_attention_layernorm.weight", {{16}}},
              {"self_attn.q_proj.weight", {{16, 16}}},
              {"self_attn.k_proj.weight", {{8, 16}}},
              {"self_attn.v_proj.weight", {{8, 16}}},
              {"self_attn.o_proj.weight", {{16, 16}}},
              {"mlp.gate_proj.weight", {{32, 16}}},
              {"mlp.up_proj.weight", {{32, 16}}},
              {"mlp.down_proj.weight", {{16, 32}}}});
  if (biases)
    model.each("model.layers.", 1,
               {{"self_attn.q_proj.bias", {{16}}},
                {"self_attn.k_proj.bias", {{8}}},
                {"self_attn.v_proj.bias", {{8}}},
                {"self_attn.o_proj.bias", {{16}}}});
  return model;
}

TEST(Families, Qwen3MayHaveBiases) {
  HfModel model = oneLayer("Qwen3ForCausalLM", true);
  model.each(
      "model.layers.", 1,
      {{"self_attn.q_norm.weight", {{8}}}, {"self_attn.k_norm.weight", {{8}}}});
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("nn.get_weight @layer0.bo")) << text;
  EXPECT_THAT(text, HasSubstr("nn.gelu "));
}

TEST(Families, SmolLM3MayHaveAWindowWhereItDoesNotRotate) {
  HfModel model = oneLayer("SmolLM3ForCausalLM", false);
  model.config["tie_word_embeddings"] = false;
  model.config["no_rope_layers"] = {0};
  model.config["sliding_window"] = 4;
  EXPECT_THAT(model.import(), HasSubstr("!nn.rows<1x8xf32> storage"));
  model.config["use_sliding_window"] = true;
  EXPECT_THAT(model.import(), HasSubstr("!nn.rows<1x8xf32, window = 4>"));
  model.config["layer_types"] = {"full_attention"};
  EXPECT_THAT(model.import(), HasSubstr("!nn.rows<1x8xf32> storage"));
}

/// Two layers, the second of experts, with latent attention of 4 heads.
GgufModel latentModel(const std::string &architecture, int64_t gating) {
  GgufModel model(architecture);
  model.set("attention.head_count_kv", 1);
  model.set("attention.q_lora_rank", 32);
  model.set("attention.kv_lora_rank", 24);
  model.set("attention.key_length", 32);
  model.set("attention.value_length", 24);
  model.set("attention.key_length_mla", 24);
  model.set("attention.value_length_mla", 16);
  model.set("rope.dimension_count", 8);
  model.set("rope.scaling.type", "yarn");
  model.set("rope.scaling.factor", 40.0);
  model.set("rope.scaling.original_context_length", 32);
  model.set("rope.scaling.yarn_log_multiplier", 0.1);
  model.set("leading_dense_block_count", 1);
  model.set("expert_count", 8);
  model.set("expert_used_count", 2);
  model.set("expert_shared_count", 1);
  model.set("expert_feed_forward_length", 32);
  model.set("expert_weights_scale", 2.5);
  model.set("expert_gating_func", gating);
  for (const char *name :
       {"attn_q.weight", "attn_k.weight", "attn_v.weight", "ffn_gate.weight",
        "ffn_up.weight", "ffn_down.weight"})
    model.drop(name);
  model.each("attn_q_a.weight", {{32, 64}, "q8_0"});
  model.each("attn_q_a_norm.weight", {{32}});
  model.each("attn_q_b.weight", {{96, 32}, "q8_0"});
  model.each("attn_kv_a_mqa.weight", {{32, 64}, "q8_0"});
  model.each("attn_kv_a_norm.weight", {{24}});
  model.each("attn_k_b.weight", {{4, 24, 16}});
  model.each("attn_v_b.weight", {{4, 16, 24}});
  auto one = [&](const std::string &name, TinyTensor tensor) {
    model.tensors[name] = std::move(tensor);
  };
  one("blk.0.ffn_gate.weight", {{96, 64}, "q4_0"});
  one("blk.0.ffn_up.weight", {{96, 64}, "q4_0"});
  one("blk.0.ffn_down.weight", {{64, 96}, "q4_0"});
  one("blk.1.ffn_gate_inp.weight", {{8, 64}});
  for (const char *name : {"gate", "up"}) {
    one(std::string("blk.1.ffn_") + name + "_exps.weight",
        {{8, 32, 64}, "q4_0"});
    one(std::string("blk.1.ffn_") + name + "_shexp.weight", {{32, 64}, "q4_0"});
  }
  one("blk.1.ffn_down_exps.weight", {{8, 64, 32}, "q4_0"});
  one("blk.1.ffn_down_shexp.weight", {{64, 32}, "q4_0"});
  return model;
}

TEST(Families, DeepseekGgufOfSoftmaxScoresIsV2) {
  GgufModel model = latentModel("deepseek2", 1);
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("nn.latent_attention")) << text;
  EXPECT_THAT(text, HasSubstr("nn.softmax"));
  EXPECT_THAT(text, testing::Not(HasSubstr("nn.keep_groups")));
  EXPECT_EQ(model.report.family, "deepseek_v2");
  // Groups of experts say how they are chosen.
  model.set("expert_group_count", 4);
  model.set("expert_group_used_count", 2);
  EXPECT_THAT(model.import(), HasSubstr("groups = 4 keep = 2 by = 1"));
}

TEST(Families, DeepseekGgufOfSigmoidScoresIsV3) {
  GgufModel model = latentModel("deepseek2", 2);
  model.set("expert_weights_norm", true);
  model.tensors["blk.1.exp_probs_b.bias"] = {{8}};
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("nn.latent_attention")) << text;
  EXPECT_THAT(text, testing::Not(HasSubstr("nn.index_scores")));
  EXPECT_EQ(model.report.family, "deepseek_v3");
  EXPECT_THAT(text, HasSubstr("nn.div"));
  // The key is written only where it is true.
  model.metadata.erase("deepseek2.expert_weights_norm");
  EXPECT_THAT(model.import(), testing::Not(HasSubstr("nn.div")));
}

TEST(Families, DeepseekV32GgufChoosesTokens) {
  GgufModel model = latentModel("deepseek32", 2);
  model.set("expert_weights_norm", true);
  model.tensors["blk.1.exp_probs_b.bias"] = {{8}};
  model.set("attention.indexer.head_count", 2);
  model.set("attention.indexer.key_length", 16);
  model.set("attention.indexer.top_k", 64);
  model.each("indexer.attn_q_b.weight", {{32, 32}, "q8_0"});
  model.each("indexer.attn_k.weight", {{16, 64}, "q8_0"});
  model.each("indexer.k_norm.weight", {{16}});
  model.each("indexer.k_norm.bias", {{16}});
  model.each("indexer.proj.weight", {{2, 64}});
  std::string text = model.import();
  EXPECT_THAT(text, HasSubstr("!nn.rows<24xf32, picks = 64>")) << text;
  EXPECT_EQ(model.report.family, "deepseek_v3");
  model.set("expert_gating_func", 1);
  EXPECT_THAT(model.import(), HasSubstr("scoring_func"));
}

TEST(Families, GlmReusesTheTokensOfAnEarlierLayer) {
  nlohmann::ordered_json config = {
      {"architectures", {"GlmMoeDsaForCausalLM"}},
      {"vocab_size", 40},
      {"hidden_size", 64},
      {"num_hidden_layers", 3},
      {"num_attention_heads", 4},
      {"intermediate_size", 96},
      {"q_lora_rank", 32},
      {"kv_lora_rank", 24},
      {"qk_nope_head_dim", 16},
      {"qk_rope_head_dim", 8},
      {"v_head_dim", 16},
      {"index_n_heads", 2},
      {"index_head_dim", 16},
      {"index_topk", 64},
      {"index_topk_pattern", "FSS"},
      {"num_nextn_predict_layers", 0},
      {"rope_parameters", {{"rope_theta", 1e6}, {"rope_type", "default"}}}};
  TinyTensors tensors{{"model.embed_tokens.weight", {{40, 64}, "bf16"}},
                      {"model.norm.weight", {{64}, "bf16"}},
                      {"lm_head.weight", {{40, 64}, "bf16"}}};
  for (int layer = 0; layer < 3; ++layer) {
    std::string prefix = "model.layers." + std::to_string(layer) + ".";
    auto add = [&](const std::string &name, std::vector<int64_t> shape) {
      tensors[prefix + name + ".weight"] = {std::move(shape), "bf16"};
    };
    add("input_layernorm", {64});
    add("post_attention_layernorm", {64});
    add("self_attn.q_a_proj", {32, 64});
    add("self_attn.q_a_layernorm", {32});
    add("self_attn.q_b_proj", {96, 32});
    add("self_attn.kv_a_proj_with_mqa", {32, 64});
    add("self_attn.kv_a_layernorm", {24});
    add("self_attn.kv_b_proj", {128, 24});
    add("self_attn.o_proj", {64, 64});
    add("mlp.gate_proj", {96, 64});
    add("mlp.up_proj", {96, 64});
    add("mlp.down_proj", {64, 96});
    if (layer > 0)
      continue;
    add("self_attn.indexer.wq_b", {32, 32});
    add("self_attn.indexer.wk", {16, 64});
    add("self_attn.indexer.k_norm", {16});
    tensors[prefix + "self_attn.indexer.k_norm.bias"] = {{16}, "bf16"};
    add("self_attn.indexer.weights_proj", {2, 64});
  }
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string text =
      textOf(importModel(context, makeCheckpoint(config, tensors)));
  // The first layer returns its ids, the others take them.
  EXPECT_THAT(text, HasSubstr("func.func private @layer0(%arg0: index, %arg1: "
                              "tensor<?xi32>, %arg2: tensor<?x64xf32>) -> "
                              "(tensor<?x64xf32>, tensor<?x64xi32>)"))
      << text;
  EXPECT_THAT(text, HasSubstr("func.func private @layer1(%arg0: index, %arg1: "
                              "tensor<?xi32>, %arg2: tensor<?x64xf32>, %arg3: "
                              "tensor<?x64xi32>) -> tensor<?x64xf32>"));
  config["index_topk_pattern"] = "SFF";
  EXPECT_THAT(textOf(importModel(context, makeCheckpoint(config, tensors))),
              HasSubstr("the first layer has no tokens to reuse"));
}

TEST(Families, GptOssExpertsMayBeInBlocks) {
  HfModel model;
  model.config = {{"architectures", {"GptOssForCausalLM"}},
                  {"vocab_size", 40},
                  {"hidden_size", 64},
                  {"num_hidden_layers", 1},
                  {"num_attention_heads", 2},
                  {"num_key_value_heads", 1},
                  {"head_dim", 32},
                  {"intermediate_size", 32},
                  {"num_local_experts", 4},
                  {"num_experts_per_tok", 2},
                  {"attention_bias", false}};
  model.tensors["model.embed_tokens.weight"] = {{40, 64}};
  model.tensors["model.norm.weight"] = {{64}};
  model.tensors["lm_head.weight"] = {{40, 64}};
  model.each("model.layers.", 1,
             {{"input_layernorm.weight", {{64}}},
              {"post_attention_layernorm.weight", {{64}}},
              {"self_attn.q_proj.weight", {{64, 64}}},
              {"self_attn.k_proj.weight", {{32, 64}}},
              {"self_attn.v_proj.weight", {{32, 64}}},
              {"self_attn.o_proj.weight", {{64, 64}}},
              {"self_attn.sinks", {{2}}},
              {"mlp.router.weight", {{4, 64}}},
              {"mlp.router.bias", {{4}}},
              {"mlp.experts.gate_up_proj_blocks", {{4, 64, 64}, "mxfp4"}},
              {"mlp.experts.gate_up_proj_bias", {{4, 64}}},
              {"mlp.experts.down_proj_blocks", {{4, 64, 32}, "mxfp4"}},
              {"mlp.experts.down_proj_bias", {{4, 64}}}});
  // Rows are taken in turn, and stay in blocks.
  EXPECT_THAT(model.import(),
              HasSubstr("nn.slice %0[:, 1::2, :] : !nn.weight<4x64x64, mxfp4> "
                        "-> !nn.weight<4x32x64, mxfp4>"));
}

} // namespace
