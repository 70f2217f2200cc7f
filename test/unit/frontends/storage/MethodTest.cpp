//===- MethodTest.cpp - What a checkpoint may say of its storage ----------===//

#include "frontends/storage/Method.h"
#include "test/unit/frontends/storage/StoredFixture.h"

using namespace tombolo;
using namespace tombolo::storage;

namespace {

Result<Method> read(const std::string &config) {
  return readMethod({nlohmann::ordered_json::parse(config), "c", {}, ""});
}

std::string failureOf(const std::string &quantization,
                      const std::string &outer = "") {
  Result<Method> method =
      read("{\"quantization_config\": " + quantization + outer + "}");
  if (method.ok())
    return "read";
  std::string text;
  for (const Error &error : method.errors())
    text += (text.empty() ? "" : "\n") + error.str();
  return text;
}

TEST(StorageMethod, IsNoneWithoutAConfig) {
  EXPECT_EQ(read("{}")->kind, Method::Kind::None);
  EXPECT_EQ(read("null")->kind, Method::Kind::None);
  EXPECT_EQ(read(R"({"quantization_config": null})")->kind, Method::Kind::None);
}

TEST(StorageMethod, MayBeThatOfTheTextModel) {
  auto method = read(R"({"text_config": {"quantization_config": {
      "quant_method": "gptq", "bits": 8, "group_size": -1, "desc_act": true,
      "checkpoint_format": "gptq_v2"}}})");
  ASSERT_TRUE(method.ok()) << errorOf(method);
  EXPECT_EQ(method->kind, Method::Kind::Gptq);
  EXPECT_EQ(method->bits, 8);
  EXPECT_EQ(method->groupSize, -1);
  EXPECT_TRUE(method->descAct);
  EXPECT_FALSE(method->zerosLessOne);
}

TEST(StorageMethod, ReadsBlocksOfFp8) {
  auto method = read(R"({"quantization_config": {"quant_method": "fp8",
      "fmt": "e4m3", "weight_block_size": [128, 64], "scale_fmt": "ue8m0",
      "activation_scheme": "dynamic"}, "expert_dtype": "fp4"})");
  ASSERT_TRUE(method.ok()) << errorOf(method);
  EXPECT_EQ(method->block, (BlockSize{128, 64}));
  EXPECT_TRUE(method->fp4Experts);
}

TEST(StorageMethod, RefusesMethodsByName) {
  EXPECT_EQ(failureOf(R"({"quant_method": "aqlm"})"),
            "c: key 'quantization_config.quant_method': expects one of awq, "
            "compressed-tensors, fbgemm_fp8, fp8, gptq, modelopt, mxfp4, but "
            "got 'aqlm'");
  EXPECT_EQ(failureOf("{}"), "c: key 'quantization_config.quant_method': "
                             "expects the name of a method, but got none");
  EXPECT_EQ(failureOf(R"({"quant_method": 4})"),
            "c: key 'quantization_config.quant_method': expects the name of a "
            "method, but got a number");
  EXPECT_EQ(failureOf("[]"), "c: key 'quantization_config': expects an object, "
                             "but got an array");
}

TEST(StorageMethod, SaysWhyBitsandbytesIsNotRead) {
  const std::string sentence =
      "c: key 'quantization_config': the storage of bitsandbytes is not read: "
      "its scales run over flattened matrices, across rows; take the "
      "checkpoint that it was made from, or one in FP8, AWQ, GPTQ or GGUF";
  EXPECT_EQ(failureOf(R"({"quant_method": "bitsandbytes"})"), sentence);
  EXPECT_EQ(failureOf(R"({"load_in_4bit": true})"), sentence);
}

TEST(StorageMethod, KnowsEveryKey) {
  EXPECT_EQ(failureOf(R"({"quant_method": "awq", "rotation": 3})"),
            "c: key 'quantization_config.rotation' = 3 is not known to the "
            "reader of this storage");
  EXPECT_EQ(failureOf(R"({"quant_method": "compressed-tensors",
      "config_groups": {"group_0": {"weights": {"num_bits": 4, "x": 1},
                                    "y": 2}}})"),
            "c: key 'quantization_config.config_groups.group_0.weights.x' = 1 "
            "is not known to the reader of this storage\n"
            "c: key 'quantization_config.config_groups.group_0.y' = 2 is not "
            "known to the reader of this storage");
}

TEST(StorageMethod, ChecksValues) {
  EXPECT_EQ(failureOf(R"({"quant_method": "awq", "bits": 3,
                          "version": "gemv", "zero_point": 1,
                          "group_size": 0})"),
            "c: key 'quantization_config.bits': expects 4, but got 3\n"
            "c: key 'quantization_config.group_size': expects -1 or a positive "
            "integer, but got 0\n"
            "c: key 'quantization_config.zero_point': expects a bool, but got "
            "1\n"
            "c: key 'quantization_config.version': expects 'gemm' or 'GEMM', "
            "but got \"gemv\"");
  EXPECT_EQ(failureOf(R"({"quant_method": "gptq", "bits": 3,
                          "checkpoint_format": "marlin",
                          "is_marlin_format": true, "group_size": "x"})"),
            "c: key 'quantization_config.bits': expects 2, 4 or 8, but got 3\n"
            "c: key 'quantization_config.group_size': expects an integer, but "
            "got \"x\"\n"
            "c: key 'quantization_config.checkpoint_format': expects 'gptq' or "
            "'gptq_v2', but got \"marlin\"\n"
            "c: key 'quantization_config.is_marlin_format': expects nothing "
            "(that order of codes is not read), but got true");
  EXPECT_EQ(failureOf(R"({"quant_method": "fp8", "fmt": "e5m2",
                          "weight_block_size": [128]})",
                      R"(, "expert_dtype": "int4")"),
            "c: key 'expert_dtype': expects 'fp4' or 'fp8', but got \"int4\"\n"
            "c: key 'quantization_config.fmt': expects 'e4m3' or "
            "'float8_e4m3fn', but got \"e5m2\"\n"
            "c: key 'quantization_config.weight_block_size': expects two "
            "positive integers, but got [128]");
  EXPECT_EQ(
      failureOf(R"({"quant_method": "compressed-tensors",
                    "format": "marlin-24", "quantization_status": "frozen",
                    "transform_config": {"a": 1},
                    "sparsity_config": {"format": "sparse-24-bitmask"},
                    "config_groups": {"g": {"weights": {"num_bits": 3,
                      "dynamic": true, "strategy": "token"}}}})"),
      "c: key 'quantization_config.config_groups.g.weights.num_bits': expects "
      "4 "
      "or 8, but got 3\n"
      "c: key 'quantization_config.config_groups.g.weights.strategy': expects "
      "'tensor', 'channel', 'group', 'block' or 'tensor_group', but got "
      "\"token\"\n"
      "c: key 'quantization_config.config_groups.g.weights.dynamic': expects "
      "false for weights, but got true\n"
      "c: key 'quantization_config.format': expects 'pack-quantized', "
      "'int-quantized', 'float-quantized', 'naive-quantized', "
      "'mixed-precision', 'nvfp4-pack-quantized' or 'mxfp4-pack-quantized', "
      "but got \"marlin-24\"\n"
      "c: key 'quantization_config.quantization_status': expects 'compressed', "
      "but got \"frozen\"\n"
      "c: key 'quantization_config.transform_config': expects nothing (rotated "
      "weights are not read), but got {\"a\":1}\n"
      "c: key 'quantization_config.sparsity_config': expects none, or the "
      "format 'dense', but got {\"format\":\"sparse-24-bitmask\"}");
  EXPECT_EQ(failureOf(R"({"quant_method": "compressed-tensors",
                          "config_groups": [1]})"),
            "c: key 'quantization_config.config_groups': expects an object, "
            "but got [1]");
  EXPECT_EQ(failureOf(R"({"quant_method": "compressed-tensors",
                          "config_groups": {"g": 1, "h": {"weights": 2}}})"),
            "c: key 'quantization_config.config_groups.h.weights': expects an "
            "object, but got 2\n"
            "c: key 'quantization_config.config_groups': expects an object of "
            "objects, but got {\"g\":1,\"h\":{\"weights\":2}}");
  EXPECT_EQ(failureOf(R"({"quant_method": "modelopt", "quant_algo": "W4A8",
                          "group_size": 32})"),
            "c: key 'quantization_config.quant_algo': expects 'FP8', "
            "'FP8_PER_CHANNEL_PER_TOKEN', 'NVFP4', 'W4A16_NVFP4' or "
            "'MIXED_PRECISION', but got \"W4A8\"");
}

/// What hf_quant_config.json is refused for.
std::string fileFailureOf(const std::string &file,
                          const std::string &config = "{}") {
  Result<Method> method =
      readMethod({nlohmann::ordered_json::parse(config), "c",
                  nlohmann::ordered_json::parse(file), "h"});
  if (method.ok())
    return method->kind == Method::Kind::ModelOpt ? "ModelOpt" : "another";
  std::string text;
  for (const Error &error : method.errors())
    text += (text.empty() ? "" : "\n") + error.str();
  return text;
}

TEST(StorageMethod, MayBeThatOfAFileOfModelOpt) {
  const std::string fp8 = R"({
      "producer": {"name": "modelopt", "version": "0.23.0"},
      "quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8",
                       "exclude_modules": ["lm_head"]}})";
  EXPECT_EQ(fileFailureOf(fp8), "ModelOpt");
  EXPECT_EQ(fileFailureOf(R"({"quantization": {"quant_algo": "NVFP4",
      "kv_cache_quant_algo": null, "group_size": 16}})"),
            "ModelOpt");
  EXPECT_EQ(fileFailureOf(R"({"quantization": {
      "quant_algo": "MIXED_PRECISION", "quantized_layers": {
        "lm_head": {"quant_algo": "W4A16_NVFP4", "group_size": 16},
        "model.layers.0.self_attn.q_proj": {"quant_algo": "FP8"}}}})"),
            "ModelOpt");
  // config.json has the last word, and other folders have no such file.
  EXPECT_EQ(fileFailureOf(fp8, R"({"quantization_config":
                                   {"quant_method": "fp8"}})"),
            "another");
  EXPECT_EQ(fileFailureOf("null"), "another");
  // Newer files of config.json name the method, older ones the library.
  EXPECT_EQ(read(R"({"quantization_config": {"quant_library": "modelopt",
                     "quant_algo": "FP8"}})")
                ->kind,
            Method::Kind::ModelOpt);
}

TEST(StorageMethod, RefusesFilesOfModelOptByName) {
  EXPECT_EQ(fileFailureOf("{}"),
            "h: key 'quantization': expects an object, but got none");
  EXPECT_EQ(fileFailureOf(R"({"quantization": "FP8", "version": 2,
                              "producer": {"name": "other"}})"),
            "h: key 'version' = 2 is not known to the reader of this storage\n"
            "h: key 'producer': expects the name 'modelopt', but got "
            "{\"name\":\"other\"}\n"
            "h: key 'quantization': expects an object, but got a string");
  EXPECT_EQ(fileFailureOf(R"({"quantization": {"quant_algo": "W4A16_AWQ",
                              "has_zero_point": false, "group_size": 128}})"),
            "h: key 'quantization.quant_algo': expects 'FP8', "
            "'FP8_PER_CHANNEL_PER_TOKEN', 'NVFP4', 'W4A16_NVFP4' or "
            "'MIXED_PRECISION', but got \"W4A16_AWQ\"\n"
            "h: key 'quantization.has_zero_point' = false is not known to the "
            "reader of this storage");
  EXPECT_EQ(fileFailureOf(R"({"quantization": {"quant_algo": "NVFP4",
                              "group_size": 32}})"),
            "h: key 'quantization.group_size': expects 16, but got 32");
  EXPECT_EQ(fileFailureOf(R"({"quantization": {
                "quant_algo": "MIXED_PRECISION", "quantized_layers": {
                  "a": {"quant_algo": "W4A8_AWQ"}, "b": 1}}})"),
            "h: key 'quantization.quantized_layers.a.quant_algo': expects "
            "'FP8', 'FP8_PER_CHANNEL_PER_TOKEN', 'NVFP4', 'W4A16_NVFP4' or "
            "'MIXED_PRECISION', but got \"W4A8_AWQ\"\n"
            "h: key 'quantization.quantized_layers': expects an object of "
            "objects, but got {\"a\":{\"quant_algo\":\"W4A8_AWQ\"},\"b\":1}");
  EXPECT_EQ(fileFailureOf(R"({"quantization": {"quantized_layers": []}})"),
            "h: key 'quantization.quantized_layers': expects an object, but "
            "got []");
}

TEST_F(Stored, NeedsAConfigWhereTensorsAreQuantized) {
  for (const char *name : {"a.qweight", "a.weight_packed", "a.weight_scale_inv",
                           "a.weight.quant_state.bitsandbytes__nf4"}) {
    weights = WeightSource();
    add(name, Encoding::I32, {1});
    EXPECT_EQ(errorOf(joinStorage({}, weights, leftAside)),
              std::string("f: tensor '") + name +
                  "': expects 'quantization_config' in config.json to say how "
                  "it is stored, but there is none");
  }
}

TEST_F(Stored, LeavesPlainTensorsAlone) {
  add("norm", Encoding::BF16, {4});
  EXPECT_TRUE(joinStorage({}, weights, leftAside).ok());
  EXPECT_TRUE(join("fp8").ok());
  EXPECT_EQ(names(), (std::vector<std::string>{"norm bf16"}));
}

TEST_F(Stored, SaysSoManyErrorsAndNoMore) {
  for (int i = 0; i < 12; ++i)
    add("layer" + std::to_string(i) + ".weight", Encoding::F8E4M3, {2, 2});
  Status joined = join("fp8");
  ASSERT_EQ(joined.errors().size(), 10u);
  EXPECT_EQ(joined.errors().back().notes,
            std::vector<std::string>{"and 2 more errors of this kind"});
}

} // namespace
