#include "test/unit/codegen/cpu/general/KernelRunner.h"

#include <bit>
#include <cmath>

using namespace tombolo::test;

namespace {

class Norms : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Norms, testing::ValuesIn(levels()), levelName);

constexpr int64_t kTokens = 3;
constexpr int64_t kWidths[] = {576, 72, 24, 8, 1};

std::string x(int64_t width) { return "x" + std::to_string(width); }

// The residual stream and its norm, as every layer has them.
TEST_P(Norms, AddAndRmsNormWithTwoResults) {
  for (int64_t width : kWidths) {
    size_t count = kTokens * width;
    auto a = numbers(count, 1), b = numbers(count, 2), w = numbers(width, 3);
    std::vector<float> sum(count), norm(count);
    std::string t = "tensor<1" + x(width) + "xf32>";
    RowKernel("    %sum = nn.add %a, %b : " + t + ", " + t + " -> " + t +
              "\n    %norm = nn.rms_norm %sum, %w eps = 1.0e-5 : " + t +
              ", tensor<" + std::to_string(width) + "xf32>")
        .rows("a", {width}, a)
        .rows("b", {width}, b)
        .whole("w", {width}, w)
        .result("sum", {width}, sum)
        .result("norm", {width}, norm)
        .run(GetParam(), kTokens);
    std::vector<double> expectedSum, expectedNorm;
    for (int64_t row = 0; row < kTokens; ++row) {
      double squares = 0;
      for (int64_t i = 0; i < width; ++i) {
        float s = a[row * width + i] + b[row * width + i];
        expectedSum.push_back(s);
        squares += static_cast<double>(s) * s;
      }
      double scale = 1 / std::sqrt(squares / width + 1e-5f);
      for (int64_t i = 0; i < width; ++i)
        expectedNorm.push_back(expectedSum[row * width + i] * scale * w[i]);
    }
    expectNear(sum, expectedSum, 0);
    expectNear(norm, expectedNorm, 1e-6);
  }
}

TEST_P(Norms, RmsNormWithoutWeightOnHalves) {
  // bf16 numbers: the top halves of floats.
  std::vector<uint16_t> in(kTokens * 40), out(in.size());
  auto values = numbers(in.size(), 7, 4);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = std::bit_cast<uint32_t>(values[i]) >> 16;
  auto widened = [](uint16_t bits) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  };
  RowKernel("    %y = nn.rms_norm %x eps = 1.0e-6 : tensor<1x40xbf16>")
      .rows("x", {40}, in, "bf16")
      .result("y", {40}, out, "bf16")
      .run(GetParam(), kTokens);
  for (int64_t row = 0; row < kTokens; ++row) {
    double squares = 0;
    for (int64_t i = 0; i < 40; ++i)
      squares += std::pow(widened(in[row * 40 + i]), 2.0);
    for (int64_t i = 0; i < 40; ++i) {
      double expected =
          widened(in[row * 40 + i]) / std::sqrt(squares / 40 + 1e-6);
      EXPECT_NEAR(widened(out[row * 40 + i]), expected,
                  std::abs(expected) / 255);
    }
  }
}

TEST_P(Norms, LayerNorm) {
  for (int64_t width : kWidths) {
    size_t count = kTokens * width;
    auto in = numbers(count, 4, 3), w = numbers(width, 5),
         b = numbers(width, 6);
    for (float &value : in)
      value += 100; // the mean must be taken out first
    std::vector<float> out(count), shifted(count);
    std::string t = "tensor<1" + x(width) + "xf32>",
                v = "tensor<" + std::to_string(width) + "xf32>";
    RowKernel("    %y = nn.layer_norm %x, %w bias(%b) eps = 1.0e-5 : " + t +
              ", " + v + ", " + v +
              "\n    %z = nn.layer_norm %x bias(%b) eps = 1.0e-5 : " + t +
              ", " + v)
        .rows("x", {width}, in)
        .whole("w", {width}, w)
        .whole("b", {width}, b)
        .result("y", {width}, out)
        .result("z", {width}, shifted)
        .run(GetParam(), kTokens);
    std::vector<double> expected, expectedShifted;
    for (int64_t row = 0; row < kTokens; ++row) {
      const float *r = &in[row * width];
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < width; ++i)
        mean += r[i] / static_cast<double>(width);
      for (int64_t i = 0; i < width; ++i)
        variance += (r[i] - mean) * (r[i] - mean) / width;
      for (int64_t i = 0; i < width; ++i) {
        double d = (r[i] - mean) / std::sqrt(variance + 1e-5f);
        expected.push_back(d * w[i] + b[i]);
        expectedShifted.push_back(d + b[i]);
      }
    }
    expectNear(out, expected, 3e-5);
    expectNear(shifted, expectedShifted, 3e-5);
  }
}

TEST_P(Norms, L2NormOfHeads) {
  auto in = numbers(kTokens * 3 * 24, 8);
  std::vector<float> out(in.size());
  RowKernel("    %y = nn.l2_norm %x eps = 1.0e-6 : tensor<1x3x24xf32>")
      .rows("x", {3, 24}, in)
      .result("y", {3, 24}, out)
      .run(GetParam(), kTokens);
  std::vector<double> expected;
  for (size_t row = 0; row < in.size() / 24; ++row) {
    double squares = 1e-6f;
    for (int i = 0; i < 24; ++i)
      squares += static_cast<double>(in[row * 24 + i]) * in[row * 24 + i];
    for (int i = 0; i < 24; ++i)
      expected.push_back(in[row * 24 + i] / std::sqrt(squares));
  }
  expectNear(out, expected, 1e-6);
}

TEST_P(Norms, SoftmaxOfRows) {
  for (int64_t width : kWidths) {
    auto in = numbers(kTokens * width, 9, 30);
    std::vector<float> out(in.size());
    std::string t = "tensor<1" + x(width) + "xf32>";
    RowKernel("    %y = nn.softmax %x : " + t + " -> " + t)
        .rows("x", {width}, in)
        .result("y", {width}, out)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (int64_t row = 0; row < kTokens; ++row) {
      double sum = 0;
      for (int64_t i = 0; i < width; ++i)
        sum += std::exp(static_cast<double>(in[row * width + i]));
      for (int64_t i = 0; i < width; ++i)
        expected.push_back(std::exp(static_cast<double>(in[row * width + i])) /
                           sum);
    }
    expectNear(out, expected, 2e-6);
  }
}

// Along an axis in the middle the vectors run across, not along.
TEST_P(Norms, SoftmaxAndSumOfAnInnerAxis) {
  auto in = numbers(kTokens * 8 * 5, 10, 5);
  std::vector<float> soft(in.size()), sum(kTokens * 5);
  RowKernel("    %p = nn.softmax %x axis = 1 : tensor<1x8x5xf32> -> "
            "tensor<1x8x5xf32>\n"
            "    %s = nn.sum %x axis = -2 : tensor<1x8x5xf32> -> "
            "tensor<1x1x5xf32>")
      .rows("x", {8, 5}, in)
      .result("p", {8, 5}, soft)
      .result("s", {1, 5}, sum)
      .run(GetParam(), kTokens);
  std::vector<double> expectedSoft(in.size()), expectedSum;
  for (int64_t t = 0; t < kTokens; ++t)
    for (int64_t j = 0; j < 5; ++j) {
      double exps = 0, plain = 0;
      for (int64_t i = 0; i < 8; ++i) {
        exps += std::exp(static_cast<double>(in[(t * 8 + i) * 5 + j]));
        plain += in[(t * 8 + i) * 5 + j];
      }
      expectedSum.push_back(plain);
      for (int64_t i = 0; i < 8; ++i)
        expectedSoft[(t * 8 + i) * 5 + j] =
            std::exp(static_cast<double>(in[(t * 8 + i) * 5 + j])) / exps;
    }
  expectNear(soft, expectedSoft);
  expectNear(sum, expectedSum, 2e-6, 10);
}

TEST_P(Norms, SumOfRows) {
  for (int64_t width : kWidths) {
    auto in = numbers(kTokens * width, 11);
    std::vector<float> out(kTokens);
    RowKernel("    %y = nn.sum %x axis = -1 : tensor<1" + x(width) +
              "xf32> -> tensor<1x1xf32>")
        .rows("x", {width}, in)
        .result("y", {1}, out)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (int64_t row = 0; row < kTokens; ++row) {
      expected.push_back(0);
      for (int64_t i = 0; i < width; ++i)
        expected.back() += in[row * width + i];
    }
    expectNear(out, expected, 1e-6, 20);
  }
}

} // namespace
