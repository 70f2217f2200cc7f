//===- WeightEvaluatorTest.cpp - From stored tensors to weights -----------===//

#include "dialects/nn/weights/WeightEvaluator.h"
#include "support/Encoding.h"
#include "test/unit/dialects/nn/NNFixture.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {
class WeightTest : public NNFixture {
protected:
  void SetUp() override {
    // Rows of two q8_0 blocks: scale 1, numbers that say row and block.
    std::vector<uint8_t> blocks;
    for (int row = 0; row < 4; ++row)
      for (int block = 0; block < 2; ++block) {
        blocks.insert(blocks.end(), {0x00, 0x3c}); // 1.0 in f16
        blocks.insert(blocks.end(), 32, uint8_t(10 * row + block));
      }
    addTensor(source, "q", Encoding::Q8_0, {4, 64}, blocks);
    addTensor<float>(source, "a.0", Encoding::F32, {2, 3}, {1, 2, 3, 4, 5, 6});
    addTensor<float>(source, "a.5", Encoding::F32, {2, 3},
                     {10, 20, 30, 40, 50, 60});
    addTensor<uint16_t>(source, "h", Encoding::F16, {2, 2},
                        {0x3c00, 0x4000, 0x4200, 0xbc00}); // 1 2 3 -1
  }

  /// The weight `@w` whose region is `body`, evaluated.
  Result<StoredTensor> evaluate(StringRef type, StringRef body,
                                int64_t index = 0, StringRef family = "",
                                StringRef indices = "") {
    module = parse(("nn.weight @w" + family + " : " + type + indices + " {\n" +
                    body + "\n nn.yield %r : " + type + "\n}")
                       .str());
    return WeightEvaluator(*module, source).evaluate("w", index);
  }

  /// First numbers of each block of 32.
  static std::vector<float> blockValues(const StoredTensor &tensor) {
    auto values = tensor.toFloats();
    EXPECT_TRUE(values);
    std::vector<float> firsts;
    for (size_t i = 0; i < values->size(); i += 32)
      firsts.push_back((*values)[i]);
    return firsts;
  }

  std::vector<float> floatsOf(Result<StoredTensor> tensor) {
    EXPECT_TRUE(tensor) << tensor.error().str();
    return tensor ? *tensor->toFloats() : std::vector<float>();
  }

  OwningOpRef<ModuleOp> module;
  WeightSource source;
};

TEST_F(WeightTest, WhatDoesNotMoveIsBorrowed) {
  auto whole = evaluate("!nn.weight<4x64, q8_0>",
                        R"(%r = nn.stored "q" : !nn.weight<4x64, q8_0>)");
  ASSERT_TRUE(whole) << whole.error().str();
  EXPECT_TRUE(whole->isBorrowed());
  EXPECT_EQ(whole->bytes.data(), source.read(*source.find("q"))->bytes.data());
  auto rows = evaluate("!nn.weight<2x64, q8_0>", R"(
    %0 = nn.stored "q" : !nn.weight<4x64, q8_0>
    %r = nn.slice %0[1:3, :] : !nn.weight<4x64, q8_0> -> !nn.weight<2x64, q8_0>)");
  ASSERT_TRUE(rows) << rows.error().str();
  EXPECT_TRUE(rows->isBorrowed());
  EXPECT_EQ(rows->bytes.size(), 4u * 34);
  EXPECT_EQ(blockValues(*rows), (std::vector<float>{10, 11, 20, 21}));
}

TEST_F(WeightTest, RowsMoveWithTheirBlocks) {
  auto stepped = evaluate("!nn.weight<2x32, q8_0>", R"(
    %0 = nn.stored "q" : !nn.weight<4x64, q8_0>
    %r = nn.slice %0[1::2, 32:64] : !nn.weight<4x64, q8_0> -> !nn.weight<2x32, q8_0>)");
  ASSERT_TRUE(stepped) << stepped.error().str();
  EXPECT_EQ(stepped->encoding, Encoding::Q8_0);
  EXPECT_EQ(blockValues(*stepped), (std::vector<float>{11, 31}));
  auto permuted = evaluate("!nn.weight<4x64, q8_0>", R"(
    %0 = nn.stored "q" : !nn.weight<4x64, q8_0>
    %r = nn.rearrange %0, "(r two) ... -> (two r) ..." {two = 2 : i64} : !nn.weight<4x64, q8_0> -> !nn.weight<4x64, q8_0>)");
  ASSERT_TRUE(permuted) << permuted.error().str();
  EXPECT_EQ(blockValues(*permuted),
            (std::vector<float>{0, 1, 20, 21, 10, 11, 30, 31}));
  auto columns = evaluate("!nn.weight<2x4x32, q8_0>", R"(
    %0 = nn.stored "q" : !nn.weight<4x64, q8_0>
    %r = nn.rearrange %0, "o (b i) -> b o i" {i = 32 : i64} : !nn.weight<4x64, q8_0> -> !nn.weight<2x4x32, q8_0>)");
  ASSERT_TRUE(columns) << columns.error().str();
  EXPECT_EQ(blockValues(*columns),
            (std::vector<float>{0, 10, 20, 30, 1, 11, 21, 31}));
}

TEST_F(WeightTest, ConcatAndInterleave) {
  auto joined = evaluate("!nn.weight<4x128, q8_0>", R"(
    %0 = nn.stored "q" : !nn.weight<4x64, q8_0>
    %r = nn.concat %0, %0 axis = 1 : !nn.weight<4x64, q8_0>, !nn.weight<4x64, q8_0> -> !nn.weight<4x128, q8_0>)");
  ASSERT_TRUE(joined) << joined.error().str();
  EXPECT_EQ(blockValues(*joined),
            (std::vector<float>{0, 1, 0, 1, 10, 11, 10, 11, 20, 21, 20, 21, 30,
                                31, 30, 31}));
  auto woven = evaluate("!nn.weight<4x64, q8_0>", R"(
    %0 = nn.stored "q" : !nn.weight<4x64, q8_0>
    %1 = nn.slice %0[0:2, :] : !nn.weight<4x64, q8_0> -> !nn.weight<2x64, q8_0>
    %2 = nn.slice %0[2:4, :] : !nn.weight<4x64, q8_0> -> !nn.weight<2x64, q8_0>
    %r = nn.interleave %1, %2 rows = 1 : !nn.weight<2x64, q8_0>, !nn.weight<2x64, q8_0> -> !nn.weight<4x64, q8_0>)");
  ASSERT_TRUE(woven) << woven.error().str();
  EXPECT_EQ(blockValues(*woven),
            (std::vector<float>{0, 1, 20, 21, 10, 11, 30, 31}));
}

TEST_F(WeightTest, PlainNumbersMoveAnyWay) {
  EXPECT_EQ(floatsOf(evaluate("!nn.weight<2x2, f16>", R"(
    %0 = nn.stored "h" : !nn.weight<2x2, f16>
    %r = nn.rearrange %0, "a b -> b a" : !nn.weight<2x2, f16> -> !nn.weight<2x2, f16>)")),
            (std::vector<float>{1, 3, 2, -1}));
}

TEST_F(WeightTest, ArithmeticOnDecodedNumbers) {
  EXPECT_EQ(floatsOf(evaluate("!nn.weight<2x2, f32>", R"(
    %0 = nn.stored "h" : !nn.weight<2x2, f16>
    %1 = nn.decode %0 : !nn.weight<2x2, f16> -> !nn.weight<2x2, f32>
    %c = arith.constant 1.0 : f32
    %2 = nn.add %1, %c : !nn.weight<2x2, f32>, f32 -> !nn.weight<2x2, f32>
    %3 = nn.slice %1[1, :] : !nn.weight<2x2, f32> -> !nn.weight<2, f32>
    %4 = nn.mul %2, %3 : !nn.weight<2x2, f32>, !nn.weight<2, f32> -> !nn.weight<2x2, f32>
    %5 = nn.clamp %4 low = -2.0 high = 100.0 : !nn.weight<2x2, f32>
    %r = nn.neg %5 : !nn.weight<2x2, f32>)")),
            (std::vector<float>{-6, 2, -12, 0}));
}

TEST_F(WeightTest, FamiliesNameTheirLayer) {
  const char *body = R"(
    %0 = nn.stored "a.{layer}" : !nn.weight<2x3, f32>
    %r = nn.slice %0[1, 1:] : !nn.weight<2x3, f32> -> !nn.weight<2, f32>)";
  EXPECT_EQ(floatsOf(evaluate("!nn.weight<2, f32>", body, 0, "[2]",
                              " indices = [0, 5]")),
            (std::vector<float>{5, 6}));
  EXPECT_EQ(floatsOf(evaluate("!nn.weight<2, f32>", body, 1, "[2]",
                              " indices = [0, 5]")),
            (std::vector<float>{50, 60}));
  auto beyond =
      evaluate("!nn.weight<2, f32>", body, 2, "[2]", " indices = [0, 5]");
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().str(),
            "weight '@w': expects an index below 2, but got 2");
}

TEST_F(WeightTest, AStackIsATensorForEachPlace) {
  const char *body = R"(
    %r = nn.stored "a.{expert}" : !nn.weight<2x2x3, f32>)";
  addTensor<float>(source, "a.1", Encoding::F32, {2, 3}, {7, 8, 9, 0, 1, 2});
  EXPECT_EQ(floatsOf(evaluate("!nn.weight<2x2x3, f32>", body)),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2}));
  auto missing = evaluate("!nn.weight<3x2x3, f32>", R"(
    %r = nn.stored "a.{expert}" : !nn.weight<3x2x3, f32>)");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().str(),
            "weight '@w': expects tensor 'a.2', but no file has it");
}

/// A place of the first dimension is what it is in the whole, whichever ops
/// made it, and needs no other tensor of a stack.
TEST_F(WeightTest, PlacesOfTheFirstDimension) {
  std::vector<uint16_t> numbers(2 * 4 * 6);
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = floatToHalf(float(i));
  addTensor(source, "s", Encoding::F16, {2, 4, 6}, numbers);
  addTensor<float>(source, "a.1", Encoding::F32, {2, 3}, {7, 8, 9, 0, 1, 2});
  struct Case {
    const char *type, *body;
  } cases[] = {
      {"!nn.weight<2x4x6, f16>",
       R"(%r = nn.stored "s" : !nn.weight<2x4x6, f16>)"},
      {"!nn.weight<2x2x3, f32>",
       R"(%r = nn.stored "a.{expert}" : !nn.weight<2x2x3, f32>)"},
      // Strided rows of a stack that is stored transposed.
      {"!nn.weight<2x3x4, f16>",
       R"(%0 = nn.stored "s" : !nn.weight<2x4x6, f16>
          %1 = nn.rearrange %0, "e i o -> e o i" : !nn.weight<2x4x6, f16> -> !nn.weight<2x6x4, f16>
          %r = nn.slice %1[:, 1::2, :] : !nn.weight<2x6x4, f16> -> !nn.weight<2x3x4, f16>)"},
      {"!nn.weight<1x4x6, f16>",
       R"(%0 = nn.stored "s" : !nn.weight<2x4x6, f16>
          %r = nn.slice %0[1:, :, :] : !nn.weight<2x4x6, f16> -> !nn.weight<1x4x6, f16>)"},
      // Places that come from both of the operand, and of a merged axis.
      {"!nn.weight<4x2x6, f16>",
       R"(%0 = nn.stored "s" : !nn.weight<2x4x6, f16>
          %r = nn.rearrange %0, "e i o -> i e o" : !nn.weight<2x4x6, f16> -> !nn.weight<4x2x6, f16>)"},
      {"!nn.weight<4x2x6, f16>",
       R"(%0 = nn.stored "s" : !nn.weight<2x4x6, f16>
          %r = nn.rearrange %0, "e (a b) o -> (a e) b o" {a = 2 : i64} : !nn.weight<2x4x6, f16> -> !nn.weight<4x2x6, f16>)"},
      {"!nn.weight<2x2x6, f32>",
       R"(%0 = nn.stored "a.{expert}" : !nn.weight<2x2x3, f32>
          %r = nn.concat %0, %0 axis = -1 : !nn.weight<2x2x3, f32>, !nn.weight<2x2x3, f32> -> !nn.weight<2x2x6, f32>)"},
      {"!nn.weight<4x2x3, f32>",
       R"(%0 = nn.stored "a.{expert}" : !nn.weight<2x2x3, f32>
          %1 = nn.neg %0 : !nn.weight<2x2x3, f32>
          %r = nn.concat %0, %1 axis = 0 : !nn.weight<2x2x3, f32>, !nn.weight<2x2x3, f32> -> !nn.weight<4x2x3, f32>)"},
      {"!nn.weight<2x4x6, f32>",
       R"(%0 = nn.stored "s" : !nn.weight<2x4x6, f16>
          %1 = nn.decode %0 : !nn.weight<2x4x6, f16> -> !nn.weight<2x4x6, f32>
          %c = arith.constant 2.0 : f32
          %2 = nn.mul %1, %c : !nn.weight<2x4x6, f32>, f32 -> !nn.weight<2x4x6, f32>
          %3 = nn.slice %1[0:1, :, :] : !nn.weight<2x4x6, f32> -> !nn.weight<1x4x6, f32>
          %4 = nn.slice %1[0, 0, :] : !nn.weight<2x4x6, f32> -> !nn.weight<6, f32>
          %5 = nn.add %2, %3 : !nn.weight<2x4x6, f32>, !nn.weight<1x4x6, f32> -> !nn.weight<2x4x6, f32>
          %6 = nn.sub %5, %4 : !nn.weight<2x4x6, f32>, !nn.weight<6, f32> -> !nn.weight<2x4x6, f32>
          %r = nn.clamp %6 low = -5.0 high = 60.0 : !nn.weight<2x4x6, f32>)"},
      {"!nn.weight<4x64, q8_0>",
       R"(%0 = nn.stored "q" : !nn.weight<4x64, q8_0>
          %1 = nn.slice %0[0:2, :] : !nn.weight<4x64, q8_0> -> !nn.weight<2x64, q8_0>
          %2 = nn.slice %0[2:4, :] : !nn.weight<4x64, q8_0> -> !nn.weight<2x64, q8_0>
          %r = nn.interleave %1, %2 rows = 1 : !nn.weight<2x64, q8_0>, !nn.weight<2x64, q8_0> -> !nn.weight<4x64, q8_0>)"},
      {"!nn.weight<2x4x32, q8_0>",
       R"(%0 = nn.stored "q" : !nn.weight<4x64, q8_0>
          %r = nn.rearrange %0, "o (b i) -> b o i" {i = 32 : i64} : !nn.weight<4x64, q8_0> -> !nn.weight<2x4x32, q8_0>)"},
  };
  for (const Case &test : cases) {
    SCOPED_TRACE(test.body);
    std::vector<float> all = floatsOf(evaluate(test.type, test.body));
    ASSERT_FALSE(all.empty());
    auto weight = *module->getOps<WeightOp>().begin();
    int64_t places = weight.getType().getShape().front();
    std::vector<float> parts;
    for (int64_t place = 0; place < places; ++place) {
      auto part =
          WeightEvaluator(*module, source).evaluateElement("w", 0, place);
      ASSERT_TRUE(part) << part.error().str();
      EXPECT_EQ(ArrayRef(part->shape),
                weight.getType().getShape().drop_front());
      EXPECT_EQ(part->encoding, weight.getType().getEncoding());
      llvm::append_range(parts, floatsOf(part));
    }
    EXPECT_EQ(parts, all);
  }
}

TEST_F(WeightTest, PlacesAreReadAlone) {
  (void)evaluate("!nn.weight<3x2x2, f32>", R"(
    %0 = nn.stored "a.{expert}" : !nn.weight<3x2x3, f32>
    %r = nn.slice %0[:, :, 1:] : !nn.weight<3x2x3, f32> -> !nn.weight<3x2x2, f32>)");
  WeightEvaluator evaluator(*module, source);
  // There is no "a.1".
  EXPECT_EQ(floatsOf(evaluator.evaluateElement("w", 0, 0)),
            (std::vector<float>{2, 3, 5, 6}));
  auto missing = evaluator.evaluateElement("w", 0, 1);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().str(),
            "weight '@w': expects tensor 'a.1', but no file has it");
  auto beyond = evaluator.evaluateElement("w", 0, 3);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().str(),
            "weight '@w': expects a place below 3, but got 3");
  auto index = evaluator.evaluateElement("w", 1, 0);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().str(),
            "weight '@w': expects an index below 1, but got 1");
  // A place of the file itself is borrowed.
  (void)evaluate("!nn.weight<4x64, q8_0>",
                 R"(%r = nn.stored "q" : !nn.weight<4x64, q8_0>)");
  auto row = WeightEvaluator(*module, source).evaluateElement("w", 0, 2);
  ASSERT_TRUE(row) << row.error().str();
  EXPECT_TRUE(row->isBorrowed());
  EXPECT_EQ(blockValues(*row), (std::vector<float>{20, 21}));
  (void)evaluate("!nn.weight<3, f32>", R"(
    %0 = nn.stored "a.0" : !nn.weight<2x3, f32>
    %r = nn.slice %0[0, :] : !nn.weight<2x3, f32> -> !nn.weight<3, f32>)");
  auto flat = WeightEvaluator(*module, source).evaluateElement("w", 0, 0);
  ASSERT_FALSE(flat);
  EXPECT_EQ(flat.error().str(), "weight '@w': expects two dimensions or more "
                                "to take a place of the first, but got [3]");
}

TEST_F(WeightTest, GrowthHasABound) {
  std::string body = R"(
    %a = nn.stored "a.0" : !nn.weight<2x3, f32>
    %0 = nn.slice %a[0, 0:1] : !nn.weight<2x3, f32> -> !nn.weight<1, f32>)";
  int size = 1;
  for (int i = 0; i < 20; ++i, size *= 2) {
    std::string from = std::to_string(i), one = std::to_string(size),
                two = std::to_string(2 * size);
    body += "\n%" + std::to_string(i + 1) + " = nn.concat %" + from + ", %" +
            from + " : !nn.weight<" + one + ", f32>, !nn.weight<" + one +
            ", f32> -> !nn.weight<" + two + ", f32>";
  }
  body += "\n%r = nn.neg %20 : !nn.weight<1048576, f32>";
  auto large = evaluate("!nn.weight<1048576, f32>", body);
  ASSERT_FALSE(large);
  // The files have 8 * 34 + 2 * 24 + 8 bytes.
  EXPECT_EQ(large.error().str(),
            "weight '@w': expects at most 20992 bytes, 64 times those of the "
            "checkpoint, but got 32768 for [8192]");
}

TEST_F(WeightTest, TensorsMustBeAsDeclared) {
  auto missing =
      evaluate("!nn.weight<2x3, f32>",
               R"(%r = nn.stored "a.{layer}" : !nn.weight<2x3, f32>)", 0, "[1]",
               " indices = [1]");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().str(), "weight '@w' of layer 1: expects tensor "
                                   "'a.1', but no file has it");
  ASSERT_EQ(missing.error().notes.size(), 1u);
  EXPECT_EQ(missing.error().notes[0], "the nearest name is 'a.0'");
  auto shape = evaluate("!nn.weight<3x2, f32>",
                        R"(%r = nn.stored "a.0" : !nn.weight<3x2, f32>)");
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().str(), "weight '@w': expects tensor 'a.0' to have "
                                 "shape [3, 2], but got [2, 3]");
  auto encoding = evaluate("!nn.weight<2x2, bf16>",
                           R"(%r = nn.stored "h" : !nn.weight<2x2, bf16>)");
  ASSERT_FALSE(encoding);
  EXPECT_EQ(encoding.error().str(), "weight '@w': expects tensor 'h' to be "
                                    "stored as 'bf16', but got 'f16'");
  auto none = WeightEvaluator(*module, source).evaluate("nothing", 0);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().str(),
            "expects a weight '@nothing', but the module has none");
}
} // namespace
