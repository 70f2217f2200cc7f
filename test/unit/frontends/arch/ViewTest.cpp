#include "frontends/arch/View.h"
#include <gtest/gtest.h>
#include <numeric>

using namespace tombolo;
using namespace tombolo::arch;

namespace {

TensorInfo tensorOf(std::vector<int64_t> shape,
                    Encoding encoding = Encoding::F32) {
  return {"w", encoding, std::move(shape), 0, 0, 0};
}

/// The stored indices of all elements of a view, in order.
std::vector<int64_t> elementsOf(const View &view) {
  const ElementMap &map = view.sources[0];
  std::vector<int64_t> strides(map.stored->shape.size(), 1);
  for (size_t i = strides.size(); i-- > 1;)
    strides[i - 1] = strides[i] * map.stored->shape[i];
  std::vector<int64_t> elements{std::inner_product(
      strides.begin(), strides.end(), map.offsets.begin(), int64_t(0))};
  for (const auto &axis : map.axes)
    for (const ElementMap::Digit &digit : axis) {
      std::vector<int64_t> more;
      for (int64_t base : elements)
        for (int64_t i = 0; i < digit.extent; ++i)
          more.push_back(base + i * digit.stride * strides[digit.storedAxis]);
      elements = std::move(more);
    }
  return elements;
}

using Elements = std::vector<int64_t>;

TEST(View, SlicesRowsAndColumns) {
  TensorInfo tensor = tensorOf({4, 3});
  ViewPtr whole = storedView(StoredTensors::one(tensor), "w", {});
  ViewPtr rows = *slicedView(whole, {{1, 3, 1, false}}, {});
  EXPECT_EQ(rows->shape, (Elements{2, 3}));
  EXPECT_EQ(elementsOf(*rows), (Elements{3, 4, 5, 6, 7, 8}));
  ViewPtr strided = *slicedView(whole, {{0, 4, 2, false}, {2, 3, 1, true}}, {});
  EXPECT_EQ(strided->shape, (Elements{2}));
  EXPECT_EQ(elementsOf(*strided), (Elements{2, 8}));
}

TEST(View, RearrangesPairedRowsOfHeads) {
  TensorInfo tensor = tensorOf({8, 1});
  ViewPtr view = storedView(StoredTensors::one(tensor), "w", {});
  view = *rearrangedView(view, "(n r two) ... -> (n two r) ...",
                         {{"n", 2}, {"two", 2}}, {});
  EXPECT_EQ(view->shape, (Elements{8, 1}));
  EXPECT_EQ(elementsOf(*view), (Elements{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST(View, StacksAreOneTensorWithALeadingAxis) {
  TensorInfo a = tensorOf({2, 3}), b = tensorOf({2, 3});
  ViewPtr view =
      storedView(StoredTensors::stack({&a, &b}, "w.{expert}"), "w", {});
  EXPECT_EQ(view->shape, (Elements{2, 2, 3}));
  EXPECT_EQ(view->describe(), "tensors 'w.{expert}'");
  view = *slicedView(view, {{0, 2, 1, false}, {1, 2, 1, true}}, {});
  EXPECT_EQ(view->shape, (Elements{2, 3}));
  EXPECT_EQ(elementsOf(*view), (Elements{3, 4, 5, 9, 10, 11}));
}

TEST(View, SlicesWhatWasSplitAndMerged) {
  TensorInfo tensor = tensorOf({6, 2});
  ViewPtr view = storedView(StoredTensors::one(tensor), "w", {});
  view = *rearrangedView(view, "(g c) d -> g c d", {{"g", 2}}, {});
  view = *slicedView(view, {{0, 2, 1, false}, {1, 3, 1, false}}, {});
  view = *rearrangedView(view, "g c d -> (g c) d", {}, {});
  EXPECT_EQ(view->shape, (Elements{4, 2}));
  EXPECT_EQ(elementsOf(*view), (Elements{2, 3, 4, 5, 8, 9, 10, 11}));
  // Whole groups of a merged axis can be taken, parts of one cannot.
  EXPECT_TRUE(slicedView(view, {{2, 4, 1, false}}, {}).ok());
  EXPECT_FALSE(slicedView(view, {{1, 4, 1, false}}, {}).ok());
}

TEST(View, TransposesAndMergesOverAllElementsOnce) {
  TensorInfo tensor = tensorOf({2, 3, 4});
  ViewPtr view = storedView(StoredTensors::one(tensor), "w", {});
  view = *rearrangedView(view, "a b (c d) -> (d a) (b c)", {{"d", 2}}, {});
  EXPECT_EQ(view->shape, (Elements{4, 6}));
  Elements elements = elementsOf(*view);
  std::sort(elements.begin(), elements.end());
  Elements all(24);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(elements, all);
}

TEST(View, MovementsOfWholeBlocksKeepTheEncoding) {
  TensorInfo tensor = tensorOf({4, 64}, Encoding::Q4_0);
  ViewPtr view = storedView(StoredTensors::one(tensor), "w", {});
  EXPECT_EQ((*slicedView(view, {{1, 3, 1, false}}, {}))->encoding,
            Encoding::Q4_0);
  EXPECT_EQ(
      (*slicedView(view, {{0, 4, 1, false}, {32, 64, 1, false}}, {}))->encoding,
      Encoding::Q4_0);
  ViewPtr cut = *slicedView(view, {{0, 4, 1, false}, {16, 48, 1, false}}, {});
  EXPECT_EQ(cut->encoding, Encoding::F32);
  EXPECT_EQ(cut->parts[0].view->kind, View::Kind::Decode);
  EXPECT_EQ((*rearrangedView(view, "a b -> b a", {}, {}))->encoding,
            Encoding::F32);
  EXPECT_EQ(
      (*rearrangedView(view, "(a x) b -> (x a) b", {{"x", 2}}, {}))->encoding,
      Encoding::Q4_0);
}

TEST(View, ArithmeticIsInF32) {
  TensorInfo tensor = tensorOf({4}, Encoding::BF16);
  ViewPtr view = storedView(StoredTensors::one(tensor), "w", {});
  ViewPtr sum = *arithmeticView("add", {view}, {nullptr, 1.0}, {});
  EXPECT_EQ(sum->encoding, Encoding::F32);
  EXPECT_EQ(sum->parts[0].view->kind, View::Kind::Decode);
  EXPECT_EQ(sum->sources.size(), 1u);
}

TEST(View, PatternsMustFit) {
  TensorInfo tensor = tensorOf({6, 2});
  ViewPtr view = storedView(StoredTensors::one(tensor), "w", {});
  auto error = [&](const std::string &pattern,
                   std::vector<std::pair<std::string, int64_t>> sizes = {}) {
    Result<ViewPtr> made = rearrangedView(view, pattern, std::move(sizes), {});
    return made ? "" : made.error().message;
  };
  std::string end = " (the tensor is [6, 2])";
  EXPECT_EQ(error("a b"), "rearrange: 'a b' is not 'axes -> axes'" + end);
  EXPECT_EQ(error("(a b -> a b"),
            "rearrange: '(a b -> a b' is not 'axes -> axes'" + end);
  EXPECT_EQ(error("a -> a"), "rearrange: 'a -> a' has 1 axes" + end);
  EXPECT_EQ(error("(a b) c -> a b c"),
            "rearrange: '(a b) c -> a b c' leaves the sizes of 'a' and 'b' "
            "open" +
                end);
  EXPECT_EQ(error("(a b) c -> a b c", {{"a", 4}}),
            "rearrange: '(a b) c -> a b c' does not fit: axis 0 of 6 is not a "
            "multiple of 4" +
                end);
  EXPECT_EQ(error("a b -> a"), "rearrange: 'a b -> a' has an axis on the left "
                               "that the right side lacks" +
                                   end);
  EXPECT_EQ(error("a b -> a b b"), "rearrange: 'a b -> a b b' names axis 'b' "
                                   "twice, or on the right side only" +
                                       end);
  EXPECT_EQ(error("a a -> a a"),
            "rearrange: 'a a -> a a' names axis 'a' twice" + end);
  EXPECT_EQ(error("... a -> a"),
            "rearrange: '... a -> a' has '...' on one side only, or twice" +
                end);
}

TEST(View, RunsAreBounded) {
  TensorInfo tensor = tensorOf({int64_t(1) << 40});
  ViewPtr view = storedView(StoredTensors::one(tensor), "w", {});
  ViewPtr odd = *slicedView(view, {{0, int64_t(1) << 40, 2, false}}, {});
  EXPECT_FALSE(runsOf(odd->sources[0], 0, 1 << 18));
  std::optional<IndexRuns> whole = runsOf(view->sources[0], 0, 1 << 18);
  ASSERT_TRUE(whole);
  EXPECT_EQ(*whole, (IndexRuns{{0, int64_t(1) << 40}}));
}

} // namespace
