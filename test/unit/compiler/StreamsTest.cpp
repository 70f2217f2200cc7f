// A model of several residual streams and hashed routes: compiled, and in the
// interpreter.

#include "compiler/Compiler.h"
#include "runtime/core/Model.h"
#include "test/unit/support/TestFolder.h"
#include "tools/lib/InterpreterEngine.h"
#include "tools/lib/RuntimeEngine.h"
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

using namespace tombolo;

namespace {

struct Sizes {
  int64_t streams, width, heads, experts, chosen;
};
constexpr int64_t kVocab = 48, kLayers = 2, kExpertSize = 24;

/// A checkpoint of streams.arch with random numbers.
class Checkpoint {
public:
  Checkpoint(const TestFolder &folder, const Sizes &s, int64_t largestId) {
    int64_t n = s.streams, d = s.width;
    add("embed", {kVocab, d});
    add("norm", {d}, 1);
    add("head", {kVocab, d});
    connection("hc_", n, n * d, 1);
    for (int64_t layer = 0; layer < kLayers; ++layer) {
      std::string prefix = "layers." + std::to_string(layer) + ".";
      connection(prefix + "attn_", (2 + n) * n, n * d, 3);
      connection(prefix + "ffn_", (2 + n) * n, n * d, 3);
      for (const char *name : {"attn_norm", "ffn_norm"})
        add(prefix + name, {d}, 1);
      for (const char *name : {"wq", "wk", "wv", "wo"})
        add(prefix + name, {d, d});
      add(prefix + "router", {s.experts, d});
      if (layer == 0)
        addIds(prefix + "tid2eid", s, largestId);
      else
        add(prefix + "bias", {s.experts});
      for (int64_t e = 0; e < s.experts; ++e) {
        std::string expert = prefix + "experts." + std::to_string(e) + ".";
        add(expert + "w1", {kExpertSize, d});
        add(expert + "w3", {kExpertSize, d});
        add(expert + "w2", {d, kExpertSize});
      }
    }
    std::string text = header.dump();
    folder.write("model.safetensors",
                 bytesOf(uint64_t(text.size())) + text + bytes);
    folder.write("config.json",
                 nlohmann::json{{"architectures", {"StreamsForCausalLM"}},
                                {"vocab_size", kVocab},
                                {"hidden_size", d},
                                {"num_hidden_layers", kLayers},
                                {"num_attention_heads", s.heads},
                                {"max_position_embeddings", 64},
                                {"hc_mult", n},
                                {"n_routed_experts", s.experts},
                                {"num_experts_per_tok", s.chosen},
                                {"expert_size", kExpertSize}}
                     .dump());
  }

private:
  void add(const std::string &name, std::vector<int64_t> shape,
           float middle = 0) {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    float scale = shape.size() == 1 ? 0.3f : 2 / std::sqrt(float(shape.back()));
    std::string values;
    for (int64_t i = 0; i < count; ++i)
      values +=
          bytesOf(middle + scale * (float(random() >> 8) / float(1 << 23) - 1));
    place(name, "F32", shape, values);
  }
  void connection(const std::string &prefix, int64_t rows, int64_t columns,
                  int64_t scales) {
    add(prefix + "fn", {rows, columns});
    add(prefix + "base", {rows});
    add(prefix + "scale", {scales}, 0.5f);
  }
  void addIds(const std::string &name, const Sizes &s, int64_t largest) {
    std::string values;
    for (int64_t i = 0; i < kVocab * s.chosen; ++i)
      values += bytesOf(i == 7 && largest >= 0 ? largest
                                               : int64_t(random()) % s.experts);
    place(name, "I64", {kVocab, s.chosen}, values);
  }
  void place(const std::string &name, const char *type,
             const std::vector<int64_t> &shape, const std::string &values) {
    header[name] = {
        {"dtype", type},
        {"shape", shape},
        {"data_offsets", {bytes.size(), bytes.size() + values.size()}}};
    bytes += values;
  }

  std::mt19937 random{7};
  nlohmann::ordered_json header;
  std::string bytes;
};

const std::string kArch = TOMBOLO_SOURCE_DIR "/test/unit/compiler/streams.arch";

CompileOptions options() {
  CompileOptions options;
  options.activations = Activations::F32;
  options.kv = KvType::F32;
  options.chunk = 8;
  options.archFiles = {kArch};
  return options;
}

/// The rows of each layer and of the logits: a prompt, then token by token.
using Rows = std::map<std::pair<int64_t, int64_t>, std::vector<float>>;
Rows rowsOf(Engine &engine) {
  const std::vector<int32_t> prompt = {5, 0, 47, 3, 3, 21, 8, 30, 44, 1, 17};
  Rows rows;
  int64_t first = 0;
  auto feed = [&](std::span<const int32_t> tokens) {
    Engine::Feed feed;
    feed.tokens = tokens;
    feed.onLogits = [&](int64_t row, std::span<const float> values) -> Status {
      rows[{-1, first + row}].assign(values.begin(), values.end());
      return success();
    };
    feed.onHidden = [&](int64_t layer, int64_t row,
                        std::span<const float> values) {
      rows[{layer, first + row}].assign(values.begin(), values.end());
    };
    Status status = engine.feed(feed);
    EXPECT_TRUE(status.ok()) << status.error().str();
    first += int64_t(tokens.size());
  };
  EXPECT_TRUE(engine.restart(int64_t(prompt.size())).ok());
  feed(prompt);
  for (int32_t token : {2, 46, 11})
    feed({&token, 1});
  return rows;
}

class Streams : public testing::TestWithParam<int64_t> {};

TEST_P(Streams, CompiledAsInterpreted) {
  int64_t n = GetParam();
  // Widths that are no multiple of a vector.
  Sizes sizes{n, n % 2 ? 40 : 36, 2, n + 3, n == 1 ? 1 : 2};
  TestFolder folder;
  Checkpoint(folder, sizes, -1);
  auto interpreter = InterpreterEngine::create(folder.path(), {kArch});
  ASSERT_TRUE(interpreter.ok()) << interpreter.error().str();
  Rows expected = rowsOf(**interpreter);
  // 14 tokens: logits, the embedding's rows and those of each layer.
  ASSERT_EQ(expected.size(), 14u * (2 + kLayers));
  ASSERT_EQ((expected[{1, 0}].size()), size_t(n * sizes.width));
  for (const char *disabled : {"", "cpu-linear-r16"}) {
    if (*disabled && n != 4)
      continue;
    CompileOptions how = options();
    if (*disabled)
      how.disabled = {disabled};
    std::string artifact = folder.path("model.tbo");
    Status compiled = compile(folder.path(), how, artifact);
    ASSERT_TRUE(compiled.ok()) << compiled.error().str();
    auto model = Model::open(artifact);
    ASSERT_TRUE(model.ok()) << model.error().str();
    auto engine = RuntimeEngine::create(*model);
    ASSERT_TRUE(engine.ok()) << engine.error().str();
    Rows got = rowsOf(**engine);
    ASSERT_EQ(got.size(), expected.size());
    for (const auto &[place, row] : expected) {
      const std::vector<float> &mine = got[place];
      ASSERT_EQ(mine.size(), row.size());
      double difference = 0, norm = 0;
      for (size_t i = 0; i < row.size(); ++i) {
        difference += std::pow(double(mine[i]) - row[i], 2);
        norm += double(row[i]) * row[i];
      }
      ASSERT_GT(norm, 0);
      EXPECT_LT(std::sqrt(difference / norm), 2e-6)
          << "hidden." << place.first << " row " << place.second << " "
          << disabled;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Of, Streams, testing::Values(1, 4, 5));

TEST(StreamsErrors, AnIdThatIsNoI32) {
  TestFolder folder;
  Checkpoint(folder, {4, 36, 2, 5, 2}, int64_t(1) << 31);
  Status compiled = compile(folder.path(), options(), folder.path("model.tbo"));
  ASSERT_FALSE(compiled.ok());
  EXPECT_EQ(compiled.error().str(),
            "weight 'layer0.tid2eid' [0]: expects integers that fit i32, but "
            "element 7 is 2147483648");
  EXPECT_FALSE(std::filesystem::exists(folder.path("model.tbo")));
}

} // namespace
