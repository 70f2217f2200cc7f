#include "test/unit/codegen/cpu/general/KernelRunner.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace tombolo::test;

namespace {

class Elementwise : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Elementwise, testing::ValuesIn(levels()),
                         levelName);

constexpr int64_t kTokens = 3;

struct Unary {
  const char *name;
  double (*meaning)(double);
  double tolerance;
};

constexpr double kPi = 3.14159265358979323846;
const Unary kUnary[] = {
    {"neg", [](double v) { return -v; }, 0},
    {"silu", [](double v) { return v / (1 + std::exp(-v)); }, 1e-6},
    {"gelu",
     [](double v) { return v * (1 + std::erf(v / std::sqrt(2.0))) / 2; }, 2e-6},
    {"gelu_tanh",
     [](double v) {
       return v *
              (1 + std::tanh(std::sqrt(2 / kPi) * (v + 0.044715 * v * v * v))) /
              2;
     },
     2e-6},
    {"sigmoid", [](double v) { return 1 / (1 + std::exp(-v)); }, 1e-6},
    {"softplus",
     [](double v) {
       return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v)));
     },
     1e-6},
    {"relu", [](double v) { return std::max(v, 0.0); }, 0},
    {"tanh", [](double v) { return std::tanh(v); }, 1e-6},
    {"exp", [](double v) { return std::exp(v); }, 1e-6},
};

TEST_P(Elementwise, UnaryOps) {
  for (const Unary &op : kUnary) {
    SCOPED_TRACE(op.name);
    auto in = numbers(kTokens * 43, 1, 12);
    in[0] = 0;
    in[1] = 87, in[2] = -87, in[3] = 1e-4f, in[4] = -1e-4f, in[5] = -150;
    std::vector<float> out(in.size());
    RowKernel(std::string("    %y = nn.") + op.name + " %x : tensor<1x43xf32>")
        .rows("x", {43}, in)
        .result("y", {43}, out)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (float value : in)
      expected.push_back(op.meaning(value));
    expectNear(out, expected, op.tolerance);
  }
}

TEST_P(Elementwise, SqrtAndClamp) {
  auto in = numbers(kTokens * 24, 2, 9);
  in[7] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> root(in.size()), held(in.size());
  RowKernel("    %r = nn.sqrt %x : tensor<1x24xf32>\n"
            "    %c = nn.clamp %x low = -7.0 high = 2.5 : tensor<1x24xf32>")
      .rows("x", {24}, in)
      .result("r", {24}, root)
      .result("c", {24}, held)
      .run(GetParam(), kTokens);
  std::vector<double> expectedRoot, expectedHeld;
  for (float value : in) {
    expectedRoot.push_back(std::sqrt(static_cast<double>(value)));
    expectedHeld.push_back(std::isnan(value) ? value
                                             : std::clamp(value, -7.0f, 2.5f));
  }
  expectNear(root, expectedRoot, 1e-7);
  expectNear(held, expectedHeld, 0);
}

struct Binary {
  const char *name;
  double (*meaning)(double, double);
};
const Binary kBinary[] = {
    {"add", [](double a, double b) { return a + b; }},
    {"sub", [](double a, double b) { return a - b; }},
    {"mul", [](double a, double b) { return a * b; }},
    {"div", [](double a, double b) { return a / b; }},
    {"min", [](double a, double b) { return std::min(a, b); }},
    {"max", [](double a, double b) { return std::max(a, b); }},
};

// x [T, 3, 20] with y [20], then with z [T, 3, 1], then with a number.
TEST_P(Elementwise, BinaryOpsBroadcast) {
  for (const Binary &op : kBinary) {
    SCOPED_TRACE(op.name);
    auto x = numbers(kTokens * 60, 3), y = numbers(20, 4),
         z = numbers(kTokens * 3, 5);
    std::vector<float> out(x.size());
    std::string name = std::string("nn.") + op.name + " ";
    std::string t = "tensor<1x3x20xf32>";
    RowKernel("    %two = arith.constant 2.0 : f32\n    %a = " + name +
              "%x, %y : " + t + ", tensor<20xf32> -> " + t + "\n    %b = " +
              name + "%a, %z : " + t + ", tensor<1x3x1xf32> -> " + t +
              "\n    %o = " + name + "%two, %b : f32, " + t + " -> " + t)
        .rows("x", {3, 20}, x)
        .whole("y", {20}, y)
        .rows("z", {3, 1}, z)
        .result("o", {3, 20}, out)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (int64_t row = 0; row < kTokens * 3; ++row)
      for (int64_t i = 0; i < 20; ++i) {
        float a = op.meaning(x[row * 20 + i], y[i]);
        float b = op.meaning(a, z[row]);
        expected.push_back(static_cast<float>(op.meaning(2, b)));
      }
    expectNear(out, expected, 2e-7);
  }
}

TEST_P(Elementwise, GatedActivation) {
  for (int64_t width : {1536, 72, 24, 8, 1}) {
    auto gate = numbers(kTokens * width, 6, 8),
         up = numbers(kTokens * width, 7);
    std::vector<float> out(gate.size());
    std::string t = "tensor<1x" + std::to_string(width) + "xf32>";
    RowKernel("    %a = nn.silu %g : " + t + "\n    %o = nn.mul %a, %u : " + t +
              ", " + t + " -> " + t)
        .rows("g", {width}, gate)
        .rows("u", {width}, up)
        .result("o", {width}, out)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (size_t i = 0; i < gate.size(); ++i)
      expected.push_back(gate[i] / (1 + std::exp(-double(gate[i]))) * up[i]);
    expectNear(out, expected, 1e-6);
  }
}

TEST_P(Elementwise, GluOfGroups) {
  const char *activations[] = {"silu", "gelu", "gelu_tanh", "relu"};
  auto in = numbers(kTokens * 64, 8, 4);
  for (const char *activation : activations) {
    SCOPED_TRACE(activation);
    std::vector<float> out(in.size() / 2);
    RowKernel(std::string("    %o = nn.glu %x activation = \"") + activation +
              "\" group = 16 : tensor<1x64xf32> -> tensor<1x32xf32>")
        .rows("x", {64}, in)
        .result("o", {32}, out)
        .run(GetParam(), kTokens);
    std::vector<double> expected;
    for (size_t row = 0; row < in.size() / 64; ++row)
      for (int i = 0; i < 32; ++i) {
        double g = in[row * 64 + i / 16 * 32 + i % 16];
        double u = in[row * 64 + i / 16 * 32 + 16 + i % 16];
        for (const Unary &op : kUnary)
          if (op.name == std::string(activation))
            expected.push_back(op.meaning(g) * u);
      }
    expectNear(out, expected);
  }
}

TEST_P(Elementwise, Casts) {
  std::vector<int32_t> ids = {0,     1,          -5, 1 << 24, (1 << 24) + 1,
                              70000, 2147483647, 8,  9};
  std::vector<float> wide(9);
  std::vector<uint16_t> half(9);
  RowKernel("    %f = nn.cast %i to f32 : tensor<1x3xi32> -> tensor<1x3xf32>\n"
            "    %h = nn.cast %f to f16 : tensor<1x3xf32> -> tensor<1x3xf16>")
      .rows("i", {3}, ids)
      .result("f", {3}, wide)
      .result("h", {3}, half, "f16")
      .run(GetParam(), 3);
  std::vector<double> expected;
  for (int32_t id : ids)
    expected.push_back(static_cast<float>(id));
  expectNear(wide, expected, 0);
  EXPECT_EQ(half[1], 0x3c00);
  EXPECT_EQ(half[2], 0xc500);
  EXPECT_EQ(half[5], 0x7c00); // too large: infinite
}

} // namespace
