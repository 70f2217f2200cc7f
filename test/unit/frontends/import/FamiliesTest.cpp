// Columns and configurations of the shipped families that no golden has.

#include "TinyModel.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

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

TEST(Families, LlamaGgufWithAndWithoutAWindow) {
  GgufModel model("llama");
  model.set("rope.dimension_count", 16);
  EXPECT_THAT(model.import(), HasSubstr("func.func @logits"));
  EXPECT_EQ(model.report.family, "llama");
  model.set("attention.sliding_window", 8);
  EXPECT_THAT(model.import(), HasSubstr("!nn.rows<2x16xf32, window = 8>"));
  EXPECT_EQ(model.report.family, "mistral");
  model.set("expert_count", 8);
  EXPECT_EQ(model.import(),
            "error: model.gguf: architecture 'llama' is known, but not with "
            "the metadata of this file; describe it in a file and pass --arch "
            "FILE\n");
}

TEST(Families, LlamaGgufRotatesAsManyChannelsAsItSays) {
  GgufModel model("llama");
  model.set("rope.dimension_count", 8);
  EXPECT_THAT(model.import(),
              HasSubstr("freqs = [1.000000e+00, 1.000000e-01, 1.000000e-02, "
                        "1.000000e-03] scale"));
}

TEST(Families, Qwen2Gguf) {
  GgufModel model("qwen2");
  model.each("attn_q.bias", {{64}});
  model.each("attn_k.bias", {{32}});
  model.each("attn_v.bias", {{32}});
  EXPECT_THAT(model.import(), HasSubstr("nn.stored \"blk.{layer}.attn_q.bias"));
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

} // namespace
