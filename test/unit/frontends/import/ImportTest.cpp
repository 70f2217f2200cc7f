#include "frontends/import/Import.h"
#include "TinyModel.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;
using testing::Not;

namespace {

class Import : public testing::Test {
protected:
  std::string description = readText("test/frontends/arch/tiny.arch");
  nlohmann::ordered_json config = tinyConfig();
  TinyTensors tensors = tinyTensors();
  ImportReport report;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};

  void replaceText(const std::string &old, const std::string &by) {
    size_t at = description.find(old);
    ASSERT_NE(at, std::string::npos) << old;
    description.replace(at, old.size(), by);
  }

  std::string import(const Checkpoint &checkpoint, Form form = Form::Expanded) {
    std::ofstream("tiny.arch") << description;
    report = {};
    return textOf(importModel(context, checkpoint, {{"tiny.arch"}}, &report),
                  form);
  }
  std::string import() { return import(makeCheckpoint(config, tensors)); }

  static size_t count(const std::string &text, const std::string &what) {
    size_t found = 0;
    for (size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + 1))
      ++found;
    return found;
  }
};

TEST_F(Import, LayersThatAreAlikeAreOneFunction) {
  std::string text = import();
  EXPECT_EQ(count(text, "func.func private"), 1u) << text;
  EXPECT_EQ(count(text, "call @layer0("), 4u);
  EXPECT_THAT(text, HasSubstr("{nn.tap = 4 : i64}"));
  EXPECT_THAT(text, HasSubstr("nn.state @layer0.k[4] : !nn.rows<2x8xf32>"));
  EXPECT_THAT(text, HasSubstr("nn.model = {context = 128 : i64, family = "
                              "\"tiny\", hidden_size = 32 : i64, layers = 4 : "
                              "i64, tokenizer = {add_bos = true, pre = "
                              "\"default\"}, vocab_size = 48 : i64}"));
  EXPECT_EQ(report.family, "tiny");
  EXPECT_EQ(report.scheme, "hf");
  EXPECT_EQ(report.layers, 4);
  EXPECT_EQ(report.distinctLayers, 1);
  EXPECT_EQ(report.contextLength, 128);
  EXPECT_EQ(report.keys.front().name, "vocab_size");
  EXPECT_EQ(report.keys.front().value, "48");
  EXPECT_EQ(report.keys.front().place, "vocab_size");
}

TEST_F(Import, ChoicesMakeDistinctBodiesWithTheirOwnWeights) {
  config["layer_types"] = {"full", "sliding", "full", "sliding"};
  std::string text = import();
  EXPECT_EQ(report.distinctLayers, 2) << text;
  EXPECT_THAT(text, HasSubstr("nn.weight @layer0.wo[2] : !nn.weight<32x32, "
                              "f32> indices = [0, 2]"));
  EXPECT_THAT(text, HasSubstr("nn.weight @layer1.wo[2] : !nn.weight<32x32, "
                              "f32> indices = [1, 3]"));
  EXPECT_THAT(text, HasSubstr("nn.state @layer0.k[2] : !nn.rows<2x8xf32> "));
  EXPECT_THAT(
      text, HasSubstr("nn.state @layer1.k[2] : !nn.rows<2x8xf32, window = 4>"));
}

TEST_F(Import, OneWeightServesAllLayersThatStoreItAlike) {
  tensors["model.layers.2.down.weight"].encoding = "bf16";
  std::string text = import(makeCheckpoint(config, tensors), Form::Imported);
  for (const char *part :
       {"nn.weight @layer.wo : !nn.weight<32x32, f32> layers = [0 to 3] stored "
        "\"model.layers.{layer}.o.weight\"",
        "nn.weight @layer.mlp.down : !nn.weight<32x64, f32> layers = [0, 1, 3]",
        "nn.weight @layer_1.mlp.down : !nn.weight<32x64, bf16> layers = [2]",
        "nn.layer @layer0[3]("})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST_F(Import, WhatLayersOfTwoKindsShareIsAFunction) {
  tensors["model.layers.2.down.weight"].encoding = "bf16";
  std::string text = import(makeCheckpoint(config, tensors), Form::Imported);
  // Both kinds attend alike; what only one of them does is in its body.
  EXPECT_EQ(count(text, "func.func private"), 3u) << text;
  EXPECT_EQ(count(text, "call @attend(%arg0, %arg1, %"), 2u) << text;
  EXPECT_THAT(text, HasSubstr("nn.state @attend.k : !nn.rows<2x8xf32> storage "
                              "= f32 layers = [0 to 3]"));
  // One kind has no use for functions.
  tensors["model.layers.2.down.weight"].encoding = "f32";
  text = import(makeCheckpoint(config, tensors), Form::Imported);
  EXPECT_EQ(count(text, "func.func private"), 1u) << text;
  EXPECT_THAT(text, HasSubstr("nn.state @layer0.k : !nn.rows<2x8xf32> storage "
                              "= f32 layers = [0 to 3]"));
}

TEST_F(Import, APartThatRemembersDoesSoOncePerCall) {
  // Two calls of what would be the same function, each with its own rows.
  replaceText("  def hidden(tokens) {", R"(  def blend(q, y) {
    a = silu(y) + y
    b = silu(a) + a
    return attention(q, [history(b)], [history(b)], scale = 1.0)
  }
  def hidden(tokens) {)");
  replaceText("      x += attend(norm(x, attn_norm))",
              R"(      x += attend(norm(x, attn_norm))
      y = heads(x, H)
      x += merge(blend(y, y)) + merge(blend(y, y)))");
  tensors["model.layers.2.down.weight"].encoding = "bf16";
  std::string text = import(makeCheckpoint(config, tensors), Form::Imported);
  EXPECT_EQ(count(text, "call @blend0("), 2u) << text;
  EXPECT_EQ(count(text, "call @blend1("), 2u) << text;
  EXPECT_EQ(count(text, "nn.state @blend0."), 2u) << text;
  EXPECT_EQ(count(text, "nn.state @blend1."), 2u) << text;
  // A layer's states keep apart where it takes its parts back.
  text = import();
  EXPECT_EQ(count(text, "nn.state @layer0."), 6u) << text;
}

// What a function returns may be positions, and lists of all kinds of values.
TEST_F(Import, PartsReturnWhatTheyLike) {
  replaceText("  def hidden(tokens) {", R"(  def both(x) {
    a = silu(x) + x
    b = silu(a) + a
    c = silu(b) + b
    return [c, positions(x), {w: attn_norm, n: 2}]
  }
  def hidden(tokens) {)");
  replaceText("      x += attend(norm(x, attn_norm))",
              R"(      x += attend(norm(x, attn_norm))
      r = both(x)
      x += r[0] * rearrange(f32(r[1]), "t -> t 1") * r[2].w * r[2].n)");
  tensors["model.layers.2.down.weight"].encoding = "bf16";
  std::string text = import(makeCheckpoint(config, tensors), Form::Imported);
  EXPECT_EQ(count(text, "func.func private @both("), 1u) << text;
  EXPECT_THAT(text, HasSubstr("nn.cast %"));
  EXPECT_EQ(count(text, "call @both("), 2u) << text;
}

TEST_F(Import, ALetOfTensorsBelongsToOneFunction) {
  replaceText("  def hidden(tokens) {", R"(  let e = exp(out_norm)
  def probe(x) {
    y = e
    return 3
  }
  def hidden(tokens) {)");
  replaceText("      x += attend(norm(x, attn_norm))",
              R"(      n = probe(x)
      x += attend(norm(x, attn_norm)) * e * n)");
  EXPECT_THAT(import(), HasSubstr("a value made of tensors in 'let' or in "
                                  "another function is not one here"));
}

TEST_F(Import, PartsTakeNoNamesOfOtherSymbols) {
  std::string original = description;
  for (std::string part : {"layer0", "layer", "rope0", "attend0", "logits2"}) {
    description = original;
    replaceText("  def hidden(tokens) {", "  def " + part + R"((x) {
    a = silu(x) + x
    return silu(a) + a
  }
  def hidden(tokens) {)");
    replaceText("      x += attend(norm(x, attn_norm))",
                "      x += attend(norm(x, attn_norm))\n      x += " + part +
                    "(x)");
    // Kinds of layers for which `attend` is two functions.
    config["layer_types"] = {"full", "sliding", "full", "sliding"};
    tensors["model.layers.2.down.weight"].encoding = "bf16";
    tensors["model.layers.3.down.weight"].encoding = "bf16";
    std::string text = import(makeCheckpoint(config, tensors), Form::Imported);
    EXPECT_EQ(report.distinctLayers, 4);
    EXPECT_THAT(text, HasSubstr("func.func private @attend1")) << part;
    EXPECT_EQ(count(text, "call @" + part + (part == "logits2" ? "" : "_")), 4u)
        << part << ": " << text;
  }
}

TEST_F(Import, AnOperandIsComputedOnce) {
  replaceText("      x += attend(norm(x, attn_norm))",
              "      x += sqrt(softplus(attend(norm(x, attn_norm))))");
  std::string text = import();
  EXPECT_EQ(count(text, "nn.softplus"), 1u) << text;
  EXPECT_EQ(count(text, "nn.state @layer0."), 2u) << text;
}

TEST_F(Import, EncodingsMakeDistinctBodies) {
  tensors["model.layers.2.down.weight"].encoding = "bf16";
  std::string text = import();
  EXPECT_EQ(report.distinctLayers, 2) << text;
  EXPECT_THAT(text, HasSubstr("@layer0.mlp.down[3] : !nn.weight<32x64, f32> "
                              "indices = [0, 1, 3]"));
  EXPECT_THAT(text, HasSubstr("@layer1.mlp.down[1] : !nn.weight<32x64, bf16> "
                              "indices = [2]"));
}

TEST_F(Import, CellsBecomeRegions) {
  tensors["model.norm.weight"].encoding = "bf16";
  std::string text = import();
  EXPECT_THAT(
      text,
      HasSubstr("nn.weight @layer0.wk[4] : !nn.weight<16x32, f32> indices = "
                "[0, 1, 2, 3] {\n    %0 = nn.stored "
                "\"model.layers.{layer}.qkv.weight\" : !nn.weight<64x32, "
                "f32>\n    %1 = nn.slice %0[32:48, :]"));
  EXPECT_THAT(text, HasSubstr("%1 = nn.decode %0 : !nn.weight<32, bf16> -> "
                              "!nn.weight<32, f32>"));
}

TEST_F(Import, ExpertsAreOneSymbol) {
  replaceText("let types =", "axis expert = 3\n  let types =");
  replaceText(
      "      mlp.gate ",
      "      moe.gate [expert, I, D] \"experts.{expert}.w\"[:, :I] none none\n"
      "      moe.up [expert, I, D] \"experts.{expert}.w\"[:, I:] none none\n"
      "      moe.down [expert, D, I] \"experts.down\" none none\n"
      "      router [expert, D] \"router\" none none\n"
      "      mlp.gate ");
  replaceText(
      "x += glu(norm(x, ffn_norm), mlp)",
      "h = norm(x, ffn_norm)\n"
      "      s = linear(h, router)\n"
      "      ids = top_k(s, k = 2)\n"
      "      x += glu_experts(h, ids, take(s, ids), moe) + glu(h, mlp)");
  for (int layer = 0; layer < 4; ++layer) {
    std::string prefix = "model.layers." + std::to_string(layer) + ".";
    for (int expert = 0; expert < 3; ++expert)
      tensors[prefix + "experts." + std::to_string(expert) + ".w"] = {{128, 32},
                                                                      "q4_0"};
    tensors[prefix + "experts.down"] = {{3, 32, 64}, "bf16"};
    tensors[prefix + "router"] = {{3, 32}};
  }
  std::string text = import();
  EXPECT_THAT(
      text,
      HasSubstr("nn.weight @layer0.moe.up[4] : !nn.weight<3x64x32, q4_0> "
                "indices = [0, 1, 2, 3] {\n    %0 = nn.stored "
                "\"model.layers.{layer}.experts.{expert}.w\" : "
                "!nn.weight<3x128x32, q4_0>\n    %1 = nn.slice %0[:, 64:, :]"));
  EXPECT_THAT(text,
              HasSubstr("!nn.weight<3x32x64, bf16> indices = [0, 1, 2, 3] "
                        "stored \"model.layers.{layer}.experts.down\""));
  EXPECT_EQ(count(text, "nn.expert_linear"), 3u) << text;
}

/// Tensors are looked up, not searched: an import takes as long as reading
/// their names.
TEST_F(Import, ManyExpertsAreCheap) {
  constexpr int layers = 61, experts = 384;
  config = {{"architectures", {"Qwen3MoeForCausalLM"}},
            {"vocab_size", 64},
            {"hidden_size", 32},
            {"num_hidden_layers", layers},
            {"num_attention_heads", 2},
            {"num_key_value_heads", 1},
            {"head_dim", 16},
            {"moe_intermediate_size", 16},
            {"num_experts", experts},
            {"norm_topk_prob", true}};
  tensors = {{"model.embed_tokens.weight", {{64, 32}, "bf16"}},
             {"model.norm.weight", {{32}, "bf16"}},
             {"lm_head.weight", {{64, 32}, "bf16"}}};
  for (int layer = 0; layer < layers; ++layer) {
    std::string prefix = "model.layers." + std::to_string(layer) + ".";
    auto add = [&](const std::string &name, std::vector<int64_t> shape) {
      tensors[prefix + name + ".weight"] = {std::move(shape), "bf16"};
    };
    add("input_layernorm", {32});
    add("post_attention_layernorm", {32});
    add("self_attn.q_norm", {16});
    add("self_attn.k_norm", {16});
    add("self_attn.q_proj", {32, 32});
    add("self_attn.k_proj", {16, 32});
    add("self_attn.v_proj", {16, 32});
    add("self_attn.o_proj", {32, 32});
    add("mlp.gate", {experts, 32});
    for (int expert = 0; expert < experts; ++expert) {
      std::string name = "mlp.experts." + std::to_string(expert) + ".";
      add(name + "gate_proj", {16, 32});
      add(name + "up_proj", {16, 32});
      add(name + "down_proj", {32, 16});
    }
  }
  Checkpoint checkpoint = makeCheckpoint(config, tensors);
  ASSERT_GT(checkpoint.weights.tensors().size(), 69187u);
  auto begin = std::chrono::steady_clock::now();
  std::string text = import(checkpoint);
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_THAT(text, HasSubstr("func.func @logits"));
  EXPECT_LT(count(text, "\n"), 500u);
  EXPECT_EQ(report.distinctLayers, 1);
  // It takes 0.2 s where nothing else runs.
  EXPECT_LT(took.count(), 10);
}

TEST_F(Import, TiedWeightsAreOne) {
  config["tie_word_embeddings"] = true;
  std::string text = import();
  EXPECT_THAT(text, Not(HasSubstr("@lm_head")));
  ASSERT_EQ(report.unusedTensors.size(), 1u);
  EXPECT_EQ(report.unusedTensors[0].name, "lm_head.weight");
  EXPECT_EQ(report.unusedTensors[0].reason, "'lm_head' is tied to 'embed'");
  tensors.erase("lm_head.weight");
  EXPECT_THAT(import(), HasSubstr("func.func @logits"));
}

/// `{layer}` is open in a name, and a number wherever a string is looked at.
TEST_F(Import, ALayersNumberIsOneInCells) {
  tensors["model.layers.2.o.weight"] = {{1, 32, 32}};
  replaceText("\"o.weight\"", "plain(\"o.weight\")");
  std::string before = "  def plain(w) = if ", condition;
  std::string after = " then rearrange(w, \"1 a b -> a b\") else w\n";
  replaceText("  def attend(x) {", before + after + "  def attend(x) {");
  std::string first;
  for (const char *one :
       {"dim(\"model.layers.{layer}.o.weight\", 0) == 1",
        "\"{layer}\" == \"2\"", "\"l{layer}\" in [\"l2\", \"l7\"]",
        "not (\"{layer}\" != \"2\")",
        "\"{layer}\" in \"12\" and len(\"l{layer}\") == 2 and \"{layer}\" != "
        "\"1\"",
        "({l0: 0, l1: 0, l2: 1, l3: 0})[\"l{layer}\"] == 1",
        "[\"x{layer}\"] == [\"x2\"]"}) {
    replaceText(before + condition + after, before + one + after);
    condition = one;
    std::string text = import();
    EXPECT_THAT(text, HasSubstr("stored \"model.layers.{layer}.o.weight\""))
        << one;
    if (first.empty())
      first = text;
    EXPECT_EQ(text, first) << one;
  }
  // A variable of that name is a variable.
  replaceText(before + condition + after,
              before + "[\"{layer}\" for layer in [\"2\"]][0] == \"2\"" +
                  after);
  EXPECT_THAT(import(), HasSubstr("has 3 axes"));
  replaceText(after, " then (fail \"layer {layer}\") else w\n");
  EXPECT_THAT(import(), HasSubstr("layer 0\n"));
}

TEST_F(Import, GgufHasItsColumnAndKeys) {
  std::string text = import(makeGguf(tinyMetadata(), tinyGgufTensors()));
  EXPECT_EQ(report.scheme, "gguf") << text;
  EXPECT_THAT(text, HasSubstr("!nn.weight<16x32, q4_0> indices = [0, 1, 2, 3] "
                              "stored \"blk.{layer}.attn_k.weight\""));
  EXPECT_EQ(report.keys.front().place, "GGUF");
}

TEST_F(Import, GgufKeysMustBeRead) {
  auto metadata = tinyMetadata();
  metadata["tiny.attention.scale"] = 2.0;
  metadata["general.file_type"] = 2;
  EXPECT_EQ(import(makeGguf(metadata, tinyGgufTensors())),
            "error: model.gguf: key 'tiny.attention.scale' = 2.0 is not read "
            "by architecture 'tiny'\nnote: tiny.arch:8:3: give it to a key if "
            "it changes the model, 'ignore gguf' it if it does not\n");
}

/// A key of a group that the family does not use is not read by its name.
TEST_F(Import, GgufKeysOfAGroupMustBeUsed) {
  auto metadata = tinyMetadata();
  metadata["tiny.rope.freq_base"] = 2.0;
  EXPECT_THAT(import(makeGguf(metadata, tinyGgufTensors())),
              Not(HasSubstr("error")));
  replaceText("rope_table(rope_settings,", "rope_table({rope_theta: 10000.0},");
  EXPECT_THAT(import(makeGguf(metadata, tinyGgufTensors())),
              HasSubstr("key 'tiny.rope.freq_base' = 2.0 is not read by "
                        "architecture 'tiny'"));
  replaceText("  require H", "  ignore rope_theta\n  require H");
  EXPECT_THAT(import(makeGguf(metadata, tinyGgufTensors())),
              Not(HasSubstr("error")));
}

TEST_F(Import, SchemesAreFoundByTheFirstRow) {
  TinyTensors released{{"embed.weight", {{48, 32}}},
                       {"norm.weight", {{32}}},
                       {"head.weight", {{48, 32}}}};
  for (int layer = 0; layer < 4; ++layer) {
    std::string prefix = "layers." + std::to_string(layer) + ".";
    released[prefix + "norm1.weight"] =
        released[prefix + "norm2.weight"] = {{32}};
    released[prefix + "wq.weight"] =
        released[prefix + "wo.weight"] = {{32, 32}};
    released[prefix + "wk.weight"] =
        released[prefix + "wv.weight"] = {{16, 32}};
    released[prefix + "qn.weight"] = {{8}};
    released[prefix + "w1.weight"] =
        released[prefix + "w3.weight"] = {{64, 32}};
    released[prefix + "w2.weight"] = {{32, 64}};
  }
  tensors = released;
  EXPECT_THAT(import(), HasSubstr("func.func @logits"));
  EXPECT_EQ(report.scheme, "released");
}

TEST_F(Import, RenamedTensorsKeepTheirNamesInTheFile) {
  TinyTensors renamed;
  for (const auto &[name, tensor] : tensors)
    renamed[name.starts_with("model.") ? "wrapped." + name : name] = tensor;
  renamed["vision.x"] = {{3}};
  tensors = renamed;
  replaceText("weights hf released gguf {",
              "weights hf released gguf {\n    rename \"wrapped.model.\" -> "
              "\"model.\"\n    unused \"vision.*\", \"no images\"");
  std::string text = import();
  EXPECT_THAT(text, HasSubstr("\"wrapped.model.layers.{layer}.o.weight\""))
      << text;
  ASSERT_EQ(report.unusedTensors.size(), 1u);
  EXPECT_EQ(report.unusedTensors[0].reason, "no images");
}

TEST_F(Import, ValuesArePassedOnFromLayerToLayer) {
  // Layers 1 and 3 read the keys and values of the layer before.
  replaceText("o = gqa(q, k, v, scale = hd ** -0.5, window = if types[layer] "
              "== \"sliding\" then window else none)",
              "if types[layer] != \"sliding\" { kv = [history(k), history(v)] "
              "}\n    o = merge(attention(q, kv[0], kv[1], scale = hd ** "
              "-0.5))");
  replaceText("window                          : int = 4", "");
  replaceText("return linear(o, wo)", "return linear(o, wo), kv");
  replaceText("def attend(x) {", "def attend(x, kv) {");
  replaceText("x += attend(norm(x, attn_norm))",
              "y, kv = attend(norm(x, attn_norm), kv)\n      x += y");
  replaceText("x = embedding(tokens, embed)",
              "x = embedding(tokens, embed)\n    kv = none");
  config["layer_types"] = {"full", "sliding", "full", "sliding"};
  std::string text = import();
  EXPECT_THAT(text, HasSubstr("(%arg0: index, %arg1: tensor<?xi32>, %arg2: "
                              "tensor<?x32xf32>) -> (tensor<?x32xf32>, "
                              "!nn.rows<2x8xf32>, !nn.rows<2x8xf32>)"))
      << text;
  EXPECT_THAT(text, HasSubstr("(%arg0: index, %arg1: tensor<?xi32>, %arg2: "
                              "tensor<?x32xf32>, %arg3: !nn.rows<2x8xf32>, "
                              "%arg4: !nn.rows<2x8xf32>) -> "
                              "tensor<?x32xf32>"));
  EXPECT_THAT(text, HasSubstr("nn.state @layer0.k[2]"));
  EXPECT_THAT(text, Not(HasSubstr("nn.state @layer1")));
}

TEST_F(Import, RopeTablesAreSharedAndDistinct) {
  replaceText("q = rotate(q, rope)",
              "q = rotate(q, if layer < 2 then rope else far)");
  replaceText("let types =",
              "let far = rope_table(rope_settings + {rope_theta: 5000.0}, hd, "
              "max_position_embeddings)\n  let types =");
  std::string text = import();
  EXPECT_EQ(count(text, "nn.rope_table"), 2u) << text;
  EXPECT_EQ(report.distinctLayers, 2);
}

TEST_F(Import, ErrorsOfOperationsCarryTheirPlace) {
  replaceText("q = rotate(q, rope)",
              "q = rotate(q, rope + {freqs: [1.0, inf]})");
  EXPECT_THAT(import(), HasSubstr("rope: expects 'freqs' to be a list of "
                                  "finite numbers, but got [1, inf]"));
}

TEST_F(Import, SlicesSplitsAndPositions) {
  replaceText("return linear(o, wo)",
              "a, b = split(o, sizes = [8, 24])\n    p = f32(positions(x))\n"
              "    o = concat([b, a, o[:, ::2][:, 0:0 + 16], o[:, 16:]])\n"
              "    o = o[:, :32] * rearrange(p, \"t -> t 1\") + o[:, 32:]\n"
              "    return linear(o, wo)");
  std::string text = import();
  EXPECT_THAT(text, HasSubstr("nn.slice")) << text;
  EXPECT_THAT(text, HasSubstr("nn.cast %arg1 to f32"));
  replaceText("sizes = [8, 24]", "sizes = [8, 25]");
  EXPECT_THAT(import(), HasSubstr("split: sizes [8, 25] do not add up to 32"));
}

TEST_F(Import, SequencesAreNotInLogits) {
  replaceText("def logits(x) = linear(norm(x, out_norm), lm_head)",
              "def logits(x) = linear(norm(x, out_norm), lm_head) + "
              "f32(positions(x))");
  EXPECT_THAT(import(), HasSubstr("positions: there are none in 'logits'"));
}

TEST_F(Import, AnUnknownArchitectureNamesItsNeighbours) {
  auto metadata = tinyMetadata();
  metadata["general.architecture"] = "tny";
  EXPECT_EQ(import(makeGguf(metadata, tinyGgufTensors())),
            "error: model.gguf: architecture 'tny' is not known; describe it "
            "in a file and pass --arch FILE\nnote: nearest: 'tiny' (tiny), "
            "'llama' (llama)\n");
}

TEST_F(Import, TokenizerSettingsAreKeptInTheModule) {
  auto module = [&](const std::string &settings) {
    description = readText("test/frontends/arch/tiny.arch");
    replaceText("tokenizer pre = \"default\", add_bos = true", settings);
    // Its files lie in a folder of their own, which is then the current one.
    Checkpoint checkpoint = makeCheckpoint(config, tensors);
    std::ofstream("tiny.arch") << description;
    return importModel(context, checkpoint, {{"tiny.arch"}});
  };
  auto made = module("tokenizer pre = \"a{1 + 1}\", add_bos = none,\n"
                     "    rstrip_except = [\"<s>\"]");
  ASSERT_TRUE(made) << textOf(made.errors());
  Result<TokenizerDefaults> defaults = tokenizerDefaults(**made);
  ASSERT_TRUE(defaults) << defaults.error().str();
  EXPECT_EQ(defaults->pre, "a2");
  EXPECT_FALSE(defaults->addBos);
  EXPECT_THAT(defaults->rstripExcept.value(), testing::ElementsAre("<s>"));
  made = module("");
  ASSERT_TRUE(made);
  EXPECT_EQ(tokenizerDefaults(**made)->pre, "");
  for (auto [settings, message] :
       {std::pair("tokenizer pre = 3",
                  "expects 'pre' to be a string, but got 3"),
        std::pair("tokenizer add_bos = \"yes\"",
                  "expects 'add_bos' to be true or false, but got \"yes\""),
        std::pair("tokenizer rstrip_except = [1]",
                  "expects 'rstrip_except' to be a list of strings, but got "
                  "[1]")}) {
    auto refused = module(settings);
    ASSERT_FALSE(refused) << settings;
    EXPECT_THAT(textOf(refused.errors()),
                HasSubstr(std::string("tokenizer: ") + message));
  }
}

/// As a file may have them.
TEST_F(Import, TokenizerSettingsOfAModuleAreChecked) {
  for (auto [settings, message] :
       {std::pair("3 : i64", "expects 'tokenizer' of 'nn.model' to be a "
                             "dictionary"),
        std::pair("{pre = 3 : i64}", "expects 'pre' of 'tokenizer' of "
                                     "'nn.model' to be a string"),
        std::pair("{add_bos = 3 : i64}",
                  "expects 'add_bos' of 'tokenizer' of 'nn.model' to be true "
                  "or false"),
        std::pair("{rstrip_except = [3 : i64]}",
                  "expects 'rstrip_except' of 'tokenizer' of 'nn.model' to be "
                  "a list of strings"),
        std::pair("{post = 3 : i64}", "'tokenizer' of 'nn.model' has the "
                                      "unknown setting 'post'")}) {
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    (*module)->setDiscardableAttr(
        "nn.model",
        mlir::parseAttribute("{tokenizer = " + std::string(settings) + "}",
                             &context));
    Result<TokenizerDefaults> defaults = tokenizerDefaults(*module);
    ASSERT_FALSE(defaults) << settings;
    EXPECT_EQ(defaults.error().str(), message);
  }
}

} // namespace
