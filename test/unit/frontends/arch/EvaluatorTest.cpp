#include "frontends/arch/Evaluator.h"
#include "ArchFixture.h"
#include "frontends/arch/Config.h"
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::arch;

namespace {

/// Evaluates `let v = ..` of a family without a checkpoint's tensors.
struct Evaluated {
  std::shared_ptr<const Family> family;
  Checkpoint checkpoint;
  Diagnostics diagnostics;

  std::string let(const std::string &name) {
    Evaluator evaluator(*family, test::prelude(), checkpoint, diagnostics);
    Config config(evaluator);
    evaluator.config = &config;
    Value value = evaluator.evaluate(*family->let(name)->value, Variables());
    if (!value.isPoison())
      return value.str();
    std::string text;
    for (const Error &error : diagnostics.errors())
      text += (text.empty() ? "" : "\n") + error.str();
    return text;
  }
};

std::string evaluated(
    const std::string &expression, const std::string &items = "",
    const nlohmann::ordered_json &config = nlohmann::ordered_json::object()) {
  Evaluated run;
  auto family =
      readFamily("t.arch",
                 test::familyText("  let v = " + expression +
                                  "\n  require v == v, \"\"\n" + items),
                 test::prelude());
  if (!family)
    return family.error().str();
  run.family = *family;
  run.checkpoint.container = Container::Safetensors;
  run.checkpoint.path = run.checkpoint.configPath = "config.json";
  run.checkpoint.config = config;
  return run.let("v");
}

TEST(Evaluator, Arithmetic) {
  EXPECT_EQ(evaluated("1 + 2 * 3"), "7");
  EXPECT_EQ(evaluated("7 // 2"), "3");
  EXPECT_EQ(evaluated("-7 // 2"), "-4");
  EXPECT_EQ(evaluated("-7 % 3"), "2");
  EXPECT_EQ(evaluated("7 / 2"), "3.5");
  EXPECT_EQ(evaluated("2 ** 10"), "1024");
  EXPECT_EQ(evaluated("64 ** -0.5"), "0.125");
  EXPECT_EQ(evaluated("2 ** -1"), "0.5");
  EXPECT_EQ(evaluated("7.5 // 2"), "3");
  EXPECT_EQ(evaluated("1 == 1.0 and 1 < 2.5 and not (3 <= 2)"), "true");
}

TEST(Evaluator, NothingOverflowsSilently) {
  EXPECT_EQ(evaluated("9223372036854775807 + 1"),
            "t.arch:4:31: an integer beyond 64 bits");
  EXPECT_EQ(evaluated("10 ** 40"), "t.arch:4:14: an integer beyond 64 bits");
  EXPECT_EQ(evaluated("10.0 ** 400"),
            "t.arch:4:16: the result of '**' is not a finite number");
  EXPECT_EQ(evaluated("1 // 0"), "t.arch:4:13: '//' by zero");
  EXPECT_EQ(evaluated("1 / 0.0"), "t.arch:4:13: '/' by zero");
  EXPECT_EQ(evaluated("log(0)"),
            "t.arch:4:11: log of 0 is not a finite number");
  EXPECT_EQ(evaluated("int(1e300)"),
            "t.arch:4:11: int: 1e+300 is beyond 64-bit integers");
}

TEST(Evaluator, Builtins) {
  EXPECT_EQ(evaluated("[floor(2.7), ceil(2.1), int(-2.9), len([1, 2]), "
                      "min(2, 1.5), max(1, 3), clamp(5, 0, 4)]"),
            "[2, 3, -2, 2, 1.5, 3, 4]");
  EXPECT_EQ(evaluated("sqrt(16) + exp(0) + log(1)"), "5");
  EXPECT_EQ(evaluated("container"), "\"safetensors\"");
}

TEST(Evaluator, ListsStringsAndRecords) {
  EXPECT_EQ(evaluated("[i * i for i in 0..4] + [9]"), "[0, 1, 4, 9, 9]");
  EXPECT_EQ(evaluated("[10, 20, 30][-1]"), "30");
  EXPECT_EQ(evaluated("\"abc\"[1]"), "\"b\"");
  EXPECT_EQ(evaluated("\"a{1 + 1}b{2}\""), "\"a2b2\"");
  EXPECT_EQ(evaluated("{a: 1, b: 2} + {b: 3, c: none}"), "{a: 1, b: 3}");
  EXPECT_EQ(evaluated("{a: 1}.b ?? 5"), "5");
  EXPECT_EQ(
      evaluated("2 in [1, 2] and \"a\" in {a: 1} and not (\"x\" in \"ab\")"),
      "true");
  EXPECT_EQ(evaluated("[1, 2][2]"), "t.arch:4:17: index 2 into a list of 2");
}

TEST(Evaluator, KindsMustFit) {
  EXPECT_EQ(evaluated("1 + \"a\""),
            "t.arch:4:13: '+' of an integer and a string");
  EXPECT_EQ(evaluated("none + 1"), "t.arch:4:16: '+' of none");
  EXPECT_EQ(evaluated("if 1 then 2 else 3"),
            "t.arch:4:14: expects a condition, but got an integer");
  EXPECT_EQ(evaluated("(1).a"),
            "t.arch:4:14: '.a' of an integer, which is not a record");
  EXPECT_EQ(evaluated("[{a1: 7}[\"a{i}\"] ?? 0 for i in 0..3]"), "[0, 7, 0]");
  EXPECT_EQ(evaluated("{a: 1}[0]"),
            "t.arch:4:18: expects the name of a field in an index into a "
            "record, but got an integer");
  EXPECT_EQ(evaluated("{a: 1}[0:1]"),
            "t.arch:4:17: expects one name in an index into a record");
  EXPECT_EQ(evaluated("[i for i in 3]"),
            "t.arch:4:11: expects a list to go through, but got an integer");
  EXPECT_EQ(evaluated("fail \"no {1 + 1}\""), "t.arch:4:11: no 2");
}

TEST(Evaluator, FunctionsAreInlined) {
  EXPECT_EQ(evaluated("f(3)", "  def f(x, y = 2) {\n    if x > 2 { x += y }\n"
                              "    a, b = [x, y]\n    return a * b\n  }\n"),
            "10");
  EXPECT_EQ(evaluated("f(1)", "  def f(x) {\n    y = x\n  }\n"),
            "t.arch:6:7: 'f' returns nothing");
}

TEST(Evaluator, WorkAndDepthAreBounded) {
  EXPECT_EQ(evaluated("[[k for k in 0..100000] for j in 0..100000]"),
            "t.arch:4:25: expects a description that is evaluated in at most "
            "5000000 steps");
  std::string doubling = "  let a0 = [1, 2]";
  for (int i = 1; i < 60; ++i)
    doubling += ", a" + std::to_string(i) + " = a" + std::to_string(i - 1) +
                " + a" + std::to_string(i - 1);
  EXPECT_NE(evaluated("a59", doubling + "\n").find("at most 5000000 steps"),
            std::string::npos);
  std::string chain = "  let a0 = 1";
  for (int i = 1; i < 2000; ++i)
    chain += ", a" + std::to_string(i) + " = a" + std::to_string(i - 1);
  EXPECT_NE(evaluated("a1999", chain + "\n").find("nested evaluations"),
            std::string::npos);
  std::string text = "  let a0 = \"0123456789\"";
  for (int i = 1; i < 40; ++i)
    text += ", a" + std::to_string(i) + " = \"{a" + std::to_string(i - 1) +
            "}{a" + std::to_string(i - 1) + "}\"";
  EXPECT_NE(evaluated("a39", text + "\n").find("at most 65536 bytes"),
            std::string::npos);
}

TEST(Config, ReadsKeysWithTheirTypes) {
  std::string items = "  config {\n    a : int = 3\n    b : float = 1\n"
                      "    c | d : string? = none\n    e : int per layer = 7\n"
                      "    f : \"x\" | 2 = \"x\"\n  }\n";
  nlohmann::ordered_json config = {{"num_hidden_layers", 3}};
  std::string all = "[a, b, c, e, f]";
  EXPECT_EQ(evaluated(all, items, config), "[3, 1, none, [7, 7, 7], \"x\"]");
  config["a"] = 4;
  config["b"] = 2;
  config["d"] = "text";
  config["e"] = {1, 2, 3};
  config["f"] = 2;
  EXPECT_EQ(evaluated(all, items, config), "[4, 2, \"text\", [1, 2, 3], 2]");
  config["a"] = 4.0;
  EXPECT_EQ(evaluated("[a, b, c, e]", items, config),
            "config.json: expects 'a' to be an integer, but got 4");
  config["c"] = nullptr;
  EXPECT_EQ(evaluated("[c, b, a, e]", items, config),
            "config.json: 'c' = null and 'd' = \"text\" are one key, but "
            "differ\nconfig.json: expects 'a' to be an integer, but got 4");
}

TEST(Config, AnInnerObjectComesFirst) {
  std::string items = "  config in \"text_config\" {\n    a : int = 3\n"
                      "    b : int = 4\n  }\n";
  EXPECT_EQ(evaluated("[a, b]", items,
                      {{"a", 1}, {"b", 2}, {"text_config", {{"a", 10}}}}),
            "[10, 2]");
}

TEST(RopeTable, AgreesWithTheFormulas) {
  // Values worked out in Python from the formulas of the reference.
  EXPECT_EQ(evaluated("rope_table({rope_theta: 10000.0}, 8, 64).freqs"),
            "[1, 0.1, 0.01, 0.001]");
  EXPECT_EQ(evaluated("rope_table({rope_theta: 10000.0, rope_type: \"linear\", "
                      "factor: 4}, 4, 64).freqs"),
            "[0.25, 0.0025]");
  EXPECT_EQ(evaluated("rope_table({rope_theta: 10000.0, type: \"odd\"}, 4, 64)")
                .find("std.arch"),
            0u);
  EXPECT_EQ(
      evaluated("[f * 1000000 // 1 for f in rope_table({rope_theta: "
                "500000.0, rope_type: \"llama3\", factor: 8.0, "
                "low_freq_factor: 1.0, high_freq_factor: 4.0, "
                "original_max_position_embeddings: 32}, 16, 1024).freqs]"),
      "[1000000, 24240, 4700, 911, 176, 34, 6, 1]");
  EXPECT_EQ(evaluated("rope_table({rope_theta: 10000.0, rope_type: "
                      "\"longrope\", short_factor: [1.0, 2.0], long_factor: "
                      "[4.0, 8.0], original_max_position_embeddings: 16}, 4, "
                      "64)"),
            "{freqs: [1, 0.005], long_freqs: [0.25, 0.00125], long_from: 16, "
            "scale: 1.224744871391589}");
}

} // namespace
