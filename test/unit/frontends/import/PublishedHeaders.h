//===- PublishedHeaders.h - Headers of DeepSeek-V4 --------------*- C++ -*-===//
//
// Names, shapes, types and config as they were released, in files that end
// after their headers.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_FRONTENDS_IMPORT_PUBLISHEDHEADERS_H
#define TEST_UNIT_FRONTENDS_IMPORT_PUBLISHEDHEADERS_H

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

namespace tombolo::test {

/// Sizes in which the releases differ.
struct Release {
  int64_t layers, hidden, heads, queryRank, groups, experts, expertWidth, topk;
  double scaling;
  std::vector<int64_t> ratios;
};

/// What matrices are stored in: 8 and 4 bits with scales beside them, as they
/// were published, or decoded.
enum class Storage { Published, Bf16 };

class Headers {
public:
  Headers(const Release &release, Storage storage = Storage::Published)
      : r(release), storage(storage) {
    bf16("embed.weight", {vocab, r.hidden});
    bf16("head.weight", {vocab, r.hidden});
    bf16("norm.weight", {r.hidden});
    streams("", 4);
    for (int64_t layer = 0; layer < r.layers; ++layer)
      block("layers." + std::to_string(layer) + ".", r.ratios[layer],
            layer < hashLayers);
  }

  /// The draft head of the first releases.
  void addMtp() {
    block("mtp.0.", 0, false);
    fp8("mtp.0.e_proj", r.hidden, r.hidden);
    fp8("mtp.0.h_proj", r.hidden, r.hidden);
    for (const char *name : {"enorm", "hnorm", "norm"})
      bf16(std::string("mtp.0.") + name + ".weight", {r.hidden});
    streams("mtp.0.", 4);
  }

  /// The three draft stages of the July releases.
  void addDspark() {
    for (const char *stage : {"mtp.0.", "mtp.1.", "mtp.2."})
      block(stage, 0, false);
    fp8("mtp.0.main_proj", r.hidden, 3 * r.hidden);
    bf16("mtp.0.main_norm.weight", {r.hidden});
    bf16("mtp.2.norm.weight", {r.hidden});
    streams("mtp.2.", 4);
    bf16("mtp.2.markov_head.markov_w1.weight", {vocab, 256});
    bf16("mtp.2.markov_head.markov_w2.weight", {vocab, 256});
    bf16("mtp.2.confidence_head.proj.weight", {1, r.hidden + 256});
  }

  nlohmann::ordered_json config() const;

  size_t count() const { return tensors.size(); }
  int64_t bytes() const {
    int64_t sum = 0;
    for (const Tensor &tensor : tensors)
      sum += tensor.bytes;
    return sum;
  }

  /// Makes the folder, with `shards` files, each nothing but its header, and
  /// returns it.
  std::string write(const std::string &folder, size_t shards,
                    const nlohmann::ordered_json &config) const;

  static constexpr int64_t vocab = 129280, headDim = 512, indexDim = 128,
                           indexHeads = 64, outRank = 1024, hashLayers = 3,
                           window = 128;

private:
  nlohmann::ordered_json decodedConfig() const;
  struct Tensor {
    std::string name, type;
    std::vector<int64_t> shape;
    int64_t bytes;
  };

  void add(std::string name, const char *type, std::vector<int64_t> shape,
           int64_t elementBytes) {
    int64_t bytes = std::accumulate(shape.begin(), shape.end(), elementBytes,
                                    std::multiplies<int64_t>());
    tensors.push_back({std::move(name), type, std::move(shape), bytes});
  }
  void bf16(const std::string &name, std::vector<int64_t> shape) {
    add(name, "BF16", std::move(shape), 2);
  }
  void f32(const std::string &name, std::vector<int64_t> shape) {
    add(name, "F32", std::move(shape), 4);
  }
  void fp8(const std::string &name, int64_t out, int64_t in) {
    if (storage == Storage::Bf16)
      return bf16(name + ".weight", {out, in});
    add(name + ".weight", "F8_E4M3", {out, in}, 1);
    add(name + ".scale", "F8_E8M0", {(out + 127) / 128, (in + 127) / 128}, 1);
  }
  void fp4(const std::string &name, int64_t out, int64_t in) {
    if (storage == Storage::Bf16)
      return bf16(name + ".weight", {out, in});
    add(name + ".weight", "I8", {out, in / 2}, 1);
    add(name + ".scale", "F8_E8M0", {out, in / 32}, 1);
  }
  /// What gathers four streams into one.
  void streams(const std::string &prefix, int64_t rows) {
    f32(prefix + "hc_head_fn", {rows, 4 * r.hidden});
    f32(prefix + "hc_head_base", {rows});
    f32(prefix + "hc_head_scale", {1});
  }
  void compressor(const std::string &prefix, int64_t ratio, int64_t width);
  void block(const std::string &prefix, int64_t ratio, bool hashed);

  Release r;
  Storage storage;
  std::vector<Tensor> tensors;
};

/// With so many draft stages.
Release flash(int64_t drafts = 1);
Release pro();

} // namespace tombolo::test

#endif // TEST_UNIT_FRONTENDS_IMPORT_PUBLISHEDHEADERS_H
