//===- PiecesTest.cpp - A sequence in pieces is the same sequence ---------===//
//
// What looks along the sequence is defined on all of it: whatever the sizes of
// the steps that it is fed in, each token gets the same result.
//
//===----------------------------------------------------------------------===//

#include "dialects/nn/reference/Interpreter.h"
#include "test/unit/dialects/nn/NNFixture.h"
#include "test/unit/dialects/nn/OpCases.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {
constexpr int64_t kTokens = 80;

/// Rows of 4 numbers, the same ones in every run.
std::vector<float> someRows() {
  std::vector<float> rows;
  for (int64_t i = 0; i < 4 * kTokens; ++i)
    rows.push_back(std::sin(1.7f * i) * 2);
  return rows;
}

/// Three ids for each token among the first rows, some of them −1 or not there
/// yet.
std::vector<int32_t> someIds() {
  std::vector<int32_t> ids;
  for (int32_t i = 0; i < 3 * kTokens; ++i)
    ids.push_back(i % 7 == 0 ? -1 : (i * 11) % (i / 4 + 1));
  return ids;
}

class PiecesTest : public NNFixture {
protected:
  /// Results of `@f(x, positions, ids)` for each step.
  std::vector<Tensor> run(Interpreter &interpreter,
                          const std::vector<int64_t> &sizes) {
    std::vector<float> rows = someRows();
    std::vector<int32_t> ids = someIds();
    std::vector<Tensor> results;
    interpreter.restart();
    int64_t fed = 0;
    for (size_t i = 0; fed < kTokens; ++i) {
      int64_t size = std::min(i < sizes.size() ? sizes[i] : 1, kTokens - fed);
      std::vector<int32_t> positions;
      for (int64_t t = 0; t < size; ++t)
        positions.push_back(fed + t);
      auto made = interpreter.runFunction(
          "f", {floats({size, 4}, {rows.begin() + fed * 4,
                                   rows.begin() + (fed + size) * 4}),
                ints({size}, std::move(positions)),
                ints({size, 3},
                     {ids.begin() + fed * 3, ids.begin() + (fed + size) * 3})});
      EXPECT_TRUE(made) << made.error().str();
      if (!made)
        return results;
      results.push_back(std::move(made->front()));
      fed += size;
    }
    return results;
  }

  /// `body` computes `%r` from `%x`, `%p` and `%ids`.
  void check(const std::string &symbols, const std::string &body,
             const std::string &type) {
    auto module =
        parse(symbols +
              "\nfunc.func @f(%x: tensor<?x4xf32>, %p: tensor<?xi32>, %ids: "
              "tensor<?x3xi32>) -> " +
              type + " {\n" + body + "\nreturn %r : " + type + "\n}");
    ASSERT_TRUE(module);
    Interpreter interpreter(*module, source);
    std::vector<Tensor> whole = run(interpreter, {kTokens});
    ASSERT_EQ(whole.size(), 1u);
    ASSERT_FALSE(whole[0].floats.empty());
    for (const std::vector<int64_t> &sizes :
         {std::vector<int64_t>{5, 1, 1, 40}, {}, {3, 2, 9, 16, 50}}) {
      std::vector<Tensor> pieces = run(interpreter, sizes);
      int64_t row = 0;
      for (const Tensor &piece : pieces) {
        // Of scores a later step has more columns: those are of rows that were
        // not there yet.
        int64_t width = whole[0].elements() / whole[0].shape[0];
        int64_t own =
            piece.shape[0] == 0 ? 0 : piece.elements() / piece.shape[0];
        for (int64_t t = 0; t < piece.shape[0]; ++t, ++row)
          for (int64_t i = 0; i < width; ++i) {
            float want = whole[0].floats[row * width + i];
            float got = i < own ? piece.floats[t * own + i] : -INFINITY;
            ASSERT_TRUE(got == want || (std::isnan(got) && std::isnan(want)))
                << "row " << row << ", " << i << ": " << got << " and " << want;
          }
      }
      EXPECT_EQ(row, whole[0].shape[0]);
    }
  }

  WeightSource source;
};

const char *const kFar = R"(
  %w = nn.windows %x, %p state = @open size = 4 before = 4 fill = 1.5 : tensor<?x4xf32>, tensor<?xi32> -> tensor<?x8x4xf32>
  %s = nn.sum %w axis = 1 : tensor<?x8x4xf32> -> tensor<?x1x4xf32>
  %e = nn.rearrange %s, "m 1 c -> m c" : tensor<?x1x4xf32> -> tensor<?x4xf32>
  %wp = nn.window_positions %p size = 4 : tensor<?xi32> -> tensor<?xi32>
  %turned = nn.rope %e, %wp table = @table pairs = adjacent : tensor<?x4xf32>, tensor<?xi32>
  %far = nn.history %turned, %wp state = @far clock = 4 : tensor<?x4xf32>, tensor<?xi32> -> !nn.rows<4xf32, clock = 4>
)";
const char *const kFarStates = R"(
  nn.rope_table @table freqs = [1.0, 0.1] scale = 1.0
  nn.window_state @open : !nn.rows<4xf32> size = 4 before = 4
  nn.state @far : !nn.rows<4xf32, clock = 4> storage = f32
)";
const char *const kHeads = R"(
  %q = nn.rearrange %x, "t (h c) -> t h c" {h = 1 : i64} : tensor<?x4xf32> -> tensor<?x1x4xf32>
)";

TEST_F(PiecesTest, Windows) {
  for (auto [size, before] : {std::pair(1, 0), std::pair(3, 0), std::pair(4, 4),
                              std::pair(5, 2), std::pair(2, 7)}) {
    std::string n = std::to_string(size), b = std::to_string(before);
    std::string type = "tensor<?x" + std::to_string(size + before) + "x4xf32>";
    check("nn.window_state @s : !nn.rows<4xf32> size = " + n + " before = " + b,
          "%r = nn.windows %x, %p state = @s size = " + n + " before = " + b +
              " fill = 0xFF800000 : tensor<?x4xf32>, tensor<?xi32> -> " + type,
          type);
  }
}

TEST_F(PiecesTest, HistoryOfWindows) {
  check(kFarStates,
        std::string(kFar) + kHeads +
            "%r = nn.attention %q, %p keys(%far) values(%far) scale = 1.0 : "
            "tensor<?x1x4xf32>, tensor<?xi32>, !nn.rows<4xf32, clock = 4>, "
            "!nn.rows<4xf32, clock = 4> -> tensor<?x1x4xf32>",
        "tensor<?x1x4xf32>");
}

TEST_F(PiecesTest, Pick) {
  check(kFarStates, std::string(kFar) + kHeads + R"(
  %seen = nn.pick %far, %ids : !nn.rows<4xf32, clock = 4>, tensor<?x3xi32> -> !nn.rows<4xf32, clock = 4, picks = 3>
  %r = nn.attention %q, %p keys(%seen) values(%seen) scale = 1.0 : tensor<?x1x4xf32>, tensor<?xi32>, !nn.rows<4xf32, clock = 4, picks = 3>, !nn.rows<4xf32, clock = 4, picks = 3> -> tensor<?x1x4xf32>
)",
        "tensor<?x1x4xf32>");
}

TEST_F(PiecesTest, IndexScores) {
  check(kFarStates, std::string(kFar) + R"(
  %q = nn.rearrange %x, "t (h c) -> t h c" {h = 1 : i64} : tensor<?x4xf32> -> tensor<?x1x4xf32>
  %a = nn.slice %x[:, 0:1] : tensor<?x4xf32> -> tensor<?x1xf32>
  %r = nn.index_scores %q, %p, %far, %a : tensor<?x1x4xf32>, tensor<?xi32>, !nn.rows<4xf32, clock = 4>, tensor<?x1xf32> -> tensor<?x?xf32>
)",
        "tensor<?x?xf32>");
}

TEST_F(PiecesTest, LatentAttention) {
  check(R"(
  nn.state @latent : !nn.rows<3xf32> storage = f32
  nn.state @key : !nn.rows<1xf32> storage = f32
)",
        std::string(kHeads) + R"(
  %l = nn.slice %x[:, 0:3] : tensor<?x4xf32> -> tensor<?x3xf32>
  %k = nn.slice %x[:, 3:4] : tensor<?x4xf32> -> tensor<?x1xf32>
  %lr = nn.history %l, %p state = @latent : tensor<?x3xf32>, tensor<?xi32> -> !nn.rows<3xf32>
  %kr = nn.history %k, %p state = @key : tensor<?x1xf32>, tensor<?xi32> -> !nn.rows<1xf32>
  %ls = nn.pick %lr, %ids : !nn.rows<3xf32>, tensor<?x3xi32> -> !nn.rows<3xf32, picks = 3>
  %ks = nn.pick %kr, %ids : !nn.rows<1xf32>, tensor<?x3xi32> -> !nn.rows<1xf32, picks = 3>
  %qn = nn.slice %q[:, :, 0:2] : tensor<?x1x4xf32> -> tensor<?x1x2xf32>
  %qp = nn.slice %q[:, :, 2:3] : tensor<?x1x4xf32> -> tensor<?x1x1xf32>
  %uk = arith.constant dense<[[[0.5, -1.0, 0.25], [1.0, 0.75, -0.5]]]> : tensor<1x2x3xf32>
  %uv = arith.constant dense<[[[0.5, 1.0, 0.25], [-1.0, 0.75, 0.5]]]> : tensor<1x2x3xf32>
  %r = nn.latent_attention %qn, %p, %qp, %ls, %ks, %uk, %uv scale = 0.5 : tensor<?x1x2xf32>, tensor<?xi32>, tensor<?x1x1xf32>, !nn.rows<3xf32, picks = 3>, !nn.rows<1xf32, picks = 3>, tensor<1x2x3xf32>, tensor<1x2x3xf32> -> tensor<?x1x2xf32>
)",
        "tensor<?x1x2xf32>");
}

//===----------------------------------------------------------------------===//
// Going back
//===----------------------------------------------------------------------===//

TEST_F(PiecesTest, AnOpenWindowDoesNotGoBack) {
  auto module = parse(R"(
  nn.window_state @open : !nn.rows<1xf32> size = 4
  func.func @hidden(%tokens: tensor<?xi32>, %p: tensor<?xi32>) -> tensor<?x4x1xf32> {
    %e = arith.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32>
    %x = nn.embedding %tokens, %e : tensor<?xi32>, tensor<2x1xf32> -> tensor<?x1xf32>
    %r = nn.windows %x, %p state = @open size = 4 : tensor<?x1xf32>, tensor<?xi32> -> tensor<?x4x1xf32>
    return %r : tensor<?x4x1xf32>
  })");
  Interpreter interpreter(*module, source);
  ASSERT_TRUE(interpreter.feed(std::vector<int32_t>{0, 1, 1}));
  Status back = interpreter.truncate(2);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().str(),
            "state '@open': remembers what the next tokens need and no more: "
            "expects a length of 0 or 3, but got 2");
  EXPECT_TRUE(interpreter.truncate(3));
  auto window = interpreter.feed(std::vector<int32_t>{0});
  ASSERT_TRUE(window) << window.error().str();
  EXPECT_EQ(window->hidden.floats, (std::vector<float>{1, 2, 2, 1}));
  EXPECT_TRUE(interpreter.truncate(0));
  auto again = interpreter.feed(std::vector<int32_t>{1, 1, 0, 0, 1});
  ASSERT_TRUE(again) << again.error().str();
  EXPECT_EQ(again->hidden.floats, (std::vector<float>{2, 2, 1, 1}));
}

TEST_F(PiecesTest, ErrorsOfAStep) {
  auto module = parse(R"(
  nn.window_state @open : !nn.rows<1xf32> size = 4
  func.func @windows(%x: tensor<?x1xf32>, %p: tensor<?xi32>) -> tensor<?x4x1xf32> {
    %r = nn.windows %x, %p state = @open size = 4 : tensor<?x1xf32>, tensor<?xi32> -> tensor<?x4x1xf32>
    return %r : tensor<?x4x1xf32>
  }
  func.func @pick(%q: tensor<?x1x1xf32>, %p: tensor<?xi32>, %k: tensor<?x1xf32>, %ids: tensor<2x1xi32>) -> tensor<?x1x1xf32> {
    %rows = nn.rows %k : tensor<?x1xf32> -> !nn.rows<1xf32>
    %seen = nn.pick %rows, %ids : !nn.rows<1xf32>, tensor<2x1xi32> -> !nn.rows<1xf32, picks = 1>
    %r = nn.attention %q, %p keys(%seen) values(%seen) scale = 1.0 : tensor<?x1x1xf32>, tensor<?xi32>, !nn.rows<1xf32, picks = 1>, !nn.rows<1xf32, picks = 1> -> tensor<?x1x1xf32>
    return %r : tensor<?x1x1xf32>
  }
  func.func @latent(%q: tensor<?x1x1xf32>, %p: tensor<?xi32>, %l: tensor<2x1xf32>, %k: tensor<3x1xf32>, %w: tensor<1x1x1xf32>) -> tensor<?x1x1xf32> {
    %lr = nn.rows %l : tensor<2x1xf32> -> !nn.rows<1xf32>
    %kr = nn.rows %k : tensor<3x1xf32> -> !nn.rows<1xf32>
    %r = nn.latent_attention %q, %p, %q, %lr, %kr, %w, %w scale = 1.0 : tensor<?x1x1xf32>, tensor<?xi32>, tensor<?x1x1xf32>, !nn.rows<1xf32>, !nn.rows<1xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32> -> tensor<?x1x1xf32>
    return %r : tensor<?x1x1xf32>
  })");
  Interpreter interpreter(*module, source);
  auto message = [&](const char *name, std::vector<Tensor> inputs) {
    auto made = interpreter.runFunction(name, std::move(inputs));
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(message("windows", {floats({1, 1}, {1}), ints({1}, {2})}),
            "'nn.windows' expects position 0 next, but got 2");
  EXPECT_EQ(message("pick", {floats({3, 1, 1}, {1, 1, 1}), ints({3}, {0, 1, 2}),
                             floats({3, 1}, {1, 1, 1}), ints({2, 1}, {0, 1})}),
            "'nn.attention' expects rows picked by the ids of 3 queries, but "
            "got 2");
  EXPECT_EQ(
      message("latent",
              {floats({1, 1, 1}, {1}), ints({1}, {2}), floats({2, 1}, {1, 1}),
               floats({3, 1}, {1, 1, 1}), floats({1, 1, 1}, {1})}),
      "'nn.latent_attention' expects as many rows of 'k_pe' as of "
      "'latent' (2), but got 3");
}
} // namespace
