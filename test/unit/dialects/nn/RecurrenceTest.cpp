//===- RecurrenceTest.cpp - What recurrences compute ----------------------===//
//
// The expected values were worked out outside of the interpreter, in 64 bits,
// from the formulas of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "dialects/nn/reference/Interpreter.h"
#include "test/unit/dialects/nn/NNFixture.h"
#include "test/unit/dialects/nn/OpCases.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {

constexpr const char *kConv = R"(
  nn.recurrent_state @conv : tensor<2x2xf32>
  func.func @f(%x: tensor<?x2xf32>, %p: tensor<?xi32>, %w: tensor<2x3xf32>) -> tensor<?x2xf32> {
    %r = nn.causal_conv %x, %p, %w state = @conv : tensor<?x2xf32>, tensor<?xi32>, tensor<2x3xf32> -> tensor<?x2xf32>
    return %r : tensor<?x2xf32>
  }
)";
constexpr const char *kDelta = R"(
  nn.recurrent_state @s : tensor<4x2x2xf32>
  func.func @f(%q: tensor<?x2x2xf32>, %p: tensor<?xi32>, %k: tensor<?x2x2xf32>, %v: tensor<?x4x2xf32>, %d: tensor<?x4xf32>, %b: tensor<?x4xf32>) -> tensor<?x4x2xf32> {
    %r = nn.gated_delta %q, %p, %k, %v, %d, %b state = @s : tensor<?x2x2xf32>, tensor<?xi32>, tensor<?x2x2xf32>, tensor<?x4x2xf32>, tensor<?x4xf32>, tensor<?x4xf32> -> tensor<?x4x2xf32>
    return %r : tensor<?x4x2xf32>
  }
)";
// Without correction.
constexpr const char *kScan = R"(
  nn.recurrent_state @s : tensor<4x2x2xf32>
  func.func @f(%q: tensor<?x2x2xf32>, %p: tensor<?xi32>, %k: tensor<?x2x2xf32>, %v: tensor<?x4x2xf32>, %d: tensor<?x4xf32>) -> tensor<?x4x2xf32> {
    %r = nn.gated_delta %q, %p, %k, %v, %d state = @s : tensor<?x2x2xf32>, tensor<?xi32>, tensor<?x2x2xf32>, tensor<?x4x2xf32>, tensor<?x4xf32> -> tensor<?x4x2xf32>
    return %r : tensor<?x4x2xf32>
  }
)";

std::vector<Tensor> convInputs() {
  return {floats({4, 2},
                 {-0.53f, -1.05f, 0.45f, -1.28f, 0.11f, -0.4f, -1.33f, 0.02f}),
          ints({4}, {0, 1, 2, 3}),
          floats({2, 3}, {-1.39f, -0.2f, -1.29f, -1.23f, -0.23f, 0.98f})};
}
const std::vector<float> convExpected = {0.6837f, -1.029f, -0.4745f, -1.0129f,
                                         0.5048f, 1.1939f, 1.0682f,  1.686f};

std::vector<Tensor> deltaInputs() {
  return {floats({3, 2, 2}, {-1.13f, -0.83f, 0.38f, 1.34f, 0.23f, -0.31f, 1.43f,
                             -1.36f, 1.08f, -0.63f, -1.07f, -1.15f}),
          ints({3}, {0, 1, 2}),
          floats({3, 2, 2}, {-0.57f, 0.95f, -0.96f, 0.24f, 0.42f, -0.38f, 0.14f,
                             -1.31f, -1.32f, -0.88f, 0.54f, -0.22f}),
          floats({3, 4, 2}, {-0.56f, 0.26f,  -0.14f, -0.6f, 0.88f,  0.6f,
                             -0.77f, 0.22f,  0.08f,  1.13f, 0.69f,  -0.64f,
                             1.44f,  -1.15f, -0.25f, 0.77f, -1.04f, -0.03f,
                             -1.38f, 0.5f,   0.79f,  0.22f, 1.13f,  -0.56f}),
          floats({3, 4}, {-0.59f, -0.28f, -0.24f, -0.13f, -1.02f, -1.33f,
                          -0.08f, -0.49f, -1.32f, -0.6f, -0.44f, -1.48f}),
          floats({3, 4}, {0.65f, 0.43f, 0.23f, 0.34f, 0.95f, 0.07f, 0.67f,
                          0.77f, 0.88f, 0.53f, 0.74f, 0.51f})};
}
const std::vector<float> deltaExpected = {
    0.0525616f,  -0.0244036f, 0.00869288f,  0.0372552f, -0.00874368f,
    -0.0059616f, 0.01130976f, -0.00323136f, 0.0561059f, 0.2116745f,
    0.01698826f, 0.0188209f,  1.705905f,    -1.667524f, -0.2188114f,
    1.128528f,   0.8422987f,  0.1574238f,   0.6636016f, -0.1994284f,
    0.8335878f,  -0.6835082f, -0.2911233f,  0.2959622f};

/// From the closed form: Σ_s (q_t . k_s) exp(Σ decay after s) v_s.
const std::vector<float> scanExpected = {
    0.080864f,   -0.037544f,    0.020216f,    0.08664f,    -0.038016f,
    -0.02592f,   0.033264f,     -0.009504f,   0.10309476f, 0.20237001f,
    0.16369461f, -0.069679087f, 1.4734598f,   -3.2202056f, 0.30610057f,
    1.2969716f,  0.98635076f,   0.20491962f,  1.4893527f,  -0.57327428f,
    1.3946398f,  -0.80832254f,  -0.52489821f, 0.44273896f};
std::vector<Tensor> scanInputs() {
  std::vector<Tensor> inputs = deltaInputs();
  inputs.pop_back();
  return inputs;
}

/// Tokens [begin, end) of an input of `tokens`; all of one that has others.
Tensor part(const Tensor &input, int64_t tokens, int64_t begin, int64_t end) {
  if (input.shape[0] != tokens)
    return input;
  Tensor result = input;
  result.shape[0] = end - begin;
  if (input.kind == ElementKind::I32) {
    result.ints = {input.ints.begin() + begin, input.ints.begin() + end};
    return result;
  }
  int64_t row = input.elements() / tokens;
  result.floats = {input.floats.begin() + begin * row,
                   input.floats.begin() + end * row};
  return result;
}

class Recurrence : public NNFixture {
protected:
  /// The rows of all pieces that begin at `cuts`.
  std::vector<float> run(const char *text, const std::vector<Tensor> &inputs,
                         std::vector<int64_t> cuts) {
    auto module = parse(text);
    WeightSource source;
    Interpreter interpreter(*module, source);
    int64_t tokens = inputs[1].shape[0];
    cuts.push_back(tokens);
    std::vector<float> rows;
    for (size_t i = 0; i + 1 < cuts.size(); ++i) {
      std::vector<Tensor> piece;
      for (const Tensor &input : inputs)
        piece.push_back(part(input, tokens, cuts[i], cuts[i + 1]));
      auto result = interpreter.runFunction("f", std::move(piece));
      EXPECT_TRUE(result) << result.error().str();
      if (result)
        llvm::append_range(rows, result->front().floats);
    }
    return rows;
  }
};

TEST_F(Recurrence, CausalConvSeesTheLastValues) {
  EXPECT_LT(relativeError(run(kConv, convInputs(), {0}), convExpected), 1e-6);
}

TEST_F(Recurrence, GatedDeltaDecaysAndCorrects) {
  EXPECT_LT(relativeError(run(kDelta, deltaInputs(), {0}), deltaExpected),
            1e-6);
}

TEST_F(Recurrence, WithoutCorrectionIsASelectiveScan) {
  EXPECT_LT(relativeError(run(kScan, scanInputs(), {0}), scanExpected), 1e-6);
}

TEST_F(Recurrence, IsTheSameHoweverItIsCut) {
  for (const char *text : {kConv, kDelta, kScan}) {
    std::vector<Tensor> inputs = text == kConv    ? convInputs()
                                 : text == kDelta ? deltaInputs()
                                                  : scanInputs();
    std::vector<float> whole = run(text, inputs, {0});
    EXPECT_EQ(run(text, inputs, {0, 1}), whole);
    EXPECT_EQ(run(text, inputs, {0, 2}), whole);
    EXPECT_EQ(run(text, inputs, {0, 1, 2}), whole);
  }
}

TEST_F(Recurrence, TakesTokensInOrder) {
  auto module = parse(kConv);
  WeightSource source;
  Interpreter interpreter(*module, source);
  std::vector<Tensor> inputs = convInputs();
  inputs[1].ints = {0, 1, 3, 4};
  auto result = interpreter.runFunction("f", inputs);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("expects position 2 next, but got 3"),
            std::string::npos);
}

TEST_F(Recurrence, CannotTakeTokensBack) {
  auto module = parse(R"(
    nn.recurrent_state @s[1] : tensor<1x2xf32>
    nn.weight @w : !nn.weight<2x2, f32> {
      %0 = nn.stored "w" : !nn.weight<2x2, f32>
      nn.yield %0 : !nn.weight<2x2, f32>
    }
    nn.weight @embed : !nn.weight<6x2, f32> {
      %0 = nn.stored "embed" : !nn.weight<6x2, f32>
      nn.yield %0 : !nn.weight<6x2, f32>
    }
    func.func @hidden(%tokens: tensor<?xi32>, %p: tensor<?xi32>) -> tensor<?x2xf32> {
      %e = nn.get_weight @embed : !nn.weight<6x2, f32>
      %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<6x2, f32> -> tensor<?x2xf32>
      %w = nn.get_weight @w : !nn.weight<2x2, f32>
      %c0 = arith.constant 0 : index
      %y = nn.causal_conv %x, %p, %w state = @s[%c0] : tensor<?x2xf32>, tensor<?xi32>, !nn.weight<2x2, f32> -> tensor<?x2xf32>
      return %y : tensor<?x2xf32>
    })");
  WeightSource source;
  addTensor<float>(source, "w", Encoding::F32, {2, 2}, {10, 1, 0, 1});
  addTensor<float>(source, "embed", Encoding::F32, {6, 2},
                   {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5});
  Interpreter interpreter(*module, source);
  auto made = interpreter.feed(std::vector<int32_t>{1, 2, 3});
  ASSERT_TRUE(made) << made.error().str();
  EXPECT_EQ(made->hidden.floats, (std::vector<float>{1, 1, 12, 2, 23, 3}));
  Status shorter = interpreter.truncate(2);
  ASSERT_FALSE(shorter);
  EXPECT_EQ(shorter.error().str(),
            "state '@s': remembers what the next tokens need and no more: "
            "expects a length of 0 or 3, but got 2");
  ASSERT_TRUE(interpreter.truncate(3));
  ASSERT_TRUE(interpreter.truncate(0));
  auto again = interpreter.feed(std::vector<int32_t>{5});
  ASSERT_TRUE(again) << again.error().str();
  EXPECT_EQ(again->hidden.floats, (std::vector<float>{5, 5}));
}

TEST_F(Recurrence, StatesKnowTheirSize) {
  auto module = parse("nn.recurrent_state @s[3] : tensor<4x8x16xf32>");
  auto state = cast<RecurrentStateOp>(module->lookupSymbol("s"));
  EXPECT_EQ(state.getStateBytes(), 4 * 8 * 16 * 4);
  StateOpInterface facts = cast<StateOpInterface>(state.getOperation());
  EXPECT_EQ(facts.getStateCount(), 3);
  EXPECT_EQ(facts.getRowBytes(), 0);
  EXPECT_EQ(facts.getFixedBytes(), state.getStateBytes());
  EXPECT_EQ(facts.getStateWindow(), std::nullopt);
  EXPECT_FALSE(facts.isTruncatable());
}

} // namespace
