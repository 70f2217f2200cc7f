// Twins of the goldens: what they keep computes what it computed.

#include "frontends/twin/Twin.h"
#include "dialects/nn/reference/Interpreter.h"
#include "frontends/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace tombolo;
namespace fs = std::filesystem;

namespace {

std::string messages(const std::vector<Error> &errors) {
  std::string text;
  for (const Error &error : errors) {
    text += error.str() + "\n";
    for (const std::string &note : error.notes)
      text += "  " + note + "\n";
  }
  return text;
}

/// A folder of this test's own, which is not there.
fs::path freshFolder(const std::string &name) {
  fs::path path = fs::path(testing::TempDir()) /
                  ("twin-" + name + "-" + std::to_string(::getpid()));
  fs::remove_all(path);
  return path;
}

fs::path golden(const std::string &name) {
  return fs::path(TOMBOLO_SOURCE_DIR) / "test/goldens" / name;
}

/// The golden's folder with each weight file cut after its header.
fs::path headersOf(const std::string &name) {
  fs::path path = freshFolder(name + "-headers");
  fs::create_directories(path);
  for (const auto &entry : fs::directory_iterator(golden(name))) {
    fs::path file = entry.path().filename();
    if (file == "expected.safetensors" || fs::is_directory(entry))
      continue;
    fs::copy_file(entry.path(), path / file);
    if (file.extension() != ".safetensors")
      continue;
    std::ifstream in(entry.path(), std::ios::binary);
    uint64_t length = 0;
    in.read(reinterpret_cast<char *>(&length), sizeof(length));
    fs::resize_file(path / file, 8 + length);
  }
  return path;
}

/// A checkpoint with its module, to be run.
struct Model {
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  Checkpoint checkpoint;
  ImportReport report;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  explicit Model(const fs::path &path) {
    Result<Checkpoint> opened = openCheckpoint(path.string());
    EXPECT_TRUE(opened.ok()) << messages(opened.errors());
    if (!opened)
      return;
    checkpoint = std::move(*opened);
    auto imported = importModel(context, checkpoint, {}, &report);
    EXPECT_TRUE(imported.ok()) << messages(imported.errors());
    if (imported)
      module = std::move(*imported);
  }
  nn::HiddenAndTaps run() {
    nn::Interpreter interpreter(*module, checkpoint.weights);
    std::vector<int32_t> tokens;
    for (int32_t i = 0; i < 24; ++i)
      tokens.push_back(3 + 7 * i % 31);
    auto step = interpreter.feed(tokens);
    EXPECT_TRUE(step.ok()) << messages(step.errors());
    return step ? std::move(*step) : nn::HiddenAndTaps();
  }
};

TwinReport twinOf(const fs::path &source, const fs::path &output,
                  const TwinOptions &options) {
  Result<TwinReport> report =
      writeTwin(source.string(), output.string(), options);
  EXPECT_TRUE(report.ok()) << messages(report.errors());
  return report ? std::move(*report) : TwinReport();
}

class Twin : public testing::TestWithParam<const char *> {};

/// With all layers and all experts, the twin is the model.
TEST_P(Twin, OfEverythingIsTheModel) {
  fs::path output = freshFolder(std::string(GetParam()) + "-whole");
  TwinOptions options;
  options.layers = options.experts = 1000;
  TwinReport report = twinOf(golden(GetParam()), output, options);
  EXPECT_EQ(report.randomTensors, 0);
  EXPECT_THAT(report.changedKeys, testing::IsEmpty());
  Model source(golden(GetParam())), twin(output);
  ASSERT_TRUE(source.module && twin.module);
  EXPECT_EQ(twin.report.bodyOfLayer, source.report.bodyOfLayer);
  EXPECT_EQ(twin.run().hidden.floats, source.run().hidden.floats);
  fs::remove_all(output);
}

/// One layer of each kind: those in front compute what they did.
TEST_P(Twin, KeepsALayerOfEachKind) {
  fs::path output = freshFolder(GetParam());
  TwinOptions options;
  options.layers = 1;
  options.experts = 1000;
  TwinReport report = twinOf(golden(GetParam()), output, options);
  Model source(golden(GetParam())), twin(output);
  ASSERT_TRUE(source.module && twin.module);
  EXPECT_EQ(twin.report.distinctLayers, source.report.distinctLayers);
  EXPECT_EQ(report.kinds, source.report.distinctLayers);
  EXPECT_EQ(twin.report.layers, static_cast<int64_t>(report.layers.size()));
  // Layers are alike where those that they are of are.
  for (size_t i = 0; i < report.layers.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      EXPECT_EQ(twin.report.bodyOfLayer[i] == twin.report.bodyOfLayer[j],
                source.report.bodyOfLayer[report.layers[i]] ==
                    source.report.bodyOfLayer[report.layers[j]]);
  auto before = source.run(), now = twin.run();
  for (size_t i = 0;
       i < report.layers.size() && report.layers[i] == static_cast<int64_t>(i);
       ++i)
    EXPECT_EQ(now.taps.at(i + 1).floats, before.taps.at(i + 1).floats) << i;
  fs::remove_all(output);
}

/// Random values in the source's storage, of a size to compute with.
TEST_P(Twin, OfHeadersHasValuesOfItsOwn) {
  fs::path source = headersOf(GetParam());
  fs::path output = freshFolder(std::string(GetParam()) + "-random");
  TwinOptions options;
  options.layers = 1;
  options.experts = 8;
  TwinReport report = twinOf(source, output, options);
  EXPECT_EQ(report.randomTensors, report.tensors);
  Model twin(output);
  ASSERT_TRUE(twin.module);
  auto step = twin.run();
  double sum = 0;
  for (float value : step.hidden.floats)
    sum += double(value) * value;
  double rms = std::sqrt(sum / double(step.hidden.floats.size()));
  EXPECT_GT(rms, 1e-3);
  EXPECT_LT(rms, 1e3);
  // The same seed, the same file.
  fs::path again = freshFolder(std::string(GetParam()) + "-again");
  twinOf(source, again, options);
  auto bytesOf = [](const fs::path &path) {
    std::ifstream in(path / "model.safetensors", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_TRUE(bytesOf(output) == bytesOf(again));
  for (const fs::path &path : {source, output, again})
    fs::remove_all(path);
}

INSTANTIATE_TEST_SUITE_P(
    Goldens, Twin,
    testing::Values("deepseek_v32", "gemma3", "gemma4", "gemma4_e2b",
                    "gemma4_moe", "gpt2", "llama_awq", "llama_gptq_desc_act",
                    "llama_nvfp4", "mistral", "phi3_longrope", "qwen2_moe",
                    "qwen3", "qwen3_5", "qwen3_5_moe", "smollm3"),
    [](const auto &info) { return std::string(info.param); });

/// From a config alone: the tensors are those that the description asks for.
TEST(TwinOfAConfig, HasTheTensorsOfTheCheckpoint) {
  for (const char *name : {"qwen3", "gpt2", "phi3_longrope", "deepseek_v32"}) {
    fs::path source = freshFolder(std::string(name) + "-config");
    fs::create_directories(source);
    fs::copy_file(golden(name) / "config.json", source / "config.json");
    fs::path output = freshFolder(std::string(name) + "-made");
    TwinOptions options;
    options.layers = options.experts = 1000;
    twinOf(source, output, options);
    Model published(golden(name)), made(output);
    ASSERT_TRUE(published.module && made.module);
    EXPECT_EQ(made.report.bodyOfLayer, published.report.bodyOfLayer);
    EXPECT_EQ(made.report.boundTensors, published.report.boundTensors);
    for (const TensorInfo &tensor : made.checkpoint.weights.tensors()) {
      const TensorInfo *other = published.checkpoint.weights.find(tensor.name);
      ASSERT_TRUE(other) << name << " " << tensor.name;
      EXPECT_EQ(tensor.shape, other->shape) << name << " " << tensor.name;
    }
    fs::remove_all(source);
    fs::remove_all(output);
  }
}

TEST(TwinErrors, AreAboutTheFolders) {
  fs::path output = freshFolder("full");
  fs::create_directories(output);
  std::ofstream(output / "something") << "x";
  auto refused = [&](const std::string &source, const std::string &to) {
    Result<TwinReport> report = writeTwin(source, to, {});
    return report ? std::string() : report.error().message;
  };
  std::string source = golden("qwen3").string();
  EXPECT_EQ(refused(source, output.string()),
            "expects an empty folder to write to, but there is something in "
            "it");
  EXPECT_EQ(refused(source, (output / "something").string()),
            "expects a folder to write to, but it is a file");
  EXPECT_EQ(refused(golden("gguf-llama3").string() + "/model.bf16.gguf",
                    freshFolder("gguf").string()),
            "expects a checkpoint for safetensors: twins of GGUF files are not "
            "in this version");
  fs::remove_all(output);
}
} // namespace
