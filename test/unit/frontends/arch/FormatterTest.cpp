#include "frontends/arch/Formatter.h"
#include "frontends/architectures/Embedded.h"
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::arch;

static std::string formatted(const std::string &text) {
  Result<std::string> result = format("t.arch", text);
  return result ? *result : result.error().str();
}

TEST(Formatter, ShippedDescriptionsAreFormatted) {
  for (const EmbeddedDescription &embedded : embeddedDescriptions())
    EXPECT_EQ(formatted(std::string(embedded.text)), embedded.text)
        << embedded.name;
}

TEST(Formatter, AlignsTablesAndKeepsComments) {
  std::string text = R"(
# a family


family   t{
serves "T"   # served
  config{
  # the keys
    a:int=1   gguf "a"
    longer_name |other: string per layer?=none   # why
    b : float = -1.5 gguf key( "b" )+1
  }

  weights hf gguf{
    e [V,D] "a.weight"   none tied  x if not y
    per layer "layers.{layer}." "blk.{layer}."{
      wq [H*hd,D] "q"[ :H*hd ] unpaired("attn_q.weight",H)
      when c{ q.n [hd] "n"+1 "nn" }
    }
  }
  def f(x,y=2)=x[ 0:1,:: 2 ]**-y
  def g(x){
  if x==1{return {a:1, b:[2,3]}}else{return x}
  y=f(x,
  y=3)
  return y+
  1
  }
}
)";
  std::string expected = R"(# a family

family t {
  serves "T"  # served
  config {
    # the keys
    a                   : int = 1       gguf "a"
    longer_name | other : string per layer? = none  # why
    b                   : float = -1.5  gguf key("b") + 1
  }

  weights hf gguf {
    e               [V, D]       "a.weight"         none  tied x if not y
    per layer                    "layers.{layer}."  "blk.{layer}." {
      wq            [H * hd, D]  "q"[:H * hd]       unpaired("attn_q.weight", H)
      when c { q.n  [hd]         "n" + 1            "nn" }
    }
  }
  def f(x, y = 2) = x[0:1, ::2] ** -y
  def g(x) {
    if x == 1 { return {a: 1, b: [2, 3]} } else { return x }
    y = f(x,
      y = 3)
    return y +
        1
  }
}
)";
  std::string once = formatted(text);
  EXPECT_EQ(once, expected);
  EXPECT_EQ(formatted(once), once);
}

TEST(Formatter, RefusesWhatDoesNotParse) {
  EXPECT_EQ(formatted("family t {"),
            "t.arch:1:11: expects '}', but got the end of the file");
}
