//===- ElementwiseCases.cpp - What elementwise ops compute on small inputs
//
// The expected values were worked out in numpy, in 64 bits, from the formulas
// of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "test/unit/dialects/nn/OpCases.h"
#include <cmath>

using namespace tombolo::nn;

const std::vector<OpCase> &tombolo::nn::elementwiseCases() {
  static const std::vector<OpCase> cases = {
      {"silu",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.silu %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3}, {-4.122307e-08f, -0.1896455f, -0.1887703f, 0.0f,
                       0.509384f, 5.985164f})},
      {"gelu",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.gelu %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3},
              {-0.0f, -0.01552418f, -0.1542688f, 0.0f, 0.5800295f, 6.0f})},
      {"gelu_tanh",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.gelu_tanh %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3},
              {-0.0f, -0.01508427f, -0.154286f, 0.0f, 0.5799606f, 6.0f})},
      {"sigmoid",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.sigmoid %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3}, {2.061154e-09f, 0.07585818f, 0.3775407f, 0.5f, 0.6791787f,
                       0.9975274f})},
      {"softplus",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.softplus %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3}, {2.061154e-09f, 0.07888973f, 0.474077f, 0.6931472f,
                       1.136871f, 6.002476f})},
      {"relu",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.relu %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3}, {0.0f, 0.0f, 0.0f, 0.0f, 0.75f, 6.0f})},
      {"tanh",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.tanh %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3},
              {-1.0f, -0.9866143f, -0.4621172f, 0.0f, 0.635149f, 0.9999877f})},
      {"exp",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.exp %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3},
              {2.061154e-09f, 0.082085f, 0.6065307f, 1.0f, 2.117f, 403.4288f})},
      {"neg",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.neg %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3}, {20.0f, 2.5f, 0.5f, -0.0f, -0.75f, -6.0f})},
      {"sqrt",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.sqrt %x : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {20.0f, 2.5f, 0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3},
              {4.472136f, 1.581139f, 0.7071068f, 0.0f, 0.8660254f, 2.44949f})},
      {"softplus_does_not_overflow",
       R"mlir(
func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  %r = nn.softplus %x : tensor<2xf32>
  return %r : tensor<2xf32>
}
)mlir",
       {floats({2}, {100.0f, -100.0f})},
       floats({2}, {100.0f, 3.720076e-44f})},
      {"add",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>, %y: tensor<3x1xf32>) -> tensor<?x3x2xf32> {
  %r = nn.add %x, %y : tensor<?x3x2xf32>, tensor<3x1xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f}),
        floats({3, 1}, {1.42f, 1.45f, -0.21f})},
       floats({2, 3, 2}, {1.37f, 0.76f, 0.69f, 2.4f, -0.66f, -0.44f, 1.45f,
                          3.18f, 2.47f, 2.02f, -1.06f, -2.28f})},
      {"sub",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>, %y: tensor<3x1xf32>) -> tensor<?x3x2xf32> {
  %r = nn.sub %x, %y : tensor<?x3x2xf32>, tensor<3x1xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f}),
        floats({3, 1}, {1.42f, 1.45f, -0.21f})},
       floats({2, 3, 2}, {-1.47f, -2.08f, -2.21f, -0.5f, -0.24f, -0.02f, -1.39f,
                          0.34f, -0.43f, -0.88f, -0.64f, -1.86f})},
      {"mul",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>, %y: tensor<3x1xf32>) -> tensor<?x3x2xf32> {
  %r = nn.mul %x, %y : tensor<?x3x2xf32>, tensor<3x1xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f}),
        floats({3, 1}, {1.42f, 1.45f, -0.21f})},
       floats({2, 3, 2},
              {-0.071f, -0.9372f, -1.102f, 1.3775f, 0.0945f, 0.0483f, 0.0426f,
               2.4992f, 1.479f, 0.8265f, 0.1785f, 0.4347f})},
      {"div",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>, %y: tensor<3x1xf32>) -> tensor<?x3x2xf32> {
  %r = nn.div %x, %y : tensor<?x3x2xf32>, tensor<3x1xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f}),
        floats({3, 1}, {1.42f, 1.45f, -0.21f})},
       floats({2, 3, 2}, {-0.03521127f, -0.4647887f, -0.5241379f, 0.6551724f,
                          2.142857f, 1.095238f, 0.02112676f, 1.239437f,
                          0.7034483f, 0.3931034f, 4.047619f, 9.857143f})},
      {"min",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>, %y: tensor<3x1xf32>) -> tensor<?x3x2xf32> {
  %r = nn.min %x, %y : tensor<?x3x2xf32>, tensor<3x1xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f}),
        floats({3, 1}, {1.42f, 1.45f, -0.21f})},
       floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                          1.42f, 1.02f, 0.57f, -0.85f, -2.07f})},
      {"max",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>, %y: tensor<3x1xf32>) -> tensor<?x3x2xf32> {
  %r = nn.max %x, %y : tensor<?x3x2xf32>, tensor<3x1xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f}),
        floats({3, 1}, {1.42f, 1.45f, -0.21f})},
       floats({2, 3, 2}, {1.42f, 1.42f, 1.45f, 1.45f, -0.21f, -0.21f, 1.42f,
                          1.76f, 1.45f, 1.45f, -0.21f, -0.21f})},
      {"sub_scalar_on_the_left",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>) -> tensor<?x3x2xf32> {
  %c = arith.constant 1.5 : f32
  %r = nn.sub %c, %x : f32, tensor<?x3x2xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f})},
       floats({2, 3, 2}, {1.55f, 2.16f, 2.26f, 0.55f, 1.95f, 1.73f, 1.47f,
                          -0.26f, 0.48f, 0.93f, 2.35f, 3.57f})},
      {"mul_without_dimensions",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>, %y: tensor<f32>) -> tensor<?x3x2xf32> {
  %r = nn.mul %x, %y : tensor<?x3x2xf32>, tensor<f32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.05f, -0.66f, -0.76f, 0.95f, -0.45f, -0.23f, 0.03f,
                           1.76f, 1.02f, 0.57f, -0.85f, -2.07f}),
        floats({}, {2.5f})},
       floats({2, 3, 2}, {-0.125f, -1.65f, -1.9f, 2.375f, -1.125f, -0.575f,
                          0.075f, 4.4f, 2.55f, 1.425f, -2.125f, -5.175f})},
      {"max_keeps_nan",
       R"mlir(
func.func @f(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %r = nn.max %x, %y : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  return %r : tensor<2xf32>
}
)mlir",
       {floats({2}, {NAN, 1.0f}), floats({2}, {1.0f, NAN})},
       floats({2}, {NAN, NAN})},
      {"clamp",
       R"mlir(
func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %r = nn.clamp %x low = -1.0 high = 2.0 : tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 3}, {-20.0f, -2.5f, -0.5f, 0.0f, 0.75f, 6.0f})},
       floats({2, 3}, {-1.0f, -1.0f, -0.5f, 0.0f, 0.75f, 2.0f})},
      {"cast_integers",
       R"mlir(
func.func @f(%x: tensor<?xi32>) -> tensor<?xf32> {
  %r = nn.cast %x to f32 : tensor<?xi32> -> tensor<?xf32>
  return %r : tensor<?xf32>
}
)mlir",
       {ints({2}, {3, -7})},
       floats({2}, {3.0f, -7.0f})},
      {"cast_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<3xf32>) -> tensor<3xbf16> {
  %r = nn.cast %x to bf16 : tensor<3xf32> -> tensor<3xbf16>
  return %r : tensor<3xbf16>
}
)mlir",
       {floats({3}, {1.003906f, 1.011719f, 3.3f})},
       bfloats({3}, {1.0f, 1.015625f, 3.296875f})},
      {"cast_rounds_to_f16",
       R"mlir(
func.func @f(%x: tensor<3xf32>) -> tensor<3xf16> {
  %r = nn.cast %x to f16 : tensor<3xf32> -> tensor<3xf16>
  return %r : tensor<3xf16>
}
)mlir",
       {floats({3}, {1.000488f, 70000.0f, 0.1f})},
       ofKind(ElementKind::F16, floats({3}, {1.0f, INFINITY, 0.09997559f}))},
      {"silu_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>) -> (tensor<?x4xbf16>) {
  %r = nn.silu %x : tensor<?x4xbf16>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f})},
       bfloats({1, 4}, {1.2265625f, -0.189453125f, 0.5078125f, 2.859375f})},
      {"clamp_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>) -> (tensor<?x4xbf16>) {
  %r = nn.clamp %x low = -1.1 high = 1.3 : tensor<?x4xbf16>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f})},
       bfloats({1, 4}, {1.296875f, -1.1015625f, 0.75f, 1.296875f})},
      {"mul_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>, %y: tensor<?x4xbf16>) -> (tensor<?x4xbf16>) {
  %r = nn.mul %x, %y : tensor<?x4xbf16>, tensor<?x4xbf16> -> tensor<?x4xbf16>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f}),
        bfloats({1, 4}, {0.40625f, 1.25f, -0.8125f, 2.0f})},
       bfloats({1, 4}, {0.609375f, -3.125f, -0.609375f, 6.0f})},
      {"glu_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>) -> (tensor<?x2xbf16>) {
  %r = nn.glu %x activation = "silu" group = 2 : tensor<?x4xbf16> -> tensor<?x2xbf16>
  return %r : tensor<?x2xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f})},
       bfloats({1, 2}, {0.91796875f, -0.5703125f})},
  };
  return cases;
}
