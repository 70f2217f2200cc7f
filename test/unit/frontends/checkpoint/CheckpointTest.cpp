//===- CheckpointTest.cpp - What a user passes as SRC ---------------------===//

#include "frontends/checkpoint/Checkpoint.h"
#include "test/unit/frontends/gguf/GgufBytes.h"
#include "test/unit/frontends/safetensors/SafetensorsBytes.h"

using namespace tombolo;

namespace {

class CheckpointFiles : public testing::Test {
protected:
  Result<Checkpoint> open(const std::string &name = "") {
    return openCheckpoint(folder.path(name), options);
  }

  /// All errors, without the folder, or "opened".
  std::string failure(const std::string &name = "") {
    Result<Checkpoint> opened = open(name);
    if (opened.ok())
      return "opened";
    std::string text;
    for (const Error &error : opened.errors()) {
      text += (text.empty() ? "" : "\n") + error.str();
      notes = error.notes;
    }
    for (size_t at; (at = text.find(folder.path())) != text.npos;)
      text.replace(at, folder.path().size(), "DIR");
    return text;
  }

  void writeModel() {
    folder.write("model.safetensors", oneTensor("w"));
    folder.write("config.json", R"({"architectures": ["LlamaForCausalLM"],
                                    "model_type": "llama"})");
  }

  std::string gguf() {
    return GgufBytes()
        .text("general.architecture", "llama")
        .text("tokenizer.chat_template", "{{ messages }}")
        .tensor("token_embd.weight", {1}, 24, "x")
        .bytes();
  }

  TestFolder folder;
  OpenOptions options;
  std::vector<std::string> notes;
};

TEST_F(CheckpointFiles, HasTheStorageThatModelOptSays) {
  folder.write("model.safetensors", oneTensor("a.weight_scale"));
  folder.write("config.json", R"({"model_type": "llama"})");
  EXPECT_EQ(failure(), "opened");
  folder.write("hf_quant_config.json",
               R"({"quantization": {"quant_algo": "FP8"}})");
  EXPECT_EQ(failure(), "DIR/model.safetensors: tensor 'a.weight_scale': stands "
                       "beside no tensor that is quantized");
  folder.write("hf_quant_config.json", "[]");
  EXPECT_EQ(failure(), "DIR/hf_quant_config.json: expects an object, but got "
                       "an array");
  folder.write("hf_quant_config.json",
               R"({"quantization": {"quant_algo": "W4A8"}})");
  EXPECT_EQ(failure(), "DIR/hf_quant_config.json: key "
                       "'quantization.quant_algo': expects 'FP8', "
                       "'FP8_PER_CHANNEL_PER_TOKEN', 'NVFP4', 'W4A16_NVFP4' "
                       "or 'MIXED_PRECISION', but got \"W4A8\"");
}

TEST_F(CheckpointFiles, OpensAFolder) {
  writeModel();
  folder.write("generation_config.json", R"({"eos_token_id": [1, 2]})");
  folder.write("tokenizer_config.json", R"({"chat_template": "T"})");
  folder.write("special_tokens_map.json", R"({"eos_token": "</s>"})");
  folder.write("tokenizer.json", "{}");
  auto checkpoint = open();
  ASSERT_TRUE(checkpoint.ok()) << errorOf(checkpoint);
  EXPECT_EQ(checkpoint->container, Container::Safetensors);
  EXPECT_EQ(checkpoint->path, folder.path());
  EXPECT_EQ(checkpoint->weights.tensors().size(), 1u);
  EXPECT_EQ(checkpoint->config["model_type"], "llama");
  EXPECT_EQ(checkpoint->configPath, folder.path("config.json"));
  EXPECT_EQ(checkpoint->generationConfig["eos_token_id"].size(), 2u);
  EXPECT_EQ(checkpoint->tokenizerConfig["chat_template"], "T");
  EXPECT_EQ(checkpoint->specialTokensMap["eos_token"], "</s>");
  EXPECT_EQ(checkpoint->tokenizerJson, folder.path("tokenizer.json"));
  EXPECT_EQ(checkpoint->chatTemplate, "T");
  EXPECT_TRUE(checkpoint->chatTemplatePath.ends_with("/tokenizer_config.json"));
  EXPECT_TRUE(checkpoint->metadata.is_null());
  EXPECT_EQ(checkpoint->architectures(),
            (std::vector<std::string>{"LlamaForCausalLM", "llama"}));
}

TEST_F(CheckpointFiles, ReadsInfinityInBareLetters) {
  writeModel();
  folder.write("config.json",
               R"({"model_type": "llama", "\"Infinity": "\\", "s": "Infinity",
                   "limit": [0.0, Infinity]})");
  auto checkpoint = open();
  ASSERT_TRUE(checkpoint.ok()) << errorOf(checkpoint);
  EXPECT_EQ(checkpoint->config.dump(),
            R"({"model_type":"llama","\"Infinity":"\\","s":"Infinity",)"
            R"("limit":[0.0,{"__float__":"Infinity"}]})");
  for (const char *limit : {"-Infinity", "NaN", "Infinity1", "infinity"}) {
    folder.write("config.json", "{\"model_type\": \"llama\", \"limit\": " +
                                    std::string(limit) + "}");
    EXPECT_TRUE(failure().starts_with("DIR/config.json:1:")) << limit;
  }
  // The message shows what is in the file.
  folder.write("config.json", "{\"limit\": -Infinity}");
  EXPECT_TRUE(failure().ends_with("last read: '-I'")) << failure();
}

TEST_F(CheckpointFiles, OpensAFileAndItsCompanions) {
  writeModel();
  auto checkpoint = open("model.safetensors");
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->path, folder.path("model.safetensors"));
  EXPECT_EQ(checkpoint->config["model_type"], "llama");
  EXPECT_TRUE(checkpoint->generationConfig.is_null());
  EXPECT_TRUE(checkpoint->tokenizerJson.empty());
}

TEST_F(CheckpointFiles, TakesTheConfigForItsFolder) {
  writeModel();
  auto checkpoint = open("config.json");
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->weights.tensors().size(), 1u);
}

TEST_F(CheckpointFiles, NeedsNoConfig) {
  folder.write("a.safetensors", oneTensor("w"));
  auto checkpoint = open();
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_TRUE(checkpoint->config.is_null());
  EXPECT_TRUE(checkpoint->configPath.empty());
  EXPECT_TRUE(checkpoint->architectures().empty());
}

TEST_F(CheckpointFiles, OpensAGguf) {
  folder.write("m.gguf", gguf());
  for (const char *name : {"", "m.gguf"}) {
    auto checkpoint = open(name);
    ASSERT_TRUE(checkpoint.ok()) << errorOf(checkpoint);
    EXPECT_EQ(checkpoint->container, Container::Gguf);
    EXPECT_TRUE(checkpoint->config.is_null());
    EXPECT_EQ(checkpoint->metadata["general.architecture"], "llama");
    EXPECT_EQ(checkpoint->chatTemplate, "{{ messages }}");
    EXPECT_TRUE(checkpoint->chatTemplatePath.ends_with(".gguf"));
    EXPECT_EQ(checkpoint->architectures(), std::vector<std::string>{"llama"});
  }
}

TEST_F(CheckpointFiles, JoinsFactorsOfAGguf) {
  folder.write("m.gguf", GgufBytes()
                             .text("general.architecture", "llama")
                             .tensor("a.weight", {64}, 40, std::string(36, 0))
                             .tensor("a.scale", {1}, 0, bytesOf(2.f))
                             .tensor("a.input_scale", {1}, 0, bytesOf(1.f))
                             .bytes());
  auto checkpoint = open();
  ASSERT_TRUE(checkpoint.ok()) << errorOf(checkpoint);
  ASSERT_EQ(checkpoint->weights.tensors().size(), 1u);
  EXPECT_EQ(infoOf(checkpoint->weights.tensors()[0].encoding).name,
            "f4e2m1.f8e4m3x16.f32x64");
  ASSERT_EQ(checkpoint->leftAside.size(), 1u);
  EXPECT_EQ(checkpoint->leftAside[0].name, "a.input_scale");
}

TEST_F(CheckpointFiles, OpensHeadersAlone) {
  std::string bytes = oneTensor("w");
  folder.write("model.safetensors", bytes.substr(0, bytes.size() - 4));
  EXPECT_FALSE(open().ok());
  EXPECT_TRUE(openCheckpoint(folder.path(), {.headerOnlyOk = true}).ok());
}

TEST_F(CheckpointFiles, KnowsFilesWithoutTheirEnding) {
  folder.write("blob1", gguf());
  folder.write("blob2", oneTensor("w"));
  EXPECT_EQ(open("blob1")->container, Container::Gguf);
  EXPECT_EQ(open("blob2")->container, Container::Safetensors);
}

TEST_F(CheckpointFiles, PrefersTheContainerWithAConfig) {
  writeModel();
  folder.write("m.gguf", gguf());
  EXPECT_EQ(open()->container, Container::Safetensors);
  std::filesystem::remove(folder.path("config.json"));
  EXPECT_EQ(open()->container, Container::Gguf);
}

TEST_F(CheckpointFiles, RefusesAChoiceOfGgufFiles) {
  folder.write("a.gguf", gguf());
  folder.write("b.gguf", gguf());
  EXPECT_EQ(failure(), "DIR: expects one .gguf file or the parts of one set, "
                       "but the folder has 2; name one of them");
  EXPECT_EQ(notes, (std::vector<std::string>{"there is 'a.gguf'",
                                             "there is 'b.gguf'"}));
}

TEST_F(CheckpointFiles, OpensAFolderOfParts) {
  for (uint32_t number : {0u, 1u}) {
    GgufBytes part;
    part.number("split.no", number).number("split.count", 2);
    part.tensor("t" + std::to_string(number), {1}, 24, "x");
    folder.write("m-0000" + std::to_string(number + 1) + "-of-00002.gguf",
                 part.bytes());
  }
  auto checkpoint = open();
  ASSERT_TRUE(checkpoint.ok()) << errorOf(checkpoint);
  EXPECT_EQ(checkpoint->weights.tensors().size(), 2u);
}

TEST_F(CheckpointFiles, OpensNamesWhereNoFileOfWeightsIsThere) {
  folder.write("config.json", R"({"model_type": "llama"})");
  folder.write(
      "model.safetensors.index.json",
      R"({"metadata": {"total_size": 7}, "weight_map": {"w": "a.x"}})");
  const std::string missing =
      "DIR/a.x: the file cannot be opened: No such file or directory";
  EXPECT_EQ(failure(), missing);
  options.namesOnlyOk = true;
  auto checkpoint = open();
  ASSERT_TRUE(checkpoint.ok()) << errorOf(checkpoint);
  ASSERT_TRUE(checkpoint->namesOnly);
  EXPECT_EQ(checkpoint->namesOnly->tensors, std::vector<std::string>{"w"});
  EXPECT_EQ(checkpoint->namesOnly->totalBytes, 7u);
  folder.write("b.safetensors", oneTensor("w"));
  EXPECT_EQ(failure(), missing);
}

TEST_F(CheckpointFiles, RefusesWhatIsNotThere) {
  EXPECT_EQ(failure("none"),
            "DIR/none: expects a file or folder, but there is none");
  EXPECT_EQ(failure(), "DIR: has no weights: expects a .safetensors file, "
                       "'model.safetensors.index.json' or a .gguf file in the "
                       "folder");
}

TEST_F(CheckpointFiles, RefusesOtherFormatsByName) {
  folder.write("pytorch_model.bin", "PK\x03\x04");
  EXPECT_EQ(failure(), "DIR: the format of 'pytorch_model.bin' is not "
                       "supported; convert it to safetensors");
  EXPECT_EQ(failure("pytorch_model.bin"),
            "DIR/pytorch_model.bin: the format of 'pytorch_model.bin' is not "
            "supported; convert it to safetensors");
  folder.write("consolidated", "PK\x03\x04");
  EXPECT_EQ(failure("consolidated"),
            "DIR/consolidated: the format of 'consolidated' is not supported; "
            "convert it to safetensors");
  folder.write("notes.txt", "hello");
  EXPECT_EQ(failure("notes.txt"), "DIR/notes.txt: expects a checkpoint folder, "
                                  "a .safetensors file or a .gguf file");
}

TEST_F(CheckpointFiles, ReportsEveryBrokenCompanion) {
  writeModel();
  folder.write("config.json", "[]");
  folder.write("generation_config.json", "{\"a\": }");
  folder.write("tokenizer_config.json", "{\"chat_template\": 3}");
  EXPECT_EQ(failure(),
            "DIR/config.json: expects an object, but got an array\n"
            "DIR/generation_config.json:1:7: syntax error while parsing value "
            "- unexpected '}'; expected '[', '{', or a literal\n"
            "DIR/tokenizer_config.json: key 'chat_template': expects a string "
            "or a list of objects with the strings 'name' and 'template', but "
            "got a number");
}

TEST_F(CheckpointFiles, ReadsTheTemplateFileFirst) {
  writeModel();
  folder.write("tokenizer_config.json", R"({"chat_template": "old"})");
  folder.write("chat_template.jinja", "new ü");
  EXPECT_EQ(open()->chatTemplate, "new ü");
  EXPECT_TRUE(open()->chatTemplatePath.ends_with("/chat_template.jinja"));
  folder.write("chat_template.jinja", "a\nb\xff");
  EXPECT_EQ(failure(), "DIR/chat_template.jinja:2:2: expects UTF-8, but got "
                       "byte \\xff");
}

TEST_F(CheckpointFiles, RefusesAGgufTemplateThatIsNoText) {
  folder.write("m.gguf",
               GgufBytes().number("tokenizer.chat_template", 3).bytes());
  EXPECT_EQ(failure(), "DIR/m.gguf: metadata key 'tokenizer.chat_template': "
                       "expects a string, but got a number");
}

TEST(ChatTemplate, IsTheStringOrTheDefaultOfAList) {
  auto of = [](const char *text) {
    auto found = chatTemplateOf(nlohmann::ordered_json::parse(text), "f");
    return found.ok() ? *found : errorOf(found);
  };
  const std::string message =
      "f: key 'chat_template': expects a string or a list of objects with the "
      "strings 'name' and 'template', but got ";
  EXPECT_EQ(of(R"({"chat_template": "x"})"), "x");
  EXPECT_EQ(of(R"({"chat_template": [{"name": "tool_use", "template": "t"},
                                     {"name": "default", "template": "d"}]})"),
            "d");
  EXPECT_EQ(of(R"({"chat_template": [{"name": "rag", "template": "r"}]})"), "");
  EXPECT_EQ(of(R"({"chat_template": null})"), "");
  EXPECT_EQ(of("{}"), "");
  EXPECT_EQ(of("null"), "");
  EXPECT_EQ(of(R"({"chat_template": {}})"), message + "an object");
  EXPECT_EQ(of(R"({"chat_template": ["x"]})"),
            message + "a string in the list");
  EXPECT_EQ(of(R"({"chat_template": [{"name": "default"}]})"),
            message + "another object in the list");
}

TEST(Architectures, SkipWhatIsNoText) {
  Checkpoint checkpoint{};
  checkpoint.config = nlohmann::ordered_json::parse(
      R"({"architectures": [1, "A", null], "model_type": 5})");
  EXPECT_EQ(checkpoint.architectures(), std::vector<std::string>{"A"});
  checkpoint.config =
      nlohmann::ordered_json::parse(R"({"architectures": "A"})");
  EXPECT_TRUE(checkpoint.architectures().empty());
  checkpoint.metadata =
      nlohmann::ordered_json::parse(R"({"general.architecture": 4})");
  EXPECT_TRUE(checkpoint.architectures().empty());
}

} // namespace
