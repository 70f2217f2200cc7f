//===- ShapeCases.cpp - What moving ops compute on small inputs
//
// The expected values were worked out in numpy, in 64 bits, from the formulas
// of the ops' descriptions.
//
//===----------------------------------------------------------------------===//

#include "test/unit/dialects/nn/OpCases.h"
#include <cmath>

using namespace tombolo::nn;

const std::vector<OpCase> &tombolo::nn::shapeCases() {
  static const std::vector<OpCase> cases = {
      {"slice_ranges",
       R"mlir(
func.func @f(%x: tensor<?x3x5xf32>) -> tensor<?x2x3xf32> {
  %r = nn.slice %x[:, 1:3, 0:5:2] : tensor<?x3x5xf32> -> tensor<?x2x3xf32>
  return %r : tensor<?x2x3xf32>
}
)mlir",
       {floats({2, 3, 5},
               {-1.67f, -0.02f, -0.67f, 1.75f,  0.98f,  -0.04f, 1.0f,   -0.51f,
                1.58f,  -0.01f, 0.88f,  -1.94f, 0.52f,  -2.53f, -3.05f, -0.46f,
                -1.35f, 0.25f,  3.37f,  -1.25f, -0.94f, 0.31f,  0.74f,  -0.26f,
                -0.31f, 1.05f,  0.78f,  -1.55f, -0.12f, 0.05f})},
       floats({2, 2, 3}, {-0.04f, -0.51f, -0.01f, 0.88f, 0.52f, -3.05f, -0.94f,
                          0.74f, -0.31f, 1.05f, -1.55f, 0.05f})},
      {"slice_index",
       R"mlir(
func.func @f(%x: tensor<?x3x5xf32>) -> tensor<?x2xf32> {
  %r = nn.slice %x[:, 2, 3:] : tensor<?x3x5xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}
)mlir",
       {floats({2, 3, 5},
               {-1.67f, -0.02f, -0.67f, 1.75f,  0.98f,  -0.04f, 1.0f,   -0.51f,
                1.58f,  -0.01f, 0.88f,  -1.94f, 0.52f,  -2.53f, -3.05f, -0.46f,
                -1.35f, 0.25f,  3.37f,  -1.25f, -0.94f, 0.31f,  0.74f,  -0.26f,
                -0.31f, 1.05f,  0.78f,  -1.55f, -0.12f, 0.05f})},
       floats({2, 2}, {-2.53f, -3.05f, -0.12f, 0.05f})},
      {"concat",
       R"mlir(
func.func @f(%x: tensor<?x3x5xf32>, %y: tensor<?x1x5xf32>) -> tensor<?x7x5xf32> {
  %r = nn.concat %x, %y, %x axis = 1 : tensor<?x3x5xf32>, tensor<?x1x5xf32>, tensor<?x3x5xf32> -> tensor<?x7x5xf32>
  return %r : tensor<?x7x5xf32>
}
)mlir",
       {floats({2, 3, 5},
               {-1.67f, -0.02f, -0.67f, 1.75f,  0.98f,  -0.04f, 1.0f,   -0.51f,
                1.58f,  -0.01f, 0.88f,  -1.94f, 0.52f,  -2.53f, -3.05f, -0.46f,
                -1.35f, 0.25f,  3.37f,  -1.25f, -0.94f, 0.31f,  0.74f,  -0.26f,
                -0.31f, 1.05f,  0.78f,  -1.55f, -0.12f, 0.05f}),
        floats({2, 1, 5}, {-1.58f, 0.39f, -1.29f, 1.46f, 0.29f, 0.13f, -0.89f,
                           -0.18f, -3.0f, -1.7f})},
       floats({2, 7, 5},
              {-1.67f, -0.02f, -0.67f, 1.75f,  0.98f,  -0.04f, 1.0f,   -0.51f,
               1.58f,  -0.01f, 0.88f,  -1.94f, 0.52f,  -2.53f, -3.05f, -1.58f,
               0.39f,  -1.29f, 1.46f,  0.29f,  -1.67f, -0.02f, -0.67f, 1.75f,
               0.98f,  -0.04f, 1.0f,   -0.51f, 1.58f,  -0.01f, 0.88f,  -1.94f,
               0.52f,  -2.53f, -3.05f, -0.46f, -1.35f, 0.25f,  3.37f,  -1.25f,
               -0.94f, 0.31f,  0.74f,  -0.26f, -0.31f, 1.05f,  0.78f,  -1.55f,
               -0.12f, 0.05f,  0.13f,  -0.89f, -0.18f, -3.0f,  -1.7f,  -0.46f,
               -1.35f, 0.25f,  3.37f,  -1.25f, -0.94f, 0.31f,  0.74f,  -0.26f,
               -0.31f, 1.05f,  0.78f,  -1.55f, -0.12f, 0.05f})},
      {"concat_last",
       R"mlir(
func.func @f(%x: tensor<?x3x5xf32>, %y: tensor<?x3x1xf32>) -> tensor<?x3x6xf32> {
  %r = nn.concat %x, %y : tensor<?x3x5xf32>, tensor<?x3x1xf32> -> tensor<?x3x6xf32>
  return %r : tensor<?x3x6xf32>
}
)mlir",
       {floats({2, 3, 5},
               {-1.67f, -0.02f, -0.67f, 1.75f,  0.98f,  -0.04f, 1.0f,   -0.51f,
                1.58f,  -0.01f, 0.88f,  -1.94f, 0.52f,  -2.53f, -3.05f, -0.46f,
                -1.35f, 0.25f,  3.37f,  -1.25f, -0.94f, 0.31f,  0.74f,  -0.26f,
                -0.31f, 1.05f,  0.78f,  -1.55f, -0.12f, 0.05f}),
        floats({2, 3, 1}, {0.54f, -3.19f, 1.27f, -2.62f, 1.14f, -1.27f})},
       floats({2, 3, 6},
              {-1.67f, -0.02f, -0.67f, 1.75f,  0.98f,  0.54f,  -0.04f, 1.0f,
               -0.51f, 1.58f,  -0.01f, -3.19f, 0.88f,  -1.94f, 0.52f,  -2.53f,
               -3.05f, 1.27f,  -0.46f, -1.35f, 0.25f,  3.37f,  -1.25f, -2.62f,
               -0.94f, 0.31f,  0.74f,  -0.26f, -0.31f, 1.14f,  1.05f,  0.78f,
               -1.55f, -0.12f, 0.05f,  -1.27f})},
      {"repeat",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x2x4xf32> {
  %r = nn.repeat %x axis = 1 times = 2 : tensor<?x4xf32> -> tensor<?x2x4xf32>
  return %r : tensor<?x2x4xf32>
}
)mlir",
       {floats({2, 4},
               {-0.15f, 1.89f, 1.03f, -0.49f, -0.55f, -0.38f, 2.29f, -0.64f})},
       floats({2, 2, 4},
              {-0.15f, 1.89f, 1.03f, -0.49f, -0.15f, 1.89f, 1.03f, -0.49f,
               -0.55f, -0.38f, 2.29f, -0.64f, -0.55f, -0.38f, 2.29f, -0.64f})},
      {"repeat_last",
       R"mlir(
func.func @f(%x: tensor<?x4xf32>) -> tensor<?x4x2xf32> {
  %r = nn.repeat %x axis = -1 times = 2 : tensor<?x4xf32> -> tensor<?x4x2xf32>
  return %r : tensor<?x4x2xf32>
}
)mlir",
       {floats({2, 4},
               {-0.15f, 1.89f, 1.03f, -0.49f, -0.55f, -0.38f, 2.29f, -0.64f})},
       floats({2, 4, 2},
              {-0.15f, -0.15f, 1.89f, 1.89f, 1.03f, 1.03f, -0.49f, -0.49f,
               -0.55f, -0.55f, -0.38f, -0.38f, 2.29f, 2.29f, -0.64f, -0.64f})},
      {"rearrange_split",
       R"mlir(
func.func @f(%x: tensor<?x12xf32>) -> tensor<?x3x4xf32> {
  %r = nn.rearrange %x, "... (n c) -> ... n c" {n = 3 : i64} : tensor<?x12xf32> -> tensor<?x3x4xf32>
  return %r : tensor<?x3x4xf32>
}
)mlir",
       {floats({2, 12}, {1.17f,  0.2f,   -2.31f, 1.87f,  2.16f,  -0.1f,
                         -0.41f, -0.24f, -1.46f, 1.65f,  -0.81f, -0.08f,
                         -1.19f, -0.94f, -1.92f, 1.89f,  -0.23f, 1.45f,
                         0.02f,  -1.04f, -0.49f, -0.84f, 0.01f,  -0.56f})},
       floats({2, 3, 4},
              {1.17f,  0.2f,  -2.31f, 1.87f,  2.16f,  -0.1f,  -0.41f, -0.24f,
               -1.46f, 1.65f, -0.81f, -0.08f, -1.19f, -0.94f, -1.92f, 1.89f,
               -0.23f, 1.45f, 0.02f,  -1.04f, -0.49f, -0.84f, 0.01f,  -0.56f})},
      {"rearrange_transpose",
       R"mlir(
func.func @f(%x: tensor<?x12xf32>) -> tensor<?x4x1x3xf32> {
  %r = nn.rearrange %x, "t (a b c) -> t (c a) 1 b" {a = 2 : i64, b = 3 : i64} : tensor<?x12xf32> -> tensor<?x4x1x3xf32>
  return %r : tensor<?x4x1x3xf32>
}
)mlir",
       {floats({2, 12}, {1.17f,  0.2f,   -2.31f, 1.87f,  2.16f,  -0.1f,
                         -0.41f, -0.24f, -1.46f, 1.65f,  -0.81f, -0.08f,
                         -1.19f, -0.94f, -1.92f, 1.89f,  -0.23f, 1.45f,
                         0.02f,  -1.04f, -0.49f, -0.84f, 0.01f,  -0.56f})},
       floats({2, 4, 1, 3}, {1.17f,  -2.31f, 2.16f,  -0.41f, -1.46f, -0.81f,
                             0.2f,   1.87f,  -0.1f,  -0.24f, 1.65f,  -0.08f,
                             -1.19f, -1.92f, -0.23f, 0.02f,  -0.49f, 0.01f,
                             -0.94f, 1.89f,  1.45f,  -1.04f, -0.84f, -0.56f})},
      {"rearrange_rows",
       R"mlir(
func.func @f(%x: tensor<12x2xf32>) -> tensor<12x2xf32> {
  %r = nn.rearrange %x, "(n r two) ... -> (n two r) ..." {n = 2 : i64, two = 2 : i64} : tensor<12x2xf32> -> tensor<12x2xf32>
  return %r : tensor<12x2xf32>
}
)mlir",
       {floats({12, 2}, {-0.45f, -2.07f, -1.21f, 2.48f,  -1.01f, -1.58f,
                         0.51f,  2.11f,  -2.18f, -0.31f, -0.95f, -2.64f,
                         1.1f,   -0.04f, 0.11f,  -1.13f, 0.68f,  -0.81f,
                         -0.21f, -1.66f, -1.82f, 2.0f,   -0.76f, 0.44f})},
       floats({12, 2},
              {-0.45f, -2.07f, -1.01f, -1.58f, -2.18f, -0.31f, -1.21f, 2.48f,
               0.51f,  2.11f,  -0.95f, -2.64f, 1.1f,   -0.04f, 0.68f,  -0.81f,
               -1.82f, 2.0f,   0.11f,  -1.13f, -0.21f, -1.66f, -0.76f, 0.44f})},
  };
  return cases;
}
