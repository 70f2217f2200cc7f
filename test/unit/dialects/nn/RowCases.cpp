//===- RowCases.cpp - What row-wise ops compute on small inputs
//
// The expected values were worked out in numpy, in 64 bits, from the formulas
// of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "test/unit/dialects/nn/OpCases.h"
#include <cmath>

using namespace tombolo::nn;

const std::vector<OpCase> &tombolo::nn::rowCases() {
  static const std::vector<OpCase> cases = {
      {"embedding",
       R"mlir(
func.func @f(%ids: tensor<?xi32>, %table: tensor<5x3xf32>) -> tensor<?x3xf32> {
  %r = nn.embedding %ids, %table : tensor<?xi32>, tensor<5x3xf32> -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {ints({3}, {4, 0, 2}),
        floats({5, 3},
               {0.0f, 0.45f, -0.41f, -1.34f, -0.68f, -1.49f, 0.09f, 2.01f,
                -0.74f, -0.93f, 0.73f, 0.54f, 0.16f, -1.4f, -0.04f})},
       floats({3, 3}, {0.16f, -1.4f, -0.04f, 0.0f, 0.45f, -0.41f, 0.09f, 2.01f,
                       -0.74f})},
      {"linear",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>, %w: tensor<2x4xf32>) -> tensor<?x2xf32> {
  %r = nn.linear %x, %w : tensor<?x4xf32>, tensor<2x4xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}
)mlir",
       {floats({3, 4}, {1.04f, -2.02f, -0.69f, -2.85f, -1.93f, -2.76f, -0.35f,
                        -1.9f, 0.41f, 0.24f, -0.28f, -3.78f}),
        floats({2, 4},
               {-0.81f, -0.07f, 0.17f, -2.3f, -0.72f, -1.47f, -1.21f, 1.59f})},
       floats({3, 2}, {5.7367f, -1.476f, 6.067f, 2.8493f, 8.2975f, -6.3194f})},
      {"linear_bias",
       R"mlir(
func.func @f(%x: tensor<?x2x4xf32>, %w: tensor<2x4xf32>, %b: tensor<2xf32>) -> tensor<?x2x2xf32> {
  %r = nn.linear %x, %w, %b : tensor<?x2x4xf32>, tensor<2x4xf32>, tensor<2xf32> -> tensor<?x2x2xf32>
  return %r : tensor<?x2x2xf32>
}
)mlir",
       {floats({2, 2, 4},
               {1.33f, -0.88f, -0.17f, 0.17f, 0.1f, -1.84f, 0.11f, 2.04f,
                -2.32f, 1.29f, 0.18f, -0.96f, 3.0f, 1.14f, -1.8f, 0.11f}),
        floats({2, 4},
               {-0.81f, -0.07f, 0.17f, -2.3f, -0.72f, -1.47f, -1.21f, 1.59f}),
        floats({2}, {-1.21f, -0.05f})},
       floats({2, 2, 2}, {-2.6456f, 0.762f, -5.8355f, 5.6933f, 2.8175f,
                          -2.0201f, -4.2788f, -1.5329f})},
      {"rms_norm",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>, %w: tensor<4xf32>) -> tensor<?x4xf32> {
  %r = nn.rms_norm %x, %w eps = 1.0e-01 : tensor<?x4xf32>, tensor<4xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({3, 4}, {1.04f, -2.02f, -0.69f, -2.85f, -1.93f, -2.76f, -0.35f,
                        -1.9f, 0.41f, 0.24f, -0.28f, -3.78f}),
        floats({4}, {0.87f, -0.28f, 1.02f, -0.1f})},
       floats({3, 4}, {0.4808856f, 0.3006066f, -0.3740576f, 0.1514726f,
                       -0.8536724f, 0.3928998f, -0.1815026f, 0.09659803f,
                       0.1842452f, -0.03471061f, -0.1475201f, 0.1952472f})},
      {"rms_norm_without_weight",
       R"mlir(
func.func @f(%x: tensor<?x2x4xf32>) -> tensor<?x2x4xf32> {
  %r = nn.rms_norm %x eps = 1.0e-01 : tensor<?x2x4xf32>
  return %r : tensor<?x2x4xf32>
}
)mlir",
       {floats({2, 2, 4},
               {1.33f, -0.88f, -0.17f, 0.17f, 0.1f, -1.84f, 0.11f, 2.04f,
                -2.32f, 1.29f, 0.18f, -0.96f, 3.0f, 1.14f, -1.8f, 0.11f})},
       floats({2, 2, 4}, {1.53547f, -1.01595f, -0.1962631f, 0.1962631f,
                          0.07084675f, -1.30358f, 0.07793142f, 1.445274f,
                          -1.600904f, 0.8901581f, 0.1242081f, -0.6624432f,
                          1.606341f, 0.6104095f, -0.9638045f, 0.05889916f})},
      {"layer_norm",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>, %w: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  %r = nn.layer_norm %x, %w bias(%b) eps = 1.0e-02 : tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({3, 4}, {1.04f, -2.02f, -0.69f, -2.85f, -1.93f, -2.76f, -0.35f,
                        -1.9f, 0.41f, 0.24f, -0.28f, -3.78f}),
        floats({4}, {0.87f, -0.28f, 1.02f, -0.1f}),
        floats({4}, {1.0f, 2.16f, -1.01f, 0.3f})},
       floats({3, 4}, {2.280631f, 2.329041f, -0.7055626f, 0.4166739f,
                       0.8064804f, 2.487381f, 0.6014653f, 0.3188215f, 1.641528f,
                       1.981333f, -0.6689324f, 0.4709864f})},
      {"layer_norm_bias_only",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  %r = nn.layer_norm %x bias(%b) eps = 1.0e-02 : tensor<?x4xf32>, tensor<4xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({3, 4}, {1.04f, -2.02f, -0.69f, -2.85f, -1.93f, -2.76f, -0.35f,
                        -1.9f, 0.41f, 0.24f, -0.28f, -3.78f}),
        floats({4}, {1.0f, 2.16f, -1.01f, 0.3f})},
       floats({3, 4}, {2.47199f, 1.556281f, -0.711532f, -0.8667387f, 0.7775637f,
                       0.9907837f, 0.5698679f, 0.1117847f, 1.737388f, 2.798096f,
                       -0.67562f, -1.409864f})},
      {"l2_norm",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = nn.l2_norm %x eps = 5.0e-01 : tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({3, 4}, {1.04f, -2.02f, -0.69f, -2.85f, -1.93f, -2.76f, -0.35f,
                        -1.9f, 0.41f, 0.24f, -0.28f, -3.78f})},
       floats({3, 4}, {0.2754003f, -0.5349122f, -0.1827175f, -0.7547028f,
                       -0.4890388f, -0.6993508f, -0.08868579f, -0.4814371f,
                       0.1055366f, 0.06177755f, -0.0720738f, -0.9729963f})},
      {"softmax",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = nn.softmax %x : tensor<?x4xf32> -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}
)mlir",
       {floats({3, 4}, {1.04f, -2.02f, -0.69f, -2.85f, -1.93f, -2.76f, -0.35f,
                        -1.9f, 0.41f, 0.24f, -0.28f, -3.78f})},
       floats({3, 4}, {0.8034597f, 0.03767237f, 0.1424409f, 0.01642701f,
                       0.1365848f, 0.0595577f, 0.6631131f, 0.1407444f,
                       0.4236593f, 0.3574265f, 0.2124974f, 0.006416865f})},
      {"softmax_axis",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>) -> tensor<?x3x2xf32> {
  %r = nn.softmax %x axis = 1 : tensor<?x3x2xf32> -> tensor<?x3x2xf32>
  return %r : tensor<?x3x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.69f, 0.19f, -1.78f, -0.87f, -0.29f, 1.35f, 1.72f,
                           -1.99f, -1.19f, 0.97f, -2.99f, -0.69f})},
       floats({2, 3, 2}, {0.3536016f, 0.2204396f, 0.1188867f, 0.0763726f,
                          0.5275117f, 0.7031878f, 0.9403087f, 0.04172357f,
                          0.051224f, 0.8051803f, 0.008467271f, 0.1530962f})},
      {"softmax_of_minus_infinity",
       R"mlir(
func.func @f(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %r = nn.softmax %x : tensor<1x3xf32> -> tensor<1x3xf32>
  return %r : tensor<1x3xf32>
}
)mlir",
       {floats({1, 3}, {0.0f, -INFINITY, 1.0f})},
       floats({1, 3}, {0.2689414f, 0.0f, 0.7310586f})},
      {"sum",
       R"mlir(
func.func @f(%x: tensor<?x3x2xf32>) -> tensor<?x1x2xf32> {
  %r = nn.sum %x axis = -2 : tensor<?x3x2xf32> -> tensor<?x1x2xf32>
  return %r : tensor<?x1x2xf32>
}
)mlir",
       {floats({2, 3, 2}, {-0.69f, 0.19f, -1.78f, -0.87f, -0.29f, 1.35f, 1.72f,
                           -1.99f, -1.19f, 0.97f, -2.99f, -0.69f})},
       floats({2, 1, 2}, {-2.76f, 0.67f, -2.46f, -1.71f})},
      {"take",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>, %ids: tensor<?x3xi32>) -> tensor<?x3xf32> {
  %r = nn.take %x, %ids : tensor<?x4xf32>, tensor<?x3xi32> -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({2, 4},
               {-0.15f, 1.89f, 1.03f, -0.49f, -0.55f, -0.38f, 2.29f, -0.64f}),
        ints({2, 3}, {3, 0, -1, 1, 1, 2})},
       floats({2, 3}, {-0.49f, -0.15f, 0.0f, -0.38f, -0.38f, 2.29f})},
      {"take_of_a_vector",
       R"mlir(
func.func @f(%x: tensor<4xf32>, %ids: tensor<?x3xi32>) -> tensor<?x3xf32> {
  %r = nn.take %x, %ids : tensor<4xf32>, tensor<?x3xi32> -> tensor<?x3xf32>
  return %r : tensor<?x3xf32>
}
)mlir",
       {floats({4}, {-0.46f, 0.53f, -0.18f, -0.3f}),
        ints({2, 3}, {3, 0, -1, 1, 1, 2})},
       floats({2, 3}, {-0.3f, -0.46f, 0.0f, 0.53f, 0.53f, -0.18f})},
      {"rms_norm_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>) -> (tensor<?x4xbf16>) {
  %r = nn.rms_norm %x eps = 1.0e-05 : tensor<?x4xbf16>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f})},
       bfloats({1, 4}, {0.70703125f, -1.1796875f, 0.353515625f, 1.4140625f})},
      {"layer_norm_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>) -> (tensor<?x4xbf16>) {
  %r = nn.layer_norm %x eps = 1.0e-05 : tensor<?x4xbf16>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f})},
       bfloats({1, 4},
               {0.404296875f, -1.5859375f, 0.0311279296875f, 1.1484375f})},
      {"l2_norm_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>) -> (tensor<?x4xbf16>) {
  %r = nn.l2_norm %x eps = 1.0e-06 : tensor<?x4xbf16>
  return %r : tensor<?x4xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f})},
       bfloats({1, 4},
               {0.353515625f, -0.58984375f, 0.1767578125f, 0.70703125f})},
      {"linear_rounds_to_bf16",
       R"mlir(
func.func @f(%x: tensor<?x4xbf16>, %w: tensor<2x4xbf16>) -> (tensor<?x2xbf16>) {
  %r = nn.linear %x, %w : tensor<?x4xbf16>, tensor<2x4xbf16> -> tensor<?x2xbf16>
  return %r : tensor<?x2xbf16>
}
)mlir",
       {bfloats({1, 4}, {1.5f, -2.5f, 0.75f, 3.0f}),
        bfloats({2, 4}, {0.10009765625f, 0.2001953125f, 0.30078125f,
                         0.400390625f, 1.0f, -1.0f, 0.69921875f, 0.8984375f})},
       bfloats({1, 2}, {1.078125f, 7.21875f})},
  };
  return cases;
}
