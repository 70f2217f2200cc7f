#include "TinyModel.h"
#include "dialects/nn/transforms/ExpandLayers.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/raw_ostream.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

using namespace tombolo;

std::string test::readText(const std::string &path) {
  std::ifstream file(TOMBOLO_SOURCE_DIR "/" + path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

test::TinyTensors test::tinyTensors() {
  TinyTensors tensors{{"model.embed.weight", {{48, 32}}},
                      {"model.norm.weight", {{32}}},
                      {"lm_head.weight", {{48, 32}}}};
  for (int layer = 0; layer < 4; ++layer) {
    std::string prefix = "model.layers." + std::to_string(layer) + ".";
    for (const char *name : {"input_norm.weight", "post_norm.weight"})
      tensors[prefix + name] = {{32}};
    tensors[prefix + "q_norm.weight"] = {{8}};
    tensors[prefix + "qkv.weight"] = {{64, 32}};
    tensors[prefix + "o.weight"] = {{32, 32}};
    tensors[prefix + "gate.weight"] = {{64, 32}};
    tensors[prefix + "up.weight"] = {{64, 32}};
    tensors[prefix + "down.weight"] = {{32, 64}};
  }
  return tensors;
}

test::TinyTensors test::tinyGgufTensors() {
  TinyTensors tensors{{"token_embd.weight", {{48, 32}, "q8_0"}},
                      {"output_norm.weight", {{32}}}};
  for (int layer = 0; layer < 4; ++layer) {
    std::string prefix = "blk." + std::to_string(layer) + ".";
    tensors[prefix + "attn_norm.weight"] = {{32}};
    tensors[prefix + "ffn_norm.weight"] = {{32}};
    tensors[prefix + "attn_q_norm.weight"] = {{8}};
    tensors[prefix + "attn_q.weight"] = {{32, 32}, "q4_0"};
    tensors[prefix + "attn_k.weight"] = {{16, 32}, "q4_0"};
    tensors[prefix + "attn_v.weight"] = {{16, 32}, "q4_0"};
    tensors[prefix + "attn_output.weight"] = {{32, 32}, "q4_0"};
    tensors[prefix + "ffn_gate.weight"] = {{64, 32}, "q4_0"};
    tensors[prefix + "ffn_up.weight"] = {{64, 32}, "q4_0"};
    tensors[prefix + "ffn_down.weight"] = {{32, 64}, "q4_0"};
  }
  return tensors;
}

nlohmann::ordered_json test::tinyConfig() {
  return {{"architectures", {"TinyForCausalLM"}},
          {"vocab_size", 48},
          {"hidden_size", 32},
          {"num_hidden_layers", 4},
          {"num_attention_heads", 4},
          {"max_position_embeddings", 128}};
}

nlohmann::ordered_json test::tinyMetadata() {
  return {{"general.architecture", "tiny"},
          {"tiny.embedding_length", 32},
          {"tiny.block_count", 4},
          {"tiny.attention.head_count", 4},
          {"tiny.attention.head_count_kv", 2},
          {"tiny.feed_forward_length", 64},
          {"tiny.context_length", 128},
          {"tokenizer.ggml.bos_token_id", 1}};
}

/// An empty file called `name` in a folder of this process's own.
static std::shared_ptr<MappedFile> emptyFile(const std::string &name) {
  static const std::filesystem::path folder = [] {
    auto path = std::filesystem::temp_directory_path() /
                ("tombolo-import-" + std::to_string(getpid()));
    std::filesystem::create_directories(path);
    std::filesystem::current_path(path);
    return path;
  }();
  std::ofstream(folder / name).close();
  return *MappedFile::open(name);
}

static void addTensors(Checkpoint &checkpoint, const std::string &file,
                       const test::TinyTensors &tensors) {
  uint32_t index = checkpoint.weights.addFile(emptyFile(file));
  uint64_t offset = 0;
  for (const auto &[name, tensor] : tensors) {
    std::optional<Encoding> encoding = encodingNamed(tensor.encoding);
    ASSERT_TRUE(encoding) << tensor.encoding;
    int64_t elements = 1;
    for (int64_t size : tensor.shape)
      elements *= size;
    std::optional<uint64_t> bytes = encodedBytes(*encoding, elements);
    ASSERT_TRUE(bytes) << name;
    ASSERT_TRUE(
        checkpoint.weights
            .addTensor({name, *encoding, tensor.shape, index, offset, *bytes})
            .ok());
    offset += *bytes;
  }
}

Checkpoint test::makeCheckpoint(const nlohmann::ordered_json &config,
                                const TinyTensors &tensors) {
  Checkpoint checkpoint;
  checkpoint.container = Container::Safetensors;
  checkpoint.path = "model";
  checkpoint.config = config;
  checkpoint.configPath = "model/config.json";
  addTensors(checkpoint, "model.safetensors", tensors);
  return checkpoint;
}

Checkpoint test::makeGguf(const nlohmann::ordered_json &metadata,
                          const TinyTensors &tensors) {
  Checkpoint checkpoint;
  checkpoint.container = Container::Gguf;
  checkpoint.path = "model.gguf";
  checkpoint.metadata = metadata;
  addTensors(checkpoint, "model.gguf", tensors);
  return checkpoint;
}

std::string test::textOf(const std::vector<Error> &errors) {
  std::string text;
  for (const Error &error : errors) {
    text += "error: " + error.str() + "\n";
    for (const std::string &note : error.notes)
      text += "note: " + note + "\n";
  }
  return text;
}

std::string
tombolo::test::textOf(Result<mlir::OwningOpRef<mlir::ModuleOp>> module,
                      Form form) {
  if (!module)
    return textOf(module.errors());
  if (form == Form::Expanded) {
    EXPECT_TRUE(mlir::succeeded(nn::expandLayers(module->get())));
    EXPECT_TRUE(mlir::succeeded(mlir::verify(module->get())));
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*module)->print(stream);
  return text;
}
