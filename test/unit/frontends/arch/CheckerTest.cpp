#include "ArchFixture.h"
#include <gtest/gtest.h>

using tombolo::test::errorsOf;
using tombolo::test::familyText;

TEST(Checker, TakesAGoodFamily) { EXPECT_EQ(errorsOf(familyText("")), ""); }

/// The group's rope_settings reads the key, but nothing here reads that.
TEST(Checker, KeysAreUsedInTheEnd) {
  const std::string config = "  config {\n    rope_theta : float = 3.0\n  }";
  EXPECT_EQ(errorsOf(familyText(config)),
            "t.arch:5:5: 'rope_theta' is declared, but nothing uses it; "
            "'ignore' it if it changes nothing\n");
  EXPECT_EQ(errorsOf(familyText(config + "\n  require turn(1) > 0, \"\"",
                                "  def turn(x) = [rope_settings.rope_theta * y "
                                "for y in [x]][0]")),
            "");
  const std::string value = "  config {\n    rms_norm_eps = 1e-3\n  }";
  EXPECT_EQ(errorsOf(familyText(value)),
            "t.arch:5:5: 'rms_norm_eps' has a default here, but nothing uses "
            "it\n");
  EXPECT_EQ(errorsOf(familyText(value + "\n  ignore rms_norm_eps")), "");
  EXPECT_EQ(errorsOf(familyText("  config {\n    bos_token_id = 3\n  }")), "");
}

TEST(Checker, KeysThatNothingReads) {
  auto family = tombolo::arch::readFamily(
      "t.arch", familyText("  ignore rope_scaling"), tombolo::test::prelude());
  ASSERT_TRUE(family.ok());
  EXPECT_EQ((*family)->unreadKeys,
            (std::set<std::string, std::less<>>{
                "num_attention_heads", "partial_rotary_factor", "rms_norm_eps",
                "rope_parameters", "rope_theta", "tie_word_embeddings"}));
}

TEST(Checker, NeedsItsEntryPoints) {
  EXPECT_EQ(errorsOf("family t { serves \"T\" }"),
            "t.arch:1:8: expects a function 'hidden(tokens)'\n"
            "t.arch:1:8: expects a function 'logits(x)'\n"
            "t.arch:1:8: expects an axis 'layer'\n"
            "t.arch:1:8: expects 'weights' with at least one row\n");
}

TEST(Checker, HiddenReturnsTheStream) {
  EXPECT_EQ(errorsOf("family t {\n  use decoder\n  weights hf {\n    e [D] "
                     "\"e\"\n  }\n  def hidden(a) = a + e\n"
                     "  def logits(x, y) = x\n}\n"),
            "t.arch:7:7: expects 'logits' to take one value\n"
            "t.arch:6:7: 'hidden' ends with 'return' of the variable that "
            "layers pass on\n");
}

TEST(Checker, NamesMustBeKnown) {
  EXPECT_EQ(errorsOf(familyText("  let a = hidden_sizes")),
            "t.arch:4:11: 'hidden_sizes' is not a name here; did you mean "
            "'hidden_size'?\n");
  EXPECT_EQ(errorsOf(familyText("  let a = layer")),
            "t.arch:4:11: there is no 'layer' here\n");
  EXPECT_EQ(errorsOf(familyText("  use encoder")),
            "t.arch:4:7: the prelude has no group 'encoder'\n");
  EXPECT_EQ(errorsOf(familyText("  config {\n    rms_norm = 1\n  }")),
            "t.arch:5:5: 'rms_norm' has no type: it is a key of no group that "
            "is used here\n");
}

TEST(Checker, ComprehensionVariablesAreLocal) {
  EXPECT_EQ(errorsOf(familyText("  let a = [i for i in 0..3] + [i]")),
            "t.arch:4:32: 'i' is not a name here\n");
}

TEST(Checker, CallsMustFit) {
  EXPECT_EQ(errorsOf(familyText("", "  def f(x, y = 1) = x\n"
                                    "  let a = f()\n"
                                    "  let b = f(1, y = 2, z = 3)\n"
                                    "  let c = f(1, 2, y = 3)\n"
                                    "  def g(x) = rms_norm(x)\n")),
            "t.arch:12:14: rms_norm: attribute 'eps' is missing\n"
            "t.arch:9:11: f: 'x' is missing\n"
            "t.arch:10:11: f: unknown parameter 'z'; it has x, y\n"
            "t.arch:11:11: f: 'y' is given twice\n");
}

TEST(Checker, LoopsGoOverAnAxis) {
  EXPECT_EQ(errorsOf(familyText("", "  def f(x) {\n    for head { x = x }\n"
                                    "    return x\n  }\n")),
            "t.arch:9:5: 'head' is not an axis\n");
}

TEST(Checker, RecursionIsFoundHoweverLong) {
  EXPECT_EQ(errorsOf(familyText("  let a = b, b = c, c = a")),
            "t.arch:4:7: 'a' needs itself: a (4) -> b (4) -> c (4) -> a\n");
  EXPECT_EQ(errorsOf(familyText("  config {\n    n : int = n + 1\n  }")),
            "t.arch:5:5: 'n' needs itself: n (5) -> n\n");
  // A long chain is no circle, and takes no stack.
  std::string chain = "  let a0 = 1";
  for (int i = 1; i < 4000; ++i)
    chain += ", a" + std::to_string(i) + " = a" + std::to_string(i - 1);
  chain += "\n  require a3999 == 1, \"\"";
  EXPECT_EQ(errorsOf(familyText(chain)), "");
}

TEST(Checker, SettingsAndSchemesAreKnown) {
  EXPECT_EQ(errorsOf(familyText("  tokenizer pre = \"x\", kind = 3")),
            "t.arch:4:24: tokenizer: unknown setting 'kind'; it has pre, "
            "add_bos, rstrip_except\n");
  EXPECT_EQ(errorsOf(familyText("  config {\n    a | a : int = 1\n  }\n"
                                "  let b = a")),
            "t.arch:5:5: spelling 'a' is given twice\n");
}

TEST(Checker, ConstantsKeepTheirMeaning) {
  EXPECT_EQ(errorsOf(familyText("  let pi = 3")),
            "t.arch:4:7: value 'pi' is a constant of the language\n");
}
