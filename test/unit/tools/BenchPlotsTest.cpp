#include "tools/lib/BenchPlots.h"
#include "tools/lib/Svg.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tombolo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Whether tags nest and close, and text holds no markup of its own: enough of
/// XML for what Svg writes.
testing::AssertionResult isWellFormed(const std::string &text) {
  std::vector<std::string> open;
  for (size_t at = text.find('<'); at != std::string::npos;
       at = text.find('<', at + 1)) {
    size_t end = text.find('>', at);
    if (end == std::string::npos)
      return testing::AssertionFailure() << "an open tag at " << at;
    std::string tag = text.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos)
      return testing::AssertionFailure() << "markup in '" << tag << "'";
    if (tag[0] == '?' || tag.back() == '/')
      continue;
    if (tag[0] != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
      continue;
    }
    if (open.empty() || open.back() != tag.substr(1))
      return testing::AssertionFailure() << "'" << tag << "' closes another";
    open.pop_back();
  }
  if (!open.empty())
    return testing::AssertionFailure() << "'" << open.back() << "' stays open";
  return testing::AssertionSuccess();
}

size_t count(const std::string &text, const std::string &part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1))
    ++count;
  return count;
}

BenchReport report() {
  BenchReport report;
  report.model = "model.gguf";
  report.threads = 2;
  report.limits = {30e9, 900e9, 450e9, 230e9};
  report.prefill.tokens = 256;
  report.decode.tokens = 64;
  // 1000 operations for each byte, 300 a nanosecond.
  report.prefillOps = {{"linear <&> 64x64", 30, 1e-3, 3e5, 3e8, {}},
                       {"rms_norm", 30, 1e-4, 0, 0, {}}};
  report.decodeOps = {{"linear \"b\"", 30, 3e-3, 6e7, 1.8e8, {}}};
  return report;
}

TEST(Svg, EscapesText) {
  EXPECT_EQ(escapeXml("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
  EXPECT_EQ(escapeXml("tab\tbell\a"), "tab bell?");
  EXPECT_EQ(escapeXml("é\xff!\xc3"), "é?!?");
}

TEST(Svg, ShortensText) {
  EXPECT_EQ(shorten("linear", 6), "linear");
  EXPECT_EQ(shorten("linears", 6), "linea…");
  EXPECT_EQ(shorten("ééé", 3), "ééé");
  EXPECT_EQ(shorten("éééé", 3), "éé…");
}

TEST(Svg, Prefixes) {
  EXPECT_EQ(withPrefix(0), "0");
  EXPECT_EQ(withPrefix(0.5), "0.5");
  EXPECT_EQ(withPrefix(1500), "1.5k");
  EXPECT_EQ(withPrefix(999.9e9), "1T");
  EXPECT_EQ(withPrefix(32.54e9, "B/s"), "32.5 GB/s");
}

TEST(Svg, AxesAreRound) {
  Axis decades = Axis::decades("", {3, 450});
  EXPECT_THAT(decades.ticks(), ElementsAre(1, 10, 100, 1000));
  EXPECT_NEAR(decades.place(10), 1.0 / 3, 1e-12);
  EXPECT_EQ(decades.minorTicks().size(), 24u);
  // One value only still spans a decade.
  EXPECT_EQ(Axis::decades("", {10}).ticks().size(), 2u);
  Axis linear = Axis::fromZero("", {3, 7800});
  EXPECT_THAT(linear.ticks(), ElementsAre(0, 2000, 4000, 6000, 8000));
  EXPECT_EQ(linear.place(4000), 0.5);
}

TEST(Roofline, DrawsOperationsBelowRoofs) {
  std::string svg = rooflineSvg(report());
  EXPECT_TRUE(isWellFormed(svg));
  EXPECT_THAT(svg, HasSubstr("model.gguf, prompt of 256, 64 decoded"));
  EXPECT_THAT(svg, HasSubstr("linear &lt;&amp;&gt; 64x64"));
  EXPECT_THAT(svg, Not(HasSubstr("<&>")));
  for (const char *roof : {"int8: 900 GOPS", "bf16: 450 GOPS", "f32: 230 GOPS",
                           "reading: 30 GB/s"})
    EXPECT_THAT(svg, HasSubstr(roof));
  // One mark in the plot and one in the table for each phase; what has no bytes
  // is only in the table.
  EXPECT_EQ(count(svg, "<circle"), 2u);
  EXPECT_EQ(count(svg, "<rect x="), 2u);
  EXPECT_THAT(svg, HasSubstr(">rms_norm<"));
  EXPECT_THAT(svg, HasSubstr(">300.0<"));
  EXPECT_LT(svg.size(), 30000u);
}

TEST(Roofline, LeavesOutWhatIsNotKnown) {
  // No int8 instructions, and no operations.
  BenchReport some = report();
  some.limits.int8Operations = 0;
  some.prefillOps.clear();
  std::string svg = rooflineSvg(some);
  EXPECT_TRUE(isWellFormed(svg));
  EXPECT_THAT(svg, Not(HasSubstr("int8")));
  EXPECT_THAT(svg, Not(HasSubstr("<circle")));
  // Nothing at all is still a document of numbers.
  svg = rooflineSvg(BenchReport());
  EXPECT_TRUE(isWellFormed(svg));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(Roofline, KeepsTheLongestOfMany) {
  BenchReport many = report();
  for (int i = 0; i != 100; ++i)
    many.decodeOps.push_back({"op " + std::to_string(i), 1, 1e-6, 1, 1, {}});
  std::string svg = rooflineSvg(many);
  EXPECT_THAT(svg, HasSubstr("and 85 shorter ones"));
  EXPECT_THAT(svg, HasSubstr("linear &quot;b&quot;"));
}

TEST(ContextPlot, DrawsTimeOverContext) {
  BenchReport swept = report();
  for (int64_t context : {4096, 512}) {
    BenchReport::AtContext &point = swept.contexts.emplace_back();
    point.context = context;
    point.prefill.tokens = 256;
    point.prefill.rates = {900, 1000, 1100};
    point.prefill.tokensPerSecond = 1000;
    point.decode.tokens = 64;
    point.decode.rates = {90, 100, 110};
    point.decode.tokensPerSecond = 100;
    point.decode.fraction = 0.8;
  }
  std::string svg = contextsSvg(swept);
  EXPECT_TRUE(isWellFormed(svg));
  EXPECT_EQ(count(svg, "<circle"), 2u);
  EXPECT_EQ(count(svg, "<rect x="), 2u);
  EXPECT_EQ(count(svg, "stroke-dasharray"), 1u);
  EXPECT_THAT(svg, HasSubstr("10 ms + 0 ms for each 1000 before"));
}

} // namespace
} // namespace tombolo
