//===- InterpreterTest.cpp - The reference interpreter --------------------===//

#include "dialects/nn/reference/Interpreter.h"
#include "test/unit/dialects/nn/NNFixture.h"
#include "test/unit/dialects/nn/OpCases.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {
class OpTest : public NNFixture {
protected:
  void check(const OpCase &test) {
    SCOPED_TRACE(test.name);
    auto module = parse(test.module);
    ASSERT_TRUE(module);
    WeightSource source;
    Interpreter interpreter(*module, source);
    auto results = interpreter.runFunction("f", test.inputs);
    ASSERT_TRUE(results) << results.error().str();
    ASSERT_EQ(results->size(), 1u);
    const Tensor &result = results->front();
    EXPECT_EQ(result.shape, test.expected.shape);
    EXPECT_EQ(result.kind, test.expected.kind);
    EXPECT_EQ(result.ints, test.expected.ints);
    ASSERT_EQ(result.floats.size(), test.expected.floats.size());
    for (size_t i = 0; i < result.floats.size(); ++i) {
      float got = result.floats[i], want = test.expected.floats[i];
      if (std::isnan(want))
        EXPECT_TRUE(std::isnan(got)) << "element " << i;
      else if (got != want) // infinities are equal
        EXPECT_NEAR(got, want, 2e-6 * std::max(1.0f, std::fabs(want)))
            << "element " << i;
    }
  }
};

TEST_F(OpTest, Rows) {
  for (const OpCase &test : rowCases())
    check(test);
}
TEST_F(OpTest, Shapes) {
  for (const OpCase &test : shapeCases())
    check(test);
}
TEST_F(OpTest, Elementwise) {
  for (const OpCase &test : elementwiseCases())
    check(test);
}
TEST_F(OpTest, Sequence) {
  for (const OpCase &test : sequenceCases())
    check(test);
}
TEST_F(OpTest, Sparse) {
  for (const OpCase &test : sparseCases())
    check(test);
}

TEST_F(OpTest, Experts) {
  for (const OpCase &test : expertCases())
    check(test);
}

TEST_F(OpTest, ExpertsThatNothingChoosesAreNotRead) {
  auto module = parse(R"mlir(
nn.weight @w[1] : !nn.weight<3x2x2, f32> indices = [7] {
  %0 = nn.stored "w.{layer}.{expert}" : !nn.weight<3x2x2, f32>
  nn.yield %0 : !nn.weight<3x2x2, f32>
}
func.func @f(%x: tensor<?x2xf32>, %i: tensor<?x2xi32>) -> tensor<?x2x2xf32> {
  %c0 = arith.constant 0 : index
  %w = nn.get_weight @w[%c0] : !nn.weight<3x2x2, f32>
  %r = nn.expert_linear %x, %w, %i : tensor<?x2xf32>, !nn.weight<3x2x2, f32>, tensor<?x2xi32> -> tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}
)mlir");
  ASSERT_TRUE(module);
  WeightSource source;
  addTensor<float>(source, "w.7.0", Encoding::F32, {2, 2}, {1, 2, 3, 4});
  addTensor<float>(source, "w.7.2", Encoding::F32, {2, 2}, {5, 6, 7, 8});
  Interpreter interpreter(*module, source);
  auto run = [&](std::vector<int32_t> ids) {
    return interpreter.runFunction(
        "f", {floats({1, 2}, {1.0f, 10.0f}), ints({1, 2}, std::move(ids))});
  };
  auto results = run({2, 0});
  ASSERT_TRUE(results) << results.error().str();
  EXPECT_EQ(results->front().floats, (std::vector<float>{65, 87, 21, 43}));
  auto missing = run({0, 1});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().str(), "weight '@w' of layer 7: expects tensor "
                                   "'w.7.1', but no file has it");
  auto beyond = run({3, 0});
  ASSERT_FALSE(beyond);
  EXPECT_NE(beyond.error().str().find(
                "expects ids below 3, the matrices of 'w', but got 3"),
            std::string::npos)
      << beyond.error().str();
}

TEST_F(OpTest, ValuesAreAsManyAsKeys) {
  auto module = parse(R"mlir(
func.func @f(%q: tensor<?x1x2xf32>, %p: tensor<?xi32>, %k: tensor<3x2xf32>, %v: tensor<2x2xf32>) -> tensor<?x1x2xf32> {
  %rk = nn.rows %k : tensor<3x2xf32> -> !nn.rows<2xf32>
  %rv = nn.rows %v : tensor<2x2xf32> -> !nn.rows<2xf32>
  %r = nn.attention %q, %p keys(%rk) values(%rv) scale = 1.0 : tensor<?x1x2xf32>, tensor<?xi32>, !nn.rows<2xf32>, !nn.rows<2xf32> -> tensor<?x1x2xf32>
  return %r : tensor<?x1x2xf32>
}
)mlir");
  ASSERT_TRUE(module);
  WeightSource source;
  Interpreter interpreter(*module, source);
  auto results = interpreter.runFunction(
      "f", {floats({1, 1, 2}, {1.0f, 1.0f}), ints({1}, {2}),
            floats({3, 2}, std::vector<float>(6)),
            floats({2, 2}, std::vector<float>(4))});
  ASSERT_FALSE(results);
  EXPECT_NE(results.error().str().find(
                "expects as many rows of values as of keys (3), but got 2"),
            std::string::npos)
      << results.error().str();
}

/// Every op of the dialect has a meaning, symbols and their parts aside.
TEST_F(OpTest, HistoriesOfQ8KeepBlocks) {
  auto module = parse(R"mlir(
nn.state @k : !nn.rows<32xf32> storage = q8_0
nn.state @v : !nn.rows<64xf32> storage = q8_0
func.func @f(%q: tensor<?x1x32xf32>, %p: tensor<?xi32>, %k: tensor<?x32xf32>, %v: tensor<?x64xf32>) -> tensor<?x1x64xf32> {
  %rk = nn.history %k, %p state = @k : tensor<?x32xf32>, tensor<?xi32> -> !nn.rows<32xf32>
  %rv = nn.history %v, %p state = @v : tensor<?x64xf32>, tensor<?xi32> -> !nn.rows<64xf32>
  %r = nn.attention %q, %p keys(%rk) values(%rv) scale = 1.0 : tensor<?x1x32xf32>, tensor<?xi32>, !nn.rows<32xf32>, !nn.rows<64xf32> -> tensor<?x1x64xf32>
  return %r : tensor<?x1x64xf32>
}
)mlir");
  ASSERT_TRUE(module);
  WeightSource source;
  Interpreter interpreter(*module, source);
  // A block of steps of 1/64 with 127 of them at most, and a block of zeros:
  // of one visible row, attention is the row as it is kept.
  std::vector<float> values(64), kept(64);
  for (int i = 0; i < 32; ++i) {
    values[i] = (4 * i - 60) / 64.0f + (i % 2 ? 0.003f : -0.003f);
    kept[i] = (4 * i - 60) / 64.0f;
  }
  values[31] = kept[31] = -127 / 64.0f;
  auto results = interpreter.runFunction(
      "f",
      {floats({1, 1, 32}, std::vector<float>(32, 1)), ints({1}, {0}),
       floats({1, 32}, std::vector<float>(32, 0.5f)), floats({1, 64}, values)});
  ASSERT_TRUE(results) << results.error().str();
  EXPECT_EQ(results->front().floats, kept);
}

TEST_F(OpTest, EveryOpHasAKernel) {
  for (RegisteredOperationName name :
       context.getRegisteredOperationsByDialect("nn")) {
    StringRef op = name.getStringRef();
    if (llvm::is_contained({"nn.weight", "nn.state", "nn.window_state",
                            "nn.recurrent_state", "nn.rope_table", "nn.stored",
                            "nn.yield", "nn.layer"},
                           op))
      continue;
    EXPECT_TRUE(KernelTable::standard().find(op)) << op.str();
  }
}

//===----------------------------------------------------------------------===//
// Along a sequence
//===----------------------------------------------------------------------===//

class SequenceTest : public NNFixture {
protected:
  /// Runs `@f` on [T, 4] rows of `x`, `step` tokens at a time.
  std::vector<float> runInSteps(Interpreter &interpreter,
                                const std::vector<float> &x, size_t step) {
    std::vector<float> all;
    interpreter.restart();
    for (size_t t = 0; t < x.size() / 4; t += step) {
      int64_t count = std::min(step, x.size() / 4 - t);
      std::vector<int32_t> positions;
      for (int64_t i = 0; i < count; ++i)
        positions.push_back(t + i);
      Tensor rows =
          floats({count, 4}, {x.begin() + t * 4, x.begin() + (t + count) * 4});
      auto results = interpreter.runFunction(
          "f", {rows, ints({count}, std::move(positions))});
      EXPECT_TRUE(results) << results.error().str();
      if (!results)
        return all;
      llvm::append_range(all, results->front().floats);
    }
    return all;
  }

  static std::vector<float> someRows(int count) {
    std::vector<float> values;
    for (int i = 0; i < 4 * count; ++i)
      values.push_back(std::sin(1.7f * i) * 2);
    return values;
  }

  std::string attentionModule(std::string window, std::string storage) {
    std::string rows = "!nn.rows<2x2xf32" +
                       (window.empty() ? "" : ", window = " + window) + ">";
    std::string attribute = window.empty() ? "" : " window = " + window;
    return "nn.state @k : " + rows + " storage = " + storage +
           "\nnn.state @v : " + rows + " storage = " + storage + R"(
      nn.rope_table @table freqs = [1.0] scale = 1.0
      func.func @f(%x: tensor<?x4xf32>, %p: tensor<?xi32>) -> tensor<?x2x2xf32> {
        %h = nn.rearrange %x, "t (n c) -> t n c" {n = 2 : i64} : tensor<?x4xf32> -> tensor<?x2x2xf32>
        %q = nn.rope %h, %p table = @table pairs = half : tensor<?x2x2xf32>, tensor<?xi32>
        %k = nn.history %q, %p state = @k)" +
           attribute + R"( : tensor<?x2x2xf32>, tensor<?xi32> -> )" + rows +
           "\n %v = nn.history %h, %p state = @v" + attribute +
           " : tensor<?x2x2xf32>, tensor<?xi32> -> " + rows +
           "\n %o = nn.attention %q, %p keys(%k) values(%v) scale = 1.0 : "
           "tensor<?x2x2xf32>, tensor<?xi32>, " +
           rows + ", " + rows +
           " -> tensor<?x2x2xf32>\n return %o : tensor<?x2x2xf32>\n}";
  }

  WeightSource source;
};

TEST_F(SequenceTest, DecodeEqualsPrefill) {
  for (std::string window : {"", "1", "3", "100"}) {
    SCOPED_TRACE("window '" + window + "'");
    auto module = parse(attentionModule(window, "f32"));
    Interpreter interpreter(*module, source);
    std::vector<float> x = someRows(9);
    std::vector<float> atOnce = runInSteps(interpreter, x, 9);
    ASSERT_EQ(atOnce.size(), 36u);
    for (size_t step : {1, 2, 4})
      EXPECT_EQ(runInSteps(interpreter, x, step), atOnce) << step;
  }
}

TEST_F(SequenceTest, AWindowChangesOnlyWhatIsOutsideIt) {
  auto all = parse(attentionModule("", "f32"));
  auto three = parse(attentionModule("3", "f32"));
  Interpreter a(*all, source), b(*three, source);
  std::vector<float> x = someRows(5), wide = runInSteps(a, x, 5),
                     narrow = runInSteps(b, x, 5);
  EXPECT_TRUE(std::equal(wide.begin(), wide.begin() + 12, narrow.begin()));
  for (int token : {3, 4})
    EXPECT_NE(wide[token * 4], narrow[token * 4]);
}

TEST_F(SequenceTest, StorageRoundsRows) {
  auto exact = parse(attentionModule("", "f32"));
  Interpreter reference(*exact, source);
  std::vector<float> x = someRows(6), want = runInSteps(reference, x, 6);
  for (auto [storage, least, most] :
       {std::tuple("f16", 1e-6, 1e-3), std::tuple("bf16", 1e-4, 1e-2)}) {
    auto module = parse(attentionModule("", storage));
    Interpreter interpreter(*module, source);
    std::vector<float> got = runInSteps(interpreter, x, 6);
    double error = relativeError(got, want);
    EXPECT_GT(error, least) << storage;
    EXPECT_LT(error, most) << storage;
    // A step's own rows are seen through the storage as well.
    EXPECT_EQ(runInSteps(interpreter, x, 1), got) << storage;
  }
}

TEST_F(SequenceTest, PositionsMustFollow) {
  auto module = parse(attentionModule("", "f32"));
  Interpreter interpreter(*module, source);
  auto results = interpreter.runFunction(
      "f", {floats({1, 4}, {1, 2, 3, 4}), ints({1}, {3})});
  ASSERT_FALSE(results);
  EXPECT_NE(results.error().message.find("expects position 0 next, but got 3"),
            std::string::npos)
      << results.error().str();
}

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

/// Two layers, each the sum of the rows so far (attention over equal keys),
/// plus a constant of its own.
constexpr const char *kModel = R"(
  nn.weight @embed : !nn.weight<3x2, f32> {
    %0 = nn.stored "embed" : !nn.weight<3x2, f32>
    nn.yield %0 : !nn.weight<3x2, f32>
  }
  nn.weight @layer0.b[2] : !nn.weight<2, f32> indices = [4, 7] {
    %0 = nn.stored "b.{layer}" : !nn.weight<2, f32>
    nn.yield %0 : !nn.weight<2, f32>
  }
  nn.state @layer0.v[2] : !nn.rows<2xf32> storage = f32
  func.func private @layer0(%layer: index, %p: tensor<?xi32>, %x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %zero = arith.constant 0.0 : f32
    %none = nn.mul %x, %zero : tensor<?x2xf32>, f32 -> tensor<?x2xf32>
    %q = nn.rearrange %none, "t c -> t 1 c" : tensor<?x2xf32> -> tensor<?x1x2xf32>
    %v = nn.history %x, %p state = @layer0.v[%layer] : tensor<?x2xf32>, tensor<?xi32> -> !nn.rows<2xf32>
    %o = nn.attention %q, %p keys(%v) values(%v) scale = 1.0 : tensor<?x1x2xf32>, tensor<?xi32>, !nn.rows<2xf32>, !nn.rows<2xf32> -> tensor<?x1x2xf32>
    %m = nn.rearrange %o, "t 1 c -> t c" : tensor<?x1x2xf32> -> tensor<?x2xf32>
    %b = nn.get_weight @layer0.b[%layer] : !nn.weight<2, f32>
    %r = nn.add %m, %b : tensor<?x2xf32>, !nn.weight<2, f32> -> tensor<?x2xf32>
    return %r : tensor<?x2xf32>
  }
  func.func @hidden(%tokens: tensor<?xi32>, %p: tensor<?xi32>) -> tensor<?x2xf32> {
    %e = nn.get_weight @embed : !nn.weight<3x2, f32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, !nn.weight<3x2, f32> -> tensor<?x2xf32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %1 = call @layer0(%c0, %p, %x) {nn.tap = 1 : i64} : (index, tensor<?xi32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %2 = call @layer0(%c1, %p, %1) {nn.tap = 2 : i64} : (index, tensor<?xi32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    return %2 : tensor<?x2xf32>
  }
  func.func @logits(%x: tensor<?x2xf32>) -> tensor<?x3xf32> {
    %e = nn.get_weight @embed : !nn.weight<3x2, f32>
    %l = nn.linear %x, %e : tensor<?x2xf32>, !nn.weight<3x2, f32> -> tensor<?x3xf32>
    return %l : tensor<?x3xf32>
  }
)";

class ModelTest : public NNFixture {
protected:
  void SetUp() override {
    addTensor<float>(source, "embed", Encoding::F32, {3, 2},
                     {1, 0, 0, 2, 4, 4});
    addTensor<float>(source, "b.4", Encoding::F32, {2}, {10, 20});
    addTensor<float>(source, "b.7", Encoding::F32, {2}, {100, 200});
    module = parse(kModel);
  }
  OwningOpRef<ModuleOp> module;
  WeightSource source;
};

// The same in the form that models are imported in.
TEST_F(ModelTest, LayersAreReadByTheirNumbers) {
  std::string text = kModel;
  auto replace = [&](const std::string &old, const std::string &by) {
    size_t at = text.find(old);
    ASSERT_NE(at, std::string::npos) << old;
    text.replace(at, old.size(), by);
  };
  replace("@layer0.b[2] : !nn.weight<2, f32> indices = [4, 7]",
          "@layer0.b : !nn.weight<2, f32> layers = [4, 7]");
  replace("@layer0.v[2] : !nn.rows<2xf32> storage = f32",
          "@layer0.v : !nn.rows<2xf32> storage = f32 layers = [4, 7]");
  for (auto [index, layer] : {std::pair("c0", "4"), std::pair("c1", "7")})
    replace("call @layer0(%" + std::string(index) + ", %p",
            "nn.layer @layer0[" + std::string(layer) + "](%p");
  for (int i = 0; i < 2; ++i)
    replace("} : (index, tensor<?xi32>, ", "} : (tensor<?xi32>, ");
  OwningOpRef<ModuleOp> imported = parse(text);
  ASSERT_TRUE(imported);
  std::vector<int32_t> tokens{0, 1, 2};
  Interpreter one(*imported, source), other(*module, source);
  auto made = one.feed(tokens), same = other.feed(tokens);
  ASSERT_TRUE(made) << made.error().str();
  ASSERT_TRUE(same) << same.error().str();
  EXPECT_EQ(made->taps.size(), 3u);
  EXPECT_EQ(made->hidden.floats, same->hidden.floats);

  // A layer that the families do not have: states are asked first, then
  // weights.
  std::string right = text;
  replace("@layer0[7]", "@layer0[5]");
  imported = parse(text);
  Interpreter third(*imported, source);
  auto gone = third.feed(tokens);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().str(),
            "state '@layer0.v': expects one of its layers, but got 5");
  text = right;
  replace("@layer0.b : !nn.weight<2, f32> layers = [4, 7]",
          "@layer0.b : !nn.weight<2, f32> layers = [4, 6]");
  imported = parse(text);
  Interpreter fourth(*imported, source);
  gone = fourth.feed(tokens);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().str(),
            "weight '@layer0.b': expects one of its layers, but got 7");
}

TEST_F(ModelTest, FeedTapsEveryLayer) {
  Interpreter interpreter(*module, source);
  auto made = interpreter.feed(std::vector<int32_t>{0, 1});
  ASSERT_TRUE(made) << made.error().str();
  ASSERT_EQ(made->taps.size(), 3u);
  EXPECT_EQ(made->taps.at(0).floats, (std::vector<float>{1, 0, 0, 2}));
  EXPECT_EQ(made->taps.at(1).floats, (std::vector<float>{11, 20, 10.5, 21}));
  EXPECT_EQ(made->taps.at(2).floats,
            (std::vector<float>{111, 220, 110.75, 220.5}));
  EXPECT_EQ(made->hidden.floats, made->taps.at(2).floats);
  auto logits = interpreter.logits(floats({1, 2}, {1, 2}));
  ASSERT_TRUE(logits) << logits.error().str();
  EXPECT_EQ(logits->floats, (std::vector<float>{1, 4, 12}));
}

TEST_F(ModelTest, PositionsContinueAndRestart) {
  Interpreter interpreter(*module, source);
  ASSERT_TRUE(interpreter.feed(std::vector<int32_t>{0}));
  auto second = interpreter.feed(std::vector<int32_t>{1});
  ASSERT_TRUE(second) << second.error().str();
  EXPECT_EQ(second->hidden.floats, (std::vector<float>{110.75, 220.5}));
  EXPECT_EQ(interpreter.length(), 2);
  // Back to one token, and the second again.
  ASSERT_TRUE(interpreter.truncate(1));
  auto again = interpreter.feed(std::vector<int32_t>{1});
  ASSERT_TRUE(again) << again.error().str();
  EXPECT_EQ(again->hidden.floats, second->hidden.floats);
  EXPECT_FALSE(interpreter.truncate(3));
  interpreter.restart();
  auto first = interpreter.feed(std::vector<int32_t>{0});
  ASSERT_TRUE(first) << first.error().str();
  EXPECT_EQ(first->hidden.floats, (std::vector<float>{111, 220}));
}

TEST_F(ModelTest, WhatDoesNotFitIsAnError) {
  Interpreter interpreter(*module, source);
  auto token = interpreter.feed(std::vector<int32_t>{3});
  ASSERT_FALSE(token);
  EXPECT_NE(token.error().message.find(
                "expects ids below 3, the rows of its table, but got 3"),
            std::string::npos);
  EXPECT_FALSE(interpreter.feed({}));
  auto none = interpreter.runFunction("nothing", {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().str(),
            "expects a function '@nothing', but the module has none");
  auto shape = interpreter.logits(floats({1, 3}, {1, 2, 3}));
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().str(),
            "function '@logits' expects argument 0 to be tensor<?x2xf32>, but "
            "got shape [1, 3]");
}

TEST_F(ModelTest, AnOpWithoutKernelIsNamed) {
  auto other = parse(R"(
    func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      %r = arith.negf %x : tensor<2xf32>
      return %r : tensor<2xf32>
    })");
  Interpreter interpreter(*other, source);
  auto result = interpreter.runFunction("f", {floats({2}, {1, 2})});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "'arith.negf' is an operation that the "
                                    "interpreter does not know");
  // A table of one's own knows more.
  KernelTable kernels = KernelTable::standard();
  kernels.add<arith::NegFOp>([](arith::NegFOp, ArrayRef<nn::Value> operands,
                                Machine &) -> Result<Values> {
    Tensor x = tensorOf(operands[0]);
    for (float &value : x.floats)
      value = -value;
    return one(std::move(x));
  });
  InterpreterOptions options;
  options.kernels = &kernels;
  auto negated = Interpreter(*other, source, options)
                     .runFunction("f", {floats({2}, {1, 2})});
  ASSERT_TRUE(negated) << negated.error().str();
  EXPECT_EQ(negated->front().floats, (std::vector<float>{-1, -2}));
}

TEST_F(ModelTest, EndlessCallsEnd) {
  auto other = parse(R"(
    func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
      %r = call @f(%x) : (tensor<2xf32>) -> tensor<2xf32>
      return %r : tensor<2xf32>
    })");
  auto result =
      Interpreter(*other, source).runFunction("f", {floats({2}, {1, 2})});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("nests calls deeper than 64"),
            std::string::npos);
}

TEST_F(ModelTest, TensorsHaveABound) {
  auto other = parse(R"(
    func.func @f(%x: tensor<2xf32>) -> tensor<4000000000x2xf32> {
      %r = nn.repeat %x axis = 0 times = 4000000000 : tensor<2xf32> -> tensor<4000000000x2xf32>
      return %r : tensor<4000000000x2xf32>
    })");
  auto result =
      Interpreter(*other, source).runFunction("f", {floats({2}, {1, 2})});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "'nn.repeat' makes a tensor of more than 4294967296 elements, "
            "[4000000000, 2]");
}

TEST_F(ModelTest, RopeLengthChoosesTheTableOnce) {
  addTensor<float>(source, "short", Encoding::F32, {1}, {2});
  addTensor<float>(source, "long", Encoding::F32, {1}, {4});
  auto other = parse(R"(
    nn.weight @short : !nn.weight<1, f32> {
      %0 = nn.stored "short" : !nn.weight<1, f32>
      nn.yield %0 : !nn.weight<1, f32>
    }
    nn.weight @long : !nn.weight<1, f32> {
      %0 = nn.stored "long" : !nn.weight<1, f32>
      nn.yield %0 : !nn.weight<1, f32>
    }
    nn.rope_table @table freqs = [1.0] scale = 1.0 divisors = @short long_divisors = @long long_from = 8
    func.func @f(%x: tensor<?x2xf32>, %p: tensor<?xi32>) -> tensor<?x2xf32> {
      %r = nn.rope %x, %p table = @table pairs = half : tensor<?x2xf32>, tensor<?xi32>
      return %r : tensor<?x2xf32>
    })");
  for (auto [length, divisor] :
       {std::pair(0, 2), std::pair(8, 2), std::pair(9, 4)}) {
    InterpreterOptions options;
    options.ropeLength = length;
    Interpreter interpreter(*other, source, options);
    for (int position : {3, 50}) {
      auto result = interpreter.runFunction(
          "f", {floats({1, 2}, {1, 0}), ints({1}, {position})});
      ASSERT_TRUE(result) << result.error().str();
      EXPECT_NEAR(result->front().floats[0],
                  std::cos(double(position) / divisor), 1e-6);
    }
  }
}
} // namespace
