// Products of activations and doubly stochastic matrices, as models with
// several residual streams mix them.

#include "test/unit/codegen/cpu/general/KernelRunner.h"

#include <cmath>

using namespace tombolo::test;

namespace {

class Mix : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Mix, testing::ValuesIn(levels()), levelName);

constexpr int64_t kTokens = 3;
/// Whole vectors of every level, and what is left over.
constexpr int64_t kWidths[] = {1, 7, 16, 40, 100};

std::string tensor(std::initializer_list<int64_t> shape,
                   const char *element = "f32") {
  std::string text = "tensor<1x";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

std::string einsum(const std::string &a, const std::string &b,
                   const std::string &pattern, const std::string &aType,
                   const std::string &bType, const std::string &type) {
  return " = nn.einsum " + a + ", " + b + " \"" + pattern + "\" : " + aType +
         ", " + bType + " -> " + type + "\n";
}

// Of 1 to 9 streams: sums that are written out, and one that is a loop.
TEST_P(Mix, GathersStreams) {
  for (int64_t n : {1, 2, 3, 4, 5, 9})
    for (int64_t d : kWidths) {
      auto pre = numbers(kTokens * n, unsigned(n)),
           x = numbers(kTokens * n * d, unsigned(d));
      std::vector<float> y(kTokens * d);
      RowKernel("    %y" + einsum("%p", "%x", "t n, t n d -> t d", tensor({n}),
                                  tensor({n, d}), tensor({d})))
          .rows("p", {n}, pre)
          .rows("x", {n, d}, x)
          .result("y", {d}, y)
          .run(GetParam(), kTokens);
      std::vector<double> expected;
      for (int64_t t = 0; t < kTokens; ++t)
        for (int64_t j = 0; j < d; ++j) {
          double sum = 0;
          for (int64_t i = 0; i < n; ++i)
            sum += double(pre[t * n + i]) * x[(t * n + i) * d + j];
          expected.push_back(sum);
        }
      expectNear(y, expected);
    }
}

// What a layer made goes to all streams, which are mixed; the norm of the
// result is read from the same pass.
TEST_P(Mix, SpreadsToStreams) {
  for (int64_t n : {1, 2, 3, 4, 5})
    for (int64_t d : kWidths) {
      auto post = numbers(kTokens * n, 1), y = numbers(kTokens * d, 2),
           mix = numbers(kTokens * n * n, 3),
           streams = numbers(kTokens * n * d, 4);
      std::vector<float> out(kTokens * n * d), norm(out.size());
      std::string all = tensor({n, d}), flat = tensor({n * d});
      RowKernel("    %a" +
                einsum("%p", "%y", "t o, t d -> t o d", tensor({n}),
                       tensor({d}), all) +
                "    %b" +
                einsum("%m", "%x", "t i o, t i d -> t o d", tensor({n, n}), all,
                       all) +
                "    %r = nn.add %a, %b : " + all + ", " + all + " -> " + all +
                "\n    %f = nn.rearrange %r, \"t n d -> t (n d)\" : " + all +
                " -> " + flat +
                "\n    %z = nn.rms_norm %f eps = 1.0e-6 : " + flat + "\n")
          .rows("p", {n}, post)
          .rows("y", {d}, y)
          .rows("m", {n, n}, mix)
          .rows("x", {n, d}, streams)
          .result("r", {n, d}, out)
          .result("z", {n * d}, norm)
          .run(GetParam(), kTokens);
      std::vector<double> expected, expectedNorm;
      for (int64_t t = 0; t < kTokens; ++t) {
        double squares = 0;
        for (int64_t o = 0; o < n; ++o)
          for (int64_t j = 0; j < d; ++j) {
            double sum = double(post[t * n + o]) * y[t * d + j];
            for (int64_t i = 0; i < n; ++i)
              sum += double(mix[(t * n + i) * n + o]) *
                     streams[(t * n + i) * d + j];
            expected.push_back(sum);
            squares += sum * sum;
          }
        for (int64_t i = 0; i < n * d; ++i)
          expectedNorm.push_back(expected[t * n * d + i] /
                                 std::sqrt(squares / double(n * d) + 1e-6));
      }
      expectNear(out, expected);
      expectNear(norm, expectedNorm, 1e-5);
    }
}

// Weights that the same kernel makes: of four numbers each, read by all
// channels.
TEST_P(Mix, GathersByAGateOfTheKernel) {
  for (int64_t d : kWidths) {
    auto gate = numbers(kTokens * 4, 5, 3), x = numbers(kTokens * 4 * d, 6);
    std::vector<float> y(kTokens * d);
    RowKernel("    %c = arith.constant 1.0e-6 : f32\n"
              "    %s = nn.sigmoid %g : tensor<1x4xf32>\n"
              "    %p = nn.add %s, %c : tensor<1x4xf32>, f32 -> "
              "tensor<1x4xf32>\n    %y" +
              einsum("%p", "%x", "t n, t n d -> t d", tensor({4}),
                     tensor({4, d}), tensor({d})))
        .rows("g", {4}, gate)
        .rows("x", {4, d}, x)
        .result("y", {d}, y)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (int64_t t = 0; t < kTokens; ++t)
      for (int64_t j = 0; j < d; ++j) {
        double sum = 0;
        for (int64_t i = 0; i < 4; ++i)
          sum += (1 / (1 + std::exp(-double(gate[t * 4 + i]))) + 1e-6) *
                 x[(t * 4 + i) * d + j];
        expected.push_back(sum);
      }
    expectNear(y, expected);
  }
}

// Sums over many terms, over two axes, and none at all; an operand in bf16.
TEST_P(Mix, OtherPatterns) {
  constexpr int64_t h = 3, k = 5, d = 40;
  auto q = numbers(kTokens * h * d, 7), x = numbers(kTokens * k * d, 8),
       w = numbers(kTokens * h * k, 9);
  std::vector<uint16_t> half(kTokens * h);
  for (size_t i = 0; i < half.size(); ++i)
    half[i] = uint16_t(0x3f80 + 16 * i); // 1, 1.125, ...
  std::vector<float> scores(kTokens * h * k), means(kTokens * d),
      outer(kTokens * h * d), scaled(kTokens * h * d);
  RowKernel("    %s" +
            einsum("%q", "%x", "t h d, t k d -> t h k", tensor({h, d}),
                   tensor({k, d}), tensor({h, k})) +
            "    %m" +
            einsum("%w", "%x", "t h k, t k d -> t d", tensor({h, k}),
                   tensor({k, d}), tensor({d})) +
            "    %o" +
            einsum("%m", "%g", "t d, t h -> t h d", tensor({d}),
                   tensor({h}, "bf16"), tensor({h, d})) +
            "    %z" +
            einsum("%q", "%g", "t h d, t h -> t h d", tensor({h, d}),
                   tensor({h}, "bf16"), tensor({h, d})))
      .rows("q", {h, d}, q)
      .rows("x", {k, d}, x)
      .rows("w", {h, k}, w)
      .rows("g", {h}, half, "bf16")
      .result("s", {h, k}, scores)
      .result("m", {d}, means)
      .result("o", {h, d}, outer)
      .result("z", {h, d}, scaled)
      .run(GetParam(), kTokens);
  std::vector<double> expectedScores, expectedMeans, expectedOuter,
      expectedScaled;
  for (int64_t t = 0; t < kTokens; ++t) {
    for (int64_t i = 0; i < h; ++i)
      for (int64_t j = 0; j < k; ++j) {
        double sum = 0;
        for (int64_t c = 0; c < d; ++c)
          sum += double(q[(t * h + i) * d + c]) * x[(t * k + j) * d + c];
        expectedScores.push_back(sum);
      }
    for (int64_t c = 0; c < d; ++c) {
      double sum = 0;
      for (int64_t i = 0; i < h; ++i)
        for (int64_t j = 0; j < k; ++j)
          sum += double(w[(t * h + i) * k + j]) * x[(t * k + j) * d + c];
      expectedMeans.push_back(sum);
    }
    for (int64_t i = 0; i < h; ++i) {
      double factor = 1 + 0.125 * double(t * h + i);
      for (int64_t c = 0; c < d; ++c) {
        expectedOuter.push_back(factor * expectedMeans[t * d + c]);
        expectedScaled.push_back(factor * q[(t * h + i) * d + c]);
      }
    }
  }
  expectNear(scores, expectedScores, 4e-6);
  expectNear(means, expectedMeans, 4e-6);
  expectNear(outer, expectedOuter, 8e-6);
  expectNear(scaled, expectedScaled);
}

/// The description of nn.sinkhorn in float64.
std::vector<double> balanced(const std::vector<float> &in, int64_t n,
                             int64_t iterations, double eps) {
  std::vector<double> x(in.begin(), in.end());
  for (size_t at = 0; at < x.size(); at += n * n)
    for (int64_t turn = 0; turn < 2 * iterations - 1; ++turn)
      for (int64_t a = 0; a < n; ++a) {
        int64_t first = turn % 2 ? a * n : a, step = turn % 2 ? 1 : n;
        double sum = eps;
        for (int64_t b = 0; b < n; ++b)
          sum += x[at + first + b * step];
        for (int64_t b = 0; b < n; ++b)
          x[at + first + b * step] /= sum;
      }
  return x;
}

TEST_P(Mix, SinkhornBalancesMatrices) {
  for (int64_t n : {1, 2, 3, 4, 5, 8, 9, 20})
    for (int64_t iterations : {1, 2, 20})
      for (int64_t count : {1, 3}) {
        auto x = numbers(kTokens * count * n * n, unsigned(n + iterations));
        for (float &value : x)
          value = std::exp(4 * value) + 1e-6f;
        x[0] = 1e-6f;
        std::vector<float> y(x.size());
        std::string type = count == 1 ? tensor({n, n}) : tensor({count, n, n});
        std::vector<int64_t> shape = {n, n};
        if (count > 1)
          shape.insert(shape.begin(), count);
        RowKernel("    %y = nn.sinkhorn %x iterations = " +
                  std::to_string(iterations) + " eps = 1.0e-06 : " + type)
            .rows("x", shape, x)
            .result("y", shape, y)
            .run(GetParam(), kTokens);
        SCOPED_TRACE(std::to_string(n) + " x " + std::to_string(iterations));
        expectNear(y, balanced(x, n, iterations, 1e-6f), 4e-6, 0.1);
      }
}

// The matrix and its weights are made of a row of a product, as
// hyper-connections make them.
TEST_P(Mix, SinkhornOfASoftmax) {
  auto x = numbers(kTokens * 24, 3, 4);
  std::vector<float> base = numbers(24, 4), scale = {0.5f, 0.25f, 2};
  std::vector<float> y(kTokens * 16), gate(kTokens * 4);
  RowKernel(
      "    %post = nn.slice %x[:, 4:8] : tensor<1x24xf32> -> tensor<1x4xf32>\n"
      "    %mix = nn.slice %x[:, 8:24] : tensor<1x24xf32> -> "
      "tensor<1x16xf32>\n"
      "    %s1 = nn.slice %scale[1:2] : tensor<3xf32> -> tensor<1xf32>\n"
      "    %s2 = nn.slice %scale[2:3] : tensor<3xf32> -> tensor<1xf32>\n"
      "    %b1 = nn.slice %base[4:8] : tensor<24xf32> -> tensor<4xf32>\n"
      "    %b2 = nn.slice %base[8:24] : tensor<24xf32> -> tensor<16xf32>\n"
      "    %p1 = nn.mul %post, %s1 : tensor<1x4xf32>, tensor<1xf32> -> "
      "tensor<1x4xf32>\n"
      "    %p2 = nn.add %p1, %b1 : tensor<1x4xf32>, tensor<4xf32> -> "
      "tensor<1x4xf32>\n"
      "    %p3 = nn.sigmoid %p2 : tensor<1x4xf32>\n"
      "    %two = arith.constant 2.0 : f32\n"
      "    %g = nn.mul %two, %p3 : f32, tensor<1x4xf32> -> tensor<1x4xf32>\n"
      "    %m1 = nn.mul %mix, %s2 : tensor<1x16xf32>, tensor<1xf32> -> "
      "tensor<1x16xf32>\n"
      "    %m2 = nn.add %m1, %b2 : tensor<1x16xf32>, tensor<16xf32> -> "
      "tensor<1x16xf32>\n"
      "    %m3 = nn.rearrange %m2, \"t (i o) -> t i o\" {i = 4 : i64} : "
      "tensor<1x16xf32> -> tensor<1x4x4xf32>\n"
      "    %m4 = nn.softmax %m3 : tensor<1x4x4xf32> -> tensor<1x4x4xf32>\n"
      "    %eps = arith.constant 1.0e-6 : f32\n"
      "    %m5 = nn.add %m4, %eps : tensor<1x4x4xf32>, f32 -> "
      "tensor<1x4x4xf32>\n"
      "    %y = nn.sinkhorn %m5 iterations = 20 eps = 1.0e-06 : "
      "tensor<1x4x4xf32>")
      .rows("x", {24}, x)
      .whole("base", {24}, base)
      .whole("scale", {3}, scale)
      .result("y", {4, 4}, y)
      .result("g", {4}, gate)
      .run(GetParam(), kTokens);
  std::vector<double> expectedGate;
  std::vector<float> matrix;
  for (int64_t t = 0; t < kTokens; ++t) {
    const float *row = &x[t * 24];
    for (int64_t i = 4; i < 8; ++i)
      expectedGate.push_back(
          2 / (1 + std::exp(-(row[i] * double(scale[1]) + base[i]))));
    for (int64_t i = 0; i < 4; ++i) {
      double sum = 0, exps[4];
      for (int64_t o = 0; o < 4; ++o) {
        int64_t at = 8 + i * 4 + o;
        exps[o] = std::exp(row[at] * double(scale[2]) + base[at]);
        sum += exps[o];
      }
      for (double value : exps)
        matrix.push_back(float(value / sum + 1e-6));
    }
  }
  expectNear(gate, expectedGate);
  expectNear(y, balanced(matrix, 4, 20, 1e-6f), 2e-5, 0.1);
}

// Each group of a row has a matrix of its own.
TEST_P(Mix, MultipliesGroups) {
  struct {
    int64_t groups, in, out;
  } const shapes[] = {{2, 24, 40}, {4, 16, 7}, {1, 9, 16}, {3, 5, 1}};
  for (auto [groups, in, out] : shapes) {
    auto x = numbers(kTokens * groups * in, 1),
         w = numbers(groups * out * in, 2);
    std::vector<float> y(kTokens * groups * out);
    std::string matrices = "tensor<" + std::to_string(groups) + "x" +
                           std::to_string(out) + "x" + std::to_string(in) +
                           "xf32>";
    RowKernel("    %y = nn.grouped_linear %x, %w : " + tensor({groups, in}) +
              ", " + matrices + " -> " + tensor({groups, out}) + "\n")
        .rows("x", {groups, in}, x)
        .whole("w", {groups, out, in}, w)
        .result("y", {groups, out}, y)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (int64_t row = 0; row < kTokens * groups; ++row)
      for (int64_t o = 0; o < out; ++o) {
        double sum = 0;
        for (int64_t i = 0; i < in; ++i)
          sum += double(x[row * in + i]) * w[(row % groups * out + o) * in + i];
        expected.push_back(sum);
      }
    expectNear(y, expected);
  }
}

} // namespace
