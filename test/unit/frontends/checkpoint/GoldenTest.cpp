//===- GoldenTest.cpp - The golden checkpoints open and decode ------------===//

#include "frontends/checkpoint/Checkpoint.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace tombolo;

namespace {

struct Golden {
  const char *path;
  Container container;
  const char *architecture;
  size_t tensors;
};

class GoldenCheckpoint : public testing::TestWithParam<Golden> {};

TEST_P(GoldenCheckpoint, OpensAndDecodes) {
  const Golden &golden = GetParam();
  auto checkpoint = openCheckpoint(
      std::string(TOMBOLO_SOURCE_DIR "/test/goldens/") + golden.path);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().str();
  EXPECT_EQ(checkpoint->container, golden.container);
  ASSERT_FALSE(checkpoint->architectures().empty());
  EXPECT_EQ(checkpoint->architectures()[0], golden.architecture);
  EXPECT_EQ(checkpoint->weights.tensors().size(), golden.tensors);
  for (const TensorInfo &tensor : checkpoint->weights.tensors()) {
    auto read = checkpoint->weights.read(tensor);
    ASSERT_TRUE(read.ok()) << read.error().str();
    std::vector<float> values(tensor.elements());
    ASSERT_TRUE(decode(tensor.encoding, read->bytes, values).ok());
    bool finite = true;
    for (float value : values)
      finite &= std::isfinite(value);
    EXPECT_TRUE(finite) << tensor.name;
  }
}

const Golden goldens[] = {
    {"llama", Container::Safetensors, "LlamaForCausalLM", 30},
    {"llama_f16", Container::Safetensors, "LlamaForCausalLM", 21},
    {"llama_f32", Container::Safetensors, "LlamaForCausalLM", 35},
    {"llama_awq", Container::Safetensors, "LlamaForCausalLM", 21},
    {"llama_gptq_desc_act", Container::Safetensors, "LlamaForCausalLM", 35},
    {"llama_nvfp4", Container::Safetensors, "LlamaForCausalLM", 21},
    {"smollm2", Container::Safetensors, "LlamaForCausalLM", 38},
    {"mistral", Container::Safetensors, "MistralForCausalLM", 30},
    {"qwen2", Container::Safetensors, "Qwen2ForCausalLM", 38},
    {"qwen3", Container::Safetensors, "Qwen3ForCausalLM", 36},
    {"gemma3", Container::Safetensors, "Gemma3ForCausalLM", 93},
    {"phi3_longrope", Container::Safetensors, "Phi3ForCausalLM", 20},
    {"smollm3", Container::Safetensors, "SmolLM3ForCausalLM", 47},
    {"gguf-llama/model.mixed.gguf", Container::Gguf, "llama", 21},
    {"gguf-llama/model.q4_0.gguf", Container::Gguf, "llama", 21},
    {"gguf-llama/model.q4_k_m.gguf", Container::Gguf, "llama", 21},
    {"gguf-llama3/model.bf16.gguf", Container::Gguf, "llama", 21},
    {"gguf-llama3/model.q4_1.gguf", Container::Gguf, "llama", 21},
    {"gguf-llama3/model.q5_0.gguf", Container::Gguf, "llama", 21},
    {"gguf-gemma3/model.q5_1.gguf", Container::Gguf, "gemma3", 80},
    {"gguf-types", Container::Gguf, "llama", 58},
};

INSTANTIATE_TEST_SUITE_P(All, GoldenCheckpoint, testing::ValuesIn(goldens),
                         [](const auto &info) {
                           std::string name = info.param.path;
                           for (char &c : name)
                             if (!isalnum(c))
                               c = '_';
                           return name;
                         });

} // namespace
