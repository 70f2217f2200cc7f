//===- RearrangementTest.cpp - Patterns of nn.rearrange -------------------===//

#include "dialects/nn/IR/Rearrangement.h"
#include "mlir/IR/Builders.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {
class RearrangementTest : public ::testing::Test {
protected:
  Result<Rearrangement>
  work(StringRef pattern, ArrayRef<int64_t> shape,
       std::vector<std::pair<const char *, int64_t>> sizes = {}) {
    Builder builder(&context);
    NamedAttrList attributes;
    for (auto [name, size] : sizes)
      attributes.append(name, builder.getI64IntegerAttr(size));
    return parseRearrangement(pattern, attributes.getDictionary(&context),
                              shape);
  }
  std::string
  errorOf(StringRef pattern, ArrayRef<int64_t> shape,
          std::vector<std::pair<const char *, int64_t>> sizes = {}) {
    auto result = work(pattern, shape, std::move(sizes));
    return result ? "no error" : result.error().message;
  }
  MLIRContext context;
};

TEST_F(RearrangementTest, ShapesAndOrder) {
  auto split = work("... (n c) -> n ... c", {5, 12}, {{"n", 3}});
  ASSERT_TRUE(split) << split.error().str();
  EXPECT_EQ(split->sizes, (SmallVector<int64_t>{5, 3, 4}));
  EXPECT_EQ(split->permutation(), (SmallVector<unsigned>{1, 0, 2}));
  EXPECT_EQ(split->resultShape, (SmallVector<int64_t>{3, 5, 4}));
  EXPECT_EQ(split->innermostKept(), 4);
  auto ones = work("a 1 b -> (a b) 1 1", {2, 1, 3});
  ASSERT_TRUE(ones) << ones.error().str();
  EXPECT_EQ(ones->resultShape, (SmallVector<int64_t>{6, 1, 1}));
  EXPECT_TRUE(ones->isPermutationIdentity());
  auto dynamic =
      work("t (n c) -> t c n", {ShapedType::kDynamic, 6}, {{"c", 3}});
  ASSERT_TRUE(dynamic) << dynamic.error().str();
  EXPECT_EQ(dynamic->resultShape,
            (SmallVector<int64_t>{ShapedType::kDynamic, 3, 2}));
  EXPECT_EQ(dynamic->innermostKept(), 1);
  auto nothing = work("... a -> a ...", {4});
  ASSERT_TRUE(nothing) << nothing.error().str();
  EXPECT_EQ(nothing->resultShape, (SmallVector<int64_t>{4}));
}

TEST_F(RearrangementTest, WhatIsWrongWithAPattern) {
  EXPECT_EQ(errorOf("a b", {2, 3}), "pattern 'a b' expects one '->'");
  EXPECT_EQ(errorOf("(a b -> a b", {6}, {{"a", 2}}),
            "pattern '(a b -> a b' lacks a ')'");
  EXPECT_EQ(errorOf("((a) b) -> a b", {6}, {{"a", 2}}),
            "pattern '((a) b) -> a b' has a '(' inside a group");
  EXPECT_EQ(errorOf("a) -> a", {6}),
            "pattern 'a) -> a' has a ')' without its '('");
  EXPECT_EQ(errorOf("a* -> a", {6}), "pattern 'a* -> a' has an unexpected '*'");
  EXPECT_EQ(errorOf("a 2 -> a", {6, 2}),
            "pattern 'a 2 -> a' has the axis '2': only 1 is a size");
  EXPECT_EQ(errorOf("... ... -> ...", {6}), "pattern '... ... -> ...' may have "
                                            "one '...' on each side, outside "
                                            "of groups");
  EXPECT_EQ(errorOf("... a -> a", {6}),
            "pattern '... a -> a' has '...' on one side only");
  EXPECT_EQ(errorOf("a -> a", {6, 2}),
            "pattern 'a -> a' has 1 axes, but the value has shape [6, 2]");
  EXPECT_EQ(errorOf("a a -> a", {6, 2}),
            "pattern 'a a -> a' has the axis 'a' twice on the left");
  EXPECT_EQ(errorOf("a b -> a a b", {6, 2}),
            "pattern 'a b -> a a b' has the axis 'a' twice on the right");
  EXPECT_EQ(errorOf("a b -> a", {6, 2}),
            "pattern 'a b -> a' has the axis 'b' on the left only");
  EXPECT_EQ(errorOf("a -> a b", {6}),
            "pattern 'a -> a b' has the axis 'b' on the right only");
  EXPECT_EQ(errorOf("(a b) -> a b", {6}),
            "pattern '(a b) -> a b' needs the size of 'b' or of another axis "
            "of its group");
  EXPECT_EQ(errorOf("(a b) -> a b", {6}, {{"a", 4}}),
            "pattern '(a b) -> a b' splits an axis of 6 by sizes of product 4");
  EXPECT_EQ(errorOf("a -> a", {6}, {{"a", 0}}),
            "pattern 'a -> a' expects the size of 'a' to be a positive "
            "integer");
  EXPECT_EQ(errorOf("a -> a", {6}, {{"c", 2}}),
            "pattern 'a -> a' has no axis 'c', but its size is given");
  EXPECT_EQ(errorOf("t c -> c t", {ShapedType::kDynamic, 2}),
            "pattern 't c -> c t' moves or merges the dynamic axis 't'");
  EXPECT_EQ(errorOf("(t u) c -> t u c", {ShapedType::kDynamic, 2}, {{"u", 2}}),
            "pattern '(t u) c -> t u c' may not split, name or give a size to "
            "a dynamic axis other than by one name");
}

/// Composes two patterns and gives the text, with sizes.
std::string composed(Result<Rearrangement> first,
                     Result<Rearrangement> second) {
  if (!first || !second)
    return "no pattern";
  auto text = compose(*first, *second);
  if (!text)
    return "none";
  std::string result = text->pattern;
  for (const auto &[name, size] : text->sizes)
    result += " " + name + "=" + std::to_string(size);
  return result;
}

TEST_F(RearrangementTest, TwoMovementsAsOne) {
  constexpr int64_t t = ShapedType::kDynamic;
  EXPECT_EQ(composed(work("t (n c) -> t n c", {t, 12}, {{"n", 3}}),
                     work("t n c -> t (n c)", {t, 3, 4})),
            "a0 (a1 a2) -> a0 (a1 a2) a1=3 a2=4");
  EXPECT_EQ(composed(work("a b -> b a", {2, 3}),
                     work("b (x y) -> y x b", {3, 2}, {{"x", 1}})),
            "a1 a0 -> a1 1 a0 a0=3 a1=2");
  // 6 as 2 * 3 and as 3 * 2: there is no common split.
  EXPECT_EQ(composed(work("(a b) -> (b a)", {6}, {{"a", 3}}),
                     work("(a b) -> (b a)", {6}, {{"a", 3}})),
            "none");
  EXPECT_EQ(composed(work("(a b) -> (b a)", {8}, {{"a", 4}}),
                     work("(a b) -> (b a)", {8}, {{"a", 4}})),
            "(a1 a2 a0) -> (a2 a0 a1) a0=2 a1=2 a2=2");
}
} // namespace
