#include "dialects/nn/IR/Contraction.h"
#include "mlir/IR/BuiltinTypes.h"
#include <gtest/gtest.h>

using namespace tombolo;
using namespace tombolo::nn;

namespace {
constexpr int64_t kDynamic = mlir::ShapedType::kDynamic;

std::string messageOf(llvm::StringRef pattern, llvm::ArrayRef<int64_t> a,
                      llvm::ArrayRef<int64_t> b) {
  auto loops = parseContraction(pattern, a, b);
  return loops ? "" : loops.error().message;
}

TEST(Contraction, LoopsOfTheResultComeFirst) {
  auto loops = parseContraction("t i o,t i d->t o d", {kDynamic, 2, 3},
                                {kDynamic, 2, 5});
  ASSERT_TRUE(loops) << loops.error().str();
  EXPECT_EQ(llvm::ArrayRef(loops->sizes),
            llvm::ArrayRef<int64_t>({kDynamic, 3, 5, 2}));
  EXPECT_EQ(loops->resultShape(), llvm::ArrayRef<int64_t>({kDynamic, 3, 5}));
  EXPECT_EQ(llvm::ArrayRef(loops->aLoops), llvm::ArrayRef<unsigned>({0, 3, 1}));
  EXPECT_EQ(llvm::ArrayRef(loops->bLoops), llvm::ArrayRef<unsigned>({0, 3, 2}));
}

TEST(Contraction, ASumOfEverythingHasNoDimension) {
  auto loops = parseContraction("a, a ->", {4}, {4});
  ASSERT_TRUE(loops) << loops.error().str();
  EXPECT_TRUE(loops->resultShape().empty());
}

TEST(Contraction, Mistakes) {
  for (const char *pattern :
       {"a, a", "a a -> a", "a, a, a -> a", "a, a -> a -> a", ""})
    EXPECT_EQ(messageOf(pattern, {4}, {4}),
              "pattern '" + std::string(pattern) +
                  "' expects the form 'axes, axes -> axes'");
  EXPECT_EQ(messageOf("a (b), a -> a", {4, 2}, {4}),
            "pattern 'a (b), a -> a' has an unexpected '('");
  EXPECT_EQ(messageOf("a a, b -> b", {4, 4}, {2}),
            "pattern 'a a, b -> b' has the axis 'a' twice in a row");
  EXPECT_EQ(messageOf("a b, b -> a", {4}, {2}),
            "pattern 'a b, b -> a' has 2 axes for shape [4]");
  EXPECT_EQ(messageOf("a b, b -> a", {4, 3}, {2}),
            "pattern 'a b, b -> a' has axis 'b' in two sizes, for shapes [4, "
            "3] and [2]");
  EXPECT_EQ(messageOf("a, a -> a b", {4}, {4}),
            "pattern 'a, a -> a b' has the axis 'b' in the result only");
  EXPECT_EQ(messageOf("t c, t c -> c", {kDynamic, 3}, {kDynamic, 3}),
            "pattern 't c, t c -> c' moves or sums the dynamic axis 't'");
  EXPECT_EQ(messageOf("t c, t c -> c t", {kDynamic, 3}, {kDynamic, 3}),
            "pattern 't c, t c -> c t' moves or sums the dynamic axis 't'");
  EXPECT_EQ(messageOf("t c, t c -> t", {kDynamic, 3}, {5, 3}),
            "pattern 't c, t c -> t' has axis 't' in two sizes, for shapes [?, "
            "3] and [5, 3]");
}
} // namespace
